"""The description of API v1: OpenAPI 3.1 from the schemas, and the pages to browse it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import wraps
from threading import Lock
from typing import Any

from flask import Blueprint as Pages
from flask import Flask, render_template
from flask_smorest import Api, Blueprint
from marshmallow import RAISE, Schema, fields

from adherence import __version__
from adherence.domain import access
from adherence.domain.access import POLICY
from adherence.web.policy import public

PREFIX = "/api/v1"
#: What any call may be answered with besides its own answers.
REFUSALS = {
    "400": (
        "It cannot be read: a parameter that is unknown or there twice, a body that is not JSON or"
        " that readers would read differently."
    ),
    "401": "No valid bearer token.",
    "403": "Your account can never do this.",
    "404": "No such thing, or none you may know of: both read the same.",
    "default": "Too many requests (429), something that broke here (500), no store just now (503).",
}
WITH_BODY = {
    "413": "Larger than the limit.",
    "415": "Not application/json.",
    "422": "Some fields are not valid; `errors` names them.",
}
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

docs = Pages("docs", __name__)


class _PlainApi(Api):  # type: ignore[misc]  # flask-smorest is not typed
    """flask-smorest without its error handler, which loses Allow and WWW-Authenticate.

    Rooms are described when somebody first reads the description: that is a third of what it takes
    to make the application, and no other request and no command needs it.
    """

    def __init__(self, app: Flask) -> None:
        self._to_describe: list[Blueprint] = []
        self._describing = Lock()
        super().__init__(app)

    def register_blueprint(self, blueprint: Blueprint) -> None:
        """Route the room's requests now; describe it later."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blueprint.name] = self
        self._app.register_blueprint(blueprint)
        self._to_describe.append(blueprint)

    def _openapi_json(self) -> Any:
        with self._describing:
            while self._to_describe:
                room = self._to_describe[0]
                room.register_views_in_doc(
                    self, self._app, self.spec, name=room.name, parameters=None
                )
                self.spec.tag({"name": room.name, "description": room.description})
                del self._to_describe[0]
        return super()._openapi_json()

    def _register_error_handlers(self) -> None:
        return


def described(app: Flask) -> Api:
    """flask-smorest, set up to describe and not to answer errors."""
    app.config.update(
        API_TITLE="Adherence",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {
                "version": __version__,
                "description": (
                    "Home exercises, doses and symptoms, each tied to the patient's own goal."
                    " Instants are UTC with an offset, days are the patient's local dates,"
                    " periods are half-open."
                ),
            },
            "security": [{"bearer": []}],
            "components": {
                "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
                "schemas": {
                    "Problem": {
                        "type": "object",
                        "description": "A refusal (RFC 9457). Holds no health data.",
                        "required": ["type", "title", "status", "detail"],
                        "properties": {
                            "type": {"type": "string"},
                            "title": {"type": "string"},
                            "status": {"type": "integer"},
                            "detail": {"type": "string"},
                            "errors": {"type": "object"},
                            "receipt": {
                                "anyOf": [
                                    {"$ref": "#/components/schemas/Receipt"},
                                    {"$ref": "#/components/schemas/SupplyReceipt"},
                                ]
                            },
                            "instance": {"type": "string"},
                        },
                    }
                },
            },
        },
    )
    return _PlainApi(app)


def init_app(app: Flask) -> None:
    """Let everybody read the description, and offer the pages that show it."""
    for endpoint, view in app.view_functions.items():
        if endpoint.startswith("api-docs."):
            app.view_functions[endpoint] = public(_plain(view))
    app.register_blueprint(docs)


