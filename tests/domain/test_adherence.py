"""Counts, denominators and bands."""

import csv
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from adherence.domain.activities import Asked
from adherence.domain.adherence import (
    Adherence,
    DaySum,
    NothingDue,
    active_days,
    adherence,
    correct_dosing_days,
    day_sums,
    doses_taken,
    timing,
    why_nothing_due,
)
from adherence.domain.entries import Amounts, Reason, Status
from adherence.domain.pauses import Pause, PauseKind
from adherence.domain.schedules import Schedule, ScheduleKind
from adherence.domain.zones import DAY
from tests.domain.examples import (
    BERLIN,
    LONG_AFTER,
    activity,
    daily,
    entry,
    everything,
    per_week,
)

CASES = Path(__file__).parents[1] / "cases" / "adherence.csv"
MONDAY = date(2025, 3, 24)
SAID = {"D": Status.DONE, "P": Status.PARTLY, "S": Status.SKIPPED, "M": Status.MISSED}
SAID |= {"e": Status.DONE}


def table() -> list[dict[str, str]]:
    with CASES.open(newline="") as rows:
        return list(csv.DictReader(rows))


def week(letters: str, **asked: float):
    """The rows of a week told in letters: E paused, e paused and done, u still to come."""
    of = activity(
        daily(starts_on=MONDAY, ends_on=MONDAY + len(letters) * DAY), asked=Amounts(**asked)
    )
    entries, pauses = [], []
    for n, letter in enumerate(letters):
        day = MONDAY + n * DAY
        if letter in SAID:
            reason = Reason.HURT if letter == "S" else None
            noon = datetime.combine(day, time(12))
            entries.append(entry(noon, SAID[letter], reason=reason))
        if letter in "Ee":
            pauses.append(Pause(PauseKind.HOSPITAL, day, day + DAY))
    now = BERLIN.start(MONDAY + letters.index("u") * DAY) if "u" in letters else LONG_AFTER
    return day_sums(*everything(of, entries, pauses=pauses, now=now)), now


@pytest.mark.parametrize("row", table(), ids=lambda row: row["why"])
def test_a_week_gives_the_figures_of_the_table(row):
    rows, now = week(row["days"])
    found = adherence(rows.values(), now)

    counts = (found.done, found.due, found.unreported, found.excused, found.upcoming)
    said = ("done", "due", "unreported", "excused", "upcoming")
    assert counts == tuple(int(row[name]) for name in said)
    if row["confirmed"] == "none":
        assert found.band is found.rate is found.dose_band is None
    else:
        band = float(row["confirmed"]), float(row["possible"])
        assert found.band == pytest.approx(band, abs=1e-6)


def test_figures_add_up_over_activities_and_periods():
    rows, now = week("DPSM.EDu")
    parts = [adherence((row,), now) for row in rows.values()]

    assert sum(parts, Adherence()) == adherence(rows.values(), now)


def test_dose_adherence_counts_parts_and_never_more_than_the_whole():
    of = activity(daily(starts_on=MONDAY, ends_on=MONDAY + 4 * DAY), asked=Amounts(3, 10))
    said = [Amounts(3, 20), Amounts(1, 10), Amounts(3, 5)]
    entries = [
        entry(datetime.combine(MONDAY + n * DAY, time(9)), amounts=amounts)
        for n, amounts in enumerate(said)
    ]
    found = adherence(day_sums(*everything(of, entries)).values(), LONG_AFTER)

    low = (1 + 1 / 3 + 1 / 2) / 4
    assert (found.done, found.partly, found.unreported) == (1, 2, 1)
    assert found.dose_band == pytest.approx((low, low + 1 / 4))


def test_partly_without_an_amount_widens_the_dose_band():
    rows, now = week("DP", sets=3, reps=10)
    found = adherence(rows.values(), now)

    assert found.unmeasured == 1
    assert found.dose_band == (0.5, 1.0)


def test_an_extra_dose_makes_taking_exceed_one_and_the_day_incorrect():
    of = activity(daily(time(8), starts_on=MONDAY, ends_on=MONDAY + 2 * DAY))
    hours = [(0, 8), (0, 9), (1, 8)]
    entries = [entry(datetime.combine(MONDAY + n * DAY, time(hour))) for n, hour in hours]
    rows = day_sums(*everything(of, entries)).values()
    taken, correct = doses_taken(rows, LONG_AFTER), correct_dosing_days(rows, LONG_AFTER)

    assert (taken.count, taken.of, taken.rate) == (3.0, 2, 1.5)
    assert (correct.count, correct.of) == (1, 2)


def test_a_double_dose_is_two_doses_and_the_day_incorrect():
    of = activity(daily(time(8), starts_on=MONDAY, ends_on=MONDAY + DAY), asked=Amounts(quantity=1))
    two = [entry(datetime.combine(MONDAY, time(8)), amounts=Amounts(quantity=2))]
    rows = day_sums(*everything(of, two)).values()

    assert doses_taken(rows, LONG_AFTER).rate == 2.0
    assert correct_dosing_days(rows, LONG_AFTER).count == 0
    assert adherence(rows, LONG_AFTER).dose_band == (1.0, 1.0)


def test_a_silent_day_is_unknown_and_not_incorrect():
    rows, now = week("DD.M")
    correct = correct_dosing_days(rows.values(), now)

    assert (correct.count, correct.of, correct.unknown) == (2, 4, 1)


