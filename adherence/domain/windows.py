"""How early or late an entry still counts for an occurrence."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from adherence.domain.errors import InvalidInput

LONGEST = timedelta(hours=24)


class WindowKind(StrEnum):
    """The local day; a reach before and after the due instant; until the next occurrence's day."""

    SAME_DAY = "same_day"
    AROUND = "around"
    ANY_TIME = "any_time"


@dataclass(frozen=True, slots=True)
class Window:
    """An acceptance window. ``around`` alone has ``before`` and ``after``: minutes <= 24 h."""

    kind: WindowKind = WindowKind.SAME_DAY
    before: timedelta = timedelta(0)
    after: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        for field, reach in (("before", self.before), ("after", self.after)):
            if not timedelta(0) <= reach <= LONGEST or reach % timedelta(minutes=1):
                raise InvalidInput(f"window.{field}", "out_of_range")
        if self.kind is WindowKind.AROUND:
            if not self.before + self.after:
                raise InvalidInput("window", "empty")
        elif self.before or self.after:
            raise InvalidInput("window", "only_around")

    def to_json(self) -> dict[str, Any]:
        """The wire form; reaches are whole minutes."""
        return {
            "kind": self.kind.value,
            "before_minutes": self.before // timedelta(minutes=1),
            "after_minutes": self.after // timedelta(minutes=1),
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Window":
        """The window a wire form describes; unknown keys and kinds raise ``InvalidInput``."""
        if not isinstance(document, dict) or document.keys() - _KEYS:
            raise InvalidInput("window", "unknown_key")
        try:
            return cls(
                WindowKind(document["kind"]),
                timedelta(minutes=_minutes(document.get("before_minutes", 0))),
                timedelta(minutes=_minutes(document.get("after_minutes", 0))),
            )
        except InvalidInput:
            raise
        except (KeyError, ValueError) as error:
            raise InvalidInput("window.kind") from error


_KEYS = {"kind", "before_minutes", "after_minutes"}


def _minutes(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 24 * 60:
        raise InvalidInput("window", "out_of_range")
    return value


SAME_DAY = Window()
ANY_TIME = Window(WindowKind.ANY_TIME)
