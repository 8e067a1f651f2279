"""Pauses: days on which nothing is expected, chosen once by the patient."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor
from adherence.domain.errors import Conflict, InvalidInput
from adherence.domain.pauses import PauseKind
from adherence.pages import toasts
from adherence.pages.forms import Form
from adherence.pages.own import own
from adherence.services import pauses as service
from adherence.services import today as days
from adherence.services.pauses import PauseView
from adherence.web import words
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.policy import policy

blueprint = Blueprint("pauses", __name__)

OWN_KINDS = (PauseKind.REST, PauseKind.ILL, PauseKind.TRAVELLING, PauseKind.HOSPITAL)
"""A stop is a clinician's word; these four a patient chooses."""
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ShownPause:
    """A pause that holds or is to come; ``end`` is empty where only a clinician may end it."""

    icon: str
    word: str
    days: str
    end: str
    end_words: str


@dataclass(frozen=True, slots=True)
class ShownKind:
    """One kind of pause."""

    value: str
    icon: str
    word: str


@dataclass(frozen=True, slots=True)
class ShownPauses:
    """The page of pauses."""

    current: list[ShownPause]
    kinds: list[ShownKind]


@blueprint.get("/pause")
@policy("pause.set")
def show(actor: Actor) -> ResponseReturnValue:
    """Show running pauses, and the form for a new one."""
    return _page(actor, None)


@blueprint.post("/pause")
@policy("pause.set", fields=("kind", "first_day", "last_day"))
def begin(actor: Actor) -> ResponseReturnValue:
    """Store a pause, or say what is wrong with it."""
    form = Form(request.form)
    kind = form.choice("kind", OWN_KINDS, _("Choose what it is."))
    first_day = form.day("first_day", _("Choose the first day."))
    last_day = form.day("last_day")
    if first_day and last_day and last_day < first_day:
        form.wrong("last_day", _("The last day lies before the first."))
    if not form.errors and first_day is not None:
        try:
            service.pause(
                actor,
                own(actor),
                kind=PauseKind(kind),
                first_day=first_day,
                until=None if last_day is None else last_day + ONE_DAY,
                now=now(),
            )
        except InvalidInput as error:
            form.refused(error, {"until": "last_day"})
        else:
            return toasts.back_to(url_for("pauses.show"))
    return _page(actor, form)


@blueprint.post("/pause/<uuid:pause_id>/end")
@policy("pause.cancel", fields=())
def end(actor: Actor, pause_id: UUID) -> ResponseReturnValue:
    """End a pause today; one that was ended meanwhile stays so."""
    try:
        service.end_pause(actor, own(actor), pause_id, now=now())
    except Conflict:
        return toasts.back_to(url_for("pauses.show"))
    return toasts.back_to(url_for("today.show"))


def _page(actor: Actor, form: Form | None) -> ResponseReturnValue:
    patient_id = own(actor)
    today = days.today(actor, patient_id, now()).day
    running = [
        _shown(pause, today)
        for pause in service.pauses(actor, patient_id, now())
        if pause.cancelled_at is None and (pause.until is None or pause.until > today)
    ]
    page = ShownPauses(
        current=running,
        kinds=[
            ShownKind(kind.value, words.PAUSE_ICONS[kind], str(words.PAUSES[kind]))
            for kind in OWN_KINDS
        ],
    )
    typed = {"first_day": today.isoformat()} if form is None else form.typed
    errors = {} if form is None else form.errors
    return (
        render_template("patient/pause.html", pause=page, form=typed, errors=errors),
        422 if errors else 200,
    )


def _shown(pause: PauseView, today: date) -> ShownPause:
    return ShownPause(
        icon=words.PAUSE_ICONS[pause.kind],
        word=str(words.PAUSES[pause.kind]),
        days=words.first_upper(words.span(pause.first_day, pause.until)),
        end="" if pause.kind is PauseKind.STOP else url_for("pauses.end", pause_id=pause.id),
        end_words=_("I am back") if pause.first_day <= today else _("Take it back"),
    )
