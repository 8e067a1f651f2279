"""Answers: what the care team wrote back, newest first."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template

from adherence.domain.access import Actor
from adherence.pages.own import own
from adherence.pages.review import about
from adherence.services import patients, review
from adherence.services import today as days
from adherence.web import words
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.policy import policy

blueprint = Blueprint("answers", __name__)


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """One reply, what it answers, and who wrote it when."""

    words: str
    about: str
    name: str
    initials: str
    when: str
    at: str


@blueprint.get("/answers")
@policy("notice.read")
def show(actor: Actor) -> str:
    """Show the replies to the patient's notices."""
    patient_id = own(actor)
    view = days.today(actor, patient_id, now())
    names = {
        member.account_id: member.name for member in patients.care_team(actor, patient_id, now())
    }
    found = [
        ShownAnswer(
            words=notice.reply,
            about=about(notice),
            name=name,
            initials="".join(part[0] for part in name.split()[:2]).upper(),
            when=words.moment(notice.reviewed_at, view.zone, view.day),
            at=notice.reviewed_at.isoformat(),
        )
        for notice in review.notices(actor, patient_id, now())
        if notice.reply and notice.reviewed_at is not None
        for name in [(notice.reviewed_by and names.get(notice.reviewed_by)) or _("Your team")]
    ]
    found.sort(key=lambda one: one.at, reverse=True)
    return render_template("patient/answers.html", answers=found)
