"""The acceptance scenarios, through HTTP and on the server's own clock."""

from __future__ import annotations

import csv
import io
import itertools
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from adherence.domain.access import Actor
from adherence.services import accounts, progress, settle
from adherence.web import clock, pictures
from tests.wards import clinic, patient_of

ZONE = "Europe/Berlin"
DAY = timedelta(days=1)
#: 10:00 in Berlin.
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class Site:
    """The service as a client sees it, and the hands of its clock."""

    app: Any
    now: datetime = MONDAY
    tokens: dict[UUID, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.app.extensions[clock.EXTENSION] = lambda: self.now
        self.client = self.app.test_client()
        _, self.therapist = clinic(self.now)

    def call(self, actor: Actor, method: str, path: str, body: Any = None, expect: int = 200):
        token = self.tokens.get(actor.account_id)
        if token is None:
            token = self.tokens[actor.account_id] = accounts.make_token(
                actor.account_id, "test", self.now
            )
        with self.app.app_context():  # a request of its own, not the test's context
            answer = self.client.open(
                f"/api/v1{path}",
                method=method,
                json=body,
                headers={"Authorization": f"Bearer {token}"},
            )
        assert answer.status_code == expect, answer.get_data(as_text=True)
        return answer.get_json() if "json" in answer.mimetype else answer.get_data(as_text=True)


@dataclass
class Person:
    """One patient with a goal and a plan, and what can be done about them over HTTP."""

    site: Site
    zone: str = ZONE
    discipline: str = "physiotherapy"

    def __post_init__(self) -> None:
        self.actor = patient_of(self.site.therapist, self.site.now, zone=self.zone)
        self.path = f"/patients/{self.actor.patient_id}"
        self.goal_id = self.staff(
            "POST",
            "/goals",
            {
                "words": "Climb to my flat",
                "measure": "count",
                "unit": "steps",
                "baseline": 4,
                "target": 14,
            },
            201,
        )["id"]
        self.plan_id = self.open_plan(self.discipline)

    def staff(self, method, path, body=None, expect=200):
        return self.site.call(self.site.therapist, method, self.path + path, body, expect)

    def self(self, method, path, body=None, expect=200):
        return self.site.call(self.actor, method, self.path + path, body, expect)

    def open_plan(self, discipline):
        body = {"discipline": discipline, "title": discipline}
        return self.staff("POST", "/plans", body, 201)["id"]

    def ask(self, schedule, kind="exercise", plan_id=None, **asked):
        schedule = {"starts_on": self.site.now.date().isoformat()} | schedule
        return self.staff(
            "POST",
            "/activities",
            {
                "plan_id": plan_id or self.plan_id,
                "kind": kind,
                "schedule": schedule,
                "asked": {"title": "Heel raises"} | asked,
                "goals": [{"goal_id": self.goal_id, "because": "because of the stairs"}],
            },
            201,
        )["id"]

    def log(self, activity_id=None, at=None, expect=201, **said):
        return self.self("POST", "/entries", self.entry(activity_id, at, **said), expect)

    def entry(self, activity_id=None, at=None, **said):
        at = at or self.site.now
        body = {"client_id": str(uuid4()), "performed_at": at.isoformat(), "zone": self.zone}
        if activity_id:
            body |= {"activity_id": activity_id, "status": "done"}
        return body | said

    def due(self, first: date, until: date, activity_id=None):
        found = self.self("GET", f"/occurrences?first={first}&until={until}")["occurrences"]
        return [one for one in found if activity_id in (None, one["activity_id"])]

    def days(self, first: date, until: date) -> str:
        """Past days as they are printed, to the byte."""
        return json.dumps(self.due(first, until), sort_keys=True)

    def live(self, days: int):
        """Days pass, and the worker does what midnight does."""
        for _ in range(days):
            self.site.now += DAY
            settle.settle(self.actor.patient_id, self.site.now)


EVERY_DAY = {"kind": "weekdays", "weekdays": [0, 1, 2, 3, 4, 5, 6]}


def daily(*times: str, **more: Any) -> dict[str, Any]:
    return EVERY_DAY | {"times": list(times)} | more


def around(before: int, after: int) -> dict[str, Any]:
    return {"kind": "around", "before_minutes": before, "after_minutes": after}


@pytest.fixture
def site(app) -> Site:
    return Site(app)


def instants(found):
    return [datetime.fromisoformat(one["due_at"]).astimezone(UTC) for one in found]


# --- 1. the nights of changing clocks ----------------------------------------------------------


@pytest.mark.parametrize(
    ("night", "skipped_or_repeated", "expected"),
    [
        # Spring: 02:30 does not exist and moves to the first valid instant, 03:00 = 01:00 UTC.
        (date(2026, 3, 29), "02:30", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        # Autumn: 02:30 comes twice and takes its first passing, 00:30 UTC.
        (date(2026, 10, 25), "02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_scenario_1_a_daily_item_comes_once_in_a_night_of_changing_clocks(
    site, night, skipped_or_repeated, expected
):
    site.now = datetime.combine(night - 3 * DAY, MONDAY.timetz())
    person = Person(site)
    eight = person.ask(daily("08:00"))
    odd = person.ask(daily(skipped_or_repeated))

    found = instants(person.due(night - DAY, night + 2 * DAY, eight))
    assert [at.astimezone(UTC).hour for at in found] == (
        [7, 6, 6] if night.month == 3 else [6, 7, 7]
    )
    assert instants(person.due(night, night + DAY, odd)) == [expected]


def test_scenario_1_an_interval_of_eight_hours_is_not_moved_by_changing_clocks(site):
    site.now = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
    person = Person(site)
    anchor = datetime(2026, 3, 28, 6, 0, tzinfo=UTC)
    activity_id = person.ask(
        {
            "kind": "fixed_interval",
            "interval_hours": 8,
            "anchor": anchor.isoformat(),
            "zone": ZONE,
            "window": around(60, 60),
        }
    )

    found = instants(person.due(date(2026, 3, 28), date(2026, 3, 31), activity_id))

    assert len(found) >= 7
    assert {later - earlier for earlier, later in itertools.pairwise(found)} == {timedelta(hours=8)}


def test_scenario_1_a_weekly_item_keeps_its_clock(site):
    site.now = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)
    person = Person(site)
    activity_id = person.ask({"kind": "weekdays", "weekdays": [6], "times": ["08:00"]})

    found = instants(person.due(date(2026, 3, 16), date(2026, 4, 6), activity_id))

    assert [(at.day, at.hour) for at in found] == [(22, 7), (29, 6), (5, 6)]


# --- 2. the traveller --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"zone_policy": "patient"}, datetime(2026, 3, 2, 23, 0, tzinfo=UTC)),
        ({"zone_policy": "home", "zone": ZONE}, datetime(2026, 3, 3, 7, 0, tzinfo=UTC)),
    ],
)
def test_scenario_2_a_traveller_nine_hours_east(site, policy, expected):
    person = Person(site)
    activity_id = person.ask(daily("08:00", **policy))
    person.log(activity_id)
    before = person.days(date(2026, 3, 2), date(2026, 3, 3))
    site.now = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)  # 04:00 of Tuesday in Tokyo

    holds = person.self("PUT", "/zone", {"zone": "Asia/Tokyo"})

    assert holds["effective_on"] == "2026-03-03"
    assert instants(person.due(date(2026, 3, 3), date(2026, 3, 4), activity_id)) == [expected]
    assert person.days(date(2026, 3, 2), date(2026, 3, 3)) == before


