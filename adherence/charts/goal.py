"""A goal and how near it is: what the chart shows, counts and says."""

from dataclasses import dataclass
from datetime import date

from adherence.charts.parts import (
    Cell,
    Measured,
    Period,
    PlanChange,
    Table,
    finite,
    line_of,
    reasons,
)
from adherence.charts.words import ChartWords

GAS_SCALE = (-2.0, 2.0)
MEASURES = ("rating", "gas", "symptom", "count", "amount")


@dataclass(frozen=True, slots=True)
class GoalFacts:
    """Where the goal stood first and stands last (as known in the period), and where it leads."""

    first: Measured | None
    last: Measured | None
    baseline: float | None
    target: float | None
    measured: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalChart(Period):
    """A goal's measurements as a stepped line, with its target.

    `goal` is the patient's own wording; `measure` one of rating (0 to 10), gas (-2 to +2), symptom
    (0 to 10), count, amount; `unit` names what is counted. `ladder` holds the five level texts from
    -2 to +2. A value given for a day before `first` is where the line enters.
    """

    goal: str
    measure: str
    target: float | None
    ratings: tuple[Measured, ...]
    baseline: float | None = None
    unit: str | None = None
    ladder: tuple[str, str, str, str, str] | None = None
    changes: tuple[PlanChange, ...] = ()
    since: date | None = None

    def __post_init__(self) -> None:
        # The zero-argument super() does not find the class that slots=True builds anew.
        Period.__post_init__(self)
        if self.measure not in MEASURES:
            raise ValueError("measure must be one of " + ", ".join(MEASURES))

    def known(self) -> list[Measured]:
        """Return the measurements in time order that say something about the period.

        At most one is from before it: the newest, whose value still held when the period began.
        """
        valued = sorted(
            (
                rating
                for rating in self.ratings
                if rating.day < self.until and finite(rating.value) is not None
            ),
            key=lambda rating: rating.day,
        )
        before = [rating for rating in valued if rating.day < self.first]
        return before[-1:] + [rating for rating in valued if rating.day >= self.first]

    @property
    def falls(self) -> bool | None:
        """Whether lower is nearer to the goal; None where the goal is to hold a level."""
        baseline, target = finite(self.baseline), finite(self.target)
        if baseline is None or target is None:
            return self.measure == "symptom"
        return None if baseline == target else target < baseline

    def facts(self) -> GoalFacts:
        """Return the numbers behind picture and sentence."""
        known = self.known()
        return GoalFacts(
            first=known[0] if known else None,
            last=known[-1] if known else None,
            baseline=finite(self.baseline),
            target=finite(self.target),
            measured=sum(self.holds(rating.day) for rating in known),
        )

    def written(self, value: float, words: ChartWords) -> str:
        """Return `value` as this goal's scale writes it: GAS levels carry their sign."""
        if self.measure == "gas" and value > 0:
            return "+" + words.number(value)
        return words.number(value)

    def direction(self, words: ChartWords) -> str:
        """Return what a higher place in the picture means."""
        if self.falls is None:
            return words.gettext("The goal is to stay at the target")
        if self.falls:
            return words.gettext("Lower is nearer to the goal")
        return words.gettext("Higher is nearer to the goal")

    def title(self, words: ChartWords) -> str:
        """Return what the picture is: the goal in the patient's words."""
        return words.gettext("Goal: %(goal)s") % {"goal": line_of(self.goal)}

    def sentence(self, words: ChartWords) -> str:
        """Return the first and the last measurement and the target; nothing about causes."""
        facts = self.facts()
        goal = line_of(self.goal)
        if facts.first is None or facts.last is None:
            parts = [
                words.gettext("%(goal)s: not measured by %(last)s.")
                % {"goal": goal, "last": words.long_day(min(self.last, self.today))}
            ]
        elif facts.first is facts.last:
            parts = [
                words.gettext("%(goal)s: %(value)s on %(day)s.")
                % {
                    "goal": goal,
                    "value": self.written(facts.first.value or 0, words),
                    "day": words.long_day(facts.first.day),
                }
            ]
        else:
            parts = [
                words.gettext("%(goal)s: %(first)s on %(first_day)s, %(last)s on %(last_day)s.")
                % {
                    "goal": goal,
                    "first": self.written(facts.first.value or 0, words),
                    "first_day": words.long_day(facts.first.day),
                    "last": self.written(facts.last.value or 0, words),
                    "last_day": words.long_day(facts.last.day),
                }
            ]
        if facts.target is not None:
            parts.append(
                words.gettext("The target is %(target)s.")
                % {"target": self.written(facts.target, words)}
            )
        if self.unit:
            parts.append(words.gettext("Measured in: %(unit)s.") % {"unit": line_of(self.unit)})
        return " ".join(parts)

    def table(self) -> Table:
        """Return one row per measurement and per plan change, in time order."""
        changes = reasons(self, self.changes)
        rows: list[tuple[Cell, ...]] = [
            (rating.day.isoformat(), finite(rating.value), changes.pop(rating.day, None))
            for rating in self.known()
        ]
        rows += [(day.isoformat(), None, reason) for day, reason in changes.items()]
        return Table(("day", "value", "change"), tuple(sorted(rows, key=lambda row: str(row[0]))))
