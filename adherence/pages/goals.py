"""Goals: the patient's own page with what hangs on each, and the clinician's page to agree one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor
from adherence.domain.entries import SYMPTOM_LIMIT
from adherence.domain.errors import InvalidInput, NotFound
from adherence.domain.goals import Goal, Measure
from adherence.pages import toasts
from adherence.pages.forms import Form, fresh_id
from adherence.pages.own import own
from adherence.pages.stairs import Stairs, stairs, step_counts
from adherence.pages.toasts import Toast
from adherence.services import entries, patients
from adherence.services import goals as service
from adherence.services.goals import GoalView
from adherence.services.plans import AskedActivity
from adherence.web import words
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.policy import policy

blueprint = Blueprint("goals", __name__)

LONG = 12
"""More characters than this, number and words, would run into the stairs."""
FARTHEST = 1_000_000
WEIGHTS = (0, 1, 2, 3)
LEVELS = (-2, -1, 0, 1, 2)
ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class GoalHead:
    """A goal as it stands on the cloth: its words, one number and the stairs."""

    id: str
    words: str
    number: str
    beside: str
    long: bool
    stairs: Stairs
    stairs_words: str


@dataclass(frozen=True, slots=True)
class Hanging:
    """What hangs on a goal: an activity in one line, and where it is revised (may be empty)."""

    title: str
    rhythm: str
    because: str
    note: str
    revise: str


@dataclass(frozen=True, slots=True)
class Level:
    """One line of a ladder."""

    value: int
    sign: str
    words: str


@dataclass(frozen=True, slots=True)
class RateForm:
    """How a goal is measured again on this page."""

    kind: str
    name: str
    summary: str
    action: str
    client_id: UUID
    question: str
    hint: str
    value: str
    errors: str
    levels: list[Level]


@dataclass(frozen=True, slots=True)
class ShownGoal:
    """A goal with what hangs on it and how to measure it again."""

    id: str
    words: str
    number: str
    beside: str
    long: bool
    stairs: Stairs
    stairs_words: str
    since: str
    hanging: list[Hanging]
    rate: RateForm | None


@dataclass(frozen=True, slots=True)
class ShownGoals:
    """The patient's goals, the closed ones apart."""

    cards: list[ShownGoal]
    closed: list[ShownGoal]
    said: Toast | None


def head(view: GoalView) -> GoalHead:
    """Return a goal as it stands on the cloth."""
    goal, current = view.goal, view.progress.current
    number, beside = words.goal_number(goal, current)
    if goal.measure is Measure.GAS:
        steps, done = 4, 0 if current is None else max(0, min(4, int(current) + 2))
    else:
        steps, done = step_counts(goal.baseline or 0, goal.target, current)
    return GoalHead(
        id=str(view.id),
        words=goal.words,
        number=number,
        beside=beside,
        long=len(number) + len(beside) > LONG,
        stairs=stairs(steps, done),
        stairs_words=_(
            "A staircase of %(steps)s steps; %(done)s of them are behind you.",
            steps=steps,
            done=done,
        ),
    )


def since(view: GoalView) -> str:
    """Return where the goal began and when, and when it was measured last."""
    goal = view.goal
    if goal.baseline is None:
        return _("agreed on %(day)s", day=words.day(view.agreed.agreed_on, "day"))
    began = _(
        "began at %(value)s on %(day)s",
        value=words.goal_value(goal, goal.baseline),
        day=words.day(view.agreed.agreed_on, "day"),
    )
    if goal.due_on is None:
        return began
    return _("%(began)s, planned for %(day)s", began=began, day=words.day(goal.due_on, "full"))


def hanging(
    item: AskedActivity, goal_id: UUID, brief: bool, note: str = "", revise: str = ""
) -> Hanging:
    """Return an activity in one line; ``brief`` writes amounts as the record does."""
    revision = item.activity.revisions[-1]
    asked = revision.asked
    how_much = words.amount_brief(asked.amounts, asked.unit) if brief else words.asked(asked)
    because = next((each.because for each in item.threads if each.goal_id == goal_id), "")
    rhythm = words.schedule(revision.schedule)
    return Hanging(
        title=asked.title,
        rhythm=", ".join(part for part in (how_much, rhythm) if part),
        because=because,
        note=note,
        revise=revise,
    )


@blueprint.get("/goals")
@policy("goal.read")
def show(actor: Actor) -> Response:
    """Show the patient's goals."""
    return _page(actor, None, Form({}))


