"""Whom a programme's sums count, so that no two of them can be subtracted to single somebody out.

People are counted in groups that are shown or left out as a whole. Every group brings at least
``SMALLEST_CELL`` people who were never counted before; so whatever somebody adds or subtracts among
all sums that were ever shown, the newest group with a part in the result leaves at least that many
people in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

#: Fewer people than this are not summed up. CMS shows no cell of 1 to 10; PCORnet and others use
#: 11.
SMALLEST_CELL = 11
#: With more newcomers there are more groups of about so many: one who leaves takes a group along.
GROUP = 3 * SMALLEST_CELL


@dataclass(frozen=True, slots=True)
class Group:
    """People who are counted together. ``size`` is how many they were when it was formed."""

    id: UUID
    size: int
    members: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a new count does: groups that stay, and the people of each new one."""

    kept: tuple[Group, ...]
    formed: tuple[frozenset[UUID], ...]


def is_whole(group: Group, agreed: Collection[UUID]) -> bool:
    """Whether everybody of a group is still there and agrees; else it is shown no more."""
    return len(group.members) == group.size and group.members.issubset(agreed)


def renewed(
    groups: Iterable[Group],
    agreed: Collection[UUID],
    due: Collection[UUID],
    ever: Collection[UUID],
) -> Renewal:
    """Return the groups of a new count.

    ``agreed`` are the people who may be counted, ``due`` those of them for whom something was due,
    ``ever`` all who were counted before. A group stays while it is whole and something was due for
    at least ``SMALLEST_CELL`` of it. Whoever was counted before, and is in no group now, joins a
    new group beside enough people who never were.
    """
    asked = frozenset(due)
    kept = tuple(
        one for one in groups if is_whole(one, agreed) and len(one.members & asked) >= SMALLEST_CELL
    )
    left = asked & frozenset(agreed)
    left -= frozenset().union(*(one.members for one in kept))
    fresh, back = sorted(left - frozenset(ever)), sorted(left & frozenset(ever))
    if len(fresh) < SMALLEST_CELL:
        return Renewal(kept, ())
    many = max(1, len(fresh) // GROUP)
    return Renewal(
        kept, tuple(frozenset(fresh[at::many]) | frozenset(back[at::many]) for at in range(many))
    )
