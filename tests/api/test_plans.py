"""Goals, plans, activities, pauses, teams, zones and notices over the wire."""

from __future__ import annotations

from typing import Any

import pytest

from adherence.domain.access import Role
from adherence.services import accounts
from adherence.store.ids import new_id
from tests.web.calls import SCHEDULE
from tests.web.town import MONDAY, Town

AMOUNTS = {"sets": 3, "reps": 12, "hold_seconds": None, "quantity": None}


def ask(town: Town, path: str, method: str = "GET", who: str = "therapist", **more: Any):
    return town.ask(who, f"/api/v1/patients/{town.records['own'].patient_id}{path}", method, **more)


def assign(town: Town, schedule: Any = None, asked: Any = None, **more: Any):
    own = town.records["own"]
    body = {
        "plan_id": str(own.plan_id),
        "kind": "exercise",
        "schedule": SCHEDULE if schedule is None else schedule,
        "asked": {"title": "Step-ups"} if asked is None else asked,
        "goals": [{"goal_id": str(own.goal_id), "because": "it helps on stairs"}],
        **more,
    }
    return ask(town, "/activities", "POST", json=body)


SCHEDULES: list[dict[str, Any]] = [
    {"kind": "weekdays", "starts_on": "2026-03-02", "weekdays": [0, 2, 4], "times": ["08:00"]},
    {"kind": "every_n_days", "starts_on": "2026-03-02", "every": 2, "cycle_on": 21, "cycle_off": 7},
    {"kind": "n_per_week", "starts_on": "2026-03-02", "per_week": 3, "max_per_day": 1},
    {
        "kind": "fixed_interval",
        "starts_on": "2026-03-02",
        "interval_hours": 8,
        "anchor": "2026-03-02T06:00:00+01:00",
        "zone": "Europe/Berlin",
        "window": {"kind": "around", "before_minutes": 60, "after_minutes": 60},
    },
    {"kind": "as_needed", "starts_on": "2026-03-02", "min_interval_hours": 4.5},
    {
        "kind": "weekdays",
        "starts_on": "2026-03-02",
        "ends_on": "2026-06-01",
        "weekdays": [6],
        "zone_policy": "home",
        "zone": "America/New_York",
        "window": {"kind": "any_time"},
    },
]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda one: one["kind"])
def test_every_kind_of_schedule_comes_back_as_it_was_sent(
    shared_town: Town, schedule: dict[str, Any]
):
    made = assign(shared_town, schedule)
    assert made.status_code == 201, made.get_data(as_text=True)
    found = ask(shared_town, f"/activities/{made.get_json()['id']}").get_json()
    stored = found["revisions"][0]["schedule"]

    for name, value in schedule.items():
        if name == "anchor":
            assert stored[name] == "2026-03-02T05:00:00+00:00"
        elif name == "window":
            assert stored[name] == {"before_minutes": 0, "after_minutes": 0} | value
        else:
            assert stored[name] == value, name
    again = assign(shared_town, stored)
    assert again.status_code == 201, "what is shown can be sent"


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"kind": "hourly", "starts_on": "2026-03-02"},
        {"kind": "weekdays", "starts_on": "2026-03-02"},
        {**SCHEDULE, "surprise": 1},
        {**SCHEDULE, "every": "1"},
        {**SCHEDULE, "every": True},
        {**SCHEDULE, "every": 0},
        {**SCHEDULE, "every": 1e3},
        {**SCHEDULE, "starts_on": "0001-01-01"},
        {**SCHEDULE, "starts_on": "2026-W10-1"},
        {**SCHEDULE, "ends_on": "9999-12-31"},
        {**SCHEDULE, "ends_on": "2026-03-02"},
        {**SCHEDULE, "times": "08:00"},
        {**SCHEDULE, "times": ["8"]},
        {**SCHEDULE, "times": ["08:00", "08:00"]},
        {**SCHEDULE, "times": ["25:00"]},
        {**SCHEDULE, "times": ["08:00:30"]},
        {**SCHEDULE, "times": ["08:00"] * 1_000},
        {**SCHEDULE, "weekdays": [1]},
        {**SCHEDULE, "window": "same_day"},
        {**SCHEDULE, "window": {"kind": "around", "before_minutes": True}},
        {**SCHEDULE, "window": {"kind": "around", "after_minutes": 99_999}},
        {**SCHEDULE, "window": {"kind": "any_time", "after_minutes": 5}},
        {**SCHEDULE, "zone_policy": "home"},
        {**SCHEDULE, "zone_policy": "home", "zone": "Nowhere/Land"},
        {**SCHEDULES[3], "anchor": "2026-03-02T06:00:00"},
        {**SCHEDULES[3], "interval_hours": 0},
        {**SCHEDULES[3], "interval_hours": 1e308},
        {**SCHEDULES[3], "zone": None},
        {**SCHEDULES[4], "min_interval_hours": -1},
        {**SCHEDULES[2], "per_week": 0},
        {**SCHEDULES[2], "per_week": 99},
        "daily",
        [],
        None,
        7,
    ],
)
def test_V1_a_schedule_that_makes_no_sense_is_refused(shared_town: Town, wrong: Any):
    before = ask(shared_town, "/activities").data
    answer = assign(shared_town, wrong if wrong is not None else 0)

    assert answer.status_code == 422, answer.get_data(as_text=True)
    assert answer.get_json()["errors"]
    assert ask(shared_town, "/activities").data == before


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"title": ""},
        {"title": "\u202e"},
        {"title": 5},
        {"title": "x" * 121},
        {"title": "a", "instructions": ["a"]},
        {"title": "a", "instructions": "x" * 4_001},
        {"title": "a", "optional": "yes"},
        {"title": "a", "optional": 1},
        {"title": "a", "minutes": 2.5},
        {"title": "a", "minutes": True},
        {"title": "a", "pain_limit": "7"},
        {"title": "a", "pain_limit": 11},
        {"title": "a", "unit": {}},
        {"title": "a", "symptom": "x" * 41},
        {"title": "a", "amounts": []},
        {"title": "a", "amounts": {"sets": True}},
        {"title": "a", "amounts": {"sets": 0}},
        {"title": "a", "amounts": {"reps": 2.5}},
        {"title": "a", "amounts": {"quantity": -1}},
        {"title": "a", "amounts": {"kilos": 5}},
        {"title": "a", "colour": "red"},
        "Step-ups",
        [],
        7,
    ],
)
def test_V1_what_makes_no_sense_is_not_asked_of_anybody(shared_town: Town, wrong: Any):
    before = ask(shared_town, "/activities").data
    answer = assign(shared_town, asked=wrong)

    assert answer.status_code == 422, answer.get_data(as_text=True)
    assert ask(shared_town, "/activities").data == before


