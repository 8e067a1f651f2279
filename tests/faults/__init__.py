"""Faults: kill the server, race the writers, and let an oracle look at what is left.

The oracle (``oracle.py``) knows the promises and is itself tried on doctored databases.
"""
