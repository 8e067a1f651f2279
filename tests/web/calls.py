"""A valid call of every route, as somebody who may would make it: query, body, what it uses up.

A route that is missing here fails the matrix by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.routing import Rule as Route

from adherence.store.ids import new_id
from tests.builders import ZONE
from tests.web.town import DAY, MONDAY, Record

TODAY = MONDAY.date().isoformat()
LATER = (MONDAY + 3 * DAY).date().isoformat()
Said = Callable[[Record], dict[str, Any]]
SCHEDULE = {"kind": "every_n_days", "starts_on": TODAY, "every": 1}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Call:
    """How to call one route. ``spends`` names what of the record cannot be used twice.

    Besides names of ids: ``session`` is that of who asks, ``owner`` that of whose record it is.
    """

    json: Said | None = None
    form: Said | None = None
    query: Said | None = None
    spends: tuple[str, ...] = ()
    values: Mapping[str, Any] | None = None
    #: What an allowed call may be answered with, where that is not a plain success.
    answers: tuple[int, ...] = ()


def _no(record: Record) -> dict[str, Any]:
    return {}


def _id(value: UUID | None = None) -> str:
    return str(new_id() if value is None else value)


def _answer(record: Record) -> dict[str, Any]:
    return {"client_id": _id(), "status": "done"}


def _entry(record: Record) -> dict[str, Any]:
    return {
        "client_id": _id(),
        "activity_id": _id(record.activity_id),
        "status": "done",
        "performed_at": MONDAY.isoformat(),
    }


PICTURE = {"name": "adherence", "format": "svg"}
EXERCISE = {"slug": "heel-raise", "version": 1, "moment": "start"}
LESSON = {"slug": "pacing"}
NO_OWN = {"slug": "own-0000000000", "medium_id": new_id()}
ASKED_FORM = {
    "title": "Step-ups",
    "rhythm": "every_n_days",
    "every": "1",
    "every_n_days_window": "same_day",
    "zone_policy": "patient",
}

CALLS: dict[str, Call] = {
    # Open to all
    "static": Call(values={"filename": "css/tokens.css"}),
    "health.show": Call(answers=(503,)),
    "docs.browse": Call(),
    "api-docs.openapi_json": Call(),
    "sign_in.show": Call(),
    "sign_in.other": Call(),
    "sign_in.at": Call(values={"slug": "praxis"}),
    "sign_in.goodbye": Call(),
    "sign_in.code": Call(),
    "sign_in.by_code": Call(form=lambda record: {"token": "no such code"}, answers=(422,)),
    "sign_in.ask": Call(),
    "sign_in.forgotten": Call(),
    "sign_in.by_password": Call(
        form=lambda record: {"email": "nobody@example.org", "password": "wrong"}, answers=(422,)
    ),
    "sign_in.by_pin": Call(form=lambda record: {"pin": "482913"}, answers=(422,)),
    "sign_in.first_start": Call(form=lambda record: {"token": "no such code"}, answers=(422,)),
    "sign_in.send": Call(form=lambda record: {"email": "nobody@example.org"}),
    "sign_in.by_mail_code": Call(form=lambda record: {"code": "12345678"}, answers=(422,)),
    "sign_in.passkey_options": Call(form=_no),
    "sign_in.by_passkey": Call(form=lambda record: {"answer": "{}"}, answers=(422,)),
    # Single sign-on; there is none where no provider is set
    "oidc.ask": Call(form=_no, answers=(404,)),
    "oidc.back": Call(answers=(404,)),
    "oidc.arrived": Call(answers=(404,)),
    "oidc.enter": Call(form=_no, answers=(404,)),
    "oidc.ask_to_tie": Call(form=_no, answers=(404,)),
    "oidc.arrived_to_tie": Call(answers=(404,)),
    "oidc.tie": Call(form=_no, answers=(404,)),
    "oidc.untie": Call(form=_no, answers=(404,)),
    "oidc.tie_member": Call(form=_no, answers=(404,)),
    # One's own account
    "account.home": Call(),
    "account.show": Call(),
    "account.set_language": Call(form=lambda record: {"locale": "en"}),
    "account.sign_out": Call(form=_no, spends=("session",)),
    # The steps of signing in: whoever is in already is led on
    "steps.next_one": Call(),
    "steps.second": Call(),
    "steps.prove_second": Call(form=_no),
    "steps.second_options": Call(form=_no),
    "steps.prove_passkey": Call(form=_no),
    "steps.first_password": Call(),
    "steps.set_first_password": Call(form=_no),
    "steps.enrol": Call(),
    "steps.set_up": Call(form=_no),
    "steps.passkey_options": Call(form=_no),
    "steps.add_passkey": Call(form=_no),
    "steps.welcome": Call(),
    "steps.open_device": Call(form=_no),
    # One's own ways in
    "factors.show": Call(),
    "factors.password": Call(),
    "factors.set_password": Call(form=lambda record: {"password": "short"}, answers=(422,)),
    "factors.authenticator": Call(),
    "factors.set_authenticator": Call(form=lambda record: {"code": "000000"}, answers=(422,)),
    "factors.drop_authenticator": Call(form=_no, answers=(422,)),
    "factors.renew_recovery": Call(form=_no),
    "factors.passkey_options": Call(form=_no),
    "factors.add_passkey": Call(form=lambda record: {"answer": "{}"}),
    "factors.drop_passkey": Call(form=_no, spends=("passkey_id", "session"), answers=(404,)),
    "factors.pin": Call(answers=(404,)),
    "factors.set_pin": Call(form=lambda record: {"pin": "1", "again": "1"}, answers=(404, 422)),
    "factors.drop_device": Call(form=_no, spends=("device_id",), answers=(404,)),
    "factors.email": Call(),
    "factors.ask_email": Call(form=lambda record: {"email": "none"}, answers=(422,)),
    "factors.confirm_email": Call(form=lambda record: {"code": "12345678"}, answers=(422,)),
    "factors.prove": Call(),
    "factors.prove_first": Call(form=lambda record: {"typed": '["/pause", [["kind", "rest"]]]'}),
    "factors.proven": Call(form=lambda record: {"demo": "yes", "to": "/"}, spends=("session",)),
    "factors.prove_options": Call(form=_no),
    "sessions.show": Call(),
    "sessions.end_one": Call(form=_no, spends=("session_id",), answers=(404,)),
    "sessions.end_all": Call(form=_no, spends=("session", "session_id")),
    "sessions.stay": Call(form=_no),
    "proxies.choose": Call(),
    "proxies.act": Call(form=lambda record: {"patient_id": ""}, spends=("session",)),
    "proxies.show": Call(),
    "proxies.end": Call(form=_no, spends=("proxy_id",)),
    "care_notes.of_patient": Call(),
    "care_notes.write": Call(form=lambda record: {"client_id": _id(), "text": "for the team"}),
    "api_care_notes.listed": Call(),
    "api_care_notes.write": Call(json=lambda record: {"client_id": _id(), "text": "for the team"}),
    "audit.accesses": Call(),
    "api_patients.accesses": Call(),
    "audit.show": Call(),
    "audit.search": Call(form=lambda record: {"kind": "refusal"}),
    "api_patients.me": Call(),
    # The clinic
    "patients.index": Call(),
    "review.show": Call(),
    "programme.show": Call(),
    "api_patients.listed": Call(),
    "api_patients.add": Call(json=lambda record: {"name": "New P", "zone": ZONE}),
    "api_review.queue": Call(),
    "api_review.overview": Call(),
    # The library
    "library.index": Call(query=lambda record: {"q": "stairs", "position": "standing"}),
    "library.show": Call(values=EXERCISE),
    "library.show_version": Call(values=EXERCISE),
    "library.frame": Call(values=EXERCISE),
    "library.prescribe": Call(values=EXERCISE),
    "own_exercises.new": Call(query=lambda record: {"of": "heel-raise@1"}),
    "own_exercises.create": Call(form=lambda record: {"then": "draw", "base": "heel-raise@1"}),
    "own_exercises.draw": Call(form=lambda record: {"base": "heel-raise@1"}),
    # None of these is there; what they do with one of the clinic's own has tests of its own.
    "own_exercises.edit": Call(values=NO_OWN, answers=(404,)),
    "own_exercises.save": Call(values=NO_OWN, form=_no, answers=(404,)),
    "own_exercises.retire": Call(values=NO_OWN, form=_no, answers=(404,)),
    "own_exercises.medium": Call(values=NO_OWN, answers=(404,)),
    "lessons.index": Call(),
    "lessons.show": Call(values=LESSON),
    "lessons.answer": Call(values=LESSON, form=lambda record: {"answer": "1"}),
    "invites.staff": Call(),
    "invites.invite_staff": Call(
        form=lambda record: {
            "name": "New Colleague",
            "role": "clinician",
            "email": f"{new_id()}@example.org",
        }
    ),
    "invites.begin_anew": Call(form=_no, answers=(404,)),
    "invites.disable": Call(form=_no, spends=("account_id",), answers=(404,)),
    # A patient's own pages
    "today.show": Call(),
    "today.answer": Call(
        form=lambda record: {
            "client_id": _id(),
            "activity_id": _id(record.activity_id),
            "day": TODAY,
            "slot": "0",
            "status": "done",
        }
    ),
    "entries.log": Call(),
    "entries.store": Call(form=_answer),
    "entries.log_needed": Call(),
    "entries.store_needed": Call(form=_answer),
    "entries.not_today": Call(),
    "entries.skip": Call(form=lambda record: {"client_id": _id(), "reason": "no_time"}),
    "entries.correct": Call(),
    "entries.save": Call(
        form=lambda record: {"client_id": _id(), "status": "partly"}, spends=("client_id",)
    ),
    "entries.undo": Call(form=_no, spends=("client_id",)),
    "corrections.show": Call(),
    "corrections.save": Call(
        form=lambda record: {
            "client_id": _id(),
            "then": "withdraw",
            "because": f"{record.mark} counted",
        },
        spends=("client_id",),
    ),
    "symptoms.log": Call(),
    "symptoms.store": Call(
        form=lambda record: {"client_id": _id(), "symptom": record.symptom, "value": "3"}
    ),
    "goals.show": Call(),
    "goals.rate": Call(
        form=lambda record: {"client_id": _id(), f"rate-{record.goal_id}": "6"},
    ),
    "progress.show": Call(),
    "milestones.show": Call(),
    "answers.show": Call(),
    "pauses.show": Call(),
    "pauses.begin": Call(form=lambda record: {"kind": "rest", "first_day": LATER}),
    "pauses.end": Call(form=_no, spends=("pause_id",)),
    "consent.show": Call(),
    "consent.read": Call(values={"purpose": "research"}),
    "consent.give": Call(
        values={"purpose": "email"},
        form=lambda record: {"version": "1", "locale": "de", "signature": "Ruth Aldous"},
    ),
    "consent.withdraw": Call(values={"purpose": "email"}, form=_no),
    "consent.signing": Call(values={"purpose": "research"}),
    "consent.sign": Call(
        values={"purpose": "research"},
        form=lambda record: {"version": "1", "locale": "de", "signature": "Ruth Aldous"},
    ),
    "consent.agreed": Call(),
    # A clinician's pages
    "consent.of_patient": Call(),
    "consent.agreed_of_patient": Call(),
    "consent.record": Call(
        form=lambda record: {
            "purpose": "sms",
            "answer": "given",
            "source": "paper",
            "locale": "de",
            "decided_on": TODAY,
            "signature": f"{record.mark} P",
        }
    ),
    "review.seen": Call(form=_no, spends=("notice_id",)),
    "review.reply": Call(
        form=lambda record: {f"reply-{record.notice_id}": "Well done"}, spends=("notice_id",)
    ),
    "patients.sheet": Call(),
    "invites.show": Call(),
    "invites.invite": Call(form=_no),
    "invites.invite_by_mail": Call(form=lambda record: {"email": "none"}, answers=(422,)),
    "invites.shut_out": Call(form=_no, spends=("device_id", "session_id", "owner")),
    "invites.drop_device": Call(form=_no, spends=("device_id",)),
    "invites.add_proxy": Call(form=lambda record: {"proxy_name": "Jo", "until": "open"}),
    "invites.end_proxy": Call(form=_no, spends=("proxy_id",)),
    "goals.new": Call(),
    "goals.agree": Call(
        form=lambda record: {
            "words": "Walk",
            "measure": "rating",
            "rating_baseline": "2",
            "rating_target": "8",
        }
    ),
    "plans.new": Call(),
    "plans.assign": Call(
        form=lambda record: {
            **ASKED_FORM,
            "kind": "exercise",
            "starts_on": TODAY,
            "plan_id": _id(record.plan_id),
            "goal_id": _id(record.goal_id),
            "because": "of the stairs",
        }
    ),
    "plans.revise": Call(),
    "plans.begin": Call(
        form=lambda record: {**ASKED_FORM, "effective_on": LATER, "reason": "It got easy"},
        spends=("activity_id",),
    ),
    "charts.draw": Call(values=PICTURE),
    # Rights of the person
    "exports.show": Call(),
    "exports.ask": Call(form=_no, answers=(422,)),
    "exports.fetch": Call(form=_no),
    "exports.forget": Call(form=lambda record: {"sure": "yes"}, spends=("erasure_id",)),
    "exports.withdraw": Call(form=_no, spends=("erasure_id",)),
    "exports.show_of": Call(),
    "exports.ask_for": Call(form=_no, answers=(422,)),
    "exports.fetch_for": Call(form=_no, answers=(404,)),
    "exports.correct": Call(form=lambda record: {"name": f"{record.mark} P", "birth_year": "1950"}),
    "erasures.show": Call(),
    # It names no patient; what it does to wishes has tests of its own.
    "erasures.decide": Call(
        values={"erasure_id": new_id()},
        form=lambda record: {"outcome": "refuse", "reason": "It must be kept"},
        answers=(404,),
    ),
    # Care teams, and records opened in an emergency
    "care_teams.show": Call(),
    "care_teams.mine": Call(),
    "care_teams.of_member": Call(answers=(404,)),
    "care_teams.add": Call(
        form=lambda record: {"account_id": _id(record.account_id), "discipline": "nursing"},
        answers=(422,),
    ),
    "care_teams.substitute": Call(
        form=lambda record: {
            "substitute_id": _id(record.account_id),
            "away_id": _id(record.account_id),
            "first_day": LATER,
            "last_day": LATER,
        },
        answers=(422,),
    ),
    "care_teams.lead": Call(form=_no, spends=("lead", "account_id")),
    "care_teams.end": Call(form=_no, spends=("account_id",)),
    "break_glass.ask": Call(),
    "break_glass.begin": Call(
        form=lambda record: {
            "name": "Nobody Here",
            "birth_year": "1950",
            "reason": "Lies unconscious at the desk",
        },
        answers=(422,),
    ),
    "break_glass.end": Call(form=_no, spends=("emergency_id",)),
    "break_glass.index": Call(),
    "break_glass.see": Call(
        form=lambda record: {"words": "It was one."}, spends=("emergency_id",), answers=(404,)
    ),
    "break_glass.tell": Call(form=_no, spends=("emergency_id",)),
    # API: the library
    "api_exercises.list_exercises": Call(query=lambda record: {"q": "stairs", "language": "de"}),
    "api_exercises.show_exercise": Call(values=EXERCISE),
    "api_exercises.frame": Call(values=EXERCISE),
    "api_exercises.medium": Call(values=NO_OWN, answers=(404,)),
    "api_exercises.list_lessons": Call(),
    "api_exercises.show_lesson": Call(values=LESSON),
    # API: one patient
    "api_patients.show": Call(),
    "api_patients.join": Call(
        json=lambda record: {"account_id": _id(record.account_id), "discipline": "nursing"},
        answers=(409,),
    ),
    "api_patients.leave": Call(spends=("account_id",)),
    "api_patients.team": Call(),
    "api_patients.hand_over": Call(spends=("lead", "account_id")),
    "api_patients.stand_in": Call(
        json=lambda record: {
            "account_id": _id(record.account_id),
            "first_day": LATER,
            "last_day": LATER,
            "stands_for_id": _id(record.account_id),
        },
        answers=(422,),
    ),
    "api_patients.zone": Call(json=lambda record: {"zone": ZONE}),
    "api_plans.list_goals": Call(),
    "api_plans.set_goal": Call(
        json=lambda record: {"words": "Walk", "measure": "rating", "baseline": 2, "target": 8}
    ),
    "api_plans.close_goal": Call(
        json=lambda record: {"state": "achieved", "reason": "Reached"}, spends=("goal_id",)
    ),
    "api_plans.list_plans": Call(),
    "api_plans.open_plan": Call(json=lambda record: {"discipline": "nursing", "title": "Wound"}),
    "api_plans.list_activities": Call(),
    "api_plans.show_activity": Call(),
    "api_plans.assign": Call(
        json=lambda record: {
            "plan_id": _id(record.plan_id),
            "kind": "task",
            "schedule": SCHEDULE,
            "asked": {"title": "Ring the clinic"},
            "goals": [{"goal_id": _id(record.goal_id), "because": "it helps"}],
        }
    ),
    "api_plans.revise": Call(
        json=lambda record: {
            "schedule": SCHEDULE,
            "asked": {"title": "More of it"},
            "reason": "It got easy",
            "effective_on": LATER,
        },
        spends=("activity_id",),
    ),
    "api_plans.end": Call(json=lambda record: {"reason": "Reached"}, spends=("activity_id",)),
    "api_plans.list_occurrences": Call(query=lambda record: {"first": TODAY, "until": LATER}),
    "api_plans.list_pauses": Call(),
    "api_plans.pause": Call(json=lambda record: {"kind": "travelling", "first_day": LATER}),
    "api_plans.end_pause": Call(json=_no, spends=("pause_id",)),
    "api_plans.cancel_pause": Call(spends=("pause_id",)),
    "api_entries.listed": Call(),
    "api_entries.show": Call(),
    "api_entries.export": Call(),
    "api_entries.log": Call(json=_entry),
    "api_entries.correct": Call(
        json=lambda record: {"client_id": _id(), "withdrawn": True, "because": "Counted"},
        spends=("client_id",),
    ),
    "api_entries.push": Call(json=lambda record: {"entries": [_entry(record)]}),
    "api_entries.pull": Call(),
    "api_supplies.listed": Call(),
    "api_supplies.record": Call(
        json=lambda record: {
            "client_id": _id(),
            "date": TODAY,
            "duration": 30,
            "medication": f"{record.mark} tablet",
            "source": "dispensed",
        }
    ),
    "api_consent.listed": Call(query=lambda record: {"language": "de"}),
    "api_consent.show": Call(),
    "api_consent.decide": Call(
        json=lambda record: {
            "purpose": "push",
            "answer": "given",
            "version": 1,
            "locale": "ru",
            "signature": f"{record.mark} P",
        }
    ),
    "api_progress.day": Call(),
    "api_progress.show": Call(),
    "api_progress.chart": Call(values=PICTURE),
    "api_progress.list_milestones": Call(),
    "api_review.of_patient": Call(),
    "api_review.show": Call(),
    "api_review.reply": Call(json=lambda record: {"reply": "Well done"}, spends=("notice_id",)),
    "api_review.seen": Call(spends=("notice_id",)),
}
NAMED = (
    *("goal_id", "activity_id", "client_id", "pause_id", "notice_id", "account_id"),
    *("export_id", "erasure_id"),
    *("device_id", "passkey_id", "session_id", "proxy_id", "emergency_id", "decision_id"),
)


def routes(app: Flask) -> list[tuple[Route, str]]:
    """Every route with each of its methods, but for those the framework answers by itself."""
    return [
        (route, method)
        for route in sorted(app.url_map.iter_rules(), key=lambda one: (one.rule, one.endpoint))
        for method in METHODS
        if method in (route.methods or ())
    ]


def address(app: Flask, route: Route, method: str, ids: Mapping[str, Any]) -> str:
    """The address of a route for what ``ids`` names."""
    call = CALLS[route.endpoint]
    usual: dict[str, Any] = {"day": TODAY, "slot": 0, **(call.values or {})}
    values = {name: usual[name] if name in usual else ids[name] for name in route.arguments}
    return app.url_map.bind("localhost").build(route.endpoint, values, method)


def ids_of(record: Record) -> dict[str, UUID]:
    """What an address can name of a record."""
    return {name: getattr(record, name) for name in ("patient_id", *NAMED)}


def random_ids() -> dict[str, UUID]:
    """Names of nothing."""
    return {name: new_id() for name in ("patient_id", *NAMED)}
