"""The library over the wire: exercises by the filters of its page, their movement, and lessons."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any
from uuid import UUID

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint

from adherence.api.openapi import PREFIX, says
from adherence.domain.access import Actor, Role
from adherence.domain.exercises import LOCALES
from adherence.schemas import exercises as wire
from adherence.services import library
from adherence.services.library import CHOICES, Wanted
from adherence.web import exercises, figures, media
from adherence.web.locale import current
from adherence.web.policy import policy
from adherence.web.query import choice, whole

blueprint = Blueprint(
    "api_exercises", __name__, url_prefix=PREFIX, description="The library of exercises"
)
LANGUAGE = ("|".join(LOCALES), "language of the words; the account's own when not given")
VERSION = ("1..999999", "a version that was prescribed; the newest when not given")
UNCHANGED = {"304": "It has not changed."}

_exercises = wire.ExercisesSchema()
_exercise = wire.ExerciseSchema()
_lessons = wire.LessonsSchema()
_lesson = wire.LessonSchema()


@blueprint.get("/exercises")
@says(
    blueprint,
    "exercise.read",
    wire.ExercisesSchema,
    query={
        "q": ("string", "words, at most 120 characters; one letter may be wrong"),
        **{
            name: ("|".join(values), "only these; any when not given")
            for name, values in CHOICES.items()
        },
        "language": LANGUAGE,
    },
    also=UNCHANGED,
)
@policy("exercise.read")
def list_exercises(actor: Actor) -> ResponseReturnValue:
    """Exercises that fit, the best answer to the words first; else by region and difficulty."""
    language = _language()
    wanted = Wanted(
        words=request.args.get("q", ""),
        **{
            name: choice(name, "", tuple(values)) if name in request.args else ""
            for name, values in CHOICES.items()
        },
    )
    shelf = exercises.shelf(actor, language)
    return _answer(
        _exercises.dump(
            {
                "version": shelf.version,
                "language": language,
                "exercises": [
                    wire.listed_exercise(one, language, library.is_own(one.slug))
                    for one in shelf.find(wanted)
                ],
            }
        )
    )


@blueprint.get("/exercises/<slug>")
@says(
    blueprint,
    "exercise.read",
    wire.ExerciseSchema,
    query={"language": LANGUAGE, "version": VERSION},
    also=UNCHANGED,
)
@policy("exercise.read")
def show_exercise(actor: Actor, slug: str) -> ResponseReturnValue:
    """One exercise with its words, its dose range and its movement."""
    language = _language()
    found = library.shown(actor, slug, whole("version", 0, 1, 999_999) or None)
    shown = wire.exercise_shown(
        found,
        language,
        library.is_own(slug),
        figures.motion(found.exercise) if found.exercise.poses else None,
        caution=actor.role is Role.CLINICIAN,
    )
    return _answer(_exercise.dump(shown))


@blueprint.get("/exercises/<slug>/frames/<moment>.svg")
@says(
    blueprint,
    "exercise.look",
    content="image/svg+xml",
    query={
        "version": VERSION,
        "theme": ("|".join(figures.THEMES), "light when not given"),
        "side": ("|".join(figures.SIDES), "right when not given"),
    },
    also=UNCHANGED,
)
@policy("exercise.look")
def frame(actor: Actor, slug: str, moment: str) -> ResponseReturnValue:
    """A still frame, as ``start``, ``middle`` or ``end``."""
    one = library.exercise(actor, slug, whole("version", 0, 1, 999_999) or None)
    return figures.answer(one, moment)


@blueprint.get("/exercises/media/<uuid:medium_id>")
@says(
    blueprint,
    "exercise.look",
    content="image/jpeg, image/png, video/mp4, video/webm",
    also=UNCHANGED,
)
@policy("exercise.look")
def medium(actor: Actor, medium_id: UUID) -> ResponseReturnValue:
    """A picture or film of the clinic's own; parts of it for who asks with Range."""
    return media.answer(actor, medium_id)


@blueprint.get("/education")
@says(
    blueprint,
    "education.read",
    wire.LessonsSchema,
    query={"language": LANGUAGE},
    also=UNCHANGED,
)
@policy("education.read")
def list_lessons(actor: Actor) -> ResponseReturnValue:
    """Every lesson, in reading order."""
    language = _language()
    found = [wire.listed_lesson(one, language) for one in library.lessons()]
    return _answer(_lessons.dump({"language": language, "lessons": found}))


@blueprint.get("/education/<slug>")
@says(
    blueprint,
    "education.read",
    wire.LessonSchema,
    query={"language": LANGUAGE},
    also=UNCHANGED,
)
@policy("education.read")
def show_lesson(actor: Actor, slug: str) -> ResponseReturnValue:
    """One lesson with its question, the right answer and why it is right."""
    return _answer(_lesson.dump(wire.lesson_shown(library.lesson(slug), _language())))


def _language() -> str:
    return choice("language", current(), LOCALES)


def _answer(document: Any) -> ResponseReturnValue:
    """The document with a tag of its content; 304 where the asker has it already."""
    response = jsonify(document)
    response.set_etag(blake2b(response.get_data(), digest_size=16).hexdigest())
    response.make_conditional(request)
    return response
