"""Who may do what: roles, relations, and the one policy table that every door reads.

Deny by default: an action that is not in ``POLICY`` may be done by nobody, and a pair of role and
relation that a rule does not name is refused. Documentation is generated from the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from adherence.domain.values import light


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
    EMERGENCY = "emergency"
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


class Source(StrEnum):
    """By which edge somebody acts."""

    PAGE = "page"
    API = "api"
    SERVICE = "service"  # by no door: signing in, a job, the command line


@light
@dataclass(frozen=True, slots=True)
class Entrance:
    """By which door an actor came in: under which action, standing how, in which request.

    The relation was true when the door was passed; whoever writes asks again inside the
    transaction, at ``moment()``, so that nothing is written after it has ended.
    """

    action: str
    relation: Relation
    source: Source
    request_id: str
    moment: Callable[[], datetime]


@light
@dataclass(frozen=True, slots=True)
class Actor:
    """Who is acting. ``patient_id`` is set when the account is a patient's own.

    ``acts_for`` is the patient a proxy's browser speaks for at present; ``is_locked`` says that the
    actor's own record was locked away and takes nothing new.
    ``entrance`` is None for jobs and commands, which pass no door.
    """

    account_id: UUID
    clinic_id: UUID
    role: Role
    patient_id: UUID | None
    name: str
    locale: str | None
    acts_for: UUID | None = None
    entrance: Entrance | None = None
    is_locked: bool = False

    def through(self, entrance: Entrance) -> Actor:
        """The same actor, come in by a door."""
        return Actor(
            self.account_id,
            self.clinic_id,
            self.role,
            self.patient_id,
            self.name,
            self.locale,
            self.acts_for,
            entrance,
            self.is_locked,
        )


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
    "audit.read": _clinic("Look through the clinic's audit.", _ADMIN),
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
    "entry.put_right": _patient("Put an entry right that was recorded wrongly.", _TEAM),
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
    "access.read": _patient("See who else opened or changed the record.", _SELF),
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

# --- Care teams, and a record opened in an emergency ---------------------------------------------

_EMERGENCY = (Role.CLINICIAN, Relation.EMERGENCY)

POLICY |= {
    "team.read": _patient("See who cares for the patient.", _SELF, _TEAM, _ADMIN),
    "emergency.begin": _fresh(
        _clinic("Open one patient's record in an emergency, to read it.", _CLINICIAN)
    ),
    "emergency.end": _patient("End what was opened in an emergency.", _EMERGENCY),
    "emergency.told": _patient("Say that one has read who opened one's record.", _SELF),
    "emergency.review": _clinic("Look into records opened in an emergency.", _ADMIN),
}

POLICY |= {
    # The team's notes: a patient knows of them, the team alone reads them (``OBJECTS``)
    "care_note.read": _patient("See the team's notes, or that there are some.", _SELF, _TEAM),
    "care_note.write": _patient("Write a note for the team.", _TEAM),
}

#: What somebody who opened a record in an emergency may do with it: read it.
EMERGENCY_MAY = (
    "care_note.read",
    "patient.read",
    "goal.read",
    "plan.read",
    "activity.read",
    "occurrence.read",
    "entry.read",
    "supply.read",
    "pause.read",
    "progress.read",
    "chart.read",
    "milestone.read",
)
for _action in EMERGENCY_MAY:
    POLICY[_action] = replace(POLICY[_action], may=POLICY[_action].may | {_EMERGENCY})

POLICY |= {
    # Consent
    "consent.read": _patient("See what was agreed to, and in which words.", _SELF, _TEAM),
    "consent.decide": _patient("Agree, or take it back.", _SELF, _TEAM),
    "consent.record": _patient("Write down what a patient signed on paper, or said.", _TEAM),
    "consent.sign": _fresh(_patient("Sign what leaves the clinic.", _SELF)),
}

#: What somebody who acts for a patient may do in the patient's place.
PROXY_MAY = (
    "consent.read",
    "consent.decide",
    "consent.sign",
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
    "access.read",
    "team.read",
    "emergency.told",
)
for _action in PROXY_MAY:
    POLICY[_action] = replace(POLICY[_action], may=POLICY[_action].may | {_PROXY})


# --- Fields ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Object:
    """One kind of thing that is kept, field by field. What is not named here, nobody meets.

    ``shown`` is read by whoever may read the object at all; ``only`` by the pairs of role and
    relation that it names; ``kept`` by nobody: the service alone writes and reads it. ``sets`` says
    which fields an action may set; every other field is the service's to set.
    """

    shown: frozenset[str]
    kept: frozenset[str]
    sets: Mapping[str, frozenset[str]]
    only: Mapping[str, frozenset[tuple[Role, Relation]]]


def _object(
    shown: str,
    kept: str = "",
    sets: Mapping[str, str] | None = None,
    only: Mapping[str, tuple[tuple[Role, Relation], ...]] | None = None,
) -> Object:
    return Object(
        frozenset(shown.split()),
        frozenset(kept.split()),
        {action: frozenset(names.split()) for action, names in (sets or {}).items()},
        {name: frozenset(pairs) for name, pairs in (only or {}).items()},
    )


_SAID_OF_ENTRY = (
    "client_id activity_id goal_id symptom day slot status sets reps hold_seconds quantity value "
    "declined reason pain pain_declined effort note withdrawn performed_at zone recorded_at source "
    "because"
)

OBJECTS: dict[str, Object] = {
    "me": _object("account_id clinic_id role name locale patient_id"),
    "patient": _object(
        "id name birth_year zone day started_on team",
        "clinic_id account_id home_zone created_at seq plan_version settled_on audit_n audit_head "
        "sealed_n restricted_at",
        {
            "patient.add": "name zone birth_year discipline started_on",
            "patient.correct": "name birth_year",
            "zone.change": "zone",
        },
    ),
    "member": _object(
        "account_id name discipline lead kind from_at until_at stands_for_id",
        "patient_id clinic_id looked_at",
        {"team.change": "account_id discipline lead first_day last_day stands_for_id"},
    ),
    "goal": _object(
        "id words measure unit symptom baseline target ladder due_on importance difficulty state "
        "agreed_on closed_on closed_reason current share activity_ids",
        "patient_id clinic_id author_id created_at seq",
        {
            "goal.set": "words measure target baseline unit symptom ladder due_on importance "
            "difficulty",
            "goal.close": "state reason",
        },
    ),
    "plan": _object(
        "id discipline title started_on ended_on sustained_share",
        "patient_id clinic_id author_id created_at seq",
        {"plan.open": "discipline title started_on sustained_share"},
    ),
    "activity": _object(
        "id plan_id discipline kind goals revisions ended_on",
        "patient_id clinic_id ended_reason created_at seq",
        {
            "activity.assign": "plan_id kind schedule asked goals reason effective_on",
            "activity.end": "reason ends_on",
        },
    ),
    "revision": _object(
        "number effective_on schedule asked reason author_id created_at",
        "patient_id clinic_id activity_id seq",
        {"activity.revise": "schedule asked reason effective_on"},
    ),
    "pause": _object(
        "id kind activity_id first_day until note cancelled_at",
        "patient_id clinic_id author_id created_at until_day seq",
        {"pause.set": "kind first_day until activity_id note", "pause.cancel": "until"},
    ),
    "entry": _object(
        f"{_SAID_OF_ENTRY} seq local_day received_at corrects_id corrected_by",
        "patient_id clinic_id author_id payload_hash",
        {"entry.log": f"{_SAID_OF_ENTRY} corrects_id", "entry.correct": _SAID_OF_ENTRY},
    ),
    "supply": _object(
        "client_id seq date duration daily_dose medication source withdrawn corrects_id "
        "corrected_by received_at",
        "patient_id clinic_id author_id payload_hash",
        {
            "supply.record": "client_id date duration daily_dose medication source corrects_id "
            "withdrawn"
        },
    ),
    "milestone": _object(
        "goal_id goal_words kind level reached_on awarded_at retracted_at reply",
        "patient_id clinic_id seq",
    ),
    "notice": _object(
        "id patient_id patient_name kind state subject level day goal_words activity_title "
        "created_at reviewed_by reviewed_at reply",
        "clinic_id goal_id activity_id seq",
        {"notice.review": "reply"},
    ),
    "decision": _object(
        "id answer version locale signature source author_name decided_at recorded_at",
        "patient_id clinic_id purpose digest author_id seq",
        {"consent.decide": "purpose answer version locale signature source decided_on"},
    ),
    "care_note": _object(
        "client_id author_name written_at",
        "patient_id clinic_id author_id seq",
        {"care_note.write": "client_id text"},
        {"text": (_TEAM, _EMERGENCY)},
    ),
    "access": _object(
        "n at actor_id actor_name action kind relation source request_id",
        "chain_id clinic_id object_id result digest reason hash",
    ),
}

#: Answers that are computed or only hold others: nothing of them is kept as it stands there.
VIEWS = frozenset(
    [
        "accesses",
        "agreed",
        "consent",
        "consents",
        "consent_words",
        "activities",
        "activity_progress",
        "answer",
        "batch",
        "card",
        "care_notes",
        "change",
        "changes",
        "closed",
        "counts",
        "created",
        "day",
        "dose",
        "entries_page",
        "exercise",
        "exercises",
        "goals",
        "lesson",
        "lessons",
        "listed_exercise",
        "listed_lesson",
        "listed_patient",
        "medium",
        "milestones",
        "notices",
        "occurrence",
        "occurrences",
        "overview",
        "patients_page",
        "pauses",
        "plan_change",
        "plan_progress",
        "plans",
        "progress",
        "put_right",
        "queue",
        "queue_row",
        "receipt",
        "receipts",
        "revised",
        "source",
        "supplies_page",
        "supply_receipt",
        "symptom",
        "symptom_report",
        "team",
        "thread",
        "today",
        "zone_holds",
    ]
)


def settable(action: str) -> frozenset[str]:
    """The fields that an action may set, of whatever object; empty where it sets none."""
    found = [each.sets[action] for each in OBJECTS.values() if action in each.sets]
    return frozenset().union(*found)


def readable(name: str, role: Role, relation: Relation) -> frozenset[str]:
    """The fields of an object that this role reads in this relation, if it may read it at all."""
    found = OBJECTS[name]
    allowed = {field for field, pairs in found.only.items() if (role, relation) in pairs}
    return found.shown | allowed


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


def who_may(pairs: Iterable[tuple[Role, Relation]]) -> str:
    """Roles and how they stand, in words: ``clinician (care_team), patient (self)``."""
    return ", ".join(sorted(f"{role.value} ({relation.value})" for role, relation in pairs))


def document() -> str:
    """The whole policy as Markdown: who may do what, and which fields are set, shown and kept."""
    lines = [
        "# Who may do what",
        "",
        "Generated from `adherence/domain/access.py` by `adherence policy`; do not edit. What is "
        "not listed is refused.",
        "",
        "| action | what it is | about | who may (standing how) | besides |",
        "|---|---|---|---|---|",
    ]
    for action, rule in POLICY.items():
        about, who = rule.scope.value, who_may(rule.may)
        lines.append(f"| `{action}` | {rule.sentence} | {about} | {who} | {_besides(rule)} |")
    lines += [
        "",
        "# Fields",
        "",
        "A field that is not named can neither be read nor set; one that is kept is the service's "
        "own.",
        "",
    ]
    for name, found in OBJECTS.items():
        lines += [f"## {name}", "", f"- shown: {_listed(found.shown)}"]
        for field, pairs in found.only.items():
            lines.append(f"- shown only to {who_may(pairs)}: `{field}`")
        lines += [f"- set by `{action}`: {_listed(each)}" for action, each in found.sets.items()]
        if found.kept:
            lines.append(f"- kept: {_listed(found.kept)}")
        lines.append("")
    return "\n".join(lines)


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _besides(rule: Rule) -> str:
    """What an action asks for besides the right to do it."""
    said = ["a factor shown lately"] if rule.is_fresh else []
    if Stage.PENDING in rule.stages:
        said.append("while signing in" if rule.stages == _PENDING_ONLY else "also halfway in")
    if not rule.is_act:
        said.append("prolongs no session")
    return ", ".join(said)
