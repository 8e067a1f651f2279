"""Who asked to be forgotten: the administrators' list, and deciding with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor
from adherence.domain.errors import InvalidInput
from adherence.pages.forms import Form
from adherence.services import erasures as service
from adherence.services.erasures import ErasureState, Outcome, Wish
from adherence.web import words
from adherence.web.clock import now
from adherence.web.kept import kept
from adherence.web.locale import gettext as _
from adherence.web.locale import later as _later
from adherence.web.policy import policy

blueprint = Blueprint("erasures", __name__)

OUTCOMES = {
    Outcome.ERASE: _later("Delete everything"),
    Outcome.RESTRICT: _later("Lock the record away"),
    Outcome.REFUSE: _later("Leave it as it is"),
}
SHORT = {
    Outcome.ERASE: _later("delete everything"),
    Outcome.RESTRICT: _later("lock the record away"),
    Outcome.REFUSE: _later("leave it as it is"),
}


@dataclass(frozen=True, slots=True)
class ShownWish:
    """One wish: what was said, what holds the record, what is proposed, and what may be chosen."""

    id: str
    name: str
    asked: str
    words: str
    facts: list[str]
    proposal: str
    reason: str
    waits_for_other: bool
    is_locked: bool
    outcomes: list[tuple[str, str]]
    chosen: str
    action: str


@blueprint.get("/forgetting")
@policy("erasure.decide")
def show(actor: Actor) -> ResponseReturnValue:
    """List the wishes of the clinic's patients."""
    return _page(actor, None, Form({}))


@blueprint.post("/forgetting/<uuid:erasure_id>")
@policy("erasure.decide", fields=("outcome", "reason"))
def decide(actor: Actor, erasure_id: UUID) -> ResponseReturnValue:
    """Decide a wish, propose an outcome, or agree to a colleague's."""
    form = Form(request.form)
    outcome = form.choice("outcome", list(Outcome), _("Choose what is to be done."))
    reason = form.text(
        "reason", service.WORDS_LIMIT, _("The patient reads this reason. Write one."), lines=10
    )
    if not form.errors:
        try:
            service.decide(actor, erasure_id, Outcome(outcome), reason, now())
            kept().forget()  # drawings of somebody erased or locked away, too
        except InvalidInput as error:
            form.refused(error)
    if form.errors:
        return _page(actor, erasure_id, form)
    return redirect(url_for("erasures.show"), 303)


def _page(actor: Actor, erasure_id: UUID | None, form: Form) -> ResponseReturnValue:
    return (
        render_template(
            "clinician/forgetting.html",
            wishes=[_shown(one) for one in service.wishes(actor, now())],
            wrong_at="" if erasure_id is None else str(erasure_id),
            form=form.typed,
            errors=form.errors,
        ),
        422 if form.errors else 200,
    )


def _shown(one: Wish) -> ShownWish:
    is_locked = one.state is ErasureState.RESTRICTED
    allowed = [
        outcome
        for outcome in Outcome
        if not (outcome is Outcome.ERASE and one.kept_until is not None)
        and not (outcome is Outcome.RESTRICT and is_locked)
        and not (outcome is Outcome.REFUSE and is_locked)
    ]
    facts = []
    if one.kept_until is not None:
        day = words.day(one.kept_until.date(), "full")
        facts.append(_("It must be kept until %(day)s, so it cannot be deleted before.", day=day))
    if one.needs_two:
        facts.append(_("Staff wrote into this record: two administrators have to agree."))
    else:
        facts.append(_("Nobody of the staff wrote into this record: one administrator is enough."))
    proposed = one.state is ErasureState.PROPOSED and one.outcome is not None
    return ShownWish(
        id=str(one.id),
        name=one.patient_name,
        asked=_("Asked on %(day)s", day=words.day(one.asked_at.date(), "full")),
        words=one.words,
        facts=facts,
        proposal=_("Proposed: %(what)s", what=SHORT[one.outcome])
        if proposed and one.outcome
        else "",
        reason=one.reason,
        waits_for_other=proposed and one.is_mine,
        is_locked=is_locked,
        outcomes=[("", ""), *((outcome.value, str(OUTCOMES[outcome])) for outcome in allowed)]
        if allowed
        else [],
        chosen=one.outcome.value if proposed and one.outcome else "",
        action=url_for("erasures.decide", erasure_id=one.id),
    )