def test_days_active_are_counted_of_days_prescribed():
    rows, now = week("DP.SEe")
    share = active_days(rows.values(), now)

    assert (share.count, share.of, share.unknown) == (2, 4, 1)


def test_nothing_due_gives_no_share_at_all():
    rows, now = week("EEuu")

    for measure in (doses_taken, correct_dosing_days, active_days):
        assert measure(rows.values(), now) is None
    assert timing([]) is None


def taken(*clocks: str | None, tolerance: float = 0.25):
    """The timing of a dose at 08:00 every day, taken at these times."""
    of = activity(daily(time(8), starts_on=MONDAY, ends_on=MONDAY + len(clocks) * DAY))
    entries = [
        entry(datetime.combine(MONDAY + n * DAY, time.fromisoformat(clock)))
        for n, clock in enumerate(clocks)
        if clock
    ]
    found, _ = everything(of, entries)
    share = timing(found, tolerance)
    return (share.count, share.of, share.unknown) if share else None


def test_intervals_within_a_quarter_are_in_time():
    assert taken("08:00", "14:00", "08:00") == (2, 2, 0)
    assert taken("08:00", "14:01", "08:00") == (0, 2, 0)
    assert taken("08:00", "10:00", "08:00", tolerance=0.05) == (0, 2, 0)


def test_the_night_of_changing_clocks_is_in_time():
    """From Saturday to Sunday, 30 March, 08:00 to 08:00 are 23 hours: as prescribed."""
    assert taken(*["08:00"] * 7, tolerance=0.0) == (6, 6, 0)


def test_an_interval_over_a_silent_day_is_unknown():
    assert taken("08:00", None, "08:00") == (0, 1, 1)


def test_pain_zero_is_a_value_and_none_is_not():
    of = activity(daily(time(8), time(20), starts_on=MONDAY, ends_on=MONDAY + DAY))
    entries = [
        entry(datetime.combine(MONDAY, time(8)), pain=0),
        entry(datetime.combine(MONDAY, time(20)), pain_declined=True),
    ]
    row = day_sums(*everything(of, entries))[MONDAY]

    assert (row.pain_n, row.pain_sum, row.pain_max) == (1, 0, 0)
    assert (row.effort_n, row.effort_sum) == (0, 0)


def test_a_row_turns_from_upcoming_to_unreported_by_time_alone():
    now = datetime(2025, 3, 24, 12, tzinfo=UTC)
    of = activity(daily(starts_on=MONDAY, ends_on=MONDAY + DAY))
    row = day_sums(*everything(of, [], now=now))[MONDAY]

    assert row.open_until == BERLIN.start(MONDAY + DAY)
    assert adherence((row,), now).upcoming == 1
    assert adherence((row,), row.open_until).unreported == 1
    assert row == day_sums(*everything(of, [], now=LONG_AFTER))[MONDAY]


def test_optional_things_are_activity_and_never_adherence():
    schedule = daily(starts_on=MONDAY, ends_on=MONDAY + 2 * DAY)
    of = activity(schedule)
    revision = of.revisions[0]
    optional = Asked("A walk", optional=True)
    of = type(of)(of.id, of.kind, of.plan_id, (type(revision)(1, MONDAY, schedule, optional),))
    rows = day_sums(*everything(of, [entry(datetime.combine(MONDAY, time(9)))]))

    assert [row.asked for row in rows.values()] == [0, 0]
    assert rows[MONDAY].extra == 1
    assert rows[MONDAY].is_active


def test_volume_is_the_amount_done():
    rows, _ = week("DPM", sets=3, reps=10, hold_seconds=5)

    assert [row.volume for row in rows.values()] == [150.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("activities", "pauses", "reason"),
    [
        ([], [], NothingDue.NO_PLAN),
        ([activity(daily(starts_on=MONDAY + 30 * DAY))], [], NothingDue.NOT_STARTED),
        (
            [activity(Schedule(ScheduleKind.AS_NEEDED, MONDAY))],
            [],
            NothingDue.AS_NEEDED_ONLY,
        ),
        (
            [activity(daily(starts_on=MONDAY)), activity(Schedule(ScheduleKind.AS_NEEDED, MONDAY))],
            [Pause(PauseKind.REST, MONDAY)],
            NothingDue.PAUSED,
        ),
        (
            [activity(per_week(1, MONDAY), ended_on=MONDAY)],
            [],
            NothingDue.NOTHING_PLANNED,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nothing_due_has_its_reason(activities, pauses, reason):
    assert why_nothing_due(activities, pauses, MONDAY, MONDAY + DAY) is reason


def test_a_row_with_nothing_open_says_so():
    row = DaySum(MONDAY, None, asked=2, done=1, skipped=1)

    assert row.open == row.unreported(LONG_AFTER) == 0
    assert row.open_until is None


def test_a_week_can_be_judged_before_it_is_over():
    of = activity(per_week(3, MONDAY, ends_on=MONDAY + 7 * DAY))
    now = BERLIN.start(MONDAY) + timedelta(hours=20)
    done = [entry(datetime.combine(MONDAY, time(9)))]
    found = adherence(day_sums(*everything(of, done, now=now)).values(), now)

    assert (found.done, found.due, found.upcoming) == (1, 1, 2)
