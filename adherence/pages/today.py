"""Today: the goal on top, the day's cards on its thread, and one-press answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request, url_for

from adherence.domain.access import Actor
from adherence.domain.activities import ActivityKind
from adherence.domain.entries import Status
from adherence.domain.errors import NotFound
from adherence.domain.pauses import PauseKind
from adherence.pages import reports, toasts
from adherence.pages.care_teams import waiting_words
from adherence.pages.consent import ShownNotice, consent_notices
from adherence.pages.forms import Form, fresh_id
from adherence.pages.goals import GoalHead, head
from adherence.pages.own import own
from adherence.pages.toasts import Toast
from adherence.services import entries, occurrences, pauses
from adherence.services import today as days
from adherence.services.entries import Result
from adherence.services.pauses import PauseView
from adherence.services.today import Card, CardState, Today
from adherence.web import exercises, words
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.locale import ngettext
from adherence.web.policy import policy

blueprint = Blueprint("today", __name__)

PLACES = {
    CardState.NOW: "now",
    CardState.OPEN: "upcoming",
    CardState.LATER: "upcoming",
    CardState.CLOSED: "unreported",
    CardState.EXCUSED: "excused",
}


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card in words: time, what, how much, why, how, answers; or the one line of an answer."""

    id: str
    place: str
    bead: str
    bead_word: str
    answered: str
    change: str
    report: str
    open: bool
    icon: str
    time: str
    window: str
    title: str
    amount: str
    because: str
    how: str
    how_words: str
    see: str
    asks: bool
    client_id: UUID
    activity_id: UUID
    day: str
    slot: int | None


@dataclass(frozen=True, slots=True)
class ShownItem:
    """Something taken as needed: the last time, and when the next is possible."""

    title: str
    amount: str
    last: str
    because: str
    icon: str
    log: str
    log_words: str


@dataclass(frozen=True, slots=True)
class ShownToday:
    """The day as its page prints it."""

    goal: GoalHead | None
    title: str
    sentence: str
    notices: list[ShownNotice]
    cards: list[ShownCard]
    as_needed: list[ShownItem]
    empty_title: str
    empty_words: str
    said: Toast | None


@blueprint.get("/today")
@policy("today.read")
def show(actor: Actor) -> Response:
    """Show the patient's day."""
    patient_id = own(actor)
    view = days.today(actor, patient_id, now())
    is_paused = not view.total or any(card.state is CardState.EXCUSED for card in view.cards)
    paused = _running(actor, patient_id, view.day) if is_paused else []
    page = shown(view, paused, now(), consent_notices(actor, patient_id))
    return toasts.forget(make_response(render_template("patient/today.html", today=page)))


@blueprint.post("/today/log")
@policy("entry.log", fields=("client_id", "activity_id", "day", "slot", "status"))
def answer(actor: Actor) -> Response:
    """Take one press of a card: *Done* is stored at once, the others ask on a page of their own."""
    form = Form(request.form)
    activity_id, day, slot = form.id("activity_id"), form.day("day"), form.whole("slot", 0, 23)
    if day is None or slot is None:
        raise NotFound
    status = form.raw("status") or "done"
    where: dict[str, Any] = {"activity_id": activity_id, "day": day.isoformat(), "slot": slot}
    if status in ("partly", "answer"):
        return toasts.back_to(url_for("entries.log", **where))
    if status == "skipped":
        return toasts.back_to(url_for("entries.not_today", **where))
    patient_id = own(actor)
    client_id = form.id()
    card = days.today(actor, patient_id, now()).card(activity_id, day, slot)
    if card is None and not occurrences.was_asked(actor, patient_id, activity_id, day, slot, now()):
        raise NotFound
    if card is not None and card.entry is not None and card.entry.client_id != client_id:
        return toasts.back_to(url_for("entries.log", **where))
    receipt = entries.log_entry(
        actor,
        patient_id,
        {
            "client_id": client_id,
            "activity_id": activity_id,
            "day": day,
            "slot": slot,
            "status": Status.DONE,
            "performed_at": now(),
            "recorded_at": now(),
        },
        now(),
    )
    if receipt.result is Result.UNKNOWN:
        raise NotFound
    return toasts.back_to(url_for("today.show", _anchor="now"), client_id)


def _running(actor: Actor, patient_id: UUID, day: date) -> list[PauseView]:
    return [
        pause
        for pause in pauses.pauses(actor, patient_id, now())
        if pause.cancelled_at is None
        and pause.first_day <= day
        and (pause.until is None or day < pause.until)
    ]


def shown(
    view: Today, paused: list[PauseView], at: datetime, more: Sequence[ShownNotice] = ()
) -> ShownToday:
    """Return the day in words; ``paused`` are the pauses that cover it, ``more`` comes first."""
    thread = [card for card in view.cards if card.slot is not None]
    is_resting = bool(paused) or any(card.state is CardState.EXCUSED for card in thread)
    return ShownToday(
        goal=None if view.goal is None else head(view.goal),
        title=words.day_title(view.day),
        sentence=_sentence(view),
        notices=[*_opened_notice(view), *more, *(_pause_notice(pause) for pause in paused)],
        cards=[_card(card, view, at) for card in thread],
        as_needed=[_item(card, view, at) for card in view.cards if card.slot is None],
        empty_title=_("Nothing is asked of you today"),
        empty_words=(
            _("You are resting. This day counts neither for nor against you.")
            if is_resting
            else _("This day counts neither for nor against you.")
        ),
        said=_said(view),
    )