# --- 3 and 4. the past stays -------------------------------------------------------------------


def test_scenario_3_halving_the_plan_on_day_ten_leaves_nine_days_to_the_byte(site):
    person = Person(site)
    activity_id = person.ask(daily(), amounts={"sets": 2, "reps": 10})
    weekly = person.ask({"kind": "n_per_week", "per_week": 3})
    for n in range(9):
        if n % 3 != 2:
            person.log(activity_id, sets=2 - n % 2, reps=10)
        if n % 2:
            person.log(weekly)
        person.live(1)
    first, today = MONDAY.date(), site.now.date()
    before = person.days(first, today)
    figures = person.self("GET", "/progress?days=30")["days"][:9]

    for one in (activity_id, weekly):
        schedule = person.staff("GET", f"/activities/{one}")["revisions"][-1]["schedule"]
        person.staff(
            "POST",
            f"/activities/{one}/revisions",
            {
                "schedule": schedule,
                "asked": {"title": "Heel raises", "amounts": {"sets": 1, "reps": 10}},
                "reason": "too much",
            },
            201,
        )

    assert person.days(first, today) == before
    assert person.self("GET", "/progress?days=30")["days"][:9] == figures
    person.live(4)
    assert person.days(first, today) == before


@pytest.mark.parametrize("moved", [-5, 3])
def test_scenario_4_a_moved_start_changes_the_date_of_no_entry(site, moved):
    person = Person(site)
    every_other = {"kind": "every_n_days", "every": 2}
    activity_id = person.ask(every_other)
    for _ in range(4):
        person.log(activity_id)
        person.live(1)
    first, today = MONDAY.date(), site.now.date()
    before = person.days(first, today)
    dates = [one["local_day"] for one in person.self("GET", "/entries")["entries"]]

    person.staff(
        "POST",
        f"/activities/{activity_id}/revisions",
        {
            "schedule": every_other | {"starts_on": str(first + moved * DAY)},
            "asked": {"title": "Heel raises"},
            "reason": "another rhythm",
        },
        201,
    )

    assert person.days(first, today) == before
    assert [one["local_day"] for one in person.self("GET", "/entries")["entries"]] == dates