def _plain(view: Callable[..., Any]) -> Callable[..., Any]:
    """A bound method as a function, which can carry a mark."""

    @wraps(view)
    def shown(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return shown


@docs.get("/api/docs")
@public
def browse() -> str:
    """The API's pages: swagger-ui from our own static files."""
    return render_template("docs.html", address=f"{PREFIX}/openapi.json")


def says(
    blueprint: Blueprint,
    action: str,
    answer: type[Schema] | None = None,
    *,
    status: int = 200,
    asks: type[Schema] | None = None,
    query: dict[str, tuple[str, str]] | None = None,
    content: str = "application/json",
    also: dict[str, str] | None = None,
    again: str = "",
) -> Callable[[Any], Any]:
    """Describe a view: who may call it, what it is asked with and what it answers.

    ``again`` says when the same answer comes with 200. ``query`` names parameters: name -> (type,
    format or range, meaning); others are refused at the door. It only describes; the view reads
    them, and its body, itself, strictly (``web.bodies``).

    Raises:
        UnlistedField: the view asks for or shows a field that the policy table does not name.
    """
    _check_fields(action, asks, answer)
    responses: dict[str, Any] = {
        code: {"description": text, "content": PROBLEM} for code, text in REFUSALS.items()
    }
    if asks is not None:
        responses |= {
            code: {"description": text, "content": PROBLEM} for code, text in WITH_BODY.items()
        }
    for code, text in (also or {}).items():
        responses[code] = {"description": text, "content": PROBLEM}
    if answer is not None:
        responses[str(status)] = {
            "description": (answer.__doc__ or "The answer.").strip().splitlines()[0],
            "content": {content: {"schema": answer}},
        }
        if again:
            responses["200"] = {**responses[str(status)], "description": again}
    elif status == 204:
        responses["204"] = {"description": "Done."}
    else:
        shown = {"type": "string"}
        if content.startswith("image/png"):
            shown["format"] = "binary"
        responses[str(status)] = {
            "description": "The picture.",
            "content": {kind: {"schema": shown} for kind in content.split(", ")},
        }
    rule = POLICY[action]
    who = access.who_may(rule.may)
    said: dict[str, Any] = {"responses": responses, "x-action": action, "x-may": who}
    if asks is not None:
        said["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": asks}},
        }
    if query:
        said["parameters"] = [
            {
                "in": "query",
                "name": name,
                "description": meaning,
                "schema": _typed(kind),
                "required": kind.endswith("!"),
            }
            for name, (kind, meaning) in query.items()
        ]
        responses.setdefault("422", {"description": WITH_BODY["422"], "content": PROBLEM})
    describe: Callable[[Any], Any] = blueprint.doc(**said)

    def described(view: Any) -> Any:
        found = describe(view)
        found.parameters = frozenset(query or ())
        return found

    return described


class UnlistedField(Exception):
    """A view names a field that the policy table does not, so the application does not start."""


def _check_fields(action: str, asks: type[Schema] | None, answer: type[Schema] | None) -> None:
    """Hold a view's schemas to the policy table; a field that it does not name is refused."""
    if asks is not None:
        schema = asks()
        # A batch holds documents that another action sets.
        named = set(schema.load_fields) - {"entries"}
        if unlisted := named - access.settable(action):
            raise UnlistedField(f"{action} may not set {', '.join(sorted(unlisted))}")
        if schema.unknown != RAISE:
            raise UnlistedField(f"{asks.__name__} lets unknown fields pass")
    for schema in () if answer is None else _nested(answer()):
        name = object_of(schema)
        if name in access.VIEWS:
            continue
        found = access.OBJECTS.get(name)
        listed = frozenset() if found is None else found.shown | frozenset(found.only)
        if unlisted := set(schema.dump_fields) - listed:
            raise UnlistedField(f"{name} may not show {', '.join(sorted(unlisted))}")


def object_of(schema: Schema) -> str:
    """The object of the policy table that a schema shows: GoalSchema shows a goal."""
    name = type(schema).__name__.removesuffix("Schema").removesuffix("Shown")
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _nested(schema: Schema) -> Iterator[Schema]:
    """A schema and every schema inside it."""
    yield schema
    for field in schema.dump_fields.values():
        inner: Any = field
        while isinstance(inner, fields.List):
            inner = inner.inner
        if isinstance(inner, fields.Nested):
            yield from _nested(inner.schema)


def _typed(kind: str) -> dict[str, Any]:
    kind = kind.rstrip("!")
    if kind in {"date", "uuid"}:
        return {"type": "string", "format": kind}
    if ".." in kind:
        low, high = kind.split("..")
        return {"type": "integer", "minimum": int(low), "maximum": int(high)}
    if "|" in kind:
        return {"type": "string", "enum": kind.split("|")}
    return {"type": kind}
