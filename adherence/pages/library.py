"""The library: finding an exercise, reading it, printing it, and asking a patient for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor, Relation, Role
from adherence.domain.activities import ExerciseName
from adherence.domain.errors import InvalidInput
from adherence.domain.exercises import Exercise
from adherence.domain.media import MediaKind
from adherence.domain.own_exercises import OwnExercise
from adherence.pages.forms import Form
from adherence.pages.own_exercises import ShownOwnMedium, media_of
from adherence.services import library as service
from adherence.services import own_exercises, patients, relations
from adherence.services.library import CHOICES, Wanted
from adherence.web import exercises, figures, files, words
from adherence.web.clock import now
from adherence.web.locale import current, ngettext
from adherence.web.locale import gettext as _
from adherence.web.policy import policy

blueprint = Blueprint("library", __name__)

PART = "X-Part"
"""The page's own script asks for the list alone with this header."""
MOST_PATIENTS = 500


@dataclass(frozen=True, slots=True)
class ShownFilter:
    """One filter of the search: its name, its word, and what may be chosen."""

    name: str
    word: str
    options: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ShownHit:
    """One exercise in a list."""

    slug: str
    link: str
    title: str
    facts: list[str]
    difficulty: int
    difficulty_words: str
    is_own: bool
    #: None where pictures of the clinic's own show it; then ``cover`` is the address of one.
    picture: figures.Picture | None
    cover: str


@dataclass(frozen=True, slots=True)
class ShownFor:
    """The patient for whom a therapist looks."""

    patient_id: UUID
    name: str
    back: str


@dataclass(frozen=True, slots=True)
class ShownLibrary:
    """The list of exercises with its search."""

    layout: str
    action: str
    filters: list[ShownFilter]
    is_filtered: bool
    has_filter: bool
    is_clinician: bool
    looking_for: ShownFor | None
    hits: list[ShownHit]
    add: str
    said: str


@dataclass(frozen=True, slots=True)
class ShownFact:
    """A word and what stands beside it."""

    word: str
    value: str


@dataclass(frozen=True, slots=True)
class ShownExercise:
    """The page of one exercise."""

    layout: str
    slug: str
    version: int
    title: str
    purpose: str
    body: str
    facts: list[ShownFact]
    start: Sequence[str]
    steps: Sequence[str]
    mistakes: Sequence[str]
    stop: Sequence[str]
    caution: Sequence[str]
    dose: list[str]
    dose_source: str
    easier: list[ShownHit]
    harder: list[ShownHit]
    frames: list[figures.ShownFrame]
    motion: Mapping[str, Any]
    media: list[ShownOwnMedium]
    #: The language of the words where it is not the reader's own.
    language: str
    is_sided: bool
    side: str
    is_clinician: bool
    is_own: bool
    older: str
    back: str
    copy: str
    change: str
    retire: str
    is_retired: bool
    prescribe: str
    prescribe_words: str


@dataclass(frozen=True, slots=True)
class ShownPrescribe:
    """The choice of the patient who is asked for an exercise."""

    title: str
    back: str
    patients: list[tuple[str, str]]


# --- the list ------------------------------------------------------------------------------------


@blueprint.get("/library")
@policy("exercise.read")
def index(actor: Actor) -> ResponseReturnValue:
    """Show what fits the filters and the words; all of it where nothing is asked for."""
    form = Form(request.args)
    wanted = _wanted(form)
    shelf = exercises.shelf(actor)
    looking_for = _looking_for(actor)
    found = [] if form.errors else shelf.find(wanted)
    page = ShownLibrary(
        layout=layout_of(actor),
        action=url_for("library.index"),
        filters=[
            ShownFilter(
                name,
                _(exercises.FILTERS[name]),
                [("", _(exercises.ANY[name]))]
                + [(value, exercises.name(name, value)) for value in _offered(name, shelf)],
            )
            for name in CHOICES
        ],
        is_filtered=not wanted.is_all,
        has_filter=any(getattr(wanted, name) for name in CHOICES),
        is_clinician=actor.role is Role.CLINICIAN,
        looking_for=looking_for,
        hits=[hit(one, shelf, looking_for) for one in found],
        add=url_for("own_exercises.new") if actor.role is Role.CLINICIAN else "",
        said=_said(len(found), wanted),
    )
    template = "library/_hits.html" if request.headers.get(PART) == "hits" else "library/index.html"
    status = 422 if form.errors else 200
    if template == "library/_hits.html":
        return render_template("library/_hits.html", library=page), status
    return (
        render_template("library/index.html", library=page, form=form.typed, errors=form.errors),
        status,
    )


