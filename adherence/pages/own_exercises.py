"""A clinic's own exercises: copy ours and change it, or add one with pictures or a film."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor
from adherence.domain.activities import ExerciseName
from adherence.domain.errors import Conflict, InvalidInput, NotFound
from adherence.domain.exercises import LISTS, LOCALES, Exercise
from adherence.domain.media import MediaKind
from adherence.domain.motions import faults_in_motion
from adherence.domain.own_exercises import (
    HOLD,
    MOST_MEDIA,
    MOST_SENTENCES,
    SAID_LIMIT,
    SECONDS,
    SENTENCE_LIMIT,
    TITLE_LIMIT,
    Medium,
    OwnExercise,
    all_controls,
    check_own,
    controls,
    limits_of,
    posed,
    read_own,
)
from adherence.pages import toasts
from adherence.pages.forms import Form, wrong_words
from adherence.services import library, media
from adherence.services import own_exercises as service
from adherence.services.library import CHOICES
from adherence.web import angles, exercises, figures
from adherence.web import media as files
from adherence.web.clock import now
from adherence.web.locale import NAMES, current
from adherence.web.locale import gettext as _
from adherence.web.locale import later as _later
from adherence.web.policy import policy

blueprint = Blueprint("own_exercises", __name__)

SAVE = "save"
_DRAWN_OR_ADDED = re.compile(r"p\d|file$|said")
REPEATS = ("goals", "equipment", "medium", "joint")
DOSES = {
    "sets": (_later("Rounds"), 20),
    "reps": (_later("Times"), 200),
    "hold_seconds": (_later("Hold, seconds"), 3_600),
    "minutes": (_later("Minutes"), 240),
    "per_day": (_later("Times a day"), 24),
    "per_week": (_later("Days a week"), 7),
}
WORDS = {
    "title": (_later("Title"), 1),
    "purpose": (_later("What it is good for, in one sentence"), 2),
    "body": (_later("What happens in the body, in one sentence"), 2),
    "start": (_later("How to start, one sentence a line"), 3),
    "steps": (_later("Steps, one sentence a line"), 4),
    "mistakes": (_later("What to watch out for, one a line"), 3),
    "stop": (_later("When to stop, one a line"), 2),
    "caution": (_later("For therapists: before you prescribe it, one a line"), 2),
    "search": (_later("Words that should find it, one a line"), 3),
}
MADE = (
    *("base", "seen", "then", "region", "position", "kind", "difficulty", "source", *REPEATS),
    *("add", "file", "said", "said-{id}", "drop-{id}"),
    *(f"{name}-{locale}" for name in WORDS for locale in LOCALES),
    *(f"{name}-{end}" for name in DOSES for end in ("low", "high")),
    *(f"p{{number}}-{name}" for name in ("seconds", "hold", *all_controls())),
)
WRONG = {
    "empty": _later("This file is empty."),
    "too_large": _later("This file is too large."),
    "not_a_picture": _later("This is neither a JPEG, PNG or WebP picture nor an MP4 or WebM film."),
    "not_a_film": _later("This is no MP4 or WebM film with pictures in it."),
    "too_many_pixels": _later("This picture has too many pixels. Make it smaller."),
    "broken": _later("This film is damaged. Save it once more and try again."),
    "codec": _later("Browsers do not play this film. Save it as MP4 with H.264."),
    "data_track": _later("This film carries data we cannot take out. Save it as MP4 with H.264."),
    "no_room": _later("There is no room left for pictures and films."),
    "nothing_to_see": _later("Add a picture or a film, or begin from one of our exercises."),
    "too_many": _later("These are too many pictures and films."),
    "unknown": _later("This picture is no longer there. Add it again."),
    "required": _later("This cannot stay empty."),
    "out_of_range": _later("This number is outside what is possible."),
    "at_least_one": _later("Choose at least one."),
}


@dataclass(frozen=True, slots=True)
class ShownText:
    """A field of words in one language."""

    name: str
    word: str
    value: str
    rows: int
    error: str


@dataclass(frozen=True, slots=True)
class ShownLanguage:
    """The words in one language."""

    locale: str
    name: str
    is_open: bool
    texts: list[ShownText]


@dataclass(frozen=True, slots=True)
class ShownTick:
    """One thing to tick."""

    value: str
    word: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class ShownSlider:
    """One angle of one pose, degrees."""

    name: str
    word: str
    low: str
    high: str
    value: str


@dataclass(frozen=True, slots=True)
class ShownPose:
    """A key pose with its time and its angles."""

    number: int
    title: str
    seconds: str
    hold: str
    at: str
    sliders: list[ShownSlider]


@dataclass(frozen=True, slots=True)
class ShownOwnMedium:
    """A picture or film that is there already."""

    value: str
    name: str
    address: str
    is_film: bool
    said: str


@dataclass(frozen=True, slots=True)
class ShownOwn:
    """The page on which an exercise is made or changed."""

    heading: str
    lead: str
    action: str
    draw: str
    back: str
    base: str
    seen: str
    languages: list[ShownLanguage]
    choices: list[tuple[str, str, list[tuple[str, str]]]]
    goals: list[ShownTick]
    equipment: list[ShownTick]
    doses: list[tuple[str, str]]
    poses: list[ShownPose]
    joints: list[str]
    more: list[tuple[str, str]]
    media: list[ShownOwnMedium]
    takes_more: bool
    title: str
    body: str
    motion: Mapping[str, Any]
    frames: list[figures.ShownFrame]
    warning: str


# --- the pages -----------------------------------------------------------------------------------


@blueprint.get("/library/own/new")
@policy("exercise.write")
def new(actor: Actor) -> ResponseReturnValue:
    """Show the form for a new exercise, filled in from the one that ``of`` names."""
    base = _base(actor, request.args.get("of", ""))
    return _page(actor, Form(_typed(base)), base, slug="")


@blueprint.post("/library/own/new")
@policy("exercise.write", fields=MADE, repeats=REPEATS, takes_files=True)
def create(actor: Actor) -> ResponseReturnValue:
    """Store a new exercise, or draw it once more without storing it."""
    form = Form(request.form)
    base = _base(actor, form.raw("base"))
    content = _content(actor, form, base)
    if form.raw("then") != SAVE:
        _forgive(form)
    elif content is not None and not form.errors:
        try:
            slug = service.create(actor, content, form.raw("base") or None, now())
        except InvalidInput as error:
            _refuse(form, error)
        else:
            return toasts.back_to(url_for("library.show", slug=slug))
    return _page(actor, form, base, slug="")


@blueprint.get("/library/own/<slug>")
@policy("exercise.write")
def edit(actor: Actor, slug: str) -> ResponseReturnValue:
    """Show the form for the next version of one of the clinic's own."""
    base = _own_base(actor, slug)
    return _page(actor, Form(_typed(base) | {"seen": str(base["version"])}), base, slug)


