"""Review: who has something new, why in one line, and the two ways a row leaves: Reply and Seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor
from adherence.domain.entries import Status
from adherence.domain.errors import Conflict, InvalidInput, NotFound
from adherence.pages import toasts
from adherence.pages.forms import Form
from adherence.pages.toasts import Toast
from adherence.services import review as service
from adherence.services.review import NoticeView, QueueRow
from adherence.web import words
from adherence.web.clock import now
from adherence.web.locale import current, ngettext
from adherence.web.locale import gettext as _
from adherence.web.policy import policy

blueprint = Blueprint("review", __name__)

LETTERS = {
    "d": "done",
    "p": "partly",
    "s": "skipped",
    "m": "missed",
    "u": "unreported",
    "e": "excused",
    "x": "upcoming",
    "n": "none",
}
"""The letters of a caseload's strip of days."""
SEEN, REPLIED = "seen", "replied"


@dataclass(frozen=True, slots=True)
class LegendItem:
    """A sign with its word, and a count where there is one; ``key`` names what is no state."""

    state: str
    word: str
    count: str | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One patient's news of one kind, with what may be done about it."""

    id: str
    care: bool
    sheet: str
    name: str
    goal: str
    facts: list[tuple[str, str]]
    strip: list[str]
    strip_words: str
    age: str
    adjust: str
    seen: str
    reply: str
    also: str
    reply_label: str
    reply_typed: str
    reply_error: str


@dataclass(frozen=True, slots=True)
class ShownPart:
    """Rows of one urgency."""

    name: str
    title: str
    hint: str
    rows: list[ShownRow]


@dataclass(frozen=True, slots=True)
class ShownReview:
    """The queue."""

    waiting: int
    greeting: str
    sentence: str
    legend: list[LegendItem]
    parts: list[ShownPart]
    empty_words: str
    done: Toast | None


def legend(states: Iterable[str] = tuple(Status)[:6]) -> list[LegendItem]:
    """Return the six states as a clinician reads them."""
    return [LegendItem(state, words.status(state, clinician=True)) for state in states]


@blueprint.get("/review")
@policy("review.read")
def show(actor: Actor) -> Response:
    """Show the queue of patients with something new."""
    return _page(actor, None, Form({}))


@blueprint.post("/review/<uuid:notice_id>/seen")
@policy("notice.review", fields=("also",))
def seen(actor: Actor, notice_id: UUID) -> ResponseReturnValue:
    """Mark a row as seen: the notice and those shown with it."""
    for one in _with(actor, notice_id):
        _mark(actor, one)
    return toasts.back_to(url_for("review.show"), SEEN)


@blueprint.post("/review/<uuid:notice_id>/reply")
@policy("notice.review", fields=("also", "reply-{notice_id}"))
def reply(actor: Actor, notice_id: UUID) -> ResponseReturnValue:
    """Answer a row in the clinician's own words; what was shown with it is seen by that."""
    form = Form(request.form)
    name = f"reply-{notice_id}"
    try:
        service.reply(actor, notice_id, form.raw(name), now())
    except InvalidInput as error:
        form.wrong(
            name,
            _("Write a line first.")
            if error.message_key == "empty"
            else _("At most %(num)s characters.", num=service.REPLY_LIMIT),
        )
        return _page(actor, notice_id, form)
    for one in _with(actor, notice_id)[1:]:
        _mark(actor, one)
    return toasts.back_to(url_for("review.show"), REPLIED)


def _with(actor: Actor, notice_id: UUID) -> list[UUID]:
    """Return the notice and those of the same patient that stood in the same row."""
    patient_id = service.notice(actor, notice_id, now()).patient_id
    found = [notice_id]
    for typed in request.form.get("also", "").split():
        try:
            other = UUID(typed)
        except ValueError:
            continue
        try:
            if service.notice(actor, other, now()).patient_id == patient_id:
                found.append(other)
        except NotFound:
            continue
    return found


def _mark(actor: Actor, notice_id: UUID) -> None:
    try:
        service.seen(actor, notice_id, now())
    except Conflict:
        return  # somebody else in the team was quicker, which is as good


def _page(actor: Actor, wrong: UUID | None, form: Form) -> Response:
    queue = service.queue(actor, now())
    parts = _parts(queue, wrong, form)
    said = toasts.said()
    done = {SEEN: _("Marked as seen"), REPLIED: _("Reply sent")}.get(said)
    page = ShownReview(
        waiting=len(queue),
        greeting=ngettext(
            "%(num)s person has something new.", "%(num)s people have something new.", len(queue)
        )
        if queue
        else _("Good to see you, %(name)s.", name=actor.name),
        sentence=_("A row leaves only when you reply or mark it as seen."),
        legend=legend(),
        parts=parts,
        empty_words=_("Everything new was answered or seen."),
        done=None if done is None else Toast("done", done),
    )
    response = make_response(
        render_template("clinician/review.html", review=page), 422 if form.errors else 200
    )
    return toasts.forget(response)


