"""WHAT EVERY HTTP EDGE SHARES: actor, policy, problems, csrf, headers, locale, paging.

Here belongs what pages and api need alike. Never a use case or a table. May import `services` and
below. Read `policy.py` first.
"""
