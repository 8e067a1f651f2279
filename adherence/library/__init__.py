"""What the package brings along to read: exercises and education pieces, in three languages.

Belongs here: the content as data files and what reads and checks them. Never: what a clinic writes
itself, search, tables, pictures. May import domain. Read ``education.py`` for how a piece is kept.
"""
