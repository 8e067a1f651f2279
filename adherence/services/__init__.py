"""USE CASES, verb_noun: permit, load, decide, store, audit.

Here belongs what the product does, one transaction per call. Never SQL, HTML or HTTP. May import
`store`, `schemas`, `charts` and `domain`. Read `entries.py` first.
"""
