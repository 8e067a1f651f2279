"""Sessions of browsers: how they begin, what they rest on, and everything that ends them."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from adherence.services import accounts, sessions
from adherence.store.columns import db
from adherence.store.sessions import SESSION
from tests.builders import application, closed
from tests.web.town import DAY, Town

MINUTE = timedelta(minutes=1)
STAFF_IDLE, PATIENT_IDLE, WHOLE = 15, 30, 12 * 60


def rows(town: Town):
    """Every stored session."""
    with town.inside():
        return db.session.execute(sa.select(SESSION)).all()


def link(town: Town, name: str = "own") -> str:
    actor = town.people[name].actor
    assert actor is not None
    with town.inside():
        return accounts.make_link(actor.account_id, town.at)


def cookie_of(answer) -> str:
    """The session cookie that an answer sets."""
    for header in answer.headers.getlist("Set-Cookie"):
        if header.startswith("__Host-session="):
            return header.partition("=")[2].partition(";")[0]
    return ""


def signed_in(town: Town, secret: str) -> bool:
    """Whether a cookie opens anything, asked as a picture is: that counts as nobody's act."""
    answer = town.browser().get("/", headers={"Cookie": f"__Host-session={secret}", **SCRIPT})
    assert answer.status_code == 303
    return not answer.headers["Location"].endswith("/sign-in")


#: What browsers send with a fetch of a script.
SCRIPT = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
#: What they send when a person follows a link.
PERSON = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-User": "?1", "Sec-Fetch-Site": "same-origin"}


def test_S1_the_cookie_is_256_bits_and_the_table_has_only_its_hash(town: Town):
    secret = cookie_of(town.enter(link(town)))

    assert re.fullmatch(r"[\w-]{43}", secret)
    stored = b"".join(bytes(row.digest) for row in rows(town))
    assert secret.encode() not in stored
    path = town.app.extensions["adherence.settings"].database_url.removeprefix("sqlite:///")
    kept = b"".join(Path(path + tail).read_bytes() for tail in ("", "-wal"))
    assert secret.encode() not in kept


def test_S1_two_sign_ins_share_nothing(town: Town):
    secrets = {cookie_of(town.enter(link(town))) for _ in range(8)}

    assert len(secrets) == 8
    assert len({secret[:6] for secret in secrets}) == 8


def test_S2_a_cookie_planted_before_sign_in_is_dead_after(town: Town):
    planted = "x" * 43
    made = cookie_of(town.enter(link(town), f"__Host-session={planted}"))

    assert made not in ("", planted)
    assert signed_in(town, made)
    assert not signed_in(town, planted)


def test_S2_signing_in_again_ends_the_session_that_the_browser_held(town: Town):
    first = cookie_of(town.enter(link(town)))
    second = cookie_of(town.enter(link(town, "near"), f"__Host-session={first}"))

    assert not signed_in(town, first)
    assert signed_in(town, second)


def test_S3_a_cookie_copied_before_sign_out_is_worth_nothing_after(town: Town):
    person = town.people["own"]
    copied = person.secret
    answer = town.ask("own", "/sign-out", "POST")

    assert answer.status_code == 303
    assert not signed_in(town, copied)
    assert town.ask("own", "/today").headers["Location"] == "/sign-in"
    assert town.ask("own", "/today/log", "POST", form={"x": "1"}).status_code == 401


def test_S3_sign_out_takes_the_cookie_back_and_clears_kept_pages(town: Town):
    answer = town.ask("own", "/sign-out", "POST")

    gone = next(
        one for one in answer.headers.getlist("Set-Cookie") if one.startswith("__Host-session=;")
    )
    assert "Max-Age=0" in gone
    assert answer.headers["Clear-Site-Data"] == '"cache"'


def test_S3_sign_out_ends_this_session_only(town: Town):
    other = cookie_of(town.enter(link(town)))
    town.ask("own", "/sign-out", "POST")

    assert signed_in(town, other)


@pytest.mark.parametrize(("who", "minutes"), [("therapist", STAFF_IDLE), ("own", PATIENT_IDLE)])
def test_S4_an_idle_session_ends(town: Town, who: str, minutes: int):
    secret = town.people[who].secret
    town.at += minutes * MINUTE - timedelta(seconds=1)
    assert signed_in(town, secret)

    town.at += timedelta(seconds=1)

    assert not signed_in(town, secret)
    answer = town.ask(who, "/account")
    assert answer.status_code == 303
    assert "__Host-session=;" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("who", ["therapist", "own"])
