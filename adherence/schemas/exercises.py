"""Exercises and lessons on the wire, in one language at a time."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from adherence.domain.activities import ExerciseName
from adherence.domain.exercises import Dose, Exercise
from adherence.domain.media import MediaKind
from adherence.domain.own_exercises import OwnExercise

PAIRS = ("sets", "reps", "hold_seconds", "minutes", "per_day", "per_week")
MOTION = {
    "description": (
        "One repetition of the movement for a jointed figure: times in seconds, angles in degrees"
        " by joint and movement, the pelvis' place in metres and its turn as a quaternion, props."
    )
}


class ListedExerciseSchema(Schema):
    """What decides whether an exercise fits; ``name`` is what an activity carries."""

    slug = fields.String(required=True)
    version = fields.Integer(required=True)
    name = fields.String(required=True)
    title = fields.String(required=True)
    purpose = fields.String(required=True)
    regions = fields.List(fields.String(), required=True)
    kind = fields.String(required=True)
    position = fields.String(required=True)
    place = fields.List(fields.String(), required=True)
    equipment = fields.List(fields.String(), required=True)
    goals = fields.List(fields.String(), required=True)
    difficulty = fields.Integer(required=True)
    sided = fields.Boolean(required=True)
    own = fields.Boolean(required=True)


class ExercisesSchema(Schema):
    """What fits, the best answer first; ``version`` changes with any change to the library."""

    version = fields.String(required=True)
    language = fields.String(required=True)
    exercises = fields.List(fields.Nested(ListedExerciseSchema), required=True)


class DoseSchema(Schema):
    """What is commonly prescribed, least and most; null where it does not apply."""

    sets = fields.List(fields.Integer(), required=True, allow_none=True)
    reps = fields.List(fields.Integer(), required=True, allow_none=True)
    hold_seconds = fields.List(fields.Integer(), required=True, allow_none=True)
    minutes = fields.List(fields.Integer(), required=True, allow_none=True)
    per_day = fields.List(fields.Integer(), required=True, allow_none=True)
    per_week = fields.List(fields.Integer(), required=True, allow_none=True)
    source = fields.String(required=True)


class MediumSchema(Schema):
    id = fields.UUID(required=True)
    kind = fields.Enum(MediaKind, by_value=True, required=True)
    said = fields.String(required=True)


class ExerciseSchema(ListedExerciseSchema):
    """One version of an exercise. ``caution`` is for therapists and null for patients.

    One that a clinic shows in pictures of its own has ``media`` and no ``motion``.
    """

    language = fields.String(required=True)
    body = fields.String(required=True)
    works = fields.List(fields.String(), required=True)
    stretches = fields.List(fields.String(), required=True)
    start = fields.List(fields.String(), required=True)
    steps = fields.List(fields.String(), required=True)
    mistakes = fields.List(fields.String(), required=True)
    stop = fields.List(fields.String(), required=True)
    caution = fields.List(fields.String(), required=True, allow_none=True)
    dose = fields.Nested(DoseSchema, required=True)
    easier = fields.List(fields.String(), required=True)
    harder = fields.List(fields.String(), required=True)
    motion = fields.Dict(required=True, allow_none=True, metadata=MOTION)
    media = fields.List(fields.Nested(MediumSchema), required=True)


class ListedLessonSchema(Schema):
    slug = fields.String(required=True)
    version = fields.Integer(required=True)
    topic = fields.String(required=True)
    title = fields.String(required=True)
    summary = fields.String(required=True)


class LessonsSchema(Schema):
    """Every lesson, in reading order."""

    language = fields.String(required=True)
    lessons = fields.List(fields.Nested(ListedLessonSchema), required=True)


class SourceSchema(Schema):
    by = fields.String(required=True)
    title = fields.String(required=True)
    year = fields.Integer(required=True)
    where = fields.String(required=True)


class LessonSchema(ListedLessonSchema):
    """One lesson with its question; ``right`` counts the answers from 1."""

    language = fields.String(required=True)
    paragraphs = fields.List(fields.String(), required=True)
    question = fields.String(required=True)
    answers = fields.List(fields.String(), required=True)
    right = fields.Integer(required=True)
    because = fields.String(required=True)
    sources = fields.List(fields.Nested(SourceSchema), required=True)


def listed_exercise(one: Exercise, language: str, own: bool) -> dict[str, Any]:
    """An exercise as a list has it, flat as the wire has it."""
    said = one.words[language]
    return {
        "slug": one.slug,
        "version": one.version,
        "name": str(ExerciseName(one.slug, one.version)),
        "title": said.title,
        "purpose": said.purpose,
        "regions": one.regions,
        "kind": one.kind,
        "position": one.position,
        "place": one.place,
        "equipment": one.equipment,
        "goals": one.goals,
        "difficulty": one.difficulty,
        "sided": one.sided,
        "own": own,
    }


def exercise_shown(
    found: OwnExercise, language: str, own: bool, motion: Any, caution: bool
) -> dict[str, Any]:
    """An exercise with all it says; ``caution`` is whether the reader is to have the hints."""
    one = found.exercise
    said = one.words[language]
    return listed_exercise(one, language, own) | {
        "language": language,
        "body": said.body,
        "works": one.works,
        "stretches": one.stretches,
        "start": said.start,
        "steps": said.steps,
        "mistakes": said.mistakes,
        "stop": said.stop,
        "caution": said.caution if caution else None,
        "dose": _dose(one.dose),
        "easier": one.easier,
        "harder": one.harder,
        "motion": motion,
        "media": found.media,
    }


def _dose(dose: Dose) -> dict[str, Any]:
    return {name: getattr(dose, name) for name in PAIRS} | {"source": dose.source}


def listed_lesson(one: Any, language: str) -> dict[str, Any]:
    """An education piece as a list has it."""
    said = one.words[language]
    return {
        "slug": one.slug,
        "version": one.version,
        "topic": one.topic,
        "title": said.title,
        "summary": said.summary,
    }


def lesson_shown(one: Any, language: str) -> dict[str, Any]:
    """An education piece with all it says."""
    said = one.words[language]
    return listed_lesson(one, language) | {
        "language": language,
        "paragraphs": said.paragraphs,
        "question": said.question,
        "answers": said.answers,
        "right": one.right,
        "because": said.because,
        "sources": one.sources,
    }
