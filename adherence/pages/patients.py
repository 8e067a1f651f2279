"""Patients: the clinician's list, those in greatest need first, and one patient's sheet."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request, url_for

from adherence.domain.access import Actor, Relation
from adherence.domain.adherence import Adherence
from adherence.pages import reports, toasts
from adherence.pages.consent import ShownStand, objection, stands
from adherence.pages.goals import ACTIVE, Hanging, ShownGoal, hanging, head, since
from adherence.pages.progress import Figure, figures
from adherence.pages.review import LETTERS, LegendItem, fact, legend, strip_words
from adherence.pages.toasts import Toast
from adherence.services import consent, review
from adherence.services import patients as service
from adherence.services.goals import GoalView
from adherence.services.patients import ListedPatient, Sheet
from adherence.services.plans import AskedActivity
from adherence.web import words
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.locale import ngettext
from adherence.web.policy import policy, relation

blueprint = Blueprint("patients", __name__)

PAGE = 50
NOBODY = UUID(int=0)
TIMELINE = 30


@dataclass(frozen=True, slots=True)
class Badge:
    """A word about a patient in the list."""

    icon: str
    word: str
    new: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """Confirmed, and at most if what was not reported was done; places from 0 to 100."""

    low: str
    high: str
    low_at: int
    high_at: int


@dataclass(frozen=True, slots=True)
class ShownPatient:
    """A row of the list."""

    sheet: str
    name: str
    goal: str
    badges: list[Badge]
    strip: list[str]
    strip_words: str
    band: Band | None
    nothing: str
    last: str


@dataclass(frozen=True, slots=True)
class ShownPatients:
    """A page of the list; ``first`` and ``next`` are addresses, empty where there is none."""

    sentence: str
    legend: list[LegendItem]
    rows: list[ShownPatient]
    first: str
    next: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure with its whole."""

    word: str
    value: str
    hint: str


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline; ``mark`` is the line "you last looked here"."""

    mark: bool
    state: str
    icon: str
    words: str
    said: str
    was: str
    at: str
    when: str
    correct: str = ""


@dataclass(frozen=True, slots=True)
class ShownSheet:
    """A patient's sheet."""

    name: str
    about: str
    looked: str
    goals: list[ShownGoal]
    new_goal: str
    new_activity: str
    ways_in: str
    copy_of_data: str
    team: str
    notes: str
    consents: str
    stands: list[ShownStand]
    objects: str
    facts_title: str
    facts: list[Fact]
    definition: str
    since_title: str
    notices: list[Event]
    figures: list[Figure]
    events: list[Event]
    done: Toast | None


# --- the list ------------------------------------------------------------------------------------


@blueprint.get("/patients")
@policy("patient.list")
def index(actor: Actor) -> str:
    """Show one page of the actor's patients."""
    cursor = request.args.get("after", "")
    found = service.patients(actor, _read_cursor(cursor), PAGE, now())
    page = ShownPatients(
        sentence=_("Those in greatest need first."),
        legend=legend(),
        rows=_rows(found.patients),
        first=url_for("patients.index") if cursor else "",
        next=url_for("patients.index", after=_cursor(found.after)) if found.after else "",
    )
    return render_template("clinician/patients.html", patients=page)


def _cursor(after: tuple[int, UUID]) -> str:
    return urlsafe_b64encode(after[0].to_bytes(4, "big") + after[1].bytes).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[int, UUID] | None:
    """Return where a page begins; None, the first page, for anything that is no cursor of ours."""
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return (int.from_bytes(raw[:4], "big"), UUID(bytes=raw[4:])) if cursor else None
    except ValueError:
        return None


def _rows(found: Iterable[ListedPatient]) -> list[ShownPatient]:
    # An address is made once, for nobody, and then named for each: fifty would cost a millisecond.
    nobody = url_for("patients.sheet", patient_id=NOBODY)
    return [_listed(one, nobody.replace(str(NOBODY), str(one.patient_id))) for one in found]


def _listed(one: ListedPatient, sheet: str) -> ShownPatient:
    states = [LETTERS[letter] for letter in one.strip]
    badges = []
    if one.open_notices:
        badges.append(
            Badge(
                "clock",
                ngettext("%(num)s new notice", "%(num)s new notices", one.open_notices),
                new=True,
            )
        )
    if one.pain7 is not None:
        badges.append(Badge("hurt", _("pain up to %(num)s in 7 days", num=one.pain7)))
    return ShownPatient(
        sheet=sheet,
        name=one.name,
        goal=_("“%(words)s”", words=one.goal_words) if one.goal_words else "",
        badges=badges,
        strip=states,
        strip_words=strip_words(states),
        band=band(one.done30, one.unreported30, one.due30),
        nothing=_("nothing due"),
        last="–" if one.last_entry_at is None else words.age(one.last_entry_at, now()),
    )


def band(done: int, unreported: int, due: int) -> Band | None:
    """Return confirmed and possible of what was due; None where nothing was due."""
    if not due:
        return None
    return Band(
        low=_("%(done)s of %(due)s", done=done, due=due),
        high=_("up to %(num)s", num=done + unreported) if unreported else "",
        low_at=round(100 * done / due),
        high_at=round(100 * (done + unreported) / due),
    )


