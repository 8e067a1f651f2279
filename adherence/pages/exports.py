"""My data: a copy of everything, the wish to be forgotten, and what became of both.

Staff of the care team have a copy made for a patient on a page of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor
from adherence.domain.errors import Conflict, InvalidInput
from adherence.pages.forms import Form
from adherence.pages.own import own
from adherence.services import erasures, exports, patients
from adherence.services.erasures import Erasure
from adherence.services.exports import Export
from adherence.web import words
from adherence.web.clock import now
from adherence.web.locale import current
from adherence.web.locale import gettext as _
from adherence.web.policy import policy

blueprint = Blueprint("exports", __name__)

#: At which size a file is told of in thousands of kilobytes.
MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class ShownCopy:
    """One copy that was asked for; ``link`` is empty until it can be fetched."""

    title: str
    note: str
    link: str


@dataclass(frozen=True, slots=True)
class ShownWish:
    """The newest wish to be forgotten; ``withdraw`` is empty once it is decided."""

    icon: str
    title: str
    note: str
    reason: str
    withdraw: str


# --- the patient -------------------------------------------------------------------------------


@blueprint.get("/my-data")
@policy("export.ask")
def show(actor: Actor) -> ResponseReturnValue:
    """Show what one may ask for, and what became of it."""
    return _own_page(actor, Form({}))


@blueprint.post("/my-data/copies")
@policy("export.ask", fields=(), throttle="copy")
def ask(actor: Actor) -> ResponseReturnValue:
    """Have a copy made of everything about oneself."""
    form = Form(request.form)
    try:
        exports.ask(actor, own(actor), current(), now())
    except InvalidInput as error:
        form.refused(error)
        return _own_page(actor, form)
    return redirect(url_for("exports.show"), 303)


@blueprint.post("/my-data/copies/<uuid:export_id>")
@policy("export.ask", fields=(), throttle="copy_fetch")
def fetch(actor: Actor, export_id: UUID) -> ResponseReturnValue:
    """Send the copy, for whom it was made."""
    return _file(actor, own(actor), export_id)


@blueprint.post("/my-data/forget")
@policy("erasure.ask", fields=("sure", "words"))
def forget(actor: Actor) -> ResponseReturnValue:
    """Ask for deletion; what waits already stays as it is."""
    form = Form(request.form)
    if form.raw("sure") != "yes":
        form.wrong("sure", _("Tick this, so that nobody asks for it by mistake."))
    written = form.text("words", erasures.WORDS_LIMIT, lines=10)
    if form.errors:
        return _own_page(actor, form)
    try:
        erasures.ask(actor, own(actor), written, now())
    except Conflict:
        return redirect(url_for("exports.show"), 303)
    return redirect(url_for("exports.show"), 303)


@blueprint.post("/my-data/forget/<uuid:erasure_id>/withdraw")
@policy("erasure.ask", fields=())
def withdraw(actor: Actor, erasure_id: UUID) -> ResponseReturnValue:
    """Take the wish back, if nobody has decided it."""
    erasures.withdraw(actor, own(actor), erasure_id, now())
    return redirect(url_for("exports.show"), 303)


def _own_page(actor: Actor, form: Form) -> ResponseReturnValue:
    patient_id = own(actor)
    zone = patients.patient(actor, patient_id, now()).zone
    wishes = erasures.erasures_of(patient_id)
    wish = _shown_wish(wishes[0]) if wishes else None
    return (
        render_template(
            "patient/data.html",
            copies=[
                _shown(one, url_for("exports.fetch", export_id=one.id), zone)
                for one in exports.exports_of(actor, patient_id, now())
            ],
            wish=wish,
            may_ask=not wishes or wishes[0].state not in erasures.ErasureState.open_ones(),
            is_locked=any(one.state is erasures.ErasureState.RESTRICTED for one in wishes),
            form=form.typed,
            errors=form.errors,
        ),
        422 if form.errors else 200,
    )


# --- the care team -----------------------------------------------------------------------------


@blueprint.get("/patients/<uuid:patient_id>/data")
@policy("export.ask")
def show_of(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Show the copies that a member of the team had made for a patient."""
    return _team_page(actor, patient_id, Form({}))


