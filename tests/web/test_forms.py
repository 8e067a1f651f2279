"""Forms: only our own pages can post them, once, with each field once, and of a sane size."""

import hashlib
import re
from pathlib import Path

import pytest

from adherence.store.ids import new_id
from tests.web.calls import CALLS, address, ids_of, routes
from tests.web.test_sessions import cookie_of, link
from tests.web.town import Town


def posts(town: Town):
    """Every page route that changes something, for somebody who may use it."""
    for route, method in routes(town.app):
        if method == "GET" or route.rule.startswith("/api/"):
            continue
        if route.rule.startswith(("/staff", "/emergencies")):
            yield route, method, "admin"
        elif "emergency" in route.rule.split("/"):
            yield route, method, "rescuer"
        else:
            staff = route.rule.startswith(("/review", "/patients"))
            yield route, method, "therapist" if staff else "own"


BAD_TOKENS = {"none": "", "anothers": "near", "short": "0" * 8, "odd": "é" * 64, "long": "a" * 9000}


@pytest.mark.parametrize("kind", BAD_TOKENS)
def test_O9_every_post_without_the_sessions_own_token_is_refused(town: Town, kind: str):
    given = BAD_TOKENS[kind]
    token = town.form_token(town.people["near"]) if kind == "anothers" else given
    before = content(town)
    for route, method, who in posts(town):
        record = town.records["own"]
        call = CALLS[route.endpoint]
        path = address(town.app, route, method, ids_of(record))
        assert call.form is not None
        answer = town.ask(who, path, method, form=call.form(record), token=token)
        assert answer.status_code == 403, route.rule

    assert content(town) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1.evil.example:8000"},
        {"Origin": "http://localhost:8000"},
        {"Origin": "https://localhost"},
        {"Origin": ""},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_O9_a_post_from_elsewhere_is_refused_even_with_the_token(town: Town, headers):
    before = content(town)
    for route, method, who in posts(town):
        record = town.records["own"]
        call = CALLS[route.endpoint]
        assert call.form is not None
        path = address(town.app, route, method, ids_of(record))
        answer = town.ask(who, path, method, form=call.form(record), headers=headers)
        assert answer.status_code == 403, (route.rule, headers)

    assert content(town) == before


def test_O9_a_post_from_our_own_pages_passes(town: Town):
    for headers in (
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://127.0.0.1:8000"},
        {"Sec-Fetch-Site": "none"},
        {},
    ):
        answer = town.ask(
            "own", "/account/language", "POST", form={"locale": "en"}, headers=headers
        )
        assert answer.status_code == 303, headers


def test_O9_the_token_may_come_in_a_header(town: Town):
    person = town.people["own"]
    headers = {"X-CSRF-Token": town.form_token(person)}

    assert (
        town.ask(
            "own", "/account/language", "POST", form={"locale": "en"}, token="", headers=headers
        ).status_code
        == 303
    )


def test_O9_the_token_is_new_with_every_session(town: Town):
    old = town.form_token(town.people["own"])
    town.sign_in("own")

    answer = town.ask("own", "/account/language", "POST", form={"locale": "en"}, token=old)

    assert answer.status_code == 403


def test_O9_nobody_can_be_signed_in_by_another_sites_form(town: Town):
    """Login CSRF: the code is right, but the browser was never shown our page."""
    code = link(town)
    for headers, token in (({}, "x"), ({"Cookie": "__Host-pre=planted"}, "0" * 64)):
        answer = town.browser().post(
            "/code", data={"token": code, "csrf_token": token}, headers=headers
        )
        assert answer.status_code == 403
        assert cookie_of(answer) == ""

    assert cookie_of(town.enter(code)), "the refused posts used the code up"


def test_O9_a_token_of_one_browser_is_worth_nothing_in_another(town: Town):
    pages = [town.browser().get("/sign-in") for _ in range(2)]
    tokens = [
        re.search(r'name="csrf_token" value="([0-9a-f]{64})"', page.get_data(as_text=True))[1]
        for page in pages
    ]
    cookies = [page.headers["Set-Cookie"].partition(";")[0] for page in pages]

    assert tokens[0] != tokens[1]
    answer = town.browser().post(
        "/code",
        data={"token": link(town), "csrf_token": tokens[0]},
        headers={"Cookie": cookies[1]},
    )
    assert answer.status_code == 403


