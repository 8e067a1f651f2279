"""Figures: what each workload costs, beside two references measured in the same run.

``python -m tests.bench`` prints one table. Read ``__main__.py`` first.
"""
