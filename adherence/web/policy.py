"""The one door: every view names its policy, and nobody reaches a view past the guard.

``@policy("entry.log")`` names an action of ``domain.access.POLICY``; ``@public`` says that anybody
may. ``guard_app`` refuses to finish an application with a route that says neither, or with a form
whose fields nobody named: what a form does not have is refused before its view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.routing import RequestRedirect
from werkzeug.routing import Rule as Route

from adherence.domain import access
from adherence.domain.access import (
    POLICY,
    Actor,
    Entrance,
    Relation,
    Rule,
    Scope,
    Source,
    Stage,
)
from adherence.domain.audit import Refusal
from adherence.domain.errors import NotFound, NotPermitted
from adherence.services import accounts, audit, relations
from adherence.settings import Settings
from adherence.web import bodies, csrf, request_ids, sessions, throttles
from adherence.web.clock import EXTENSION as CLOCK
from adherence.web.clock import now
from adherence.web.problems import MACHINES, SignedOut, StepNeeded, UnknownField
from adherence.web.typed import Fields, Typed, typed

View = Callable[..., Any]
EXTENSION = "adherence.doors"
SAFE = frozenset({"GET", "HEAD"})
#: Where the steps of signing in are, and where one goes when none is left.
NEXT_STEP = "/sign-in/next"
PROVE = "/account/prove"
WHOM = "/for"
HOME = "/"
PATIENT = "patient_id"
NOTICE = "notice_id"


class UnguardedRoute(Exception):
    """A route of the application names no policy, so the application does not start."""


class UnnamedFields(Exception):
    """A form of the pages does not say what its fields are, so the application does not start."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a view says of itself: its action, None for everybody; form fields that may repeat.

    ``takes_files`` lets its form be as long as a film, and have more fields than others.
    ``throttle`` names the limits on how often it may be tried. ``fields`` are those of its form,
    None where nobody named them.
    """

    action: str | None
    repeats: frozenset[str]
    fields: Fields | None = None
    takes_files: bool = False
    throttle: str | None = None


@dataclass(frozen=True, slots=True)
class Door:
    """One endpoint, as the guard needs it: everything that does not depend on the request."""

    action: str | None
    rule: Rule | None
    is_machine: bool
    about: str | None
    repeats: frozenset[str]
    takes_files: bool
    #: What a query may name; None where it may name anything.
    parameters: frozenset[str] | None
    throttle: str | None = None
    #: The fields of its form; None where it has no form, as all of the API's.
    fields: Fields | None = None


def policy(
    action: str,
    *,
    fields: Iterable[str] | None = None,
    repeats: Iterable[str] = (),
    takes_files: bool = False,
    throttle: str | None = None,
) -> Callable[[View], View]:
    """Let a view be entered by whom ``POLICY[action]`` names; it gets the actor first.

    ``fields`` names those of its form, all others are refused; ``repeats`` those that may occur
    more than once; ``takes_files`` says that the form carries a picture or a film; ``throttle``
    names the limits of ``web.throttles`` that hold.
    """
    if action not in POLICY:
        raise ValueError(f"{action} is not in the policy table")
    if throttle is not None and throttle not in throttles.LIMITS:
        raise ValueError(f"{throttle} is not among the limits")
    given = None if fields is None else Fields(fields)
    said = Mark(action, frozenset(repeats), given, takes_files, throttle)

    def mark(view: View) -> View:
        @wraps(view)
        def entered(*args: Any, **kwargs: Any) -> Any:
            return view(g.actor, *args, **kwargs)

        entered.door = said  # type: ignore[attr-defined]  # what the guard reads of a view
        return entered

    return mark


def public(view: View) -> View:
    """Let anybody enter a view; it gets no actor. The list of these is reviewed by a test."""
    view.door = Mark(None, frozenset())  # type: ignore[attr-defined]
    return view


def throttled(name: str, fields: Iterable[str] | None = None) -> Callable[[View], View]:
    """Let anybody enter a view with these form fields, as often as the limits of ``name`` allow."""
    if name not in throttles.LIMITS:
        raise ValueError(f"{name} is not among the limits")
    given = None if fields is None else Fields(fields)

    def mark(view: View) -> View:
        said = Mark(None, frozenset(), given, throttle=name)
        view.door = said  # type: ignore[attr-defined]  # as in policy
        return view

    return mark


def visitor() -> Actor | None:
    """Who is signed in, and not only halfway, on a page that everybody may see."""
    found = sessions.opened()
    return None if found is None or found.stage is not Stage.FULL else found.actor


def relation() -> Relation:
    """How whoever is let in stands to what this request is about; NONE where nobody is."""
    actor: Actor | None = g.get("actor")
    return Relation.NONE if actor is None or actor.entrance is None else actor.entrance.relation


def may_now(action: str) -> bool:
    """Whether who is let in may do another thing too, standing as they do."""
    actor: Actor | None = g.get("actor")
    return actor is not None and access.may(actor, action, relation())


def guard_app(app: Flask, settings: Settings) -> None:
    """Put the guard before every view of ``app``. The last step of joining its rooms.

    Raises:
        UnguardedRoute: naming the endpoints without a policy, or whose address does not say whom
            they are about.
        UnnamedFields: naming the endpoints of pages that take a form and do not say which fields.
    """
    found = {route.endpoint: _door(app, route) for route in app.url_map.iter_rules()}
    doors = {endpoint: door for endpoint, door in found.items() if door is not None}
    if unguarded := sorted(found.keys() - doors.keys()):
        raise UnguardedRoute(f"routes without a policy: {', '.join(unguarded)}")
    if unnamed := sorted(
        {route.endpoint for route in app.url_map.iter_rules() if _lacks(route, doors)}
    ):
        raise UnnamedFields(f"forms that do not name their fields: {', '.join(unnamed)}")
    app.extensions[EXTENSION] = doors
    app.before_request(lambda: _guard(doors, settings))
    app.after_request(lambda response: _note_refusal(doors, response))


def _lacks(route: Route, doors: dict[str, Door]) -> bool:
    """Whether a page takes a form whose fields nobody named, or not so that they can be known."""
    door = doors[route.endpoint]
    if door.is_machine or not (route.methods or set()) - SAFE - {"OPTIONS"}:
        return False
    return door.fields is None or not door.fields.named <= set(route.arguments)


def takes(form: Typed) -> bool:
    """Whether a page of ours has such a form, so that it may be offered to be sent once more."""
    try:
        endpoint, named = current_app.url_map.bind("").match(form.action, "POST")
    except (HTTPException, RequestRedirect):
        return False
    door: Door = doors(current_app)[endpoint]
    if door.fields is None or not door.fields.may_be_shown:
        return False
    return not door.fields.strangers([name for name, _value in form.fields], named)


def doors(app: Flask) -> dict[str, Door]:
    """The doors of an application, by endpoint."""
    found: dict[str, Door] = app.extensions[EXTENSION]
    return found


def _door(app: Flask, route: Route) -> Door | None:
    if route.endpoint == "static":
        mark = Mark(None, frozenset())
    else:
        found: Mark | None = getattr(app.view_functions[route.endpoint], "door", None)
        if found is None:
            return None
        mark = found
    rule = None if mark.action is None else POLICY[mark.action]
    about = None
    if rule is not None and rule.scope is Scope.PATIENT:
        about = next((name for name in (PATIENT, NOTICE) if name in route.arguments), None)
    view = app.view_functions[route.endpoint]
    parameters: frozenset[str] | None = getattr(view, "parameters", None)
    is_machine = route.rule.startswith(MACHINES)
    return Door(
        mark.action,
        rule,
        is_machine,
        about,
        mark.repeats,
        mark.takes_files,
        parameters,
        mark.throttle,
        mark.fields,
    )


def _guard(doors: dict[str, Door], settings: Settings) -> None:
    """Read the actor once, resolve the relation in one statement, and refuse or let pass.

    Raises:
        SignedOut: nobody is signed in.
        StepNeeded: somebody is, but a step comes first.
        TooMany: it was tried, or anything was asked, too often.
        NotPermitted: this role can never do it, or the form is not ours.
        NotFound: this actor may not do it with this patient, or there is no such patient.
        UnknownField: the form has a field that its view does not take.
    """
    route = request.url_rule
    if route is None:
        # The router has its own refusal ready: no such address, no such method, or not our host.
        if not isinstance(request.routing_exception, SecurityError):
            throttles.pace(None)
        return
    door = doors.get(route.endpoint)
    if door is None:
        raise NotPermitted
    is_safe = request.method in SAFE
    if request.query_string:
        bodies.check_query(door.parameters)
    if not is_safe:
        bodies.limit_body(settings, door.is_machine, door.takes_files)
    rule = door.rule
    if rule is None:
        g.actor = None
        g.is_open_page = True
        if route.endpoint != "static":
            throttles.pace(None)
        _check_form(settings, door, is_safe)
        throttles.check(door.throttle)
        return
    session = None if door.is_machine else sessions.opened()
    actor = session.actor if session is not None else None
    if door.is_machine:
        actor = _bearer()
    if actor is None:
        throttles.pace(None)
        raise SignedOut
    if session is not None and session.stage not in rule.stages:
        _check_form(settings, door, is_safe)
        _enter(door, actor, Relation.NONE)
        g.refusal = Refusal.STEP
        raise StepNeeded(NEXT_STEP if session.stage is Stage.PENDING else HOME)
    throttles.pace(actor.account_id)
    if actor.role not in rule.roles:
        _enter(door, actor, Relation.NONE)
        g.refusal = Refusal.ROLE
        raise NotPermitted
    relation = _relation(door, rule, actor)
    actor = _enter(door, actor, relation)
    if (actor.role, relation) not in rule.may:
        g.refusal = Refusal.RELATION
        if actor.acts_for is not None and relation is Relation.NONE and door.about is None:
            raise StepNeeded(WHOM)  # whom this browser acted for, it may no longer act for
        # Where the address names nobody, there is nobody to hide.
        raise NotPermitted if door.about is None else NotFound
    if session is not None:
        g.refusal = Refusal.FORM
        _check_form(settings, door, is_safe)
    if rule.is_fresh and (session is None or not session.is_fresh(now())):
        g.refusal = Refusal.STEP
        raise StepNeeded(_prove(), None if is_safe else _typed(door))
    if is_safe:
        _note_read(door, rule, actor)
    if session is not None and rule.is_act:
        sessions.note_act()
    g.refusal = Refusal.OFTEN
    throttles.check(door.throttle)
    # What a view refuses, it refuses because something named is not there for this actor.
    g.refusal = Refusal.UNKNOWN


def _enter(door: Door, actor: Actor, relation: Relation) -> Actor:
    """The actor as the views and the audit see them: by which door, standing how."""
    entered = actor.through(
        Entrance(
            str(door.action),
            relation,
            Source.API if door.is_machine else Source.PAGE,
            request_ids.current(),
            current_app.extensions[CLOCK],
        )
    )
    g.actor = entered
    return entered


#: The answers that refuse something to somebody who is known.
_REFUSALS = frozenset({303, 401, 403, 404, 429})


def note_refused_part() -> None:
    """Have it written down that part of a request was refused though its answer is a success."""
    g.is_partly_refused = True


def _note_refusal(doors: dict[str, Door], response: Response) -> Response:
    """One line of audit for every refusal of somebody who is signed in.

    A redirect is one where a step was missing. Whoever asks faster than anybody may gets no line:
    writing them all down would be the harm.
    """
    route, actor, refusal = request.url_rule, g.get("actor"), g.get("refusal")
    is_refused = response.status_code in _REFUSALS or "is_partly_refused" in g
    if not is_refused or None in (route, actor, refusal):
        return response
    if response.status_code == 303 and refusal not in (Refusal.STEP, Refusal.RELATION):
        return response
    door = doors[route.endpoint]  # type: ignore[union-attr]  # there is a route
    audit.note_refusal(actor, str(door.action), _named(door, actor), refusal, now())
    return response


def _named(door: Door, actor: Actor) -> UUID:
    """What a request is about: whom or what its address names, else the account that asks."""
    named = request.view_args or {}
    found = named.get(door.about) if door.about else None
    if found is None:
        found = next((one for one in named.values() if isinstance(one, UUID)), actor.account_id)
    about: UUID = found
    return about


def _check_form(settings: Settings, door: Door, is_safe: bool) -> None:
    """Refuse an unsafe request of a page that is not one of our own forms.

    Its fields come last: what was typed is shown again only to whom one of our pages let type it.
    """
    if is_safe:
        return
    bodies.check_form(settings, door.repeats, door.takes_files)
    csrf.check()
    if door.fields is None:
        return
    given = [*request.form, *request.files]
    if door.fields.strangers(given, request.view_args or {}):
        raise UnknownField(_typed(door))


def _typed(door: Door) -> Typed | None:
    """What was typed into this request's form; a file cannot be shown again."""
    if door.fields is None or request.files:
        return None
    return typed(request.path, request.form, door.fields, request.view_args or {})


