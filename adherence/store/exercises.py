"""Exercises that the record vouches for: those prescribed from the library, and a clinic's own.

A version is never changed or removed, so whoever was asked to do it can read it for ever.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.activities import EXERCISE_LIMIT
from adherence.domain.media import MediaKind
from adherence.store.columns import Choice, Id, Json, Model, UtcDateTime, one_of
from adherence.store.statements import Statement

SLUG_LIMIT = 60


class PrescribedExerciseRow(Model):
    """An exercise of the package as it was when a clinic first asked for this version of it."""

    __tablename__ = "prescribed_exercise"
    __table_args__ = (sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"]),)

    clinic_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(SLUG_LIMIT), primary_key=True)
    version: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ClinicExerciseRow(Model):
    """An exercise that a clinic made; its identity stays while versions follow each other."""

    __tablename__ = "clinic_exercise"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"]),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"]),
        sa.UniqueConstraint("clinic_id", "slug"),
    )

    clinic_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(SLUG_LIMIT))
    #: The newest version.
    version: Mapped[int] = mapped_column(sa.Integer)
    #: The exercise it began as, ``slug@version``.
    made_from: Mapped[str | None] = mapped_column(sa.String(EXERCISE_LIMIT))
    author_id: Mapped[UUID] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: Since when it is offered no more. Whoever does it already can still read it.
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ClinicExerciseVersionRow(Model):
    """What a clinic's exercise said and showed from one save on."""

    __tablename__ = "clinic_exercise_version"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["clinic_id", "exercise_id"],
            ["clinic_exercise.clinic_id", "clinic_exercise.id"],
            # The conventional name is longer than PostgreSQL keeps.
            name="fk_clinic_exercise_version_exercise",
        ),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"]),
    )

    clinic_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    exercise_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    author_id: Mapped[UUID] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ClinicMediumRow(Model):
    """A picture or film that a clinic added; the bytes lie in a file with a name of chance."""

    __tablename__ = "clinic_medium"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"]),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"]),
        one_of("kind", MediaKind),
    )

    clinic_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[MediaKind] = mapped_column(Choice(MediaKind))
    mimetype: Mapped[str] = mapped_column(sa.String(40))
    file: Mapped[str] = mapped_column(sa.String(64))
    size: Mapped[int] = mapped_column(sa.BigInteger)
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(16))
    width: Mapped[int | None]
    height: Mapped[int | None]
    author_id: Mapped[UUID] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


PRESCRIBED: Any = PrescribedExerciseRow.__table__
OWN: Any = ClinicExerciseRow.__table__
OWN_VERSION: Any = ClinicExerciseVersionRow.__table__
MEDIUM: Any = ClinicMediumRow.__table__


def _of_clinic(table: Any) -> Any:
    return table.c.clinic_id == sa.bindparam("clinic_id", type_=Id)


def _slug(table: Any) -> Any:
    return table.c.slug == sa.bindparam("slug", type_=sa.String)


add_prescribed = Statement(sa.insert(PRESCRIBED), "clinic_id slug version content kept_at")
prescribed = Statement(
    sa.select(PRESCRIBED.c.content).where(
        _of_clinic(PRESCRIBED),
        _slug(PRESCRIBED),
        PRESCRIBED.c.version == sa.bindparam("version", type_=sa.Integer),
    )
)

add_own = Statement(
    sa.insert(OWN), "clinic_id id slug version made_from author_id created_at retired_at"
)
#: Changes nothing, and says so, where somebody else saved in between.
next_version = Statement(
    sa.update(OWN)
    .where(
        _of_clinic(OWN),
        OWN.c.id == sa.bindparam("exercise_id", type_=Id),
        OWN.c.version == sa.bindparam("seen", type_=sa.Integer),
    )
    .values(version=OWN.c.version + 1)
)
retire = Statement(
    sa.update(OWN)
    .where(_of_clinic(OWN), OWN.c.id == sa.bindparam("exercise_id", type_=Id))
    .values(retired_at=sa.bindparam("at", type_=UtcDateTime))
)
own_by_slug = Statement(
    sa.select(OWN.c.id, OWN.c.slug, OWN.c.version, OWN.c.made_from, OWN.c.retired_at).where(
        _of_clinic(OWN), _slug(OWN)
    )
)
add_own_version = Statement(
    sa.insert(OWN_VERSION), "clinic_id exercise_id version content author_id created_at"
)
_joined = sa.join(
    OWN,
    OWN_VERSION,
    sa.and_(OWN_VERSION.c.clinic_id == OWN.c.clinic_id, OWN_VERSION.c.exercise_id == OWN.c.id),
)
own_newest = Statement(
    sa.select(OWN.c.slug, OWN_VERSION.c.version, OWN_VERSION.c.content)
    .select_from(_joined)
    .where(_of_clinic(OWN), OWN_VERSION.c.version == OWN.c.version, OWN.c.retired_at.is_(None))
    .order_by(OWN.c.id)
)
own_version = Statement(
    sa.select(OWN.c.slug, OWN_VERSION.c.version, OWN_VERSION.c.content)
    .select_from(_joined)
    .where(
        _of_clinic(OWN),
        _slug(OWN),
        OWN_VERSION.c.version == sa.bindparam("version", type_=sa.Integer),
    )
)
#: Grows or changes with every change to what a clinic offers.
own_stamp = Statement(
    sa.select(
        sa.func.count().label("many"),
        sa.func.coalesce(sa.func.sum(OWN.c.version), 0).label("versions"),
        sa.func.count(OWN.c.retired_at).label("retired"),
    ).where(_of_clinic(OWN))
)

add_medium = Statement(
    sa.insert(MEDIUM),
    "clinic_id id kind mimetype file size digest width height author_id created_at",
)
medium = Statement(
    sa.select(
        MEDIUM.c.id,
        MEDIUM.c.kind,
        MEDIUM.c.mimetype,
        MEDIUM.c.file,
        MEDIUM.c.size,
        MEDIUM.c.digest,
        MEDIUM.c.width,
        MEDIUM.c.height,
    ).where(_of_clinic(MEDIUM), MEDIUM.c.id == sa.bindparam("medium_id", type_=Id))
)
media_total = Statement(
    sa.select(sa.func.coalesce(sa.func.sum(MEDIUM.c.size), 0).label("used")).where(
        _of_clinic(MEDIUM)
    )
)
