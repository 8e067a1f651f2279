"""The row of the list: each way of writing it leaves exactly the columns it names."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adherence.services import settle
from adherence.store import caseload as table
from adherence.store.db import look, write
from tests.wards import DAY, MONDAY, ward

pytestmark = pytest.mark.usefixtures("app")


def test_every_column_under_an_index_can_be_left_alone():
    under = {column.name for index in table.CASELOAD.indexes for column in index.columns}

    assert under - {"clinic_id", "patient_id"} == set(table.INDEXED)
    assert len(table.set_caseload) == 2 ** len(table.INDEXED)


@pytest.mark.parametrize("kept", sorted(table.set_caseload))
def test_a_row_is_written_anew_but_for_what_is_kept(kept: tuple[str, ...]):
    w = ward()
    settle.settle(w.patient_id, MONDAY)
    before = look(table.caseload_of, patient_id=w.patient_id)._asdict()
    new = {
        "need": before["need"] + 1,
        "urgency": before["urgency"] + 1,
        "due30": before["due30"] + 1,
        "done30": before["done30"] + 1,
        "unreported30": before["unreported30"] + 1,
        "pain7": 7,
        "strip": "d" * 14,
        "open_notices": before["open_notices"] + 1,
        "last_entry_at": MONDAY,
        "goal_words": "to walk to the shop",
        "as_of": before["as_of"] + DAY,
        "roll_at": before["roll_at"] + timedelta(days=1),
    }
    write(
        lambda run: run.do(
            table.set_caseload[kept],
            patient_id=w.patient_id,
            **{f"new_{name}": value for name, value in new.items()},
        )
    )

    after = look(table.caseload_of, patient_id=w.patient_id)._asdict()
    assert after == {**before, **{name: new[name] for name in new if name not in kept}}
