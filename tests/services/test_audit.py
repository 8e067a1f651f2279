"""The audit: every change, deletion, swap and cut is found, and where."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from adherence.services import audit, entries, patients
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
    assert "sealed end" in faults[0].what


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
