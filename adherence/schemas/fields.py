"""Field types that read JSON values and nothing else: no ``"3"`` for 3, no 1 for true, no NaN.

Each type has one ``read``: marshmallow calls it through ``_deserialize``, the compiled checker
calls it directly, so both accept the same values by construction.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields, validate

from adherence.domain.errors import InvalidInput
from adherence.domain.schedules import EARLIEST, LATEST
from adherence.domain.texts import clean

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


#: What entries are about is named in one after the other.
_uuid = lru_cache(maxsize=4096)(UUID)


class _Read:
    """Turns what ``read`` raises into the field's own sentence."""

    said: str

    def read(self, value: Any) -> Any:
        raise NotImplementedError

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        try:
            return self.read(value)
        except (ValueError, TypeError, OverflowError) as error:
            raise ValidationError(self.said) from error


class Uuid(_Read, fields.UUID):
    """A UUID in its usual form of 36 characters; braces and ``urn:`` are refused."""

    said = "Not a valid UUID."

    def read(self, value: Any) -> UUID:
        if _UUID.fullmatch(value) is None:
            raise ValueError
        return _uuid(value)


class Whole(_Read, fields.Integer):
    """A whole number; ``low`` and ``high`` are both allowed. True, "3" and 3.0 are refused."""

    said = "Not a valid integer."

    def __init__(self, low: int, high: int, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(low, high), **kwargs)

    def read(self, value: Any) -> int:
        if type(value) is not int:
            raise TypeError
        return value


class Real(_Read, fields.Float):
    """A finite number; ``low`` and ``high`` are both allowed. True and "3" are refused."""

    said = "Not a valid number."

    def __init__(self, low: float, high: float, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(low, high), **kwargs)

    def read(self, value: Any) -> float:
        if type(value) is not float and type(value) is not int:
            raise TypeError
        found = float(value)
        if not math.isfinite(found):
            raise ValueError
        # Minus zero is zero: it would compare equal and print otherwise.
        return found + 0.0


class Flag(_Read, fields.Boolean):
    """True or false; 1, "on" and "yes" are refused."""

    said = "Not a valid boolean."

    def read(self, value: Any) -> bool:
        if type(value) is not bool:
            raise TypeError
        return value


class Text(_Read, fields.String):
    """Text as ``domain.texts.clean`` leaves it: NFC, stripped, without control characters.

    ``limit`` counts characters after cleaning. Text of which nothing is left is None where None is
    allowed, and refused elsewhere.
    """

    said = "Not a valid string."

    def __init__(self, limit: int, lines: int = 1, **kwargs: Any) -> None:
        super().__init__(metadata={"maxLength": limit}, **kwargs)
        self.limit = limit
        self.lines = lines

    def read(self, value: Any) -> str | None:
        if type(value) is not str:
            raise TypeError
        try:
            text = clean(value, self.limit, self.lines)
        except InvalidInput as error:
            raise ValidationError(f"Longer than {self.limit} characters.") from error
        if not text:
            if not self.allow_none:
                raise ValidationError("There is nothing in it.")
            return None
        return text


class Instant(_Read, fields.AwareDateTime):
    """An instant with its offset, read into UTC; a time without an offset is refused."""

    said = "Not a valid instant with an offset from UTC."

    def read(self, value: Any) -> datetime:
        found = datetime.fromisoformat(value)
        if found.tzinfo is None or not EARLIEST < found.date() < LATEST:
            raise ValueError
        return found.astimezone(UTC)


class Day(_Read, fields.Date):
    """A local day, ``2026-11-22``."""

    said = "Not a valid date."

    def read(self, value: Any) -> date:
        if _DATE.fullmatch(value) is None:
            raise ValueError
        found = date.fromisoformat(value)
        if not EARLIEST <= found < LATEST:
            raise ValueError
        return found


class Clock(_Read, fields.Time):
    """A time of day on the wall, ``08:30``."""

    said = "Not a valid time of day, HH:MM."

    def read(self, value: Any) -> time:
        found = _CLOCK.fullmatch(value)
        if found is None:
            raise ValueError
        return time(int(found[1]), int(found[2]))

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else value.isoformat("minutes")


class Choice(_Read, fields.Enum[StrEnum]):
    """A member of a StrEnum by its value; ``among`` narrows it to some of them."""

    def __init__(
        self, kind: type[StrEnum], among: tuple[StrEnum, ...] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(kind, by_value=True, **kwargs)
        self.members = {member.value: member for member in among or tuple(kind)}
        self.said = f"Must be one of: {', '.join(self.members)}."
        if among is not None:
            self.metadata = {**self.metadata, "enum": list(self.members)}

    def read(self, value: Any) -> StrEnum:
        if type(value) is not str or value not in self.members:
            raise ValueError
        return self.members[value]


class Zone(Text):
    """An IANA zone name; whether it exists is for the rules to say."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(64, **kwargs)


def errors_of(error: InvalidInput) -> ValidationError:
    """What a rule refused, in the form of a schema's own errors: the field and one word why."""
    messages: Any = [error.message_key]
    for part in reversed(error.field.split(".")):
        messages = {part: messages}
    return ValidationError(messages)


def messages_of(error: ValidationError) -> dict[str, Any]:
    """What a schema refused: field -> sentences, or fields below it; ``_schema`` is the whole."""
    messages: Any = error.messages
    return messages if isinstance(messages, dict) else {"_schema": messages}
