"""The audit: every change, deletion, swap and cut is found, and where."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
import sqlalchemy as sa

from adherence.domain.audit import GENESIS, Refusal, link
from adherence.services import audit, entries, patients
from adherence.store import clinics
from adherence.store.audit import AUDIT, AUDIT_SEAL
from adherence.store.db import store, write
from tests.wards import DAY, MONDAY, document, ward

pytestmark = pytest.mark.usefixtures("app")


def unguarded(work):
    """What somebody with the database's own rights could do."""

    def run_it(run):
        if store().sqlite:
            for table in ("audit", "audit_seal"):
                for verb in ("update", "delete"):
                    run.connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
        else:
            for table in ("audit", "audit_seal"):
                run.connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        return work(run)

    return write(run_it)


def filled(lines: int = 60):
    w = ward()
    for n in range(lines):
        said = document(w.exercise_id, MONDAY - timedelta(minutes=n))
        entries.log_entry(w.patient, w.patient_id, said, MONDAY)
        if n == lines // 2:
            audit.seal_clinic(w.clinic_id, MONDAY)
    patients.sheet(w.therapist, w.patient_id, MONDAY)
    return w


def test_an_untouched_record_has_no_fault_and_sealing_twice_adds_nothing():
    w = filled(10)

    assert audit.seal_clinic(w.clinic_id, MONDAY) > 0
    assert audit.seal_clinic(w.clinic_id, MONDAY + DAY) == 0
    assert audit.verify(w.clinic_id) == []


def test_somebody_elses_look_is_one_line_and_ones_own_is_none():
    w = ward()

    def looks():
        from adherence.store.db import read

        with read() as run:
            return run.core(
                sa.select(sa.func.count())
                .select_from(AUDIT)
                .where(AUDIT.c.chain_id == w.patient_id, AUDIT.c.action == "patient.read")
            )[0][0]

    patients.sheet(w.patient, w.patient_id, MONDAY)
    assert looks() == 0
    patients.sheet(w.therapist, w.patient_id, MONDAY)
    assert looks() == 1


def one_line(chain, n):
    return sa.and_(AUDIT.c.chain_id == chain, AUDIT.c.n == n)


@pytest.mark.parametrize("seed", range(5))
def test_every_tampering_is_found_and_located(seed):
    chance = random.Random(seed)
    w = filled()
    n = chance.randint(2, 55)
    mine = one_line(w.patient_id, n)
    tampered = {
        "change": sa.update(AUDIT).where(mine).values(action="entry.nothing"),
        "when": sa.update(AUDIT).where(mine).values(at=MONDAY + DAY),
        "who": sa.update(AUDIT).where(mine).values(actor_id=w.goal_id),
        "what": sa.update(AUDIT).where(mine).values(digest=b"x" * 16),
        "remove": sa.delete(AUDIT).where(mine),
    }
    kind = list(tampered)[seed]

    unguarded(lambda run: run.connection.execute(tampered[kind]))

    faults = audit.verify(w.clinic_id)
    assert [(fault.chain_id, fault.n) for fault in faults] == [(w.patient_id, n)]


def test_two_swapped_lines_are_found():
    w = filled(20)

    def swap(run):
        for old, new in ((5, 1_000), (6, 5), (1_000, 6)):
            run.connection.execute(
                sa.update(AUDIT).where(one_line(w.patient_id, old)).values(n=new)
            )

    unguarded(swap)

    assert [(fault.chain_id, fault.n) for fault in audit.verify(w.clinic_id)] == [(w.patient_id, 5)]


def test_a_cut_tail_is_found_even_when_the_head_is_cut_with_it():
    w = filled(20)
    audit.seal_clinic(w.clinic_id, MONDAY)
    from adherence.store.patients import PATIENT

    def cut(run):
        kept = run.connection.execute(
            sa.select(AUDIT.c.hash).where(one_line(w.patient_id, 15))
        ).scalar_one()
        run.connection.execute(
            sa.delete(AUDIT).where(AUDIT.c.chain_id == w.patient_id, AUDIT.c.n > 15)
        )
        run.connection.execute(
            sa.update(PATIENT)
            .where(PATIENT.c.id == w.patient_id)
            .values(audit_n=15, audit_head=kept, sealed_n=15)
        )

    unguarded(cut)

    faults = audit.verify(w.clinic_id)
    assert [fault.chain_id for fault in faults] == [w.patient_id]
    assert "seal" in faults[0].what


