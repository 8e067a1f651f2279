"""Charts for every edge: from a patient's series to the values of a chart, and to its file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import cache, partial
from hashlib import blake2b
from typing import get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, request

from adherence.charts import Chart, ChartWords, Format, ThemeName, WidthName, draw
from adherence.charts.style import DAYS
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
from adherence.domain.access import Actor, Role
from adherence.domain.activities import ActivityKind
from adherence.domain.adherence import Adherence
from adherence.domain.days import day_status
from adherence.domain.entries import Status
from adherence.domain.errors import NotFound
from adherence.domain.matching import Outcome
from adherence.domain.windows import WindowKind
from adherence.services import progress
from adherence.services.progress import DoseSeries, GoalSeries, PutRight, SymptomSeries
from adherence.web import clock, headers, words
from adherence.web.kept import FOR_GOOD, kept
from adherence.web.locale import catalogue, current

ONE_DAY = timedelta(days=1)
PAIN_WORDS = ("pain", "ache", "schmerz", "weh", "бол")
"""A symptom with one of these in its name reads "Higher means more pain"."""


def key_of(patient_id: UUID, symptom: str) -> str:
    """Return a name for a symptom that says nothing: addresses carry no health data."""
    return blake2b(symptom.encode(), key=patient_id.bytes, digest_size=8).hexdigest()


def is_pain(symptom: str) -> bool:
    """Return whether a symptom is a pain, in any of the languages."""
    return any(part in symptom.lower() for part in PAIN_WORDS)


@cache
def chart_words(locale: str, clinician: bool) -> ChartWords:
    """Return the words of charts in one language for one audience, kept for the process."""
    translations = catalogue(locale)
    terms = words.CLINICIAN_TERMS if clinician else words.PATIENT_TERMS

    def said(term: str) -> str:
        return translations.gettext(term)

    return ChartWords(
        locale=locale,
        gettext=translations.gettext,
        ngettext=translations.ngettext,
        status={status: said(terms[status]) for status in Status},
        nothing=said(terms["none"]),
        weekdays=words.weekdays_brief(locale),
        day=words.day_writer(locale, "short"),
        long_day=words.day_writer(locale, "full"),
        month=words.day_writer(locale, "month"),
        number=partial(words.number_in, locale),
        clock=words.clock,
    )


def words_for(clinician: bool) -> ChartWords:
    """Return the words of charts in the language of this request."""
    return chart_words(current(), clinician)


def calendar(actor: Actor, patient_id: UUID, days: int, now: datetime) -> Calendar:
    """Return the calendar of the last ``days`` local days, today included."""
    # The patient's today is at most one day from that of UTC; the days beyond are cut off below.
    near = now.date()
    states, care, put_right = progress.day_states(
        actor, patient_id, near - timedelta(days=days + 1), near + timedelta(days=2), now
    )
    return calendar_of(states, put_right, care.today(now), days)


def calendar_of(
    states: Iterable[tuple[date, Adherence]], put_right: Iterable[PutRight], today: date, days: int
) -> Calendar:
    """Return the calendar of the ``days`` days up to ``today`` from counts per day; a day on which
    a report of an activity was ``put_right`` is marked."""
    until = today + ONE_DAY
    first = until - timedelta(days=days)
    return Calendar(
        first=first,
        until=until,
        today=today,
        days=tuple(
            Day(day, day_status(counts), counts.due or None, counts.done if counts.due else None)
            for day, counts in states
            if first <= day < until
        ),
        put_right=tuple(
            day
            for day in sorted({day for one in put_right if one.activity_id for day in one.days})
            if first <= day < until
        ),
    )


def symptom_of_series(found: SymptomSeries, today: date) -> SymptomChart:
    """Return a symptom with the days' states below it."""
    return SymptomChart(
        first=found.first,
        until=found.until,
        today=today,
        symptom=words.first_upper(found.symptom),
        readings=tuple(Reading(one.day, one.value, one.declined) for one in found.reports),
        is_pain=is_pain(found.symptom),
        days=tuple(Day(day, status) for day, status in found.days),
        changes=_changes(found.changes),
        limit=found.limit,
    )


def goal_of_series(found: GoalSeries, today: date) -> GoalChart:
    """Return a goal's values with its target."""
    goal = found.agreed.goal
    ladder = goal.ladder
    return GoalChart(
        first=found.first,
        until=found.until,
        today=today,
        goal=goal.words,
        measure=goal.measure.value,
        target=goal.target,
        ratings=tuple(Measured(one.day, one.value) for one in found.ratings),
        baseline=goal.baseline,
        unit=words.unit_name(goal.unit),
        ladder=None if ladder is None else (ladder[0], ladder[1], ladder[2], ladder[3], ladder[4]),
        changes=_changes(found.changes),
    )


def doses_of_series(found: DoseSeries, today: date) -> DoseChart:
    """Return a medicine's doses against their windows."""
    zones = {day: words.zone_rules(name) for day, name in found.zones}
    doses = [_dose(one, zones[one.on]) for one in found.outcomes if one.on in zones]
    doses += [
        Dose(entry.local_day, DoseMark.EXTRA, _at(entry.performed_at, zones[entry.local_day]))
        for entry in found.extras
        if entry.is_doing and entry.local_day in zones
    ]
    return DoseChart(
        first=found.first,
        until=found.until,
        today=today,
        medicine=found.activity.revisions[-1].asked.title,
        doses=tuple(doses),
        windows=tuple(_windows(found)),
    )


MARKS = {
    Status.DONE: DoseMark.TAKEN,
    Status.PARTLY: DoseMark.PARTLY,
    Status.SKIPPED: DoseMark.SKIPPED,
    Status.MISSED: DoseMark.MISSED,
    Status.UNREPORTED: DoseMark.UNREPORTED,
    Status.EXCUSED: DoseMark.EXCUSED,
    Status.UPCOMING: DoseMark.UPCOMING,
}


