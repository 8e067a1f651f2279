"""Which entry answers which occurrence, case by case."""

import csv
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from adherence.domain.adherence import day_sums
from adherence.domain.entries import Amounts, Reason, Status
from adherence.domain.matching import affected_days
from adherence.domain.pauses import Pause, PauseKind
from adherence.domain.schedules import Schedule, ScheduleKind, ZonePolicy
from adherence.domain.windows import ANY_TIME, SAME_DAY
from adherence.domain.zones import DAY, zone_info
from tests.domain.examples import (
    BERLIN,
    LONG_AFTER,
    activity,
    around,
    daily,
    entry,
    everything,
    per_week,
    revised,
)

CASES = Path(__file__).parents[1] / "cases" / "matching.csv"
MONDAY = date(2025, 3, 24)
TUESDAY, WEDNESDAY, THURSDAY = (MONDAY + n * DAY for n in (1, 2, 3))


def at(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock))


def rows() -> list[dict[str, str]]:
    with CASES.open(newline="") as table:
        return list(csv.DictReader(table))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["why"])
def test_a_day_is_matched_as_the_table_says(row):
    times = [time.fromisoformat(clock) for clock in row["due"].split()]
    window = SAME_DAY
    if row["window"] != "same day":
        before, after = (float(n) for n in row["window"].split()[::2])
        window = around(before, after)
    schedule = daily(*times, starts_on=MONDAY, ends_on=TUESDAY, window=window)
    clocks = [slot.isoformat("minutes") for slot in times] or ["any"]
    entries = []
    for said in row["entries"].split():
        clock, _, name = said.partition(">")
        slot = clocks.index(name) if name in clocks else 9
        named = (MONDAY, slot) if name else None
        entries.append(entry(at(MONDAY, clock), named=named))

    found, extras = everything(activity(schedule), entries)

    def clock_of(answer):
        return f"{answer.performed_at.astimezone(zone_info('Europe/Berlin')):%H:%M}"

    answers = {f"{clocks[o.occurrence.slot]}={clock_of(o.entry)}" for o in found if o.entry}
    assert answers == set(row["answers"].split())
    assert [clock_of(extra.entry) for extra in extras] == row["extras"].split()


def statuses(of, entries, **changes):
    found, _ = everything(of, entries, **changes)
    return [(outcome.on, outcome.status) for outcome in sorted(found, key=lambda o: o.on)]


def test_reports_are_judged_the_same_beside_others_as_alone():
    """What is said again and again is judged once; here each differs in one thing from another."""
    whole, half = Amounts(quantity=2), Amounts(quantity=1)
    told = [
        (status, reason, amounts)
        for status in (None, Status.DONE, Status.PARTLY, Status.SKIPPED, Status.MISSED)
        for reason in (None, Reason.HURT)
        for amounts in (Amounts(), whole, half, Amounts(quantity=0))
    ]
    of = activity(daily(starts_on=MONDAY), asked=whole)
    reports = [
        entry(at(MONDAY + n * DAY, "09:00"), status, reason=reason, amounts=amounts)
        for n, (status, reason, amounts) in enumerate(told)
    ]

    def judged(entries):
        found, _ = everything(of, entries)
        return {o.on: (o.status, o.doses, o.volume) for o in found if o.entry is not None}

    together = judged(reports)

    assert len(together) == len(reports)
    assert [judged([one]) for one in reports] == [{on: how} for on, how in together.items()]


def test_a_dose_after_midnight_answers_the_evening_before():
    of = activity(daily(time(23), starts_on=MONDAY, ends_on=WEDNESDAY, window=around(2, 2)))
    found, extras = everything(of, [entry(at(TUESDAY, "00:30"))])

    assert [(o.on, o.status) for o in found] == [
        (MONDAY, Status.DONE),
        (TUESDAY, Status.UNREPORTED),
    ]
    assert extras == []


def test_a_session_of_a_week_counts_on_the_day_it_was_done_and_else_on_the_last():
    of = activity(per_week(3, MONDAY, ends_on=MONDAY + 7 * DAY))
    entries = [entry(at(MONDAY, "09:00")), entry(at(TUESDAY, "09:00"))]

    assert statuses(of, entries) == [
        (MONDAY, Status.DONE),
        (TUESDAY, Status.DONE),
        (MONDAY + 6 * DAY, Status.UNREPORTED),
    ]


