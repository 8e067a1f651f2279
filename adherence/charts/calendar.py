"""The days as six states: what the calendar shows, counts and says."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from adherence.charts.parts import Day, Period, Table, state_key
from adherence.charts.words import ChartWords
from adherence.domain.entries import Status


@dataclass(frozen=True, slots=True)
class CalendarFacts:
    """Days by state. `confirmed` to `possible` of `due` is the band: reported done, and at most.

    On `put_right` days a clinician put the record right afterwards, whatever state that gave.
    """

    first: date
    last: date
    counts: Mapping[Status, int]
    nothing: int
    put_right: int = 0

    @property
    def due(self) -> int:
        """Days that count: not excused, not still open, and something was asked."""
        return sum(
            self.counts.get(status, 0)
            for status in (
                Status.DONE,
                Status.PARTLY,
                Status.SKIPPED,
                Status.MISSED,
                Status.UNREPORTED,
            )
        )

    @property
    def confirmed(self) -> int:
        """Days reported done in full."""
        return self.counts.get(Status.DONE, 0)

    @property
    def possible(self) -> int:
        """Days done in full if every day not reported was done."""
        return self.confirmed + self.counts.get(Status.UNREPORTED, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar(Period):
    """The days as six states, one week per row from Monday. A day not in `days` stays blank.

    `put_right` are days whose record a clinician put right afterwards.
    """

    days: tuple[Day, ...]
    put_right: tuple[date, ...] = ()

    def shown(self) -> dict[date, Day]:
        """Return the days of the period in order; of two for one day the later given."""
        found = {day.day: day for day in self.days if self.holds(day.day)}
        return dict(sorted(found.items()))

    def corrected(self) -> list[date]:
        """Return the days shown whose record was put right, in order."""
        shown = self.shown() if self.put_right else {}
        return sorted(day for day in set(self.put_right) if day in shown)

    def facts(self) -> CalendarFacts:
        """Return the counts behind picture and sentence."""
        counts = Counter(day.status for day in self.shown().values())
        return CalendarFacts(
            first=self.first,
            last=self.last,
            counts={status: counts[status] for status in Status},
            nothing=counts[None],
            put_right=len(self.corrected()),
        )

    def title(self, words: ChartWords) -> str:
        """Return what the picture is."""
        return words.gettext("Calendar of days, one sign per day")

    def sentence(self, words: ChartWords) -> str:
        """Return the counts in words, each with its whole; nothing is said about causes."""
        facts = self.facts()
        first, last = words.long_day(facts.first), words.long_day(facts.last)
        parts = [
            words.ngettext(
                "%(first)s to %(last)s: %(done)s of %(due)s day done in full.",
                "%(first)s to %(last)s: %(done)s of %(due)s days done in full.",
                facts.due,
            )
            % {
                "first": first,
                "last": last,
                "done": words.number(facts.confirmed),
                "due": words.number(facts.due),
            }
            if facts.due
            else words.gettext("%(first)s to %(last)s: no day counts yet.")
            % {"first": first, "last": last}
        ]
        if facts.due:
            parts += self._others(facts, words)
        if facts.put_right:
            parts.append(
                words.ngettext(
                    "On %(n)s day the record was put right afterwards.",
                    "On %(n)s days the record was put right afterwards.",
                    facts.put_right,
                )
                % {"n": words.number(facts.put_right)}
            )
        return " ".join(parts)

    def _others(self, facts: CalendarFacts, words: ChartWords) -> list[str]:
        """Return what is said of the days that were not done in full."""
        parts = []
        if partly := facts.counts[Status.PARTLY]:
            parts.append(
                words.ngettext("%(n)s day done in part.", "%(n)s days done in part.", partly)
                % {"n": words.number(partly)}
            )
        if open_days := facts.counts[Status.UNREPORTED]:
            parts.append(
                words.ngettext(
                    "%(n)s day is not reported; if it was done, it is %(possible)s.",
                    "%(n)s days are not reported; if they were done, it is %(possible)s.",
                    open_days,
                )
                % {"n": words.number(open_days), "possible": words.number(facts.possible)}
            )
        if excused := facts.counts[Status.EXCUSED]:
            parts.append(
                words.ngettext(
                    "%(n)s day of rest does not count.",
                    "%(n)s days of rest do not count.",
                    excused,
                )
                % {"n": words.number(excused)}
            )
        return parts

    def table(self) -> Table:
        """Return one row per day; the state of a day with nothing due is `nothing`."""
        return Table(
            header=("day", "status", "done", "asked"),
            rows=tuple(
                (day.isoformat(), state_key(shown), shown.done, shown.asked)
                for day, shown in self.shown().items()
            ),
        )