@blueprint.post("/library/own/<slug>")
@policy("exercise.write", fields=MADE, repeats=REPEATS, takes_files=True)
def save(actor: Actor, slug: str) -> ResponseReturnValue:
    """Store the next version, or draw it once more without storing it."""
    base = _own_base(actor, slug)
    form = Form(request.form)
    content = _content(actor, form, base)
    seen = form.whole("seen", 1, 999_999)
    if form.raw("then") != SAVE:
        _forgive(form)
    elif content is not None and seen and not form.errors:
        try:
            service.save(actor, slug, seen, content, now())
        except InvalidInput as error:
            _refuse(form, error)
        except Conflict:
            form.wrong("seen", _("Somebody saved another version meanwhile. Open it again."))
        else:
            return toasts.back_to(url_for("library.show", slug=slug))
    return _page(actor, form, base, slug)


@blueprint.post("/library/own/<slug>/retire")
@policy("exercise.write", fields=("retired",))
def retire(actor: Actor, slug: str) -> ResponseReturnValue:
    """Offer an exercise no more, or again."""
    service.retire(actor, slug, Form(request.form).raw("retired") == "yes", now())
    return toasts.back_to(url_for("library.show", slug=slug))


@blueprint.post("/library/draw")
@policy("exercise.write", fields=MADE, repeats=REPEATS, takes_files=True)
def draw(actor: Actor) -> Response:
    """Answer the movement that the form's angles make, for the figure beside the sliders."""
    form = Form(request.form)
    base = _base(actor, form.raw("base"))
    found = _drawn(_posed(form, base))
    if form.errors or found is None:
        response = jsonify({"errors": form.errors})
        response.status_code = 422
        return response
    return jsonify({"motion": figures.motion(found), "warning": _warning(found)})


@blueprint.get("/library/media/<uuid:medium_id>")
@policy("exercise.look")
def medium(actor: Actor, medium_id: UUID) -> Response:
    """Send a picture or film of the clinic's own."""
    return files.answer(actor, medium_id)


# --- reading the form ----------------------------------------------------------------------------


