"""Two applications to compare with: a bare JSON echo, and the insert anybody would write first.

``echo`` is the price of the server, Flask and JSON alone. ``minimal`` looks a token up, checks the
document with marshmallow, inserts one row by the ORM session and commits durably (SQLite, WAL,
synchronous=FULL); it does no policy, no audit, no outbox, no sums and no milestones. Fifty at once
it takes in two ways: by SQLAlchemy's ORM bulk insert statement, which is the cheaper and the one to
be beside, and as a unit of work of the session, an object for each row.
"""

import os
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from flask import Flask, abort, jsonify, request
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy
from marshmallow import RAISE, Schema, fields, validate
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

DATABASE = "ADHERENCE_BENCH_DATABASE"


def echo() -> Flask:
    """An application that answers the JSON document it was sent."""
    app = Flask("echo")

    @app.post("/entries")
    def answer() -> ResponseReturnValue:
        return jsonify(request.get_json()), 201

    @app.get("/health")
    def health() -> str:
        return "ok"

    return app


class Base(DeclarativeBase):
    """The reference's own tables, apart from the product's."""


db = SQLAlchemy(model_class=Base)


class TokenRow(db.Model):  # type: ignore[name-defined]  # flask-sqlalchemy makes the base at run time
    """Who may write, by the hash of a bearer token."""

    __tablename__ = "token"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID]


