"""The laws of the record, for any story: plans, revisions, pauses, travel, daylight saving."""

import pickle
from dataclasses import replace
from datetime import date, time, timedelta
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adherence.domain.activities import Activity, due
from adherence.domain.adherence import (
    DaySum,
    adherence,
    day_sums,
    is_all_answered,
    with_extras,
)
from adherence.domain.entries import LOGGABLE, Amounts, Entry, Status
from adherence.domain.matching import affected_days, extra_of, outcomes, takes_no_more
from adherence.domain.pauses import Pause, PauseKind
from adherence.domain.schedules import Schedule, ScheduleKind
from adherence.domain.zones import DAY, Zones
from tests.domain.examples import (
    FIRST,
    LONG_AFTER,
    UNTIL,
    Story,
    activities,
    entries_of,
    revised,
    schedules,
    stories,
    zone_histories,
)

LOW, HIGH = FIRST - 40 * DAY, UNTIL + 40 * DAY
days = st.integers(0, (UNTIL - FIRST).days).map(lambda n: FIRST + n * DAY)


def rows(story: Story, **changes: object) -> dict[date, DaySum]:
    """The day sums of a whole story, from scratch."""
    told = replace(story, **changes)
    return day_sums(
        *outcomes(told.activity, told.zones, told.entries, told.pauses, LOW, HIGH, LONG_AFTER)
    )


def rates(story: Story, **changes: object):
    """The adherence of a whole story, long after it."""
    return adherence(rows(story, **changes).values(), LONG_AFTER)


@given(activities(), zone_histories(), days)
def test_splitting_a_period_neither_loses_nor_repeats_an_occurrence(of, zones, middle):
    whole = due(of, zones, FIRST, UNTIL)

    assert due(of, zones, FIRST, middle) + due(of, zones, middle, UNTIL) == whole
    assert len({(occurrence.day, occurrence.slot) for occurrence in whole}) == len(whole)


@given(stories(), days)
def test_splitting_a_period_neither_loses_nor_repeats_a_figure(story: Story, middle):
    def told(first, until):
        found, extras = outcomes(
            story.activity, story.zones, story.entries, story.pauses, first, until, LONG_AFTER
        )
        return sorted(map(repr, [*found, *extras]))

    assert sorted(told(LOW, middle) + told(middle, HIGH)) == told(LOW, HIGH)


@given(stories(), days, schedules(), st.booleans())
def test_a_revision_never_changes_a_past_day_to_the_byte(
    story: Story, on: date, schedule: Schedule, is_same: bool
):
    before = story.activity
    assume(before.revisions[0].effective_on < on)
    kept = [revision for revision in before.revisions if revision.effective_on < on]
    before = replace(before, revisions=tuple(kept), ended_on=None)
    after = revised(before, on, kept[-1].schedule if is_same else schedule, Amounts(quantity=1))

    def past(of: Activity) -> list[bytes]:
        told = rows(story, activity=of)
        return [pickle.dumps(row) for day, row in told.items() if day < on]

    assert past(after) == past(before)