def _base(actor: Actor, name: str) -> dict[str, Any]:
    """Return the document that a form begins from; an empty one where nothing is named."""
    if not name:
        return {"version": 0, "words": {}, "dose": {}}
    try:
        return service.base(actor, ExerciseName.read(name).slug)
    except InvalidInput as error:
        raise NotFound from error


def _own_base(actor: Actor, slug: str) -> dict[str, Any]:
    if not library.is_own(slug):
        raise NotFound
    return service.base(actor, slug)


def _typed(base: Mapping[str, Any]) -> dict[str, str]:
    """Return a document as the fields of the form, but for what may repeat."""
    typed = {
        "region": (base.get("regions") or [""])[0],
        "position": base.get("position", "standing"),
        "kind": base.get("kind", "strength"),
        "difficulty": str(base.get("difficulty", 2)),
        "source": base["dose"].get("source", ""),
    }
    for locale, said in base["words"].items():
        for name in WORDS:
            value = said.get(name, "")
            text = value if isinstance(value, str) else "\n".join(value)
            typed[f"{name}-{locale}"] = text
    for name in DOSES:
        pair = base["dose"].get(name)
        low, high = (pair, pair) if isinstance(pair, int) else pair or ("", "")
        typed |= {f"{name}-low": str(low), f"{name}-high": str(high)}
    for one in base.get("media", []):
        typed[f"said-{one['id']}"] = one["said"]
    return typed


def _content(actor: Actor, form: Form, base: dict[str, Any]) -> dict[str, Any] | None:
    """Return the document that the form describes; None with something in ``form.errors``."""
    words = _words(form)
    kept = _media(actor, form)
    content = {key: value for key, value in base.items() if key not in ("slug", "version", "media")}
    region = form.choice("region", CHOICES["region"], _("Choose the part of the body."))
    others = [one for one in base.get("regions", []) if one != region]
    content |= {
        "regions": [region, *others][:3],
        "position": form.choice("position", CHOICES["position"], _("Choose the position.")),
        "kind": form.choice("kind", CHOICES["kind"], _("Choose the kind.")),
        "difficulty": int(form.choice("difficulty", CHOICES["difficulty"]) or 1),
        "goals": [one for one in request.form.getlist("goals") if one in CHOICES["goal"]],
        "equipment": [one for one in request.form.getlist("equipment") if one in _EQUIPMENT],
        "dose": _dose(form),
        "words": words,
        "media": [{"id": str(one.id), "kind": one.kind.value, "said": one.said} for one in kept],
    }
    if base.get("pose"):
        content["pose"] = _posed(form, base)["pose"]
    if form.errors:
        return None
    try:
        check_own(content)
    except InvalidInput as error:
        _refuse(form, error)
        return None
    return content


_EQUIPMENT = tuple(one for one in CHOICES["equipment"] if one != library.NOTHING_NEEDED)


def _refuse(form: Form, error: InvalidInput) -> None:
    names = {"media": "file", "film": "file", "goal": "goals"}
    said = WRONG.get(error.message_key)
    form.wrong(names.get(error.field, error.field), str(said or wrong_words(error.message_key)))


def _forgive(form: Form) -> None:
    """Leave out what only matters once the exercise is stored."""
    form.errors = {name: said for name, said in form.errors.items() if _DRAWN_OR_ADDED.match(name)}


def _words(form: Form) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for locale in LOCALES:
        said: dict[str, Any] = {}
        for name in WORDS:
            key = f"{name}-{locale}"
            if name in LISTS:
                limit = MOST_SENTENCES * (SENTENCE_LIMIT + 1)
                text = form.text(key, limit, lines=MOST_SENTENCES)
                said[name] = [line for line in text.split("\n") if line]
            else:
                said[name] = form.text(key, TITLE_LIMIT if name == "title" else SENTENCE_LIMIT)
        if any(said.values()):
            found[locale] = said
    if not found:
        form.wrong(f"title-{current()}", _("Give it a title."))
    return found


def _dose(form: Form) -> dict[str, Any]:
    found: dict[str, Any] = {"source": form.text("source", SENTENCE_LIMIT)}
    for name, (_word, most) in DOSES.items():
        low = form.whole(f"{name}-low", 1, most)
        high = form.whole(f"{name}-high", 1, most)
        if low is None and high is None:
            continue
        low, high = low or high, high or low
        if low is not None and high is not None and low > high:
            form.wrong(f"{name}-high", _("The second number is the larger one."))
        found[name] = [low, high]
    return found


