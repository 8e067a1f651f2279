"""Entries over the wire: receipts, batches, corrections, and the pull."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from adherence.store.ids import new_id
from tests.web.town import MONDAY, Record, Town

AT = MONDAY.isoformat()


def said(record: Record, **more: Any) -> dict[str, Any]:
    found = {
        "client_id": str(new_id()),
        "activity_id": str(record.activity_id),
        "status": "done",
        "performed_at": AT,
    }
    return {**found, **more}


def ask(town: Town, path: str, method: str = "GET", who: str = "own", **more: Any):
    return town.ask(who, f"/api/v1/patients/{town.records['own'].patient_id}{path}", method, **more)


def log(town: Town, document: dict[str, Any], who: str = "own"):
    return ask(town, "/entries", "POST", who, json=document)


def sync(town: Town, *documents: Any) -> list[dict[str, Any]]:
    answer = ask(town, "/sync", "POST", json={"entries": list(documents)})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    receipts: list[dict[str, Any]] = answer.get_json()["receipts"]
    return receipts


def test_an_entry_is_stored_once_and_sending_again_changes_nothing(town: Town):
    document = said(town.records["own"], pain=0, sets=2, reps=10)
    first, again = log(town, document), log(town, document)

    assert (first.status_code, first.get_json()["result"]) == (201, "created")
    assert first.get_json()["answers"] == {"day": "2026-03-02", "slot": 0}
    assert first.get_json()["status"] == "done"
    assert (again.status_code, again.get_json()["result"]) == (200, "identical")
    assert again.get_json()["seq"] == first.get_json()["seq"]
    stored = ask(town, f"/entries/{document['client_id']}").get_json()
    assert (stored["pain"], stored["sets"], stored["effort"]) == (0, 2, None)


def test_something_else_under_a_known_id_is_a_conflict_with_its_receipt(town: Town):
    document = said(town.records["own"])
    log(town, document)
    answer = log(town, document | {"pain": 4})

    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.get_json()["receipt"]["result"] == "conflict"
    assert ask(town, f"/entries/{document['client_id']}").get_json()["pain"] is None


def test_an_entry_ahead_of_tomorrow_or_long_before_the_start_is_refused(town: Town):
    own = town.records["own"]
    for at, status in (
        ("2026-03-03T08:59:00Z", 201),
        ("2026-03-03T09:00:01Z", 422),
        ("2020-01-01T00:00:00Z", 422),
    ):
        answer = log(town, said(own, performed_at=at))
        assert answer.status_code == status, at
        if status == 422:
            assert "performed_at" in answer.get_json()["errors"]


def test_rules_across_fields_are_named_at_a_field(town: Town):
    own = town.records["own"]
    for more, field in (
        ({"reason": "hurt"}, "reason"),
        ({"pain": 3, "pain_declined": True}, "pain_declined"),
        ({"day": "2026-03-02"}, "slot"),
        ({"slot": 0}, "slot"),
        ({"withdrawn": True}, "withdrawn"),
        ({"status": None}, "status"),
        ({"performed_at": None}, "performed_at"),
        ({"activity_id": None}, "activity_id"),
        ({"value": 11, "symptom": "ache"}, "value"),
        ({"value": 3, "declined": True, "symptom": "ache"}, "declined"),
    ):
        answer = log(town, said(own, **more))
        assert answer.status_code == 422, more
        assert field in answer.get_json()["errors"], more


def test_a_batch_has_a_receipt_for_each_item_in_order(town: Town):
    own, near = town.records["own"], town.records["near"]
    good, again = said(own), said(own, symptom="ache", activity_id=None, status=None, value=0)
    receipts = sync(
        town,
        good,
        {"client_id": str(new_id())},
        "no object",
        None,
        said(near),
        again,
        dict(good),
        dict(good) | {"pain": 9},
        {"client_id": "x" * 100},
    )

    assert [one["result"] for one in receipts] == [
        "created",
        "invalid",
        "invalid",
        "invalid",
        "unknown",
        "created",
        "identical",
        "conflict",
        "invalid",
    ]
    assert receipts[0]["client_id"] == good["client_id"]
    assert receipts[2]["client_id"] is None
    assert receipts[8]["client_id"] is None


def test_a_batch_has_a_limit_and_a_shape(town: Town):
    own = town.records["own"]
    full = [said(own, performed_at="2026-03-01T09:00:00Z") for _ in range(200)]
    assert {one["result"] for one in sync(town, *full)} == {"created"}
    assert sync(town) == []
    for body, status in (
        ({"entries": [*full, said(own)]}, 422),
        ({"entries": {}}, 422),
        ({"entries": None}, 422),
        ({}, 422),
        ([], 422),
        ({"entries": [], "patient_id": "x"}, 422),
    ):
        assert ask(town, "/sync", "POST", json=body).status_code == status


def test_a_correction_replaces_what_it_corrects_and_both_stay_readable(town: Town):
    document = said(town.records["own"], pain=3)
    log(town, document)
    corrected = str(new_id())
    answer = ask(
        town,
        f"/entries/{document['client_id']}/corrections",
        "POST",
        json={"client_id": corrected, "status": "skipped", "reason": "no_time"},
    )

    assert (answer.status_code, answer.get_json()["result"]) == (201, "corrected")
    listed = {one["client_id"]: one for one in ask(town, "/entries").get_json()["entries"]}
    old = listed[document["client_id"]]
    new = ask(town, f"/entries/{corrected}").get_json()
    assert (old["status"], old["pain"], old["corrected_by"]) == ("done", 3, corrected)
    assert (new["status"], new["corrects_id"]) == ("skipped", document["client_id"])
    first = ask(town, f"/entries/{document['client_id']}").get_json()
    assert (first["corrected_by"], new["corrected_by"]) == (corrected, None)
    second = ask(
        town,
        f"/entries/{document['client_id']}/corrections",
        "POST",
        json={"client_id": str(new_id()), "withdrawn": True},
    )
    assert second.status_code == 409


def test_a_clinician_says_why_the_record_is_put_right_and_progress_says_who_and_why(town: Town):
    own = town.records["own"]
    document = said(own, pain=3)
    log(town, document)
    path = f"/api/v1/patients/{own.patient_id}/entries/{document['client_id']}/corrections"
    new = {"client_id": str(new_id()), "status": "missed"}

    without = town.ask("therapist", path, "POST", json=new)
    assert (without.status_code, without.get_json()["errors"]) == (422, {"because": ["required"]})
    answer = town.ask("therapist", path, "POST", json=new | {"because": "Counted at the visit"})

    assert answer.status_code == 201
    shown = ask(town, f"/entries/{new['client_id']}").get_json()
    assert (shown["because"], shown["source"]) == ("Counted at the visit", "clinician")
    (one,) = ask(town, "/progress").get_json()["put_right"]
    name = town.people["therapist"].actor.account_id
    assert (one["because"], one["activity_id"]) == ("Counted at the visit", str(own.activity_id))
    assert one["author"] and str(name) not in one["author"]
    assert one["days"] == [document["performed_at"][:10]]
    assert not one["withdrawn"]


def test_a_first_report_has_no_reason_of_its_own(town: Town):
    answer = log(town, said(town.records["own"], because="no"))

    assert answer.status_code == 422
    assert "because" in answer.get_json()["errors"]


def test_Z3_correcting_anothers_entry_reads_like_correcting_none(town: Town):
    """CVE-2026-25744: an id of somebody else's must change nothing and tell nothing."""
    near = town.records["near"]
    before = town.ask("near", f"/api/v1/patients/{near.patient_id}/entries").data
    for client_id in (near.client_id, new_id()):
        answer = ask(
            town,
            f"/entries/{client_id}/corrections",
            "POST",
            json={"client_id": str(new_id()), "withdrawn": True},
        )
        assert answer.status_code == 404
        assert answer.get_json()["receipt"]["result"] == "unknown"
    for who in ("own", "therapist"):
        taken = said(town.records["own"], client_id=str(near.client_id))
        first = log(town, taken, who)
        assert first.status_code in (201, 409), "an id of another's is simply free"

    assert town.ask("near", f"/api/v1/patients/{near.patient_id}/entries").data == before