def _wanted(form: Form) -> Wanted:
    given = {name: form.raw(name) for name in CHOICES}
    try:
        return Wanted(words=form.raw("q"), **given)
    except InvalidInput as error:
        form.refused(error)
        return Wanted()


def _offered(name: str, shelf: service.Shelf) -> list[str]:
    """Return the values of a filter that some exercise has."""
    return [value for value in CHOICES[name] if shelf.find(Wanted(**{name: value}))]


def _said(many: int, wanted: Wanted) -> str:
    if not many:
        return _("No exercise fits.")
    if wanted.is_all:
        return ngettext("%(num)s exercise", "%(num)s exercises", many)
    return ngettext("%(num)s exercise fits", "%(num)s exercises fit", many)


def _looking_for(actor: Actor) -> ShownFor | None:
    """Return the patient whom ``patient`` names, if the actor cares for that patient.

    Anybody else's id reads like none.
    """
    try:
        patient_id = UUID(request.args.get("patient", ""))
    except ValueError:
        return None
    if actor.role is not Role.CLINICIAN:
        return None
    if relations.relation_to_patient(actor, patient_id, now()) is not Relation.CARE_TEAM:
        return None
    return ShownFor(
        patient_id,
        patients.name_of(actor, patient_id),
        url_for("plans.new", patient_id=patient_id),
    )


def _carried(looking_for: ShownFor | None) -> dict[str, Any]:
    """Return what an address carries on while a therapist looks for a patient."""
    return {} if looking_for is None else {"patient": looking_for.patient_id}


def layout_of(actor: Actor) -> str:
    """Return the frame of a page that patients and clinicians share."""
    return "patient/layout.html" if actor.role is Role.PATIENT else "clinician/layout.html"


def hit(one: Exercise, shelf: service.Shelf, looking_for: ShownFor | None = None) -> ShownHit:
    """Return an exercise as a list shows it."""
    pictures = [each for each in shelf.media(one.slug) if each.kind is MediaKind.PICTURE]
    more = _carried(looking_for)
    said = one.words[current()]
    return ShownHit(
        slug=one.slug,
        link=url_for("library.show", slug=one.slug, **more),
        title=said.title,
        facts=exercises.facts(one),
        difficulty=one.difficulty,
        difficulty_words=exercises.name("difficulty", str(one.difficulty)),
        is_own=service.is_own(one.slug),
        picture=figures.picture(one, "end") if one.poses else None,
        cover=""
        if one.poses or not pictures
        else url_for("own_exercises.medium", medium_id=pictures[0].id),
    )


# --- one exercise --------------------------------------------------------------------------------


@blueprint.get("/library/<slug>")
@policy("exercise.read")
def show(actor: Actor, slug: str) -> ResponseReturnValue:
    """Show an exercise as it is today."""
    return _sent(_page(actor, service.shown(actor, slug)))


@blueprint.get("/library/<slug>/<int:version>")
@policy("exercise.read")
def show_version(actor: Actor, slug: str, version: int) -> ResponseReturnValue:
    """Show an exercise as one version showed it, which is how it was prescribed."""
    return _sent(_page(actor, service.shown(actor, slug, version)))


def _sent(page: str) -> Response:
    """An exercise page, packed where its address chose no word of it: it holds three drawings."""
    response = make_response(page)
    return response if request.query_string else files.packed(response)


def _page(actor: Actor, found: OwnExercise) -> str:
    one = found.exercise
    said = one.words[current()]
    shelf = exercises.shelf(actor)
    looking_for = _looking_for(actor)
    is_clinician = actor.role is Role.CLINICIAN
    side: figures.Side = "left" if one.sided and request.args.get("side") == "left" else "right"
    newest = shelf.get(one.slug)
    more = _carried(looking_for)
    prescribe, prescribe_words = "", ""
    if is_clinician and looking_for is not None:
        prescribe = url_for(
            "plans.new",
            patient_id=looking_for.patient_id,
            exercise=str(ExerciseName(one.slug, one.version)),
        )
        prescribe_words = _("Prescribe it to %(name)s", name=looking_for.name)
    elif is_clinician:
        prescribe = url_for("library.prescribe", slug=one.slug, version=one.version)
        prescribe_words = _("Prescribe it")
    page = ShownExercise(
        layout=layout_of(actor),
        slug=one.slug,
        version=one.version,
        title=said.title,
        purpose=said.purpose,
        body=said.body,
        facts=_facts(one),
        start=said.start,
        steps=said.steps,
        mistakes=said.mistakes,
        stop=said.stop,
        caution=said.caution if is_clinician else (),
        dose=dose(one),
        dose_source=one.dose.source if is_clinician else "",
        easier=[hit(each, shelf, looking_for) for each in shelf.neighbours(one.easier)],
        harder=[hit(each, shelf, looking_for) for each in shelf.neighbours(one.harder)],
        frames=figures.shown(one, side) if one.poses else [],
        motion=figures.motion(one) if one.poses else {},
        media=media_of(found),
        language="" if current() in found.languages else found.languages[0],
        is_sided=one.sided,
        side=side,
        is_clinician=is_clinician,
        is_own=service.is_own(one.slug),
        older=""
        if newest is None or newest.version == one.version
        else url_for("library.show", slug=one.slug),
        back=url_for("library.index", **more),
        copy=url_for("own_exercises.new", of=ExerciseName(one.slug, one.version))
        if is_clinician
        else "",
        change=url_for("own_exercises.edit", slug=one.slug)
        if is_clinician and service.is_own(one.slug)
        else "",
        retire=url_for("own_exercises.retire", slug=one.slug)
        if is_clinician and service.is_own(one.slug)
        else "",
        is_retired=is_clinician and own_exercises.is_retired(actor, one.slug),
        prescribe=prescribe,
        prescribe_words=prescribe_words,
    )
    return render_template("library/exercise.html", exercise=page)


