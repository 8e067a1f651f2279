"""THE COMMAND ``adherence``: one file per sub-command, all with ``--help`` that suffices.

Here belongs reading arguments, calling a use case or a job, and printing. Never a rule or a query.
May import everything but `app`'s callers. Read `main.py` first. Nothing is imported here, so that a
command that needs no web application starts without one.
"""
