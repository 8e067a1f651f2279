"""Entries: answering with amounts, pain and a note; not today and why; changing an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor, Role
from adherence.domain.activities import ActivityKind, Asked, ExerciseName
from adherence.domain.entries import Reason, Status
from adherence.domain.errors import NotFound
from adherence.domain.goals import Goal
from adherence.pages import reports, toasts
from adherence.pages.forms import Form, fresh_id, read_day
from adherence.pages.own import own
from adherence.services import entries as service
from adherence.services import goals, library, occurrences, plans
from adherence.services import today as days
from adherence.services.plans import AskedActivity
from adherence.services.today import Card
from adherence.web import exercises, figures, words
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.locale import ngettext
from adherence.web.policy import policy

blueprint = Blueprint("entries", __name__)

AMOUNTS = {"sets": (0, 100), "reps": (0, 10_000), "hold_seconds": (0, 14_400)}
MOST = 1_000_000
MEASURED = (*AMOUNTS, "quantity", "pain", "effort", "value", "note", "on_day", "at_time")
ANSWERED = ("client_id", "status", "again", *MEASURED)
VERSION = ("client_id", "then", "status", "reason", *MEASURED)
SKIPPED = ("client_id", "then", "reason", *(f"note_{reason}" for reason in Reason))
UNDO = UUID("6f2d8a52-6f0e-4d0b-9a57-5d7c3e0f8a11")
"""Makes the id of a withdrawal from the id of its entry, so pressing *Undo* twice is once."""


@dataclass(frozen=True, slots=True)
class ShownAmount:
    """One field of how much it was."""

    name: str
    word: str


@dataclass(frozen=True, slots=True)
class ShownCounter:
    """What the page counts along: repetitions and seconds to hold; 0 where there is none."""

    times: int
    times_words: str
    times_of: str
    hold: int


@dataclass(frozen=True, slots=True)
class ShownLog:
    """The page of one activity: what it asks, how it goes, and the answer."""

    title: str
    when_due: str
    amount: str
    because: str
    how: str
    steps: list[str]
    limit: str
    see: str
    frames: list[figures.ShownFrame]
    counter: ShownCounter | None
    has_side: bool
    action: str
    client_id: UUID
    asks: str
    asks_zero: str
    asks_low: str
    asks_high: str
    amounts: list[ShownAmount]
    pain: bool
    effort: bool
    now_words: str
    latest_day: str
    as_needed: bool
    taken_words: str


@dataclass(frozen=True, slots=True)
class ShownAgain:
    """The question whether this is a second one."""

    title: str
    noted: str
    question: str
    action: str
    fields: list[tuple[str, str]]
    yes: str
    next_words: str


@dataclass(frozen=True, slots=True)
class Then:
    """A button below a reason."""

    value: str
    word: str
    icon: str
    bead: str


@dataclass(frozen=True, slots=True)
class ShownReason:
    """One reason, what choosing it promises, and the reply."""

    value: str
    icon: str
    word: str
    promise: str
    reply: str
    words: str
    because: str
    steps: list[str]
    note: str
    then: list[Then]


@dataclass(frozen=True, slots=True)
class ShownSkip:
    """The page *Not today*."""

    title: str
    action: str
    client_id: UUID
    reasons: list[ShownReason]


# --- answering -----------------------------------------------------------------------------------


@blueprint.get("/log/<uuid:activity_id>/<day>/<int:slot>")
@policy("entry.log")
def log(actor: Actor, activity_id: UUID, day: str, slot: int) -> ResponseReturnValue:
    """Show what one occurrence asks, and the form to answer it."""
    about = _about(actor, activity_id, day, slot)
    return _log_page(about, Form(_usual(about)))


@blueprint.post("/log/<uuid:activity_id>/<day>/<int:slot>")
@policy("entry.log", fields=ANSWERED)
def store(actor: Actor, activity_id: UUID, day: str, slot: int) -> ResponseReturnValue:
    """Store the answer to one occurrence, or say what is wrong with it."""
    return _store(actor, _about(actor, activity_id, day, slot))


@blueprint.get("/log/<uuid:activity_id>")
@policy("entry.log")
def log_needed(actor: Actor, activity_id: UUID) -> ResponseReturnValue:
    """Show the form for something taken or done when needed."""
    about = _about(actor, activity_id, "", None)
    return _log_page(about, Form(_usual(about)))


@blueprint.post("/log/<uuid:activity_id>")
@policy("entry.log", fields=ANSWERED)
def store_needed(actor: Actor, activity_id: UUID) -> ResponseReturnValue:
    """Store something taken or done when needed; a dose too soon after the last is asked about."""
    return _store(actor, _about(actor, activity_id, "", None))


@dataclass(frozen=True, slots=True)
class _About:
    """What a form of this page is about. ``slot`` None means that no occurrence is named."""

    actor: Actor
    item: AskedActivity
    asked: Asked
    card: Card | None
    day: date
    slot: int | None
    zone: str
    today: date
    action: str

    @property
    def kind(self) -> ActivityKind:
        return self.item.activity.kind

    @property
    def is_today(self) -> bool:
        """Whether it is answered for today: a session of a week is, on any of its days."""
        return self.day == self.today or (self.card is not None and self.card.span)

    @property
    def because(self) -> str:
        return self.item.threads[0].because if self.item.threads else ""


def _about(actor: Actor, activity_id: UUID, day: str, slot: int | None) -> _About:
    patient_id = own(actor)
    item = plans.activity(actor, patient_id, activity_id, now())
    view = days.today(actor, patient_id, now())
    on = read_day(day) if day else view.day
    if on is None:
        raise NotFound
    card = view.card(activity_id, on, slot)
    if (
        card is None
        and slot is not None
        and not occurrences.was_asked(actor, patient_id, activity_id, on, slot, now())
    ):
        raise NotFound
    revision = item.activity.revision_on(on) or item.activity.revisions[0]
    if slot is None:
        action = url_for("entries.store_needed", activity_id=activity_id)
    else:
        action = url_for("entries.store", activity_id=activity_id, day=day, slot=slot)
    return _About(
        actor=actor,
        item=item,
        asked=revision.asked,
        card=card,
        day=on,
        slot=slot,
        zone=view.zone,
        today=view.day,
        action=action,
    )


def _usual(about: _About) -> dict[str, str]:
    """Return what the form says before anybody typed: the asked amounts, and the present."""
    amounts = about.asked.amounts
    local = words.local(now(), about.zone)
    typed = {
        "on_day": (about.today if about.is_today else min(about.day, about.today)).isoformat(),
        "at_time": local.strftime("%H:%M"),
    }
    if not about.is_today and about.day < about.today:
        due = about.card.due_at if about.card else None
        typed["at_time"] = words.clock(due, about.zone) if due else "12:00"
        typed["moved"] = "yes"
    for name in (*AMOUNTS, "quantity"):
        value = getattr(amounts, name)
        if value is not None:
            typed[name] = words.number(value)
    return typed


def _log_page(about: _About, form: Form) -> ResponseReturnValue:
    asked = about.asked
    is_check_in = about.kind is ActivityKind.CHECK_IN
    steps = [line.strip() for line in asked.instructions.splitlines() if line.strip()]
    counter = _counter(asked) if about.kind is ActivityKind.EXERCISE else None
    as_needed = about.slot is None
    page = ShownLog(
        title=asked.title,
        when_due=_when_due(about),
        amount=words.asked(asked),
        because=about.because,
        how=steps[0] if len(steps) == 1 else "",
        steps=steps if len(steps) > 1 else [],
        limit=""
        if asked.pain_limit is None
        else _("Stop at pain %(num)s or more", num=asked.pain_limit),
        see=exercises.address(asked.exercise),
        frames=_frames(about),
        counter=counter,
        has_side=bool(steps or counter or asked.exercise),
        action=about.action,
        client_id=fresh_id(now()),
        asks=_question(asked.symptom) if is_check_in else "",
        asks_zero=_("nothing at all"),
        asks_low=_("hardly any"),
        asks_high=_("worst imaginable"),
        amounts=amount_fields(asked),
        pain=about.kind is ActivityKind.EXERCISE,
        effort=about.kind is ActivityKind.EXERCISE,
        now_words=_("It was at another time")
        if about.is_today
        else _("When it was: %(day)s", day=words.day(about.day)),
        latest_day=about.today.isoformat(),
        as_needed=as_needed,
        taken_words=_("I took it") if about.kind is ActivityKind.MEDICATION else _("I did it"),
    )
    status = 422 if form.errors else 200
    return (
        render_template("patient/log.html", log=page, form=form.typed, errors=form.errors),
        status,
    )


def _frames(about: _About) -> list[figures.ShownFrame]:
    """Return the still frames of the exercise that was prescribed, none where there is none."""
    if about.asked.exercise is None:
        return []
    name = ExerciseName.read(about.asked.exercise)
    one = library.exercise(about.actor, name.slug, name.version)
    if not one.poses:
        return []
    return figures.shown(one, "left" if name.side == "left" else "right")


def _question(symptom: str | None) -> str:
    if not symptom:
        return _("How strong is it now?")
    return _("%(symptom)s: how strong is it now?", symptom=words.first_upper(symptom))


def _when_due(about: _About) -> str:
    parts = [] if about.is_today else [words.day(about.day)]
    if about.card is not None and about.card.due_at is not None:
        parts.append(words.clock(about.card.due_at, about.zone))
    return words.first_upper(", ".join(parts))


def _counter(asked: Asked) -> ShownCounter | None:
    times = int(asked.amounts.reps or 0)
    hold = int(asked.amounts.hold_seconds or 0)
    if not times and not hold:
        return None
    return ShownCounter(
        times=times,
        times_words=_("Times"),
        times_of=_("of %(target)s", target=times),
        hold=hold,
    )


def amount_fields(asked: Asked) -> list[ShownAmount]:
    """Return the fields of how much it was: those that the activity asks for."""
    amounts = asked.amounts
    known = {
        "sets": _("Rounds"),
        "reps": _("Times"),
        "hold_seconds": _("Hold, seconds"),
        "quantity": words.first_upper(asked.unit or _("How much")),
    }
    return [
        ShownAmount(name, word)
        for name, word in known.items()
        if getattr(amounts, name) is not None
    ]


def _store(actor: Actor, about: _About) -> ResponseReturnValue:
    form = Form(request.form)
    status = form.choice("status", ("done", "partly", "skipped"), _("Choose an answer."))
    if status == "skipped" and about.slot is not None:
        return toasts.back_to(
            url_for(
                "entries.not_today",
                activity_id=about.item.id,
                day=about.day.isoformat(),
                slot=about.slot,
            )
        )
    document = _document(form, about, status)
    if about.kind is ActivityKind.CHECK_IN:
        value, declined = form.scale("value")
        if value is None and not declined and "value" not in form.errors:
            form.wrong("value", _("Choose a number, or “I prefer not to say”."))
        document |= {
            "status": Status.DONE,
            "symptom": about.asked.symptom,
            "value": None if value is None else float(value),
            "declined": declined,
        }
    if form.errors:
        return _log_page(about, form)
    question = _again(about, form, document)
    if question is not None:
        return render_template("patient/again.html", again=question)
    receipt = service.log_entry(actor, own(actor), document, now())
    if receipt.errors:
        form.refused_receipt(receipt)
        return _log_page(about, form)
    return toasts.back_to(url_for("today.show", _anchor="now"), document["client_id"])


def _document(form: Form, about: _About, status: str) -> dict[str, Any]:
    document: dict[str, Any] = {
        "client_id": form.id(),
        "activity_id": about.item.id,
        "status": Status(status) if status else None,
        "note": form.note(),
        "recorded_at": now(),
    }
    if about.slot is not None and form.raw("again") != "yes":
        document |= {"day": about.day, "slot": about.slot}
    document |= _measured(form)
    document["performed_at"] = form.moment(about.zone, now())
    return document


def _measured(form: Form) -> dict[str, Any]:
    """Return amounts, pain and effort; what was left empty is left out."""
    found: dict[str, Any] = {
        name: form.whole(name, low, high) for name, (low, high) in AMOUNTS.items()
    }
    found["quantity"] = form.real("quantity", 0, MOST)
    pain, pain_declined = form.scale("pain")
    effort, _declined = form.scale("effort")
    found |= {"pain": pain, "pain_declined": pain_declined, "effort": effort}
    return {name: value for name, value in found.items() if value is not None}


def _again(about: _About, form: Form, document: dict[str, Any]) -> ShownAgain | None:
    """Return the question whether this is a second one; None where there is nothing to ask."""
    card = about.card
    if card is None or card.entry is None or form.raw("again") == "yes":
        return None
    if card.entry.client_id == document["client_id"]:
        return None
    later = card.next_possible_at
    if about.slot is None and (later is None or document["performed_at"] >= later):
        return None
    return ShownAgain(
        title=about.asked.title,
        noted=_(
            "You logged %(what)s at %(time)s.",
            what=_lower(reports.summary(card.entry, about.asked)),
            time=words.clock(card.entry.performed_at, about.zone),
        ),
        question=_("Is this a second one?"),
        action=about.action,
        fields=[
            (name, value)
            for name, value in form.typed.items()
            if name not in ("csrf_token", "again")
        ],
        yes=_("Yes, a second one"),
        next_words=""
        if later is None
        else _(
            "Your plan leaves time between two: the next is possible from %(time)s.",
            time=words.moment(later, about.zone, about.today),
        ),
    )


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


# --- not today -----------------------------------------------------------------------------------

REASON_ICONS = {
    Reason.HURT: "hurt",
    Reason.NO_TIME: "clock",
    Reason.FELT_BETTER: "better",
    Reason.SIDE_EFFECT: "drop",
    Reason.RAN_OUT: "box",
    Reason.TOLD_TO_STOP: "stop",
    Reason.DID_NOT_UNDERSTAND: "unclear",
}


@blueprint.get("/not-today/<uuid:activity_id>/<day>/<int:slot>")
@policy("entry.log")
def not_today(actor: Actor, activity_id: UUID, day: str, slot: int) -> ResponseReturnValue:
    """Ask for the reason, and answer each usefully."""
    return _skip_page(_about(actor, activity_id, day, slot), Form({}))


@blueprint.post("/not-today/<uuid:activity_id>/<day>/<int:slot>")
@policy("entry.log", fields=SKIPPED)
def skip(actor: Actor, activity_id: UUID, day: str, slot: int) -> ResponseReturnValue:
    """Store that it was not done, with the reason; or go where the reply leads."""
    about = _about(actor, activity_id, day, slot)
    form = Form(request.form)
    then = form.raw("then")
    if then == "do":
        return toasts.back_to(url_for("entries.log", activity_id=activity_id, day=day, slot=slot))
    if then == "later":
        return toasts.back_to(url_for("today.show", _anchor="now"))
    reason = (
        ""
        if then == "no_reason"
        else form.choice("reason", list(Reason), _("Choose a reason, or note it without one."))
    )
    document: dict[str, Any] = {
        "client_id": form.id(),
        "activity_id": activity_id,
        "day": about.day,
        "slot": slot,
        "status": Status.SKIPPED if reason else Status.MISSED,
        "note": form.note(f"note_{reason}") if reason else None,
        "performed_at": _skipped_at(about),
        "recorded_at": now(),
    }
    if reason:
        document["reason"] = Reason(reason)
    if form.errors:
        return _skip_page(about, form)
    receipt = service.log_entry(actor, own(actor), document, now())
    if receipt.errors:
        form.refused_receipt(receipt)
        return _skip_page(about, form)
    return toasts.back_to(url_for("today.show", _anchor="now"), document["client_id"])


def _skipped_at(about: _About) -> datetime:
    """Return when it was not done: now, or when it was due on a day that is over."""
    if about.is_today or about.card is None or about.card.due_at is None:
        return now()
    return about.card.due_at


def _skip_page(about: _About, form: Form) -> ResponseReturnValue:
    page = ShownSkip(
        title=about.asked.title,
        action=url_for(
            "entries.skip",
            activity_id=about.item.id,
            day=about.day.isoformat(),
            slot=about.slot,
        ),
        client_id=fresh_id(now()),
        reasons=[_reply(reason, about) for reason in Reason],
    )
    status = 422 if form.errors else 200
    return (
        render_template("patient/not_today.html", skip=page, form=form.typed, errors=form.errors),
        status,
    )


def _reply(reason: Reason, about: _About) -> ShownReason:
    """Return the reply to one reason: what it says, what it asks, and what one can do next."""
    tell = Then("note", _("Note it and tell my team"), "talk", "")
    note = Then("note", _("Only note it"), "", "skipped")
    do = Then("do", _("I do it after all"), "", "done")
    steps = [line.strip() for line in about.asked.instructions.splitlines() if line.strip()]
    reply, said, question, then = {
        Reason.HURT: (
            _("Sorry that it hurts."),
            _("Say where and how much, and your team sees it in its next review."),
            _("Where does it hurt, and how much?"),
            [tell],
        ),
        Reason.NO_TIME: (
            _("Maybe later?"),
            _later_words(about),
            "",
            [Then("later", _("I do it later today"), "clock", ""), note],
        ),
        Reason.FELT_BETTER: (
            _("Good that you feel well."),
            _("This is what it is good for:"),
            "",
            [do, note],
        ),
        Reason.SIDE_EFFECT: (
            _("What did you notice?"),
            _("Your team sees it in its next review. If you feel very unwell, do not wait for it."),
            _("What did you notice, and since when?"),
            [tell],
        ),
        Reason.RAN_OUT: (
            _("What is missing?"),
            _("Your team sees it in its next review and helps you to get it."),
            _("What is missing?"),
            [tell],
        ),
        Reason.TOLD_TO_STOP: (
            _("Who told you to stop?"),
            _("Your team checks your plan. You can also write down what was said."),
            _("Who said so, and why?"),
            [tell],
        ),
        Reason.DID_NOT_UNDERSTAND: (
            _("So it goes:") if steps else _("Your team can show it again."),
            "" if steps else _("Say what is not clear, and your team sees it in its next review."),
            _("What is not clear?"),
            [do, tell] if steps else [tell],
        ),
    }[reason]
    return ShownReason(
        value=reason.value,
        icon=REASON_ICONS[reason],
        word=str(words.REASONS[reason]),
        promise=str(words.REASON_PROMISES[reason]),
        reply=reply,
        words=said,
        because=about.because if reason is Reason.FELT_BETTER else "",
        steps=steps if reason is Reason.DID_NOT_UNDERSTAND else [],
        note=question,
        then=then,
    )


def _later_words(about: _About) -> str:
    card = about.card
    if card is not None and card.closes_at is not None and card.due_at is not None:
        closes = words.local(card.closes_at, about.zone)
        if closes.date() == about.today:
            return _(
                "It stays open until %(time)s. Nothing is stored yet.",
                time=words.clock(card.closes_at, about.zone),
            )
    if about.asked.minutes:
        return ngettext(
            "It takes about %(num)s minute and stays open today. Nothing is stored yet.",
            "It takes about %(num)s minutes and stays open today. Nothing is stored yet.",
            about.asked.minutes,
        )
    return _("It stays open today. Nothing is stored yet.")


# --- changing an answer --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShownStatus:
    """One answer that may be the right one."""

    value: str
    word: str


@dataclass(frozen=True, slots=True)
class ShownBefore:
    """An earlier version of the answer."""

    words: str
    when: str
    because: str


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """The page on which an answer is changed."""

    title: str
    state: str
    before: str
    action: str
    client_id: UUID
    statuses: list[ShownStatus]
    reasons: list[tuple[str, str]]
    asks: str
    asks_zero: str
    asks_low: str
    asks_high: str
    measured: str
    unit: str
    amounts: list[ShownAmount]
    pain: bool
    effort: bool
    hint: str
    latest_day: str
    history: list[ShownBefore]


@blueprint.get("/entries/<uuid:client_id>/correct")
@policy("entry.correct")
def correct(actor: Actor, client_id: UUID) -> ResponseReturnValue:
    """Show an answer as it stands, to be changed."""
    row = service.entry(actor, own(actor), client_id)
    return _correct_page(actor, row, Form(as_typed(row)))


@blueprint.post("/entries/<uuid:client_id>/correct")
@policy("entry.correct", fields=VERSION)
def save(actor: Actor, client_id: UUID) -> ResponseReturnValue:
    """Store a new version of an answer, or take it back."""
    row = service.entry(actor, own(actor), client_id)
    if request.form.get("then") == "withdraw":
        return _withdraw(actor, row)
    form = Form(request.form)
    document = read_version(form, row)
    if not form.errors:
        receipt = service.log_entry(actor, own(actor), document, now())
        if not receipt.errors:
            return toasts.back_to(url_for("today.show", _anchor="day"), document["client_id"])
        form.refused_receipt(receipt)
    return _correct_page(actor, row, form)


def read_version(form: Form, row: Any) -> dict[str, Any]:
    """Return the new version of an entry that was typed; what is wrong stands in the form."""
    document: dict[str, Any] = {
        "client_id": form.id(),
        "corrects_id": row.client_id,
        "recorded_at": now(),
        "note": form.note(),
        **_measured(form),
    }
    if row.status is not None and not _is_question(row):
        status = form.choice("status", ("done", "partly", "skipped"), _("Choose an answer."))
        reason = form.choice("reason", list(Reason))
        if status == "skipped" and not reason:
            document["status"] = Status.MISSED
        elif status:
            document["status"] = Status(status)
        if reason and status == "skipped":
            document["reason"] = Reason(reason)
    elif row.status is not None:
        document["status"] = Status.DONE
    if _is_question(row):
        value, declined = (
            form.scale("value") if row.symptom else (form.real("value", -2, MOST), False)
        )
        if value is None and not declined:
            form.wrong(
                "value",
                _("Choose a number, or “I prefer not to say”.")
                if row.symptom
                else _("Choose or write a number."),
            )
        document |= {"value": None if value is None else float(value), "declined": declined}
    document["performed_at"] = form.moment(row.zone, now())
    return document


@blueprint.post("/entries/<uuid:client_id>/undo")
@policy("entry.correct", fields=())
def undo(actor: Actor, client_id: UUID) -> ResponseReturnValue:
    """Take back the answer just given; pressing twice is once."""
    return _withdraw(actor, service.entry(actor, own(actor), client_id))


def _withdraw(actor: Actor, row: Any) -> ResponseReturnValue:
    service.log_entry(
        actor,
        own(actor),
        {
            "client_id": uuid5(UNDO, str(row.client_id)),
            "corrects_id": row.client_id,
            "withdrawn": True,
            "status": row.status,
        },
        now(),
    )
    return toasts.back_to(url_for("today.show", _anchor="day"), toasts.UNDONE)


def _is_question(row: Any) -> bool:
    return row.symptom is not None or row.goal_id is not None


def as_typed(row: Any) -> dict[str, str]:
    """Return an entry as its form shows it."""
    local = words.local(row.performed_at, row.zone)
    status = "skipped" if row.status == Status.MISSED else row.status or ""
    typed = {
        "status": str(status),
        "reason": row.reason or "",
        "on_day": local.date().isoformat(),
        "at_time": local.strftime("%H:%M"),
        "note": row.note or "",
        "pain": "declined" if row.pain_declined else _number(row.pain),
        "effort": _number(row.effort),
        "value": "declined" if row.declined else _number(row.value),
    }
    for name in (*AMOUNTS, "quantity"):
        typed[name] = _number(getattr(row, name))
    return typed


def _number(value: float | None) -> str:
    return "" if value is None else words.number(value)


def _correct_page(actor: Actor, row: Any, form: Form) -> ResponseReturnValue:
    page = shown_version(actor, own(actor), row, url_for("entries.save", client_id=row.client_id))
    status = 422 if form.errors else 200
    return (
        render_template("patient/correct.html", entry=page, form=form.typed, errors=form.errors),
        status,
    )


def shown_version(actor: Actor, patient_id: UUID, row: Any, action: str) -> ShownEntry:
    """Return the form of a new version of an entry, and what stood there before."""
    clinician = actor.role is Role.CLINICIAN
    asked, kind = None, None
    if row.activity_id is not None:
        item = plans.activity(actor, patient_id, row.activity_id, now())
        revision = item.activity.revision_on(row.local_day) or item.activity.revisions[0]
        asked, kind = revision.asked, item.activity.kind
    is_exercise = kind is ActivityKind.EXERCISE
    goal = _goal_of(actor, patient_id, row)
    today = words.local(now(), row.zone).date()
    return ShownEntry(
        title=asked.title
        if asked
        else (goal.words if goal else words.first_upper(row.symptom or _("My goal"))),
        state=row.status or "done",
        before=_(
            "%(what)s, %(when)s",
            what=reports.summary(row, asked, clinician)
            if goal is None or row.value is None
            else words.goal_value(goal, row.value),
            when=words.moment(row.performed_at, row.zone, today),
        ),
        action=action,
        client_id=fresh_id(now()),
        statuses=_statuses(row, kind),
        reasons=[("", "–"), *((value, str(word)) for value, word in words.REASONS.items())],
        asks=_question(row.symptom) if row.symptom else "",
        asks_zero=_("nothing at all"),
        asks_low=_("hardly any"),
        asks_high=_("worst imaginable"),
        measured=_("How much was it?") if goal is not None else "",
        unit="" if goal is None else goal.unit or "",
        amounts=amount_fields(asked) if asked else [],
        pain=is_exercise,
        effort=is_exercise,
        hint="" if kind is not ActivityKind.CHECK_IN or row.symptom else _question_hint(clinician),
        latest_day=today.isoformat(),
        history=_history(actor, patient_id, row, asked, today),
    )


def _statuses(row: Any, kind: ActivityKind | None) -> list[ShownStatus]:
    """Return the answers that a form offers; a question left unanswered can only stay so."""
    offered: tuple[str, ...] = ("done", "partly", "skipped")
    if row.status is None or _is_question(row):
        offered = ()
    elif kind is ActivityKind.CHECK_IN:
        offered = ("skipped",)
    return [ShownStatus(value, str(words.ANSWERS[value])) for value in offered]


def _question_hint(clinician: bool) -> str:
    """Return how an unanswered question comes to its number."""
    if clinician:
        return _("If it was answered after all, take this out. The patient can note the number.")
    return _("To answer it after all, take this back. The card then asks again.")


def _goal_of(actor: Actor, patient_id: UUID, row: Any) -> Goal | None:
    """Return the goal that an entry measures."""
    if row.goal_id is None or row.symptom is not None:
        return None
    found = (one.goal for one in goals.goals(actor, patient_id, now()) if one.id == row.goal_id)
    return next(found, None)


def _history(
    actor: Actor, patient_id: UUID, row: Any, asked: Asked | None, today: date
) -> list[ShownBefore]:
    """Return the versions before this one, the newest first, and why a clinician changed them."""
    found: list[ShownBefore] = []
    clinician = actor.role is Role.CLINICIAN
    while row.corrects_id is not None and len(found) < 20:
        because = row.because
        row = service.entry(actor, patient_id, row.corrects_id)
        found.append(
            ShownBefore(
                reports.summary(row, asked, clinician),
                words.moment(row.performed_at, row.zone, today),
                "" if because is None else _("Put right: %(because)s", because=because),
            )
        )
    return found