def test_pages_of_entries_are_newest_first_and_join_without_gap(town: Town):
    own = town.records["own"]
    for _ in range(7):
        log(town, said(own))
    whole = ask(town, "/entries?limit=200").get_json()["entries"]
    pieces: list[Any] = []
    before: int | None = None
    while True:
        cursor = "" if before is None else f"&before={before}"
        page = ask(town, f"/entries?limit=3{cursor}").get_json()
        pieces += page["entries"]
        before = page["before"]
        if before is None:
            break

    assert pieces == whole
    assert [one["seq"] for one in whole] == sorted((one["seq"] for one in whole), reverse=True)


def test_a_pull_in_pieces_is_the_same_as_a_pull_at_once(town: Town):
    log(town, said(town.records["own"]))
    at_once = ask(town, "/sync?limit=500").get_json()
    assert at_once["more"] is False
    pieces: list[Any] = []
    after, more = 0, True
    while more:
        page = ask(town, f"/sync?after={after}&limit=2").get_json()
        assert len(page["changes"]) <= 2
        pieces += page["changes"]
        after, more = page["after"], page["more"]

    assert pieces == at_once["changes"]
    assert after == at_once["after"]
    assert [one["seq"] for one in pieces] == sorted(one["seq"] for one in pieces)
    kinds = {one["kind"] for one in pieces}
    assert {"entry", "plan", "activity", "revision", "goal", "pause", "notice"} <= kinds
    empty = ask(town, f"/sync?after={after}").get_json()
    assert (empty["changes"], empty["after"], empty["more"]) == ([], after, False)


