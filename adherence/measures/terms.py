"""Terms every expression uses: days as numbers, sums under a condition, shares."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis

# Ibis types its expressions loosely: a column is whatever the table says it is.
Table = Any
Value = Any

EPOCH = date(1970, 1, 1)
KEY = "patient_id"
TYPES = {
    "patient_id": "string",
    "date": "date",
    "duration": "float64",
    "daily_dose": "float64",
    "medication": "string",
}


def midnight(moment: Value) -> Value:
    """Return ``moment`` as a date: engines add an interval to a date and give a timestamp."""
    return moment.cast("timestamp").cast("date")


def day_number(day: Value) -> Value:
    """Return ``day`` as a whole number of days since 1970-01-01."""
    return day.delta(ibis.literal(EPOCH), unit="day").cast("int64")


def as_date(day: Value) -> Value:
    """Return the date of a day number."""
    return midnight(day.cast("int64").as_interval("D") + ibis.literal(EPOCH))


def total(condition: Value, amount: Value) -> Value:
    """Return the sum of ``amount`` over the rows where ``condition`` holds, 0 if nowhere."""
    return ibis.ifelse(condition, amount, 0.0).sum()


def share(part: Value, whole: Value) -> Value:
    """Return ``part / whole``; nothing where ``whole`` is zero."""
    return part / whole.cast("float64").nullif(0.0)


def within(number: Value) -> Value:
    """Return ``number`` kept in 0 to 1 against the rounding of its last digit."""
    return ibis.ifelse(number.isnull(), None, ibis.least(1.0, ibis.greatest(0.0, number)))
