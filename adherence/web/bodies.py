"""What a request may carry: a size for every kind of body, no key twice, nothing but JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from typing import Any, NoReturn

from flask import request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from adherence.settings import Settings
from adherence.web.problems import MalformedRequest

JSON = "application/json"
WITH_FILES = "multipart/form-data"
FORMS = frozenset({"application/x-www-form-urlencoded", WITH_FILES})
FIELDS_WITH_FILES = 4
"""How many times more a form with files may hold: words in three languages, and every angle."""


def json_body() -> Any:
    """The JSON document of this request, read strictly.

    Raises:
        UnsupportedMediaType: the body is not declared as application/json.
        MalformedRequest: not UTF-8, not JSON, a key twice, NaN or Infinity, a number beyond a
            double, or nested beyond all reason.
    """
    if request.mimetype != JSON:
        raise UnsupportedMediaType
    try:
        return _DECODER.decode(request.get_data(cache=False).decode("utf-8"))
    except RecursionError as error:
        raise MalformedRequest("The document is nested too deeply.") from error
    except ValueError as error:
        detail = str(error) if isinstance(error, _NotJson) else "The body is not valid JSON."
        raise MalformedRequest(detail) from error


class _NotJson(ValueError):
    """JSON that other readers would read differently."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NotJson("A key occurs twice.")
    return found


def _no_constant(name: str) -> NoReturn:
    raise _NotJson("NaN and Infinity are not JSON.")


def _finite(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise _NotJson("A number is too large.")
    return found


_DECODER = json.JSONDecoder(
    object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite
)


def limit_body(settings: Settings, is_machine: bool, takes_files: bool = False) -> None:
    """Hold the body of this request to its size, before anything reads it.

    Forms have a lower limit than documents, whichever way they are encoded; only one that
    ``takes_files`` may be as long as a film.

    Raises:
        UnsupportedMediaType: a body of a kind that this edge does not read.
        RequestEntityTooLarge: it is longer, whether it says so or not.
    """
    length = request.content_length
    if not length and "Transfer-Encoding" not in request.headers:
        return
    mimetype = request.mimetype
    if is_machine:
        limit = settings.body_limit
        if mimetype != JSON:
            raise UnsupportedMediaType
    elif takes_files and mimetype == WITH_FILES:
        limit = settings.film_limit + FIELDS_WITH_FILES * settings.form_limit
    elif mimetype in FORMS:
        limit = settings.form_limit
    elif mimetype == JSON:
        limit = settings.body_limit
    else:
        raise UnsupportedMediaType
    if length is None:
        # A body without a declared length would be cut off at the limit, and the rest read as all.
        request.max_content_length = limit + 1
        length = len(request.get_data())
    else:
        request.max_content_length = limit
    if length > limit:
        raise RequestEntityTooLarge


def check_form(settings: Settings, repeats: Collection[str], takes_files: bool = False) -> None:
    """Refuse a form with too many fields, or with a field twice that is not among ``repeats``."""
    form = request.form
    most = settings.form_fields * (FIELDS_WITH_FILES if takes_files else 1)
    if sum(len(values) for values in form.listvalues()) > most:
        raise RequestEntityTooLarge
    _check_once(form, repeats)


def check_query(parameters: Collection[str] | None) -> None:
    """Refuse a query that names a parameter twice: readers differ on which one counts.

    One that is not among ``parameters`` is refused too: a typo must not widen what is asked for.
    None knows all names.
    """
    given = request.args
    _check_once(given, ())
    if parameters is not None and not given.keys() <= set(parameters):
        raise MalformedRequest("There is no such parameter.")


def _check_once(values: MultiDict[str, str], repeats: Collection[str]) -> None:
    for name, given in values.lists():
        if len(given) > 1 and name not in repeats:
            raise MalformedRequest("A field occurs twice.")
