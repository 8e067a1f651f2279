"""The audit for people: who opened my record, and the clinic's lines with filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor, Relation
from adherence.domain.audit import Kind, Wanted
from adherence.domain.errors import NotFound
from adherence.domain.zones import day_start
from adherence.pages.forms import Form
from adherence.pages.own import own
from adherence.schemas.people import NAME_LIMIT
from adherence.services import audit as service
from adherence.services import invites, patients
from adherence.services.audit import Line, Lines
from adherence.web import audit_words, words
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.locale import ngettext
from adherence.web.policy import policy
from adherence.web.query import whole

blueprint = Blueprint("audit", __name__)

#: Days looked through when nothing else is asked for, and at most.
USUAL_DAYS = 7
MOST_DAYS = 3660
ONE_DAY = timedelta(days=1)
#: What can be asked for, and where a list goes on.
ASKED = ("since", "until", "kind", "actor_id", "patient", "patient_id", "after")


@dataclass(frozen=True, slots=True)
class ShownAccess:
    """What one person did on one day, in a few words."""

    name: str
    as_what: str
    times: str
    did: str
    is_emergency: bool


@dataclass(frozen=True, slots=True)
class ShownDay:
    """One local day and everybody who was there."""

    day: str
    date: str
    people: list[ShownAccess]


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line in words."""

    at: str
    datetime: str
    name: str
    role: str
    did: str
    about: str
    patient_id: str
    kind: str
    note: str
    source: str
    number: str


# --- who opened my record ----------------------------------------------------------------------


@blueprint.get("/accesses")
@policy("access.read")
def accesses(actor: Actor) -> ResponseReturnValue:
    """Show who else opened or changed the patient's record, day by day."""
    patient_id = own(actor)
    before = whole("before", 0, 1, service.LAST)
    found = service.accesses(actor, patient_id, before or None)
    return render_template(
        "patient/accesses.html",
        days=_days(found.lines, found.zone),
        older=url_for("audit.accesses", before=found.lines[-1].n) if found.has_more else "",
        newest=url_for("audit.accesses") if before else "",
    )


def _days(lines: Iterable[Line], zone: str) -> list[ShownDay]:
    def day_of(line: Line) -> date:
        return words.local(line.at, zone).date()

    shown = []
    for day, of_day in groupby(lines, key=day_of):
        people: dict[tuple[UUID, Relation | None], list[Line]] = {}
        for line in of_day:
            people.setdefault((line.actor_id, line.relation), []).append(line)
        shown.append(
            ShownDay(
                words.first_upper(words.day(day, "full")),
                day.isoformat(),
                [_access(mine, zone) for mine in people.values()],
            )
        )
    return shown


def _access(lines: list[Line], zone: str) -> ShownAccess:
    last, first = lines[0], lines[-1]
    times = words.clock(first.at, zone)
    if words.clock(last.at, zone) != times:
        times = _("%(first)s to %(last)s", first=times, last=words.clock(last.at, zone))
    did = dict.fromkeys(audit_words.action(line.action) for line in reversed(lines))
    return ShownAccess(
        name=audit_words.actor(first.actor_name),
        as_what=_as_what(first),
        times=times,
        did=words.first_upper(words.listed(did)),
        is_emergency=any(line.kind is Kind.EMERGENCY for line in lines),
    )


def _as_what(line: Line) -> str:
    if line.relation in audit_words.RELATIONS:
        return str(audit_words.RELATIONS[line.relation])
    return "" if line.actor_role is None else str(audit_words.ROLES[line.actor_role])


# --- the clinic's lines ------------------------------------------------------------------------


@blueprint.get("/audit")
@policy("audit.read")
def show(actor: Actor) -> ResponseReturnValue:
    """Show the clinic's lines of the last week."""
    return _page(actor, {})


@blueprint.post("/audit")
@policy("audit.read", fields=ASKED)
def search(actor: Actor) -> ResponseReturnValue:
    """Show the lines that are asked for. A form, so that no name is in an address."""
    return _page(actor, request.form.to_dict())