# --- the sheet -----------------------------------------------------------------------------------


@blueprint.get("/patients/<uuid:patient_id>")
@policy("patient.read")
def sheet(actor: Actor, patient_id: UUID) -> Response:
    """Show one patient's sheet; that the actor looked is one line in the audit."""
    found = service.sheet(actor, patient_id, now())
    # Somebody who opened the record in an emergency reads it; what leads to writing is left out.
    writes = relation() is not Relation.EMERGENCY
    open_notices = [
        notice
        for notice in (review.notices(actor, patient_id, now()) if writes else ())
        if notice.state == "open"
    ]
    agreed = consent.consents(actor, patient_id, now())
    counts = found.progress.counts
    page = ShownSheet(
        name=found.name,
        about=_about(found),
        looked=""
        if found.looked_at is None
        else _("You last looked: %(when)s", when=_when(found, found.looked_at)),
        goals=[_goal(found, view, writes) for view in found.goals if view.agreed.state == ACTIVE],
        new_goal=url_for("goals.new", patient_id=patient_id) if writes else "",
        new_activity=url_for("plans.new", patient_id=patient_id)
        if writes and any(view.agreed.state == ACTIVE for view in found.goals)
        else "",
        copy_of_data=url_for("exports.show_of", patient_id=patient_id) if writes else "",
        ways_in=url_for("invites.show", patient_id=patient_id) if writes else "",
        team=url_for("care_teams.show", patient_id=patient_id) if writes else "",
        notes=url_for("care_notes.of_patient", patient_id=patient_id),
        consents=url_for("consent.of_patient", patient_id=patient_id) if writes else "",
        stands=stands(agreed, patient_id) if writes else [],
        objects=objection(agreed),
        facts_title=ngettext("Last %(num)s day", "Last %(num)s days", service.SHEET_DAYS),
        facts=_facts(found, counts),
        definition=_(
            "Done of those due, counted one by one. Excused ones are in neither number. What was"
            " not reported is not done until somebody says so; the second number says how many it"
            " would be if all of it was done."
        ),
        since_title=_("New, and nobody has answered it"),
        notices=[
            Event(
                mark=False,
                state="",
                icon="flag" if notice.kind.startswith("milestone") else "clock",
                words=" ".join(fact(notice)),
                said="",
                was="",
                at=notice.created_at.isoformat(),
                when=_when(found, notice.created_at),
            )
            for notice in open_notices
        ],
        figures=figures(actor, found.progress.patient_id, service.SHEET_DAYS),
        events=_events(found),
        done=_done(),
    )
    return toasts.forget(make_response(render_template("clinician/patient.html", sheet=page)))


def _done() -> Toast | None:
    """Return the word about what was just done on this sheet."""
    said = {"seen": _("Marked as seen"), "put-right": _("It is put right")}.get(toasts.said())
    return None if said is None else Toast("done", said)


def _about(found: Sheet) -> str:
    parts = []
    if found.birth_year is not None:
        parts.append(_("born %(year)s", year=found.birth_year))
    parts.append(
        _(
            "cared for by %(team)s",
            team=words.listed(
                f"{member.name} ({words.DISCIPLINES[member.discipline]})" for member in found.team
            ),
        )
    )
    parts.append(_("clock of %(zone)s", zone=words.zone_name(found.zone)))
    return words.first_upper(", ".join(parts) + ".")


def _when(found: Sheet, instant: datetime) -> str:
    return words.moment(instant, found.zone, found.day)


def _goal(found: Sheet, view: GoalView, writes: bool) -> ShownGoal:
    top = head(view)
    return ShownGoal(
        id=top.id,
        words=top.words,
        number=top.number,
        beside=top.beside,
        long=top.long,
        stairs=top.stairs,
        stairs_words=top.stairs_words,
        since=since(view),
        hanging=[_hanging(found, item, view.id, writes) for item in view.activities],
        rate=None,
    )


def _hanging(found: Sheet, item: AskedActivity, goal_id: UUID, writes: bool) -> Hanging:
    counts = next(
        (
            one.counts
            for plan in found.progress.plans
            for one in plan.activities
            if one.activity.id == item.id
        ),
        None,
    )
    note = ""
    if counts is not None and counts.due:
        note = _("done %(done)s of %(due)s", done=counts.done, due=counts.due)
        left = {
            name: getattr(counts, name)
            for name in ("partly", "skipped", "missed", "unreported", "excused")
        }
        if any(left.values()):
            note = f"{note}, {words.counts(left, clinician=True)}"
    plan = str(words.DISCIPLINES[item.plan.discipline])
    return hanging(
        item,
        goal_id,
        brief=True,
        note="; ".join(part for part in (plan, note) if part),
        revise=url_for("plans.revise", patient_id=found.patient_id, activity_id=item.id)
        if writes
        else "",
    )


