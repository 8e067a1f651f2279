"""A day of several things as one: its status for calendars and strips."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from adherence.domain.adherence import Adherence
from adherence.domain.entries import Status

#: One letter a day, as the clinician's list keeps them.
LETTERS = {
    Status.DONE: "d",
    Status.PARTLY: "p",
    Status.SKIPPED: "s",
    Status.MISSED: "m",
    Status.UNREPORTED: "u",
    Status.EXCUSED: "e",
    Status.UPCOMING: "x",
    None: "n",
}
STATUS_OF_LETTER = {letter: status for status, letter in LETTERS.items()}


@dataclass(frozen=True, slots=True)
class DayTotals:
    """One local day of one patient, summed over activities (see ``DaySum``)."""

    day: date
    asked: int
    done: int
    partly: int
    skipped: int
    missed: int
    excused: int
    pain_max: int | None
    open_until: datetime | None

    @property
    def unanswered(self) -> int:
        """Asked and not answered, whether or not there is still time."""
        return self.asked - self.done - self.partly - self.skipped - self.missed

    def upcoming(self, now: datetime) -> int:
        """Unanswered while the day's last window is open; a window without end never closes."""
        if self.open_until is not None and self.open_until <= now:
            return 0
        return self.unanswered

    def status(self, now: datetime) -> Status | None:
        """The day's status at ``now`` (see ``day_status``)."""
        upcoming = self.upcoming(now)
        return day_status(
            Adherence(
                done=self.done,
                partly=self.partly,
                skipped=self.skipped,
                missed=self.missed,
                unreported=self.unanswered - upcoming,
                excused=self.excused,
                upcoming=upcoming,
            )
        )


def day_status(counts: Adherence) -> Status | None:
    """The status of a day from the counts of what was due on it; None when nothing was.

    *Done* only when all of it was. While something can still be reported the day is *upcoming*.
    Otherwise *partly* when anything was done, else the one thing that was said about it: *skipped*
    before *missed* before *unreported*. *Excused* when a pause left nothing due.
    """
    if counts.upcoming:
        return Status.UPCOMING
    if not counts.due:
        return Status.EXCUSED if counts.excused else None
    if counts.done == counts.due:
        return Status.DONE
    if counts.done or counts.partly:
        return Status.PARTLY
    if counts.skipped:
        return Status.SKIPPED
    return Status.MISSED if counts.missed else Status.UNREPORTED