def _page(actor: Actor, typed: Mapping[str, str]) -> ResponseReturnValue:
    zone = patients.clinic_zone(actor.clinic_id)
    today = words.local(now(), zone).date()
    form = Form({"since": str(today - USUAL_DAYS * ONE_DAY), "until": str(today)} | dict(typed))
    wanted = _wanted(actor, form, zone)
    found = None if wanted is None else service.examine(actor, wanted, now())
    verified = service.last_verified()
    return render_template(
        "clinician/audit.html",
        form=form.typed,
        errors=form.errors,
        lines=[] if found is None else [_line(line, zone) for line in found.lines],
        older=_place(found.lines[-1]) if found is not None and found.has_more else "",
        kinds=[("", _("Everything")), *audit_words.KINDS.items()],
        people=[("", _("Everybody")), *((str(one.id), one.name) for one in invites.staff(actor))],
        verified=None if verified is None else words.moment(verified.at, zone, today),
        is_whole=verified is not None and verified.failing_since is None,
        count="" if found is None else _count(found, is_first=wanted is None or not wanted.after),
        is_first=wanted is None or not wanted.after,
    )


def _count(found: Lines, *, is_first: bool) -> str:
    num = len(found.lines)
    if is_first and found.has_more:
        return ngettext("The newest line", "The newest %(num)s lines", num)
    if is_first:
        return ngettext("%(num)s line", "%(num)s lines", num)
    return ngettext("%(num)s older line", "%(num)s older lines", num)


def _wanted(actor: Actor, form: Form, zone: str) -> Wanted | None:
    """What the form asks for; None where it says something that cannot be."""
    since, until = form.day("since"), form.day("until")
    if since is not None and until is not None and until < since:
        form.wrong("until", _("The last day lies before the first."))
    if since is not None and until is not None and (until - since).days > MOST_DAYS:
        form.wrong("since", _("At most ten years at once."))
    kind = form.raw("kind")
    if kind and kind not in list(Kind):
        raise NotFound
    about = form.raw("patient_id")
    name = form.text("patient", NAME_LIMIT)
    patient_ids: tuple[UUID, ...] | None = None
    if about:
        patient_ids = (form.id("patient_id"),)
    elif name:
        patient_ids = service.patients_named(actor, name)
        if not patient_ids:
            form.wrong("patient", _("Nobody here has this name. Write it as in the record."))
    if form.errors or since is None or until is None:
        return None
    return Wanted(
        since=day_start(since, zone),
        until=day_start(until + ONE_DAY, zone),
        kind=Kind(kind) if kind else None,
        actor_id=form.id("actor_id") if form.raw("actor_id") else None,
        patient_ids=patient_ids,
        after=_after(form.raw("after")),
    )


def _line(line: Line, zone: str) -> ShownLine:
    at = words.local(line.at, zone)
    did = audit_words.action(line.action)
    return ShownLine(
        at=f"{words.day(at.date(), 'short')} {at:%H:%M:%S}",
        datetime=line.at.isoformat(),
        name=audit_words.actor(line.actor_name),
        role="" if line.actor_role is None else str(audit_words.ROLES[line.actor_role]),
        did=did if line.refusal is not None else words.first_upper(did),
        about=line.patient_name or "",
        patient_id="" if line.patient_id is None else str(line.patient_id),
        kind=line.kind.value,
        note=_note(line),
        source="" if line.source is None else str(audit_words.SOURCES[line.source]),
        number=line.request_id or "",
    )


def _note(line: Line) -> str:
    if line.refusal is not None:
        return str(audit_words.REFUSALS[line.refusal])
    return str(audit_words.RELATIONS.get(line.relation, "")) if line.relation else ""


def _place(line: Line) -> str:
    """Where a list goes on, as a form carries it."""
    return f"{line.at.isoformat()} {line.chain_id} {line.n}"


def _after(text: str) -> tuple[datetime, UUID, int] | None:
    if not text:
        return None
    try:
        at, chain_id, n = text.split(" ")
        return datetime.fromisoformat(at).astimezone(UTC), UUID(chain_id), int(n[:18])
    except ValueError as error:
        raise NotFound from error
