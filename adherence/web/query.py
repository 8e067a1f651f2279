"""What stands in a query: read strictly, refused by name."""

from __future__ import annotations

from datetime import date

from flask import request

from adherence.domain.errors import InvalidInput
from adherence.schemas.fields import Day

_DAY = Day()


def whole(name: str, usual: int, low: int, high: int) -> int:
    """A whole number inside [low, high]; ``usual`` when it is not there.

    Raises:
        InvalidInput: anything else.
    """
    text = request.args.get(name)
    if text is None:
        return usual
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise InvalidInput(name, "not_a_number")
    value = int(text)
    if not low <= value <= high:
        raise InvalidInput(name, "out_of_range")
    return value


def day(name: str) -> date | None:
    """A local date (ISO 8601, ``2026-03-02``); None when it is not there.

    Raises:
        InvalidInput: anything else.
    """
    text = request.args.get(name)
    if text is None:
        return None
    try:
        return _DAY.read(text)
    except ValueError as error:
        raise InvalidInput(name, "not_a_date") from error


def choice(name: str, usual: str, of: tuple[str, ...]) -> str:
    """One of the words in ``of``; ``usual`` when it is not there.

    Raises:
        InvalidInput: anything else.
    """
    text = request.args.get(name, usual)
    if text not in of:
        raise InvalidInput(name, "not_one_of_these")
    return text
