"""Supplies: what is dispensed or counted for a patient, and the measures the field draws from it.

Definitions and parameters only; the arithmetic over whole cohorts is in ``adherence.measures``.
All days are whole numbers of days; a supply lasts a positive, possibly fractional, number of days.
Both ends of a window belong to it, and its length is its end minus its start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from math import isfinite
from types import MappingProxyType

from adherence.domain.errors import InvalidInput
from adherence.domain.groups import Comparison, Condition, comparisons

VOLLMER = "Vollmer 2012, doi:10.1186/1472-6963-12-155"
DIMA = "Dima and Dediu 2017 (AdhereR), doi:10.1371/journal.pone.0174426"
PQA = "Pharmacy Quality Alliance, Proportion of Days Covered, carry-over examples"
CMS = "CMS Medicare Part D Star Ratings, adjustment for inpatient stays (since 2013)"
VRIJENS = "Vrijens 2012, doi:10.1111/j.1365-2125.2012.04167.x"
TOLERANCE_OF_COMPARISON = 1e-9
"""Days of slack when a gap is compared with a limit, so that rounding never decides."""


MEDICATION_LIMIT = 200
"""Characters of a medication's name or code."""


class SupplySource(StrEnum):
    """How a supply became known: handed out, counted by a device, or taken over from elsewhere."""

    DISPENSED = "dispensed"
    COUNTED = "counted"
    IMPORTED = "imported"


class Unit(StrEnum):
    """What the window options count in. Months and years are of the calendar."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


DAYS_PER_UNIT: Mapping[str, int] = MappingProxyType(
    {"days": 1, "weeks": 7, "months": 30, "years": 365}
)
"""Days per unit of a permissible gap or a sliding window: fixed there, unlike in window options."""


class GapUnit(StrEnum):
    """What a permissible gap counts in; a month is 30 days, a year 365 days here."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"
    PERCENT = "percent"


class Measure(StrEnum):
    """The measures over an observation window, by the names the field uses."""

    CMA1 = "CMA1"
    CMA2 = "CMA2"
    CMA3 = "CMA3"
    CMA4 = "CMA4"
    CMA5 = "CMA5"
    CMA6 = "CMA6"
    CMA7 = "CMA7"
    CMA8 = "CMA8"
    CMA9 = "CMA9"


class Reason(StrEnum):
    """Why a measure is not computable. It is then empty: never 0, infinite or "not a number"."""

    WINDOW_OUTSIDE = "the observation window is not inside the follow-up window"
    TOO_FEW_EVENTS = "fewer than two supplies on different days in the observation window"
    NO_EVENT = "no supply in the observation window"
    LAST_DAY_ONLY = "the only supplies in the observation window fall on its last day"
    NO_EVENT_BEFORE_END = "no supply between follow-up start and the end of observation"
    NO_EVENT_IN_FOLLOW_UP = "no supply in the follow-up window"
    SUPPLY_OUTSIDE = "the supply lies outside the window that is asked about"
    COVERED_THROUGHOUT = "the earlier supply lasts to the end of observation or beyond it"
    WINDOW_EMPTY = "the episode's part in the observation window is shorter than a day"
    TOO_FEW_FILLS = "fewer than two fills on different days"
    PERIOD_TOO_SHORT = "the treatment period is too short"
    EXCLUDED = "the patient is excluded"
    ALWAYS_INPATIENT = "the whole treatment period is an inpatient stay"


@dataclass(frozen=True, slots=True)
class Definition:
    """What one measure is, said once: help texts, the README and the pages all print this."""

    name: str
    words: str
    formula: str
    not_computable: str
    source: str

    def sentence(self) -> str:
        """One line: name, words, formula, when there is none, source."""
        return (
            f"{self.name}: {self.words} Formula: {self.formula}."
            f" Not computable: {self.not_computable}. Source: {self.source}."
        )

    def row(self) -> str:
        """One row of a table in Markdown: name, words, formula, when there is none, source."""
        cells = (self.name, self.words, self.formula, self.not_computable, self.source)
        return f"| {' | '.join(cells)} |"