@blueprint.post("/patients/<uuid:patient_id>/data/copies")
@policy("export.ask", fields=(), throttle="copy")
def ask_for(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Have a copy made for a patient, in the patient's language."""
    form = Form(request.form)
    locale = patients.locale_of(actor, patient_id) or current()
    try:
        exports.ask(actor, patient_id, locale, now())
    except InvalidInput as error:
        form.refused(error)
        return _team_page(actor, patient_id, form)
    return redirect(url_for("exports.show_of", patient_id=patient_id), 303)


@blueprint.post("/patients/<uuid:patient_id>/data/copies/<uuid:export_id>")
@policy("export.ask", fields=(), throttle="copy_fetch")
def fetch_for(actor: Actor, patient_id: UUID, export_id: UUID) -> ResponseReturnValue:
    """Send a copy to whom it was made for, while they are in the team."""
    return _file(actor, patient_id, export_id)


@blueprint.post("/patients/<uuid:patient_id>/data/person")
@policy("patient.correct", fields=("name", "birth_year"))
def correct(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Put the patient's name and year of birth right."""
    form = Form(request.form)
    name = form.text("name", patients.NAME_LIMIT, _("Write the name."))
    year = form.raw("birth_year")
    if year and not (len(year) == 4 and year.isascii() and year.isdecimal()):
        form.wrong("birth_year", _("A year has four digits, such as 1950."))
    if not form.errors:
        try:
            patients.correct_person(
                actor, patient_id, name=name, birth_year=int(year) if year else None, now=now()
            )
        except InvalidInput as error:
            form.refused(error)
    if form.errors:
        return _team_page(actor, patient_id, form)
    return redirect(url_for("exports.show_of", patient_id=patient_id), 303)


def _team_page(actor: Actor, patient_id: UUID, form: Form) -> ResponseReturnValue:
    patient = patients.patient(actor, patient_id, now())
    typed = {"name": patient.name, "birth_year": patient.birth_year or "", **form.typed}
    return (
        render_template(
            "clinician/data.html",
            patient_id=patient_id,
            name=patient.name,
            copies=[
                _shown(
                    one,
                    url_for("exports.fetch_for", patient_id=patient_id, export_id=one.id),
                    patient.zone,
                )
                for one in exports.exports_of(actor, patient_id, now())
            ],
            form=typed,
            errors=form.errors,
        ),
        422 if form.errors else 200,
    )


def _file(actor: Actor, patient_id: UUID, export_id: UUID) -> Response:
    response = Response(
        exports.fetch(actor, patient_id, export_id, now()), mimetype="application/zip"
    )
    # The name says what it is and not of whom.
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.zip"'
    return response


def _shown(one: Export, link: str, zone: str) -> ShownCopy:
    asked = words.moment(one.created_at, zone, words.local(now(), zone).date())
    until = words.day(words.local(one.ends_at, zone).date(), "day")
    match one.state:
        case exports.ExportState.READY:
            note = _("%(size)s, until %(day)s", size=_size(one.size or 0), day=until)
        case exports.ExportState.WAITING:
            note = _("being made; look again in a few minutes")
            link = ""
        case _:
            note, link = _("could not be made; ask for a new one"), ""
    return ShownCopy(_("Asked for: %(when)s", when=asked), note, link)


def _size(count: int) -> str:
    if count >= MEGA:
        return _("%(num)s MB", num=words.number(round(count / MEGA, 1)))
    return _("%(num)s kB", num=words.number(max(1, round(count / 1000))))


def _shown_wish(one: Erasure) -> ShownWish:
    day = words.day(one.asked_at.date(), "full")
    waits = one.state in erasures.ErasureState.open_ones()
    icon, title, note = {
        erasures.ErasureState.RESTRICTED: (
            "lock",
            _("Your record is locked away"),
            _(
                "It has to be kept, so it was not deleted. Nobody in the clinic can open it, no"
                " list and no figure counts it, nothing is added. You can read it and have a copy."
            ),
        ),
        erasures.ErasureState.REFUSED: (
            "talk",
            _("Your record was not deleted"),
            _("You may ask again, and you may complain to the data protection authority."),
        ),
        erasures.ErasureState.WITHDRAWN: (
            "undo",
            _("You took your wish back"),
            _("Everything is as it was."),
        ),
    }.get(
        one.state,
        (
            "clock",
            _("You asked for deletion"),
            _("Asked on %(day)s. Your clinic decides and gives its reason here.", day=day),
        ),
    )
    return ShownWish(
        icon,
        title,
        note,
        "" if waits or one.state is erasures.ErasureState.WITHDRAWN else one.reason,
        url_for("exports.withdraw", erasure_id=one.id) if waits else "",
    )
