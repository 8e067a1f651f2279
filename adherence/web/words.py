"""What the software calls things in the reader's language: states, reasons, amounts, days.

Patients and clinicians read different words for the same state: a patient was *resting*, the
record says *excused*. Every text is chosen when it is asked for, in the request's language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from functools import lru_cache, partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal

from adherence.web.locale import FORMATS, current, formats, ngettext
from adherence.web.locale import gettext as _
from adherence.web.locale import later as _later

if TYPE_CHECKING:
    from adherence.domain.activities import Asked
    from adherence.domain.entries import Amounts
    from adherence.domain.goals import Goal
    from adherence.domain.schedules import Schedule
    from adherence.domain.windows import Window


def _marked(message: str) -> str:
    """Return the message itself; it is only marked here, and translated where it is used."""
    return message


PATIENT_TERMS = {
    "done": _marked("done"),
    "partly": _marked("partly"),
    "skipped": _marked("not today"),
    "missed": _marked("missed"),
    "unreported": _marked("not reported"),
    "excused": _marked("resting"),
    "upcoming": _marked("later"),
    "none": _marked("nothing planned"),
}
CLINICIAN_TERMS = {
    "done": _marked("done"),
    "partly": _marked("partly"),
    "skipped": _marked("skipped"),
    "missed": _marked("missed"),
    "unreported": _marked("not reported"),
    "excused": _marked("excused"),
    "upcoming": _marked("upcoming"),
    "none": _marked("nothing due"),
}
"""A patient was resting where the record says excused: two readers, two words for one state."""
ANSWERS = {"done": _later("Done"), "partly": _later("Partly"), "skipped": _later("Not today")}
"""The three answers on a card; the button pressed is the bead shown later."""

REASONS = {
    "hurt": _later("It hurts"),
    "no_time": _later("No time today"),
    "felt_better": _later("I feel well without it"),
    "side_effect": _later("Side effect or unwell"),
    "ran_out": _later("Nothing left, or no equipment"),
    "told_to_stop": _later("Someone told me to stop"),
    "did_not_understand": _later("I am not sure how"),
}
REASON_PROMISES = {
    "hurt": _later("Tell your team where and how much"),
    "no_time": _later("It stays open until its time is over"),
    "felt_better": _later("Read again what it is good for"),
    "side_effect": _later("Say what you noticed"),
    "ran_out": _later("Say what is missing"),
    "told_to_stop": _later("Your team checks the plan"),
    "did_not_understand": _later("Read again how it goes"),
}
"""What choosing a reason leads to, said before it is chosen. Each must be true of the next step."""

REASONS_FOR_CLINICIAN = {
    "hurt": _later("hurt"),
    "no_time": _later("no time"),
    "felt_better": _later("felt better"),
    "side_effect": _later("side effect"),
    "ran_out": _later("ran out"),
    "told_to_stop": _later("told to stop"),
    "did_not_understand": _later("did not understand"),
}
PAUSES = {
    "rest": _later("I am resting"),
    "ill": _later("I am ill"),
    "travelling": _later("I am travelling"),
    "hospital": _later("I am in hospital"),
    "stop": _later("Stopped by your team"),
}
PAUSES_FOR_CLINICIAN = {
    "rest": _later("rest"),
    "ill": _later("illness"),
    "travelling": _later("travel"),
    "hospital": _later("hospital"),
    "stop": _later("stopped by a clinician"),
}
PAUSE_ICONS = {
    "rest": "moon",
    "ill": "drop",
    "travelling": "bag",
    "hospital": "bed",
    "stop": "stop",
}
DISCIPLINES = {
    "physiotherapy": _later("Physiotherapy"),
    "occupational_therapy": _later("Occupational therapy"),
    "medication": _later("Medication"),
    "nursing": _later("Nursing"),
    "psychology": _later("Psychology"),
    "other": _later("Other care"),
}
KINDS = {
    "exercise": _later("Exercise"),
    "medication": _later("Medication"),
    "check_in": _later("Check-in"),
    "task": _later("Task"),
}
KIND_ICONS = {"exercise": "move", "medication": "pill", "check_in": "ask", "task": "list"}
MEASURES = {
    "rating": _later("The patient rates it, 0 to 10"),
    "gas": _later("Five levels (GAS)"),
    "symptom": _later("A symptom, 0 to 10"),
    "count": _later("A count"),
    "amount": _later("An amount"),
}
MEASURE_HINTS = {
    "rating": _later("How well can you do it now? 0 not at all, 10 as before."),
    "gas": _later("You describe five levels together, from much less to much more than expected."),
    "symptom": _later("The mean of the last seven days counts, so one bad day moves little."),
    "count": _later("Whole numbers: steps, stairs, nights."),
    "amount": _later("A number with a unit: metres, minutes, degrees."),
}
SOURCES = {
    "self": _later("by the patient"),
    "proxy": _later("by a relative"),
    "clinician": _later("by the care team"),
    "device": _later("by a device"),
    "import": _later("imported"),
}
SCHEDULES = {
    "weekdays": _later("On certain weekdays"),
    "every_n_days": _later("Every day, or every few days"),
    "n_per_week": _later("Some times a week, on any days"),
    "fixed_interval": _later("Every few hours, day and night"),
    "as_needed": _later("As needed"),
}
NOTHING_DUE = {
    "no_plan": _later("no plan yet"),
    "not_started": _later("not started yet"),
    "paused": _later("paused"),
    "as_needed_only": _later("as needed only"),
    "nothing_planned": _later("nothing planned"),
}
MILESTONE_DEFINITIONS = {
    "level_reached": _later("A level of the goal was reached for the first time."),
    "halfway": _later("Half of the way from the start to the target was reached."),
    "target_reached": _later("The target of the goal was reached for the first time."),
    "first_all_done": _later(
        "Everything the goal asked for on one day was done, for the first time."
    ),
    "return_after_break": _later("Activity began again after a break of a week or more."),
    "sustained_weeks": _later("Four fifths or more were done in each of these weeks in a row."),
}
MILESTONES_FOR_CLINICIAN = {
    "level_reached": _later("Level reached"),
    "halfway": _later("Halfway"),
    "target_reached": _later("Target reached"),
    "first_all_done": _later("First day with everything done"),
    "return_after_break": _later("Back after a break"),
    "sustained_weeks": _later("Weeks in a row"),
}

PATTERNS = {
    "en": {
        "long": "EEEE, d MMMM",
        "day": "d MMMM",
        "short": "d MMM",
        "full": "d MMMM y",
        "brief": "EEE d",
        "month": "MMM y",
    },
    "de": {
        "long": "EEEE, d. MMMM",
        "day": "d. MMMM",
        "short": "d. MMM",
        "full": "d. MMMM y",
        "brief": "EEE d.",
        "month": "MMM y",
    },
    "ru": {
        "long": "EEEE, d MMMM",
        "day": "d MMMM",
        "short": "d MMM",
        "full": "d MMMM y",
        "brief": "EEE d",
        "month": "LLL y",
    },
}
"""How a day is written, by use; Russian months stand in the genitive after a number."""

_PAST_A_DAY = 24

MANY = 5
"""Chooses the form that stands after "of", in every language here."""


@lru_cache(maxsize=4096)
def _written(pattern: str, locale: str, on: date) -> str:
    return str(format_date(on, pattern, locale=locale))


def day(on: date, style: str = "long") -> str:
    """Return a local day in words; styles are the keys of ``PATTERNS``."""
    return day_in(current(), on, style)


def day_in(locale: str, on: date, style: str) -> str:
    """Return a local day in words of a named language."""
    return _written(PATTERNS[locale][style], FORMATS[locale], on)


def day_writer(locale: str, style: str) -> Callable[[date], str]:
    """Return what writes local days in a named language, for many of them."""
    return partial(_written, PATTERNS[locale][style], FORMATS[locale])


def day_title(on: date) -> str:
    """Return a day as it begins a line: its first letter is a capital in every language."""
    return first_upper(day(on))


def first_upper(text: object) -> str:
    """Return ``text`` with a capital first letter and everything after it unchanged."""
    written = str(text)
    return written[:1].upper() + written[1:]


@lru_cache(maxsize=512)
def zone_rules(name: str) -> ZoneInfo:
    """Return the rules of an IANA zone."""
    return ZoneInfo(name)


def local(instant: datetime, zone: str) -> datetime:
    """Return a UTC instant as wall-clock time in ``zone``."""
    return instant.astimezone(zone_rules(zone))


def clock(instant: datetime | time, zone: str = "UTC") -> str:
    """Return the wall-clock time of an instant in ``zone``, as 08:05; a bare time as it is."""
    at = instant if isinstance(instant, time) else local(instant, zone)
    return f"{at.hour:02d}:{at.minute:02d}"


def moment(instant: datetime, zone: str, today: date) -> str:
    """Return when something was, seen from ``today``: time, weekday and time, or the day."""
    at = local(instant, zone)
    behind = (today - at.date()).days
    if behind == 0:
        return clock(instant, zone)
    if 0 < behind < 7:
        return f"{_written('EEE', formats(), at.date())} {clock(instant, zone)}"
    if at.year == today.year:
        return day(at.date(), "short")
    return day(at.date(), "full")


def age(since: datetime, now: datetime) -> str:
    """Return how long something has been waiting, in minutes, hours or days, rounded down."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 60:
        return _("%(num)s min", num=minutes)
    if minutes < 60 * _PAST_A_DAY:
        return _("%(num)s h", num=minutes // 60)
    days = minutes // (60 * _PAST_A_DAY)
    return str(ngettext("%(num)s day", "%(num)s days", days))


def number(value: float) -> str:
    """Return a number as the language writes it, with at most two decimals."""
    return number_in(current(), value)


@lru_cache(maxsize=4096)
def number_in(locale: str, value: float) -> str:
    """Return a number as a named language writes it."""
    return str(format_decimal(value, "#,##0.##", locale=FORMATS[locale]))


def signed(value: float) -> str:
    """Return a number with its sign, as ladder levels and changes need it."""
    return ("+" if value > 0 else "−" if value < 0 else "") + number(abs(value))


def plural(value: float) -> int:
    """Return the whole number that chooses a plural form; a fraction reads like two of a thing."""
    return int(value) if float(value).is_integer() else 2


def _form(value: float, count: int | None) -> int:
    return plural(value) if count is None else count


def listed(parts: Iterable[object]) -> str:
    """Return the parts as one list in words: "a, b and c"."""
    said = [str(part) for part in parts]
    return said[0] if len(said) == 1 else str(format_list(said, locale=formats()))


def status(value: str, clinician: bool = False) -> str:
    """Return the word for a state, as this reader knows it."""
    return _((CLINICIAN_TERMS if clinician else PATIENT_TERMS)[value])


def counts(states: Mapping[str, int], clinician: bool = False) -> str:
    """Return counts of states in one sentence part, leaving out those that are zero."""
    return listed(f"{count} {status(name, clinician)}" for name, count in states.items() if count)


def unit(value: float, name: str | None) -> str:
    """Return a quantity with its unit: units we know are inflected, others stand as written."""
    shown = number(value)
    if not name:
        return shown
    forms = _UNITS.get(name.strip().lower())
    return forms(value) if forms else f"{shown} {name}"


def unit_of(value: float, name: str | None) -> str:
    """Return a whole of which something is a part, as it stands after "of": "of 14 steps"."""
    forms = _UNITS.get((name or "").strip().lower())
    return forms(value, MANY) if forms else unit(value, name)


def unit_name(name: str | None) -> str:
    """Return what is counted, without a number, as it stands at an axis; empty if unsaid."""
    said = (name or "").strip()
    known = _UNIT_NAMES.get(said.lower())
    return str(known) if known else said


_UNIT_NAMES = {
    one: said
    for ones, said in {
        ("tablet", "tablets"): _later("tablets"),
        ("capsule", "capsules"): _later("capsules"),
        ("drop", "drops"): _later("drops"),
        ("puff", "puffs"): _later("puffs"),
        ("step", "steps"): _later("steps"),
        ("stair", "stairs"): _later("stairs"),
        ("night", "nights"): _later("nights"),
        ("minute", "minutes", "min"): _later("minutes"),
        ("metre", "metres"): _later("metres"),
    }.items()
    for one in ones
}


def _tablets(value: float, count: int | None = None) -> str:
    return ngettext("%(n)s tablet", "%(n)s tablets", _form(value, count), n=number(value))


def _capsules(value: float, count: int | None = None) -> str:
    return ngettext("%(n)s capsule", "%(n)s capsules", _form(value, count), n=number(value))


def _drops(value: float, count: int | None = None) -> str:
    return ngettext("%(n)s drop", "%(n)s drops", _form(value, count), n=number(value))


def _puffs(value: float, count: int | None = None) -> str:
    return ngettext("%(n)s puff", "%(n)s puffs", _form(value, count), n=number(value))


def _steps(value: float, count: int | None = None) -> str:
    return ngettext("%(n)s step", "%(n)s steps", _form(value, count), n=number(value))


def _stairs(value: float, count: int | None = None) -> str:
    return ngettext("%(n)s stair", "%(n)s stairs", _form(value, count), n=number(value))


def _nights(value: float, count: int | None = None) -> str:
    return ngettext("%(n)s night", "%(n)s nights", _form(value, count), n=number(value))


def _minutes(value: float, count: int | None = None) -> str:
    return ngettext("%(n)s minute", "%(n)s minutes", _form(value, count), n=number(value))


def _metres(value: float, count: int | None = None) -> str:
    return ngettext("%(n)s metre", "%(n)s metres", _form(value, count), n=number(value))


_UNITS = {
    "tablet": _tablets,
    "tablets": _tablets,
    "capsule": _capsules,
    "capsules": _capsules,
    "drop": _drops,
    "drops": _drops,
    "puff": _puffs,
    "puffs": _puffs,
    "step": _steps,
    "steps": _steps,
    "stair": _stairs,
    "stairs": _stairs,
    "night": _nights,
    "nights": _nights,
    "minute": _minutes,
    "minutes": _minutes,
    "min": _minutes,
    "metre": _metres,
    "metres": _metres,
}


def amount(asked: Amounts, unit_name: str | None = None) -> str:
    """Return how much, for a patient: "2 rounds of 10, hold for 5 seconds"; empty if unsaid."""
    parts = []
    if asked.sets and asked.reps:
        parts.append(
            ngettext(
                "%(sets)s round of %(reps)s",
                "%(sets)s rounds of %(reps)s",
                plural(asked.sets),
                sets=number(asked.sets),
                reps=number(asked.reps),
            )
        )
    elif asked.sets:
        parts.append(
            ngettext("%(n)s round", "%(n)s rounds", plural(asked.sets), n=number(asked.sets))
        )
    elif asked.reps:
        parts.append(
            ngettext("%(n)s time", "%(n)s times", plural(asked.reps), n=number(asked.reps))
        )
    if asked.hold_seconds:
        parts.append(
            ngettext(
                "hold for %(n)s second",
                "hold for %(n)s seconds",
                plural(asked.hold_seconds),
                n=number(asked.hold_seconds),
            )
        )
    if asked.quantity is not None:
        parts.append(unit(asked.quantity, unit_name))
    return first_upper(", ".join(parts))


def amount_brief(asked: Amounts, unit_name: str | None = None) -> str:
    """Return how much, for a clinician: "2 × 10 × 5 s"; empty if unsaid."""
    factors = [number(part) for part in (asked.sets, asked.reps) if part]
    if asked.hold_seconds:
        factors.append(_("%(num)s s", num=number(asked.hold_seconds)))
    parts = [" × ".join(factors)] if factors else []
    if asked.quantity is not None:
        parts.append(unit(asked.quantity, unit_name))
    return ", ".join(parts)


def asked(what: Asked) -> str:
    """Return how much an activity asks for and on which side, for a patient."""
    return ", ".join(filter(None, (amount(what.amounts, what.unit), side(what.exercise))))


def side(exercise: str | None) -> str:
    """Return on which side of the body, from an exercise's name; empty where none is said."""
    if exercise is None or "/" not in exercise:
        return ""
    return _("left side") if exercise.endswith("/left") else _("right side")


def weekday(index: int, style: str = "EEEE") -> str:
    """Return the name of a weekday, Monday 0."""
    return _written(style, formats(), date(2024, 1, 1 + index))


def weekdays_brief(locale: str) -> tuple[str, str, str, str, str, str, str]:
    """Return the seven weekdays as a calendar heads its columns, Monday first."""
    mo, tu, we, th, fr, sa, su = (
        _written("EEEEEE", FORMATS[locale], date(2024, 1, 1 + index)) for index in range(7)
    )
    return mo, tu, we, th, fr, sa, su


def schedule(rule: Schedule, window: bool = False) -> str:
    """Return when something is due, in words: "Monday and Friday at 08:00", "3 times a week".

    Cycles and the last day follow after a comma. With ``window`` it also says how early or late
    an answer still counts.
    """
    parts = [_rhythm(rule)]
    if rule.cycle_on and rule.cycle_off:
        parts.append(
            _("%(on)s, then %(off)s off", on=_days(rule.cycle_on), off=_days(rule.cycle_off))
        )
    if rule.ends_on:
        last = date.fromordinal(rule.ends_on.toordinal() - 1)
        parts.append(_("until %(day)s", day=day(last, "day")))
    if window and rule.kind != "as_needed":
        parts.append(window_words(rule.window))
    return ", ".join(part for part in parts if part)


def _days(count: int) -> str:
    return str(ngettext("%(num)s day", "%(num)s days", count))


def _rhythm(rule: Schedule) -> str:
    times = listed(clock(at) for at in rule.times)
    match rule.kind:
        case "weekdays" if len(rule.weekdays) == 7:
            return _("daily at %(times)s", times=times) if times else _("daily")
        case "weekdays":
            days = _weekdays(sorted(rule.weekdays))
            return _("%(days)s at %(times)s", days=days, times=times) if times else days
        case "every_n_days" if rule.every == 1:
            return _("daily at %(times)s", times=times) if times else _("daily")
        case "every_n_days":
            if times:
                return ngettext(
                    "every %(num)s day at %(times)s",
                    "every %(num)s days at %(times)s",
                    rule.every,
                    times=times,
                )
            return str(ngettext("every %(num)s day", "every %(num)s days", rule.every))
        case "n_per_week":
            return str(ngettext("%(num)s time a week", "%(num)s times a week", rule.per_week))
        case "fixed_interval":
            return ngettext(
                "every %(n)s hour",
                "every %(n)s hours",
                plural(rule.interval_hours),
                n=number(rule.interval_hours),
            )
        case _:
            if rule.min_interval_hours:
                return _("as needed, at least %(num)s h apart", num=number(rule.min_interval_hours))
            return _("as needed")


def _weekdays(indexes: list[int]) -> str:
    """Return weekdays in words; three or more in a row as "Monday to Friday"."""
    if len(indexes) > 2 and indexes[-1] - indexes[0] == len(indexes) - 1:
        return _("%(first)s to %(last)s", first=weekday(indexes[0]), last=weekday(indexes[-1]))
    return listed(weekday(index) for index in indexes)


def window_words(window: Window) -> str:
    """Return how early or late an answer still counts."""
    match window.kind:
        case "any_time":
            return _("any time until it is due again")
        case "around":
            before = number(window.before.total_seconds() / 3600)
            after = number(window.after.total_seconds() / 3600)
            return _("from %(before)s h before to %(after)s h after", before=before, after=after)
        case _:
            return _("any time that day")


def goal_number(goal: Goal, current_value: float | None) -> tuple[str, str]:
    """Return the one number of a goal and the words beside it; "?" before the first rating."""
    if current_value is None:
        return "?", _("not measured yet")
    if goal.measure == "gas":
        return signed(current_value), _("on the ladder from −2 to +2")
    shown = number(round(current_value, 1) if goal.measure == "symptom" else current_value)
    if goal.target > (goal.baseline or 0) >= 0:
        return shown, _("of %(target)s", target=unit_of(goal.target, goal.unit))
    return shown, _("now, on the way to %(target)s", target=unit(goal.target, goal.unit))


def goal_value(goal: Goal, value: float) -> str:
    """Return a value of a goal's measure with its unit; means of a symptom have one decimal."""
    match goal.measure:
        case "gas":
            return signed(value)
        case "symptom":
            return number(round(value, 1))
        case _:
            return unit(value, goal.unit)


def _reached(goal: Goal, value: float) -> str:
    """Return a value as it stands alone, so that it says of what it is."""
    match goal.measure:
        case "gas":
            return _("Level %(level)s of your ladder", level=signed(value))
        case "symptom":
            return first_upper(f"{goal.symptom} {goal_value(goal, value)}")
        case "rating":
            return _("%(num)s of 10", num=number(value))
        case _:
            return first_upper(goal_value(goal, value))


def milestone(kind: str, level: int, goal: Goal | None) -> str:
    """Return a milestone as its person reads it: what was reached, without praise for tapping."""
    match kind:
        case "target_reached" if goal:
            return _("%(target)s, for the first time.", target=_reached(goal, goal.target))
        case "target_reached":
            return _("Your target, for the first time.")
        case "level_reached" if goal:
            return _("%(value)s, for the first time.", value=_reached(goal, level))
        case "level_reached":
            return _("A new level, for the first time.")
        case "halfway":
            return _("Half of the way is behind you.")
        case "first_all_done":
            return _("Everything on one day, for the first time.")
        case "return_after_break":
            return _("You came back after a break.")
        case _:
            return ngettext(
                "%(num)s week in a row, four fifths or more done.",
                "%(num)s weeks in a row, four fifths or more done.",
                level,
            )


def zone_name(name: str) -> str:
    """Return a time zone by the city people know it by."""
    return name.rsplit("/", 1)[-1].replace("_", " ")


def span(first: date, until: date | None) -> str:
    """Return days in words, first to last; ``until`` is the first day after, None if open."""
    if until is None:
        return _("from %(first)s, no end yet", first=day(first))
    last = date.fromordinal(until.toordinal() - 1)
    if last == first:
        return day(first)
    return _("from %(first)s to %(last)s", first=day(first), last=day(last))


def short(text: str, limit: int = 60) -> str:
    """Return a person's words without a full stop, cut at a word's end after ``limit``."""
    text = text.strip().rstrip(".")
    if len(text) <= limit:
        return text
    return text[:limit].rsplit(" ", 1)[0] + " …"
