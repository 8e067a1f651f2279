"""What the logs say: where and when, never who, what or with which secret."""

import logging

import pytest

from tests.web.calls import CALLS, address, ids_of, random_ids, routes
from tests.web.test_sessions import link
from tests.web.town import Town


def test_L6_no_name_text_or_secret_reaches_a_log_whatever_is_asked(
    town: Town, caplog: pytest.LogCaptureFixture
):
    code = link(town)
    secrets = [code]
    with caplog.at_level(logging.DEBUG):
        secrets.append(
            town.enter(code).headers.getlist("Set-Cookie")[0].partition("=")[2].partition(";")[0]
        )
        town.enter(code)
        for route, method in routes(town.app):
            call = CALLS[route.endpoint]
            for who in ("own", "therapist", "nobody"):
                for ids in (ids_of(town.records["own"]), random_ids()):
                    record = town.records["own"]
                    body = call.json or call.form
                    said = {} if body is None else body(record)
                    if call.form is not None and "client_id" in said:
                        said |= {"note": f"{record.mark} note"}
                    town.ask(
                        who,
                        address(town.app, route, method, ids),
                        method,
                        json=said if call.json else None,
                        form=said if call.form else None,
                    )
                    if "session" in call.spends and who != "nobody":
                        town.sign_in(who)
        own = town.records["own"]
        path = f"/api/v1/patients/{own.patient_id}/entries"
        for bad in ({"note": own.mark, "pain": own.mark}, [own.mark], {own.mark: 1}):
            town.ask("own", path, "POST", json=bad)
        town.ask("own", f"/nowhere/{own.mark}")

    for person in town.people.values():
        secrets += [person.bearer, person.secret, person.form_token]
    secrets.append(town.app.extensions["adherence.settings"].secret_key)
    for secret in filter(lambda one: len(one) > 8, secrets):
        assert secret not in caplog.text
    for record in town.records.values():
        assert record.mark.lower() not in caplog.text.lower().replace(
            f"/nowhere/{record.mark.lower()}", ""
        )


def test_L4_line_breaks_in_a_name_forge_no_line(town: Town, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG):
        for text in ("a\nERROR forged", "a\r\nERROR forged", "\x1b[31mforged", "\u202eforged"):
            town.ask(
                "own",
                "/nowhere",
                headers={"X-Request-Id": text.replace("\n", "").replace("\r", "")},
            )
            town.ask(
                "therapist",
                "/api/v1/patients",
                "POST",
                json={"name": text, "zone": "Europe/Berlin"},
            )

    assert "forged" not in caplog.text


def audit(town: Town) -> list[tuple[str, str, str]]:
    """Every line of the audit: action, what it is about, by whom."""
    import sqlalchemy as sa

    from adherence.store.columns import db

    with town.inside():
        rows = db.session.execute(
            sa.text("SELECT action, hex(object_id), hex(actor_id), result FROM audit")
        ).all()
    return [tuple(row) for row in rows]


def by(town: Town, who: str) -> str:
    actor = town.people[who].actor
    assert actor is not None
    return actor.account_id.hex.upper()


#: Reads of one patient by somebody else that leave exactly one line.
READS = ("/patients/{own}", "/api/v1/patients/{own}")


@pytest.mark.parametrize("path", READS)
def test_L2_a_read_by_somebody_else_is_one_line_and_ones_own_is_none(town: Town, path: str):
    own = town.records["own"].patient_id
    before = audit(town)
    assert town.ask("therapist", path.format(own=own)).status_code == 200
    new = audit(town)[len(before) :]

    assert len(new) == 1
    assert new[0] == ("patient.read", own.hex.upper(), by(town, "therapist"), "ok")
    if path.startswith("/api"):
        town.ask("own", path.format(own=own))
        assert len(audit(town)) == len(before) + 1


def test_L2_the_review_queue_is_one_line_of_the_clinic(town: Town):
    for path in ("/review", "/api/v1/review/queue"):
        before = audit(town)
        assert town.ask("therapist", path).status_code == 200
        new = audit(town)[len(before) :]
        assert [line[0] for line in new] == ["review.read"]


def test_L2_signing_in_and_out_is_one_line_each(town: Town):
    before = audit(town)
    town.enter(link(town))
    town.ask("own", "/sign-out", "POST")
    new = audit(town)[len(before) :]

    assert [line[0] for line in new] == ["session.begin", "session.end"]
    assert {line[2] for line in new} == {by(town, "own")}


def test_L1_a_refused_request_leaves_no_line_that_claims_it_happened(town: Town):
    near = town.records["near"].patient_id
    before = audit(town)
    town.ask("own", f"/api/v1/patients/{near}")
    town.ask("former", f"/patients/{town.records['own'].patient_id}")

    assert {line[-1] for line in audit(town) if line not in before} == {"refused"}


def test_L1_the_audit_says_which_change_by_whom_and_when(town: Town):
    own = town.records["own"]
    said = CALLS["api_entries.log"].json
    assert said is not None
    document = said(own)
    town.ask("therapist", f"/api/v1/patients/{own.patient_id}/entries", "POST", json=document)

    line = audit(town)[-1]
    assert line == (
        "entry.create",
        document["client_id"].replace("-", "").upper(),
        by(town, "therapist"),
        "ok",
    )


def test_the_audit_of_all_this_holds_together(town: Town):
    from adherence.services import audit as chains

    for route, method in routes(town.app):
        call = CALLS[route.endpoint]
        record = town.records["own"]
        town.ask(
            "therapist",
            address(town.app, route, method, ids_of(record)),
            method,
            json=None if call.json is None else call.json(record),
            form=None if call.form is None else call.form(record),
        )
    with town.inside():
        assert [fault for clinic in chains.clinic_ids() for fault in chains.verify(clinic)] == []


@pytest.mark.parametrize(
    ("event", "path", "more"),
    [
        ("foreign form at sign_in.by_code", "/code", {"token": "x"}),
        ("foreign host at None", "/code", {"base_url": "https://evil.example"}),
    ],
)
def test_L3_a_refusal_of_somebody_unknown_is_one_line_of_the_log(
    town: Town, caplog: pytest.LogCaptureFixture, event: str, path: str, more: dict[str, str]
):
    data = {"csrf_token": more.get("token", ""), "token": "a code that nobody may read"}
    base_url = more.get("base_url", "http://localhost")
    with caplog.at_level(logging.INFO):
        answer = town.browser().post(path, data=data, base_url=base_url)

    assert answer.status_code in (400, 403)
    lines = [one.getMessage() for one in caplog.records if one.name == "adherence.security"]
    assert lines == [f"refused: {event}"]


def test_L3_trying_too_often_is_a_line_and_what_is_allowed_is_none(
    town: Town, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.INFO):
        town.ask("own", "/today")
        assert "adherence.security" not in {one.name for one in caplog.records}
        for _ in range(31):
            answer = town.enter("no such code")

    assert answer.status_code == 429
    lines = [one.getMessage() for one in caplog.records if one.name == "adherence.security"]
    assert lines == ["refused: too often at sign_in.by_code"]
