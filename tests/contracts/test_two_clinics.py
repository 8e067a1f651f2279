"""Two clinics on one server see nothing of each other: a crawl for planted words and ids.

The clinics hold people of the same names with the same addresses and passwords. Every row whose key
a patient or a clinic makes its own stands in both of them under the same key: entries, supplies,
notes, exercises, pictures, goals, plans. In every text column of the southern clinic a canary is
planted; the list of columns is read from the tables, so a column that nobody planted fails here.
Then everybody of the northern clinic, and somebody who acts for a patient there, asks every address
that can be asked, for the things of both. Southern words and southern ids are both leaks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode
from uuid import UUID

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from adherence.domain.access import Relation
from adherence.domain.activities import Discipline
from adherence.domain.entries import Status
from adherence.domain.supplies import SupplySource
from adherence.services import (
    accounts,
    care_notes,
    entries,
    goals,
    library,
    own_exercises,
    patients,
    plans,
    proxies,
    sessions,
    supplies,
)
from adherence.services.entries import Result
from adherence.services.sessions import Browser
from adherence.store.accounts import ACCOUNT
from adherence.store.columns import Choice, Id, UtcDateTime, db
from adherence.store.data_keys import SealedText
from adherence.store.db import write
from adherence.store.exercises import MEDIUM, OWN
from adherence.store.ids import new_id
from adherence.store.oidc import LINK
from adherence.store.patients import PATIENT
from tests.builders import ZONE
from tests.contracts.test_matrix import seen
from tests.services.test_own_exercises import pictured
from tests.web.calls import CALLS, address, ids_of, random_ids, routes
from tests.web.town import MONDAY, STAFF, TEAMS, Record, Town, founded

#: Short enough for a column of eight characters, and nothing that anybody would write.
CANARY = "zqkxw"
READERS = ("own", "near", "proxy")
NORTH = [*STAFF["north"], *READERS, "nobody"]
#: Text that belongs to no clinic, and whose it is. Whoever adds a line has thought about it.
OF_NO_CLINIC = {
    "job_state": "the server's",
    "consent_text": "what this version of the software asks for, the same for every clinic",
}
#: What is drawn anew for every page could hold any letters.
UUIDS = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
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


#: What stays the same where a row stands in both clinics: by these words something is looked up.
SOUGHT = {"slug", "symptom", "medication"}
#: Whose ids are the database's own, whatever else the key says, so that they cannot be twice.
UNIQUE_IDS = {"notice"}


def shared_keys() -> list[sa.Table]:
    """The tables in which two patients or clinics can hold rows of the same key."""

    def can_collide(column: Any) -> bool:
        mine = column.name in ("patient_id", "clinic_id", "account_id", "chain_id")
        return not mine and isinstance(column.type, Id | sa.String)

    return [
        table
        for table in db.metadata.sorted_tables
        if {"patient_id", "clinic_id"} & {*table.primary_key.columns.keys()}
        and any(can_collide(column) for column in table.primary_key.columns)
        and table.name not in UNIQUE_IDS
    ]


class Twins(Town):
    """The town, its southern clinic full of canaries and of what is called like northern things."""

    def _found(self) -> None:
        # Whoever comes later has the smaller id, so that southern keys come before northern ones.
        ids = (UUID(int=number) for number in range(2**120, 0, -1))
        with patch.object(patients, "new_id", lambda: next(ids)):
            super()._found()
        self.supplies: dict[str, dict[str, Any]] = {}
        own, far = self.records["own"], self.records["far"]
        self.south: UUID = far.actor.clinic_id
        for one, name in ((own, "proxy"), (far, "far_proxy")):
            self._add_proxy(one, name)
            self._add_things(one)
        north = own.actor.clinic_id
        write(lambda run: library.keep_prescribed(run, north, "heel-raise@1", MONDAY))
        # Called like northern ones, word for word; their ids are their own.
        plans.open_plan(
            far.lead,
            far.patient_id,
            discipline=Discipline.PHYSIOTHERAPY,
            title=f"{own.mark} plan",
            now=MONDAY,
        )
        goals.set_goal(far.lead, far.patient_id, self.goal(own.mark), MONDAY)
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
            for table in shared_keys():
                self._copy(table, connection)
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = OFF")
            self.slug = connection.execute(
                sa.select(OWN.c.slug).where(
                    OWN.c.clinic_id == self.south, OWN.c.slug.contains(CANARY)
                )
            ).scalar_one()
            ours = sa.select(OWN.c.slug).where(OWN.c.clinic_id == own.actor.clinic_id)
            self.slugs = list(connection.execute(ours).scalars())
            pictures = sa.select(MEDIUM.c.id).where(MEDIUM.c.clinic_id == own.actor.clinic_id)
            self.medium_id: UUID = connection.execute(pictures).scalars().first()
            self.southern_ids = self._southern_ids(connection)
        far.client_id = own.client_id

    def relation(self, who: str, of: str) -> Relation:
        """As in the town, and the proxy stands to one patient like that patient."""
        if who == "proxy":
            return Relation.SELF if of == "own" else Relation.NONE
        return super().relation(who, of)

    def _add_proxy(self, one: Record, name: str) -> None:
        """Somebody who acts for a patient, with a session in which they do."""
        proxies.add_proxy(
            one.lead,
            one.patient_id,
            name=f"Person {name}",
            email="",
            until_at=None,
            until_grown=False,
            locale="en",
            now=MONDAY,
        )
        found = proxies.proxies_of(one.lead, one.patient_id, MONDAY)
        account_id = next(each.account_id for each in found if each.proxy_name == f"Person {name}")
        self._person(name, account_id)
        person = self.people[name]
        opened = sessions.open_session(person.secret, MONDAY)
        assert opened is not None
        began = sessions.beginning(Browser(person.secret), MONDAY)
        person.secret = proxies.act(began, opened, one.patient_id, MONDAY)

    def _add_things(self, one: Record) -> None:
        """What the town's records lack: a supply, a note, an exercise with a picture, a link."""
        supply = {"date": MONDAY.date(), "duration": 30.0, "source": SupplySource.DISPENSED}
        named = {"client_id": new_id(), "medication": f"{one.mark} tablet"}
        self.supplies[one.mark] = supply | named
        supplies.record_supply(one.lead, one.patient_id, dict(supply | named), MONDAY)
        care_notes.write_note(one.lead, one.patient_id, new_id(), f"{one.mark} is anxious", MONDAY)
        content = pictured(
            one.lead, dose={}, words={"en": {"title": "Heels, as we do them", "steps": ["Up."]}}
        )
        own_exercises.create(one.lead, content, "heel-raise@1", MONDAY)

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
        for northern, other in COLLIDING.items():
            one, two = self.people[northern].actor, self.people[other].actor
            assert one is not None and two is not None
            same = {"email": f"{northern}@example.org", "password": f"a hash of {northern}"}
            for actor in (one, two):
                connection.execute(
                    sa.update(ACCOUNT)
                    .where(ACCOUNT.c.id == actor.account_id)
                    .values(name=one.name, **same)
                )
                subject = {"issuer": "https://login.example.org", "subject": northern}
                link = {"account_id": actor.account_id, "clinic_id": actor.clinic_id}
                connection.execute(sa.delete(LINK).where(LINK.c.account_id == actor.account_id))
                connection.execute(sa.insert(LINK).values(**link, **subject, linked_at=MONDAY))
        own, far = self.records["own"], self.records["far"]
        name = sa.select(PATIENT.c.name).where(PATIENT.c.id == own.patient_id).scalar_subquery()
        connection.execute(
            sa.update(PATIENT).where(PATIENT.c.id == far.patient_id).values(name=name)
        )

    def _copy(self, table: sa.Table, connection: Any) -> None:
        """Put the northern patient's and clinic's rows into the south too, under the same keys."""
        own, far = self.records["own"], self.records["far"]
        mine = {own.patient_id: far.patient_id, own.actor.clinic_id: self.south}
        people = [column.name for column in table.c if is_of_account(column)]
        whose = table.c.get("patient_id")
        condition = (
            table.c.clinic_id == own.actor.clinic_id if whose is None else whose == own.patient_id
        )
        found = connection.execute(sa.select(table).where(condition)).mappings().all()
        assert found, f"{table.name}: the northern clinic has no row of which there could be two"
        for number, one in enumerate(found):
            row = {
                name: mine.get(value, value) if isinstance(value, UUID) else value
                for name, value in one.items()
            }
            row |= {name: far.lead.account_id for name in people if row[name] is not None}
            row |= {name: b"other" * 4 for name in row if name.endswith("_hash")}
            if "seq" in row:
                row["seq"] += 100_000
            row |= {
                column.name: canary(column, 500 + number)
                for column in text_columns(table)
                if column.name not in SOUGHT and not column.primary_key
            }
            connection.execute(sa.insert(table), row)
        # What is found by half a key is the southern row: it comes first now.
        if table.dialect_options["sqlite"]["with_rowid"]:
            number = sa.select(sa.literal_column("rowid")).select_from(table).where(condition)
            found = ", ".join(str(each) for each in connection.execute(number).scalars())
            connection.exec_driver_sql(
                f'UPDATE "{table.name}" SET rowid = rowid + 1000000 WHERE rowid IN ({found})'
            )

    def _southern_ids(self, connection: Any) -> set[UUID]:
        """Every id that is in some southern row and in no northern one."""
        ids: dict[bool, set[UUID]] = {True: set(), False: set()}
        for table in db.metadata.sorted_tables:
            columns = [column for column in table.c if isinstance(column.type, Id)]
            mine = southern(table, self.south)
            if mine is None or not columns:
                continue
            for is_south, condition in ((True, mine), (False, sa.not_(mine))):
                for row in connection.execute(sa.select(*columns).where(condition)):
                    ids[is_south] |= {each for each in row if each is not None}
        return ids[True] - ids[False]


