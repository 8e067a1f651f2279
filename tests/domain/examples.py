"""Plain examples, and hypothesis strategies for whole stories: a plan, its patient, the entries.

Stories play in three weeks round the last Sunday of March 2025, when clocks change in Europe, and
may travel. Every entry carries the local day its instant has in the zone in force, as a service
would have recorded it.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st

from adherence.domain.activities import Activity, ActivityKind, Asked, Revision, due
from adherence.domain.entries import Amounts, Entry, Reason, Status
from adherence.domain.matching import outcomes
from adherence.domain.pauses import Pause, PauseKind
from adherence.domain.schedules import Schedule, ScheduleKind, ZonePolicy
from adherence.domain.windows import Window, WindowKind
from adherence.domain.zones import DAY, Zones

# A story is judged by its end, not by how busy the machine is.
settings.register_profile("stories", settings.default, deadline=None)
settings.load_profile("stories")

FIRST, UNTIL = date(2025, 3, 20), date(2025, 4, 12)
LONG_AFTER = datetime(2026, 1, 1, tzinfo=UTC)
EVERY_DAY = frozenset(range(7))
BERLIN = Zones.always("Europe/Berlin")
ACTIVITY_ID, PLAN_ID = UUID(int=1), UUID(int=2)

_minutes = st.integers(0, 47).map(lambda half: time(half // 2, half % 2 * 30))
_days = st.integers(0, (UNTIL - FIRST).days - 1).map(lambda n: FIRST + n * DAY)
_zone_names = st.sampled_from(
    ["Europe/Berlin", "America/Nuuk", "Asia/Tokyo", "Pacific/Kiritimati", "America/New_York"]
)


def daily(*times: time, starts_on: date = FIRST, **changes: object) -> Schedule:
    """Every day at these times."""
    given = {"kind": ScheduleKind.WEEKDAYS, "weekdays": EVERY_DAY, "times": times}
    return Schedule(**{**given, "starts_on": starts_on, **changes})


def per_week(sessions: int, starts_on: date = FIRST, **changes: object) -> Schedule:
    """So many sessions a week."""
    given = {"kind": ScheduleKind.N_PER_WEEK, "per_week": sessions, "starts_on": starts_on}
    return Schedule(**{**given, **changes})


def around(before: float, after: float) -> Window:
    """A window of so many hours before and after."""
    return Window(WindowKind.AROUND, timedelta(hours=before), timedelta(hours=after))


def activity(
    *schedules: Schedule, on: tuple[date, ...] = (), asked: Amounts | None = None, **changes: object
) -> Activity:
    """An activity with one revision for each schedule, from the days ``on`` (else its start)."""
    days = on or tuple(schedule.starts_on for schedule in schedules)
    revisions = tuple(
        Revision(n, day, schedule, Asked("Heel raises", amounts=asked or Amounts()))
        for n, (day, schedule) in enumerate(zip(days, schedules, strict=True), 1)
    )
    given = {"id": ACTIVITY_ID, "kind": ActivityKind.EXERCISE, "plan_id": PLAN_ID}
    return Activity(**{**given, "revisions": revisions, **changes})


def entry(at: datetime, status: Status | None = Status.DONE, **changes: object) -> Entry:
    """An entry at a wall-clock time in Berlin, or at an aware instant."""
    instant = at if at.tzinfo else _berlin(at)
    given = {
        "client_id": UUID(int=int(instant.timestamp()) << 20 | hash(status) % (1 << 16)),
        "performed_at": instant,
        "local_day": BERLIN.local_day(instant),
        "status": status,
        "activity_id": ACTIVITY_ID,
    }
    return Entry(**{**given, **changes})


def _berlin(at: datetime) -> datetime:
    offset = BERLIN.start(at.date() + DAY)
    return datetime.combine(at.date(), at.time(), UTC) + (
        offset - datetime.combine(at.date() + DAY, time(0), UTC)
    )


def everything(of: Activity, entries: list[Entry], zones: Zones = BERLIN, **changes: object):
    """The outcomes and extras of the whole story, long after it."""
    given = {"pauses": (), "first": FIRST - 40 * DAY, "until": UNTIL + 40 * DAY, "now": LONG_AFTER}
    return outcomes(of, zones, entries, **{**given, **changes})


@st.composite
def windows(draw: st.DrawFn, hours: int) -> Window:
    """Any window whose reach is at most so many hours."""
    kind = draw(st.sampled_from(WindowKind))
    if kind is not WindowKind.AROUND:
        return Window(kind)
    before = draw(st.integers(0, min(hours, 24)))
    after = draw(st.integers(0 if before else 1, min(hours - before, 24)))
    return around(before, after)


@st.composite
def schedules(draw: st.DrawFn, starts_on: date | None = None) -> Schedule:
    """Any schedule that begins in the story or shortly before."""
    kind = draw(st.sampled_from([*ScheduleKind, ScheduleKind.N_PER_WEEK, ScheduleKind.WEEKDAYS]))
    start = starts_on or draw(_days) - 10 * DAY
    given: dict[str, object] = {"kind": kind, "starts_on": start}
    if draw(st.integers(0, 3)) == 0:
        given["ends_on"] = start + draw(st.integers(1, 30)) * DAY
    if draw(st.integers(0, 3)) == 0:
        given |= {"zone_policy": ZonePolicy.HOME, "zone": draw(_zone_names)}
    if kind is ScheduleKind.N_PER_WEEK:
        at_most = draw(st.integers(1, 2))
        sessions = draw(st.integers(1, 7 * at_most))
        return Schedule(**given, per_week=sessions, max_per_day=at_most)
    if kind is ScheduleKind.AS_NEEDED:
        return Schedule(**given)
    if kind is ScheduleKind.FIXED_INTERVAL:
        hours = draw(st.sampled_from([6, 8, 11, 24, 36, 100]))
        anchor = datetime.combine(start, draw(_minutes), UTC)
        given["zone"] = given.get("zone") or draw(_zone_names)
        window = draw(windows(min(hours, 24)))
        return Schedule(**given, interval_hours=hours, anchor=anchor, window=window)
    times = tuple(sorted(draw(st.sets(_minutes, max_size=3))))
    if kind is ScheduleKind.WEEKDAYS:
        given["weekdays"] = draw(st.frozensets(st.integers(0, 6), min_size=1))
    else:
        given["every"] = draw(st.integers(1, 5))
    if draw(st.integers(0, 3)) == 0:
        given |= {"cycle_on": draw(st.integers(1, 5)), "cycle_off": draw(st.integers(1, 4))}
    room = 24 - (times[-1].hour + 1 - times[0].hour) if times else 0
    window = (
        draw(windows(room))
        if room
        else draw(st.sampled_from([Window(), Window(WindowKind.ANY_TIME)]))
    )
    return Schedule(**given, times=times, window=window)


@dataclass(frozen=True)
class Story:
    """One activity of one patient and everything reported about it."""

    activity: Activity
    zones: Zones
    entries: list[Entry]
    pauses: list[Pause]


@st.composite
def zone_histories(draw: st.DrawFn) -> Zones:
    """Zones with up to two changes."""
    days = sorted(draw(st.sets(_days, max_size=2)))
    names = draw(st.lists(_zone_names, min_size=len(days) + 1, max_size=len(days) + 1))
    return Zones(((date.min, names[0]), *zip(days, names[1:], strict=True)))


@st.composite
def amounts(draw: st.DrawFn) -> Amounts:
    """Nothing, sets and repetitions, or a quantity."""
    match draw(st.integers(0, 2)):
        case 0:
            return Amounts()
        case 1:
            return Amounts(sets=draw(st.integers(0, 4)), reps=draw(st.integers(0, 12)))
        case _:
            return Amounts(quantity=draw(st.integers(0, 3)))


@st.composite
def entries_of(draw: st.DrawFn, of: Activity, zones: Zones, number: int) -> Entry:
    """Any entry: some name an occurrence, some one that is not, most none."""
    minutes = draw(st.integers(0, (UNTIL - FIRST).days * 24 * 60 - 1))
    at = datetime.combine(FIRST, time(0), UTC) + timedelta(minutes=minutes)
    day = zones.local_day(at)
    named = None
    if draw(st.integers(0, 2)) == 0:
        named = draw(_days), draw(st.integers(0, 4))
        known = due(of, zones, day - 3 * DAY, day + 4 * DAY)
        if known and draw(st.booleans()):
            occurrence = draw(st.sampled_from(known))
            named = occurrence.day, occurrence.slot
    return Entry(
        client_id=UUID(int=draw(st.integers(0, 1 << 16)) << 32 | number),
        performed_at=at,
        local_day=day,
        status=draw(st.sampled_from([Status.DONE, *list(Status)[:4], None])),
        activity_id=of.id,
        named=named,
        amounts=draw(amounts()),
        reason=draw(st.sampled_from([None, Reason.HURT])),
        pain=draw(st.sampled_from([None, 0, 4, 10])),
        effort=draw(st.sampled_from([None, 0, 7])),
    )


@st.composite
def pauses(draw: st.DrawFn) -> Pause:
    """Any pause of the story's activity, or of all."""
    first = draw(_days)
    until = draw(st.sampled_from([None, first + DAY, first + 4 * DAY]))
    of = draw(st.sampled_from([None, frozenset({ACTIVITY_ID})]))
    return Pause(draw(st.sampled_from(PauseKind)), first, until, of)