_FEW = "fewer than two supplies on different days in the window"
_NONE = "no supply in the window, or the first one on its last day"
_NEVER = "no supply between the start of follow-up and the end of observation"

DEFINITIONS: Mapping[str, Definition] = MappingProxyType(
    {
        one.name: one
        for one in (
            Definition(
                "CMA1",
                "Days supplied from the first to the last supply in the observation window,"
                " per day between them; may exceed 1.",
                "sum of durations without the last supply / (last - first day of supply)",
                _FEW,
                VOLLMER,
            ),
            Definition(
                "CMA2",
                "Days supplied from the first supply in the observation window to its end,"
                " per day; may exceed 1.",
                "sum of durations / (end of observation - first day of supply)",
                _NONE,
                VOLLMER,
            ),
            Definition("CMA3", "CMA1, at most 1.", "min(1, CMA1)", _FEW, VOLLMER),
            Definition("CMA4", "CMA2, at most 1.", "min(1, CMA2)", _NONE, VOLLMER),
            Definition(
                "CMA5",
                "Share of days with supply from the first to the last supply in the observation"
                " window; what is left over is carried on inside the window.",
                "1 - gaps before the last supply / (last - first day of supply)",
                _FEW,
                VOLLMER,
            ),
            Definition(
                "CMA6",
                "Share of days with supply from the first supply in the observation window to its"
                " end; what is left over is carried on inside the window.",
                "1 - gaps / (end of observation - first day of supply)",
                _NONE,
                VOLLMER,
            ),
            Definition(
                "CMA7",
                "Share of days with supply in the observation window; supply from before the"
                " window is carried into it.",
                "1 - days without supply in the observation window / its length",
                _NEVER,
                VOLLMER,
            ),
            Definition(
                "CMA8",
                "CMA7 over a window that begins when the supply from before has run out; its"
                " length is rounded to whole days, half to even.",
                "1 - days without supply from the lagged start / (end - lagged start)",
                _NEVER + ", or the earlier supply lasts to the end of observation",
                VOLLMER,
            ),
            Definition(
                "CMA9",
                "Mean over the days of the observation window of the share supplied of the interval"
                " each day lies in; the last interval ends with follow-up.",
                "mean over days of (1 - gap / interval between supplies)",
                _NEVER,
                DIMA,
            ),
            Definition(
                "PDC",
                "Proportion of days covered, as PQA defines it: days with supply of any ingredient"
                " from the first fill to the end of the period; an early fill of the same"
                " ingredient is shifted to the day after the earlier one ends; inpatient days leave"
                " both counts and the supply they held moves behind them.",
                "days covered / days of the treatment period",
                "excluded, fewer than two fills on different days, or a period of under 91 days",
                f"{PQA}; {CMS}",
            ),
            Definition(
                "episodes",
                "Treatment episodes: a new one begins after a gap longer than permitted, or at a"
                " change of medication or dose when asked; one ends when its supply ends, the last"
                " one with follow-up if its gap is shorter than permitted.",
                "end - start",
                "never: a patient without supply in follow-up has no episode",
                DIMA,
            ),
            Definition(
                "gaps",
                "Between one supply and the next, or the end of the window: the days of the"
                " interval, those without supply, and what was left over when it began.",
                "gap = interval - duration - carried over, at least 0",
                "outside the windows",
                DIMA,
            ),
            Definition(
                "durations",
                "How many days a dispensed quantity lasts at the daily dose prescribed while it is"
                " used up; a change of dose, a pause of the prescription and a hospital stay may"
                " end a supply, and what is left is used on, lost, or used afterwards.",
                "quantity / daily dose, day by day until nothing is left",
                "nothing was prescribed, or not yet; or it was discarded or never used",
                DIMA,
            ),
            Definition(
                "initiation",
                "Days from the first prescription of a medication to its first dispensing on or"
                " after that day.",
                "first dispensing - first prescription",
                "not dispensed by the end of the data, or before the next prescription",
                f"{VRIJENS}; {DIMA}",
            ),
            Definition(
                "persistence",
                "Share of patients whose first treatment episode has not ended by a day"
                " (Kaplan-Meier); who was still on treatment at the end of follow-up is censored.",
                "product over days of (1 - ended / at risk)",
                "nobody was observed for so long",
                "Kaplan and Meier 1958, doi:10.1080/01621459.1958.10501452; " + VRIJENS,
            ),
            Definition(
                "taking",
                "Doses taken per dose due; extra doses count, so it may exceed 1.",
                "doses taken / doses due",
                "no dose was due",
                VRIJENS,
            ),
            Definition(
                "correct dosing",
                "Share of days with a dose due on which exactly as many were taken.",
                "days with as many doses taken as due / days with a dose due",
                "no dose was due",
                VRIJENS,
            ),
            Definition(
                "timing",
                "Share of intervals between doses that are as long as prescribed, give or take the"
                " tolerance (25 % is customary, not verified; a parameter). An interval with a day"
                " away, or with a dose nobody reported on, is left out.",
                "intervals within tolerance / intervals",
                "no interval between two doses",
                VRIJENS,
            ),
            Definition(
                "drug holidays",
                "Runs of days with a dose due and none taken, at least as long as the threshold (3"
                " days is customary, not verified; a parameter).",
                "number of such runs",
                "no dose was due",
                VRIJENS,
            ),
        )
    }
)