def _dose(one: Outcome, zone: ZoneInfo) -> Dose:
    occurrence, entry = one.occurrence, one.entry
    mark = MARKS[one.status]
    at = None
    if entry is not None and entry.is_doing:
        at = _at(entry.performed_at, zone)
        is_early = entry.performed_at < occurrence.opens_at
        is_late = occurrence.closes_at is not None and entry.performed_at >= occurrence.closes_at
        if mark is DoseMark.TAKEN and (is_early or is_late):
            mark = DoseMark.LATE
    due = None if occurrence.due_at is None else _at(occurrence.due_at, zone)
    return Dose(one.on, mark, at, due)


def _at(instant: datetime, zone: ZoneInfo) -> time:
    at = instant.astimezone(zone)
    return time(at.hour, at.minute)


def _windows(found: DoseSeries) -> Iterator[DoseWindow]:
    for revision, stop in found.activity.stages():
        first, until = max(found.first, revision.effective_on), min(found.until, stop)
        if first >= until:
            continue
        window = revision.schedule.window
        is_around = window.kind is WindowKind.AROUND
        for at in revision.schedule.times:
            yield DoseWindow(
                first,
                until,
                at,
                window.before if is_around else timedelta(0),
                window.after if is_around else timedelta(0),
            )


def _changes(found: Iterable[progress.PlanChange]) -> tuple[PlanChange, ...]:
    return tuple(PlanChange(one.day, one.reason or one.title) for one in found)


def drawn(
    chart: Chart,
    theme: ThemeName,
    width: WidthName,
    format: Format,
    locale: str,
    clinician: bool,
) -> bytes:
    """Return the file of a chart; the same values, theme, width and reader are drawn once."""
    key = ("drawn", chart, theme, width, format, locale, clinician)
    found: bytes | None = kept().get(key, clock.now())
    if found is None:
        found = draw(chart, theme, chart_words(locale, clinician), format, width)
        kept().put(key, FOR_GOOD, found)
    return found


# --- a chart as an answer ----------------------------------------------------------------------

TYPES: dict[str, str] = {"svg": "image/svg+xml", "png": "image/png"}
FORMATS: dict[str, Format] = {name: name for name in get_args(Format)}
THEMES: dict[str, ThemeName] = {name: name for name in get_args(ThemeName)}
WIDTHS: dict[str, WidthName] = {name: name for name in get_args(WidthName)}
CALENDAR_DAYS = 42
GOAL_DAYS = 90
MOST_DAYS = 90
"""How far back a calendar may look."""
_DAYS = re.compile("[0-9]{1,3}")


def answer(actor: Actor, patient_id: UUID, name: str, format: str, now: datetime) -> Response:
    """Return the chart ``name`` as the address asks for it; 304 before anything is drawn.

    ``of`` says of which goal, symptom or medicine, or of how many days.

    Raises:
        NotFound: no such chart, theme, width or thing to draw.
    """
    theme = THEMES.get(request.args.get("theme", "light"))
    width = WIDTHS.get(request.args.get("width", "phone"))
    kind = FORMATS.get(format)
    of = request.args.get("of", "")
    if theme is None or width is None or kind is None:
        raise NotFound
    if headers.is_foreign_picture():
        raise NotFound
    clinician = actor.role is not Role.PATIENT
    version = progress.version(actor, patient_id, now)
    key = (patient_id, name, format, theme, width, of, current(), clinician, *version)
    found = kept().get(key, now)
    if found is None:
        chart = _chart(actor, patient_id, name, of, width, version[2], now)
        content = drawn(chart, theme, width, kind, current(), clinician)
        found = blake2b(content, digest_size=16).hexdigest(), content
        kept().put(key, progress.next_change(actor, patient_id, now), found)
    tag, content = found
    if request.if_none_match.contains(tag):
        response = headers.picture(b"", TYPES[format])
        response.status_code = 304
    else:
        response = headers.picture(content, TYPES[format])
    response.set_etag(tag)
    return response


def _chart(
    actor: Actor,
    patient_id: UUID,
    name: str,
    of: str,
    width: WidthName,
    today: date,
    now: datetime,
) -> Chart:
    if name == "adherence":
        is_days = of.isascii() and of.isdigit() and len(of) <= 2 and 1 <= int(of) <= MOST_DAYS
        days = int(of) if is_days else CALENDAR_DAYS
        return calendar(actor, patient_id, days, now)
    until = today + ONE_DAY
    first = until - timedelta(days=DAYS[width])
    if name == "symptom":
        symptom = symptom_of(actor, patient_id, of, now)
        reports = progress.symptom_series(actor, patient_id, symptom, first, until, now)
        return symptom_of_series(reports, today)
    try:
        thing = UUID(of)
    except ValueError as error:
        raise NotFound from error
    if name == "goal":
        first = until - timedelta(days=GOAL_DAYS)
        values = progress.goal_series(actor, patient_id, thing, first, until, now)
        return goal_of_series(values, today)
    if name == "doses":
        doses = progress.dose_series(actor, patient_id, thing, first, until, now)
        if doses.activity.kind is not ActivityKind.MEDICATION:
            raise NotFound
        return doses_of_series(doses, today)
    raise NotFound


def symptom_of(actor: Actor, patient_id: UUID, key: str, now: datetime) -> str:
    """Return the symptom that an address means: one the plan names, else one that was reported.

    Raises:
        NotFound: there is none under this key.
    """
    for symptom in progress.symptoms(actor, patient_id, MOST_DAYS, now):
        if key_of(patient_id, symptom) == key:
            return symptom
    raise NotFound
