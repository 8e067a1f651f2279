"""Break-glass through HTTP: the step before it, the banner, the clinic's list, the patient's."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from tests.web.town import MONDAY, Town

MINUTE = timedelta(minutes=1)
REASON = "Lies unconscious in the gym"


def begin(town: Town, who: str = "colleague", **changes: str) -> TestResponse:
    """The answer to the form that opens the own patient's record."""
    own = town.records["own"]
    given = {"name": f"{own.mark} P", "birth_year": "1950", "reason": REASON}
    return town.ask(who, "/emergency", "POST", form={**given, **changes})


def sheet(town: Town, who: str = "colleague", of: str = "own") -> TestResponse:
    return town.ask(who, f"/patients/{town.records[of].patient_id}")


def test_Z11_a_record_opens_with_a_banner_on_every_page_and_nothing_to_write(town: Town):
    assert sheet(town).status_code == 404
    opened = begin(town)
    own = town.records["own"]
    assert (opened.status_code, opened.headers["Location"]) == (303, f"/patients/{own.patient_id}")
    text = sheet(town).get_data(as_text=True)

    assert "you are reading a record outside your care teams" in text
    assert "60 minutes left" in text
    assert f"/patients/{own.patient_id}/emergency/end" in text
    assert f"{own.mark} goal" in text
    links = set(re.findall(rf'href="(/patients/{own.patient_id}[^"]*)"', text))
    assert [link for link in links if town.ask("colleague", link).status_code != 200] == []
    town.at = MONDAY + 13 * MINUTE
    assert "47 minutes left" in sheet(town).get_data(as_text=True)
    assert "outside your care teams" not in sheet(town, "therapist").get_data(as_text=True)


def test_Z11_reading_is_all_that_opens(town: Town):
    begin(town)
    own = town.records["own"]
    api = f"/api/v1/patients/{own.patient_id}"
    for path in ("", "/goals", "/entries", "/activities", "/progress", "/charts/adherence.svg"):
        assert town.ask("colleague", api + path).status_code == 200, path
    goal = {"words": "Walk", "measure": "rating", "baseline": 2, "target": 8}
    for path, body in (
        ("/goals", goal),
        ("/care-team", {"account_id": str(own.account_id), "discipline": "nursing"}),
        ("/pauses", {"kind": "rest", "first_day": "2026-03-05"}),
    ):
        assert town.ask("colleague", api + path, "POST", json=body).status_code == 404, path
    assert town.ask("colleague", f"{api}/notices").status_code == 404
    assert town.ask("colleague", f"/patients/{own.patient_id}/ways-in").status_code == 404
    assert town.ask("colleague", f"/patients/{own.patient_id}/team").status_code == 404


def test_Z11_without_a_factor_shown_just_now_nothing_opens(town: Town):
    town.form_token(town.people["colleague"])
    town.at = MONDAY + 6 * MINUTE
    asked = town.ask("colleague", "/emergency")
    assert (asked.status_code, asked.headers["Location"]) == (303, "/account/prove?to=%2Femergency")
    assert begin(town).status_code == 401
    assert sheet(town).status_code == 404


@pytest.mark.parametrize("who", ["admin", "manager", "own", "nobody", "stranger", "disabled"])
def test_Z11_nobody_else_opens_it(town: Town, who: str):
    assert begin(town, who).status_code in (403, 401, 422, 303)
    assert sheet(town, who).status_code in ((200,) if who == "own" else (403, 404, 303))
    assert "Staff colleague" not in town.ask("own", "/team").get_data(as_text=True)
    assert REASON not in town.ask("own", "/team").get_data(as_text=True)


def test_Z11_what_is_wrong_is_said_at_the_field_and_what_was_typed_stays(town: Town):
    for changes, said in (
        ({"reason": "why not"}, "at least ten characters"),
        ({"name": "Nobody Of This Name"}, "Nobody of exactly this name"),
        ({"birth_year": "1951"}, "Nobody of exactly this name"),
        ({"birth_year": "19"}, "A number from 1,880"),
        ({"birth_year": ""}, "with four digits"),
        ({"name": ""}, "Write the full name."),
    ):
        answer = begin(town, **changes)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert said in text, changes
        for typed in {"name": "", "reason": REASON, **changes}.values():
            assert typed in text
        assert "Qx" not in text.replace(f"{town.records['own'].mark} P", "")
    assert sheet(town).status_code == 404


