"""Lessons: short pieces to read, each with a question back; the answer is answered, never kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor, Role
from adherence.library.education import Piece, Source
from adherence.pages.forms import Form
from adherence.pages.library import layout_of
from adherence.services import library as service
from adherence.web.locale import current
from adherence.web.locale import gettext as _
from adherence.web.policy import policy

blueprint = Blueprint("lessons", __name__)


@dataclass(frozen=True, slots=True)
class ShownLessons:
    """The list of lessons."""

    layout: str
    is_clinician: bool
    lessons: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class ShownReply:
    """What the page says to an answer."""

    is_right: bool
    title: str
    because: str


@dataclass(frozen=True, slots=True)
class ShownLesson:
    """One lesson with its question, and the reply once it was answered."""

    layout: str
    is_clinician: bool
    title: str
    summary: str
    paragraphs: Sequence[str]
    question: str
    answers: list[tuple[str, str]]
    action: str
    back: str
    reply: ShownReply | None
    sources: list[str]


@blueprint.get("/learn")
@policy("education.read")
def index(actor: Actor) -> ResponseReturnValue:
    """List the lessons in reading order."""
    page = ShownLessons(
        layout=layout_of(actor),
        is_clinician=actor.role is Role.CLINICIAN,
        lessons=[
            (url_for("lessons.show", slug=one.slug), said.title, said.summary)
            for one in service.lessons()
            for said in (one.words[current()],)
        ],
    )
    return render_template("library/lessons.html", library=page)


@blueprint.get("/learn/<slug>")
@policy("education.read")
def show(actor: Actor, slug: str) -> ResponseReturnValue:
    """Show a lesson and its question."""
    return _page(actor, service.lesson(slug), Form({}))


@blueprint.post("/learn/<slug>")
@policy("education.read", fields=("answer",))
def answer(actor: Actor, slug: str) -> ResponseReturnValue:
    """Say whether an answer is right and why; nothing is kept."""
    one = service.lesson(slug)
    form = Form(request.form)
    numbers = range(1, len(one.words[current()].answers) + 1)
    form.choice("answer", [str(number) for number in numbers], _("Choose an answer."))
    return _page(actor, one, form)


def _page(actor: Actor, one: Piece, form: Form) -> ResponseReturnValue:
    said = one.words[current()]
    chosen = form.raw("answer")
    reply = None
    if chosen and not form.errors:
        is_right = one.is_right(int(chosen))
        reply = ShownReply(
            is_right, _("Yes, that is it.") if is_right else _("Not quite."), said.because
        )
    page = ShownLesson(
        layout=layout_of(actor),
        is_clinician=actor.role is Role.CLINICIAN,
        title=said.title,
        summary=said.summary,
        paragraphs=said.paragraphs,
        question=said.question,
        answers=[(str(number), text) for number, text in enumerate(said.answers, 1)],
        action=url_for("lessons.answer", slug=one.slug),
        back=url_for("lessons.index"),
        reply=reply,
        sources=[_source(source) for source in one.sources],
    )
    return (
        render_template("library/lesson.html", lesson=page, form=form.typed, errors=form.errors),
        422 if form.errors else 200,
    )


def _source(source: Source) -> str:
    """Return a source as a list of references gives it."""
    said = f"{source.by}: {source.title}, {source.year}"
    return f"{said} ({source.where})" if source.where else said