def _needs(condition: bool, name: str, why: str) -> None:
    if not condition:
        raise InvalidInput(name, why)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table of supplies that says a limit of the windows, patient by patient.

    It holds dates if ``dated``, otherwise numbers of the windows' unit, and the same in all rows of
    a patient.
    """

    name: str
    dated: bool = False


STARTS = ("follow_up_start", "observation_start")
DURATIONS = ("follow_up_duration", "observation_duration")


@dataclass(frozen=True, slots=True)
class Windows:
    """Follow-up window and, inside it, observation window; every number in ``unit``.

    ``follow_up_start`` counts from the patient's first supply, ``observation_start`` from the start
    of follow-up; either may be a date instead, the same for everybody. Each of the four may be a
    ``Column`` of the table. Days and weeks are rounded to whole days, half to even. Months and
    years are of the calendar; a day that does not exist becomes the first of the next month. Raises
    ``InvalidInput`` naming the field.
    """

    follow_up_start: float | date | Column = 0
    follow_up_duration: float | Column = 730
    observation_start: float | date | Column = 0
    observation_duration: float | Column = 730
    unit: Unit = Unit.DAYS

    def __post_init__(self) -> None:
        for name in STARTS:
            start = getattr(self, name)
            if not isinstance(start, date | Column):
                _needs(isfinite(start) and start >= 0, name, "negative")
                self.steps(start)
        for name in DURATIONS:
            length = getattr(self, name)
            if isinstance(length, Column):
                _needs(not length.dated, name, "date")
            else:
                _needs(isfinite(length) and self.steps(length) >= 1, name, "not_positive")

    def columns(self, names: tuple[str, ...] = (*STARTS, *DURATIONS)) -> tuple[Column, ...]:
        """The columns that the limits ``names`` are read from, each once."""
        found = (getattr(self, name) for name in names)
        return tuple(dict.fromkeys(one for one in found if isinstance(one, Column)))

    @property
    def by_calendar(self) -> bool:
        """Whether the unit is of the calendar (months, years), so that ``steps`` are months."""
        return self.unit in (Unit.MONTHS, Unit.YEARS)

    def steps(self, number: float) -> int:
        """Whole days, or whole months if ``by_calendar``, that ``number`` units are."""
        if not self.by_calendar:
            return round(number * DAYS_PER_UNIT[self.unit])
        _needs(float(number).is_integer(), "unit", "fraction_of_a_month")
        return int(number) * (12 if self.unit is Unit.YEARS else 1)


@dataclass(frozen=True, slots=True)
class Carry:
    """How supply left over when the next one begins counts on.

    ``same_medication_only``: what is left over is lost where the next supply is of another
    medication. ``by_dose``: what is left over is re-counted at the dose of the next supply.
    """

    same_medication_only: bool = False
    by_dose: bool = False


@dataclass(frozen=True, slots=True)
class EpisodeRule:
    """When a treatment episode ends and the next begins.

    A gap strictly longer than ``max_gap`` splits; of ``percent``, it is that share of the duration
    of the supply before it. ``medication_change`` and ``dose_change`` split where the next supply
    is of another medication or daily dose. ``append_gap`` lets an episode ended by a gap last
    ``max_gap`` longer.
    """

    max_gap: float = 90
    max_gap_unit: GapUnit = GapUnit.DAYS
    medication_change: bool = False
    carry_over: bool = True
    append_gap: bool = False
    dose_change: bool = False

    def __post_init__(self) -> None:
        _needs(isfinite(self.max_gap) and self.max_gap >= 0, "max_gap", "negative")

    @property
    def max_gap_days(self) -> float | None:
        """The permissible gap in days; None when it is a share of the supply's duration."""
        if self.max_gap_unit is GapUnit.PERCENT:
            return None
        return self.max_gap * DAYS_PER_UNIT[self.max_gap_unit]


