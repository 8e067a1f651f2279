"""Cohort measures: tables of supplies in, tables of results out, on the engine that holds them.

Belongs here: the measures as Ibis expressions, the DuckDB text kept of them, reading and checking
files of supplies, and the engines. Never: patients, accounts, tables of the service, pictures.
May import domain. Read ``expressions.py`` first, ``tables.py`` for the library's entry.
"""
