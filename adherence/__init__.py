"""Adherence: exercises, doses and symptoms at home, each tied to the patient's own goal."""

__version__ = "0.1.0"
