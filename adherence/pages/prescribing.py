"""Taking an exercise of the library over into the form in which something is prescribed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby

from flask import url_for

from adherence.domain.access import Actor
from adherence.domain.activities import INSTRUCTIONS_LIMIT, TITLE_LIMIT, ExerciseName
from adherence.domain.errors import InvalidInput, NotFound
from adherence.domain.exercises import Dose, Exercise
from adherence.pages.forms import Form
from adherence.services import library
from adherence.web import exercises, figures
from adherence.web.locale import current
from adherence.web.locale import gettext as _

DAYS = 7
LONG_HOLD = 5
"""Seconds. Staying for less between repetitions is not counted along."""
SIDES = ("both", "left", "right")


@dataclass(frozen=True, slots=True)
class ShownChosen:
    """The exercise that goes with what is asked; ``sides`` is empty where it has none."""

    name: str
    title: str
    facts: list[str]
    link: str
    picture: figures.Picture | None
    sides: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ShownShelf:
    """Exercises of one region, for a list to choose from."""

    word: str
    options: list[tuple[str, str]]


def named(actor: Actor, text: str) -> Exercise | None:
    """Return the exercise that ``text`` names, None where it names none that the actor may see."""
    try:
        name = ExerciseName.read(text)
        return library.exercise(actor, name.slug, name.version)
    except (InvalidInput, NotFound):
        return None


def chosen(actor: Actor, form: Form) -> ShownChosen | None:
    """Return the exercise that a form carries, None where it carries none."""
    one = named(actor, form.raw("exercise"))
    if one is None:
        return None
    return ShownChosen(
        name=str(ExerciseName(one.slug, one.version)),
        title=one.words[current()].title,
        facts=exercises.facts(one),
        link=url_for("library.show_version", slug=one.slug, version=one.version),
        picture=figures.picture(one, "end") if one.poses else None,
        sides=[("both", _("both sides")), ("left", _("left side")), ("right", _("right side"))]
        if one.sided
        else [],
    )


def shelves(actor: Actor) -> list[ShownShelf]:
    """Return every exercise by region, in the order of the library."""
    found = exercises.shelf(actor).find(library.Wanted())
    return [
        ShownShelf(
            exercises.name("region", region),
            [
                (str(ExerciseName(one.slug, one.version)), one.words[current()].title)
                for one in group
            ],
        )
        for region, group in groupby(found, key=lambda one: one.regions[0])
    ]


def typed(one: Exercise, locale: str) -> dict[str, str]:
    """Return an exercise as the form's fields: words for the patient, the lower end of the dose."""
    said = one.words[locale]
    instructions = "\n".join((*said.start, *said.steps))
    given = {
        "exercise": str(ExerciseName(one.slug, one.version)),
        "side": "both",
        "title": said.title[:TITLE_LIMIT],
        "instructions": instructions[:INSTRUCTIONS_LIMIT],
    }
    for field, pair in (
        ("sets", one.dose.sets),
        ("reps", one.dose.reps),
        ("hold_seconds", one.dose.hold_seconds),
        ("minutes", one.dose.minutes),
    ):
        is_a_moment = field == "hold_seconds" and one.dose.reps and pair and pair[1] < LONG_HOLD
        if pair is not None and not is_a_moment:
            given[field] = str(pair[0])
    return given | _rhythm(one.dose)


def _rhythm(dose: Dose) -> dict[str, str]:
    if dose.per_week is None or dose.per_week[0] >= DAYS:
        return {"rhythm": "every_n_days", "every": "1"}
    return {"rhythm": "n_per_week", "per_week": str(dose.per_week[0])}


def read(form: Form) -> str | None:
    """Return the name of the exercise that a form carries with its side, as it is kept."""
    text = form.raw("exercise")
    if not text:
        return None
    try:
        name = ExerciseName.read(text)
    except InvalidInput as error:
        form.refused(error)
        return None
    side = form.choice("side", SIDES)
    return str(replace(name, side="" if side == "both" else side))