def test_nothing_of_a_search_stands_in_an_address(town: Town):
    assert town.ask("colleague", "/emergency?name=Ruth&birth_year=1950").status_code == 200
    assert sheet(town).status_code == 404


def test_Z11_it_is_tried_ten_times_and_not_more(town: Town):
    answers = [begin(town, name="Nobody").status_code for _ in range(12)]

    assert answers == [422] * 10 + [429] * 2
    assert begin(town).status_code == 429


def test_Z11_it_is_over_after_an_hour_and_at_once_when_it_is_ended(town: Town):
    begin(town)
    own = town.records["own"].patient_id
    town.at = MONDAY + 12 * MINUTE
    assert sheet(town).status_code == 200
    ended = town.ask("colleague", f"/patients/{own}/emergency/end", "POST", form={})
    assert ended.status_code == 303
    for path in (f"/patients/{own}", f"/api/v1/patients/{own}", f"/charts/{own}/adherence.svg"):
        assert town.ask("colleague", path).status_code == 404, path

    # The rescuer of the town has the same record open since Monday, and keeps their page open.
    town.at = MONDAY + 12 * MINUTE
    assert sheet(town, "rescuer").status_code == 200
    town.at = MONDAY + 60 * MINUTE
    assert town.ask("rescuer", f"/api/v1/patients/{own}").status_code == 404


def test_Z11_a_second_patient_is_refused_while_one_is_open(town: Town):
    near = town.records["near"]
    answer = begin(town, "rescuer", name=f"{near.mark} P")

    assert answer.status_code == 422
    assert "another record open" in answer.get_data(as_text=True)
    assert sheet(town, "rescuer", "near").status_code == 404


def test_an_administrator_is_told_on_every_page_and_answers_with_a_sentence(town: Town):
    begin(town)
    mark = town.records["own"].mark
    first = town.ask("admin", "/staff").get_data(as_text=True)
    # Two of the town's own, and this one.
    assert '<span class="count">3' in first
    listed = town.ask("admin", "/emergencies").get_data(as_text=True)
    assert f"Staff colleague read the record of {mark} P" in listed
    assert REASON in listed
    assert f"{mark} goal" not in listed
    action = re.search(r'action="(/emergencies/[^"]+/seen)"', listed)
    assert action
    empty = town.ask("admin", action[1], "POST", form={"words": "  "})
    assert empty.status_code == 422
    assert "This cannot stay empty." in empty.get_data(as_text=True)
    assert town.ask("far_admin", action[1], "POST", form={"words": "No."}).status_code == 404
    assert town.ask("therapist", action[1], "POST", form={"words": "No."}).status_code == 403
    assert town.ask("admin", action[1], "POST", form={"words": "It was one."}).status_code == 303
    assert '<span class="count">2' in town.ask("admin", "/staff").get_data(as_text=True)
    assert "It was one." in town.ask("admin", "/emergencies").get_data(as_text=True)
    assert REASON not in town.ask("far_admin", "/emergencies").get_data(as_text=True)


def test_the_patient_is_told_until_they_have_read_it(town: Town):
    begin(town)
    assert "opened in an emergency 2 times" in town.ask("own", "/today").get_data(as_text=True)
    text = town.ask("own", "/team").get_data(as_text=True)
    assert "Staff colleague opened your record in an emergency" in text
    assert REASON in text
    actions = re.findall(r'action="(/team/emergencies/[^"]+/read)"', text)
    assert len(actions) == 2
    for action in actions:
        assert town.ask("near", action, "POST", form={}).status_code == 404
        assert town.ask("own", action, "POST", form={}).status_code == 303
    assert "in an emergency" not in town.ask("own", "/today").get_data(as_text=True)
    assert REASON in town.ask("own", "/team").get_data(as_text=True), "it stays to be read"
