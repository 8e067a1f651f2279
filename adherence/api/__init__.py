"""JSON v1 for apps and partners, described by OpenAPI 3.1.

Here belong views that load a schema, call one service and dump a schema. Never a rule or a query. May
import `web` and below, never another edge. Read `entries.py` first.
"""
