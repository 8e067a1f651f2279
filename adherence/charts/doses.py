"""Doses by day and time of day: what the chart shows, counts and says."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time

from adherence.charts.parts import Dose, DoseMark, DoseWindow, Period, Table, line_of
from adherence.charts.words import ChartWords


@dataclass(frozen=True, slots=True)
class DoseFacts:
    """Doses by what became of them; extra, excused and open ones are not `due`."""

    first: date
    last: date
    counts: Mapping[DoseMark, int]

    @property
    def taken(self) -> int:
        """Doses taken in full, in their window or outside it."""
        return self.counts[DoseMark.TAKEN] + self.counts[DoseMark.LATE]

    @property
    def due(self) -> int:
        """Doses that count."""
        apart = (DoseMark.EXTRA, DoseMark.EXCUSED, DoseMark.UPCOMING)
        return sum(count for mark, count in self.counts.items() if mark not in apart)


def _when(dose: Dose) -> tuple[date, time, DoseMark]:
    return dose.day, dose.at or dose.due or time.max, dose.mark


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseChart(Period):
    """Doses by local day and time of day, against the windows in which they counted."""

    medicine: str
    doses: tuple[Dose, ...]
    windows: tuple[DoseWindow, ...] = ()
    _shown: list[Dose] | None = field(init=False, repr=False, compare=False, default=None)

    def shown(self) -> list[Dose]:
        """Return the doses of the period by day and time."""
        # Facts, sentence, table and picture ask for it; the values never change.
        if self._shown is None:
            found = sorted((dose for dose in self.doses if self.holds(dose.day)), key=_when)
            object.__setattr__(self, "_shown", found)
        return list(self._shown or ())

    def facts(self) -> DoseFacts:
        """Return the counts behind picture and sentence."""
        counts = Counter(dose.mark for dose in self.shown())
        return DoseFacts(self.first, self.last, {mark: counts[mark] for mark in DoseMark})

    def direction(self, words: ChartWords) -> str:
        """Return what a higher place in the picture means."""
        return words.gettext("Higher means later in the day")

    def title(self, words: ChartWords) -> str:
        """Return what the picture is."""
        return words.gettext("%(medicine)s by day and time of day") % {
            "medicine": line_of(self.medicine)
        }

    def sentence(self, words: ChartWords) -> str:
        """Return the counts in words, each with its whole; nothing is said about causes."""
        facts = self.facts()
        named = {
            "medicine": line_of(self.medicine),
            "first": words.long_day(facts.first),
            "last": words.long_day(facts.last),
        }
        if facts.due:
            parts = [
                words.ngettext(
                    "%(medicine)s, %(first)s to %(last)s: %(taken)s of %(due)s dose taken.",
                    "%(medicine)s, %(first)s to %(last)s: %(taken)s of %(due)s doses taken.",
                    facts.due,
                )
                % {
                    **named,
                    "taken": words.number(facts.taken),
                    "due": words.number(facts.due),
                }
            ]
        else:
            parts = [
                words.gettext("%(medicine)s, %(first)s to %(last)s: no dose counts yet.") % named
            ]
        late, extra = facts.counts[DoseMark.LATE], facts.counts[DoseMark.EXTRA]
        unreported = facts.counts[DoseMark.UNREPORTED]
        if late:
            parts.append(
                words.ngettext(
                    "%(n)s of them outside its time.", "%(n)s of them outside their time.", late
                )
                % {"n": words.number(late)}
            )
        if unreported:
            parts.append(
                words.ngettext(
                    "%(n)s dose is not reported.", "%(n)s doses are not reported.", unreported
                )
                % {"n": words.number(unreported)}
            )
        if extra:
            parts.append(
                words.ngettext("%(n)s extra dose.", "%(n)s extra doses.", extra)
                % {"n": words.number(extra)}
            )
        return " ".join(parts)

    def table(self) -> Table:
        """Return one row per dose; times are local."""
        return Table(
            ("day", "due", "at", "mark"),
            tuple(
                (
                    dose.day.isoformat(),
                    dose.due.isoformat("minutes") if dose.due else None,
                    dose.at.isoformat("minutes") if dose.at else None,
                    dose.mark.value,
                )
                for dose in self.shown()
            ),
        )
