"""THE RULES: pure functions over frozen values.

Here belongs everything that can be said without a database, a clock or a network. Never I/O,
randomness, logging or a framework: `now` and the zone are always arguments. May import the standard
library only. Read `entries.py` first, then `schedules.py`, `matching.py` and `adherence.py`.
"""