def test_a_removed_chain_is_found():
    w = filled(5)
    audit.seal_clinic(w.clinic_id, MONDAY)

    unguarded(
        lambda run: run.connection.execute(sa.delete(AUDIT).where(AUDIT.c.chain_id == w.patient_id))
    )

    assert w.patient_id in {fault.chain_id for fault in audit.verify(w.clinic_id)}


def test_a_changed_or_removed_seal_is_found():
    w = filled(5)
    audit.seal_clinic(w.clinic_id, MONDAY)
    entries.log_entry(w.patient, w.patient_id, document(w.exercise_id), MONDAY)
    audit.seal_clinic(w.clinic_id, MONDAY + DAY)

    unguarded(
        lambda run: run.connection.execute(
            sa.delete(AUDIT_SEAL).where(AUDIT_SEAL.c.clinic_id == w.clinic_id, AUDIT_SEAL.c.n == 2)
        )
    )

    assert audit.verify(w.clinic_id) != []


def test_every_look_of_somebody_else_over_http_is_one_line(app):
    """Pages, pictures and API alike; one's own looks leave none."""
    from adherence.services import accounts
    from adherence.store.db import read

    w = ward()
    app.extensions["adherence.clock"] = lambda: MONDAY
    tokens = {
        actor: accounts.make_token(actor.account_id, "t", MONDAY)
        for actor in (w.patient, w.therapist)
    }

    def lines():
        with read() as run:
            return run.core(
                sa.select(sa.func.count())
                .select_from(AUDIT)
                .where(AUDIT.c.chain_id == w.patient_id)
            )[0][0]

    def ask(actor, path):
        with app.app_context():
            answer = app.test_client().get(
                f"/api/v1/patients/{w.patient_id}{path}",
                headers={"Authorization": f"Bearer {tokens[actor]}"},
            )
        assert answer.status_code == 200

    looks = ["", "/goals", "/progress", "/entries", "/charts/adherence.svg", "/notices"]
    before = lines()
    for path in looks:
        ask(w.patient, path)
    assert lines() == before
    for path in looks:
        ask(w.therapist, path)
    assert lines() == before + len(looks)
    assert audit.verify(w.clinic_id) == []


# --- many tamperings -----------------------------------------------------------------------------

#: Every column of a line, and another value for it.
CHANGES = {
    "clinic_id": lambda row, chance: UUID(int=chance.getrandbits(128)),
    "at": lambda row, chance: row.at + timedelta(microseconds=chance.choice((-1, 1, 10**9))),
    "actor_id": lambda row, chance: UUID(int=chance.getrandbits(128)),
    "action": lambda row, chance: chance.choice(("entry.correct", row.action + " ", "x")),
    "object_id": lambda row, chance: UUID(int=chance.getrandbits(128)),
    "result": lambda row, chance: "refused" if row.result == "ok" else "ok",
    "digest": lambda row, chance: None if row.digest else chance.randbytes(16),
    "hash": lambda row, chance: chance.randbytes(32),
    "relation": lambda row, chance: "self" if row.relation != "self" else None,
    "reason": lambda row, chance: "role" if row.reason != "role" else None,
    "source": lambda row, chance: "api" if row.source != "api" else None,
    "request_id": lambda row, chance: chance.randbytes(8).hex(),
}


class Undone(Exception):
    """Takes a tampering back."""


