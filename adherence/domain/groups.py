"""Medication groups: which supplies belong to a named group, said as an expression.

    Vitamins      medication == 'A11HA03' | {Other}
    Short         {Vitamins} & duration <= 30
    NotVitamins   !{Vitamins}

Columns of the table of supplies are compared (``== != < <= > >=``) with numbers or quoted texts;
comparisons and groups in braces are joined by ``&``, ``|``, ``!`` and parentheses, ``!`` binding
strongest and ``|`` weakest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from adherence.domain.errors import InvalidInput

ALL_OTHERS = "__ALL_OTHERS__"
"""The group of supplies that no named group holds."""

TOKEN = re.compile(
    r"\s*(?:(?P<group>\{[^}]*\})|(?P<text>'[^']*'|\"[^\"]*\")|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<sign>==|!=|<=|>=|<|>|[&|!()])|(?P<name>[A-Za-z_.][\w.]*))"
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column, a sign and the number or text it is compared with."""

    column: str
    sign: str
    value: float | str


@dataclass(frozen=True, slots=True)
class Not:
    """What does not satisfy ``inner``."""

    inner: Condition


@dataclass(frozen=True, slots=True)
class Both:
    """What satisfies ``left`` and ``right``."""

    left: Condition
    right: Condition


@dataclass(frozen=True, slots=True)
class Either:
    """What satisfies ``left`` or ``right``, or both."""

    left: Condition
    right: Condition


Condition = Comparison | Not | Both | Either
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


def groups(expressions: Mapping[str, str]) -> dict[str, Condition]:
    """Return the condition of each group of ``expressions``, groups in braces put in.

    Raises ``InvalidInput`` naming the group whose expression cannot be read, refers to a group that
    is not there, or to itself.
    """
    found: dict[str, Condition] = {}

    def of(name: str, under_way: tuple[str, ...]) -> Condition:
        if name not in expressions or name in under_way or name == ALL_OTHERS:
            raise InvalidInput((under_way or (name,))[-1], "no_such_group")
        if name not in found:
            reader = _Reader(name, expressions[name], (*under_way, name), of)
            found[name] = reader.whole()
        return found[name]

    for name in expressions:
        of(name, ())
    return {name: found[name] for name in expressions}


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Yield every comparison in ``condition``."""
    match condition:
        case Comparison():
            yield condition
        case Not(inner):
            yield from comparisons(inner)
        case Both(left, right) | Either(left, right):
            yield from comparisons(left)
            yield from comparisons(right)


class _Reader:
    """Reads one expression from left to right."""

    def __init__(
        self,
        name: str,
        text: str,
        under_way: tuple[str, ...],
        of: Callable[[str, tuple[str, ...]], Condition],
    ) -> None:
        self.name, self.of, self.under_way = name, of, under_way
        self.tokens: list[tuple[str, str]] = []
        place = 0
        text = text.rstrip()
        while place < len(text):
            token = TOKEN.match(text, place)
            if token is None:
                raise self.wrong()
            self.tokens.append((token.lastgroup or "", token.group(token.lastgroup or 0)))
            place = token.end()

    def wrong(self) -> InvalidInput:
        return InvalidInput(self.name, "expression")

    def whole(self) -> Condition:
        condition = self.either()
        if self.tokens:
            raise self.wrong()
        return condition

    def take(self, *signs: str) -> bool:
        """Pass over one of ``signs`` if it comes next."""
        if self.tokens and self.tokens[0][0] == "sign" and self.tokens[0][1] in signs:
            self.tokens.pop(0)
            return True
        return False

    def next(self) -> tuple[str, str]:
        if not self.tokens:
            raise self.wrong()
        return self.tokens.pop(0)

    def either(self) -> Condition:
        left = self.both()
        while self.take("|"):
            left = Either(left, self.both())
        return left

    def both(self) -> Condition:
        left = self.single()
        while self.take("&"):
            left = Both(left, self.single())
        return left

    def single(self) -> Condition:
        if self.take("!"):
            return Not(self.single())
        if self.take("("):
            inner = self.either()
            if not self.take(")"):
                raise self.wrong()
            return inner
        kind, text = self.next()
        if kind == "group":
            return self.of(text[1:-1], self.under_way)
        sign = self.next()[1]
        shape, value = self.next()
        if kind != "name" or sign not in COMPARISONS or shape not in ("text", "number"):
            raise self.wrong()
        return Comparison(text, sign, value[1:-1] if shape == "text" else float(value))
