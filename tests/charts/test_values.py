"""The numbers beside the pictures: counts with their whole, tables, and sentences in words."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adherence.charts.values import (
    CHARTS as WIRE,
)
from adherence.charts.values import (
    Calendar,
    Day,
    Dose,
    DoseMark,
    Measured,
    Reading,
)
from adherence.domain.entries import Status

from .samples import (
    CALENDAR,
    CHARTS,
    DOSES,
    ENGLISH,
    GERMAN,
    GOAL,
    LADDER,
    RUSSIAN,
    SYMPTOM,
    TODAY,
)


def test_the_charts_have_the_names_of_the_wire():
    assert set(WIRE) == {"adherence", "symptom", "goal", "doses"}


def test_the_calendar_counts_days_with_their_whole_and_its_band():
    facts = CALENDAR.facts()
    assert facts.counts[Status.DONE] == 16
    assert facts.confirmed == 16
    assert facts.possible == 18
    assert facts.due == 27
    assert facts.counts[Status.EXCUSED] == 3
    assert facts.counts[Status.UPCOMING] == 1


def test_the_calendar_says_its_counts():
    assert CALENDAR.sentence(ENGLISH) == (
        "2 Feb 2026 to 15 Mar 2026: 16 of 27 days done in full. 5 days done in part. "
        "2 days are not reported; if they were done, it is 18. 3 days of rest do not count."
    )


def test_one_of_each_is_said_in_the_singular():
    chart = replace(
        CALENDAR,
        days=(
            Day(date(2026, 2, 2), Status.DONE),
            Day(date(2026, 2, 3), Status.EXCUSED),
        ),
    )
    assert "1 of 1 day done in full." in chart.sentence(ENGLISH)
    assert "1 day of rest does not count." in chart.sentence(ENGLISH)


def test_a_calendar_without_a_day_that_counts_says_so_and_gives_no_rate():
    chart = replace(CALENDAR, days=(Day(date(2026, 2, 2), None), Day(TODAY, Status.UPCOMING)))
    assert chart.facts().due == 0
    assert chart.sentence(ENGLISH) == "2 Feb 2026 to 15 Mar 2026: no day counts yet."


def test_days_that_were_put_right_are_said_and_keep_their_state():
    first, second, gone = date(2026, 2, 2), date(2026, 2, 5), date(2026, 1, 1)
    blank = date(2026, 3, 14)
    one = replace(CALENDAR, put_right=(second, second, gone, blank))
    two = replace(CALENDAR, put_right=(second, first))

    assert one.corrected() == [second]
    assert two.corrected() == [first, second]
    assert (one.facts().put_right, two.facts().put_right) == (1, 2)
    assert one.facts().counts == CALENDAR.facts().counts
    assert one.sentence(ENGLISH) == (
        f"{CALENDAR.sentence(ENGLISH)} On 1 day the record was put right afterwards."
    )
    assert two.sentence(ENGLISH).endswith("On 2 days the record was put right afterwards.")
    assert "put right" not in CALENDAR.sentence(ENGLISH)


def test_a_day_put_right_is_said_also_where_no_day_counts_yet():
    day = date(2026, 2, 2)
    chart = replace(CALENDAR, days=(Day(day, None),), put_right=(day,))

    assert chart.sentence(ENGLISH) == (
        "2 Feb 2026 to 15 Mar 2026: no day counts yet. "
        "On 1 day the record was put right afterwards."
    )


def test_russian_plurals_come_through():
    def said(count: int) -> str:
        first = date(2026, 2, 2)
        days = tuple(Day(first + timedelta(days=step), Status.PARTLY) for step in range(count))
        return replace(CALENDAR, days=days).sentence(RUSSIAN)

    assert "1 день выполнен частично." in said(1)
    assert "3 дня выполнены частично." in said(3)
    assert "11 дней выполнены частично." in said(11)


def test_the_table_of_the_calendar_has_a_row_per_day():
    table = CALENDAR.table()
    assert table.header == ("day", "status", "done", "asked")
    assert table.rows[0] == ("2026-02-02", "done", None, None)
    assert table.rows[5] == ("2026-02-07", "nothing", None, None)
    heads, rows = table.worded(ENGLISH)
    assert heads == ["Day", "State", "Done", "Asked"]
    assert rows[0] == ["2 Feb 2026", "done", "", ""]
    assert rows[5][1] == "nothing planned"


def test_the_symptom_says_first_and_last_and_of_how_many_days():
    assert SYMPTOM.sentence(ENGLISH) == (
        "Knee pain in the morning: 6 on 13 Feb 2026, 3 on 12 Mar 2026. "
        "A value on 22 of 28 days. On 1 day the value was 0. On 2 days: prefer not to say."
    )


def test_days_that_have_not_begun_are_not_in_the_whole():
    chart = replace(SYMPTOM, until=SYMPTOM.until + timedelta(days=7))
    assert "of 28 days." in chart.sentence(ENGLISH)


def test_zero_and_missing_and_refused_differ_in_the_table():
    first = SYMPTOM.first
    chart = replace(
        SYMPTOM,
        until=first + timedelta(days=3),
        readings=(Reading(first, 0), Reading(first + timedelta(days=1), None, declined=True)),
    )
    rows = chart.table().rows
    assert [row[1:3] for row in rows] == [(0, "given"), (None, "declined"), (None, "none")]
    worded = chart.table().worded(ENGLISH)[1]
    assert [row[1:3] for row in worded] == [
        ["0", "given"],
        ["", "preferred not to say"],
        ["", "no entry"],
    ]


def test_a_plan_change_stands_in_the_table_of_its_day():
    rows = {row[0]: row for row in SYMPTOM.table().rows}
    assert rows["2026-02-22"][-1] == "easier steps"
    assert rows["2026-02-22"][3] == "nothing"


def test_the_symptom_counts_days_above_the_limit():
    chart = replace(SYMPTOM, limit=5)
    assert chart.facts().above_limit == 5
    assert "On 5 days above the limit of 5." in chart.sentence(ENGLISH)


def test_no_value_at_all_is_said():
    chart = replace(SYMPTOM, readings=())
    assert chart.sentence(ENGLISH) == (
        "Knee pain in the morning: no value from 13 Feb 2026 to 12 Mar 2026. "
        "A value on 0 of 28 days."
    )


def test_one_value_is_said_once():
    chart = replace(SYMPTOM, readings=(Reading(date(2026, 3, 1), 0),))
    assert chart.sentence(ENGLISH).startswith("Knee pain in the morning: 0 on 1 Mar 2026. ")


def test_the_latest_days_are_a_chart_of_their_own():
    chart = SYMPTOM.latest(14)
    assert chart.length == 14
    assert "5 on 27 Feb" not in chart.sentence(ENGLISH)
    assert chart.facts().begun == 14
    assert SYMPTOM.latest(100) == SYMPTOM


def test_the_goal_says_where_it_began_and_where_it_leads():
    assert GOAL.sentence(ENGLISH) == (
        "Climb to my flat without stopping: 3 on 12 Jan 2026, 8 on 6 Mar 2026. "
        "The target is 14. Measured in: Steps without stopping."
    )
    assert "-2 on 12 Jan 2026" in LADDER.sentence(ENGLISH)
    assert "+1" in replace(LADDER, target=1).sentence(ENGLISH)


def test_a_goal_not_measured_says_so():
    chart = replace(GOAL, ratings=())
    assert chart.facts().first is None
    assert "not measured by 12 Mar 2026." in chart.sentence(ENGLISH)


def test_the_goals_table_joins_measurements_and_plan_changes_in_order():
    assert GOAL.table().rows == (
        ("2026-01-12", 3, None),
        ("2026-01-26", 4, None),
        ("2026-02-06", 5, None),
        ("2026-02-19", 7, None),
        ("2026-02-23", None, "lower step"),
        ("2026-03-06", 8, None),
    )


def test_only_the_newest_measurement_from_before_the_period_is_known():
    chart = replace(GOAL, first=date(2026, 2, 10))
    assert [rating.value for rating in chart.known()] == [5, 7, 8]
    assert chart.facts().measured == 2


def test_a_measurement_that_is_no_number_is_left_out():
    chart = replace(GOAL, ratings=(Measured(TODAY, float("nan")), Measured(TODAY, None)))
    assert chart.known() == []


@pytest.mark.parametrize(
    ("baseline", "target", "falls"), [(3, 14, False), (7, 3, True), (5, 5, None), (None, 5, False)]
)
def test_the_direction_follows_from_baseline_and_target(baseline, target, falls):
    assert replace(GOAL, baseline=baseline, target=target).falls is falls


def test_doses_are_counted_with_their_whole():
    facts = DOSES.facts()
    assert facts.taken == 49
    assert facts.due == 53
    assert DOSES.sentence(ENGLISH) == (
        "Paracetamol 500 mg, 13 Feb 2026 to 12 Mar 2026: 49 of 53 doses taken. "
        "2 of them outside their time. 1 dose is not reported. 1 extra dose."
    )


def test_the_table_of_doses_is_in_order_of_time():
    chart = replace(
        DOSES,
        doses=(
            Dose(TODAY, DoseMark.TAKEN, at=time(20, 5), due=time(20)),
            Dose(TODAY, DoseMark.LATE, at=time(13, 10), due=time(8)),
            Dose(TODAY, DoseMark.EXTRA),
        ),
    )
    assert chart.table().rows == (
        ("2026-03-12", "08:00", "13:10", "late"),
        ("2026-03-12", "20:00", "20:05", "taken"),
        ("2026-03-12", None, None, "extra"),
    )
    assert chart.table().worded(ENGLISH)[1][0] == [
        "12 Mar 2026",
        "08:00",
        "13:10",
        "taken outside its time",
    ]


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("words", [ENGLISH, GERMAN, RUSSIAN], ids=lambda words: words.locale)
def test_every_chart_has_title_sentence_and_table_in_every_language(name, words):
    chart = CHARTS[name]
    assert chart.title(words)
    assert "%(" not in chart.sentence(words)
    heads, rows = chart.table().worded(words)
    assert rows
    assert all(len(row) == len(heads) for row in rows)


def test_no_sentence_holds_a_percent_sign_or_a_cause():
    for chart in CHARTS.values():
        said = chart.sentence(ENGLISH).lower()
        assert "%" not in said
        assert not any(word in said for word in ("because", "cause", "due to", "thanks to"))


_STATES = st.one_of(st.none(), st.sampled_from(list(Status)))


@given(st.lists(_STATES, max_size=40))
def test_every_day_is_counted_once(states):
    first = date(2026, 1, 1)
    days = tuple(Day(first + timedelta(days=step), state) for step, state in enumerate(states))
    chart = Calendar(first=first, until=first + timedelta(days=41), today=first, days=days)
    facts = chart.facts()
    assert sum(facts.counts.values()) + facts.nothing == len(states)
    assert facts.confirmed <= facts.possible <= facts.due
    assert len(chart.table().rows) == len(states)