@dataclass(frozen=True, slots=True)
class SlidingWindows:
    """Windows of one length, each a step further, inside the observation window.

    ``start`` counts from the start of observation. Either ``step`` (a length) or ``count`` (how
    many, evenly spread) is given. A month is 30 days and a year 365 days here.
    """

    duration: float
    step: float | None = None
    count: int | None = None
    start: float = 0
    unit: Unit = Unit.DAYS

    def __post_init__(self) -> None:
        _needs((self.step is None) != (self.count is None), "step", "step_or_count")
        _needs(isfinite(self.start) and self.start >= 0, "start", "negative")
        _needs(
            isfinite(self.duration) and self.days(self.duration) >= 1, "duration", "not_positive"
        )
        if self.step is not None:
            _needs(isfinite(self.step) and self.days(self.step) >= 1, "step", "not_positive")
        if self.count is not None:
            _needs(self.count >= 1, "count", "not_positive")

    def days(self, number: float) -> int:
        """Whole days that ``number`` units are."""
        return round(number * DAYS_PER_UNIT[self.unit])


@dataclass(frozen=True, slots=True)
class CmaQuestion:
    """Which measures, over which windows: everything their result depends on besides the data.

    With ``per_episode``, one result per episode and part of it inside the observation window; with
    ``sliding``, one per window; otherwise one per patient. With ``groups`` (name and condition, see
    ``adherence.domain.groups``) the same for each group of supplies and for those in none;
    follow-up starts from the patient's first supply of all unless ``follow_up_per_group``.
    """

    measures: tuple[Measure, ...] = (Measure.CMA7,)
    windows: Windows = field(default_factory=Windows)
    carry: Carry = field(default_factory=Carry)
    per_episode: EpisodeRule | None = None
    sliding: SlidingWindows | None = None
    groups: tuple[tuple[str, Condition], ...] = ()
    follow_up_per_group: bool = False

    def __post_init__(self) -> None:
        _needs(len(self.measures) > 0, "measures", "none")
        _needs(len(set(self.measures)) == len(self.measures), "measures", "twice")
        _needs(self.per_episode is None or self.sliding is None, "sliding", "with_per_episode")