@blueprint.post("/goals/<uuid:goal_id>/rate")
@policy("entry.log", fields=("client_id", "rate-{goal_id}"))
def rate(actor: Actor, goal_id: UUID) -> ResponseReturnValue:
    """Store a new value of a goal."""
    patient_id = own(actor)
    view = next((one for one in service.goals(actor, patient_id, now()) if one.id == goal_id), None)
    if view is None:
        raise NotFound
    name = f"rate-{goal_id}"
    form = Form(request.form)
    low, high = _bounds(view.goal)
    value = form.real(name, low, high)
    if value is None:
        form.wrong(name, _("Choose or write a number."))
    elif view.goal.measure in (Measure.GAS, Measure.COUNT) and not value.is_integer():
        form.wrong(name, _("Write a whole number."))
    client_id = form.id()
    if not form.errors:
        receipt = entries.log_entry(
            actor,
            patient_id,
            {
                "client_id": client_id,
                "goal_id": goal_id,
                "value": value,
                "performed_at": now(),
                "recorded_at": now(),
            },
            now(),
        )
        if not receipt.errors:
            return toasts.back_to(url_for("goals.show", _anchor=f"g-{goal_id}"), client_id)
        form.wrong(name, _("This number does not fit the goal."))
    return _page(actor, goal_id, form)


def _page(actor: Actor, wrong: UUID | None, form: Form) -> Response:
    patient_id = own(actor)
    views = service.goals(actor, patient_id, now())
    said = toasts.asked_for()
    page = ShownGoals(
        cards=[
            _shown(one, form if one.id == wrong else Form({}), now())
            for one in views
            if one.agreed.state == ACTIVE
        ],
        closed=[_shown(one, Form({}), now()) for one in views if one.agreed.state != ACTIVE],
        said=None
        if said is None
        else Toast("done", _("Noted"), url_for("entries.undo", client_id=said)),
    )
    status = 422 if form.errors else 200
    response = make_response(render_template("patient/goals.html", goals=page), status)
    return toasts.forget(response)


def _bounds(goal: Goal) -> tuple[float, float]:
    if goal.measure is Measure.RATING:
        return 0, 10
    if goal.measure is Measure.GAS:
        return -2, 2
    return 0, FARTHEST


def _shown(view: GoalView, form: Form, at: datetime) -> ShownGoal:
    top = head(view)
    closed = view.agreed.closed_on
    return ShownGoal(
        id=top.id,
        words=top.words,
        number=top.number,
        beside=top.beside,
        long=top.long,
        stairs=top.stairs,
        stairs_words=top.stairs_words,
        since=words.first_upper(since(view))
        if closed is None
        else _("closed on %(day)s", day=words.day(closed, "full")),
        hanging=[hanging(item, view.id, brief=False) for item in view.activities],
        rate=None if closed is not None else _rate_form(view, form, at),
    )


def _rate_form(view: GoalView, form: Form, at: datetime) -> RateForm | None:
    goal = view.goal
    name = f"rate-{view.id}"
    questions = {
        Measure.RATING: _("How well can you do it today?"),
        Measure.GAS: _("Which line fits today?"),
        Measure.COUNT: _("How many is it today?"),
        Measure.AMOUNT: _("How much is it today?"),
    }
    if goal.measure not in questions:
        return None
    return RateForm(
        kind=goal.measure.value,
        name=name,
        summary=_("Measure it again") if view.progress.n else _("Measure it"),
        action=url_for("goals.rate", goal_id=view.id),
        client_id=fresh_id(at),
        question=questions[goal.measure],
        hint=goal.unit or "",
        value=form.raw(name),
        errors=form.errors.get(name, ""),
        levels=[
            Level(value, words.signed(value), text)
            for value, text in zip(LEVELS, goal.ladder or (), strict=False)
        ],
    )


# --- the clinician agrees a goal -----------------------------------------------------------------

AGREED = (
    *("words", "measure", "due_on", "importance", "difficulty", "symptom"),
    *(f"{measure}_{end}" for measure in Measure for end in ("baseline", "target")),
    *(f"{measure}_unit" for measure in (Measure.COUNT, Measure.AMOUNT)),
    *(f"gas_{place}" for place, _level in enumerate(LEVELS)),
)


@dataclass(frozen=True, slots=True)
class ShownMeasure:
    """One way to measure a goal."""

    value: str
    word: str
    hint: str