def test_O9_every_get_and_head_leaves_the_record_as_it_was(town: Town):
    """But for the line that says who looked, and the moment a person was last seen."""
    for who in ("own", "therapist", "manager", "admin", "nobody"):
        for route, method in routes(town.app):
            if method != "GET":
                continue
            call = CALLS[route.endpoint]
            record = town.records["own"]
            path = address(town.app, route, method, ids_of(record))
            query = (
                ""
                if call.query is None
                else "&".join(f"{key}={value}" for key, value in call.query(record).items())
            )
            before = content(town)
            for each in ("GET", "HEAD"):
                town.ask(who, f"{path}?{query}" if query else path, each)
            assert content(town) == before, f"{path} by {who}"


#: What reading may write: who looked at what, and when somebody acted.
OF_READING = {
    "audit": None,
    "session": {"seen_at"},
    "patient": {"audit_n", "audit_head"},
    "clinic": {"audit_n", "audit_head"},
    "care_relation": {"looked_at"},
}


def content(town: Town) -> str:
    """A hash over what neither reading nor what is refused may change: a refusal is a line too."""
    import sqlalchemy as sa

    from adherence.store.columns import db

    found = hashlib.sha256()
    with town.inside():
        for name, table in sorted(db.metadata.tables.items()):
            if name in OF_READING and OF_READING[name] is None:
                continue
            columns = [one for one in table.c if one.name not in (OF_READING.get(name) or ())]
            for row in db.session.execute(sa.select(*columns)):
                found.update(repr(tuple(row)).encode())
    return found.hexdigest()


# --- twice, too much, of the wrong kind --------------------------------------------------------


def test_V7_a_field_given_twice_is_refused(town: Town):
    token = town.form_token(town.people["own"])
    own = {"Cookie": f"__Host-session={town.people['own'].secret}"}
    for body in (
        f"locale=de&locale=en&csrf_token={token}",
        f"locale=de&csrf_token={token}&csrf_token={token}",
    ):
        answer = town.browser().post(
            "/account/language",
            data=body,
            headers=own,
            content_type="application/x-www-form-urlencoded",
        )
        assert answer.status_code == 400


def test_V7_a_parameter_given_twice_is_refused(town: Town):
    own = town.records["own"].patient_id
    for path in (
        "/today?lang=de&lang=en",
        "/patients?after=a&after=b",
        f"/api/v1/patients/{own}/entries?limit=1&limit=200",
        f"/api/v1/patients/{own}/sync?after=1&after=1",
        f"/charts/{own}/adherence.svg?theme=dark&theme=light",
        "/health?a=1&a=2",
    ):
        assert town.ask("own", path).status_code == 400, path


def test_V7_a_parameter_of_the_api_that_does_not_exist_is_refused(town: Town):
    own = town.records["own"].patient_id

    assert town.ask("own", f"/api/v1/patients/{own}/entries?limits=5").status_code == 400
    assert town.ask("own", f"/api/v1/patients/{own}/entries?limit=5").status_code == 200
    assert town.ask("own", f"/api/v1/patients/{own}/plans?fields=all").status_code == 400


def test_V7_fields_that_may_repeat_are_named_one_by_one(town: Town):
    from adherence.web.policy import doors

    repeating = {name: door.repeats for name, door in doors(town.app).items() if door.repeats}

    exercise = frozenset({"joint", "goals", "medium", "equipment"})
    assert repeating == {
        "plans.assign": frozenset({"weekdays"}),
        "plans.begin": frozenset({"weekdays"}),
        "own_exercises.create": exercise,
        "own_exercises.draw": exercise,
        "own_exercises.save": exercise,
    }


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_has_one_size_however_it_is_encoded(town: Town, kind: str):
    before = content(town)
    answer = town.ask(
        "own",
        "/symptom",
        "POST",
        form={"client_id": str(new_id()), "note": "x" * 80_000, "value": "3", "other": "ache"},
        content_type=kind,
    )

    assert answer.status_code == 413
    assert content(town) == before


