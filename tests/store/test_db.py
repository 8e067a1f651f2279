"""The door and the statements: what is written together, and that prepared equals plain Core."""

from __future__ import annotations

import importlib
import pkgutil
import re
import threading
from datetime import UTC, datetime
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

import adherence.store
from adherence.store import clinics, entries, patients, statements
from adherence.store.columns import Choice, Id, UtcDateTime, db
from adherence.store.db import Store, look, read, store, write
from adherence.store.ids import new_id
from adherence.store.statements import Statement
from tests.wards import MONDAY, Ward, document, ward

pytestmark = pytest.mark.usefixtures("app")


def clinic_row(clinic_id: UUID, name: str) -> dict:
    return {
        "id": clinic_id,
        "name": name,
        "zone": "UTC",
        "emergency_number": "112",
        "created_at": MONDAY,
        "audit_n": 0,
        "sealed_n": 0,
        "slug": None,
        "grown_age": 18,
    }


def names() -> set[str]:
    with read() as run:
        return {row[0] for row in run.core(sa.select(clinics.CLINIC.c.name))}


def test_what_work_returns_comes_back_after_the_commit():
    clinic_id = new_id()

    answer = write(lambda run: run.do(clinics.add_clinic, **clinic_row(clinic_id, "one")))

    assert answer == 1
    assert names() == {"one"}


def test_an_error_takes_everything_of_its_own_job_back():
    def work(run):
        run.do(clinics.add_clinic, **clinic_row(new_id(), "half"))
        raise LookupError("stop")

    with pytest.raises(LookupError):
        write(work)

    assert names() == set()


def test_an_error_in_one_of_many_waiting_jobs_undoes_only_that_one(app):
    """Jobs that pile up share a commit; each stands in a savepoint of its own."""
    barrier = threading.Barrier(12)
    failed = []

    def one(number: int) -> None:
        with app.app_context():
            barrier.wait()
            for turn in range(5):

                def work(run, turn=turn):
                    run.do(clinics.add_clinic, **clinic_row(new_id(), f"{number}.{turn}"))
                    if number % 3 == 0:
                        raise LookupError(f"{number}.{turn}")

                try:
                    write(work)
                except LookupError as error:
                    failed.append(str(error))
            store().drop_connection()

    threads = [threading.Thread(target=one, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert names() == {f"{n}.{t}" for n in range(12) if n % 3 for t in range(5)}
    assert sorted(failed) == sorted(f"{n}.{t}" for n in range(0, 12, 3) for t in range(5))


def test_write_inside_write_is_refused_instead_of_waiting_for_itself():
    with pytest.raises(RuntimeError):
        write(lambda run: write(lambda inner: None))

    assert names() == set()


def test_a_read_sees_one_moment():
    with read() as run:
        before = run.core(sa.select(sa.func.count()).select_from(clinics.CLINIC))[0][0]
        thread = threading.Thread(target=_add, args=(store(),))
        thread.start()
        thread.join()
        if store().sqlite:
            assert run.core(sa.select(sa.func.count()).select_from(clinics.CLINIC))[0][0] == before

    assert names() == {"late"}


def _add(kept) -> None:
    kept.write(lambda run: run.do(clinics.add_clinic, **clinic_row(new_id(), "late")))
    kept.drop_connection()


def logged(w: Ward, note: str) -> dict:
    """The stored row of an entry that was logged through the service."""
    from adherence.services import entries as service

    said = document(w.exercise_id, sets=2, pain=0, note=note, quantity=1.5)
    service.log_entry(w.patient, w.patient_id, said, MONDAY)
    with read() as run:
        row = run.first(
            entries.entry_by_client_id, patient_id=w.patient_id, client_id=said["client_id"]
        )
    return row._asdict()


def test_prepared_statements_store_and_return_what_plain_core_does():
    """The prepared form takes the types' own converters; this is what holds it to Core."""
    w = ward()
    prepared = logged(w, note="Ω – ok")

    with read() as run:
        plain = run.connection.execute(
            sa.select(*entries.ENTRY.c).where(entries.ENTRY.c.client_id == prepared["client_id"])
        ).one()

    assert prepared == dict(plain._mapping)

    copied = prepared | {"client_id": new_id(), "seq": 10_000}
    write(lambda run: run.connection.execute(sa.insert(entries.ENTRY), copied))
    with read() as run:
        again = run.first(
            entries.entry_by_client_id, patient_id=w.patient_id, client_id=copied["client_id"]
        )
    assert again._asdict() == copied


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Id(), UUID(int=7)),
        (Id(), None),
        (UtcDateTime(), datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)),
        (UtcDateTime(), datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
        (UtcDateTime(), None),
    ],
)
def test_types_come_back_as_they_went_in(kind, value):
    statement = Statement(sa.select(sa.bindparam("x", type_=kind).label("x")))
    with read() as run:
        if not store().sqlite and value is None:
            pytest.skip("an untyped NULL has no column type on PostgreSQL")
        assert run.value(statement, x=value) == value


