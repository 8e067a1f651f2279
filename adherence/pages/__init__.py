"""HTML for people; every form works without JavaScript.

Here belong views that call one service and render one template. Never a rule or a query. May import
`web` and below, never another edge. Read `today.py` first.
"""
