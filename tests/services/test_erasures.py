"""G3, G4, Z13: being forgotten, being locked away, and who decides."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from adherence import settings
from adherence.domain.access import Actor, Relation, Role
from adherence.domain.errors import Conflict, InvalidInput, NotFound, Restricted
from adherence.jobs import work
from adherence.services import (
    accounts,
    audit,
    entries,
    erasures,
    exports,
    patients,
    programmes,
    proxies,
    rebuild,
    relations,
    review,
    sessions,
)
from adherence.services.erasures import ErasureState, Fate, Outcome
from adherence.store import addresses
from adherence.store.classes import KINDS, Whose
from adherence.store.columns import Base, db
from adherence.store.db import write
from adherence.store.ids import new_id
from adherence.web.exports import page
from tests import persons
from tests.builders import session_of
from tests.practice import rows
from tests.web.town import MONDAY, Record, Town

if TYPE_CHECKING:
    from flask import Flask

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
#: Far enough for the longest duty to be over.
LATER = MONDAY + 4_000 * DAY
WHY = "The years for which we must keep it are over."


@pytest.fixture
def town(app: Flask) -> Town:
    """Two clinics; every table holds something of each of the three patients."""
    found = Town(app)
    for record in found.records.values():
        persons.fill(record)
        erasures.withdraw(record.actor, record.patient_id, record.erasure_id, MONDAY - DAY)
    path().unlink(missing_ok=True)
    return found


def path() -> Path:
    return Path(settings.current().tombstone_file)


@pytest.fixture
def admin(town: Town) -> Actor:
    return person(town, "admin")


@pytest.fixture
def other(town: Town, admin: Actor) -> Actor:
    made = accounts.create_account(admin.clinic_id, Role.ADMIN, "Second Admin", "en", MONDAY)
    return accounts.actor_of(made)


def person(town: Town, name: str) -> Actor:
    found = town.people[name].actor
    assert found is not None
    return found


def erase(town: Town, admin: Actor, other: Actor, of: str = "own") -> Record:
    record = town.records[of]
    wish = erasures.ask(record.actor, record.patient_id, "Please", LATER)
    assert erasures.decide(admin, wish, Outcome.ERASE, WHY, LATER) is ErasureState.PROPOSED
    assert erasures.decide(other, wish, Outcome.ERASE, WHY, LATER) is None
    return record


def everything() -> dict[str, list[dict[str, Any]]]:
    return {name: [row._asdict() for row in rows(t)] for name, t in Base.metadata.tables.items()}


def test_G3_nothing_is_left_of_somebody_who_was_erased(town: Town, admin: Actor, other: Actor):
    record = town.records["own"]
    held = exports.ask(record.actor, record.patient_id, "en", LATER)
    exports.build_waiting(page, LATER)
    file = exports._path(held)
    assert file.exists()
    erase(town, admin, other)

    left = {
        name for name in KINDS if persons.rows(name, record.patient_id, record.actor.account_id)
    }
    assert left == {"audit"}
    assert not file.exists(), "the file of a copy is still there"
    text = repr(everything())
    assert record.mark not in text
    assert record.mark.lower() not in text.lower()


def test_G3_others_lose_nothing(town: Town, admin: Actor, other: Actor):
    before = {
        of: {
            name: persons.rows(name, one.patient_id, one.actor.account_id)
            for name in KINDS
            if name not in {"caseload"}
        }
        for of, one in town.records.items()
        if of != "own"
    }
    clinics = rows(Base.metadata.tables["clinic"])
    erase(town, admin, other)

    for of, tables in before.items():
        one = town.records[of]
        for name, found in tables.items():
            assert persons.rows(name, one.patient_id, one.actor.account_id) == found, (of, name)
        assert rebuild.check(one.patient_id, MONDAY) == []
    assert [row.name for row in rows(Base.metadata.tables["clinic"])] == [c.name for c in clinics]


def test_G3_the_audit_holds_ids_only_and_still_verifies(town: Town, admin: Actor, other: Actor):
    record = town.records["own"]
    audit.seal_clinic(admin.clinic_id, MONDAY)
    erase(town, admin, other)

    assert audit.verify(admin.clinic_id) == []
    mine = [row for row in rows(audit.table.AUDIT) if row.chain_id == record.patient_id]
    assert {"erasure.ask", "erasure.propose", "erasure.erase"} <= {row.action for row in mine}
    audit.seal_clinic(admin.clinic_id, LATER)
    assert audit.verify(admin.clinic_id) == []


@pytest.mark.parametrize("what", ["the last line", "the whole chain", "the tombstone"])
def test_a_chain_of_somebody_erased_cannot_be_cut(
    town: Town, admin: Actor, other: Actor, what: str
):
    record = erase(town, admin, other)
    chain = sa.text("chain_id = :of").bindparams(
        sa.bindparam("of", record.patient_id, audit.table.AUDIT.c.chain_id.type)
    )
    newest = max(r.n for r in rows(audit.table.AUDIT) if r.chain_id == record.patient_id)
    with untriggered("audit"):
        if what == "the tombstone":
            db.session.execute(sa.delete(Base.metadata.tables["tombstone"]))
        else:
            gone = sa.delete(audit.table.AUDIT).where(chain)
            if what == "the last line":
                gone = gone.where(audit.table.AUDIT.c.n == newest)
            db.session.execute(gone)
        db.session.commit()

    assert audit.verify(admin.clinic_id) != []


class untriggered:  # noqa: N801 - reads as a word in the with statement
    """A database whose guard of one table somebody took away."""

    def __init__(self, table: str) -> None:
        self.table = table

    def __enter__(self) -> None:
        if db.engine.dialect.name == "postgresql":
            db.session.execute(sa.text(f"ALTER TABLE {self.table} DISABLE TRIGGER USER"))
        else:
            for verb in ("update", "delete"):
                db.session.execute(sa.text(f"DROP TRIGGER {self.table}_no_{verb}"))
        db.session.commit()

    def __exit__(self, *_: object) -> None:
        return


# --- who decides -------------------------------------------------------------------------------


def test_Z13_what_staff_wrote_goes_only_when_two_different_people_say_so(
    town: Town, admin: Actor, other: Actor
):
    record = town.records["own"]
    wish = erasures.ask(record.actor, record.patient_id, "", LATER)
    erasures.decide(admin, wish, Outcome.ERASE, WHY, LATER)
    with pytest.raises(InvalidInput, match="same_person"):
        erasures.decide(admin, wish, Outcome.ERASE, WHY, LATER)
    with pytest.raises(NotFound):
        erasures.decide(person(town, "far_admin"), wish, Outcome.ERASE, WHY, LATER)
    with pytest.raises(NotFound):
        erasures.decide(person(town, "therapist"), wish, Outcome.ERASE, WHY, LATER)
    assert persons.rows("entry", record.patient_id, None)
    # Another outcome is a new proposal, not an agreement.
    assert erasures.decide(other, wish, Outcome.RESTRICT, WHY, LATER) is ErasureState.PROPOSED
    with pytest.raises(InvalidInput, match="same_person"):
        erasures.decide(other, wish, Outcome.RESTRICT, WHY, LATER)
    assert erasures.decide(admin, wish, Outcome.RESTRICT, WHY, LATER) is ErasureState.RESTRICTED


def test_a_record_that_staff_never_wrote_into_needs_one(town: Town, admin: Actor):
    lead = town.records["own"].lead
    account_id = accounts.create_account(lead.clinic_id, Role.PATIENT, "New P", "en", MONDAY)
    pid = patients.add_patient(
        lead, name="New P", zone="Europe/Berlin", account_id=account_id, now=MONDAY
    )
    actor = accounts.actor_of(account_id)
    wish = erasures.ask(actor, pid, "", MONDAY)

    assert erasures.decide(admin, wish, Outcome.ERASE, "You asked.", MONDAY) is None
    assert persons.rows("patient", pid, account_id) == []
    assert audit.verify(admin.clinic_id) == []


def test_the_database_itself_wants_two(town: Town, admin: Actor):
    record = town.records["own"]
    wish = erasures.ask(record.actor, record.patient_id, "", LATER)
    erasures.decide(admin, wish, Outcome.ERASE, WHY, LATER)
    table = Base.metadata.tables["erasure"]
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(
            sa.update(table)
            .where(table.c.id == wish)
            .values(state="running", decided_by=admin.account_id)
        )
    db.session.rollback()


@pytest.mark.parametrize("name", ["entry", "revision", "supply", "audit"])
def test_what_may_only_be_added_cannot_be_deleted_or_changed_otherwise(
    town: Town, admin: Actor, name: str
):
    record = town.records["own"]
    wish = erasures.ask(record.actor, record.patient_id, "", LATER)
    erasures.decide(admin, wish, Outcome.ERASE, WHY, LATER)
    table = Base.metadata.tables[name]
    for statement in (sa.delete(table), sa.update(table).values(clinic_id=new_id())):
        with pytest.raises(sa.exc.DatabaseError, match="append-only"):
            db.session.execute(statement)
        db.session.rollback()


def test_a_running_erasure_lets_no_other_patients_rows_go(town: Town, admin: Actor):
    own, near = town.records["own"], town.records["near"]
    wish = erasures.ask(own.actor, own.patient_id, "", LATER)
    table, entry = Base.metadata.tables["erasure"], Base.metadata.tables["entry"]
    db.session.execute(
        sa.update(table)
        .where(table.c.id == wish)
        .values(
            state="running",
            outcome="erase",
            decided_by=admin.account_id,
            proposed_by=new_id(),
        )
    )
    with pytest.raises(sa.exc.DatabaseError, match="append-only"):
        db.session.execute(sa.delete(entry).where(entry.c.patient_id == near.patient_id))
    db.session.rollback()


def test_a_record_that_must_be_kept_is_not_erased(town: Town, admin: Actor, other: Actor):
    record = town.records["own"]
    wish = erasures.ask(record.actor, record.patient_id, "", MONDAY)
    with pytest.raises(InvalidInput, match="must_be_kept"):
        erasures.decide(admin, wish, Outcome.ERASE, WHY, MONDAY)
    shown = erasures.wishes(admin, MONDAY)[0]
    assert shown.kept_until is not None
    assert shown.kept_until.year == MONDAY.year + 10
    assert shown.needs_two


def test_without_a_reason_nothing_is_decided(town: Town, admin: Actor):
    record = town.records["own"]
    wish = erasures.ask(record.actor, record.patient_id, "", MONDAY)
    with pytest.raises(InvalidInput, match="empty"):
        erasures.decide(admin, wish, Outcome.REFUSE, " ", MONDAY)


def test_a_wish_is_refused_with_a_reason_and_may_be_made_again(town: Town, admin: Actor):
    record = town.records["own"]
    wish = erasures.ask(record.actor, record.patient_id, "", MONDAY)
    with pytest.raises(Conflict):
        erasures.ask(record.actor, record.patient_id, "", MONDAY)
    reason = "There is a case at court."
    assert erasures.decide(admin, wish, Outcome.REFUSE, reason, MONDAY) is ErasureState.REFUSED
    assert erasures.erasures_of(record.patient_id)[0].reason == reason
    with pytest.raises(Conflict):
        erasures.decide(admin, wish, Outcome.RESTRICT, WHY, MONDAY)
    again = erasures.ask(record.actor, record.patient_id, "", MONDAY + MINUTE)
    erasures.withdraw(record.actor, record.patient_id, again, MONDAY + 2 * MINUTE)
    with pytest.raises(Conflict):
        erasures.decide(admin, again, Outcome.REFUSE, reason, MONDAY + 3 * MINUTE)


@pytest.mark.parametrize("who", ["therapist", "stranger", "admin", "near"])
def test_nobody_asks_in_anothers_place(town: Town, who: str):
    record = town.records["own"]
    with pytest.raises(NotFound):
        erasures.ask(person(town, who), record.patient_id, "", MONDAY)


def test_a_proxy_neither_asks_to_forget_nor_for_a_copy(town: Town):
    record = town.records["own"]
    acting = next(
        one for one in proxies.proxies_of(record.actor, record.patient_id, MONDAY)
    ).account_id
    proxy = accounts.actor_of(acting)
    assert relations.relation_to_patient(proxy, record.patient_id, MONDAY) is Relation.PROXY
    with pytest.raises(NotFound):
        erasures.ask(proxy, record.patient_id, "", MONDAY)
    with pytest.raises(NotFound):
        exports.ask(proxy, record.patient_id, "en", MONDAY)


# --- locked away -------------------------------------------------------------------------------


def lock(town: Town, admin: Actor, other: Actor) -> Record:
    record = town.records["own"]
    wish = erasures.ask(record.actor, record.patient_id, "", MONDAY)
    erasures.decide(admin, wish, Outcome.RESTRICT, "The law wants it kept until 2036.", MONDAY)
    erasures.decide(other, wish, Outcome.RESTRICT, "The law wants it kept until 2036.", MONDAY)
    return record


def test_G4_a_locked_record_is_nobodys_but_the_patients(town: Town, admin: Actor, other: Actor):
    before = programmes_sum(admin)
    record = lock(town, admin, other)

    for who in ("therapist", "admin", "colleague"):
        found = relations.relation_to_patient(person(town, who), record.patient_id, MONDAY)
        assert found is Relation.NONE, who
        seen = relations.relation_to_notice(person(town, who), record.notice_id, MONDAY)
        assert seen is Relation.NONE, who
    assert relations.relation_to_patient(record.actor, record.patient_id, MONDAY) is Relation.SELF
    assert relations.relation_to_notice(record.actor, record.notice_id, MONDAY) is Relation.SELF
    assert record.mark not in repr(patients.patients(record.lead, None, 50, MONDAY))
    assert record.mark not in repr(review.queue(record.lead, MONDAY))
    assert programmes_sum(admin) < before
    assert rows(Base.metadata.tables["outbox"]) == [
        row for row in rows(Base.metadata.tables["outbox"]) if row.patient_id != record.patient_id
    ]


def programmes_sum(admin: Actor) -> int:
    assert programmes.overview(admin, MONDAY)
    table = Base.metadata.tables["caseload"]
    return sum(row.clinic_id == admin.clinic_id for row in rows(table))


def test_G4_the_patient_reads_why_and_has_a_copy_made(town: Town, admin: Actor, other: Actor):
    record = lock(town, admin, other)
    shown = erasures.erasures_of(record.patient_id)[0]

    assert (shown.state, shown.outcome) == (ErasureState.RESTRICTED, Outcome.RESTRICT)
    assert "2036" in shown.reason
    held = exports.ask(record.actor, record.patient_id, "en", MONDAY)
    exports.build_waiting(page, MONDAY)
    assert b"".join(exports.fetch(record.actor, record.patient_id, held, MONDAY))


def test_G4_nothing_changes_a_locked_record_and_the_jobs_leave_it(
    town: Town, admin: Actor, other: Actor
):
    record = lock(town, admin, other)
    said = {"client_id": new_id(), "symptom": "pain", "value": 3.0, "performed_at": MONDAY}
    with pytest.raises(Restricted):
        entries.log_entry(record.actor, record.patient_id, {**said, "status": None}, MONDAY)
    reports = work.run_once(MONDAY + 3 * DAY)

    assert [one.job for one in reports if one.failed] == []
    assert persons.rows("caseload", record.patient_id, None) == []
    assert record.patient_id not in rebuild.patient_ids()
    assert audit.verify(admin.clinic_id) == []


def test_G4_what_was_locked_is_erased_once_nothing_wants_it_kept(
    town: Town, admin: Actor, other: Actor
):
    record = lock(town, admin, other)
    wish = erasures.wishes(admin, LATER)[0]
    assert wish.kept_until is None
    with pytest.raises(InvalidInput, match="locked_already"):
        erasures.decide(admin, wish.id, Outcome.RESTRICT, WHY, LATER)
    erasures.decide(admin, wish.id, Outcome.ERASE, WHY, LATER)
    assert erasures.decide(other, wish.id, Outcome.ERASE, WHY, LATER) is None
    assert persons.rows("patient", record.patient_id, None) == []


# --- what comes back ---------------------------------------------------------------------------


def test_the_list_outside_says_who_is_gone_and_nothing_else(town: Town, admin: Actor, other: Actor):
    record = erase(town, admin, other)
    text = path().read_text()

    assert [(one.digest, one.fate) for one in erasures.read_tombstones(path())] == [
        (erasures.digest_of(record.patient_id), Fate.ERASED)
    ]
    assert str(record.patient_id) not in text
    assert record.patient_id.hex not in text
    assert path().stat().st_mode & 0o077 == 0
    path().unlink()
    assert erasures.list_tombstones() == 1, "a lost list is written anew from the database"
    assert erasures.list_tombstones() == 0


def test_whom_an_old_backup_brings_back_goes_again(town: Town, admin: Actor, other: Actor):
    own, near = town.records["own"], town.records["near"]
    listed = [
        erasures.Tombstone(erasures.digest_of(own.patient_id), Fate.RESTRICTED, MONDAY),
        erasures.Tombstone(erasures.digest_of(own.patient_id), Fate.ERASED, MONDAY),
        erasures.Tombstone(erasures.digest_of(near.patient_id), Fate.RESTRICTED, MONDAY),
        erasures.Tombstone(b"x" * 32, Fate.ERASED, MONDAY),
    ]

    assert erasures.bury_again(listed, MONDAY) == (1, 1)
    assert persons.rows("patient", own.patient_id, None) == []
    assert own.mark not in repr(everything())
    colleague = person(town, "colleague")
    assert relations.relation_to_patient(colleague, near.patient_id, MONDAY) is Relation.NONE
    assert audit.verify(admin.clinic_id) == []
    assert erasures.bury_again(listed, MONDAY) == (0, 0)


def test_a_damaged_list_is_not_taken_for_an_empty_one(tmp_path: Path):
    listed = tmp_path / "tombstones.txt"
    for damaged in ("nonsense\n", "nonsense", f"{'0' * 64} erased\n", "\xff\n"):
        listed.write_bytes(damaged.encode("latin-1"))
        with pytest.raises(InvalidInput, match="tombstones"):
            erasures.read_tombstones(listed)


GONE = [
    erasures.Tombstone(bytes([n]) * 32, fate, MONDAY)
    for n in range(3)
    for fate in (Fate.RESTRICTED, Fate.ERASED)
]


def test_a_line_that_was_cut_short_is_written_again(tmp_path: Path):
    listed = tmp_path / "new" / "tombstones.txt"
    assert erasures.add_tombstones(listed, []) == 0
    assert not listed.exists(), "an empty list would say that nobody is gone"
    assert erasures.add_tombstones(listed, GONE[:1]) == 1
    first = listed.read_bytes()
    assert erasures.add_tombstones(listed, GONE) == len(GONE) - 1
    whole = listed.read_bytes()
    assert erasures.read_tombstones(listed) == GONE
    assert listed.stat().st_mode & 0o077 == 0
    for cut in range(len(whole)):
        listed.write_bytes(whole[:cut])
        erasures.add_tombstones(listed, GONE)
        known = [(one.digest, one.fate) for one in erasures.read_tombstones(listed)]
        assert known == [(one.digest, one.fate) for one in GONE]
        assert listed.read_bytes().startswith(first[: cut or None])
    listed.write_bytes(whole.rstrip())
    assert erasures.add_tombstones(listed, GONE[:2]) == 0
    assert listed.read_bytes() == whole, "what was written by hand without its end stays"
    listed.write_bytes(b"nonsense\n" + whole)
    with pytest.raises(InvalidInput, match="tombstones"):
        erasures.add_tombstones(listed, GONE)
    assert listed.read_bytes() == b"nonsense\n" + whole


def test_two_processes_write_one_list(tmp_path: Path):
    listed = tmp_path / "tombstones.txt"
    many = [erasures.Tombstone(bytes([n]) * 32, Fate.ERASED, MONDAY) for n in range(200)]

    def one_by_one(_: int) -> int:
        return sum(erasures.add_tombstones(listed, [one]) for one in many)

    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(one_by_one, range(4)))
    assert sum(added) == len(many)
    assert sorted(erasures.read_tombstones(listed), key=lambda one: one.digest) == many


def test_a_damaged_list_takes_no_decision_back(
    town: Town, admin: Actor, other: Actor, caplog: pytest.LogCaptureFixture
):
    path().write_text("nonsense\n")
    record = erase(town, admin, other)
    assert persons.rows("patient", record.patient_id, None) == []
    assert "the list of tombstones could not be written" in caplog.text
    with pytest.raises(InvalidInput, match="tombstones"):
        erasures.list_tombstones()
    path().unlink()
    assert erasures.list_tombstones() == 1


def test_who_acts_for_somebody_else_keeps_the_account_for_that(
    town: Town, admin: Actor, other: Actor
):
    own, near = town.records["own"], town.records["near"]
    who = own.actor
    assert write(lambda run: addresses.give(run, who.account_id, who.clinic_id, "own@example.org"))
    proxies.add_proxy(
        near.lead,
        near.patient_id,
        name="Somebody",
        email="own@example.org",
        until_at=None,
        until_grown=False,
        locale="en",
        now=MONDAY,
    )
    erase(town, admin, other)

    actor = accounts.actor_of(own.actor.account_id)
    assert actor.patient_id is None
    assert relations.relation_to_patient(actor, near.patient_id, LATER) is Relation.PROXY
    assert sessions.open_session(session_of(actor.account_id, LATER), LATER) is not None
    held = {name for name, kind in KINDS.items() if kind.whose is Whose.PATIENT}
    assert {n for n in held if persons.rows(n, own.patient_id, None)} == {"audit"}
