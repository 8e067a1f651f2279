"""Care teams: one lead, others beside, and people who stand in from one day to another.

Every period is half-open. Of one person with one patient, what began last counts: what was ended is
over, also where something older was left open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from adherence.domain.access import Role
from adherence.domain.errors import InvalidInput
from adherence.domain.zones import day_start, zone_info

ONE_DAY = timedelta(days=1)
#: Whoever is away for longer hands over.
LONGEST_SUBSTITUTION = timedelta(days=366)


class CareKind(StrEnum):
    """What somebody is in a care team."""

    LEAD = "lead"
    SUPPLEMENTARY = "supplementary"
    SUBSTITUTE = "substitute"


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody's place in a team now; ``is_active`` is False where the account is shut out."""

    account_id: UUID
    kind: CareKind
    is_active: bool


def may_change(role: Role, own: CareKind | None) -> bool:
    """Whether somebody may add to a team and say who stands in: members do, and the clinic.

    Who stands in cares for the patient like everybody else and leaves the team as it is.
    """
    return role is Role.ADMIN or own in (CareKind.LEAD, CareKind.SUPPLEMENTARY)


def may_lead(role: Role, own: CareKind | None) -> bool:
    """Whether somebody may say who leads, and end what others are: the lead, and the clinic."""
    return role is Role.ADMIN or own is CareKind.LEAD


def successor_needed(
    team: Sequence[Place], leaver: UUID, successor: UUID | None, role: Role
) -> None:
    """Refuse a leaving that would leave the team without a lead.

    The last of a team may be taken out by the clinic, which then looks after the patient itself.

    Raises:
        InvalidInput: the lead leaves and nobody was named, or nobody who is in the team.
    """
    leads = any(one.account_id == leaver and one.kind is CareKind.LEAD for one in team)
    if not leads:
        return
    others = [one for one in team if one.account_id != leaver and one.is_active]
    if successor is None:
        if any(one.kind is not CareKind.SUBSTITUTE for one in others):
            raise InvalidInput("successor", "lead_leaves")
        if role is not Role.ADMIN:
            raise InvalidInput("successor", "last_of_team")
    elif successor not in {one.account_id for one in others}:
        raise InvalidInput("successor", "not_in_team")


def substitution(
    first_day: date, last_day: date, zone: str, now: datetime
) -> tuple[datetime, datetime]:
    """The instants from which and until which somebody stands in, both days included.

    One that begins today begins at once.

    Raises:
        InvalidInput: the days have passed, are in the wrong order, or lie too far apart or ahead.
    """
    today = now.astimezone(zone_info(zone)).date()
    if first_day < today:
        raise InvalidInput("first_day", "in_the_past")
    if last_day < first_day:
        raise InvalidInput("last_day", "before_start")
    if last_day - today > LONGEST_SUBSTITUTION:
        raise InvalidInput("last_day", "too_far_ahead")
    begins = now if first_day == today else day_start(first_day, zone)
    return begins, day_start(last_day + ONE_DAY, zone)
