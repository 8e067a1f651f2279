"""Two clinics on one server see nothing of each other: a crawl for planted words.

The clinics hold people of the same names with the same addresses and passwords, and entries under
the same ids. In every text column of the southern one a canary is planted; the list of columns is
read from the tables, so a column that nobody planted fails here. Then everybody of the northern
clinic asks every address that can be asked, for the things of both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
import sqlalchemy as sa

from adherence.domain.entries import Status
from adherence.services import accounts, entries, patients
from adherence.store.accounts import ACCOUNT
from adherence.store.data_keys import SealedText
from adherence.store.db import Choice, Id, UtcDateTime, db
from adherence.store.exercises import OWN
from adherence.store.ids import new_id
from adherence.store.patients import PATIENT
from tests.builders import ZONE
from tests.contracts.test_matrix import seen
from tests.web.calls import CALLS, address, ids_of, random_ids, routes
from tests.web.town import MONDAY, STAFF, TEAMS, Town, founded

#: Short enough for a column of eight characters, and nothing that anybody would write.
CANARY = "zqkxw"
NORTH = [*STAFF["north"], "own", "near", "nobody"]
#: Text that belongs to no clinic, and whose it is. Whoever adds a line has thought about it.
OF_NO_CLINIC = {
    "job_state": "the server's",
    "consent_text": "what this version of the software asks for, the same for every clinic",
}
#: What is drawn anew for every page could hold any letters.
DRAWN = re.compile(rb'nonce-[\w-]+|nonce="[\w-]+"|[0-9a-f]{64}')


def text_columns(table: sa.Table) -> list[Any]:
    """The columns of a table in which somebody could have written something."""
    return [
        column
        for column in table.c
        if isinstance(column.type, sa.String | sa.JSON | SealedText)
        and not isinstance(column.type, Choice)
    ]


def southern(table: sa.Table, clinic_id: UUID) -> Any:
    """The condition that a row belongs to a clinic, None for a table whose rows belong to none."""
    staff = sa.select(ACCOUNT.c.id).where(ACCOUNT.c.clinic_id == clinic_id)
    if table.name == "clinic":
        return table.c.id == clinic_id
    if "clinic_id" in table.c:
        return table.c.clinic_id == clinic_id
    if "account_id" in table.c:
        return table.c.account_id.in_(staff)
    return None


def tables() -> list[sa.Table]:
    """Every table that holds text of a clinic."""
    return [
        table
        for table in db.metadata.sorted_tables
        if text_columns(table) and table.name not in OF_NO_CLINIC
    ]


def canary(column: Any, number: int) -> Any:
    """What is planted in a column, as long as it may be, never twice where it must be unique."""
    if isinstance(column.type, sa.JSON):
        return {"words": f"{CANARY} words"}
    said = f"{CANARY}{number:03d} {column.table.name} {column.name} canary"
    return said[: column.type.length or 40]


def invented(table: sa.Table, clinic_id: UUID, connection: Any) -> dict[str, Any]:
    """A row for a table in which the southern clinic has none yet."""
    row: dict[str, Any] = {}
    for key in table.foreign_key_constraints:
        other = key.referred_table
        mine = southern(other, clinic_id)
        found = connection.execute(
            sa.select(*(each.column for each in key.elements)).where(mine).limit(1)
        ).first()
        if found is not None:
            row |= dict(zip((each.parent.name for each in key.elements), found, strict=True))
    if "account_id" in table.c:
        somebody = sa.select(ACCOUNT.c.id).where(ACCOUNT.c.clinic_id == clinic_id).limit(1)
        row.setdefault("account_id", connection.execute(somebody).scalar_one())
    for column in table.c:
        if column.name in row or (column.nullable and column not in text_columns(table)):
            continue
        row[column.name] = clinic_id if column.name == "clinic_id" else value_of(column)
    return row


def value_of(column: Any) -> Any:
    """Something that a column takes."""
    kind = column.type
    match kind:
        case Choice():
            return next(iter(kind.kind))
        case Id():
            return new_id()
        case UtcDateTime():
            return MONDAY
        case sa.Boolean():
            return False
        case sa.Date():
            return date(2026, 3, 2)
        case sa.LargeBinary():
            return new_id().bytes
        case SealedText() | sa.String() | sa.JSON():
            return canary(column, 0)
        case _:
            return 1


class Twins(Town):
    """The town, its southern clinic full of canaries and of people called like northern ones."""

    def _found(self) -> None:
        super()._found()
        own, far = self.records["own"], self.records["far"]
        entries.log_entry(
            far.actor,
            far.patient_id,
            {
                "client_id": own.client_id,
                "activity_id": far.medicine_id,
                "status": Status.DONE,
                "note": "A note",
                "performed_at": MONDAY,
            },
            MONDAY,
        )
        far.client_id = own.client_id
        self.south: UUID = far.actor.clinic_id
        # Whose name and address may hold canaries: the others collide.
        patients.add_patient(far.lead, name="Somebody", zone=ZONE, now=MONDAY)
        accounts.create_account(self.south, far.actor.role, "Somebody", "en", MONDAY)
        with db.engine.begin() as connection:
            # Words are planted where nobody ever changes or refuses to see any.
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
            for name in connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).scalars():
                connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
            for table in tables():
                self._plant(table, connection)
            self._collide(connection)
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = OFF")
            self.slug = connection.execute(
                sa.select(OWN.c.slug).where(OWN.c.clinic_id == self.south)
            ).scalar_one()

    def _plant(self, table: sa.Table, connection: Any) -> None:
        mine = southern(table, self.south)
        assert mine is not None, f"{table.name}: whose are its rows?"
        keys = list(table.primary_key.columns)
        found = connection.execute(sa.select(*keys).where(mine)).all()
        if not found:
            connection.execute(sa.insert(table), invented(table, self.south, connection))
            found = connection.execute(sa.select(*keys).where(mine)).all()
        for number, key in enumerate(found):
            # Text that other rows refer to is planted where it is new.
            planted = {
                column.name: canary(column, number)
                for column in text_columns(table)
                if not column.foreign_keys and not column.primary_key
            }
            if planted:
                this = sa.and_(*(column == each for column, each in zip(keys, key, strict=True)))
                connection.execute(sa.update(table).where(this).values(planted))

    def _collide(self, connection: Any) -> None:
        """Give southern people the names, addresses and passwords of northern ones."""
        for northern, other in (("own", "far"), ("therapist", "stranger"), ("admin", "far_admin")):
            one, two = self.people[northern].actor, self.people[other].actor
            assert one is not None and two is not None
            same = {"email": f"{northern}@example.org", "password": f"a hash of {northern}"}
            for actor in (one, two):
                connection.execute(
                    sa.update(ACCOUNT)
                    .where(ACCOUNT.c.id == actor.account_id)
                    .values(name=one.name, **same)
                )
        own, far = self.records["own"], self.records["far"]
        name = sa.select(PATIENT.c.name).where(PATIENT.c.id == own.patient_id).scalar_subquery()
        connection.execute(
            sa.update(PATIENT).where(PATIENT.c.id == far.patient_id).values(name=name)
        )


@pytest.fixture(scope="module")
def twins(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    import shutil

    path = tmp_path_factory.mktemp("twins") / "adherence.sqlite"
    shutil.copyfile(sqlite_template, path)
    with founded(f"sqlite:///{path}", Twins) as made:
        assert isinstance(made, Twins)
        yield made


def asked(twins: Twins) -> Iterator[tuple[str, str, str]]:
    """Every address that can be read: (endpoint, of whose things, address)."""
    own, near, far = (twins.records[of] for of in ("own", "near", "far"))
    things = {
        "own": ids_of(own),
        "near": ids_of(near),
        "far": ids_of(far),
        "own patient, far things": ids_of(far) | {"patient_id": own.patient_id},
        "far patient, own things": ids_of(own) | {"patient_id": far.patient_id},
    }
    for route, method in routes(twins.app):
        if method != "GET":
            continue
        call = CALLS[route.endpoint]
        query = "" if call.query is None else "?" + urlencode(call.query(own))
        for of, ids in things.items():
            path = address(twins.app, route, method, ids)
            yield route.endpoint, of, path + query
            if "slug" in route.arguments:
                usual = {"version": 1, "moment": "start", "medium_id": new_id(), **ids}
                values = {name: usual[name] for name in route.arguments if name != "slug"}
                built = twins.app.url_map.bind("localhost").build(
                    route.endpoint, {**values, "slug": twins.slug}, method
                )
                yield route.endpoint, f"{of}, a southern word", built


def test_Z7_every_text_column_of_the_southern_clinic_holds_a_canary(twins: Twins):
    bare = []
    with twins.inside(), db.engine.connect() as connection:
        for table in tables():
            for column in text_columns(table):
                if column.foreign_keys:
                    continue
                # What is encrypted the database cannot search; reading opens it.
                asked = sa.select(column).where(southern(table, twins.south))
                found = [one for one in connection.execute(asked).scalars() if CANARY in str(one)]
                if not found:
                    bare.append(f"{table.name}.{column.name}")

    assert bare == []


def test_Z7_both_clinics_hold_the_same_names_addresses_and_ids(twins: Twins):
    def of(clinic_id: UUID) -> Any:
        asked = sa.select(ACCOUNT.c.name, ACCOUNT.c.email, ACCOUNT.c.password)
        held = connection.execute(asked.where(ACCOUNT.c.clinic_id == clinic_id)).all()
        return {row for row in held if row.email and "@example.org" in row.email}

    north = twins.records["own"].actor.clinic_id
    with twins.inside(), db.engine.connect() as connection:
        ours, theirs = of(north), of(twins.south)
    assert len(ours) == 3
    assert ours == theirs
    assert twins.records["own"].client_id == twins.records["far"].client_id


def test_Z7_nobody_of_the_northern_clinic_reads_a_southern_canary(twins: Twins):
    found, entered = [], 0
    for endpoint, of, path in asked(twins):
        for who in NORTH:
            answer = twins.ask(who, path)
            entered += answer.status_code == 200
            text = f"{answer.headers}".encode() + answer.data
            # The sign-in page of a clinic gives back the word that was asked for, whatever it is.
            text = text.replace(twins.slug.encode(), b"")
            if CANARY.encode() in DRAWN.sub(b"", text).lower():
                found.append(f"{endpoint} of {of} by {who}: {answer.status_code}")

    assert found == []
    assert entered > 500


def test_Z7_a_southern_thing_reads_like_one_that_does_not_exist(twins: Twins):
    differing, compared = [], 0
    far, nothing = ids_of(twins.records["far"]), random_ids()
    # The id of an entry is the same in both clinics: to a northern patient it names their own.
    far["client_id"] = nothing["client_id"]
    for route, method in routes(twins.app):
        if method != "GET" or not route.arguments & {*far}:
            continue
        for who in NORTH:
            answers = [
                seen(twins.ask(who, address(twins.app, route, method, ids)))
                for ids in (far, nothing)
            ]
            compared += 1
            if answers[0] != answers[1]:
                differing.append(f"{route.endpoint} by {who}")

    assert differing == []
    assert compared > 200


def test_Z7_a_southern_exercise_reads_like_one_that_does_not_exist(twins: Twins):
    for path in ("/library/{}", "/library/{}/1/prescribe", "/api/v1/exercises/{}"):
        ours, none = (
            twins.ask("therapist", path.format(slug)) for slug in (twins.slug, "own-0000000000")
        )
        assert ours.status_code == none.status_code == 404, path
        assert b"words" not in ours.data.replace(b"goal-words", b"") or ours.data == none.data


def test_Z12_two_patients_of_one_name_see_nothing_of_each_other(twins: Twins):
    """The northern Ruth and the southern one are told apart by nothing but their ids."""
    own, far = twins.records["own"], twins.records["far"]
    assert TEAMS["own"] != TEAMS["far"]
    mine = twins.ask("own", "/api/v1/me").get_json()
    assert mine["patient_id"] == str(own.patient_id)
    listed = twins.ask("therapist", "/api/v1/patients").get_json()["patients"]
    assert [one["patient_id"] for one in listed if one["patient_id"] == str(far.patient_id)] == []
    theirs = twins.ask("own", f"/api/v1/patients/{far.patient_id}/entries/{far.client_id}")
    assert theirs.status_code == 404
    ours = twins.ask("own", f"/api/v1/patients/{own.patient_id}/entries/{own.client_id}")
    assert ours.status_code == 200
    assert CANARY not in ours.get_data(as_text=True)
