"""What stands on every answer: policy of content, cookies, caching; and what stands on none."""

import re
from collections.abc import Iterator

import pytest

from tests.web.calls import CALLS, address, ids_of, random_ids, routes
from tests.web.test_sessions import link
from tests.web.town import Town

Answers = list[tuple[str, object]]


def crawl(town: Town) -> Iterator[tuple[str, object]]:
    """An answer of every route to everybody who may get one, refusals and errors included."""
    for route, method in routes(town.app):
        call = CALLS[route.endpoint]
        for who in ("own", "therapist", "manager", "admin", "nobody"):
            record = town.records["own"]
            for ids in (ids_of(record), random_ids()):
                path = address(town.app, route, method, ids)
                answer = town.ask(
                    who,
                    path,
                    method,
                    json=None if call.json is None else call.json(record),
                    form=None if call.form is None else call.form(record),
                )
                if call.spends and who != "nobody":
                    town.restore(call.spends, who, "own")
                yield f"{method} {route.rule} by {who}: {answer.status_code}", answer
                if not route.arguments:
                    break
    for path, method in (
        ("/nowhere", "GET"),
        ("/api/nowhere", "GET"),
        ("/static/none.css", "GET"),
        ("/static/../settings.py", "GET"),
        ("/today", "DELETE"),
        ("/api/v1/me", "POST"),
        ("/today/", "GET"),
        ("/today?a=1&a=2", "GET"),
    ):
        answer = town.ask("own", path, method)
        yield f"{method} {path}: {answer.status_code}", answer


@pytest.fixture(scope="module")
def shared_answers(shared_town: Town) -> Answers:
    return list(crawl(shared_town))


def test_O8_every_answer_carries_the_headers(shared_answers: Answers):
    wrong = []
    for name, answer in shared_answers:
        h = answer.headers
        for header, value in {
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }.items():
            if h.getlist(header) != [value]:
                wrong.append(f"{name}: {header}")
        hsts = re.fullmatch(
            r"max-age=(\d+); includeSubDomains", h.get("Strict-Transport-Security", "")
        )
        if hsts is None or int(hsts[1]) < 31_536_000:
            wrong.append(f"{name}: HSTS")
        # A form's origin is only named under same-origin; nothing leaves the site under either.
        if h.getlist("Referrer-Policy") not in (["no-referrer"], ["same-origin"]):
            wrong.append(f"{name}: Referrer-Policy")
        if "camera=()" not in h.get("Permissions-Policy", ""):
            wrong.append(f"{name}: Permissions-Policy")
        if h.get("Server", "").startswith("Werkzeug") or "X-Powered-By" in h:
            wrong.append(f"{name}: says what it runs on")

    assert len(shared_answers) > 300
    assert wrong == []


def test_O7_every_answer_has_one_content_policy_and_it_is_tight(shared_answers: Answers):
    wrong = []
    for name, answer in shared_answers:
        given = answer.headers.getlist("Content-Security-Policy")
        if len(given) != 1:
            wrong.append(f"{name}: {len(given)} policies")
            continue
        rules = dict(
            part.strip().partition(" ")[::2] for part in given[0].split(";") if part.strip()
        )
        loads = rules.get("default-src")
        good = (
            loads in ("'self'", "'none'")
            and (rules.get("object-src") == "'none'" or loads == "'none'")
            and rules.get("base-uri") == "'none'"
            and rules.get("form-action") in ("'self'", "'none'")
            and rules.get("frame-ancestors") in ("'none'", "'self'")
            and "unsafe-eval" not in given[0]
            and "unsafe-inline" not in rules.get("script-src", "")
            and "*" not in given[0]
            and "http" not in given[0]
        )
        if answer.mimetype == "text/html" and "unsafe-inline" in given[0]:
            good = False
        if answer.mimetype.startswith("image/") and "static" not in name:
            good = good and "sandbox" in rules
        if not good:
            wrong.append(f"{name}: {given[0]}")

    assert wrong == []


def test_O7_a_nonce_is_used_once_and_is_random(town: Town):
    nonces = set()
    for _ in range(5):
        answer = town.ask("own", "/today")
        (said,) = re.findall(r"'nonce-([\w-]+)'", answer.headers["Content-Security-Policy"])
        assert len(said) >= 22
        nonces.add(said)

    assert len(nonces) == 5


def test_O7_every_script_of_every_page_carries_its_answers_nonce(shared_answers: Answers):
    scripts = 0
    for name, answer in shared_answers:
        if answer.mimetype != "text/html":
            continue
        policy = answer.headers["Content-Security-Policy"]
        (said,) = re.findall(r"'nonce-([\w-]+)'", policy)
        assert "'strict-dynamic'" in policy, name
        for tag in re.findall(r"<script[^>]*>", answer.get_data(as_text=True)):
            assert f'nonce="{said}"' in tag, (name, tag)
            assert "src=" in tag, (name, "no script stands in a page")
            scripts += 1

    assert scripts > 20


def test_S7_every_cookie_is_bound_to_this_host_and_hidden_from_scripts(shared_answers: Answers):
    wrong, found = [], set()
    for name, answer in shared_answers:
        for cookie in answer.headers.getlist("Set-Cookie"):
            parts = [part.strip() for part in cookie.split(";")]
            key = parts[0].partition("=")[0]
            found.add(key)
            flags = {part.partition("=")[0].lower() for part in parts[1:]}
            good = (
                key.startswith("__Host-")
                and {"secure", "httponly", "samesite", "path"} <= flags
                and "domain" not in flags
                and "Path=/" in parts
            )
            if not good:
                wrong.append(f"{name}: {cookie}")

    assert wrong == []
    assert {"__Host-session", "__Host-pre", "__Host-said"} <= found


