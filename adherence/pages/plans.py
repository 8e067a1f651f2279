"""Plans: asking for an activity, and revising it from a day on while the past stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor
from adherence.domain.activities import (
    INSTRUCTIONS_LIMIT,
    TITLE_LIMIT,
    UNIT_LIMIT,
    ActivityKind,
    Asked,
    Discipline,
    Revision,
)
from adherence.domain.entries import SYMPTOM_LIMIT, Amounts
from adherence.domain.errors import Conflict, InvalidInput
from adherence.domain.schedules import Schedule, ScheduleKind, ZonePolicy
from adherence.domain.windows import ANY_TIME, SAME_DAY, Window, WindowKind
from adherence.domain.zones import first_instant
from adherence.pages import prescribing, toasts
from adherence.pages.forms import Form, read_clock, read_day
from adherence.pages.prescribing import ShownChosen, ShownShelf
from adherence.services import goals, patients, progress
from adherence.services import plans as service
from adherence.services.care import Care, Plan
from adherence.services.plans import AskedActivity
from adherence.web import words
from adherence.web.clock import now
from adherence.web.locale import LOCALES, current, ngettext
from adherence.web.locale import gettext as _
from adherence.web.policy import policy

blueprint = Blueprint("plans", __name__)

ONE_DAY = timedelta(days=1)
SHOWN_DAYS = 14
"""Days of the strip on which the old revision meets the new one."""
MANY_EXERCISES = 4
"""More exercises than this are seldom managed at home (R. Arensman, thesis on Physitrack)."""
NEW_PLAN = "new:"
AROUND = "around"


@dataclass(frozen=True, slots=True)
class ShownChoice:
    """One of several ways, with its icon where it has one."""

    value: str
    word: str
    icon: str = ""


@dataclass(frozen=True, slots=True)
class ShownActivityForm:
    """The page on which something is prescribed."""

    patient: str
    back: str
    action: str
    today: str
    kinds: list[ShownChoice]
    goals: list[tuple[str, str]]
    plans: list[tuple[str, str]]
    rhythms: list[ShownChoice]
    windows: list[tuple[str, str]]
    zone_policies: list[tuple[str, str]]
    load: str
    chosen: ShownChosen | None
    shelves: list[ShownShelf]
    library: str
    without: str


@dataclass(frozen=True, slots=True)
class SpliceDay:
    """A day of the strip, in its own units of 83."""

    x: int
    middle: int
    css: str
    new: bool
    word: str


@dataclass(frozen=True, slots=True)
class Splice:
    """The strip of days on which the locked thread meets the new one."""

    words: str
    old_end: int
    new_start: int
    knot: int
    new_words_at: int
    days: list[SpliceDay]
    old_words: str
    new_words: str


@dataclass(frozen=True, slots=True)
class Part:
    """One thing a revision says."""

    word: str
    value: str


@dataclass(frozen=True, slots=True)
class OldRevision:
    """The revision in force, which cannot be edited."""

    title: str
    words: str
    asked: list[Part]
    because: str
    when: str
    why: str


@dataclass(frozen=True, slots=True)
class ShownRevision:
    """The page on which an activity is revised."""

    patient: str
    back: str
    action: str
    today: str
    title: str
    kind: str
    rhythms: list[ShownChoice]
    windows: list[tuple[str, str]]
    zone_policies: list[tuple[str, str]]
    chosen: ShownChosen | None
    splice: Splice
    old: OldRevision
    earlier: list[str]
    new_title: str
    new_words: str
    changed: dict[str, str]
    begin: str


# --- prescribing ---------------------------------------------------------------------------------

#: The fields of what is asked and of when it is due.
ASKS = (
    *("title", "instructions", "sets", "reps", "hold_seconds", "pain_limit", "minutes"),
    *("quantity", "unit", "symptom", "optional", "exercise", "side"),
    *("rhythm", "weekdays", "weekdays_times", "weekdays_window", "every", "per_week"),
    *("every_n_days_times", "every_n_days_window", "interval_hours", "anchor_time"),
    *("min_interval_hours", "last_day", "cycle_on", "cycle_off", "zone_policy"),
)
ASSIGNED = (*ASKS, "kind", "starts_on", "plan_id", "goal_id", "because")
REVISED = (*ASKS, "effective_on", "reason", "then")


@blueprint.get("/patients/<uuid:patient_id>/activities/new")
@policy("activity.assign")
def new(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Show an empty form for something to do, or one filled in from the library."""
    usual = {
        "kind": "exercise",
        "rhythm": "every_n_days",
        "every": "1",
        "per_week": "3",
        "starts_on": _today(actor, patient_id).isoformat(),
    }
    one = prescribing.named(actor, request.args.get("exercise", ""))
    if one is not None:
        usual |= prescribing.typed(one, _locale_of(actor, patient_id))
    return _new_page(actor, patient_id, Form(usual), [])