def test_S4_a_session_ends_however_much_a_person_does(town: Town, who: str):
    secret = town.people[who].secret
    began = town.at
    while town.at < began + WHOLE * MINUTE - 10 * MINUTE:
        town.at += 10 * MINUTE
        answer = town.ask(who, "/account", headers=PERSON)
        assert answer.status_code == 200, town.at - began
    town.at = began + WHOLE * MINUTE - timedelta(seconds=1)
    assert signed_in(town, secret)

    town.at += timedelta(seconds=1)

    assert not signed_in(town, secret)


#: Whatever is not a person's act, as a request: address, method, headers.
POLLS = {
    "a script's fetch": ("/today", "GET", SCRIPT),
    "htmx": ("/today", "GET", {"HX-Request": "true"}),
    "htmx with the headers of a person": ("/today", "GET", {"HX-Request": "true", **PERSON}),
    "an old script": ("/today", "GET", {"X-Requested-With": "XMLHttpRequest"}),
    "an old script that posts": (
        "/account/language",
        "POST",
        {"X-Requested-With": "XMLHttpRequest"},
    ),
    "a reload by script or a meta refresh": (
        "/today",
        "GET",
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"},
    ),
    "an iframe": ("/today", "GET", {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}),
    "a head request": ("/today", "HEAD", SCRIPT),
    "a picture": ("/charts/{own}/adherence.svg", "GET", {"Sec-Fetch-Mode": "no-cors"}),
    "a picture that says it was a person": ("/charts/{own}/adherence.svg", "GET", PERSON),
    "a picture of an old browser": ("/charts/{own}/adherence.svg", "GET", {}),
    "a parameter": ("/today?skip_timeout_reset=0&keep_alive=1&touch=1", "GET", SCRIPT),
    "the sign-in page": ("/sign-in", "GET", PERSON),
    "a page that is not there": ("/nowhere", "GET", PERSON),
    "the language in the address": ("/today?lang=de", "GET", SCRIPT),
    "health": ("/health", "GET", PERSON),
}


@pytest.mark.parametrize("poll", POLLS)
def test_S4_no_poll_prolongs_a_session(town: Town, poll: str):
    address, method, headers = POLLS[poll]
    path = address.format(own=town.records["own"].patient_id)
    form = {"locale": "en"} if method == "POST" else None
    town.form_token(town.people["own"])
    secret = town.people["own"].secret
    before = [(row.seen_at, row.ends_at) for row in rows(town)]
    for _ in range(6):
        town.at += 4 * MINUTE
        town.ask("own", path, method, form=form, headers=headers)
    after = [(row.seen_at, row.ends_at) for row in rows(town)]

    assert sorted(after) == sorted(before)
    town.at += 6 * MINUTE
    assert not signed_in(town, secret)


