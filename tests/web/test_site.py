"""The application leaves out of Flask what nothing here uses; these hold it to that."""

from __future__ import annotations

import gc
from inspect import iscoroutinefunction
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from adherence.web import site


def test_no_view_and_no_hook_is_a_coroutine(app: Flask):
    hooks = (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs)
    found = [
        *app.view_functions.values(),
        *(hook for each in hooks for some in each.values() for hook in some),
        *(
            hook
            for some in app.error_handler_spec.values()
            for each in some.values()
            for hook in each.values()
        ),
    ]

    assert len(found) > 100
    assert [each for each in found if iscoroutinefunction(each)] == []


def test_what_is_there_at_the_start_is_not_looked_through_again():
    before = gc.get_threshold()
    try:
        site.freeze()
        assert gc.get_freeze_count() > 1000
        assert gc.get_threshold() == (site.YOUNG, *before[1:])
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def test_a_route_is_compiled_for_addresses_when_one_is_made(monkeypatch: pytest.MonkeyPatch):
    compiled = []
    compile_one = Rule._compile_builder

    def counted(rule: Rule, append_unknown: bool = True) -> Any:
        compiled.append(rule.endpoint)
        return compile_one(rule, append_unknown)

    monkeypatch.setattr(Rule, "_compile_builder", counted)
    app = site.Site("here", static_folder=None)
    app.add_url_rule("/things/<int:number>", endpoint="thing")
    plain = Flask("there", static_folder=None)
    plain.add_url_rule("/things/<int:number>", endpoint="thing")
    assert compiled == ["thing", "thing"], "Flask's own, both ways"

    compiled.clear()
    for given in ({"number": 7}, {"number": 7, "after": "x y"}, {"number": 7}):
        addresses = set()
        for each in (app, plain):
            with each.test_request_context():
                addresses.add(each.url_for("thing", **given))
        assert len(addresses) == 1, addresses
    assert compiled == ["thing"], "once, and only the way that was asked for"


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost", 204), ("localhost:80", 204), ("localhost:99999", 400), ("evil.example", 400)],
)
def test_a_host_is_judged_as_flask_judges_it(host: str, status: int):
    for made in (site.Site("here", static_folder=None), Flask("there", static_folder=None)):
        made.config["TRUSTED_HOSTS"] = ["localhost"]
        made.add_url_rule("/thing", endpoint="thing", view_func=lambda: ("", 204))
        client = made.test_client()
        for _again in range(2):
            answer = client.get("/thing", headers={"Host": host})
            assert answer.status_code == status, made