def test_what_is_asked_is_cleaned_like_every_text(town: Town):
    made = assign(
        town,
        asked={
            "title": "Heel\u0000 raises\ud800",
            "instructions": "One\u001b\r\ntwo\u202e",
            "amounts": AMOUNTS,
        },
    )
    assert made.status_code == 201, made.get_data(as_text=True)
    found = ask(town, f"/activities/{made.get_json()['id']}").get_json()["revisions"][0]["asked"]

    assert (found["title"], found["instructions"]) == ("Heel raises", "One\ntwo")
    assert found["amounts"] == AMOUNTS
    assert town.ask("own", "/today").status_code == 200


def test_an_activity_is_revised_from_a_day_on_and_ends_from_a_day_on(town: Town):
    own = town.records["own"]
    path = f"/activities/{own.activity_id}"
    body = {"schedule": SCHEDULE, "asked": {"title": "More"}, "reason": "It got easy"}
    past = ask(town, f"{path}/revisions", "POST", json=body | {"effective_on": "2026-03-01"})
    made = ask(town, f"{path}/revisions", "POST", json=body | {"effective_on": "2026-03-05"})
    sooner = ask(town, f"{path}/revisions", "POST", json=body | {"effective_on": "2026-03-04"})

    assert (past.status_code, made.status_code, sooner.status_code) == (422, 201, 409)
    assert made.get_json() == {"number": 2, "effective_on": "2026-03-05"}
    assert len(ask(town, path).get_json()["revisions"]) == 2
    ended = [
        ask(town, f"{path}/end", "POST", json={"reason": "Done with"}).status_code for _ in range(2)
    ]
    assert ended == [204, 409]
    listed = [one["id"] for one in ask(town, "/activities").get_json()["activities"]]
    assert str(own.activity_id) not in listed
    listed = [one["id"] for one in ask(town, "/activities?ended=yes").get_json()["activities"]]
    assert str(own.activity_id) in listed


