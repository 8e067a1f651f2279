"""Progress: goals, days, symptoms and doses as pictures, each with its sentence and its table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from uuid import UUID

from flask import Blueprint, render_template, url_for
from markupsafe import Markup, escape

from adherence.charts import Chart, ChartWords
from adherence.charts.parts import OURS, Cell, Table, worded
from adherence.charts.values import Calendar, DoseChart, GoalChart, SymptomChart
from adherence.domain.access import Actor, Role
from adherence.domain.entries import Status
from adherence.domain.goals import Goal
from adherence.pages.own import own
from adherence.services import patients
from adherence.services import progress as service
from adherence.services.progress import (
    DoseSeries,
    GoalSeries,
    Lengths,
    Pictured,
    PutRight,
    SymptomSeries,
)
from adherence.web import pictures, words
from adherence.web.clock import now
from adherence.web.kept import kept
from adherence.web.locale import current, ngettext
from adherence.web.locale import gettext as _
from adherence.web.policy import policy

blueprint = Blueprint("progress", __name__)

DAYS = 90
"""How far back the pages of progress look."""
CALENDAR_DAYS = pictures.CALENDAR_DAYS
SYMPTOM_DAYS, PHONE_DAYS = 28, 14
GOAL_DAYS = pictures.GOAL_DAYS
NUMBERS = frozenset([int, float])
WIDE = "(min-width: 62rem)"
THEMES = (
    ("screen and (prefers-contrast: more) and (prefers-color-scheme: dark)", "dark-contrast"),
    ("(prefers-contrast: more)", "contrast"),
    ("screen and (prefers-color-scheme: dark)", "dark"),
)
MOST_CELLS = 4096
"""Printed days, times, numbers and states that a process keeps of one column."""
SIX = (
    Status.DONE,
    Status.PARTLY,
    Status.SKIPPED,
    Status.MISSED,
    Status.UNREPORTED,
    Status.EXCUSED,
)


@dataclass(frozen=True, slots=True)
class Key:
    """A sign below a picture with its word, and a count where there is one."""

    state: str
    key: str
    word: str
    count: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table; numbers stand to the right."""

    word: str
    number: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture with the sentence and the table that say the same.

    ``said`` titles are a person's own words. ``phone`` and ``wide`` are addresses to which a theme
    is added; ``wide`` is empty where the phone's picture serves both, and ``narrow`` says what the
    phone's picture leaves out. ``sources`` are the pictures for all other themes and widths.
    ``put_right`` says what clinicians put right in it; the days stand with a star in the table.
    """

    id: str
    title: str
    said: bool
    sentence: str
    narrow: str
    phone: str
    wide: str
    sources: Markup
    alt: str
    place: str
    legend: list[Key]
    meaning: str
    columns: list[Column]
    body: Markup
    put_right: list[str]


@dataclass(frozen=True, slots=True)
class ShownProgress:
    """The patient's page of progress."""

    figures: list[Figure]
    shared: str


@blueprint.get("/progress")
@policy("progress.read")
def show(actor: Actor) -> str:
    """Show the patient's progress."""
    patient_id = own(actor)
    team = patients.care_team(actor, patient_id, now())
    names = words.listed(member.name for member in team)
    page = ShownProgress(
        figures=figures(actor, patient_id),
        shared=ngettext(
            "%(names)s can see the same pictures.",
            "%(names)s can see the same pictures.",
            len(team),
            names=names,
        )
        if names
        else _("Bring the pictures to your next visit."),
    )
    return render_template("patient/progress.html", progress=page)


