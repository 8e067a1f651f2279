"""A light value is a frozen dataclass in everything but the price of making one."""

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from inspect import signature

import pytest

from adherence.domain.adherence import DaySum
from adherence.domain.entries import Entry
from adherence.domain.goals import GoalDay
from adherence.domain.matching import Extra, Outcome
from adherence.domain.schedules import Occurrence
from adherence.domain.values import light

LIGHT = [Entry, Occurrence, Outcome, Extra, DaySum, GoalDay]


@light
@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A value with a default, made light."""

    x: int
    y: int = 7


@dataclass(frozen=True, slots=True, order=True)
class Plain:
    """The same, as ``dataclass`` leaves it."""

    x: int
    y: int = 7


def test_a_light_value_is_made_as_the_plain_one() -> None:
    assert (Point(1).x, Point(1).y, Point(1, 2).y, Point(y=3, x=4)) == (1, 7, 2, Point(4, 3))
    assert type(Point(1)) is Point
    assert repr(Point(1)) == "Point(x=1, y=7)"
    assert hash(Point(1, 2)) == hash(Plain(1, 2))
    assert Point(1, 2) < Point(1, 3)
    assert Point(1, 2) != Plain(1, 2)
    assert replace(Point(1, 2), y=9) == Point(1, 9)
    assert str(signature(Point)) == str(signature(Plain))
    for wrong in ((), (1, 2, 3)):
        with pytest.raises(TypeError):
            Point(*wrong)


def test_nobody_can_change_it() -> None:
    point = Point(1)
    with pytest.raises(FrozenInstanceError):
        point.x = 2  # type: ignore[misc]  # that is the point
    with pytest.raises(FrozenInstanceError):
        del point.x
    with pytest.raises((FrozenInstanceError, TypeError)):
        point.z = 2  # type: ignore[attr-defined]  # as above
    assert point == Point(1)


def test_it_can_be_copied_and_sent() -> None:
    point = Point(1, 2)
    assert copy.copy(point) == copy.deepcopy(point) == pickle.loads(pickle.dumps(point)) == point


def test_every_light_class_of_the_domain_is_closed_once_it_is_made() -> None:
    for kind in LIGHT:
        made = kind(*[None] * len(fields(kind)))
        assert type(made) is kind
        with pytest.raises(FrozenInstanceError):
            setattr(made, fields(kind)[0].name, 1)


def test_what_does_more_than_set_its_fields_is_refused() -> None:
    @dataclass(slots=True)
    class Open:
        x: int

    @dataclass(frozen=True)
    class Loose:
        x: int

    @dataclass(frozen=True, slots=True)
    class Careful:
        x: int

        def __post_init__(self) -> None:
            raise ValueError

    @dataclass(frozen=True, slots=True)
    class Listed:
        x: list[int] = field(default_factory=list)

    for kind in (Open, Loose, Careful, Listed):
        with pytest.raises(TypeError):
            light(kind)