def _sentence(view: Today) -> str:
    if not view.total:
        return _("Nothing is planned.")
    if view.answered == view.total:
        return ngettext(
            "The one thing of today is answered.",
            "All %(num)s of today are answered.",
            view.total,
        )
    progress = _("%(answered)s of %(total)s answered.", answered=view.answered, total=view.total)
    if not view.minutes_left:
        return progress
    left = ngettext("About %(num)s minute left.", "About %(num)s minutes left.", view.minutes_left)
    return f"{progress} {left}"


def _opened_notice(view: Today) -> list[ShownNotice]:
    """Return that somebody opened the record in an emergency, until the patient has read it."""
    said = waiting_words(view.patient_id)
    if not said:
        return []
    link = url_for("care_teams.mine")
    return [ShownNotice("bolt", said, _("You can read who it was, and why."), link, _("Read it"))]


def _pause_notice(pause: PauseView) -> ShownNotice:
    return ShownNotice(
        icon=words.PAUSE_ICONS[pause.kind],
        title=str(words.PAUSES[pause.kind]),
        words=words.span(pause.first_day, pause.until),
        link="" if pause.kind is PauseKind.STOP else url_for("pauses.show"),
        link_words=_("Change the pause"),
    )


def _card(card: Card, view: Today, at: datetime) -> ShownCard:
    place = card.status.value if card.state is CardState.ANSWERED else PLACES[card.state]
    is_open = card.state in (CardState.NOW, CardState.OPEN)
    entry = card.entry
    where: dict[str, Any] = {
        "activity_id": card.activity_id,
        "day": card.day.isoformat(),
        "slot": card.slot,
    }
    answered = ""
    if entry is not None:
        answered = reports.at(entry, card.asked, view.zone)
    elif not is_open and card.state is not CardState.LATER:
        answered = words.first_upper(words.status(place))
    how, how_words = _how(card)
    return ShownCard(
        id="now" if card.state is CardState.NOW else f"card-{card.activity_id}-{card.slot}",
        place=place,
        bead=place,
        bead_word="" if is_open or card.state is CardState.LATER else words.status(place),
        answered=answered,
        change="" if entry is None else url_for("entries.correct", client_id=entry.client_id),
        report=url_for("entries.log", **where) if card.state is CardState.CLOSED else "",
        open=is_open,
        icon=words.KIND_ICONS[card.kind],
        time=_time(card, view),
        window=_window(card, view),
        title=card.asked.title,
        amount=words.asked(card.asked),
        because=card.because,
        how=url_for("entries.log", **where) if how else "",
        how_words=how_words,
        see=exercises.address(card.asked.exercise),
        asks=card.kind is ActivityKind.CHECK_IN,
        client_id=fresh_id(at),
        activity_id=card.activity_id,
        day=card.day.isoformat(),
        slot=card.slot,
    )


def _how(card: Card) -> tuple[bool, str]:
    if card.kind is ActivityKind.CHECK_IN or card.state is CardState.LATER:
        return False, ""
    minutes = card.asked.minutes
    if card.asked.instructions:
        if minutes:
            return True, _("Show me how, %(num)s min", num=minutes)
        return True, _("Show me how")
    if card.kind is ActivityKind.EXERCISE:
        return True, _("Answer with pain and effort")
    return True, _("Another time or amount")


def _time(card: Card, view: Today) -> str:
    if card.due_at is not None:
        return words.clock(card.due_at, view.zone)
    if card.span:
        return _("Any day this week")
    return _("Any time today")


def _window(card: Card, view: Today) -> str:
    if card.state is CardState.LATER and card.opens_at is not None:
        opens = words.local(card.opens_at, view.zone)
        if opens.date() == view.day and (opens.hour or opens.minute):
            return _("opens at %(time)s", time=words.clock(card.opens_at, view.zone))
        return ""
    if card.closes_at is None or card.span or card.due_at is None:
        return ""
    closes = words.local(card.closes_at, view.zone)
    if closes.date() > view.day:
        return _("any time today")
    return _("until %(day)s", day=words.clock(card.closes_at, view.zone))


def _item(card: Card, view: Today, at: datetime) -> ShownItem:
    entry = card.entry
    last = (
        _("Not taken today.")
        if entry is None
        else _("Last at %(time)s.", time=words.clock(entry.performed_at, view.zone))
    )
    if card.next_possible_at is not None and card.next_possible_at > at:
        later = words.moment(card.next_possible_at, view.zone, view.day)
        last = f"{last} {_('Next possible from %(time)s.', time=later)}"
    return ShownItem(
        title=card.asked.title,
        amount=words.asked(card.asked),
        last=last,
        because=card.because,
        icon=words.KIND_ICONS[card.kind],
        log=url_for("entries.log_needed", activity_id=card.activity_id),
        log_words=_("I took it") if card.kind is ActivityKind.MEDICATION else _("I did it"),
    )


def _said(view: Today) -> Toast | None:
    if toasts.said() == toasts.UNDONE:
        return Toast(state="none", words=_("Taken back"))
    wanted = toasts.asked_for()
    if wanted is None:
        return None
    found = [card.entry for card in view.cards if card.entry is not None]
    found += [extra.entry for extra in view.extras]
    for entry in found:
        if entry.client_id == wanted:
            return Toast(
                state=entry.status or "done",
                words=reports.noted(entry),
                undo=url_for("entries.undo", client_id=wanted),
            )
    return Toast(state="done", words=_("Noted"), undo=url_for("entries.undo", client_id=wanted))