def _prove() -> str:
    """The page that asks for a factor again and then leads back here."""
    back = request.path if request.method == "GET" else HOME
    return f"{PROVE}?{urlencode({'to': back})}"


def _note_read(door: Door, rule: Rule, actor: Actor) -> None:
    """One line of audit for every look of somebody else at a patient.

    Opening the patient itself is noted by its own use case, which also remembers when one looked.
    """
    if door.about == PATIENT:
        patient_id = (request.view_args or {})[PATIENT]
    elif door.about is None and rule.scope is Scope.PATIENT:
        patient_id = actor.acts_for
    else:
        return
    if patient_id in (None, actor.patient_id) or door.action in (None, "patient.read"):
        return
    audit.note_read(actor, patient_id, str(door.action), now())


def _bearer() -> Actor | None:
    """Who the bearer token speaks for. Cookies are not looked at."""
    header = request.headers.get("Authorization", "")
    if header[:7].lower() != "bearer ":
        return None
    return accounts.actor_of_token(header[7:].strip(), now())


def _relation(door: Door, rule: Rule, actor: Actor) -> Relation:
    if rule.scope is Scope.ACCOUNT:
        return Relation.SELF
    if rule.scope is Scope.CLINIC:
        return Relation.CLINIC
    named = request.view_args or {}
    if door.about == PATIENT:
        return relations.relation_to_patient(actor, named[PATIENT], now())
    if door.about == NOTICE:
        return relations.relation_to_notice(actor, named[NOTICE], now())
    if actor.acts_for is not None:
        return relations.relation_to_patient(actor, actor.acts_for, now())
    return Relation.NONE if actor.patient_id is None else Relation.SELF