def tampering(run, chance, rows, seals, w):
    """Tamper with the audit once; the chains in which that has to show."""
    row = chance.choice(rows)
    mine = one_line(row.chain_id, row.n)
    kind = chance.choice(("change",) * 5 + ("remove", "insert", "swap", "cut", "forge", "seal"))
    do = run.connection.execute
    match kind:
        case "change":
            column = chance.choice(sorted(CHANGES))
            do(sa.update(AUDIT).where(mine).values({column: CHANGES[column](row, chance)}))
        case "remove":
            do(sa.delete(AUDIT).where(mine))
        case "insert":
            last = max(one.n for one in rows if one.chain_id == row.chain_id)
            do(sa.insert(AUDIT).values(row._asdict() | {"n": last + chance.choice((1, 2))}))
        case "swap":
            others = [one for one in rows if one.chain_id == row.chain_id and one.n != row.n]
            other = chance.choice(others)
            do(sa.delete(AUDIT).where(one_line(row.chain_id, other.n)))
            do(sa.update(AUDIT).where(mine).values(n=other.n))
            do(sa.insert(AUDIT).values(other._asdict() | {"n": row.n}))
        case "cut":
            do(sa.delete(AUDIT).where(AUDIT.c.chain_id == row.chain_id, AUDIT.c.n >= row.n))
        case "forge":
            # A line made anew with a right hash of its own: what follows no longer hangs on it.
            before = next(
                (one.hash for one in rows if (one.chain_id, one.n) == (row.chain_id, row.n - 1)),
                GENESIS,
            )
            around = (row.relation, row.reason, row.source, row.request_id)
            forged = link(
                bytes(before), row.chain_id, row.n, row.clinic_id, row.at, row.actor_id,
                "entry.forged", row.object_id, row.result, row.digest, around,
            )  # fmt: skip
            do(sa.update(AUDIT).where(mine).values(action="entry.forged", hash=forged))
        case "seal":
            sealed = chance.choice(seals)
            here = sa.and_(AUDIT_SEAL.c.clinic_id == sealed.clinic_id, AUDIT_SEAL.c.n == sealed.n)
            if chance.random() < 0.5:
                do(sa.delete(AUDIT_SEAL).where(here))
            else:
                do(sa.update(AUDIT_SEAL).where(here).values(heads=sealed.heads[:-1]))
            return {w.clinic_id}, kind
    return {row.chain_id}, kind


def test_L5_two_thousand_tamperings_are_all_found_and_located():
    """F18. Each is taken back before the next, so every one stands alone."""
    w = filled(40)
    for n in range(4):
        said = document(w.exercise_id, MONDAY - timedelta(hours=n + 5))
        entries.log_entry(w.patient, w.patient_id, said, MONDAY)
        audit.note_refusal(w.therapist, "goal.read", w.patient_id, Refusal.ROLE, MONDAY)
        audit.seal_clinic(w.clinic_id, MONDAY + (n + 1) * DAY)
    many, chance = 2_000 if store().sqlite else 200, random.Random(18)
    missed, kinds = [], Counter()

    def one_of_many(run):
        rows = run.connection.execute(sa.select(AUDIT)).all()
        seals = run.connection.execute(sa.select(AUDIT_SEAL)).all()
        expected, kind = tampering(run, chance, rows, seals, w)
        kinds[kind] += 1
        found = {fault.chain_id for fault in audit.verify_within(run, w.clinic_id)}
        # A seal speaks of many chains, so its loss shows at the clinic or at any of them.
        is_found = bool(found) if kind == "seal" else found == expected
        if not is_found:
            missed.append((kind, expected, found))
        raise Undone

    for _ in range(many):
        with suppress(Undone):
            unguarded(one_of_many)

    assert missed == []
    assert len(kinds) == 7
    assert audit.verify(w.clinic_id) == []


def test_lines_of_before_circumstances_were_kept_still_hold():
    """Migration 0005 gave lines four more columns; those of before stay null and are hashed so."""
    w = filled(3)

    def as_before(run):
        row = run.first(clinics.lock_clinic, clinic_id=w.clinic_id)
        said = (
            w.clinic_id,
            MONDAY,
            w.therapist.account_id,
            "patient.list",
            w.clinic_id,
            "ok",
            None,
        )
        fields = dict(
            zip(
                ("clinic_id", "at", "actor_id", "action", "object_id", "result", "digest"),
                said,
                strict=True,
            )
        )
        n = row.audit_n + 1
        head = link(bytes(row.audit_head), w.clinic_id, n, *said)
        run.connection.execute(
            sa.insert(AUDIT).values(chain_id=w.clinic_id, n=n, hash=head, **fields)
        )
        run.do(clinics.set_clinic_head, clinic_id=w.clinic_id, n=n, head=head)
        return n

    n = write(as_before)
    assert audit.verify(w.clinic_id) == []

    # Nobody makes one of the new form of it, or tells another story.
    for change in ({"source": "page"}, {"action": "patient.read"}):
        with suppress(Undone):
            unguarded(partial(_changed_and_seen, w.clinic_id, n, change))


def _changed_and_seen(clinic_id, n, change, run):
    run.connection.execute(sa.update(AUDIT).where(one_line(clinic_id, n)).values(**change))
    faults = audit.verify_within(run, clinic_id)
    assert [(fault.chain_id, fault.n) for fault in faults] == [(clinic_id, n)], change
    raise Undone