def test_two_sessions_on_one_day_are_one_unless_the_plan_allows_two():
    both = [entry(at(MONDAY, "09:00")), entry(at(MONDAY, "18:00"))]
    one = everything(activity(per_week(3, MONDAY)), both)
    two = everything(activity(per_week(3, MONDAY, max_per_day=2)), both)

    assert [len(extras) for _, extras in (one, two)] == [1, 0]


def test_not_today_says_nothing_about_the_rest_of_the_week():
    of = activity(per_week(3, MONDAY, ends_on=MONDAY + 7 * DAY))
    entries = [
        entry(at(MONDAY, "09:00"), Status.SKIPPED, reason=Reason.NO_TIME),
        *(entry(at(MONDAY + n * DAY, "09:00")) for n in (1, 2, 3)),
    ]
    found, extras = everything(of, entries)

    assert [outcome.status for outcome in found] == [Status.DONE] * 3
    assert day_sums(found, extras)[MONDAY].extra == 0


def test_a_revision_in_the_week_keeps_what_was_done_and_asks_for_its_part():
    of = activity(per_week(3, MONDAY))
    done = [entry(at(MONDAY + n * DAY, "09:00")) for n in (0, 1, 2)]
    after = revised(of, THURSDAY, per_week(5, MONDAY), Amounts())
    week = {"first": MONDAY, "until": MONDAY + 7 * DAY}
    found, _ = everything(after, done, **week)

    assert [(o.on, o.status, o.occurrence.lapsed) for o in found] == [
        (MONDAY, Status.DONE, False),
        (TUESDAY, Status.DONE, True),
        (WEDNESDAY, Status.DONE, True),
        *[(MONDAY + 6 * DAY, Status.UNREPORTED, False)] * 3,
    ]


def test_the_end_of_an_activity_closes_its_week_on_the_day_of_the_end():
    of = replace(activity(per_week(3, MONDAY)), ended_on=THURSDAY)
    found, _ = everything(of, [])

    assert [(o.on, o.status) for o in found] == [(THURSDAY, Status.UNREPORTED)]
    assert found[0].occurrence.closes_at == BERLIN.start(THURSDAY)


def test_a_name_from_before_a_revision_still_finds_its_day():
    """The phone was offline and its entry names a slot that the new plan no longer has."""
    of = activity(daily(time(8), time(20), starts_on=MONDAY))
    halved = revised(of, TUESDAY, daily(time(9), starts_on=MONDAY, ends_on=WEDNESDAY), Amounts())
    found, extras = everything(halved, [entry(at(TUESDAY, "20:05"), named=(TUESDAY, 1))])

    assert [o.status for o in found if o.on == TUESDAY] == [Status.DONE]
    assert extras == []


def test_an_occurrence_open_until_the_next_is_answered_late():
    of = activity(Schedule(ScheduleKind.EVERY_N_DAYS, MONDAY, THURSDAY, every=3, window=ANY_TIME))

    assert statuses(of, [entry(at(WEDNESDAY, "09:00"))]) == [(MONDAY, Status.DONE)]
    assert statuses(of, []) == [(MONDAY, Status.UPCOMING)]


def test_at_home_the_day_is_that_of_the_clock_at_home():
    of = activity(
        daily(
            starts_on=MONDAY,
            ends_on=WEDNESDAY,
            zone_policy=ZonePolicy.HOME,
            zone="Pacific/Honolulu",
        )
    )

    assert statuses(of, [entry(at(TUESDAY, "09:00"))]) == [
        (MONDAY, Status.DONE),
        (TUESDAY, Status.UNREPORTED),
    ]


def test_a_revision_to_the_clock_at_home_takes_no_entry_back_to_a_day_before_it():
    """On Tuesday morning in Berlin it is still Monday in Honolulu."""
    of = activity(daily(starts_on=MONDAY, ends_on=MONDAY + 7 * DAY))
    at_home = daily(starts_on=MONDAY, zone_policy=ZonePolicy.HOME, zone="Pacific/Honolulu")
    moved = revised(of, TUESDAY, at_home, Amounts())
    tuesday = [entry(at(TUESDAY, "09:00"))]
    before, after = (day_sums(*everything(plan, tuesday)) for plan in (of, moved))

    assert after[MONDAY] == before[MONDAY]
    assert after[TUESDAY].extra == 1