def _parts(queue: list[QueueRow], wrong: UUID | None, form: Form) -> list[ShownPart]:
    titles = {
        "critical": (_("First"), _("a side effect, or pain at or above the limit you set")),
        "answer": (_("Waiting for your answer"), ""),
        "milestone": (_("Milestones"), _("your reply stands below the milestone")),
        "pause": (_("Pauses"), _("nothing counts as missed on these days")),
    }
    rows: dict[str, list[ShownRow]] = {name: [] for name in titles}
    for one in queue:
        by_part: dict[str, list[NoticeView]] = {}
        for notice in one.notices:
            by_part.setdefault(part_of(notice), []).append(notice)
        for name, notices in by_part.items():
            rows[name].append(_row(one, name, notices, wrong, form))
    return [
        ShownPart(name, title, hint, rows[name])
        for name, (title, hint) in titles.items()
        if rows[name]
    ]


def part_of(notice: NoticeView) -> str:
    """Return how urgent a notice is, as the part of the queue it stands in."""
    if notice.kind in ("milestone", "milestone_withdrawn"):
        return "milestone"
    if notice.kind == "pause":
        return "pause"
    return "critical" if notice.subject in ("pain_limit", "side_effect") else "answer"


def _row(
    one: QueueRow, part: str, notices: list[NoticeView], wrong: UUID | None, form: Form
) -> ShownRow:
    first = notices[0]
    patient = one.patient
    states = [LETTERS[letter] for letter in patient.strip]
    typed = form if wrong == first.id else Form({})
    name = f"reply-{first.id}"
    return ShownRow(
        id=str(first.id),
        care=part == "critical",
        sheet=url_for("patients.sheet", patient_id=patient.patient_id),
        name=patient.name,
        goal=patient.goal_words or "",
        facts=[fact(notice) for notice in notices],
        strip=states,
        strip_words=strip_words(states),
        age=words.age(min(notice.created_at for notice in notices), now()),
        adjust=url_for("patients.sheet", patient_id=patient.patient_id, _anchor="goals"),
        seen=url_for("review.seen", notice_id=first.id),
        reply=url_for("review.reply", notice_id=first.id),
        also=" ".join(str(notice.id) for notice in notices[1:]),
        reply_label=_("Reply to %(name)s", name=patient.name),
        reply_typed=typed.raw(name),
        reply_error=typed.errors.get(name, ""),
    )


def strip_words(states: list[str]) -> str:
    """Return what a strip of days shows, in words."""
    return _strip_words(tuple(states), current())


@lru_cache(maxsize=4096)
def _strip_words(states: tuple[str, ...], _language: str) -> str:
    """The same; kept, for a list shows the same few patterns again and again."""
    counted = {state: states.count(state) for state in dict.fromkeys(states)}
    said = words.counts(counted, clinician=True)
    return ngettext("%(num)s day: %(said)s", "%(num)s days: %(said)s", len(states), said=said)


def about(notice: NoticeView) -> str:
    """Return what a notice is about, as its patient knows it."""
    if notice.kind == "pause":
        return str(words.PAUSES[notice.subject])
    if notice.kind in ("milestone", "milestone_withdrawn"):
        return _("“%(words)s”", words=words.short(notice.goal_words or ""))
    return notice.activity_title or ""


def fact(notice: NoticeView) -> tuple[str, str]:
    """Return a notice as the fact in bold and the evidence after it."""
    on = words.day(notice.day, "short")
    title = notice.activity_title or ""
    if notice.kind == "pause":
        return (
            _("Pause:"),
            _("%(kind)s from %(day)s", kind=words.PAUSES_FOR_CLINICIAN[notice.subject], day=on),
        )
    if notice.kind in ("milestone", "milestone_withdrawn"):
        if notice.goal_words:
            on = _("“%(goal)s”, %(day)s", goal=words.short(notice.goal_words), day=on)
        reached = str(words.MILESTONES_FOR_CLINICIAN[notice.subject])
        if notice.subject == "level_reached" and notice.level is not None:
            reached = f"{reached}, {words.unit(notice.level, notice.unit)}"
        elif notice.subject == "sustained_weeks" and notice.level is not None:
            reached = f"{reached}, {notice.level}"
        if notice.kind == "milestone_withdrawn":
            return (
                _("Milestone withdrawn:"),
                _("%(what)s, %(day)s; the entry beneath was corrected", what=reached, day=on),
            )
        return f"{reached}:", on
    if notice.subject == "pain_limit":
        return (
            _("Pain %(num)s, at or above your limit:", num=notice.level),
            f"{title}, {on}",
        )
    reason = words.first_upper(words.REASONS_FOR_CLINICIAN[notice.subject])
    evidence = f"{title}, {on}"
    if notice.level is not None:
        evidence = f"{evidence}; {_('pain %(num)s', num=notice.level)}"
    return f"{reason}:", evidence