def figures(actor: Actor, patient_id: UUID, days: int = DAYS) -> list[Figure]:
    """Return the figures of the last ``days`` days: first goals, then days, symptoms and doses.

    What was made once is kept while the record stays as it is.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    clinician = actor.role is not Role.PATIENT
    version = service.version(actor, patient_id, now())
    key = ("figures", patient_id, current(), clinician, days, *version)
    made: list[Figure] | None = kept().get(key, now())
    if made is None:
        lengths = Lengths(days, min(CALENDAR_DAYS, days), SYMPTOM_DAYS, GOAL_DAYS)
        found = service.pictured(actor, patient_id, lengths, now())
        made = _made(found, lengths, clinician)
        kept().put(key, found.changes_at, made)
    return made


def _made(found: Pictured, lengths: Lengths, clinician: bool) -> list[Figure]:
    # An address is made once and then named for each: what follows needs no quoting.
    charts = url_for("charts.draw", patient_id=found.patient_id, name="x", format="svg")
    charts = charts.removesuffix("/x.svg")
    shown = [_of_goal(found, series, charts, clinician) for series in found.goals]
    calendar = pictures.calendar_of(found.days, found.put_right, found.today, lengths.days)
    facts = calendar.facts()
    if facts.due or facts.counts[Status.EXCUSED]:
        put_right = [one for one in found.put_right if one.activity_id is not None]
        shown.append(
            _figure(
                charts,
                "adherence",
                str(lengths.days),
                _("Days") if clinician else _("My days"),
                calendar,
                clinician,
                place="plot-tall",
                meaning=_("Resting days and days with nothing planned do not count against you.")
                if not clinician
                else _("Excused days and days with nothing due are in neither number."),
                put_right=_since(put_right, found.today, lengths.days),
            )
        )
    shown += [_of_symptom(found, series, charts, clinician) for series in found.symptoms]
    shown += [_of_doses(found, series, charts, clinician) for series in found.doses]
    return shown


def _of_goal(found: Pictured, series: GoalSeries, charts: str, clinician: bool) -> Figure:
    chart, goal = pictures.goal_of_series(series, found.today), series.agreed.goal
    return _figure(
        charts,
        "goal",
        str(goal.id),
        words.short(goal.words),
        chart,
        clinician,
        said=_goal_sentence(goal, chart),
        place="plot-goal",
        meaning=_("The line holds until it is measured again."),
        put_right=[one for one in found.put_right if one.goal_id == goal.id],
    )


def _of_symptom(found: Pictured, series: SymptomSeries, charts: str, clinician: bool) -> Figure:
    put_right = [one for one in found.put_right if one.symptom == series.symptom]
    return _figure(
        charts,
        "symptom",
        pictures.key_of(found.patient_id, series.symptom),
        words.first_upper(series.symptom),
        pictures.symptom_of_series(series, found.today),
        clinician,
        place="plot-wide",
        meaning=_(
            "A gap in the line is a day without an entry. The signs below show what was"
            " done on the same days. This picture does not say that one caused the other."
        ),
        put_right=_since(put_right, found.today, SYMPTOM_DAYS),
    )


def _of_doses(found: Pictured, series: DoseSeries, charts: str, clinician: bool) -> Figure:
    put_right = [one for one in found.put_right if one.activity_id == series.activity.id]
    return _figure(
        charts,
        "doses",
        str(series.activity.id),
        series.title,
        pictures.doses_of_series(series, found.today),
        clinician,
        place="plot-wide",
        meaning="",
        put_right=_since(put_right, found.today, SYMPTOM_DAYS),
    )


def _since(found: Iterable[PutRight], today: date, length: int) -> list[PutRight]:
    """Return those that change one of the last ``length`` days."""
    first = today - timedelta(days=length - 1)
    return [one for one in found if one.days and one.days[-1] >= first]


def _goal_sentence(goal: Goal, chart: GoalChart) -> str:
    """Return where the goal stands, where it began in the picture, and its target."""
    facts = chart.facts()
    if facts.first is None or facts.last is None:
        return _("Not measured in these days.")
    target = words.goal_value(goal, goal.target)
    now_value = words.goal_value(goal, facts.last.value or 0)
    if facts.measured < 2:
        return _("%(now)s now. The target is %(target)s.", now=now_value, target=target)
    return _(
        "%(now)s now, %(first)s on %(day)s. The target is %(target)s.",
        now=now_value,
        first=words.goal_value(goal, facts.first.value or 0),
        day=words.day(facts.first.day, "day"),
        target=target,
    )


def _figure(
    charts: str,
    name: str,
    of: str,
    title: str,
    chart: Chart,
    clinician: bool,
    *,
    place: str,
    meaning: str,
    put_right: Sequence[PutRight],
    said: str = "",
) -> Figure:
    terms = pictures.words_for(clinician)
    table = chart.table()
    numbers = {
        index
        for index, cells in enumerate(zip(*table.rows, strict=True))
        if index and not NUMBERS.isdisjoint(map(type, cells))
    }
    starred = {day.isoformat() for one in put_right for day in one.days}
    phone = f"{charts}/{name}.svg?of={of}&width=phone"
    wide = f"{charts}/{name}.svg?of={of}&width=wide"
    sentence = said or chart.sentence(terms)
    is_long = isinstance(chart, SymptomChart | DoseChart)
    if isinstance(chart, Calendar) or not (clinician or place == "plot-wide"):
        wide = ""
    return Figure(
        id=f"figure-{name}-{of}",
        title=title,
        said=bool(said),
        sentence=sentence,
        narrow=_("Here are the last two weeks of them.") if is_long else "",
        phone=phone,
        wide=wide,
        sources=_sources(phone, wide),
        alt=sentence,
        place=place,
        legend=_legend(chart, clinician),
        meaning=meaning,
        columns=[Column(head, index in numbers) for index, head in enumerate(table.heads(terms))],
        body=_body(table, numbers, starred, clinician),
        put_right=[_put_right_words(one) for one in put_right],
    )


def _sources(phone: str, wide: str) -> Markup:
    """Return the pictures a browser chooses from by theme and width; the phone's light one is the
    picture itself."""
    chosen = [(query, phone, theme) for query, theme in THEMES]
    if wide:
        wider = [(f"{query} and {WIDE}", wide, theme) for query, theme in THEMES]
        chosen = [*wider, (WIDE, wide, "light"), *chosen]
    lines = [
        f'  <source media="{escape(query)}" srcset="{escape(address)}&amp;theme={theme}">'
        for query, address, theme in chosen
    ]
    return Markup("".join(lines))  # noqa: S704 - escaped above; Markup's own format takes 15 us


def _put_right_words(one: PutRight) -> str:
    """Return who put what right and why, for the days that it changes."""
    days = words.listed(words.day(day, "short") for day in one.days)
    said = (
        _("%(days)s: taken out by %(author)s, because: %(because)s")
        if one.withdrawn
        else _("%(days)s: put right by %(author)s, because: %(because)s")
    )
    return said % {"days": days, "author": one.author, "because": one.because}


class _Cells(dict[Cell, str]):
    """The printed cells of one column of one language; each is made when it first stands there.

    Columns in which people's own words stand are kept for one page only.
    """

    def __init__(self, key: str, is_number: bool, terms: ChartWords) -> None:
        super().__init__()
        self._key, self._terms = key, terms
        self._opening = '<td class="num">' if is_number else "<td>"

    def __missing__(self, cell: Cell) -> str:
        printed = f"{self._opening}{escape(worded(self._key, cell, self._terms))}</td>"
        if len(self) < MOST_CELLS:
            self[cell] = printed
        return printed


@cache
def _kept_cells(key: str, is_number: bool, locale: str, clinician: bool) -> _Cells:
    return _Cells(key, is_number, pictures.chart_words(locale, clinician))


def _body(table: Table, numbers: set[int], starred: set[str], clinician: bool) -> Markup:
    """Return the rows of a table, the newest first; printed here because they are many.

    The days that are ``starred`` carry a star.
    """
    columns = []
    for index, cells in enumerate(zip(*reversed(table.rows), strict=True)):
        key, is_number = table.header[index], index in numbers
        printed = (
            _kept_cells(key, is_number, current(), clinician)
            if key in OURS
            else _Cells(key, is_number, pictures.words_for(clinician))
        )
        columns.append([printed[cell] for cell in cells])
        if starred and key == "day":
            columns[-1] = [
                shown.replace("</td>", " *</td>") if day in starred else shown
                for day, shown in zip(cells, columns[-1], strict=True)
            ]
    if not columns:
        return Markup()
    lines = "</tr><tr>".join(map("".join, zip(*columns, strict=True)))
    # Markup's own join would look at each of some hundred cells once more.
    return Markup(f"<tr>{lines}</tr>")  # noqa: S704 - ``_Cells`` escaped what stands in each cell


def _legend(chart: Chart, clinician: bool) -> list[Key]:
    if isinstance(chart, Calendar):
        days = chart.facts()
        keys = [
            Key(status.value, "", words.status(status, clinician), words.number(count))
            for status in SIX
            if (count := days.counts[status])
        ]
        if days.put_right:
            said = _("put right by a clinician") if clinician else _("put right by your team")
            keys.append(Key("", "put_right", said, words.number(days.put_right)))
        return keys
    if isinstance(chart, SymptomChart):
        facts = chart.facts()
        keys = []
        if facts.zero:
            keys.append(Key("", "zero", _("nothing at all, 0")))
        if facts.declined:
            keys.append(Key("", "declined", _("preferred not to say")))
        if any(chart.holds(change.day) for change in chart.changes):
            keys.append(Key("", "change", _("plan changed")))
        states = {day.status for day in chart.strip().values()}
        return keys + [
            Key(status.value, "", words.status(status, clinician))
            for status in SIX
            if status in states
        ]
    return []