class EntryRow(db.Model):  # type: ignore[name-defined]  # as above
    """One thing a patient logged."""

    __tablename__ = "entry"
    __table_args__ = (
        sa.UniqueConstraint("patient_id", "client_id"),
        sa.Index(None, "patient_id", "performed_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    patient_id: Mapped[UUID]
    client_id: Mapped[UUID]
    activity_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(sa.String(16))
    performed_at: Mapped[datetime]
    zone: Mapped[str | None] = mapped_column(sa.String(64))
    day: Mapped[date | None]
    slot: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(sa.String(32))
    sets: Mapped[int | None]
    reps: Mapped[int | None]
    pain: Mapped[int | None]
    effort: Mapped[int | None]
    note: Mapped[str | None] = mapped_column(sa.String(1000))
    received_at: Mapped[datetime]


class EntrySchema(Schema):
    """The document both applications are sent."""

    class Meta:
        unknown = RAISE

    client_id = fields.UUID(required=True)
    activity_id = fields.UUID(allow_none=True, load_default=None)
    status = fields.String(
        required=True, validate=validate.OneOf(["done", "partly", "skipped", "missed"])
    )
    performed_at = fields.AwareDateTime(required=True, default_timezone=UTC)
    zone = fields.String(allow_none=True, load_default=None, validate=validate.Length(max=64))
    day = fields.Date(allow_none=True, load_default=None)
    slot = fields.Integer(strict=True, allow_none=True, load_default=None)
    reason = fields.String(allow_none=True, load_default=None, validate=validate.Length(max=32))
    sets = fields.Integer(
        strict=True, allow_none=True, load_default=None, validate=validate.Range(0, 1000)
    )
    reps = fields.Integer(
        strict=True, allow_none=True, load_default=None, validate=validate.Range(0, 10000)
    )
    pain = fields.Integer(
        strict=True, allow_none=True, load_default=None, validate=validate.Range(0, 10)
    )
    effort = fields.Integer(
        strict=True, allow_none=True, load_default=None, validate=validate.Range(0, 10)
    )
    note = fields.String(allow_none=True, load_default=None, validate=validate.Length(max=1000))


entry_schema = EntrySchema()


def bearer(number: int) -> str:
    """The token of patient ``number``."""
    return f"reference-token-{number:04d}"


def add_people(engine: sa.Engine, first: int, many: int, behind: int) -> None:
    """Patients from number ``first`` on, each with a token and ``behind`` entries of past days."""
    ids = [uuid4() for _ in range(many)]
    numbers = range(first, first + many)
    now = datetime.now(UTC)
    tokens = [
        {"digest": sha256(bearer(number).encode()).digest(), "patient_id": patient_id}
        for number, patient_id in zip(numbers, ids, strict=True)
    ]
    activity_id = uuid4()
    entries = [
        {
            "patient_id": ids[0],
            "client_id": uuid4(),
            "activity_id": activity_id,
            "status": "done",
            "performed_at": now - timedelta(hours=3 * number + 24),
            "sets": 3,
            "reps": 10,
            "pain": number % 11,
            "effort": 4,
            "received_at": now,
        }
        for number in range(behind)
    ]
    fresh = "lower(hex(randomblob(16)))" if engine.dialect.name == "sqlite" else "gen_random_uuid()"
    table = EntryRow.__table__
    names = [column.name for column in table.c]
    new: dict[str, sa.ColumnElement[Any]] = {
        name: sa.literal_column(fresh) for name in ("id", "client_id")
    }
    with engine.begin() as connection:
        connection.execute(sa.insert(TokenRow), tokens)
        connection.execute(sa.insert(EntryRow), entries)
        for patient_id in ids[1:]:
            new["patient_id"] = sa.literal(patient_id, sa.Uuid())
            copied = sa.select(*(new.get(name, table.c[name]) for name in names))
            copied = copied.where(table.c.patient_id == ids[0])
            connection.execute(sa.insert(table).from_select(names, copied, False))


def signed_in() -> UUID:
    """The patient whose token the request carries; 401 for a token nobody was given."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    row = db.session.get(TokenRow, sha256(token.encode()).digest())
    if row is None:
        abort(401)
    patient_id: UUID = row.patient_id
    return patient_id


def columns(patient_id: UUID, document: dict[str, Any]) -> dict[str, Any]:
    """The columns of one checked document."""
    return {"patient_id": patient_id, "received_at": datetime.now(UTC), **document}


def minimal() -> Flask:
    """The minimal application on the SQLite file or PostgreSQL database named outside."""
    app = Flask("minimal")
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ[DATABASE]
    db.init_app(app)

    with app.app_context():
        if db.engine.dialect.name == "sqlite":

            @sa.event.listens_for(db.engine, "connect")
            def durable(connection: Any, _record: object) -> None:
                cursor = connection.cursor()
                cursor.execute("PRAGMA journal_mode=WAL")
                cursor.execute("PRAGMA synchronous=FULL")
                cursor.execute("PRAGMA busy_timeout=30000")
                cursor.close()

    @app.get("/health")
    def health() -> str:
        return "ok"

    @app.post("/entries")
    def add_entry() -> ResponseReturnValue:
        patient_id = signed_in()
        row = EntryRow(**columns(patient_id, entry_schema.load(request.get_json())))
        db.session.add(row)
        db.session.commit()
        return jsonify(id=str(row.id)), 201

    @app.post("/batch")
    def add_entries() -> ResponseReturnValue:
        patient_id = signed_in()
        documents = entry_schema.load(request.get_json()["entries"], many=True)
        rows = [columns(patient_id, document) for document in documents]
        db.session.execute(sa.insert(EntryRow), rows)
        db.session.commit()
        return jsonify(created=len(rows)), 201

    @app.post("/units")
    def add_units() -> ResponseReturnValue:
        patient_id = signed_in()
        documents = entry_schema.load(request.get_json()["entries"], many=True)
        db.session.add_all(EntryRow(**columns(patient_id, one)) for one in documents)
        db.session.commit()
        return jsonify(created=len(documents)), 201

    @app.get("/entries")
    def newest_entries() -> ResponseReturnValue:
        patient_id = signed_in()
        newest = (
            sa.select(EntryRow)
            .filter_by(patient_id=patient_id)
            .order_by(EntryRow.performed_at.desc())
            .limit(90)
        )
        rows = db.session.scalars(newest).all()
        return jsonify(entry_schema.dump(rows, many=True))

    return app


def main() -> None:
    """Create the tables in the database that the environment names."""
    with minimal().app_context():
        db.create_all()


if __name__ == "__main__":
    main()
