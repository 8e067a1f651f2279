"""No route without a policy, and none open to all that nobody looked at."""

import pytest
from flask import Blueprint, Flask

from adherence import pages
from adherence.app import create_app
from adherence.domain.access import POLICY, Relation, Role, Scope, can_ever, document, may
from adherence.web.policy import UnguardedRoute, doors, policy, public
from tests.builders import closed, settings
from tests.web.calls import routes
from tests.web.town import Town

#: Open to all, and why that is right. Whoever adds a line here has thought about it.
OPEN = {
    "static": "style, script and icons: the same for everybody",
    "health.show": "a monitor has no account; it says nothing of people",
    "sign_in.show": "where everybody begins",
    "sign_in.other": "the same, also where a PIN is known",
    "sign_in.at": "the same for one clinic of several; any word looks the same",
    "sign_in.goodbye": "says that the session is over",
    "sign_in.by_password": "the first step of signing in; throttled",
    "sign_in.by_pin": "opens a known device; five tries, throttled",
    "sign_in.code": "the field for a code",
    "sign_in.by_code": "redeems a code that works once; throttled",
    "sign_in.first_start": "founds the first clinic with a code that works once; throttled",
    "sign_in.ask": "the field for the address that a link is sent to",
    "sign_in.forgotten": "the same for a new password",
    "sign_in.send": "has a link sent, the same answer for everybody; throttled",
    "sign_in.by_mail_code": "redeems the digits of a mail; five tries, throttled",
    "sign_in.passkey_options": "a question that a passkey answers; throttled",
    "sign_in.by_passkey": "takes the answer of a passkey; throttled",
    "oidc.ask": "leads on to the provider of single sign-on; throttled",
    "oidc.back": "where the provider sends the browser; only leads on",
    "oidc.arrived": "offers the press that signs in, and does nothing",
    "oidc.enter": "redeems what the provider said, once, in the browser that asked; throttled",
    "api-docs.openapi_json": "the description of the API holds no data",
    "docs.browse": "shows that description",
}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, store_url: str):
    """Start a fresh application into which ``add`` puts a route among the other pages."""
    made: list[Flask] = []

    def start(add):
        usual = pages.init_app

        def more(app: Flask) -> None:
            usual(app)
            made.append(app)
            add(app)

        monkeypatch.setattr(pages, "init_app", more)
        return create_app(settings(store_url))

    yield start
    for app in made:
        closed(app)


def test_Z2_an_application_with_an_unguarded_route_does_not_start(started):
    with pytest.raises(UnguardedRoute, match="forgotten"):
        started(lambda app: app.add_url_rule("/x", "forgotten", lambda: "open"))


def test_Z2_a_blueprints_unguarded_route_is_found_too(started):
    room = Blueprint("room", __name__)
    room.add_url_rule("/room/<uuid:patient_id>", "window", lambda patient_id: "open")

    with pytest.raises(UnguardedRoute, match=r"room\.window"):
        started(lambda app: app.register_blueprint(room))


def test_Z2_a_route_that_appears_after_the_start_is_refused(town: Town):
    # Flask itself forbids it once a request was served.
    town.app._got_first_request = False
    town.app.add_url_rule("/late", "late", lambda: "open")
    answer = town.ask("therapist", "/late")

    assert answer.status_code == 403
    assert b"open" not in answer.data


def test_Z2_a_view_cannot_name_an_action_that_is_not_in_the_table():
    with pytest.raises(ValueError, match=r"entry\.burn"):
        policy("entry.burn")(lambda actor: "")


def test_Z2_every_door_has_an_action_or_was_reviewed(town: Town):
    found = {name for name, door in doors(town.app).items() if door.action is None}

    assert found == set(OPEN)


def test_Z2_every_action_of_the_table_is_used(town: Town):
    used = {door.action for door in doors(town.app).values()}

    assert set(POLICY) - used == set()


def test_Z3_every_address_that_names_a_patient_is_about_that_patient(town: Town):
    for route, _ in routes(town.app):
        door = doors(town.app)[route.endpoint]
        if "patient_id" in route.arguments:
            assert door.about == "patient_id", route.endpoint
            assert door.rule is not None
            assert door.rule.scope is Scope.PATIENT, route.endpoint
        elif "notice_id" in route.arguments:
            assert door.about == "notice_id", route.endpoint


def test_Z6_nothing_but_get_can_be_reached_by_get(town: Town):
    """A view that changes something is never offered for a safe method."""
    for route, _ in routes(town.app):
        methods = route.methods or set()
        assert not {"GET", "POST"} <= methods, route.endpoint


def test_Z1_documentation_comes_from_the_table_the_code_reads(town: Town):
    said = town.ask("nobody", "/api/v1/openapi.json").get_json()
    cells = [line.split(" | ") for line in document().splitlines() if line.startswith("| `")]
    rows = {action.strip("| `"): who for action, _, _, who, *_ in cells}
    found = 0
    for path in said["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict) and "x-action" in operation:
                assert operation["x-may"] == rows[operation["x-action"]]
                found += 1

    assert found > 30


def test_Z1_an_unknown_action_may_be_done_by_nobody(town: Town):
    actor = town.people["admin"].actor
    assert actor is not None

    assert not any(may(actor, "entry.burn", relation) for relation in Relation)
    assert not any(can_ever(role, "entry.burn") for role in Role)


def test_Z1_no_rule_lets_anybody_at_a_patient_without_a_relation():
    for action, rule in POLICY.items():
        assert Relation.NONE not in {relation for _, relation in rule.may}, action
        if rule.scope is Scope.PATIENT:
            outside = {role for role, relation in rule.may if relation is Relation.CLINIC}
            assert outside <= {Role.ADMIN}, action


def test_a_public_view_gets_no_actor():
    @public
    def view() -> str:
        return "hello"

    assert view() == "hello"