def _locale_of(actor: Actor, patient_id: UUID) -> str:
    """Return the language of the patient, who will read what is prescribed."""
    chosen = patients.locale_of(actor, patient_id)
    return chosen if chosen in LOCALES else current()


@blueprint.post("/patients/<uuid:patient_id>/activities/new")
@policy("activity.assign", fields=ASSIGNED, repeats=("weekdays",))
def assign(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Ask for what was typed, from its first day on."""
    form = Form(request.form)
    weekdays = request.form.getlist("weekdays")
    kind = form.choice("kind", list(ActivityKind), _("Choose what it is."))
    starts_on = form.day("starts_on", _("Choose the first day."))
    zone = _zone(actor, patient_id)
    asked = _asked(form, kind)
    schedule = _schedule(form, weekdays, starts_on or _today(actor, patient_id), zone)
    active = {str(view.id): view.id for view in _active_goals(actor, patient_id)}
    goal_id = form.choice("goal_id", list(active), _("Choose the goal it hangs on."))
    because = form.text(
        "because",
        service.REASON_LIMIT,
        _("Say in one line what this is good for. The patient reads it on the card."),
    )
    if form.errors or asked is None or schedule is None:
        return _new_page(actor, patient_id, form, weekdays)
    try:
        service.assign_activity(
            actor,
            patient_id,
            plan_id=_plan_id(actor, patient_id, form.raw("plan_id")),
            kind=ActivityKind(kind),
            schedule=schedule,
            asked=asked,
            goals=[(active[goal_id], because)],
            effective_on=starts_on,
            now=now(),
        )
    except InvalidInput as error:
        form.refused(error, {"effective_on": "starts_on", "goals": "goal_id"})
        return _new_page(actor, patient_id, form, weekdays)
    return toasts.back_to(url_for("patients.sheet", patient_id=patient_id))


def _plan_id(actor: Actor, patient_id: UUID, chosen: str) -> UUID:
    """Return the chosen plan, opening one where "a new plan of ..." was chosen."""
    if chosen.startswith(NEW_PLAN):
        try:
            discipline = Discipline(chosen.removeprefix(NEW_PLAN))
        except ValueError as error:
            raise InvalidInput("plan_id", "required") from error
        return service.open_plan(
            actor,
            patient_id,
            discipline=discipline,
            title=str(words.DISCIPLINES[discipline]),
            now=now(),
        )
    try:
        return UUID(chosen)
    except ValueError as error:
        raise InvalidInput("plan_id", "required") from error


def _new_page(
    actor: Actor, patient_id: UUID, form: Form, weekdays: list[str]
) -> ResponseReturnValue:
    running = [plan for plan in service.plans(actor, patient_id, now()) if plan.ended_on is None]
    exercises = sum(
        item.activity.kind is ActivityKind.EXERCISE
        for item in service.activities(actor, patient_id, now())
    )
    page = ShownActivityForm(
        patient=patients.name_of(actor, patient_id),
        back=url_for("patients.sheet", patient_id=patient_id),
        action=url_for("plans.assign", patient_id=patient_id),
        today=_today(actor, patient_id).isoformat(),
        kinds=[
            ShownChoice(kind, str(word), words.KIND_ICONS[kind])
            for kind, word in words.KINDS.items()
        ],
        goals=[
            (str(view.id), _("“%(words)s”", words=words.short(view.goal.words, 80)))
            for view in _active_goals(actor, patient_id)
        ],
        plans=[(str(plan.id), _plan_words(plan)) for plan in running]
        + [
            (f"{NEW_PLAN}{key}", _("A new plan: %(discipline)s", discipline=word))
            for key, word in words.DISCIPLINES.items()
            if key not in {plan.discipline.value for plan in running}
        ],
        rhythms=_rhythms(),
        windows=_windows(),
        zone_policies=_zone_policies(),
        load=ngettext(
            "Exercises so far: %(num)s. Most people manage two to four.",
            "Exercises so far: %(num)s. Most people manage two to four.",
            exercises,
        ),
        chosen=prescribing.chosen(actor, form),
        shelves=prescribing.shelves(actor),
        library=url_for("library.index", patient=patient_id),
        without=url_for("plans.new", patient_id=patient_id),
    )
    return (
        render_template(
            "clinician/activity_new.html",
            plan=page,
            form={**form.typed, "weekdays": weekdays},
            errors=form.errors,
        ),
        422 if form.errors else 200,
    )


def _plan_words(plan: Plan) -> str:
    discipline = str(words.DISCIPLINES[plan.discipline])
    return discipline if plan.title == discipline else f"{discipline}: {plan.title}"


def _active_goals(actor: Actor, patient_id: UUID) -> list[goals.GoalView]:
    return [view for view in goals.goals(actor, patient_id, now()) if view.agreed.state == "active"]


def _rhythms() -> list[ShownChoice]:
    return [ShownChoice(kind, str(word)) for kind, word in words.SCHEDULES.items()]


def _windows() -> list[tuple[str, str]]:
    return [
        ("same_day", words.window_words(SAME_DAY)),
        *(
            (
                f"{AROUND}:{hours}",
                words.window_words(
                    Window(WindowKind.AROUND, timedelta(hours=hours), timedelta(hours=hours))
                ),
            )
            for hours in (1, 2, 3, 4)
        ),
        ("any_time", words.window_words(ANY_TIME)),
    ]


def _zone_policies() -> list[tuple[str, str]]:
    return [
        ("patient", _("It follows the patient’s clock")),
        ("home", _("It stays with the clock at home")),
    ]


# --- reading the fields --------------------------------------------------------------------------


def _asked(form: Form, kind: str) -> Asked | None:
    """Return what is asked; None with something in ``form.errors`` where it cannot be."""
    title = form.text("title", TITLE_LIMIT, _("Give it a title."))
    instructions = form.text("instructions", INSTRUCTIONS_LIMIT, lines=40)
    amounts: dict[str, Any] = {}
    unit = symptom = None
    pain_limit = minutes = None
    if kind in ("exercise", "task"):
        amounts = {
            "sets": form.whole("sets", 1, 100),
            "reps": form.whole("reps", 1, 10_000),
            "hold_seconds": form.whole("hold_seconds", 1, 14_400),
        }
        pain_limit = form.whole("pain_limit", 1, 10)
        minutes = form.whole("minutes", 1, 24 * 60)
    elif kind == "medication":
        amounts = {"quantity": form.real("quantity", 0.01, 1_000_000)}
        unit = form.text("unit", UNIT_LIMIT) or None
        if amounts["quantity"] is None:
            form.wrong("quantity", _("Write how much at a time."))
        if unit is None:
            form.wrong("unit", _("Name the unit."))
    elif kind == "check_in":
        symptom = form.text("symptom", SYMPTOM_LIMIT, _("Name the symptom.")) or None
    if form.errors:
        return None
    try:
        return Asked(
            title=title,
            instructions=instructions,
            amounts=Amounts(
                **{name: None if value is None else float(value) for name, value in amounts.items()}
            ),
            unit=unit,
            symptom=symptom,
            pain_limit=pain_limit,
            minutes=minutes,
            optional=form.raw("optional") == "yes",
            exercise=prescribing.read(form) if kind == "exercise" else None,
        )
    except InvalidInput as error:
        form.refused(error)
        return None


def _schedule(form: Form, weekdays: list[str], starts_on: date, zone: str) -> Schedule | None:
    """Return the schedule that was typed; None with something in ``form.errors``."""
    kind = form.choice("rhythm", list(ScheduleKind), _("Choose when it is due."))
    if not kind:
        return None
    given: dict[str, Any] = {"kind": ScheduleKind(kind), "starts_on": starts_on}
    if kind in ("weekdays", "every_n_days"):
        given["times"] = _times(form, f"{kind}_times")
        given["window"] = _window(form, f"{kind}_window", bool(given["times"]))
    if kind == "weekdays":
        given["weekdays"] = frozenset(int(day) for day in weekdays if day in "0123456")
        if not given["weekdays"]:
            form.wrong("weekdays", _("Choose at least one day."))
    elif kind == "every_n_days":
        given["every"] = form.whole("every", 1, 366) or 1
    elif kind == "n_per_week":
        given["per_week"] = form.whole("per_week", 1, 21)
        if given["per_week"] is None:
            form.wrong("per_week", _("Write how often."))
            given["per_week"] = 1
        given["max_per_day"] = -(-given["per_week"] // 7)
    elif kind == "fixed_interval":
        given["interval_hours"] = form.real("interval_hours", 1, 24 * 366)
        if given["interval_hours"] is None:
            form.wrong("interval_hours", _("Write the hours."))
            return None
        given["anchor"] = first_instant(starts_on, form.clock("anchor_time") or time(8), zone)
        given["zone"] = zone
    else:
        given["min_interval_hours"] = form.real("min_interval_hours", 0.25, 24 * 31)
    last_day = form.day("last_day")
    if last_day is not None:
        given["ends_on"] = last_day + ONE_DAY
        if last_day < starts_on:
            form.wrong("last_day", _("The last day lies before the first."))
    cycle = form.whole("cycle_on", 1, 366), form.whole("cycle_off", 1, 366)
    if all(cycle):
        given["cycle_on"], given["cycle_off"] = cycle
    elif any(cycle):
        form.wrong("cycle_off" if cycle[0] else "cycle_on", _("Both numbers belong together."))
    if form.raw("zone_policy") == "home" and kind not in ("as_needed", "fixed_interval"):
        given |= {"zone_policy": ZonePolicy.HOME, "zone": zone}
    if form.errors:
        return None
    try:
        return Schedule(**given)
    except InvalidInput as error:
        form.refused(error, {"times": f"{kind}_times", "window": f"{kind}_window"})
        return None


def _times(form: Form, name: str) -> tuple[time, ...]:
    typed = [part for part in form.raw(name).replace(";", ",").split(",") if part.strip()]
    found = [read_clock(part) for part in typed]
    if None in found:
        form.wrong(name, _("Write times as 08:00, 18:00."))
    return tuple(sorted({at for at in found if at is not None}))


def _window(form: Form, name: str, timed: bool) -> Window:
    chosen = form.raw(name)
    if chosen == "any_time":
        return ANY_TIME
    kind, _colon, hours = chosen.partition(":")
    if kind == AROUND and hours in ("1", "2", "3", "4"):
        if not timed:
            form.wrong(name, _("Hours before and after need a time of day."))
        reach = timedelta(hours=int(hours))
        return Window(WindowKind.AROUND, reach, reach)
    return SAME_DAY


# --- revising ------------------------------------------------------------------------------------


@blueprint.get("/patients/<uuid:patient_id>/activities/<uuid:activity_id>/revise")
@policy("activity.revise")
def revise(actor: Actor, patient_id: UUID, activity_id: UUID) -> ResponseReturnValue:
    """Show what is asked now, locked, beside a form for what is asked from a day on."""
    item = service.activity(actor, patient_id, activity_id, now())
    today = _today(actor, patient_id)
    last = item.activity.revisions[-1]
    typed, weekdays = as_typed(last)
    typed["effective_on"] = max(today + ONE_DAY, last.effective_on + ONE_DAY).isoformat()
    return _revise_page(actor, patient_id, item, Form(typed), weekdays)


@blueprint.post("/patients/<uuid:patient_id>/activities/<uuid:activity_id>/revise")
@policy("activity.revise", fields=REVISED, repeats=("weekdays",))
def begin(actor: Actor, patient_id: UUID, activity_id: UUID) -> ResponseReturnValue:
    """Begin a new revision on the chosen day, or end the activity from it on."""
    item = service.activity(actor, patient_id, activity_id, now())
    form = Form(request.form)
    weekdays = request.form.getlist("weekdays")
    effective_on = form.day("effective_on", _("Choose the day from which it holds."))
    reason = form.text(
        "reason", service.REASON_LIMIT, _("Say why. Both of you can read this later.")
    )
    try:
        if form.raw("then") == "end":
            if not form.errors:
                service.end_activity(
                    actor, patient_id, activity_id, reason=reason, ends_on=effective_on, now=now()
                )
        else:
            asked = _asked(form, item.activity.kind)
            schedule = _schedule(
                form,
                weekdays,
                effective_on or _today(actor, patient_id),
                _zone(actor, patient_id),
            )
            if not form.errors and asked is not None and schedule is not None:
                service.revise_activity(
                    actor,
                    patient_id,
                    activity_id,
                    schedule=schedule,
                    asked=asked,
                    reason=reason,
                    effective_on=effective_on,
                    now=now(),
                )
    except InvalidInput as error:
        form.refused(error, {"ends_on": "effective_on"})
    except Conflict:
        form.wrong("effective_on", _("A revision from that day on exists, or it has ended."))
    if form.errors:
        return _revise_page(actor, patient_id, item, form, weekdays)
    return toasts.back_to(url_for("patients.sheet", patient_id=patient_id))


def as_typed(revision: Revision) -> tuple[dict[str, str], list[str]]:
    """Return a revision as its form shows it: the fields, and the chosen weekdays."""
    asked, rule = revision.asked, revision.schedule
    kind = rule.kind.value
    typed: dict[str, Any] = {
        "title": asked.title,
        "instructions": asked.instructions,
        "unit": asked.unit or "",
        "symptom": asked.symptom or "",
        "pain_limit": asked.pain_limit or "",
        "minutes": asked.minutes or "",
        "optional": "yes" if asked.optional else "",
        "exercise": asked.exercise or "",
        "side": (asked.exercise or "").partition("/")[2] or "both",
        "rhythm": kind,
        "every": rule.every,
        "per_week": rule.per_week or "",
        "cycle_on": rule.cycle_on or "",
        "cycle_off": rule.cycle_off or "",
        "zone_policy": rule.zone_policy.value,
        "last_day": "" if rule.ends_on is None else (rule.ends_on - ONE_DAY).isoformat(),
        f"{kind}_times": ", ".join(words.clock(at) for at in rule.times),
        f"{kind}_window": rule.window.kind.value,
        "interval_hours": words.number(rule.interval_hours) if rule.interval_hours else "",
        "min_interval_hours": words.number(rule.min_interval_hours)
        if rule.min_interval_hours
        else "",
    }
    if rule.window.kind is WindowKind.AROUND:
        typed[f"{kind}_window"] = f"{AROUND}:{round(rule.window.after / timedelta(hours=1))}"
    if rule.anchor is not None and rule.zone is not None:
        typed["anchor_time"] = words.clock(rule.anchor, rule.zone)
    for name in ("sets", "reps", "hold_seconds", "quantity"):
        value = getattr(asked.amounts, name)
        typed[name] = "" if value is None else words.number(value)
    return (
        {name: str(value) for name, value in typed.items()},
        [str(day) for day in sorted(rule.weekdays)],
    )


def _revise_page(
    actor: Actor, patient_id: UUID, item: AskedActivity, form: Form, weekdays: list[str]
) -> ResponseReturnValue:
    today = _today(actor, patient_id)
    last = item.activity.revisions[-1]
    begins = read_day(form.raw("effective_on")) or today + ONE_DAY
    number = last.number + 1
    when = words.day(begins)
    page = ShownRevision(
        patient=patients.name_of(actor, patient_id),
        back=url_for("patients.sheet", patient_id=patient_id),
        action=url_for("plans.begin", patient_id=patient_id, activity_id=item.id),
        today=today.isoformat(),
        title=last.asked.title,
        kind=item.activity.kind.value,
        rhythms=_rhythms(),
        windows=_windows(),
        zone_policies=_zone_policies(),
        chosen=prescribing.chosen(actor, form),
        splice=_splice(today, begins, last.number),
        old=_old(item, last, begins),
        earlier=[
            _(
                "Revision %(num)s, from %(day)s: %(what)s",
                num=one.number,
                day=words.day(one.effective_on, "day"),
                what=_in_short(one),
            )
            for one in reversed(item.activity.revisions[:-1])
        ],
        new_title=_("Revision %(num)s, draft", num=number),
        new_words=_("Begins on %(day)s. Nothing before that day changes.", day=when),
        changed=_changed(form, last),
        begin=_("Begin revision %(num)s on %(day)s", num=number, day=words.day(begins, "day")),
    )
    return (
        render_template(
            "clinician/activity_revise.html",
            plan=page,
            form={**form.typed, "weekdays": weekdays},
            errors=form.errors,
        ),
        422 if form.errors else 200,
    )


def _in_short(revision: Revision) -> str:
    asked = revision.asked
    parts = (
        words.amount_brief(asked.amounts, asked.unit) or asked.symptom or "",
        words.schedule(revision.schedule),
    )
    return ", ".join(part for part in parts if part)


def _old(item: AskedActivity, last: Revision, begins: date) -> OldRevision:
    asked = last.asked
    parts = [
        Part(_("Title"), asked.title),
        Part(
            _("How much"),
            words.amount_brief(asked.amounts, asked.unit) or asked.symptom or _("not said"),
        ),
    ]
    if asked.minutes is not None:
        parts.append(Part(_("Minutes it takes"), str(asked.minutes)))
    if asked.pain_limit is not None:
        parts.append(Part(_("Stop at pain of"), str(asked.pain_limit)))
    if asked.instructions:
        parts.append(Part(_("How it goes"), asked.instructions))
    last_day = begins - ONE_DAY
    return OldRevision(
        title=_("Revision %(num)s", num=last.number),
        words=_(
            "In force since %(day)s. Its last day is %(last)s. It cannot be edited.",
            day=words.day(last.effective_on, "day"),
            last=words.day(max(last_day, last.effective_on)),
        ),
        asked=parts,
        because=item.threads[0].because if item.threads else "",
        when=words.first_upper(words.schedule(last.schedule, window=True)),
        why=item.notes[-1].reason,
    )


def _splice(today: date, begins: date, number: int) -> Splice:
    """Return the strip of days from three before today, the new first day at the knot."""
    first = min(today, begins) - timedelta(days=3)
    days = [first + timedelta(days=index) for index in range(SHOWN_DAYS)]
    old = sum(day < begins for day in days)
    knot = 83 * old + 4
    return Splice(
        words=_(
            "Days before %(day)s belong to revision %(old)s and are locked. Days from then on"
            " belong to revision %(new)s.",
            day=words.day(begins),
            old=number,
            new=number + 1,
        ),
        old_end=knot - 6,
        new_start=knot + 6,
        knot=knot,
        new_words_at=min(knot + 16, 940),
        days=[
            SpliceDay(
                x=83 * index + 4,
                middle=83 * index + 42,
                css=("day-new" if day >= begins else "day-old")
                + (" day-today" if day == today else ""),
                new=day >= begins,
                word=words.day(day, "brief"),
            )
            for index, day in enumerate(days)
        ],
        old_words=_("revision %(num)s, locked", num=number),
        new_words=_("revision %(num)s begins", num=number + 1),
    )


def _changed(form: Form, last: Revision) -> dict[str, str]:
    """Return "was ..." for each field that differs from the revision in force."""
    before, _weekdays = as_typed(last)
    changed = {
        name: _("was %(value)s", value=words.short(before[name], 40))
        for name in ("title", "minutes", "pain_limit", "instructions")
        if before[name] and form.raw(name) != before[name].strip()
    }
    if any(form.raw(name) != before[name] for name in ("sets", "reps", "hold_seconds")):
        how_much = words.amount_brief(last.asked.amounts)
        if how_much:
            changed["amounts"] = _("was %(value)s", value=how_much)
    if form.raw("quantity") != before["quantity"] and before["quantity"]:
        changed["quantity"] = _(
            "was %(value)s", value=words.amount_brief(last.asked.amounts, last.asked.unit)
        )
    return changed


def _care(actor: Actor, patient_id: UUID) -> Care:
    near = now().date()
    return progress.day_states(actor, patient_id, near, near, now())[1]


def _zone(actor: Actor, patient_id: UUID) -> str:
    """Return the zone whose clock the patient lives by now."""
    return _care(actor, patient_id).zones.current()


def _today(actor: Actor, patient_id: UUID) -> date:
    """Return the patient's local day."""
    return _care(actor, patient_id).today(now())
