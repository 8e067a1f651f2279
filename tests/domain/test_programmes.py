"""C2, C3: whatever somebody adds or subtracts among all sums ever shown speaks of enough people."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator
from fractions import Fraction
from itertools import combinations
from uuid import UUID

import pytest

from adherence.domain.programmes import GROUP, SMALLEST_CELL, Group, is_whole, renewed

Shown = frozenset[int]
Publisher = Callable[[Collection[int], Collection[int]], Shown]
COHORTS = 5_000


def person(number: int) -> UUID:
    return UUID(int=number)


class Programme:
    """Counts as the nights go by, and says whom its sums are over at any moment."""

    def __init__(self) -> None:
        self.groups: tuple[Group, ...] = ()
        self.ever: set[UUID] = set()
        self.number = 0

    def count(self, agreed: Collection[int], due: Collection[int]) -> None:
        found = renewed(self.groups, _ids(agreed), _ids(due), self.ever)
        formed = []
        for members in found.formed:
            self.number += 1
            formed.append(Group(UUID(int=self.number), len(members), members))
            self.ever |= members
        self.groups = (*found.kept, *formed)

    def shown(self, agreed: Collection[int]) -> Shown:
        found = [one.members for one in self.groups if is_whole(one, _ids(agreed))]
        return frozenset(one.int for members in found for one in members)


def _ids(numbers: Collection[int]) -> frozenset[UUID]:
    return frozenset(map(person, numbers))


def careless(agreed: Collection[int], due: Collection[int]) -> Shown:
    """What was there before: the sum over everybody, once they are enough."""
    found = frozenset(agreed) & frozenset(due)
    return found if len(found) >= SMALLEST_CELL else frozenset()


def lives(seed: int) -> Iterator[tuple[set[int], set[int]]]:
    """(who agrees, for whom something is due), day after day: people come, go and come back."""
    chance = random.Random(seed)
    agreed = set(range(chance.randint(0, 40)))
    known = len(agreed)
    for _day in range(chance.randint(3, 12)):
        for _one in range(chance.choice((0, 1, 1, 2, 11, 30))):
            agreed.add(known)
            known += 1
        for _one in range(chance.choice((0, 0, 1, 1, 2))):
            if agreed:
                agreed.discard(chance.choice(sorted(agreed)))
        if known and chance.random() < 0.3:
            agreed.add(chance.randrange(known))
        idle = chance.choice((0, 0, 0.1, 0.5))
        yield agreed, {one for one in agreed if chance.random() >= idle}


def sums_of(seed: int) -> list[Shown]:
    """Whom each sum was over that somebody could see: at night, and after each who left by day."""
    programme, seen = Programme(), []
    for agreed, due in lives(seed):
        seen.append(programme.shown(agreed))
        programme.count(agreed, due)
        seen.append(programme.shown(agreed))
    return seen


def isolated(sums: list[Shown]) -> list[Shown]:
    """Whom one sum less another speaks of, where they are too few. A sum alone is one less none."""
    different = {frozenset[int](), *sums}
    found = (a ^ b for a, b in combinations(different, 2))
    return [one for one in found if 0 < len(one) < SMALLEST_CELL]


def smallest_combination(sums: list[Shown]) -> int:
    """Of how few people an attacker makes a figure who eliminates by Gauss, with exact numbers."""
    people = sorted(frozenset().union(*sums))
    rows = [[Fraction(one in each) for one in people] for each in set(sums) if each]
    done = 0
    for column in range(len(people)):
        pivot = next((at for at in range(done, len(rows)) if rows[at][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        first = rows[done]
        rows[done] = first = [value / first[column] for value in first]
        for at, row in enumerate(rows):
            if at != done and row[column]:
                times = row[column]
                rows[at] = [a - times * b for a, b in zip(row, first, strict=True)]
        done += 1
    supports = [sum(map(bool, row)) for row in rows[:done]]
    return min(supports, default=SMALLEST_CELL)


def test_C2_no_two_sums_of_5000_random_cohorts_speak_of_few():
    counted = 0
    for seed in range(COHORTS):
        sums = sums_of(seed)
        assert isolated(sums) == [], seed
        counted += bool(any(sums))

    assert counted > COHORTS / 2, "hardly anything was ever shown"


def test_C2_no_combination_of_sums_speaks_of_few():
    assert min(smallest_combination(sums_of(seed)) for seed in range(150)) >= SMALLEST_CELL


def test_C2_the_attacker_finds_what_a_careless_programme_shows():
    found = [careless(range(many), range(many)) for many in (10, 11, 12)]
    assert isolated(found) == [frozenset({11})]
    assert smallest_combination(found) == 1
    leaks = 0
    for seed in range(100):
        leaks += bool(isolated([careless(agreed, due) for agreed, due in lives(seed)]))
    assert leaks > 80


@pytest.mark.parametrize("more", range(25))
def test_C2_one_who_joins_changes_nothing_until_enough_have(more: int):
    programme = Programme()
    programme.count(range(11), range(11))
    for many in range(11, 12 + more):
        programme.count(range(many), range(many))

    # 11 + 11 are reached with the 22nd, and the next eleven are not complete before the 33rd.
    many = 11 + more
    assert len(programme.shown(range(many))) == many - many % SMALLEST_CELL


def test_C5_who_leaves_takes_the_group_along_at_once_and_those_left_come_back_beside_new_ones():
    programme = Programme()
    programme.count(range(12), range(12))
    left = set(range(1, 12))
    assert programme.shown(left) == frozenset()
    programme.count(left, left)
    more = left | set(range(20, 30))
    programme.count(more, more)
    assert programme.shown(more) == frozenset(), "ten are not enough"
    more |= {30}
    programme.count(more, more)

    assert programme.shown(more) == frozenset(more)
    assert 0 not in programme.shown(more)


def test_a_group_that_lacks_somebody_who_is_gone_without_a_trace_is_not_whole():
    members = _ids(range(11))
    lacking = Group(person(99), 12, members)

    assert not is_whole(lacking, members)
    assert is_whole(Group(person(99), 11, members), members)
    assert renewed([lacking], members, members, members).kept == ()


def test_who_comes_back_alone_is_not_counted_again():
    programme = Programme()
    programme.count(range(11), range(11))
    programme.count(range(10), range(10))
    programme.count(range(11), range(11))

    assert programme.shown(range(11)) == frozenset()


def test_a_group_stays_while_something_is_due_for_enough_of_it():
    programme = Programme()
    programme.count(range(14), range(14))
    programme.count(range(14), range(11))
    assert len(programme.shown(range(14))) == 14
    programme.count(range(14), range(10))

    assert programme.shown(range(14)) == frozenset()


def test_many_newcomers_are_more_groups_so_that_one_who_leaves_takes_few_along():
    programme = Programme()
    programme.count(range(100), range(100))
    left = set(range(100)) - {0}

    assert len(programme.groups) == 100 // GROUP
    assert all(len(one.members) >= GROUP for one in programme.groups)
    assert len(programme.shown(left)) >= 60
