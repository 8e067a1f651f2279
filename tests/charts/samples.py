"""Words in three languages and the charts of one patient, Ruth, as the mockups tell her story."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta

from adherence.charts.values import (
    Calendar,
    Day,
    Dose,
    DoseChart,
    DoseMark,
    DoseWindow,
    GoalChart,
    Measured,
    PlanChange,
    Reading,
    SymptomChart,
)
from adherence.charts.words import ChartWords
from adherence.domain.entries import Status

TODAY = date(2026, 3, 12)
_MONTHS = {
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "de": [
        "Jan.",
        "Feb.",
        "März",
        "Apr.",
        "Mai",
        "Juni",
        "Juli",
        "Aug.",
        "Sept.",
        "Okt.",
        "Nov.",
        "Dez.",
    ],
    "ru": [
        "янв.",
        "февр.",
        "марта",
        "апр.",
        "мая",
        "июня",
        "июля",
        "авг.",
        "сент.",
        "окт.",
        "нояб.",
        "дек.",
    ],
}


def _one_of_two(singular: str, plural: str, n: int) -> str:
    return singular if n == 1 else plural


def _days(locale: str, mark: str = "") -> Callable[[date], str]:
    return lambda day: f"{day.day}{mark} {_MONTHS[locale][day.month - 1]}"


def _long_days(locale: str, mark: str = "") -> Callable[[date], str]:
    return lambda day: f"{day.day}{mark} {_MONTHS[locale][day.month - 1]} {day.year}"


ENGLISH = ChartWords(
    locale="en",
    gettext=str,
    ngettext=_one_of_two,
    status={
        Status.DONE: "done",
        Status.PARTLY: "partly",
        Status.SKIPPED: "not today",
        Status.MISSED: "missed",
        Status.UNREPORTED: "not reported",
        Status.EXCUSED: "resting",
        Status.UPCOMING: "later",
    },
    nothing="nothing planned",
    weekdays=("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"),
    day=_days("en"),
    long_day=_long_days("en"),
    month=lambda day: f"{_MONTHS['en'][day.month - 1]} {day.year}",
    number=lambda value: f"{value:g}",
    clock=lambda at: f"{at:%H:%M}",
)

_GERMAN = {
    "Higher means more pain": "Höher heißt mehr Schmerz",
    "Higher is nearer to the goal": "Höher ist näher am Ziel",
    "Higher means later in the day": "Höher heißt später am Tag",
    "Target %(target)s": "Ziel %(target)s",
    "%(value)s now": "jetzt %(value)s",
    "%(done)s of %(due)s": "%(done)s von %(due)s",
    "limit %(limit)s": "Grenze %(limit)s",
    "taken": "eingenommen",
    "taken outside its time": "außerhalb des Zeitfensters eingenommen",
    "extra": "zusätzlich",
    "%(first)s to %(last)s: %(done)s of %(due)s days done in full.": (
        "%(first)s bis %(last)s: %(done)s von %(due)s Tagen vollständig erledigt."
    ),
}
GERMAN = replace(
    ENGLISH,
    locale="de",
    gettext=lambda message: _GERMAN.get(message, message),
    ngettext=lambda one, many, n: _GERMAN.get(one if n == 1 else many, one if n == 1 else many),
    status={
        Status.DONE: "erledigt",
        Status.PARTLY: "teilweise",
        Status.SKIPPED: "heute nicht",
        Status.MISSED: "ausgelassen",
        Status.UNREPORTED: "nicht angegeben",
        Status.EXCUSED: "Ruhetag",
        Status.UPCOMING: "später",
    },
    weekdays=("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
    day=_days("de", "."),
    long_day=_long_days("de", "."),
    month=lambda day: f"{_MONTHS['de'][day.month - 1]} {day.year}",
    number=lambda value: f"{value:g}".replace(".", ","),
)

_RUSSIAN = {
    "Higher means more pain": "Чем выше, тем сильнее боль",
    "Higher is nearer to the goal": "Чем выше, тем ближе к цели",
    "Higher means later in the day": "Чем выше, тем позже в течение дня",
    "Target %(target)s": "Цель %(target)s",
    "%(value)s now": "сейчас %(value)s",
    "%(done)s of %(due)s": "%(done)s из %(due)s",
    "limit %(limit)s": "предел %(limit)s",
    "taken": "принято",
    "taken outside its time": "принято не вовремя",
    "extra": "дополнительно",
}
_RUSSIAN_PLURALS = {
    "%(n)s days done in part.": (
        "%(n)s день выполнен частично.",
        "%(n)s дня выполнены частично.",
        "%(n)s дней выполнены частично.",
    )
}


def _russian(one: str, many: str, n: int) -> str:
    forms = _RUSSIAN_PLURALS.get(many)
    if forms is None:
        return _one_of_two(one, many, n)
    if n % 10 == 1 and n % 100 != 11:
        return forms[0]
    return forms[1] if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else forms[2]


RUSSIAN = replace(
    ENGLISH,
    locale="ru",
    gettext=lambda message: _RUSSIAN.get(message, message),
    ngettext=_russian,
    status={
        Status.DONE: "сделано",
        Status.PARTLY: "частично",
        Status.SKIPPED: "не сегодня",
        Status.MISSED: "пропущено",
        Status.UNREPORTED: "не отмечено",
        Status.EXCUSED: "отдых",
        Status.UPCOMING: "позже",
    },
    weekdays=("Пн", "Вт", "Ср", "Чт", "Пт", "Сб", "Вс"),
    day=_days("ru"),
    long_day=_long_days("ru"),
    month=lambda day: f"{_MONTHS['ru'][day.month - 1]} {day.year}",
    number=lambda value: f"{value:g}".replace(".", ","),
)

_SIGNS = {
    "d": Status.DONE,
    "p": Status.PARTLY,
    "s": Status.SKIPPED,
    "m": Status.MISSED,
    "u": Status.UNREPORTED,
    "e": Status.EXCUSED,
    "l": Status.UPCOMING,
    "-": None,
}


def days(first: date, signs: str) -> tuple[Day, ...]:
    """Return a day per letter from `first` on; a blank leaves its day out."""
    return tuple(
        Day(first + timedelta(days=step), _SIGNS[sign])
        for step, sign in enumerate(signs)
        if sign != " "
    )


CALENDAR = Calendar(
    first=date(2026, 2, 2),
    until=date(2026, 3, 16),
    today=TODAY,
    days=days(date(2026, 2, 2), "ddpdd--ddudsd-ssdpd--eeedu--dmddpd-dppl"),
)

SYMPTOM = SymptomChart(
    first=date(2026, 2, 13),
    until=date(2026, 3, 13),
    today=TODAY,
    symptom="Knee pain in the morning",
    is_pain=True,
    readings=tuple(
        Reading(
            date(2026, 2, 13) + timedelta(days=step),
            None if sign == "x" else int(sign),
            sign == "x",
        )
        for step, sign in enumerate("665 655765x54  5443 4x3230333"[:28])
        if sign != " "
    ),
    days=days(date(2026, 2, 13), "s--ssdpd--eeedu--dmddpd-dppl"),
    changes=(PlanChange(date(2026, 2, 22), "easier steps"),),
)

GOAL = GoalChart(
    first=date(2026, 1, 12),
    until=date(2026, 3, 13),
    today=TODAY,
    goal="Climb to my flat without stopping",
    measure="count",
    unit="Steps without stopping",
    baseline=3,
    target=14,
    ratings=(
        Measured(date(2026, 1, 12), 3),
        Measured(date(2026, 1, 26), 4),
        Measured(date(2026, 2, 6), 5),
        Measured(date(2026, 2, 19), 7),
        Measured(date(2026, 3, 6), 8),
    ),
    changes=(PlanChange(date(2026, 2, 23), "lower step"),),
)

LADDER = GoalChart(
    first=date(2026, 1, 12),
    until=date(2026, 3, 13),
    today=TODAY,
    goal="Walk to the shop and back",
    measure="gas",
    baseline=-2,
    target=0,
    ladder=(
        "I need the wheelchair to get to the front door",
        "I walk to the front door with help",
        "I walk to the shop with one rest",
        "I walk to the shop without a rest",
        "I walk to the market and carry something home",
    ),
    ratings=(
        Measured(date(2026, 1, 12), -2),
        Measured(date(2026, 2, 1), -1),
        Measured(date(2026, 2, 20), 1),
        Measured(date(2026, 3, 2), 0),
    ),
)

_FIRST = date(2026, 2, 13)


def _dose(step: int, mark: DoseMark, due: str | None, at: str | None = None) -> Dose:
    return Dose(
        _FIRST + timedelta(days=step),
        mark,
        at=time.fromisoformat(at) if at else None,
        due=time.fromisoformat(due) if due else None,
    )


def _doses() -> tuple[Dose, ...]:
    morning = {
        4: _dose(4, DoseMark.LATE, "08:00", "13:10"),
        9: _dose(9, DoseMark.SKIPPED, "08:00"),
        15: _dose(15, DoseMark.UNREPORTED, "08:00"),
        20: _dose(20, DoseMark.PARTLY, "08:00", "08:20"),
    }
    evening = {
        7: _dose(7, DoseMark.MISSED, "20:00"),
        10: _dose(10, DoseMark.EXCUSED, "20:00"),
        11: _dose(11, DoseMark.EXCUSED, "20:00"),
        18: _dose(18, DoseMark.LATE, "20:00", "23:40"),
        27: _dose(27, DoseMark.UPCOMING, "20:00"),
    }
    taken = []
    for step in range(28):
        minute = step * 37 % 60
        taken.append(morning.get(step) or _dose(step, DoseMark.TAKEN, "08:00", f"07:{minute:02d}"))
        taken.append(evening.get(step) or _dose(step, DoseMark.TAKEN, "20:00", f"20:{minute:02d}"))
    taken.append(_dose(19, DoseMark.EXTRA, None, "14:30"))
    return tuple(taken)


DOSES = DoseChart(
    first=_FIRST,
    until=date(2026, 3, 13),
    today=TODAY,
    medicine="Paracetamol 500 mg",
    doses=_doses(),
    windows=(
        DoseWindow(_FIRST, date(2026, 3, 13), time(8), timedelta(hours=2), timedelta(hours=2)),
        DoseWindow(_FIRST, date(2026, 3, 13), time(20), timedelta(hours=1), timedelta(hours=2)),
    ),
)

CHARTS = {
    "adherence": CALENDAR,
    "symptom": SYMPTOM,
    "goal": GOAL,
    "ladder": LADDER,
    "doses": DOSES,
}
