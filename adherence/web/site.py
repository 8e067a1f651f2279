"""The Flask application, without what no room here uses on the way of every request."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Flask, Request, Response
from flask.json.provider import DefaultJSONProvider
from werkzeug.routing import MapAdapter, Rule
from werkzeug.sansio.utils import get_host

from adherence.web.headers import with_always

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Documents(DefaultJSONProvider):
    """Flask's JSON, with an encoder that is made once and not for every document."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self._encode = json.JSONEncoder(
            ensure_ascii=self.ensure_ascii,
            sort_keys=self.sort_keys,
            separators=(",", ":"),
            default=self.default,
        ).encode

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """The document as an answer, without spaces and with its keys sorted."""
        text = self._encode(self._prepare_response_obj(args, kwargs))
        return Response(f"{text}\n", mimetype=self.mimetype)


class Route(Rule):
    """A route that is compiled for making addresses when one is first made.

    All routes together cost most of the time in which an application is made, twice each.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = super()._compile_builder
        made: list[Callable[..., tuple[str, str]]] = []

        def build(route: Rule, **values: Any) -> tuple[str, str]:
            if not made:
                made.append(compiled(append_unknown))
            return made[0](route, **values)

        return build


class Site(Flask):
    """A Flask on one domain, whose views and hooks are plain functions, none of them ``async``."""

    json_provider_class = Documents
    url_rule_class = Route

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """``func`` itself: Flask would look nine times a request whether it is a coroutine."""
        return func

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, with the headers that every answer carries."""
        return super().wsgi_app(environ, with_always(start_response))

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """What finds the view of a request, once its host is one that the settings name.

        Flask's own reads the host three times and spells out every trusted one each time.

        Raises:
            SecurityError: it is not.
        """
        if request is None:
            return super().create_url_adapter(None)
        trusted = self.config["TRUSTED_HOSTS"]
        request.trusted_hosts = trusted
        header = request.environ.get("HTTP_HOST")
        known = None if trusted is None else tuple(trusted)
        request.host = host = _host(request.scheme, header, request.server, known)
        query = request.query_string.decode(errors="replace")
        return MapAdapter(
            self.url_map,
            host.lower(),
            request.root_path or "/",
            "",
            request.scheme,
            request.path,
            request.method,
            query,
        )


@lru_cache(maxsize=64)
def _host(
    scheme: str,
    header: str | None,
    server: tuple[str, int | None] | None,
    trusted: tuple[str, ...] | None,
) -> str:
    return get_host(scheme, header, server, trusted)


#: How many objects may be made and not yet given up before Python looks for rings among them. A
#: batch of entries makes a few thousand, all of which go with it.
YOUNG = 10_000


def freeze() -> None:
    """Say that what this process holds now stays for good: it is served from now on.

    Python looks through all it holds for rings of objects from time to time, which takes a tenth of
    a second for what was imported alone; and through the young ones several times in a batch.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
