"""TABLES and named queries: the only floor that speaks SQL.

Here belong the row classes of one noun per file and the questions asked of them. Never a rule, an
actor or a request. May import `domain` and `settings`. Read `db.py` first: the types, the one door
for writing (`write`) and prepared statements.
"""