@st.composite
def activities(draw: st.DrawFn) -> Activity:
    """Any activity with up to three revisions, perhaps ended."""
    days = sorted(draw(st.sets(_days, min_size=1, max_size=3)))
    days[0] -= 10 * DAY
    made = []
    for n, day in enumerate(days, 1):
        schedule = made[0].schedule if made and draw(st.booleans()) else draw(schedules())
        asked = draw(amounts())
        asked = (
            asked
            if all(value is None or value > 0 for value in (asked.sets, asked.reps, asked.quantity))
            else Amounts()
        )
        made.append(Revision(n, day, schedule, Asked("Heel raises", amounts=asked)))
    ended_on = draw(st.one_of(st.none(), _days)) if draw(st.booleans()) else None
    return Activity(ACTIVITY_ID, ActivityKind.EXERCISE, PLAN_ID, tuple(made), ended_on)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Any story."""
    of = draw(activities())
    zones = draw(zone_histories())
    count = draw(st.integers(0, 12))
    entries = [draw(entries_of(of, zones, n)) for n in range(count)]
    return Story(of, zones, entries, draw(st.lists(pauses(), max_size=2)))


def revised(of: Activity, on: date, schedule: Schedule, asked: Amounts) -> Activity:
    """The activity with one more revision, from a day on."""
    number = len(of.revisions) + 1
    kept = tuple(revision for revision in of.revisions if revision.effective_on < on)
    new = Revision(number, on, schedule, Asked("Revised", amounts=asked))
    return replace(of, revisions=(*kept, new))