def _media(actor: Actor, form: Form) -> list[Medium]:
    """Return the media that the form keeps, and the one that it adds.

    A file that is taken is kept at once, so that a mistake elsewhere does not ask for it again.
    """
    kept = []
    for value in request.form.getlist("medium"):
        try:
            found = media.medium(actor, UUID(value))
        except (ValueError, NotFound):
            form.wrong("file", str(WRONG["unknown"]))
            continue
        if form.raw(f"drop-{found.id}") != "yes":
            said = form.text(f"said-{found.id}", SAID_LIMIT, _("Say in words what one sees."))
            kept.append(Medium(found.id, found.kind, said))
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return kept
    said = form.text("said", SAID_LIMIT, _("Say in words what one sees."))
    if len(kept) >= MOST_MEDIA:
        form.wrong("file", str(WRONG["too_many"]))
    elif said:
        try:
            clean = media.clean(sent.read())
            kept.append(Medium(media.keep(actor, clean, now()), clean.kind, said))
        except InvalidInput as error:
            _refuse(form, error)
        else:
            form.typed[f"said-{kept[-1].id}"] = said
            form.typed["said"] = ""
    return kept


def _posed(form: Form, base: dict[str, Any]) -> dict[str, Any]:
    """Return the document with the angles and times of the form."""
    if not base.get("pose"):
        return base
    exercise = read_own(base).exercise
    rows = []
    for number in range(len(exercise.poses)):
        given: dict[str, float] = {}
        for control in _controls(exercise):
            low, high = limits_of(control)
            value = form.real(f"p{number}-{control}", low, high)
            if value is not None:
                given[control] = value
        rows.append(given)
    posed_rows = posed(base, rows, exercise)
    for number, row in enumerate(posed_rows):
        for name, scale in (("seconds", SECONDS), ("hold", HOLD)):
            value = form.real(f"p{number}-{name}", *scale)
            if value is not None:
                row[name] = value
    return {**base, "pose": posed_rows}


def _joints() -> tuple[str, ...]:
    """Return the angles that somebody added to the form, the newest among them."""
    asked = [*request.form.getlist("joint"), request.form.get("add", "")]
    return tuple(dict.fromkeys(one for one in asked if angles.is_known(one)))


def _controls(exercise: Exercise) -> list[str]:
    return controls(exercise, _joints() if request.method == "POST" else ())


def _drawn(content: Mapping[str, Any]) -> Exercise | None:
    """Return the exercise of a document with poses, None where it has none."""
    own = read_own({**content, "slug": "own", "version": 1, "words": _STAND_IN})
    return own.exercise if own.exercise.poses else None


_STAND_IN = {"en": {"title": "own"}}
"""What is drawn needs poses, not words."""


def _warning(one: Exercise) -> str:
    if not faults_in_motion(one):
        return ""
    return _("Something does not touch what it should, or goes through it. Look from all sides.")


# --- the form ------------------------------------------------------------------------------------


def _page(actor: Actor, form: Form, base: dict[str, Any], slug: str) -> ResponseReturnValue:
    drawn = None if not base.get("pose") else _drawn(_posed(form, base))
    shown = _shown_media(actor, form, base)
    title = form.raw(f"title-{current()}") or next(
        (form.raw(f"title-{locale}") for locale in LOCALES if form.raw(f"title-{locale}")), ""
    )
    name = "" if not base["version"] else str(ExerciseName(base["slug"], base["version"]))
    page = ShownOwn(
        heading=_("Change our exercise")
        if slug
        else _("Our own exercise from “%(title)s”", title=_title(base))
        if name
        else _("A new exercise of our own"),
        lead=_("Whoever does the version before keeps it as it was.")
        if slug
        else _("Only your clinic sees it."),
        action=url_for("own_exercises.save", slug=slug)
        if slug
        else url_for("own_exercises.create"),
        draw=url_for("own_exercises.draw"),
        back=url_for("library.show", slug=base["slug"]) if name else url_for("library.index"),
        base=name,
        seen=form.raw("seen"),
        languages=[_language(form, locale) for locale in _languages_first()],
        choices=[
            (
                field,
                _(exercises.FILTERS[field]),
                [("", "")] * (field == "region")
                + [(value, exercises.name(field, value)) for value in CHOICES[field]],
            )
            for field in ("region", "position", "kind", "difficulty")
        ],
        goals=_ticks("goal", CHOICES["goal"], _chosen("goals", base)),
        equipment=_ticks("equipment", _EQUIPMENT, _chosen("equipment", base)),
        doses=[(key, str(word)) for key, (word, _most) in DOSES.items()],
        poses=[] if drawn is None else _poses(drawn),
        joints=list(_joints()) if request.method == "POST" else [],
        more=[]
        if drawn is None
        else [("", "")]
        + [(key, angles.name(key)) for key in all_controls() if key not in _controls(drawn)],
        media=shown,
        takes_more=len(shown) < MOST_MEDIA,
        title=title,
        body=form.raw(f"body-{current()}"),
        motion={} if drawn is None else figures.motion(drawn),
        frames=[] if drawn is None else figures.shown(_named(drawn, title)),
        warning="" if drawn is None else _warning(drawn),
    )
    return (
        render_template("library/own.html", own=page, form=form.typed, errors=form.errors),
        422 if form.errors else 200,
    )