# --- 5. three days offline ---------------------------------------------------------------------


def test_scenario_5_three_days_offline_with_the_plan_edited_meanwhile(site):
    person = Person(site)
    kept = person.ask(daily(), amounts={"sets": 2, "reps": 10})
    ended = person.ask(daily("09:00"))
    queue = [
        person.entry(activity_id, MONDAY + n * DAY, day=str((MONDAY + n * DAY).date()), slot=0)
        for n in range(3)
        for activity_id in (kept, ended)
    ]
    person.live(1)
    person.staff("POST", f"/activities/{ended}/end", {"reason": "reached"}, 204)
    person.staff(
        "POST",
        f"/activities/{kept}/revisions",
        {"schedule": daily() | {"starts_on": "2026-03-03"}, "asked": {"title": "x"}, "reason": "y"},
        201,
    )
    person.live(2)

    first = person.self("POST", "/sync", {"entries": queue})["receipts"]
    again = person.self("POST", "/sync", {"entries": queue[::-1]})["receipts"]

    assert [one["client_id"] for one in first] == [one["client_id"] for one in queue]
    assert {one["result"] for one in first} == {"created"}
    assert {one["result"] for one in again} == {"identical"}
    assert len(person.self("GET", "/entries")["entries"]) == 6
    done = list(person.due(MONDAY.date(), MONDAY.date() + 3 * DAY, kept))
    assert [one["status"] for one in done] == ["done"] * 3
    assert [one["extra"] for one in first] == [False, False, False, True, False, True]


# --- 6 and 7. doses ----------------------------------------------------------------------------


def test_scenario_6_a_late_morning_dose_does_not_swallow_the_noon_one(site):
    site.now = MONDAY.replace(hour=5)
    person = Person(site)
    activity_id = person.ask(
        daily("08:00", "12:00", window=around(60, 180)), "medication", amounts={"quantity": 1}
    )
    site.now = MONDAY.replace(hour=9, minute=45)  # 10:45 in Berlin: both windows are near

    late = person.log(activity_id, day="2026-03-02", slot=0)
    first, second = person.due(date(2026, 3, 2), date(2026, 3, 3), activity_id)
    assert late["answers"] == {"day": "2026-03-02", "slot": 0}
    assert (first["status"], second["status"]) == ("done", "upcoming")

    site.now = MONDAY.replace(hour=11)
    noon = person.log(activity_id)
    assert noon["answers"] == {"day": "2026-03-02", "slot": 1}


def test_scenario_7_two_a_day_are_logged_and_a_third_is_told_apart(site):
    person = Person(site)
    activity_id = person.ask(daily("08:00", "20:00"), "medication", amounts={"quantity": 1})

    receipts = [person.log(activity_id, MONDAY + timedelta(hours=n)) for n in (0, 9, 10)]

    assert [one["extra"] for one in receipts] == [False, False, True]
    assert [one["result"] for one in receipts] == ["created"] * 3
    counts = person.self("GET", "/progress?days=1")["counts"]
    assert (counts["done"], counts["due"], counts["extra"]) == (2, 2, 1)


# --- 8. zero is not missing --------------------------------------------------------------------