@pytest.mark.parametrize(
    ("said", "amounts", "reason", "status", "share"),
    [
        (Status.DONE, Amounts(), None, Status.DONE, 1.0),
        (Status.DONE, Amounts(sets=3, reps=10), None, Status.DONE, 1.0),
        (Status.DONE, Amounts(sets=2, reps=15), None, Status.DONE, 1.0),
        (Status.DONE, Amounts(sets=3, reps=12), None, Status.DONE, 1.0),
        (Status.DONE, Amounts(sets=2), None, Status.PARTLY, 2 / 3),
        (Status.DONE, Amounts(reps=5), None, Status.PARTLY, 0.5),
        (Status.DONE, Amounts(sets=0, reps=0), None, Status.MISSED, 0.0),
        (Status.PARTLY, Amounts(), None, Status.PARTLY, None),
        (Status.PARTLY, Amounts(sets=1, reps=10), None, Status.PARTLY, 1 / 3),
        (Status.PARTLY, Amounts(sets=3, reps=10), None, Status.PARTLY, 1.0),
        (Status.SKIPPED, Amounts(), Reason.HURT, Status.SKIPPED, 0.0),
        (Status.SKIPPED, Amounts(), None, Status.MISSED, 0.0),
        (Status.MISSED, Amounts(), Reason.RAN_OUT, Status.SKIPPED, 0.0),
        (Status.MISSED, Amounts(), None, Status.MISSED, 0.0),
        (None, Amounts(), None, Status.DONE, 1.0),
    ],
)
def test_what_an_entry_says_of_three_times_ten(said, amounts, reason, status, share):
    of = activity(daily(starts_on=MONDAY, ends_on=TUESDAY), asked=Amounts(sets=3, reps=10))
    found, _ = everything(of, [entry(at(MONDAY, "09:00"), said, amounts=amounts, reason=reason)])

    assert (found[0].status, found[0].share) == (status, pytest.approx(share) if share else share)


def test_done_while_ill_is_excused_and_still_there():
    of = activity(daily(starts_on=MONDAY, ends_on=TUESDAY))
    ill = Pause(PauseKind.ILL, MONDAY, TUESDAY)
    found, _ = everything(of, [entry(at(MONDAY, "09:00"))], pauses=[ill])

    assert found[0].status is Status.EXCUSED
    assert found[0].entry is not None


def test_sessions_done_before_falling_ill_stay_done():
    of = activity(per_week(3, MONDAY, ends_on=MONDAY + 7 * DAY))
    ill = Pause(PauseKind.ILL, TUESDAY, None)
    entries = [entry(at(MONDAY, "09:00"))]

    assert statuses(of, entries, pauses=[ill]) == [
        (MONDAY, Status.DONE),
        *[(MONDAY + 6 * DAY, Status.EXCUSED)] * 2,
    ]


def test_before_its_window_closes_an_occurrence_is_upcoming():
    of = activity(daily(time(8), starts_on=MONDAY, ends_on=TUESDAY))
    closing = BERLIN.start(TUESDAY)

    assert statuses(of, [], now=closing - timedelta(seconds=1))[0][1] is Status.UPCOMING
    assert statuses(of, [], now=closing)[0][1] is Status.UNREPORTED
    assert statuses(of, [], now=LONG_AFTER)[0][1] is Status.UNREPORTED


@pytest.mark.parametrize(
    ("schedule", "days"),
    [
        (daily(time(8)), (0, 1)),
        (daily(time(8), time(20), window=around(2, 2)), (0, 1)),
        (daily(time(23), window=around(2, 2)), (-1, 2)),
        (per_week(3), (-2, 5)),
        (Schedule(ScheduleKind.EVERY_N_DAYS, date(2025, 3, 20), every=3, window=ANY_TIME), (0, 3)),
    ],
    ids=["same day", "within the day", "past midnight", "week", "any time"],
)
def test_a_change_reaches_as_far_as_its_windows(schedule, days):
    first, until = affected_days(activity(schedule), BERLIN, WEDNESDAY, THURSDAY)

    assert ((first - WEDNESDAY).days, (until - WEDNESDAY).days) == days