def test_S7_signing_in_sets_the_same_kind_of_cookie(town: Town):
    answer = town.enter(link(town))

    cookie = next(
        one for one in answer.headers.getlist("Set-Cookie") if one.startswith("__Host-session=")
    )
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_S10_nothing_but_style_and_script_is_kept_anywhere(shared_answers: Answers):
    wrong = [
        name
        for name, answer in shared_answers
        if not (" /static/" in name and answer.status_code < 400)
        and answer.headers.getlist("Cache-Control") != ["no-store"]
    ]

    assert wrong == []


def test_D3_answers_to_a_signed_in_browser_vary_by_cookie(shared_answers: Answers):
    wrong = [
        name
        for name, answer in shared_answers
        if "nobody" not in name
        and answer.mimetype == "text/html"
        and "cookie" not in answer.headers.get("Vary", "").lower()
    ]

    assert wrong == []


def test_P1_the_type_fits_the_body_and_text_names_its_charset(shared_answers: Answers):
    wrong = []
    for name, answer in shared_answers:
        kind = answer.headers.get("Content-Type", "")
        data = answer.get_data()
        if not data:
            continue
        if " /api/" in name and answer.status_code >= 400:
            good = kind == "application/problem+json"
        elif data[:1] in (b"{", b"["):
            good = kind.startswith("application/json")
        elif data.lstrip()[:9].lower() == b"<!doctype":
            good = kind == "text/html; charset=utf-8"
        elif data[:2] == b"PK":
            good = kind == "application/zip"
        elif data[:4] == b"\x89PNG":
            good = kind == "image/png"
        elif data.lstrip().startswith((b"<?xml", b"<svg")):
            good = kind.startswith("image/svg+xml")
        else:
            good = kind.startswith("text/css") or kind == "text/csv; charset=utf-8"
        if not good:
            wrong.append(f"{name}: {kind}: {data[:30]!r}")

    assert wrong == []


def test_O11_no_page_names_another_origin(shared_answers: Answers):
    wrong = []
    for name, answer in shared_answers:
        if answer.mimetype != "text/html":
            continue
        text = answer.get_data(as_text=True)
        for there in re.findall(r'(?:src|href|action|srcset|poster|data)="([^"]+)"', text):
            if re.match(r"(?:[a-z]+:)?//", there):
                wrong.append(f"{name}: {there}")
        if re.search(r"@import|url\(\s*['\"]?(?:https?:)?//", text):
            wrong.append(f"{name}: a style from elsewhere")

    assert wrong == []


def test_O11_no_style_or_script_of_ours_names_another_origin():
    from pathlib import Path

    static = Path(__file__).parents[2] / "adherence" / "static"
    wrong = [
        path.name
        for path in [*static.rglob("*.css"), *static.rglob("*.js")]
        if "vendor" not in path.parts
        and re.search(
            r"@import|url\(\s*['\"]?(?:https?:)?//|fetch\(\s*['\"]https?:", path.read_text()
        )
    ]

    assert wrong == []


def test_O8_no_answer_lets_another_origin_read_it(shared_answers: Answers):
    assert [
        name
        for name, answer in shared_answers
        if any(header.startswith("Access-Control-") for header, _ in answer.headers)
    ] == []


def test_P8_no_answer_shows_a_stack_a_file_or_a_console(shared_answers: Answers):
    wrong = [
        name
        for name, answer in shared_answers
        if re.search(
            rb"Traceback|File \"/|werkzeug|sqlalchemy|__debugger__", answer.get_data(), re.I
        )
        and " /static/" not in name
    ]

    assert wrong == []
    assert [name for name, answer in shared_answers if answer.status_code == 500] == []


@pytest.mark.parametrize(
    "path",
    [
        "/console",
        "/.git/config",
        "/.env",
        "/static/",
        "/static/css/",
        "/static/../../wsgi.py",
        "/static/..%2f..%2fwsgi.py",
        "/static/%2e%2e/app.py",
        "/metrics",
        "/admin",
        "/debug",
        "/api/v1/",
        "/api/v1/swagger-ui",
        "/?__debugger__=yes&cmd=resource&f=style.css",
    ],
)
def test_P8_nothing_of_the_inside_is_served(town: Town, path: str):
    answer = town.ask("nobody", path)

    assert answer.status_code in (303, 404, 405)
    assert b"def " not in answer.data


def test_P8_debug_is_off(town: Town):
    assert not town.app.debug
    assert town.app.config["PROPAGATE_EXCEPTIONS"] in (None, False)


def test_O10_a_picture_embedded_by_another_site_is_refused(town: Town):
    own = town.records["own"].patient_id
    path = f"/charts/{own}/adherence.svg"

    assert town.ask("own", path, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
    for site in ("cross-site", "same-site"):
        assert town.ask("own", path, headers={"Sec-Fetch-Site": site}).status_code == 404


def test_S10_a_picture_asked_again_is_asked_of_the_server_again(town: Town):
    own = town.records["own"].patient_id
    path = f"/charts/{own}/adherence.svg"
    first = town.ask("own", path)
    tag = first.headers["ETag"]

    assert town.ask("own", path, headers={"If-None-Match": tag}).status_code == 304
    assert town.ask("near", path, headers={"If-None-Match": tag}).status_code == 404
    assert town.ask("nobody", path, headers={"If-None-Match": tag}).status_code == 303
