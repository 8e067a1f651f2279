"""Who may do what: roles, relations, and the one policy table that every door reads.

Deny by default: an action that is not in ``POLICY`` may be done by nobody, and a pair of role and
relation that a rule does not name is refused. Documentation is generated from the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What an account is for; an account has exactly one.

    ``PATIENT`` is anybody at home: a patient, or who acts for one as a proxy.
    """

    PATIENT = "patient"
    CLINICIAN = "clinician"
    PROGRAMME_MANAGER = "programme_manager"
    ADMIN = "admin"


class Relation(StrEnum):
    """How an actor stands to what an action is about; the closest one that holds."""

    SELF = "self"
    PROXY = "proxy"
    CARE_TEAM = "care_team"
    CLINIC = "clinic"
    NONE = "none"


class Scope(StrEnum):
    """What an action is about, and so what its relation is measured against."""

    ACCOUNT = "account"  # the actor's own account: always SELF
    CLINIC = "clinic"  # the actor's own clinic: always CLINIC
    PATIENT = "patient"  # one patient: resolved from the record


class Stage(StrEnum):
    """How far somebody has signed in."""

    PENDING = "pending"  # one step is done; opens the next step and nothing else
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is acting. ``patient_id`` is set when the account is a patient's own.

    ``acts_for`` is the patient a proxy's browser speaks for at present; ``is_locked`` says that the
    actor's own record was locked away and takes nothing new.
    """

    account_id: UUID
    clinic_id: UUID
    role: Role
    patient_id: UUID | None
    name: str
    locale: str | None
    acts_for: UUID | None = None
    is_locked: bool = False


FULL_ONLY = frozenset({Stage.FULL})


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do one action.

    ``is_act`` is False where a machine may ask without a person (sync, pictures, polls): such
    requests never count as activity, so they prolong no session. ``is_fresh`` asks for a factor
    again when the last one was shown longer ago than the settings say. ``stages`` says how far one
    must have signed in.
    """

    scope: Scope
    may: frozenset[tuple[Role, Relation]]
    sentence: str
    is_act: bool = True
    is_fresh: bool = False
    stages: frozenset[Stage] = FULL_ONLY

    @property
    def roles(self) -> frozenset[Role]:
        """Roles that may do it under some relation; all others never can."""
        return frozenset(role for role, _ in self.may)


EVERYONE = tuple(Role)
STAFF = frozenset({Role.CLINICIAN, Role.PROGRAMME_MANAGER, Role.ADMIN})

_SELF = (Role.PATIENT, Relation.SELF)
_TEAM = (Role.CLINICIAN, Relation.CARE_TEAM)
_CLINICIAN = (Role.CLINICIAN, Relation.CLINIC)
_OF_CLINIC = (Role.PATIENT, Relation.CLINIC)
_ADMIN = (Role.ADMIN, Relation.CLINIC)
_MANAGER = (Role.PROGRAMME_MANAGER, Relation.CLINIC)


def _own(sentence: str, *roles: Role, is_act: bool = True) -> Rule:
    pairs = frozenset((role, Relation.SELF) for role in roles or EVERYONE)
    return Rule(Scope.ACCOUNT, pairs, sentence, is_act)


def _clinic(sentence: str, *pairs: tuple[Role, Relation], is_act: bool = True) -> Rule:
    return Rule(Scope.CLINIC, frozenset(pairs), sentence, is_act)


def _patient(sentence: str, *pairs: tuple[Role, Relation], is_act: bool = True) -> Rule:
    return Rule(Scope.PATIENT, frozenset(pairs), sentence, is_act)


POLICY: dict[str, Rule] = {
    # One's own account
    "account.read": _own("See one's own account and land on one's own first page."),
    "account.update": _own("Choose one's own language."),
    # The clinic
    "patient.list": _clinic("List the patients one cares for.", _CLINICIAN),
    "patient.add": _clinic("Add a patient to the clinic.", _CLINICIAN, _ADMIN),
    "review.read": _clinic("See the review queue of the patients one cares for.", _CLINICIAN),
    "programme.read": _clinic("See the programme's aggregates.", _MANAGER),
    "clinic.administer": _clinic("Look after the clinic's accounts.", _ADMIN),
    # The library of exercises
    "exercise.read": _clinic("Find and read exercises.", _OF_CLINIC, _CLINICIAN),
    "exercise.look": _clinic("See pictures of an exercise.", _OF_CLINIC, _CLINICIAN, is_act=False),
    "exercise.write": _clinic("Make and change the clinic's own exercises.", _CLINICIAN),
    "education.read": _clinic(
        "Read a lesson and answer its question; nothing is kept.", _OF_CLINIC, _CLINICIAN
    ),
    # One patient
    "patient.read": _patient("Open the patient's sheet.", _SELF, _TEAM),
    "team.change": _patient("Join somebody to the care team, or end that.", _TEAM, _ADMIN),
    "zone.change": _patient("Say which time zone the patient lives by.", _SELF, _TEAM),
    "today.read": _patient("See the day's cards as the patient sees them.", _SELF),
    "goal.read": _patient("See goals and how far they are.", _SELF, _TEAM),
    "goal.set": _patient("Agree a goal.", _TEAM),
    "goal.close": _patient("Close a goal.", _TEAM),
    "plan.read": _patient("See plans.", _SELF, _TEAM),
    "plan.open": _patient("Open a plan.", _TEAM),
    "activity.read": _patient("See what is asked, and every revision of it.", _SELF, _TEAM),
    "activity.assign": _patient("Ask for an activity.", _TEAM),
    "activity.revise": _patient("Revise an activity from a day on.", _TEAM),
    "activity.end": _patient("End an activity from a day on.", _TEAM),
    "occurrence.read": _patient("See what is due when, and what became of it.", _SELF, _TEAM),
    "entry.read": _patient("Read entries.", _SELF, _TEAM),
    "entry.log": _patient("Log an entry.", _SELF, _TEAM),
    "entry.correct": _patient("Correct or withdraw an entry.", _SELF, _TEAM),
    "sync.push": _patient("Send a device's queued entries.", _SELF, is_act=False),
    "sync.pull": _patient("Pull changes in the order they were stored.", _SELF, is_act=False),
    "supply.read": _patient("See what was dispensed or counted.", _SELF, _TEAM),
    "supply.record": _patient("Record a supply, or correct one.", _TEAM),
    "pause.read": _patient("See pauses.", _SELF, _TEAM),
    "pause.set": _patient("Pause activities.", _SELF, _TEAM),
    "pause.cancel": _patient("Cancel or end a pause.", _SELF, _TEAM),
    "progress.read": _patient("See adherence and progress figures.", _SELF, _TEAM),
    "chart.read": _patient("See charts.", _SELF, _TEAM, is_act=False),
    "milestone.read": _patient("See milestones.", _SELF, _TEAM),
    "notice.read": _patient("Read a notice and its reply.", _SELF, _TEAM, is_act=False),
    "notice.review": _patient("Reply to a notice, or mark it seen.", _TEAM),
}