def test_a_goal_is_closed_once_and_tells_what_loses_its_reason(town: Town):
    own = town.records["own"]
    path = f"/goals/{own.goal_id}/close"
    first = ask(town, path, "POST", json={"state": "achieved", "reason": "Reached"})
    again = ask(town, path, "POST", json={"state": "closed", "reason": "Reached"})

    assert first.status_code == 200
    assert str(own.activity_id) in first.get_json()["loses_reason"]
    assert again.status_code == 409
    assert assign(town).status_code == 422, "a closed goal gives no reason"
    found = next(
        one for one in ask(town, "/goals").get_json()["goals"] if one["id"] == str(own.goal_id)
    )
    assert (found["state"], found["closed_reason"]) == ("achieved", "Reached")


@pytest.mark.parametrize(
    "wrong",
    [
        {"measure": "rating", "baseline": 2, "target": 8},
        {"words": "x", "measure": "mood", "target": 8},
        {"words": "x", "measure": "rating", "target": 11},
        {"words": "x", "measure": "rating", "baseline": 5, "target": 5},
        {"words": "x", "measure": "gas", "baseline": -2, "target": 0, "ladder": ["a"]},
        {"words": "x", "measure": "symptom", "baseline": 5, "target": 2},
        {"words": "x" * 5_000, "measure": "rating", "baseline": 2, "target": 8},
        {"words": "x", "measure": "rating", "baseline": 2, "target": 8, "importance": 4},
        {"words": "x", "measure": "rating", "baseline": 2, "target": 8, "state": "achieved"},
    ],
)
def test_V2_a_goal_that_contradicts_itself_is_refused(shared_town: Town, wrong: dict[str, Any]):
    answer = ask(shared_town, "/goals", "POST", json=wrong)

    assert answer.status_code == 422, answer.get_data(as_text=True)


def test_a_pause_is_set_ended_and_taken_back(town: Town):
    for who, kind, status in (
        ("own", "ill", 201),
        ("own", "stop", 422),
        ("therapist", "stop", 201),
        ("own", "holiday", 422),
    ):
        body = {"kind": kind, "first_day": "2026-03-02", "until": "2026-03-09"}
        made = ask(town, "/pauses", "POST", who, json=body)
        assert made.status_code == status, (who, kind)
    backwards = {"kind": "ill", "first_day": "2026-03-09", "until": "2026-03-02"}
    assert ask(town, "/pauses", "POST", json=backwards).status_code == 422
    early = {"kind": "ill", "first_day": "2026-01-01"}
    assert ask(town, "/pauses", "POST", json=early).status_code == 422
    pause = town.records["own"].pause_id
    codes = [ask(town, f"/pauses/{pause}", "DELETE", "own").status_code for _ in range(2)]
    assert codes == [204, 409]
    assert ask(town, f"/pauses/{pause}/end", "POST", "own", json={}).status_code == 409
    shown = ask(town, "/pauses").get_json()["pauses"]
    taken_back = next(one for one in shown if one["id"] == str(pause))
    assert taken_back["cancelled_at"] is not None


def test_somebody_joins_and_leaves_the_care_team(town: Town):
    actor = town.people["colleague"].actor
    assert actor is not None
    body = {"account_id": str(actor.account_id), "discipline": "nursing"}
    codes = [ask(town, "/care-team", "POST", json=body).status_code for _ in range(2)]
    assert codes == [204, 409]
    assert ask(town, "", who="colleague").status_code == 200
    member = f"/care-team/{actor.account_id}"
    codes = [ask(town, member, "DELETE").status_code for _ in range(2)]
    assert codes == [204, 404]
    assert ask(town, "", who="colleague").status_code == 404


