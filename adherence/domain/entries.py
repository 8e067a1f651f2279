"""What a person reported: entries, their amounts, and corrections of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from adherence.domain.values import light

PAIN_SCALE = (0, 10)
EFFORT_SCALE = (0, 10)
VALUE_SCALE = (0, 10)
NOTE_LIMIT = 1000
# The name of a symptom, wherever one is asked for or reported.
SYMPTOM_LIMIT = 40
# Why a clinician put a report right.
BECAUSE_LIMIT = 300
# How far from its own local day the occurrence may be that an entry names.
NAMED_WITHIN = timedelta(days=366)


class Status(StrEnum):
    """What became of an occurrence; the first four are what an entry can say."""

    DONE = "done"
    PARTLY = "partly"
    SKIPPED = "skipped"
    MISSED = "missed"
    UNREPORTED = "unreported"
    EXCUSED = "excused"
    UPCOMING = "upcoming"


LOGGABLE = (Status.DONE, Status.PARTLY, Status.SKIPPED, Status.MISSED)


class Reason(StrEnum):
    """Why something was not done; each gets its own useful answer."""

    HURT = "hurt"
    NO_TIME = "no_time"
    FELT_BETTER = "felt_better"
    SIDE_EFFECT = "side_effect"
    RAN_OUT = "ran_out"
    TOLD_TO_STOP = "told_to_stop"
    DID_NOT_UNDERSTAND = "did_not_understand"


class Source(StrEnum):
    """Who or what reported an entry."""

    SELF = "self"
    PROXY = "proxy"
    CLINICIAN = "clinician"
    DEVICE = "device"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much was asked, or done. ``quantity`` is in the activity's own unit (tablets, steps)."""

    sets: float | None = None
    reps: float | None = None
    hold_seconds: float | None = None
    quantity: float | None = None

    def volume(self) -> float | None:
        """Sets x reps x seconds held, of those given; else the quantity; None if nothing is."""
        sets, reps, hold = self.sets, self.reps, self.hold_seconds
        if sets is None and reps is None and hold is None:
            return self.quantity
        return (
            (1.0 if sets is None else sets)
            * (1.0 if reps is None else reps)
            * (1.0 if hold is None else hold)
        )

    def share_of(self, asked: "Amounts") -> float | None:
        """This amount divided by the ``asked`` one, uncapped; None if they have nothing in common.

        A factor that was asked and not reported was done as asked: "2 sets" of 3 x 10 is 2/3.
        """
        done, whole, is_comparable = 1.0, 1.0, False
        for mine, theirs in (
            (self.sets, asked.sets),
            (self.reps, asked.reps),
            (self.hold_seconds, asked.hold_seconds),
        ):
            if theirs is not None:
                whole *= theirs
                done *= theirs if mine is None else mine
                is_comparable = is_comparable or mine is not None
        if is_comparable:
            return done / whole
        if self.quantity is not None and asked.quantity is not None:
            return self.quantity / asked.quantity
        return None


NOTHING_SAID = Amounts()


@light
@dataclass(frozen=True, slots=True)
class Entry:
    """One report, append-only: what it says, when it happened and on which local day.

    ``performed_at`` is an aware instant; ``local_day`` is its date in the patient's zone in force
    then (``Zones.local_day``). ``named`` is the occurrence it answers, as (day, slot). ``value``
    is a symptom or rating; None with ``declined`` means "prefer not to say", None without it means
    that nothing was asked or said, and neither is zero.
    """

    client_id: UUID
    performed_at: datetime
    local_day: date
    status: Status | None
    activity_id: UUID | None = None
    goal_id: UUID | None = None
    symptom: str | None = None
    value: float | None = None
    declined: bool = False
    named: tuple[date, int] | None = None
    amounts: Amounts = NOTHING_SAID
    reason: Reason | None = None
    pain: int | None = None
    pain_declined: bool = False
    effort: int | None = None
    withdrawn: bool = False
    corrects_id: UUID | None = None

    @property
    def is_doing(self) -> bool:
        """Whether something was done: all of it, part of it, or a question answered."""
        return self.status is None or self.status is Status.DONE or self.status is Status.PARTLY


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """The entries in the one order every rule reads them in, whatever order they arrived in."""
    return sorted(entries, key=_moment)


def _moment(entry: Entry) -> tuple[datetime, UUID]:
    return entry.performed_at, entry.client_id


def current(entries: Iterable[Entry]) -> list[Entry]:
    """What stands today, in order: the newest version of each report, without withdrawn ones.

    Entries are given in the order in which they were recorded; where two correct the same one (two
    devices, both offline), the one recorded last stands. A correction of something unknown stands
    for itself.
    """
    standing: dict[UUID, Entry] = {}
    root: dict[UUID, UUID] = {}
    for entry in entries:
        first = root.get(entry.corrects_id, entry.corrects_id) if entry.corrects_id else None
        root[entry.client_id] = first or entry.client_id
        standing[root[entry.client_id]] = entry
    return in_order(entry for entry in standing.values() if not entry.withdrawn)
