"""What time alone changes: windows that close, midnights, seals, the outbox.

Here belong idempotent jobs, safe to run twice, one transaction per patient or line. Never a table
or HTTP. May import `web` and below. Read `work.py` first.
"""