@given(stories(), st.data())
def test_one_more_extra_is_added_as_if_all_were_counted_again(story: Story, data: st.DataObject):
    """Where everything asked on a day is answered, a later entry changes nothing else."""
    zones = story.zones
    within_days = st.builds(
        Schedule,
        kind=st.just(ScheduleKind.EVERY_N_DAYS),
        starts_on=st.just(FIRST),
        every=st.integers(1, 3),
        times=st.sampled_from([(time(8),), (time(8), time(20)), (time(0), time(12), time(23))]),
    )
    revisions = [
        replace(
            each,
            schedule=data.draw(within_days),
            asked=replace(each.asked, optional=False),
        )
        for each in story.activity.revisions
    ]
    activity = replace(story.activity, revisions=tuple(revisions), ended_on=None)
    story = replace(story, activity=activity, pauses=story.pauses[:1])
    asked = due(activity, zones, FIRST, UNTIL)
    day = data.draw(st.sampled_from(asked)).day
    assert takes_no_more(activity, day)
    answered = [
        Entry(
            UUID(int=(1 << 90) + n),
            zones.start(day) + timedelta(hours=data.draw(st.integers(0, 11))),
            day,
            data.draw(st.sampled_from(LOGGABLE)),
            activity.id,
            named=(day, one.slot),
        )
        for n, one in enumerate(asked)
        if one.day == day
    ]
    entries = [*story.entries, *answered]
    told = rows(story, entries=entries)
    row = told[day]
    at = zones.start(day) + timedelta(minutes=data.draw(st.integers(11 * 60, 22 * 60)))
    assume(zones.local_day(at) == day and is_all_answered(row, at))
    amounts = data.draw(st.sampled_from([Amounts(), Amounts(quantity=0.3), Amounts(sets=2)]))
    entry = Entry(
        UUID(int=data.draw(st.integers(1 << 100, 1 << 101))),
        at,
        day,
        data.draw(st.sampled_from(LOGGABLE)),
        activity.id,
        amounts=amounts,
        pain=data.draw(st.none() | st.integers(0, 10)),
        effort=data.draw(st.none() | st.integers(0, 10)),
    )

    second = replace(entry, client_id=UUID(int=entry.client_id.int + 1), pain=4)
    new = [entry, second][: data.draw(st.integers(1, 2))]

    anew = rows(story, entries=[*entries, *new])

    added = with_extras(row, [extra_of(activity, story.pauses, one) for one in new])
    sums = {"volume": added.volume, "doses": added.doses}
    assert {name: getattr(anew[day], name) for name in sums} == pytest.approx(sums)
    assert replace(anew[day], **sums) == added
    assert {**anew, day: row} == told


@given(stories(), days)
def test_ending_an_activity_never_changes_a_past_day_to_the_byte(story: Story, on: date):
    before = replace(story.activity, ended_on=None)
    assume(before.revisions[0].effective_on < on)
    after = replace(before, ended_on=on)

    def past(of: Activity) -> list[bytes]:
        told = rows(story, activity=of)
        return [pickle.dumps(row) for day, row in told.items() if day < on]

    assert past(after) == past(before)


@given(stories(), days, st.sampled_from(["Asia/Tokyo", "America/New_York"]))
def test_a_change_of_zone_never_changes_what_counts_on_a_day_before_it(
    story: Story, on: date, zone: str
):
    """Only until when something is open may change with the clock that closes it."""
    known = tuple(change for change in story.zones.history if change[0] < on)
    before = Zones(known)
    after = Zones((*known, (on, zone)))
    entries = [
        replace(entry, local_day=before.local_day(entry.performed_at)) for entry in story.entries
    ]
    entries = [entry for entry in entries if entry.local_day < on]

    def past(zones: Zones) -> list[DaySum]:
        told = rows(story, zones=zones, entries=entries)
        return [replace(row, open_until=None) for day, row in told.items() if day < on]

    assert past(after) == past(before)


@given(stories(), days)
def test_a_pause_never_changes_a_day_before_it(story: Story, on: date):
    pause = Pause(PauseKind.ILL, on, None)

    def past(pauses: list[Pause]) -> list[bytes]:
        told = rows(story, pauses=pauses)
        return [pickle.dumps(row) for day, row in told.items() if day < on]

    assert past([*story.pauses, pause]) == past(story.pauses)


@given(stories(), days, st.integers(1, 6))
def test_excusing_what_was_not_done_never_lowers_a_rate(story: Story, on: date, length: int):
    """Excusing takes occurrences out of both numbers. Only where one of them had been done could
    that lower the rate, and then the day is better left as it is: so that case is left out."""
    pause = Pause(PauseKind.ILL, on, on + length * DAY)
    excused = rows(story, pauses=[*story.pauses, pause])
    plain = rows(story)
    taken = sum(row.done for row in plain.values()) - sum(row.done for row in excused.values())
    assume(taken == 0)
    before, after = (adherence(told.values(), LONG_AFTER) for told in (plain, excused))

    assert (after.rate is None) or (before.rate is None) or after.rate >= before.rate