def _facts(found: Sheet, counts: Adherence) -> list[Fact]:
    if not counts.due:
        reason = found.progress.nothing_due
        return [Fact(_("Done"), "–", str(words.NOTHING_DUE[reason]) if reason else "")]
    facts = [
        Fact(
            _("Done"),
            _("%(done)s of %(due)s", done=counts.done, due=counts.due),
            ngettext(
                "%(possible)s if the one not reported was done",
                "%(possible)s if the %(num)s not reported were done",
                counts.unreported,
                possible=counts.done + counts.unreported,
            )
            if counts.unreported
            else _("everything was reported"),
        ),
        Fact(
            _("Partly, skipped, missed"),
            f"{counts.partly} · {counts.skipped} · {counts.missed}",
            "",
        ),
    ]
    if counts.excused:
        facts.append(Fact(_("Excused"), str(counts.excused), _("in neither number")))
    if counts.extra:
        facts.append(Fact(_("Extra"), str(counts.extra), _("done although not asked")))
    if found.progress.gas is not None:
        gas = found.progress.gas
        facts.append(
            Fact(
                _("GAS T-score"),
                words.number(round(gas.now, 1)),
                _(
                    "%(num)s at the start; 50 is as expected",
                    num=words.number(round(gas.baseline, 1)),
                ),
            )
        )
    return facts


def _events(found: Sheet) -> list[Event]:
    """Return the timeline, newest first: entries as they stand, revisions, pauses, goals."""
    lines: list[tuple[datetime, Event]] = []
    titles = {item.id: item for item in found.activities}
    by_id = {row.client_id: row for row in found.entries.entries}
    for row in found.entries.entries:
        if row.corrected_by is None:
            lines.append((row.performed_at, _entry_event(found, row, by_id)))
    for item in titles.values():
        lines += [
            (
                _midnight(note.effective_on),
                _event(
                    found,
                    "knot",
                    _(
                        "%(title)s: revision %(num)s.",
                        title=revision.asked.title,
                        num=note.number,
                    ),
                    note.effective_on,
                    said=note.reason,
                ),
            )
            for revision, note in zip(item.activity.revisions, item.notes, strict=True)
            if revision is not item.activity.revisions[0] and note.effective_on <= found.day
        ]
    lines += [
        (
            _midnight(row.first_day),
            _event(
                found,
                "",
                _(
                    "Pause: %(kind)s, %(days)s.",
                    kind=words.PAUSES_FOR_CLINICIAN[row.kind],
                    days=words.span(row.first_day, row.until_day),
                ),
                row.first_day,
                state="excused",
                said=row.note or "",
            ),
        )
        for row in found.pauses
        if row.cancelled_at is None and row.first_day <= found.day
    ]
    lines.sort(key=lambda line: line[0], reverse=True)
    shown = [event for _at, event in lines[:TIMELINE]]
    if found.looked_at is not None:
        newer = sum(at > found.looked_at for at, _event in lines[:TIMELINE])
        if 0 < newer < len(shown):
            mark = _("You last looked here: %(when)s", when=_when(found, found.looked_at))
            shown.insert(newer, Event(True, "", "", mark, "", "", "", ""))
    return shown


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _event(
    found: Sheet, icon: str, text: str, day: date, *, state: str = "", said: str = ""
) -> Event:
    return Event(
        mark=False,
        state=state,
        icon=icon,
        words=text,
        said=said,
        was="",
        at=day.isoformat(),
        when=words.day(day, "short"),
    )


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _entry_event(found: Sheet, row: Any, by_id: dict[UUID, Any]) -> Event:
    activity = found.care.activities.get(row.activity_id) if row.activity_id else None
    revision = None if activity is None else activity.revision_on(row.local_day)
    asked = revision.asked if revision else None
    goal = found.care.goals.get(row.goal_id) if row.goal_id else None
    if row.withdrawn:
        text = _("Taken back: %(what)s", what=reports.summary(row, asked, clinician=True))
    elif goal is not None:
        text = _(
            "Measured: %(value)s. “%(goal)s”",
            value=words.goal_value(goal.goal, row.value or 0),
            goal=goal.goal.words,
        )
    else:
        text = reports.summary(row, asked, clinician=True)
    if asked is not None:
        is_question = asked.title.endswith("?")
        text = f"{asked.title} {text}" if is_question else f"{asked.title}: {_lower(text)}"
    was = ""
    old = by_id.get(row.corrects_id) if row.corrects_id else None
    if old is not None and not row.withdrawn:
        was = _("(corrected from: %(what)s)", what=reports.summary(old, asked, clinician=True))
    elif row.corrects_id:
        was = _("(corrected)")
    if row.because is not None:
        was = f"{was} {_('Put right: %(because)s', because=row.because)}"
    return Event(
        mark=False,
        state=row.status or ("done" if goal is None else ""),
        icon="progress",
        words=f"{text}." if not text.endswith((".", "”")) else text,
        said=row.note or "",
        was=was,
        at=row.performed_at.isoformat(),
        when=_when(found, row.performed_at),
        correct=""
        if row.withdrawn or relation() is Relation.EMERGENCY
        else url_for("corrections.show", patient_id=found.patient_id, client_id=row.client_id),
    )