@pytest.mark.parametrize(
    ("path", "method", "headers"),
    [
        ("/today", "GET", PERSON),
        ("/today", "GET", {}),
        ("/account/language", "POST", {}),
        ("/account/language", "POST", {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-User": "?1"}),
    ],
)
def test_S4_a_persons_act_prolongs_a_session_but_never_its_end(
    town: Town, path: str, method: str, headers: dict[str, str]
):
    town.form_token(town.people["own"])
    ends = {bytes(row.digest): row.ends_at for row in rows(town)}
    for _ in range(3):
        town.at += 25 * MINUTE
        form = {"locale": "en"} if method == "POST" else None
        assert town.ask("own", path, method, form=form, headers=headers).status_code in (200, 303)

    assert {bytes(row.digest): row.ends_at for row in rows(town)} == ends


def test_S4_the_api_knows_no_sessions_and_keeps_none_alive(town: Town):
    own = town.records["own"].patient_id
    secret = town.people["own"].secret
    bare = {"Cookie": f"__Host-session={secret}"}
    answer = town.browser().get(f"/api/v1/patients/{own}/entries", headers=bare)

    assert answer.status_code == 401
    for _ in range(8):
        town.at += 4 * MINUTE
        assert town.ask("own", f"/api/v1/patients/{own}/sync", headers=bare).status_code == 200
    assert not signed_in(town, secret)


def test_S5_a_disabled_account_is_out_at_once_on_pages_and_api_in_every_process(town: Town):
    actor = town.people["therapist"].actor
    assert actor is not None
    url = town.app.extensions["adherence.settings"].database_url
    second = application(url)
    second.testing = False
    second.extensions["adherence.clock"] = lambda: town.at
    other = second.test_client(use_cookies=False)
    bearer = {"Authorization": f"Bearer {town.people['therapist'].bearer}"}
    cookie = {"Cookie": f"__Host-session={town.people['therapist'].secret}"}
    try:
        assert other.get("/api/v1/me", headers=bearer).status_code == 200
        assert other.get("/account", headers=cookie).status_code == 200
        with town.inside():
            accounts.disable_account(actor.account_id, town.at)

        assert town.ask("therapist", "/api/v1/me").status_code == 401
        assert town.ask("therapist", "/account").status_code == 303
        assert other.get("/api/v1/me", headers=bearer).status_code == 401
        assert other.get("/account", headers=cookie).status_code == 303
    finally:
        closed(second)


def test_S5_end_all_sessions_ends_them_at_the_very_next_request(town: Town):
    actor = town.people["own"].actor
    assert actor is not None
    secrets = [town.people["own"].secret, *(cookie_of(town.enter(link(town))) for _ in range(3))]
    assert all(signed_in(town, secret) for secret in secrets)
    with town.inside():
        assert sessions.end_all(actor, town.at) == 5  # these, and one that the town made

    assert not any(signed_in(town, secret) for secret in secrets)


def test_S5_a_link_of_a_disabled_account_opens_nothing(town: Town):
    token = link(town, "colleague")
    actor = town.people["colleague"].actor
    assert actor is not None
    with town.inside():
        accounts.disable_account(actor.account_id, town.at)

    answer = town.enter(token)

    assert (answer.status_code, cookie_of(answer)) == (422, "")


def test_S8_no_get_begins_a_session(town: Town):
    token = link(town)
    before = len(rows(town))
    for path in (
        "/sign-in",
        f"/sign-in?token={token}",
        f"/sign-in/{token}",
        f"/code?token={token}",
        f"/code/{token}",
        f"/?token={token}",
        "/signed-out",
    ):
        for method in ("GET", "HEAD"):
            answer = town.browser().open(path, method=method)
            assert cookie_of(answer) == "", path

    assert len(rows(town)) == before
    assert cookie_of(town.enter(token)), "a mail scanner used the link up"


def test_S8_anonymous_visits_add_no_row(town: Town):
    before = len(rows(town))
    for _ in range(20):
        town.browser().get("/sign-in")
        town.browser().get("/today")

    assert len(rows(town)) == before


def test_A11_a_code_signs_in_once(town: Town):
    token = link(town)

    assert cookie_of(town.enter(token))
    again = town.enter(token)
    assert (again.status_code, cookie_of(again)) == (422, "")


def test_A11_a_used_an_old_and_an_invented_code_read_the_same(town: Town):
    used, old = link(town), link(town)
    town.enter(used)
    town.at += DAY
    pages = [town.enter(token).get_data(as_text=True) for token in (used, old, "a" * 43, "é" * 43)]
    plain = {re.sub(r'[0-9a-f]{64}|nonce-[\w-]+|nonce="[\w-]+"', "", page) for page in pages}

    assert len(plain) == 1


def test_a_cookie_of_odd_bytes_is_nobodys(town: Town):
    for secret in ("", "é", "\udcff" * 3, "x" * 5000, "a;b", '"', "None"):
        answer = town.browser().get(
            "/account",
            headers={
                "Cookie": f"__Host-session={secret}".encode("utf-8", "replace").decode("latin-1")
            },
        )
        assert answer.status_code == 303, secret


def test_a_bearer_of_odd_bytes_is_nobodys(town: Town):
    for header in ("Bearer ", "Bearer", "Basic eDp5", "Bearer é", "bearer\t", "Bearer a b", "x"):
        answer = town.browser().get(
            "/api/v1/me", headers={"Authorization": header.encode().decode("latin-1")}
        )
        assert answer.status_code == 401, header
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_bearer_opens_no_page_and_a_cookie_no_api(town: Town):
    person = town.people["own"]
    bearer = {"Authorization": f"Bearer {person.bearer}"}

    assert town.browser().get("/today", headers=bearer).status_code == 303
    cookie = {"Cookie": f"__Host-session={person.secret}"}
    assert town.browser().get("/api/v1/me", headers=cookie).status_code == 401
    swapped = {
        "Authorization": f"Bearer {person.secret}",
        "Cookie": f"__Host-session={person.bearer}",
    }
    assert town.browser().get("/api/v1/me", headers=swapped).status_code == 401
    assert town.browser().get("/today", headers=swapped).status_code == 303