def test_a_pull_holds_nothing_that_only_the_server_needs(town: Town):
    text = ask(town, "/sync?limit=500").get_data(as_text=True)

    for kept in ("payload_hash", "clinic_id", "audit_head", "patient_id"):
        assert kept not in text


def test_O5_the_export_is_every_entry_and_no_cell_runs_as_a_formula(town: Town):
    import csv
    from io import StringIO

    notes = ["=1+1", "+1", "-1", "@SUM(A1)", "plain, with a comma", 'a "quote"', "-"]
    for note in notes:
        log(town, said(town.records["own"], note=note, quantity=1234.5678))
    answer = ask(town, "/entries.csv")
    rows = list(csv.DictReader(StringIO(answer.get_data(as_text=True))))

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    written = [row["note"] for row in rows][-len(notes) :]
    assert [one.removeprefix("'") for one in written] == notes
    assert all(not one.startswith(("=", "+", "-", "@")) for one in written)
    assert rows[-1]["quantity"] == "1234.5678"
    assert len(rows) == len(ask(town, "/entries?limit=200").get_json()["entries"])


def test_V4_one_milestone_for_a_goal_that_fifty_entries_reach(town: Town):
    own = town.records["own"]
    for _ in range(10):
        log(town, said(own, activity_id=None, status=None, goal_id=str(own.goal_id), value=14))
    found = ask(town, "/milestones").get_json()["milestones"]
    keys = [(one["goal_id"], one["kind"], one["level"]) for one in found]

    assert len(keys) == len(set(keys))
    assert ("target_reached") in {one["kind"] for one in found}


def test_Z8_leaving_the_care_team_holds_from_the_next_request_in_every_open_page(town: Town):
    own = town.records["own"]
    assert ask(town, "/entries", who="therapist").status_code == 200
    member = UUID(str(town.people["therapist"].actor.account_id))
    heir = str(town.people["colleague"].actor.account_id)
    joins = {"account_id": heir, "discipline": "nursing", "lead": True}
    assert ask(town, "/care-team", "POST", "therapist", json=joins).status_code == 204
    assert ask(town, f"/care-team/{member}", "DELETE", "therapist").status_code == 204

    notice = f"/api/v1/review/notices/{own.notice_id}"
    for path in ("", "/entries", "/entries.csv", "/goals", "/progress", "/charts/adherence.png"):
        assert ask(town, path, who="therapist").status_code == 404, path
    assert log(town, said(own), "therapist").status_code == 404
    assert town.ask("therapist", notice).status_code == 404
    assert town.ask("therapist", f"{notice}/seen", "POST").status_code == 404
    assert town.ask("therapist", f"/patients/{own.patient_id}").status_code == 404
    page = town.ask("therapist", "/review").get_data(as_text=True)
    assert own.mark not in page
    assert own.mark not in town.ask("therapist", "/patients").get_data(as_text=True)
    queue = town.ask("therapist", "/api/v1/review/queue").get_data(as_text=True)
    assert own.mark not in queue


def test_Z7_a_crawl_of_one_clinic_finds_nothing_of_the_other(town: Town):
    far = town.records["far"]
    for who in ("therapist", "manager", "admin", "own"):
        for path in ("/patients", "/review/queue", "/programme/overview", "/me"):
            text = town.ask(who, f"/api/v1{path}").get_data(as_text=True)
            assert far.mark not in text
            assert str(far.patient_id) not in text


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_a_chart_is_drawn_in_every_theme_and_width_or_is_not_there(shared_town: Town, kind: str):
    for theme in ("light", "dark", "contrast", "dark-contrast", "neon", ""):
        for width in ("phone", "wide", "huge"):
            answer = ask(shared_town, f"/charts/adherence.{kind}?theme={theme}&width={width}")
            good = theme in ("light", "dark", "contrast", "dark-contrast") and width != "huge"
            assert answer.status_code == (200 if good else 404), (theme, width)


@pytest.mark.parametrize(
    "of", ["", "x", "0", "1", "42", "91", "-1", "9" * 5_000, "１２", "1e3", "²"]
)
def test_a_calendar_of_odd_lengths_is_drawn_or_is_not_there(shared_town: Town, of: str):
    for name in ("adherence", "goal", "doses", "symptom", "nothing"):
        answer = shared_town.ask(
            "own",
            f"/charts/{shared_town.records['own'].patient_id}/{name}.svg",
            query_string={"of": of},
        )
        assert answer.status_code in (200, 404), (name, of)
