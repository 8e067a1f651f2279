"""Z5: the field of a note that the patient may not read, on every edge."""

from __future__ import annotations

from adherence.store.ids import new_id
from tests.web.town import Town

SECRET = "Anxious about the stairs, be gentle"


def note(town: Town) -> str:
    """A note of the own patient's therapist, written through the page."""
    own = town.records["own"]
    path = f"/patients/{own.patient_id}/notes"
    form = {"client_id": str(new_id()), "text": SECRET}
    assert town.ask("therapist", path, "POST", form=form).status_code == 303
    return path


def test_Z5_the_team_reads_a_note_and_the_patient_knows_of_it(town: Town):
    own = town.records["own"]
    path = note(town)
    api = f"/api/v1/patients/{own.patient_id}/care-notes"

    assert SECRET in town.ask("therapist", path).get_data(as_text=True)
    assert [one["text"] for one in town.ask("therapist", api).get_json()["notes"]] == [SECRET]

    team = town.ask("own", "/team").get_data(as_text=True)
    assert "Notes that your team keeps" in team
    assert "Staff therapist" in team
    assert [one["text"] for one in town.ask("own", api).get_json()["notes"]] == [None]
    for mine in ("/team", "/accesses", "/today", path, f"/patients/{own.patient_id}", api):
        assert SECRET not in town.ask("own", mine).get_data(as_text=True), mine


def test_Z5_the_patient_writes_none_and_others_find_none(town: Town):
    path = note(town)
    form = {"client_id": str(new_id()), "text": "mine"}

    assert town.ask("own", path, "POST", form=form).status_code == 403
    for who in ("near", "colleague", "stranger", "manager", "admin"):
        answer = town.ask(who, path)
        assert answer.status_code in (403, 404), who
        assert SECRET not in answer.get_data(as_text=True)


def test_what_was_typed_is_kept_where_it_cannot_be_stored(town: Town):
    own = town.records["own"]
    path = f"/patients/{own.patient_id}/notes"
    long = "word " * 500

    empty = town.ask("therapist", path, "POST", form={"client_id": str(new_id()), "text": " "})
    full = town.ask("therapist", path, "POST", form={"client_id": str(new_id()), "text": long})

    assert "Write something first." in empty.get_data(as_text=True)
    assert "At most 2000 characters." in full.get_data(as_text=True)
    assert long.strip() in full.get_data(as_text=True)