#: Northern -> southern, who have the same name, address, password and subject at a provider.
COLLIDING = {
    "own": "far",
    "therapist": "stranger",
    "admin": "far_admin",
    "rescuer": "far_rescuer",
    "manager": "far_manager",
    "proxy": "far_proxy",
}


def is_of_account(column: Any) -> bool:
    """Whether a column names an account."""
    return any(key.column.table.name == "account" for key in column.foreign_keys) or (
        column.name in ("author_id", "account_id", "reviewed_by")
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
    """Every address that can be read, once: (endpoint, of whose things, address)."""
    own, near, far = (twins.records[of] for of in ("own", "near", "far"))
    things = {
        "own": ids_of(own),
        "near": ids_of(near),
        "far": ids_of(far),
        "own patient, far things": ids_of(far) | {"patient_id": own.patient_id},
        "far patient, own things": ids_of(own) | {"patient_id": far.patient_id},
    }
    told: set[str] = set()
    for route, method in routes(twins.app):
        if method != "GET":
            continue
        call = CALLS[route.endpoint]
        query = "" if call.query is None else "?" + urlencode(call.query(own))
        for of, ids in things.items():
            found = {of: address(twins.app, route, method, ids) + query}
            if "slug" in route.arguments:
                for slug in (twins.slug, *twins.slugs):
                    usual = {"version": 1, "moment": "start", "medium_id": twins.medium_id}
                    named = {**usual, **ids, "slug": slug}
                    values = {name: named[name] for name in route.arguments}
                    found[f"{of}, {slug}"] = twins.app.url_map.bind("localhost").build(
                        route.endpoint, values, method
                    )
            for whose, path in found.items():
                if path not in told:
                    told.add(path)
                    yield route.endpoint, whose, path


def leaks(twins: Twins, who: str, path: str, answer: TestResponse) -> list[str]:
    """What an answer says of the southern clinic, and of northern patients one may not know of."""
    data = f"{answer.headers}".encode() + answer.data
    # The sign-in page of a clinic gives back the word that was asked for, whatever it is.
    text = DRAWN.sub(b"", data.replace(twins.slug.encode(), b"")).decode(errors="replace").lower()
    found = ["a canary"] if CANARY in text else []
    sent = {*UUIDS.findall(path)}
    found += [one for one in {*UUIDS.findall(text)} - sent if UUID(one) in twins.southern_ids]
    # What staff may read of whom is the matrix's; here patients and who acts for them.
    return found + sorted(twins.foreign_marks(who, text)) if who in READERS else found


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
        asked = (
            sa.select(ACCOUNT.c.name, ACCOUNT.c.email, ACCOUNT.c.password, LINK.c.subject)
            .join_from(ACCOUNT, LINK, LINK.c.account_id == ACCOUNT.c.id)
            .where(ACCOUNT.c.clinic_id == clinic_id)
        )
        held = connection.execute(asked).all()
        return {row for row in held if row.email and "@example.org" in row.email}

    own, far = twins.records["own"], twins.records["far"]
    with twins.inside(), db.engine.connect() as connection:
        ours, theirs = of(own.actor.clinic_id), of(twins.south)
        shared = {table.name: _both(table, own, far, connection) for table in shared_keys()}
    assert len(ours) == len(COLLIDING)
    assert ours == theirs
    assert own.client_id == far.client_id
    assert len(shared) >= 15
    assert [name for name, number in shared.items() if not number] == []


def _both(table: sa.Table, own: Record, far: Record, connection: Any) -> int:
    """How many keys, but for whose they are, stand in both clinics."""
    named = [
        one for one in table.primary_key.columns if one.name not in ("patient_id", "clinic_id")
    ]

    def keys(record: Record) -> set[Any]:
        whose = table.c.get("patient_id")
        mine = (
            table.c.clinic_id == record.actor.clinic_id
            if whose is None
            else whose == record.patient_id
        )
        return {tuple(row) for row in connection.execute(sa.select(*named).where(mine))}

    return len(keys(own) & keys(far))


def test_Z7_nobody_of_the_northern_clinic_reads_a_southern_word_or_id(twins: Twins):
    found, broken, entered = [], [], Counter[str]()
    for endpoint, of, path in asked(twins):
        for who in NORTH:
            answer = twins.ask(who, path)
            entered[who] += answer.status_code == 200
            if answer.status_code not in (200, 503) and answer.status_code >= 500:
                broken.append(f"{endpoint} of {of} by {who}: {answer.status_code}")
            said = leaks(twins, who, path, answer)
            if said:
                found.append(f"{endpoint} of {of} by {who}: {answer.status_code} {said}")

    assert found == []
    assert broken == []
    assert entered.total() > 500
    assert entered["proxy"] > 40


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


def test_Z7_what_is_sent_under_a_southern_id_is_new_in_the_north(twins: Twins):
    """A key that only the south holds is free in the north, and stays as it is in the south."""
    own, far = twins.records["own"], twins.records["far"]
    at = f"/api/v1/patients/{own.patient_id}"
    usual = {"performed_at": MONDAY.isoformat(), "activity_id": str(own.activity_id)}
    supply = {"date": "2026-03-02", "duration": 30, "source": "dispensed"}
    sent = {
        "entry": ("own", f"{at}/entries", {**usual, "status": "done"}),
        "supply": ("therapist", f"{at}/supplies", supply),
        "care_note": ("therapist", f"{at}/care-notes", {"text": "for the team"}),
    }
    for name, (who, path, body) in sent.items():
        table = db.metadata.tables[name]
        theirs = table.c.patient_id == far.patient_id
        ours = sa.select(table.c.client_id).where(table.c.patient_id == own.patient_id)
        only = sa.select(table.c.client_id).where(theirs, table.c.client_id.not_in(ours))
        with twins.inside(), db.engine.connect() as connection:
            taken = connection.execute(only).scalars().first()
            before = connection.execute(sa.select(table).where(theirs)).all()
        assert taken is not None, name
        answers = [
            twins.ask(who, path, "POST", json=body | {"client_id": str(one)})
            for one in (taken, new_id())
        ]
        with twins.inside(), db.engine.connect() as connection:
            after = connection.execute(sa.select(table).where(theirs)).all()

        assert [one.status_code for one in answers] == [201, 201], name
        assert [each for one in answers for each in leaks(twins, who, str(taken), one)] == []
        assert before == after, name


def test_Z7_what_is_sent_again_is_ones_own(twins: Twins):
    """Under an id that both clinics hold, each finds what it sent itself."""
    own = twins.records["own"]
    entry = {
        "client_id": own.client_id,
        "activity_id": own.medicine_id,
        "status": Status.DONE,
        "note": f"{own.mark} note",
        "performed_at": MONDAY,
    }
    supply = twins.supplies[own.mark]
    with twins.inside():
        again = entries.log_entry(own.actor, own.patient_id, entry, MONDAY)
        taken = supplies.record_supply(own.lead, own.patient_id, dict(supply), MONDAY)
    assert again.result is Result.IDENTICAL
    assert taken.result is Result.IDENTICAL


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
