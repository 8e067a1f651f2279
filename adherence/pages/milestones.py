"""Milestones: what was reached on the patient's own goals, and what the team wrote about it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor
from adherence.pages.own import own
from adherence.services import goals, patients
from adherence.services import milestones as service
from adherence.services.care_teams import TeamMember
from adherence.services.goals import GoalView
from adherence.services.milestones import EarnedMilestone
from adherence.web import words
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.policy import policy

blueprint = Blueprint("milestones", __name__)


@dataclass(frozen=True, slots=True)
class ShownReply:
    """What a clinician wrote about a milestone."""

    words: str
    initials: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class ShownMilestone:
    """One milestone in words."""

    words: str
    story: str
    goal: str
    reply: ShownReply | None
    day: str
    date: str


@dataclass(frozen=True, slots=True)
class ShownMilestones:
    """The newest milestone on the cloth, the earlier ones below."""

    newest: ShownMilestone | None
    earlier: list[ShownMilestone]


@blueprint.get("/milestones")
@policy("milestone.read")
def show(actor: Actor) -> ResponseReturnValue:
    """Show the patient's milestones that still stand."""
    patient_id = own(actor)
    views = {view.id: view for view in goals.goals(actor, patient_id, now())}
    team = {member.account_id: member for member in patients.care_team(actor, patient_id, now())}
    found = [
        _shown(one, views.get(one.goal_id), team)
        for one in service.milestones(actor, patient_id, now())
        if one.retracted_at is None
    ]
    page = ShownMilestones(newest=found[0] if found else None, earlier=found[1:])
    return render_template("patient/milestones.html", milestones=page)


def _shown(
    one: EarnedMilestone, view: GoalView | None, team: dict[UUID, TeamMember]
) -> ShownMilestone:
    goal = None if view is None else view.goal
    story = ""
    if view is not None and goal is not None and goal.baseline is not None:
        story = _(
            "You began at %(value)s, on %(day)s.",
            value=words.goal_value(goal, goal.baseline),
            day=words.day(view.agreed.agreed_on, "day"),
        )
    return ShownMilestone(
        words=words.milestone(one.kind, one.level, goal),
        story=story,
        goal=one.goal_words,
        reply=None if not one.reply else _reply(one, team),
        day=words.day(one.reached_on, "full"),
        date=one.reached_on.isoformat(),
    )


def _reply(one: EarnedMilestone, team: dict[UUID, TeamMember]) -> ShownReply:
    member = team.get(one.replied_by) if one.replied_by else None
    name = member.name if member else _("Your team")
    return ShownReply(
        words=one.reply or "",
        initials="".join(part[0] for part in name.split()[:2]).upper(),
        name=name,
        role=str(words.DISCIPLINES[member.discipline]) if member else "",
    )