@given(stories(), st.data())
def test_one_more_done_never_lowers_a_rate(story: Story, data: st.DataObject):
    more = data.draw(entries_of(story.activity, story.zones, 999))
    more = replace(more, status=Status.DONE, amounts=Amounts())
    before, after = rates(story), rates(story, entries=[*story.entries, more])

    assert after.done >= before.done
    assert (after.rate or 0.0) >= (before.rate or 0.0)


@given(stories())
def test_an_entry_is_matched_at_most_once_and_never_lost(story: Story):
    found, extras = outcomes(
        story.activity, story.zones, story.entries, story.pauses, LOW, HIGH, LONG_AFTER
    )
    used = [outcome.entry.client_id for outcome in found if outcome.entry]
    used += [extra.entry.client_id for extra in extras]

    assert sorted(used) == sorted(entry.client_id for entry in story.entries)
    assert len({(o.occurrence.day, o.occurrence.slot, o.occurrence.lapsed) for o in found}) == len(
        [o for o in found if not o.occurrence.lapsed]
    ) + len({(o.occurrence.day, o.occurrence.slot) for o in found if o.occurrence.lapsed})


@given(stories(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(story: Story, random):
    shuffled = list(story.entries)
    random.shuffle(shuffled)

    assert rows(story, entries=shuffled) == rows(story)


@given(stories(), days)
def test_an_open_end_gives_all_that_was_reported(story: Story, first: date):
    def told(until: date) -> list[DaySum]:
        found = outcomes(
            story.activity, story.zones, story.entries, story.pauses, first, until, LONG_AFTER
        )
        return [row for day, row in day_sums(*found).items() if day < UNTIL]

    assert told(date.max) == told(HIGH)


def recomputed(
    story: Story, stored: dict[date, DaySum], first: date, until: date
) -> dict[date, DaySum]:
    """What a store does after a change on [first, until): read little, replace little."""
    of, zones = story.activity, story.zones
    first, until = affected_days(of, zones, first, until)
    until = min(until, HIGH)
    needed_first, needed_until = affected_days(of, zones, first, until)
    needed = [
        entry
        for entry in story.entries
        if needed_first <= entry.local_day < needed_until
        or (entry.named and needed_first <= entry.named[0] < needed_until)
    ]
    new = day_sums(*outcomes(of, zones, needed, story.pauses, first, until, LONG_AFTER))
    kept = {day: row for day, row in stored.items() if not first <= day < until}
    return dict(sorted((kept | new).items()))


@given(stories(), st.data())
def test_recomputing_round_an_entry_equals_recomputing_from_scratch(
    story: Story, data: st.DataObject
):
    more = data.draw(entries_of(story.activity, story.zones, 999))
    touched = [more.local_day, *([more.named[0]] if more.named else [])]
    longer = replace(story, entries=[*story.entries, more])
    added, taken_back = rows(story), rows(longer)
    for day in touched:
        added = recomputed(longer, added, day, day + DAY)
        taken_back = recomputed(story, taken_back, day, day + DAY)

    assert added == rows(longer)
    assert taken_back == rows(story)


@given(stories(), days, st.integers(1, 6))
def test_recomputing_round_a_pause_equals_recomputing_from_scratch(
    story: Story, on: date, length: int
):
    pause = Pause(PauseKind.ILL, on, on + length * DAY)
    paused = replace(story, pauses=[*story.pauses, pause])

    assert recomputed(paused, rows(story), on, pause.until) == rows(paused)


@given(stories(), days, schedules())
def test_recomputing_from_a_revision_on_equals_recomputing_from_scratch(
    story: Story, on: date, schedule: Schedule
):
    assume(story.activity.revisions[0].effective_on < on)
    after = replace(story, activity=revised(story.activity, on, schedule, Amounts()))

    assert recomputed(after, rows(story), on, HIGH) == rows(after)