# --- Signing in, and acting for somebody -------------------------------------------------------

_PROXY = (Role.PATIENT, Relation.PROXY)
_ANY_STAGE = frozenset(Stage)
_PENDING_ONLY = frozenset({Stage.PENDING})


def _step(sentence: str, *roles: Role, stages: frozenset[Stage] = _PENDING_ONLY) -> Rule:
    return replace(_own(sentence, *roles), stages=stages)


def _fresh(rule: Rule) -> Rule:
    return replace(rule, is_fresh=True)


POLICY |= {
    # The steps between the first factor and the first page
    "sign_in.finish": _step("Show the second factor."),
    "sign_in.welcome": _step("Choose a PIN after a first visit by code.", Role.PATIENT),
    "sign_in.begin_password": _step("Choose the first password.", *sorted(STAFF)),
    "sign_in.enrol": _step("Set up the second factor that staff need.", *sorted(STAFF)),
    "session.end": _step("Sign out.", stages=_ANY_STAGE),
    # One's own ways in
    "session.prove": _own("Show a factor again."),
    "session.stay": _own("Say that somebody is still typing."),
    "session.list": _fresh(_own("See where one is signed in, and end it.")),
    "factor.read": _own("See one's own ways in."),
    "factor.change": _fresh(_own("Change one's own ways in.")),
    "email.confirm": _own("Confirm one's new address with the mailed code."),
    # Other people's ways in
    "patient.invite": _patient("Let a patient or a proxy in, or shut devices out.", _TEAM),
    "account.invite": _fresh(_clinic("Invite staff, or let them begin anew.", _ADMIN)),
    # Proxies
    "proxy.act": _own("Act for somebody, or stop.", Role.PATIENT),
    "proxy.end": _patient("End that somebody acts for one.", _SELF, _PROXY),
}

# --- Rights of the person ----------------------------------------------------------------------

POLICY |= {
    "export.ask": _fresh(
        _patient("Have a copy made of everything about a patient, and fetch it.", _SELF, _TEAM)
    ),
    "patient.correct": _patient("Put a patient's name and year of birth right.", _TEAM),
    "erasure.ask": _fresh(_patient("Ask to be forgotten, or take that back.", _SELF)),
    "erasure.decide": _fresh(_clinic("Decide who is forgotten or locked away.", _ADMIN)),
}

#: What somebody who acts for a patient may do in the patient's place.
PROXY_MAY = (
    "patient.read",
    "today.read",
    "goal.read",
    "plan.read",
    "activity.read",
    "occurrence.read",
    "entry.read",
    "entry.log",
    "entry.correct",
    "sync.push",
    "sync.pull",
    "pause.read",
    "pause.set",
    "pause.cancel",
    "progress.read",
    "chart.read",
    "milestone.read",
    "notice.read",
)
for _action in PROXY_MAY:
    POLICY[_action] = replace(POLICY[_action], may=POLICY[_action].may | {_PROXY})


def may(actor: Actor, action: str, relation: Relation) -> bool:
    """Whether ``actor`` may do ``action`` standing in ``relation`` to what it is about.

    False for an unknown action, and for any pair of role and relation the rule does not name.
    """
    rule = POLICY.get(action)
    return rule is not None and (actor.role, relation) in rule.may


def can_ever(role: Role, action: str) -> bool:
    """Whether ``role`` may do ``action`` under any relation; if not, the refusal hides nothing."""
    rule = POLICY.get(action)
    return rule is not None and role in rule.roles


def table() -> Iterator[tuple[str, str, Scope, list[str]]]:
    """The policy as rows for documentation: action, sentence, scope, "role (relation)" texts."""
    for action, rule in POLICY.items():
        who = sorted(f"{role.value} ({relation.value})" for role, relation in rule.may)
        yield action, rule.sentence, rule.scope, who