def _named(one: Exercise, title: str) -> Exercise:
    """Return an exercise that calls itself by the title that is being written."""
    words = {locale: replace(said, title=title) for locale, said in one.words.items()}
    return replace(one, words=words)


def _title(base: Mapping[str, Any]) -> str:
    words = base["words"]
    said = words.get(current()) or next(iter(words.values()))
    return str(said["title"])


def _languages_first() -> list[str]:
    """Return the languages, the reader's own first."""
    return [current(), *(locale for locale in LOCALES if locale != current())]


def _language(form: Form, locale: str) -> ShownLanguage:
    texts = [
        ShownText(
            name=f"{name}-{locale}",
            word=str(word),
            value=form.typed.get(f"{name}-{locale}", ""),
            rows=rows,
            error=form.errors.get(f"{name}-{locale}", ""),
        )
        for name, (word, rows) in WORDS.items()
    ]
    return ShownLanguage(
        locale=locale,
        name=NAMES[locale],
        is_open=locale == current() or any(text.error for text in texts),
        texts=texts,
    )


def _chosen(name: str, base: Mapping[str, Any]) -> Sequence[str]:
    if request.method == "POST":
        return request.form.getlist(name)
    found: Sequence[str] = base.get(name, [])
    return found


def _ticks(filter_name: str, values: Sequence[str], chosen: Sequence[str]) -> list[ShownTick]:
    return [
        ShownTick(value, exercises.name(filter_name, value), value in chosen) for value in values
    ]


def _poses(one: Exercise) -> list[ShownPose]:
    motion = figures.motion(one)
    phases = {
        "start": _("Start"),
        "move": _("Movement"),
        "hold": _("Hold"),
        "return": _("Way back"),
        "rest": _("Rest"),
    }
    return [
        ShownPose(
            number=number,
            title=_("Pose %(num)s: %(phase)s", num=number + 1, phase=phases[pose.phase]),
            seconds=_plain(pose.seconds),
            hold=_plain(pose.hold),
            at=_plain(motion["keys"][number]["at"]),
            sliders=[
                ShownSlider(
                    name=f"p{number}-{control}",
                    word=angles.name(control),
                    low=_plain(limits_of(control)[0]),
                    high=_plain(limits_of(control)[1]),
                    value=_plain(_angle(pose.angles, control)),
                )
                for control in _controls(one)
            ],
        )
        for number, pose in enumerate(one.poses)
    ]


def _angle(found: Mapping[str, float], control: str) -> float:
    if control in found:
        return found[control]
    joint, _dot, movement = control.partition(".")
    return found.get(f"{joint}_r.{movement}", 0.0)


def _plain(value: float) -> str:
    """Return a number as a field of the form holds it."""
    return f"{value:g}"


def _shown_media(actor: Actor, form: Form, base: Mapping[str, Any]) -> list[ShownOwnMedium]:
    if request.method == "POST":
        ids = [key.removeprefix("said-") for key in form.typed if key.startswith("said-")]
    else:
        ids = [one["id"] for one in base.get("media", [])]
    shown = []
    for value in ids:
        try:
            found = media.medium(actor, UUID(value))
        except (ValueError, NotFound):
            continue
        if form.raw(f"drop-{value}") == "yes":
            continue
        shown.append(
            ShownOwnMedium(
                value=value,
                name=_("Film") if found.kind is MediaKind.FILM else _("Picture"),
                address=url_for("own_exercises.medium", medium_id=found.id),
                is_film=found.kind is MediaKind.FILM,
                said=form.typed.get(f"said-{value}", ""),
            )
        )
    return shown


def media_of(own: OwnExercise) -> list[ShownOwnMedium]:
    """Return the pictures and films of an exercise, as its page shows them."""
    return [
        ShownOwnMedium(
            value=str(one.id),
            name=_("Film") if one.kind is MediaKind.FILM else _("Picture"),
            address=url_for("own_exercises.medium", medium_id=one.id),
            is_film=one.kind is MediaKind.FILM,
            said=one.said,
        )
        for one in own.media
    ]