def test_a_form_without_a_declared_length_is_held_to_its_size_too(town: Town):
    from io import BytesIO

    person = town.people["own"]
    body = f"csrf_token={town.form_token(person)}&note={'x' * 80_000}".encode()
    answer = town.browser().post(
        "/symptom",
        input_stream=BytesIO(body),
        content_type="application/x-www-form-urlencoded",
        headers={"Cookie": f"__Host-session={person.secret}", "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert answer.status_code == 413


def test_a_form_of_thousands_of_fields_is_refused(town: Town):
    many = {f"f{number}": "1" for number in range(1_000)}

    assert town.ask("own", "/symptom", "POST", form=many).status_code == 413


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/octet-stream", "image/png", "x"]
)
def test_P1_a_body_of_another_kind_is_refused_before_it_is_read(town: Town, kind: str):
    person = town.people["own"]
    own = town.records["own"].patient_id
    page = town.browser().post(
        "/symptom",
        data=b"a=1",
        content_type=kind,
        headers={"Cookie": f"__Host-session={person.secret}"},
    )
    api = town.browser().post(
        f"/api/v1/patients/{own}/entries",
        data=b"{}",
        content_type=kind,
        headers={"Authorization": f"Bearer {person.bearer}"},
    )

    assert (page.status_code, api.status_code) == (415, 415)


def test_V2_a_refused_form_keeps_what_was_typed(town: Town):
    typed = "It pulled when I got up, then it was fine"
    answer = town.ask(
        "own", "/symptom", "POST", form={"client_id": str(new_id()), "note": typed, "value": "99"}
    )

    assert answer.status_code == 422
    assert typed in answer.get_data(as_text=True)


def test_V2_a_goal_that_contradicts_itself_is_refused_with_what_was_typed(town: Town):
    own = town.records["own"].patient_id
    typed = {"words": "Walk to the sea", "measure": "rating"}
    answer = town.ask(
        "therapist",
        f"/patients/{own}/goals/new",
        "POST",
        form={**typed, "rating_baseline": "5", "rating_target": "5"},
    )

    assert answer.status_code == 422
    assert "Walk to the sea" in answer.get_data(as_text=True)


# --- text that would be code --------------------------------------------------------------------

POLYGLOT = (
    "\"'><img src=x onerror=alert(1)><script>alert(2)</script>${7*7}{{7*7}}<svg/onload=alert(3)>"
)


def test_O1_markup_in_any_text_of_the_record_stays_text(town: Town):
    """A polyglot in every text that the API and forms take, then every page of every reader."""
    own = town.records["own"]
    base = f"/api/v1/patients/{own.patient_id}"

    def post(who: str, path: str, **body):
        answer = town.ask(who, base + path, "POST", json=body)
        assert answer.status_code < 300, (path, answer.get_data(as_text=True))
        return answer.get_json()

    goal = post(
        "therapist",
        "/goals",
        words=POLYGLOT,
        measure="count",
        unit=POLYGLOT[:40],
        baseline=1,
        target=9,
    )["id"]
    ladder = [f"{n}{POLYGLOT}" for n in range(5)]
    post("therapist", "/goals", words=POLYGLOT, measure="gas", baseline=-2, target=0, ladder=ladder)
    plan = post("therapist", "/plans", discipline="other", title=POLYGLOT)["id"]
    asked = {
        "title": POLYGLOT[:80],
        "instructions": f"{POLYGLOT}\n{POLYGLOT}",
        "unit": POLYGLOT[:20],
        "amounts": {"quantity": 1},
    }
    schedule = {"kind": "every_n_days", "starts_on": "2026-03-02", "every": 1}
    activity = post(
        "therapist",
        "/activities",
        plan_id=plan,
        kind="medication",
        schedule=schedule,
        asked=asked,
        goals=[{"goal_id": goal, "because": POLYGLOT}],
        reason=POLYGLOT,
    )["id"]
    question = {**asked, "symptom": POLYGLOT[:40]}
    post(
        "therapist",
        "/activities",
        plan_id=plan,
        kind="check_in",
        schedule=schedule,
        asked=question,
        goals=[{"goal_id": goal, "because": POLYGLOT}],
    )
    post(
        "therapist",
        f"/activities/{activity}/revisions",
        schedule=schedule | {"starts_on": "2026-03-03"},
        asked=asked,
        reason=POLYGLOT,
        effective_on="2026-03-03",
    )
    post("therapist", "/pauses", kind="stop", first_day="2026-03-04", note=POLYGLOT)
    at = "2026-03-02T08:00:00Z"
    post(
        "own",
        "/entries",
        client_id=str(new_id()),
        symptom=POLYGLOT[:40],
        value=3,
        note=POLYGLOT,
        performed_at=at,
    )
    post(
        "own",
        "/entries",
        client_id=str(new_id()),
        activity_id=activity,
        status="skipped",
        reason="side_effect",
        note=POLYGLOT,
        performed_at=at,
    )
    notice = town.ask("therapist", f"{base}/notices").get_json()["notices"][0]["id"]
    town.ask(
        "therapist", f"/api/v1/review/notices/{notice}/reply", "POST", json={"reply": POLYGLOT}
    )
    for route, method in routes(town.app):
        if method != "GET" or route.rule.startswith("/static"):
            continue
        for who in ("own", "therapist"):
            ids = ids_of(own) | {"goal_id": goal, "activity_id": activity}
            answer = town.ask(who, address(town.app, route, method, ids))
            text = answer.get_data(as_text=True)
            if answer.mimetype in ("application/json", "application/problem+json", "text/csv"):
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                continue
            for live in ("<img src=x", "<script>alert", "<svg/onload", "49"):
                if live == "49":
                    assert "$49" not in text.replace("&#39;", "'")
                else:
                    assert live not in text, (route.rule, who)


def test_O2_charts_of_odd_texts_are_well_formed_and_hold_no_script(town: Town):
    import xml.etree.ElementTree as ET

    own = town.records["own"]
    base = f"/api/v1/patients/{own.patient_id}"
    texts = [
        POLYGLOT,
        "$\\frac{$",
        "]]>",
        "<!--",
        "&amp;&lt;\u202e\u2066abc",
        "ünïcödé 🦵 " * 5,
        "a" * 160,
        "x\u0085y\ufffe",
        "<foreignObject><a xlink:href='javascript:alert(1)'>",
    ]
    for text in texts:
        answer = town.ask(
            "therapist",
            f"{base}/goals",
            "POST",
            json={"words": text, "measure": "rating", "baseline": 2, "target": 8},
        )
        assert answer.status_code == 201, (text, answer.get_json())
        goal = answer.get_json()["id"]
        drawn = town.ask("own", f"/charts/{own.patient_id}/goal.svg?of={goal}")
        assert drawn.status_code == 200, text
        found = ET.fromstring(drawn.data)
        for node in found.iter():
            name = node.tag.rpartition("}")[2]
            assert name not in {"script", "foreignObject", "iframe", "a"}, text
            for key, value in node.attrib.items():
                assert not key.lower().startswith("on"), text
                if key.endswith("href"):
                    assert value.startswith("#"), text


def test_O6_line_breaks_in_texts_add_no_header(town: Town):
    own = town.records["own"]
    for text in ("a\r\nSet-Cookie: x=1", "a\nX-Evil: 1", "a\u2028b", "a%0d%0aX-Evil: 1"):
        person = town.ask(
            "therapist", "/api/v1/patients", "POST", json={"name": text, "zone": "Europe/Berlin"}
        )
        assert person.status_code in (201, 422)
        for path in (
            f"/today?lang={text}",
            f"/nowhere/{text}",
            f"/charts/{own.patient_id}/adherence.svg?theme={text}",
            f"/patients?after={text}",
        ):
            answer = town.browser().get(
                path, headers={"Cookie": f"__Host-session={town.people['own'].secret}"}
            )
            assert "X-Evil" not in answer.headers
            assert "x=1" not in str(answer.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize(
    "lang", ["de", "xx", "../../etc/passwd", "de\x00", "de;q=9", "zh-Hant-TW", "x" * 2_000]
)
def test_a_language_in_the_address_is_one_of_ours_or_nothing(town: Town, lang: str):
    answer = town.browser().get("/sign-in", query_string={"lang": lang})

    assert answer.status_code == 200
    assert re.search(r'<html[^>]* lang="(en|de|ru)"', answer.get_data(as_text=True))


def test_after_sign_in_the_way_leads_to_a_place_of_ours_only(town: Town):
    code = link(town)
    page = town.enter(code, **{"Referer": "https://evil.example", "X-Forwarded-Host": "evil"})

    assert page.headers["Location"] == "/"


def test_D2_no_page_puts_a_name_or_a_symptom_into_an_address(town: Town):
    marks = [one.mark.lower() for one in town.records.values()]
    for route, method in routes(town.app):
        if method != "GET" or route.rule.startswith("/api/"):
            continue
        for who in ("own", "therapist", "manager"):
            answer = town.ask(who, address(town.app, route, method, ids_of(town.records["own"])))
            text = answer.get_data(as_text=True)
            addresses = re.findall(r'(?:href|src|action|srcset)="([^"]*)"', text)
            addresses.append(answer.headers.get("Location", ""))
            for one in addresses:
                assert not any(mark in one.lower() for mark in marks), (route.rule, one)
                assert "ache" not in one.lower()
                assert town.people[who].secret not in one


def test_D2_the_sign_in_code_is_read_from_the_fragment_and_posted():
    code = Path(__file__).parents[2] / "adherence" / "static" / "js"
    scripts = "\n".join(path.read_text() for path in code.glob("*.js"))

    assert "location.hash" in scripts
    assert not re.search(r"[?&](token|code)=", scripts)
