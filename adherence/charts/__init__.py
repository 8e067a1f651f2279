"""VALUES IN, Figure OUT (matplotlib object API, never pyplot).

Here belongs the drawing of frozen values, with the sentence and the table that say the same. Never a
row, a request or a translation catalogue: words come in. May import `domain`. Read `values.py` first.
"""
