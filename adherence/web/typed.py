"""The fields of a form: which a view takes, and what was typed into one that the door refused.

A view names its fields beside its policy. ``{goal_id}`` in a name stands for what the address says,
``{id}`` for any id and ``{number}`` for any number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

#: The token that every form of ours carries; no view names it.
GUARD = "csrf_token"
#: Forms with one of these are never shown again: nobody's secret is written into a page.
SECRETS = frozenset({"password", "pin", "code", "token"})
_BRACED = re.compile(r"\{(\w+)\}")
_ANY = {"id": "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "number": "[0-9]{1,3}"}


class Fields:
    """The names that a view's form may use."""

    def __init__(self, names: Iterable[str]) -> None:
        given = frozenset(names)
        self.plain = frozenset(name for name in given if "{" not in name)
        self.braced = given - self.plain
        #: What the names take from the address.
        self.named = {
            part for name in self.braced for part in _BRACED.findall(name) if part not in _ANY
        }
        self._always = None if self.named else self._patterns({})

    def strangers(self, given: Iterable[str], named: Mapping[str, Any]) -> set[str]:
        """Those of ``given`` that the form does not have; ``named`` is what the address says."""
        left = set(given) - self.plain - {GUARD}
        if left and self.braced:
            patterns = self._always or self._patterns(named)
            left = {name for name in left if not any(one.fullmatch(name) for one in patterns)}
        return left

    @property
    def may_be_shown(self) -> bool:
        """Whether what was typed may stand in a page once more."""
        return not self.plain & SECRETS

    def _patterns(self, named: Mapping[str, Any]) -> list[re.Pattern[str]]:
        def filled(part: str) -> str:
            return _ANY.get(part) or re.escape(str(named[part]))

        return [
            # What stands between braces is every second part.
            re.compile(
                "".join(
                    filled(part) if number % 2 else re.escape(part)
                    for number, part in enumerate(_BRACED.split(name))
                )
            )
            for name in self.braced
        ]


@dataclass(frozen=True, slots=True)
class Typed:
    """A form as it was sent: to which address of ours, and the fields that its view knows."""

    action: str
    fields: tuple[tuple[str, str], ...]

    def written(self) -> str:
        """The form as one field of another form carries it."""
        return json.dumps([self.action, self.fields], ensure_ascii=False)


def typed(
    action: str, form: MultiDict[str, str], fields: Fields, named: Mapping[str, Any]
) -> Typed | None:
    """What was typed, without what the view does not know; None where it may not be shown."""
    if not fields.may_be_shown:
        return None
    strangers = fields.strangers(form, named)
    known = tuple(
        (name, value)
        for name, values in form.lists()
        for value in values
        if name != GUARD and name not in strangers
    )
    return Typed(action, known) if known else None


def read_typed(text: str) -> Typed | None:
    """A form that ``Typed.written`` wrote; None for anything else."""
    try:
        action, found = json.loads(text)
        pairs = tuple((name, value) for name, value in found)
    except (ValueError, TypeError, RecursionError):
        return None
    is_text = isinstance(action, str) and all(
        isinstance(name, str) and isinstance(value, str) for name, value in pairs
    )
    return Typed(action, pairs) if is_text else None