def test_no_patient_and_no_manager_joins_a_care_team(town: Town):
    with town.inside():
        admin = town.people["admin"].actor
        assert admin is not None
        patient = accounts.create_account(admin.clinic_id, Role.PATIENT, "P", "en", MONDAY)
    manager = town.people["manager"].actor
    assert manager is not None
    for account_id in (patient, manager.account_id, admin.account_id, new_id()):
        body = {"account_id": str(account_id), "discipline": "nursing"}
        assert ask(town, "/care-team", "POST", json=body).status_code == 404


def test_a_change_of_zone_begins_on_a_day_that_has_not_begun(town: Town):
    answer = ask(town, "/zone", "PUT", "own", json={"zone": "Asia/Tokyo"})

    assert answer.get_json() == {"zone": "Asia/Tokyo", "effective_on": "2026-03-03"}
    for zone in ("Nowhere/Land", "", "../etc", 5, None):
        assert ask(town, "/zone", "PUT", "own", json={"zone": zone}).status_code == 422, zone


def test_a_notice_is_reviewed_once(town: Town):
    notice = f"/api/v1/review/notices/{town.records['own'].notice_id}"
    empty = town.ask("therapist", f"{notice}/reply", "POST", json={"reply": " \n "})
    first = town.ask("therapist", f"{notice}/reply", "POST", json={"reply": "Rest well"})
    again = town.ask("therapist", f"{notice}/seen", "POST")

    assert (empty.status_code, first.status_code, again.status_code) == (422, 200, 409)
    shown = town.ask("own", notice).get_json()
    assert (shown["state"], shown["reply"]) == ("replied", "Rest well")


def test_Z5_a_patient_reviews_nothing_and_sets_no_goal(town: Town):
    notice = f"/api/v1/review/notices/{town.records['own'].notice_id}"
    for path, body in ((f"{notice}/seen", None), (f"{notice}/reply", {"reply": "x"})):
        assert town.ask("own", path, "POST", json=body).status_code == 403
    goal = {"words": "x", "measure": "rating", "baseline": 2, "target": 8}
    assert ask(town, "/goals", "POST", "own", json=goal).status_code == 403


def test_the_list_of_patients_in_pages_is_the_whole_list(town: Town):
    for number in range(5):
        added = town.ask(
            "therapist",
            "/api/v1/patients",
            "POST",
            json={"name": f"New {number}", "zone": "Europe/Berlin", "birth_year": 1950},
        )
        assert added.status_code == 201
    whole = town.ask("therapist", "/api/v1/patients").get_json()["patients"]
    pieces: list[Any] = []
    after: str | None = None
    while True:
        query = {"limit": "2"} if after is None else {"limit": "2", "after": after}
        page = town.ask("therapist", "/api/v1/patients", query_string=query).get_json()
        pieces += page["patients"]
        after = page["after"]
        if after is None:
            break

    assert len(whole) == 6
    assert [one["patient_id"] for one in pieces] == [one["patient_id"] for one in whole]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "", "zone": "Europe/Berlin"},
        {"name": "A", "zone": "Mars/Base"},
        {"name": "A"},
        {"name": "A", "zone": "Europe/Berlin", "birth_year": 1700},
        {"name": "A", "zone": "Europe/Berlin", "birth_year": 2099},
        {"name": "A", "zone": "Europe/Berlin", "birth_year": True},
        {"name": "A", "zone": "Europe/Berlin", "account_id": str(new_id())},
        {"name": "A", "zone": "Europe/Berlin", "clinic_id": str(new_id())},
        {"name": "A", "zone": "Europe/Berlin", "started_on": "0001-01-01"},
    ],
)
def test_a_patient_who_cannot_be_is_not_added(shared_town: Town, wrong: dict[str, Any]):
    before = shared_town.ask("therapist", "/api/v1/patients").data
    answer = shared_town.ask("therapist", "/api/v1/patients", "POST", json=wrong)

    assert answer.status_code == 422
    assert shared_town.ask("therapist", "/api/v1/patients").data == before
