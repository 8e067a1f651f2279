"""What headers of a proxy may say, and which host names are served."""

import pytest
from flask import Flask, request

from adherence.settings import Settings
from adherence.web import proxies
from tests.web.test_sessions import cookie_of, link
from tests.web.town import Town

FORGED = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Port": "666",
    "Forwarded": "for=6.6.6.6;host=evil.example;proto=https",
    "X-Original-URL": "/review",
    "X-Rewrite-URL": "/review",
}


def bare(hops: int) -> Flask:
    """An application that tells what it takes a request for."""
    app = Flask("bare")
    given = Settings(database_url="sqlite://", proxy_hops=hops, trusted_hosts=("clinic.example",))
    proxies.init_app(app, given)

    @app.get("/")
    def tell() -> dict[str, object]:
        return {"address": request.remote_addr, "scheme": request.scheme, "host": request.host}

    return app


def test_P2_a_direct_client_says_nothing_about_itself(town: Town):
    plain = town.ask("nobody", "/today")
    forged = town.ask("nobody", "/today", headers=FORGED)

    assert (forged.status_code, forged.headers["Location"]) == (303, "/sign-in")
    assert plain.headers["Location"] == forged.headers["Location"]
    assert town.ask("own", "/today", headers=FORGED).status_code == 200
    assert "evil" not in town.ask("own", "/account", headers=FORGED).get_data(as_text=True)


def test_P2_without_proxies_forwarded_headers_change_nothing():
    answer = bare(0).test_client().get("/", headers=FORGED, base_url="http://clinic.example")

    assert answer.get_json() == {
        "address": "127.0.0.1",
        "scheme": "http",
        "host": "clinic.example",
    }


@pytest.mark.parametrize(
    ("hops", "chain", "seen"),
    [
        (1, "6.6.6.6, 10.0.0.1", "10.0.0.1"),
        (2, "6.6.6.6, 7.7.7.7, 10.0.0.1", "7.7.7.7"),
        (2, "10.0.0.1", "127.0.0.1"),
        (1, "6.6.6.6", "6.6.6.6"),
    ],
)
def test_P2_with_n_proxies_exactly_the_nth_value_counts(hops: int, chain: str, seen: str):
    answer = (
        bare(hops)
        .test_client()
        .get("/", headers={"X-Forwarded-For": chain}, base_url="http://clinic.example")
    )

    assert answer.get_json()["address"] == seen


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "[::2]", "a b"]
)
def test_P2_a_host_that_is_not_ours_is_not_served(town: Town, host: str):
    for path in ("/sign-in", "/api/v1/me", "/health", "/static/css/tokens.css"):
        answer = town.browser().get(path, environ_overrides={"HTTP_HOST": host})
        assert answer.status_code == 400, path
        assert host.encode() not in answer.data or not host


def test_P2_a_forged_forwarded_host_is_checked_like_a_host():
    answer = (
        bare(1)
        .test_client()
        .get("/", headers={"X-Forwarded-Host": "evil.example"}, base_url="http://clinic.example")
    )

    assert answer.status_code == 400


def test_P2_no_link_is_built_from_the_host(town: Town):
    answer = town.enter(link(town), **{"X-Forwarded-Host": "evil.example"})

    assert cookie_of(answer)
    assert answer.headers["Location"] == "/"
