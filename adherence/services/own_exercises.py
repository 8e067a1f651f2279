"""A clinic's own exercises: made from ours or from pictures, saved version by version."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adherence.domain.access import Actor
from adherence.domain.errors import Conflict, InvalidInput, NotFound
from adherence.domain.own_exercises import check_own
from adherence.library.documents import document
from adherence.services.library import is_own
from adherence.services.record import audit_clinic
from adherence.store import exercises as table
from adherence.store.db import Run, read, write
from adherence.store.ids import new_id

Content = dict[str, Any]


def base(actor: Actor, slug: str) -> Content:
    """The document from which a change begins: one of the package, or the newest of one's own.

    Raises:
        NotFound: no such exercise, or another clinic's.
    """
    if not is_own(slug):
        return document(slug)
    with read() as run:
        head: Any = run.first(table.own_by_slug, clinic_id=actor.clinic_id, slug=slug)
        if head is None:
            raise NotFound
        row: Any = run.first(
            table.own_version, clinic_id=actor.clinic_id, slug=slug, version=head.version
        )
    return dict(row.content)


def create(actor: Actor, content: Mapping[str, Any], made_from: str | None, now: datetime) -> str:
    """Store the first version of a new exercise; its slug. One line in the clinic's audit.

    ``made_from`` names the exercise it was copied from.

    Raises:
        InvalidInput: see ``check_own``; a medium that is not the clinic's.
    """
    slug = f"own-{secrets.token_hex(5)}"
    stored = _checked(actor, content, slug, 1)
    exercise_id = new_id()

    def work(run: Run) -> None:
        run.do(
            table.add_own,
            clinic_id=actor.clinic_id,
            id=exercise_id,
            slug=slug,
            version=1,
            made_from=made_from,
            author_id=actor.account_id,
            created_at=now,
            retired_at=None,
        )
        _add_version(run, actor, exercise_id, 1, stored, now)
        audit_clinic(run, actor, "exercise.create", exercise_id, now)

    write(work)
    return slug


def save(actor: Actor, slug: str, seen: int, content: Mapping[str, Any], now: datetime) -> int:
    """Store the next version of an exercise; its number. Earlier versions stay as they are.

    ``seen`` is the version that the change began from.

    Raises:
        Conflict: somebody else saved one in between.
        InvalidInput: see ``create``.
        NotFound: the clinic has no such exercise.
    """
    stored = _checked(actor, content, slug, seen + 1)

    def work(run: Run) -> int:
        head: Any = run.first(table.own_by_slug, clinic_id=actor.clinic_id, slug=slug)
        if head is None:
            raise NotFound
        mine = {"clinic_id": actor.clinic_id, "exercise_id": head.id}
        if not run.do(table.next_version, **mine, seen=seen):
            raise Conflict("another version was saved in between")
        _add_version(run, actor, head.id, seen + 1, stored, now)
        audit_clinic(run, actor, "exercise.change", head.id, now)
        return seen + 1

    return write(work)


def retire(actor: Actor, slug: str, is_retired: bool, now: datetime) -> None:
    """Offer an exercise no more, or again. Whoever does it already can still read it.

    Raises:
        NotFound: the clinic has no such exercise.
    """

    def work(run: Run) -> None:
        head: Any = run.first(table.own_by_slug, clinic_id=actor.clinic_id, slug=slug)
        if head is None:
            raise NotFound
        run.do(
            table.retire,
            clinic_id=actor.clinic_id,
            exercise_id=head.id,
            at=now if is_retired else None,
        )
        action = "exercise.retire" if is_retired else "exercise.restore"
        audit_clinic(run, actor, action, head.id, now)

    write(work)


def is_retired(actor: Actor, slug: str) -> bool:
    """Whether one of the clinic's exercises is offered no more."""
    with read() as run:
        head: Any = run.first(table.own_by_slug, clinic_id=actor.clinic_id, slug=slug)
    return head is not None and head.retired_at is not None


def _checked(actor: Actor, content: Mapping[str, Any], slug: str, version: int) -> Content:
    stored = {**content, "slug": slug, "version": version}
    own = check_own(stored)
    with read() as run:
        for one in own.media:
            row: Any = run.first(table.medium, clinic_id=actor.clinic_id, medium_id=one.id)
            if row is None or row.kind is not one.kind:
                raise InvalidInput("media", "unknown")
    return stored


def _add_version(
    run: Run, actor: Actor, exercise_id: Any, version: int, content: Content, now: datetime
) -> None:
    run.do(
        table.add_own_version,
        clinic_id=actor.clinic_id,
        exercise_id=exercise_id,
        version=version,
        content=content,
        author_id=actor.account_id,
        created_at=now,
    )