@dataclass(frozen=True, slots=True)
class ShownRung:
    """One field of the ladder."""

    name: str
    word: str


@dataclass(frozen=True, slots=True)
class ShownGoalForm:
    """The page on which a goal is agreed."""

    patient: str
    back: str
    action: str
    weights: list[tuple[str, str]]
    measures: list[ShownMeasure]
    ladder: list[ShownRung]
    levels: list[tuple[int, str]]


@blueprint.get("/patients/<uuid:patient_id>/goals/new")
@policy("goal.set")
def new(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Show an empty form for a goal."""
    usual = {
        "measure": "rating",
        "gas_baseline": "-2",
        "gas_target": "0",
        "importance": "1",
        "difficulty": "1",
    }
    return _goal_form(actor, patient_id, Form(usual))


@blueprint.post("/patients/<uuid:patient_id>/goals/new")
@policy("goal.set", fields=AGREED)
def agree(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Agree the goal that was typed."""
    form = Form(request.form)
    goal = _goal(form)
    if goal is not None and not form.errors:
        try:
            service.set_goal(actor, patient_id, goal, now())
        except InvalidInput as error:
            form.refused(error)
        else:
            return toasts.back_to(url_for("patients.sheet", patient_id=patient_id))
    return _goal_form(actor, patient_id, form)


def _goal(form: Form) -> Goal | None:
    said = form.text(
        "words", service.WORDS_LIMIT, _("Write the goal as the patient says it."), lines=3
    )
    kind = form.choice("measure", list(Measure), _("Choose how it is measured."))
    due_on = form.day("due_on")
    weights = {name: form.whole(name, 0, 3) for name in ("importance", "difficulty")}
    if not kind:
        return None
    measure = Measure(kind)
    low, high = (0.0, 10.0) if kind in ("rating", "symptom") else (0, FARTHEST)
    ends: list[float] = []
    for end in ("baseline", "target"):
        name = f"{kind}_{end}"
        value = form.real(name, *((-2, 2) if kind == "gas" else (low, high)))
        if value is None:
            form.wrong(name, _("Write a number."))
        else:
            ends.append(value)
    given: dict[str, Any] = {}
    if measure is Measure.SYMPTOM:
        given["symptom"] = form.text("symptom", SYMPTOM_LIMIT, _("Name the symptom."))
    if measure in (Measure.COUNT, Measure.AMOUNT):
        given["unit"] = form.text(f"{kind}_unit", 40, _("Name the unit.")) or None
    if measure is Measure.GAS:
        given["ladder"] = tuple(
            form.text(
                f"gas_{place}", 160, _("Describe level %(level)s.", level=words.signed(level))
            )
            for place, level in enumerate(LEVELS)
        )
    if form.errors or len(ends) < 2:
        return None
    if ends[0] == ends[1]:
        form.wrong(f"{kind}_target", _("Start and target must differ."))
        return None
    try:
        return service.new_goal(
            words=said,
            measure=measure,
            baseline=ends[0],
            target=ends[1],
            due_on=due_on,
            importance=_weight(weights["importance"]),
            difficulty=_weight(weights["difficulty"]),
            **given,
        )
    except InvalidInput as error:
        form.refused(error, {"baseline": f"{kind}_baseline", "target": f"{kind}_target"})
        return None


def _weight(chosen: int | None) -> int:
    """Return the chosen weight; a weight nobody chose changes no score."""
    return 1 if chosen is None else chosen


def _goal_form(actor: Actor, patient_id: UUID, form: Form) -> ResponseReturnValue:
    page = ShownGoalForm(
        patient=patients.name_of(actor, patient_id),
        back=url_for("patients.sheet", patient_id=patient_id),
        action=url_for("goals.agree", patient_id=patient_id),
        weights=[(str(weight), str(weight)) for weight in WEIGHTS],
        measures=[
            ShownMeasure(value, str(word), str(words.MEASURE_HINTS[value]))
            for value, word in words.MEASURES.items()
        ],
        ladder=[
            ShownRung(f"gas_{place}", _("Level %(level)s", level=words.signed(level)))
            for place, level in enumerate(LEVELS)
        ],
        levels=[(level, words.signed(level)) for level in LEVELS],
    )
    status = 422 if form.errors else 200
    return (
        render_template("clinician/goal_new.html", goal=page, form=form.typed, errors=form.errors),
        status,
    )