@dataclass(frozen=True, slots=True)
class EpisodeQuestion:
    """Which treatment episodes: the rule, the carry-over and the follow-up window."""

    rule: EpisodeRule = field(default_factory=EpisodeRule)
    windows: Windows = field(default_factory=Windows)
    carry: Carry = field(default_factory=Carry)


@dataclass(frozen=True, slots=True)
class PersistenceQuestion(EpisodeQuestion):
    """How long the first treatment episode of each patient lasted, and whether it ended then."""


@dataclass(frozen=True, slots=True)
class GapQuestion:
    """Intervals between supplies, the gaps in them and what is carried over, one row per supply.

    ``into_window`` carries supply from before the observation window into it (CMA7 to CMA9);
    otherwise carrying begins with the window (CMA5, CMA6).
    """

    windows: Windows = field(default_factory=Windows)
    carry: Carry = field(default_factory=Carry)
    into_window: bool = True


@dataclass(frozen=True, slots=True)
class PdcQuestion:
    """Proportion of days covered between two days, both inside, as PQA defines it.

    The treatment period of a patient runs from the first fill to ``last``, or to the day the
    patient's coverage ends; one of fewer than ``least_days`` (91: the index fill at least that long
    before the end) or with fills on fewer than ``least_fills`` different days is not computable.
    ``per_fill`` asks for the shifted fills instead of the proportions.
    """

    first: date
    last: date
    least_days: int = 91
    least_fills: int = 2
    per_fill: bool = False

    def __post_init__(self) -> None:
        _needs(self.first <= self.last, "last", "before_first")
        _needs(self.least_days >= 1, "least_days", "not_positive")
        _needs(self.least_fills >= 1, "least_fills", "not_positive")


Question = CmaQuestion | EpisodeQuestion | GapQuestion | PdcQuestion

STAYS = ("patient_id", "first_day", "last_day")
"""Columns of a table of inpatient stays; both days are spent inside."""
PEOPLE = ("patient_id", "excluded", "covered_until")
"""Columns of a table about people: why one is excluded, and the last day covered; both optional."""
COLUMNS = ("patient_id", "date", "duration", "daily_dose", "medication")
REQUIRED_COLUMNS = COLUMNS[:3]


def columns_needed(question: Question) -> tuple[str, ...]:
    """The columns of the table of supplies that ``question`` reads, in the order of ``COLUMNS``."""
    if isinstance(question, PdcQuestion):
        return (*REQUIRED_COLUMNS, "medication")
    rule = None
    if isinstance(question, EpisodeQuestion):
        rule = question.rule
    elif isinstance(question, CmaQuestion):
        rule = question.per_episode
    wanted = {*REQUIRED_COLUMNS}
    if question.carry.by_dose or (rule and rule.dose_change):
        wanted.add("daily_dose")
    if question.carry.same_medication_only or (rule and rule.medication_change):
        wanted.add("medication")
    wanted |= {one.column for one in _compared(question)}
    wanted |= {one.name for one in window_columns(question)}
    return (
        *(column for column in COLUMNS if column in wanted),
        *sorted(wanted.difference(COLUMNS)),
    )


def window_columns(question: Question) -> tuple[Column, ...]:
    """The columns of the table of supplies that say the windows of ``question``."""
    if isinstance(question, PdcQuestion):
        return ()
    if isinstance(question, EpisodeQuestion):
        return question.windows.columns((STARTS[0], DURATIONS[0]))
    return question.windows.columns()


def _compared(question: Question) -> tuple[Comparison, ...]:
    groups = question.groups if isinstance(question, CmaQuestion) else ()
    return tuple(one for _, condition in groups for one in comparisons(condition))


def numbers_compared(question: Question) -> frozenset[str]:
    """The columns beyond ``COLUMNS`` that ``question`` compares with numbers, not with texts."""
    columns = {one.column for one in _compared(question) if isinstance(one.value, float)}
    return frozenset(columns.difference(COLUMNS))