def test_scenario_8_pain_zero_no_entry_and_prefer_not_to_say_differ_everywhere(site):
    person = Person(site)
    activity_id = person.ask(daily("08:00"), "check_in", symptom="pain")
    for n, said in enumerate(({"value": 0}, None, {"declined": True}, {"value": 6})):
        if said is not None:
            person.log(activity_id, symptom="pain", **said)
        if n < 3:
            person.live(1)

    symptom = person.self("GET", "/progress?days=7")["symptoms"][0]
    assert [(one["value"], one["declined"]) for one in symptom["reports"]] == [
        (0, False),
        (None, True),
        (6, False),
    ]
    assert (symptom["mean"], symptom["answered"], symptom["declined"]) == (3, 2, 1)

    rows = list(csv.DictReader(io.StringIO(person.self("GET", "/entries.csv"))))
    assert [(row["value"], row["declined"]) for row in rows] == [
        ("0", "no"),
        ("", "yes"),
        ("6", "no"),
    ]

    key = pictures.key_of(person.actor.patient_id, "pain")
    drawn = person.self("GET", f"/charts/symptom.svg?of={key}&width=wide")
    assert drawn.startswith("<?xml") or "<svg" in drawn
    with site.app.test_request_context():
        today = site.now.date()
        series = progress.symptom_series(
            person.actor, person.actor.patient_id, "pain", today - 3 * DAY, today + DAY, site.now
        )
        chart = pictures.symptom_of_series(series, today)
    facts = chart.facts()
    assert (facts.answered, facts.zero, facts.declined) == (2, 1, 1)


# --- 9. ill for a week -------------------------------------------------------------------------


def test_scenario_9_a_week_of_illness_is_no_failure(site):
    person = Person(site)
    activity_id = person.ask(daily())
    for _ in range(3):
        person.log(activity_id)
        person.live(1)
    before = person.self("GET", "/progress?days=30")["streak"]["current"]
    ill = site.now.date()

    person.self(
        "POST",
        "/pauses",
        {"kind": "ill", "first_day": str(ill), "until": str(ill + 7 * DAY)},
        201,
    )
    queue = site.call(site.therapist, "GET", "/review/queue")["queue"]
    told = [one for row in queue for one in row["notices"]]
    person.live(7)

    assert [one["status"] for one in person.due(ill, ill + 7 * DAY)] == ["excused"] * 7
    progress = person.self("GET", "/progress?days=30")
    assert (progress["counts"]["missed"], progress["counts"]["unreported"]) == (0, 0)
    assert progress["streak"]["current"] == before
    assert ("pause", "ill") in {(one["kind"], one["subject"]) for one in told}
    kinds = {one["kind"] for one in person.self("GET", "/milestones")["milestones"]}
    assert "sustained_weeks" not in kinds

    person.log(activity_id)
    assert person.self("GET", "/progress?days=30")["streak"]["current"] == before + 1


# --- 10. a milestone withdrawn -----------------------------------------------------------------


def test_scenario_10_a_correction_takes_the_milestone_back_politely(site):
    person = Person(site)
    rated = person.log(goal_id=person.goal_id, value=14)
    reached = person.self("GET", "/milestones")["milestones"]
    assert {one["kind"] for one in reached} == {"halfway", "target_reached"}

    site.now += DAY
    person.self(
        "POST",
        f"/entries/{rated['client_id']}/corrections",
        {"client_id": str(uuid4()), "value": 5},
        201,
    )

    after = person.self("GET", "/milestones")["milestones"]
    assert all(one["retracted_at"] for one in after)
    queue = site.call(site.therapist, "GET", "/review/queue")["queue"]
    told = sorted((one["kind"], one["subject"]) for row in queue for one in row["notices"])
    assert told == [
        ("milestone", "halfway"),
        ("milestone", "target_reached"),
        ("milestone_withdrawn", "halfway"),
        ("milestone_withdrawn", "target_reached"),
    ]
    old = person.self("GET", f"/entries/{rated['client_id']}")
    assert old["value"] == 14


# --- 12. two disciplines -----------------------------------------------------------------------


def test_scenario_12_two_disciplines_with_overlapping_plans(site):
    person = Person(site)
    other = person.open_plan("medication")
    exercise = person.ask(daily())
    tablet = person.ask(daily("08:00"), "medication", other, amounts={"quantity": 1})
    person.log(exercise)

    progress = person.self("GET", "/progress?days=1")

    by_discipline = {one["discipline"]: one["counts"] for one in progress["plans"]}
    assert by_discipline["physiotherapy"]["done"] == 1
    assert by_discipline["medication"]["done"] == 0
    ended = person.staff("POST", f"/activities/{exercise}/end", {"reason": "reached"}, 204)
    assert ended == "" or ended is None
    left = person.self("GET", "/activities")["activities"]
    assert [one["id"] for one in left] == [tablet]
