"""The tables below the pictures: every cell where it belongs, and nothing in it runs."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from adherence.domain.activities import Asked
from adherence.domain.entries import Amounts
from adherence.services import accounts, entries, plans
from tests.pages.browsers import Browser
from tests.wards import DAY, MONDAY, daily, document, ward

WHY = '<script>alert(1)</script> & "more"'
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;more&#34;"


def test_what_people_typed_is_escaped_and_stands_in_its_own_row(app):
    w = ward(MONDAY)
    at = MONDAY + timedelta(hours=11)
    for n, value in enumerate((0.0, 4.0, 7.0)):
        said = document(w.check_id, at + n * DAY, symptom="pain", value=value)
        entries.log_entry(w.patient, w.patient_id, said, at + n * DAY)
    plans.revise_activity(
        w.therapist,
        w.patient_id,
        w.exercise_id,
        schedule=daily(MONDAY.date()),
        asked=Asked(title="Heel raises", amounts=Amounts(sets=3, reps=10)),
        reason=WHY,
        now=MONDAY + 2 * DAY,
    )

    html = Browser(app, w.patient, MONDAY + 3 * DAY).open("/progress")

    assert "<script>alert" not in html
    table = html.split('id="figure-symptom', 1)[1].split("<tbody>", 1)[1].split("</tbody>", 1)[0]
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in table.split("</tr>") if row]
    told = {row[0]: row for row in rows}
    revised = next(row for row in rows if ESCAPED in row)
    assert "4 March" in revised[0]
    assert "7" in revised
    first = next(row for day, row in told.items() if "2 March" in day)
    assert "0" in first
    assert len({len(row) for row in rows}) == 1


def test_a_patient_without_anything_sees_a_page_without_tables(app):
    html = Browser(app, ward(MONDAY).patient, MONDAY).open("/progress")

    assert "<tbody></tbody>" not in html


@pytest.mark.parametrize(
    ("language", "unit"), [("en", "steps"), ("de", "Stufen"), ("ru", "ступени")]
)
def test_what_is_counted_stands_at_the_picture_in_the_readers_language(app, language, unit):
    w = ward(MONDAY)
    accounts.set_locale(w.patient, language, MONDAY)

    found = Browser(app, w.patient, MONDAY).open(f"/charts/{w.patient_id}/goal.svg?of={w.goal_id}")

    assert f">{unit}<" in found
