"""Projections kept step by step equal a computation from scratch, over a long life."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from adherence.services import rebuild
from adherence.store.day_sums import DAY_SUM
from adherence.store.db import write
from tests.builders import admit, found_clinic, live
from tests.wards import DAY, MONDAY, document, ward

pytestmark = pytest.mark.usefixtures("app")


@pytest.mark.parametrize("seed", [7, 21])
def test_half_a_year_of_logging_leaves_no_difference(seed):
    now = datetime.now(UTC)
    began = now - timedelta(days=200)
    one = admit(found_clinic(began), 0, began)

    live(one, began.date() + DAY, now.date(), seed, 0.6 + seed / 100)

    assert rebuild.check(one.patient_id, now) == []


def test_a_wrong_row_a_missing_row_and_one_too_many_are_found_and_mended():
    w = ward()
    from adherence.services import entries, settle

    entries.log_entry(w.patient, w.patient_id, document(w.exercise_id), MONDAY)
    now = MONDAY + 5 * DAY
    settle.settle(w.patient_id, now)
    mine = DAY_SUM.c.patient_id == w.patient_id
    first = MONDAY.date()

    def spoil(run):
        run.core(sa.update(DAY_SUM).where(mine, DAY_SUM.c.day == first).values(done=9))
        run.core(sa.delete(DAY_SUM).where(mine, DAY_SUM.c.day == first + DAY))
        run.core(
            sa.update(DAY_SUM)
            .where(mine, DAY_SUM.c.day == first + 2 * DAY)
            .values(day=first - 9 * DAY)
        )

    write(spoil)

    kinds = {one.what for one in rebuild.check(w.patient_id, now)}
    assert kinds >= {"day_sum differs", "day_sum missing", "day_sum too many"}
    rebuild.rebuild(w.patient_id, now)
    assert rebuild.check(w.patient_id, now) == []