def test_a_naive_datetime_is_refused():
    with pytest.raises(ValueError, match="naive"):
        write(
            lambda run: run.do(
                clinics.add_clinic,
                **clinic_row(new_id(), "x") | {"created_at": datetime(2026, 3, 2)},  # noqa: DTZ001
            )
        )


def test_ids_sort_by_the_time_they_were_made():
    made = [new_id() for _ in range(2000)]

    assert len(set(made)) == 2000
    assert all(one.version == 7 and one.variant == "specified in RFC 4122" for one in made)
    assert [one.int >> 80 for one in made] == sorted(one.int >> 80 for one in made)


@pytest.mark.parametrize("table", ["entry", "revision", "audit"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET clinic_id = clinic_id", "DELETE FROM {}"])
def test_what_may_only_be_added_cannot_be_changed_or_removed(table, verb):
    w = ward()
    from adherence.services import entries as service

    service.log_entry(w.patient, w.patient_id, document(w.exercise_id), MONDAY)

    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        write(lambda run: run.connection.exec_driver_sql(verb.format(table)))


def test_no_entry_can_point_into_another_patients_record():
    w = ward()
    other = ward(therapist=w.therapist)
    from adherence.services import entries as service

    said = document(w.exercise_id)
    service.log_entry(w.patient, w.patient_id, said, MONDAY)
    with read() as run:
        row = run.first(
            entries.entry_by_client_id, patient_id=w.patient_id, client_id=said["client_id"]
        )._asdict()
    row |= {"client_id": new_id(), "seq": 9_999, "activity_id": other.exercise_id}

    with pytest.raises((sa.exc.IntegrityError, store().engine.dialect.dbapi.IntegrityError)):
        write(lambda run: run.do(entries.add_entry, **row))


def test_choice_stores_the_value_and_refuses_others():
    from adherence.domain.entries import Status

    kind = Choice(Status)
    dialect = db.engine.dialect

    assert kind.process_bind_param(Status.DONE, dialect) == "done"
    with pytest.raises(ValueError, match="nonsense"):
        kind.process_bind_param("nonsense", dialect)


def test_a_patients_row_is_there_once():
    w = ward()
    with read() as run:
        row = run.first(patients.patient_by_id, patient_id=w.patient_id)
    assert row.clinic_id == w.clinic_id


def test_many_rows_at_once_store_what_one_by_one_does():
    """What no row of many says is left out of the insert; what some say is not."""
    at = {"created_at": MONDAY, "audit_n": 0, "sealed_n": 0, "zone": "UTC"}
    usual = {"emergency_number": "112", "grown_age": 18, **at}
    rows = [
        {"id": new_id(), "name": f"{slug} {n}", "slug": slug and f"{slug}{n}", **usual}
        for slug in (None, "north", "south")
        for n in range(3)
    ]

    write(lambda run: run.do_many(clinics.add_clinic, rows[:3]))
    write(lambda run: run.do_many(clinics.add_clinic, rows[3:7]))
    write(lambda run: [run.do(clinics.add_clinic, **row) for row in rows[7:]])

    with read() as run:
        table = clinics.CLINIC.c
        found = run.core(sa.select(*(table[name] for name in rows[0])).order_by(table.name))
    assert [row._asdict() for row in found] == sorted(rows, key=lambda row: row["name"])


def test_what_rows_have_in_common_is_said_once():
    """Of one row and of many, with and without what no row says."""
    same = {"emergency_number": "112", "grown_age": 18, "created_at": MONDAY, "zone": "UTC"}
    same |= {"audit_n": 0, "sealed_n": 0}
    rows = [
        {"id": new_id(), "name": f"{slug} {n}", "slug": slug and f"{slug}{n}"}
        for slug in (None, "north", "south")
        for n in range(3)
    ]

    write(lambda run: run.do_many(clinics.add_clinic, rows[:1], **same))
    write(lambda run: run.do_many(clinics.add_clinic, rows[1:3], **same))
    write(lambda run: run.do_many(clinics.add_clinic, rows[3:], **same))
    write(lambda run: run.do_many(clinics.add_clinic, [], **same))

    expected = [{**row, **same} for row in rows]
    with read() as run:
        table = clinics.CLINIC.c
        found = run.core(sa.select(*(table[name] for name in expected[0])).order_by(table.name))
    assert [row._asdict() for row in found] == sorted(expected, key=lambda row: row["name"])


def test_one_look_sees_what_is_committed_and_the_snapshot_it_stands_in():
    first, second = new_id(), new_id()
    write(lambda run: run.do(clinics.add_clinic, **clinic_row(first, "one")))

    assert look(clinics.clinic_by_id, clinic_id=first).id == first
    assert look(clinics.clinic_by_id, clinic_id=second) is None
    with read() as run:
        assert run.first(clinics.clinic_by_id, clinic_id=second) is None
        of = store()
        other = threading.Thread(
            target=lambda: of.write(
                lambda run: run.do(clinics.add_clinic, **clinic_row(second, "two"))
            )
        )
        other.start()
        other.join()
        if db.engine.dialect.name == "sqlite":  # PostgreSQL reads what is committed
            assert look(clinics.clinic_by_id, clinic_id=second) is None
    assert look(clinics.clinic_by_id, clinic_id=second).id == second
    write(lambda run: run.do(clinics.set_clinic_head, clinic_id=second, n=1, head=bytes(32)))


def test_threads_may_begin_to_write_at_once():
    """What has to be there first may be seen to by several threads; none is left without it."""
    both = threading.Barrier(2, timeout=20)
    asked = []

    def step(write):
        asked.append(write)
        if len(asked) <= 2:
            both.wait()
        return True

    def add(name: str) -> None:
        row = clinic_row(new_id(), name)
        hasty.write(lambda run: run.do(clinics.add_clinic, **row))

    hasty = Store(db.engine)
    hasty.before_writing(step)
    threads = [threading.Thread(target=add, args=(name,)) for name in ("one", "two")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    add("three")
    hasty.close()

    assert len(asked) == 2
    assert names() == {"one", "two", "three"}


def test_what_is_not_ready_is_seen_to_again_before_the_next_is_written():
    asked = []
    slow = Store(db.engine)
    slow.before_writing(lambda write: bool(asked.append("first")) or True)
    slow.before_writing(lambda write: bool(asked.append("second")) or len(asked) > 2)
    for name in ("one", "two", "three"):
        row = clinic_row(new_id(), name)
        slow.write(lambda run, row=row: run.do(clinics.add_clinic, **row))
    assert asked == ["first", "second"] * 2
    slow.begin_anew()
    slow.write(lambda run: None)
    slow.close()

    assert asked == ["first", "second"] * 3


def test_a_batch_converts_each_value_of_its_own():
    """The same first and last value say nothing about those between them."""
    w = ward()
    from adherence.services import entries as service

    pains = [3, None, 0, 10, 3]
    of = [w.exercise_id, w.weekly_id, w.exercise_id, w.weekly_id, w.exercise_id]
    said = [
        document(activity_id, MONDAY, pain=pain, note=None if pain else "–")
        for activity_id, pain in zip(of, pains, strict=True)
    ]
    service.sync(w.patient, w.patient_id, said, MONDAY)

    with read() as run:
        rows = run.core(sa.select(*entries.ENTRY.c).order_by(entries.ENTRY.c.seq))
    assert [row.activity_id for row in rows] == of
    assert [row.pain for row in rows] == pains
    assert [row.note for row in rows] == [None, "–", "–", None, None]
    assert [row.client_id for row in rows] == [one["client_id"] for one in said]
    assert {row.effort for row in rows} == {None}


def test_many_entries_at_once_store_every_kind_of_value_as_one_does():
    w = ward()
    stored = logged(w, note="Ω – 'ok', {1,2}")
    rows = [
        stored | {"client_id": new_id(), "seq": 100 + n, **other}
        for n, other in enumerate(
            (
                {"value": 0.1, "symptom": 'a "b" \\c', "declined": True},
                {"day": stored["local_day"], "slot": 0, "because": "NULL", "quantity": None},
                {"note": None, "corrects_id": stored["client_id"], "zone": "Europe/Berlin"},
            )
        )
    ]

    write(lambda run: run.do_many(entries.add_entry, rows))
    with read() as run:
        found = run.all(entries.entries_after, patient_id=w.patient_id, after=99, many=10)

    assert [row._asdict() for row in found] == rows


def test_a_column_of_which_no_row_says_anything_may_also_be_sent_empty(monkeypatch):
    """As where an insert was met in so many forms that no more of them are kept."""
    monkeypatch.setattr(statements, "NARROWED", 0)
    monkeypatch.setattr(clinics.add_clinic, "_ready", {})
    rows = [clinic_row(new_id(), name) for name in ("one", "two")]

    write(lambda run: run.do_many(clinics.add_clinic, rows))

    with read() as run:
        assert {row[0] for row in run.core(sa.select(clinics.CLINIC.c.slug))} == {None}
    assert names() == {"one", "two"}


def test_what_takes_many_rows_is_an_insert_and_nothing_more():
    """For PostgreSQL it is written anew with arrays, which would lose what else it says."""
    found = [
        one
        for room in pkgutil.iter_modules(adherence.store.__path__)
        for one in vars(importlib.import_module(f"adherence.store.{room.name}")).values()
        if isinstance(one, Statement) and one.columns
    ]

    assert len(found) > 20
    for one in found:
        said = str(one.core.compile(dialect=postgresql.dialect(), column_keys=one.columns))
        assert re.fullmatch(r"INSERT INTO \w+ \([^()]*\) VALUES \([^;]*\)", said), said
        assert "ON CONFLICT" not in said
        assert "RETURNING" not in said


def test_what_is_too_long_for_its_column_is_refused_not_cut():
    if store().sqlite:
        pytest.skip("SQLite holds no text to a length")
    rows = [clinic_row(new_id(), "x" * many) | {"slug": None} for many in (5, 5000)]

    with pytest.raises(store().engine.dialect.dbapi.DataError, match="too long"):
        write(lambda run: run.do_many(clinics.add_clinic, rows))
    assert names() == set()


def test_what_waits_to_be_sent_is_there_for_whoever_reads_counts_or_asks_the_connection():
    first, second, third = (new_id() for _ in range(3))

    def work(run):
        run.put(clinics.add_clinic, **clinic_row(first, "first"))
        seen = [run.first(clinics.clinic_by_id, clinic_id=first).id]
        run.put(clinics.add_clinic, **clinic_row(second, "second"))
        count = run.do(clinics.set_clinic_head, clinic_id=second, n=1, head=bytes(32))
        none = run.do(clinics.set_clinic_head, clinic_id=third, n=1, head=bytes(32))
        run.put(clinics.add_clinic, **clinic_row(third, "third"))
        seen += [row[0] for row in run.core(sa.select(clinics.CLINIC.c.id))]
        run.put(clinics.set_clinic_head, clinic_id=third, n=7, head=bytes(32))
        return seen, count, none

    seen, count, none = write(work)

    assert seen[0] == first
    assert set(seen[1:]) == {first, second, third}
    assert (count, none) == (1, 0)
    with read() as run:
        numbers = run.core(sa.select(clinics.CLINIC.c.audit_n).order_by(clinics.CLINIC.c.name))
    assert [row[0] for row in numbers] == [0, 1, 7]


@pytest.mark.parametrize("then", ["nothing", "a read", "another error"])
def test_what_is_refused_later_undoes_everything_and_is_not_logged(then, caplog):
    """A statement that waited to be sent may be refused after the call that asked for it."""
    clinic_id = new_id()

    def work(run):
        run.put(clinics.add_clinic, **clinic_row(clinic_id, "one"))
        run.put(clinics.add_clinic, **clinic_row(new_id(), "secret words") | {"zone": None})
        if then == "a read":
            run.first(clinics.clinic_by_id, clinic_id=clinic_id)
        if then == "another error":
            raise LookupError

    dbapi = store().engine.dialect.dbapi
    with pytest.raises((LookupError, dbapi.IntegrityError)):
        write(work)

    assert names() == set()
    assert "secret" not in caplog.text
    write(lambda run: run.put(clinics.add_clinic, **clinic_row(clinic_id, "after")))
    assert names() == {"after"}


def test_a_look_that_fails_leaves_no_connection_behind_on_which_nothing_is_a_transaction():
    with pytest.raises(KeyError):
        look(clinics.clinic_by_id)

    def work(run):
        run.put(clinics.add_clinic, **clinic_row(new_id(), "half"))
        run.first(clinics.clinic_by_id, clinic_id=new_id())
        raise LookupError

    with pytest.raises(LookupError):
        write(work)
    assert names() == set()


@pytest.mark.postgres
def test_a_connection_that_was_lost_is_not_used_again():
    """The server was started anew: what was under way ends with an error, what follows goes on.

    A look, with which every request begins, does not even end.
    """

    def lose() -> None:
        with db.engine.connect() as other:
            other.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    def add(name: str) -> None:
        write(lambda run: run.put(clinics.add_clinic, **clinic_row(new_id(), name)))

    if store().sqlite:
        pytest.skip("SQLite has no connection to lose")
    add("before")
    for use in (lambda: add("lost"), names):
        lose()
        with pytest.raises((sa.exc.OperationalError, db.engine.dialect.dbapi.OperationalError)):
            use()
        assert names() == {"before"}
    lose()
    assert look(clinics.clinic_by_id, clinic_id=new_id()) is None
    add("after")

    assert names() == {"before", "after"}
