"""WIRE FORMS (marshmallow), shared by JSON, HTML forms and CSV.

Here belong names, formats and bounds of what crosses a wire; bounds are read from `domain`. Never a
query or an actor. May import `domain`. Read `entries.py` first.
"""