def _facts(one: Exercise) -> list[ShownFact]:
    def named(filter_name: str, values: Sequence[str]) -> ShownFact:
        listed = ", ".join(exercises.name(filter_name, value) for value in values)
        return ShownFact(_(exercises.FILTERS[filter_name]), listed)

    return [
        named("region", one.regions),
        named("position", [one.position]),
        named("equipment", one.equipment or [service.NOTHING_NEEDED]),
        named("difficulty", [str(one.difficulty)]),
        named("goal", one.goals),
    ]


def dose(one: Exercise) -> list[str]:
    """Return the range that is commonly prescribed, one line for each thing it says."""
    asked = one.dose
    lines = []
    if asked.sets is not None and asked.reps is not None:
        lines.append(
            _(
                "%(sets)s, %(reps)s each",
                sets=ngettext(
                    "%(range)s round", "%(range)s rounds", asked.sets[1], range=_range(asked.sets)
                ),
                reps=_times(asked.reps),
            )
        )
    elif asked.reps is not None:
        lines.append(words.first_upper(_times(asked.reps)))
    elif asked.sets is not None:
        lines.append(
            ngettext("%(range)s round", "%(range)s rounds", asked.sets[1], range=_range(asked.sets))
        )
    if asked.hold_seconds is not None:
        lines.append(
            ngettext(
                "Hold for %(range)s second",
                "Hold for %(range)s seconds",
                asked.hold_seconds[1],
                range=_range(asked.hold_seconds),
            )
        )
    if asked.minutes is not None:
        lines.append(
            ngettext(
                "%(range)s minute",
                "%(range)s minutes",
                asked.minutes[1],
                range=_range(asked.minutes),
            )
        )
    if asked.per_day is not None:
        lines.append(
            ngettext(
                "%(range)s time a day",
                "%(range)s times a day",
                asked.per_day[1],
                range=_range(asked.per_day),
            )
        )
    if asked.per_week is not None:
        lines.append(
            ngettext(
                "On %(range)s day a week",
                "On %(range)s days a week",
                asked.per_week[1],
                range=_range(asked.per_week),
            )
        )
    return lines


def _times(pair: tuple[int, int]) -> str:
    return ngettext("%(range)s time", "%(range)s times", pair[1], range=_range(pair))


def _range(pair: tuple[int, int]) -> str:
    low, high = pair
    return str(low) if low == high else f"{low}–{high}"


@blueprint.get("/library/<slug>/<int:version>/<moment>.svg")
@policy("exercise.look")
def frame(actor: Actor, slug: str, version: int, moment: str) -> Response:
    """Draw a still frame; ``theme`` and ``side`` choose how it looks."""
    return figures.answer(service.exercise(actor, slug, version), moment)


@blueprint.get("/library/<slug>/<int:version>/prescribe")
@policy("patient.list")
def prescribe(actor: Actor, slug: str, version: int) -> ResponseReturnValue:
    """Ask for whom an exercise is."""
    one = service.exercise(actor, slug, version)
    found = patients.patients(actor, None, MOST_PATIENTS, now())
    page = ShownPrescribe(
        title=one.words[current()].title,
        back=url_for("library.show", slug=slug),
        patients=sorted(
            (
                each.name,
                url_for(
                    "plans.new",
                    patient_id=each.patient_id,
                    exercise=str(ExerciseName(slug, version)),
                ),
            )
            for each in found.patients
        ),
    )
    return render_template("library/prescribe.html", library=page)
