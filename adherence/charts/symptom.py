"""A symptom over days beside what was done on them: what the chart shows, counts and says."""

from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter

from adherence.charts.parts import (
    ONE_DAY,
    RATING_SCALE,
    Cell,
    Day,
    Period,
    PlanChange,
    Reading,
    Table,
    finite,
    line_of,
    reasons,
    state_key,
)
from adherence.charts.words import ChartWords


@dataclass(frozen=True, slots=True)
class SymptomFacts:
    """Values first to last, and of how many days. Days are counted once, whatever is said on them.

    `zero` days had a value of 0, `declined` days only "prefer not to say"; `begun` is the number of
    days of the period that have begun.
    """

    first: Reading | None
    last: Reading | None
    lowest: float | None
    highest: float | None
    answered: int
    zero: int
    declined: int
    begun: int
    above_limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SymptomChart(Period):
    """A symptom over days, with the days' states in a strip below it on the same time axis.

    `symptom` is its name as the reader should see it; `is_pain` prints "Higher means more pain".
    `scale` is the instrument's own range and is never cut. `since` shades the days from that one
    on: what is new since the reader last looked.
    """

    symptom: str
    readings: tuple[Reading, ...]
    is_pain: bool = False
    days: tuple[Day, ...] = ()
    changes: tuple[PlanChange, ...] = ()
    limit: float | None = None
    scale: tuple[float, float] = RATING_SCALE
    since: date | None = None
    _shown: list[Reading] | None = field(init=False, repr=False, compare=False, default=None)

    def shown(self) -> list[Reading]:
        """Return the answers of the period by day, in the order given within a day."""
        # Facts, sentence, table and picture ask for it; the values never change.
        if self._shown is None:
            found = sorted(
                (
                    Reading(reading.day, None, True) if reading.declined else reading
                    for reading in self.readings
                    if self.holds(reading.day)
                    and (reading.declined or finite(reading.value) is not None)
                ),
                key=attrgetter("day"),
            )
            object.__setattr__(self, "_shown", found)
        return list(self._shown or ())

    def strip(self) -> dict[date, Day]:
        """Return the states of the period's days, in order."""
        found = {day.day: day for day in self.days if self.holds(day.day)}
        return dict(sorted(found.items()))

    def facts(self) -> SymptomFacts:
        """Return the numbers behind picture and sentence."""
        shown = self.shown()
        valued = [(reading.day, reading.value) for reading in shown if reading.value is not None]
        values = [value for _, value in valued]
        answered = {day for day, _ in valued}
        limit = finite(self.limit)
        return SymptomFacts(
            first=Reading(*valued[0]) if valued else None,
            last=Reading(*valued[-1]) if valued else None,
            lowest=min(values, default=None),
            highest=max(values, default=None),
            answered=len(answered),
            zero=len({day for day, value in valued if value == 0}),
            declined=len({reading.day for reading in shown if reading.declined} - answered),
            begun=self.begun,
            above_limit=0
            if limit is None
            else len({day for day, value in valued if value > limit}),
        )

    def direction(self, words: ChartWords) -> str:
        """Return what a higher place in the picture means."""
        if self.is_pain:
            return words.gettext("Higher means more pain")
        return words.gettext("Higher means more: %(symptom)s") % {"symptom": line_of(self.symptom)}

    def title(self, words: ChartWords) -> str:
        """Return what the picture is."""
        return words.gettext("%(symptom)s, and the days below it") % {
            "symptom": line_of(self.symptom)
        }

    def sentence(self, words: ChartWords) -> str:
        """Return first and last value and of how many days; nothing is said about causes."""
        facts = self.facts()
        symptom = line_of(self.symptom)
        if facts.first is None or facts.last is None:
            parts = [
                words.gettext("%(symptom)s: no value from %(first)s to %(last)s.")
                % {
                    "symptom": symptom,
                    "first": words.long_day(self.first),
                    "last": words.long_day(self.last),
                }
            ]
        elif facts.answered == 1 and facts.first == facts.last:
            parts = [
                words.gettext("%(symptom)s: %(value)s on %(day)s.")
                % {
                    "symptom": symptom,
                    "value": words.number(facts.first.value or 0),
                    "day": words.long_day(facts.first.day),
                }
            ]
        else:
            parts = [
                words.gettext("%(symptom)s: %(first)s on %(first_day)s, %(last)s on %(last_day)s.")
                % {
                    "symptom": symptom,
                    "first": words.number(facts.first.value or 0),
                    "first_day": words.long_day(facts.first.day),
                    "last": words.number(facts.last.value or 0),
                    "last_day": words.long_day(facts.last.day),
                }
            ]
        if facts.begun:
            parts.append(
                words.ngettext(
                    "A value on %(answered)s of %(days)s day.",
                    "A value on %(answered)s of %(days)s days.",
                    facts.begun,
                )
                % {"answered": words.number(facts.answered), "days": words.number(facts.begun)}
            )
        if facts.zero:
            parts.append(
                words.ngettext(
                    "On %(n)s day the value was 0.", "On %(n)s days the value was 0.", facts.zero
                )
                % {"n": words.number(facts.zero)}
            )
        if facts.declined:
            parts.append(
                words.ngettext(
                    "On %(n)s day: prefer not to say.",
                    "On %(n)s days: prefer not to say.",
                    facts.declined,
                )
                % {"n": words.number(facts.declined)}
            )
        limit = finite(self.limit)
        if limit is not None and facts.above_limit:
            parts.append(
                words.ngettext(
                    "On %(n)s day above the limit of %(limit)s.",
                    "On %(n)s days above the limit of %(limit)s.",
                    facts.above_limit,
                )
                % {"n": words.number(facts.above_limit), "limit": words.number(limit)}
            )
        return " ".join(parts)

    def table(self) -> Table:
        """Return one row per answer, and one for each day without: its value is None, not 0."""
        by_day: dict[date, list[Reading]] = {}
        for reading in self.shown():
            by_day.setdefault(reading.day, []).append(reading)
        strip, changes = self.strip(), reasons(self, self.changes)
        rows: list[tuple[Cell, ...]] = []
        for offset in range(self.length):
            day = self.first + offset * ONE_DAY
            beside = (state_key(strip.get(day)), changes.get(day))
            for reading in by_day.get(day, [Reading(day, None)]):
                answer = "given" if reading.value is not None else "none"
                if reading.declined:
                    answer = "declined"
                rows.append((day.isoformat(), reading.value, answer, *beside))
        return Table(("day", "value", "answer", "status", "change"), tuple(rows))
