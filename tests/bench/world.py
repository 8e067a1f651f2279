"""The people of the bench: a few who lived through the services, and many copies of them.

A template patient reports every day through the real services, so day sums, milestones and caseload
are the product's own. Copies are rows inserted by SQL, which is done only here and only for speed:
every table of the record is copied under a new patient id; ``differences`` lets the product compare
a sample of them with a computation from scratch. Copies have no audit lines of their past.
"""

from __future__ import annotations

import hashlib
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from tests.builders import EIGHT_A_DAY, Admitted, Clinic, Plans, admit, found_clinic, live

TEMPLATES = 3
"""Patients per group that lived; each keener than the one before."""

COPIED = (
    "zone_change",
    "care_relation",
    "goal",
    "plan",
    "activity",
    "revision",
    "activity_goal",
    "pause",
    "entry",
    "day_sum",
    "caseload",
    "milestone",
    "notice",
)
"""Tables keyed by patient, in an order that every reference allows."""


@dataclass(frozen=True, slots=True)
class Group:
    """How many patients of one clinic, how many days behind them, and what is asked of each.

    Only the first ``entries`` of them have entries beneath, all where nothing is said; the others
    have the day sums, caseload row and milestones of a patient who has, which is all that a list
    looks at. Whoever lived has entries.
    """

    name: str
    patients: int
    days: int
    plans: Plans = EIGHT_A_DAY
    entries: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A patient as the workloads see one; ``entries`` is how many lie behind."""

    patient_id: UUID
    account_id: UUID
    token: str
    of: Admitted
    entries: int


@dataclass(frozen=True, slots=True)
class Population:
    """A clinic that was filled; the record of ``whole`` people has its entries."""

    group: Group
    clinic: Clinic
    people: Sequence[Person]
    whole: int


def populate(engine: sa.Engine, group: Group, seed: int) -> Population:
    """A clinic with the group's patients. An application context has to be pushed."""
    from adherence.services import accounts

    now = datetime.now(UTC)
    began = now - timedelta(days=group.days)
    clinic = found_clinic(began)
    chance = random.Random(seed)
    people = []
    for number in range(min(TEMPLATES, group.patients)):
        one = admit(clinic, number, began, group.plans)
        second = began.date() + timedelta(days=1)
        behind = live(one, second, now.date(), seed + number, 0.6 + 0.15 * number)
        token = accounts.make_token(one.actor.account_id, "bench", began)
        people.append(Person(one.patient_id, one.actor.account_id, token, one, behind))
    lived = tuple(people)
    whole = group.patients if group.entries is None else max(group.entries, len(lived))
    copiers = [
        Copier(engine, COPIED),
        Copier(engine, [name for name in COPIED if name != "entry"]),
    ]
    for start in range(len(lived), group.patients, 100):
        with engine.begin() as connection:
            for number in range(start, min(start + 100, group.patients)):
                original = lived[number % len(lived)]
                copier = copiers[number >= whole]
                people.append(copier.copy(connection, original, number, chance))
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    return Population(group, clinic, people, whole)


class Copier:
    """Copies one patient's rows under new ids."""

    def __init__(self, engine: sa.Engine, tables: Sequence[str]) -> None:
        self.sqlite = engine.dialect.name == "sqlite"
        fresh = "randomblob(16)" if self.sqlite else "gen_random_uuid()"
        inspector = sa.inspect(engine)

        def statement(table: str, where: str, **new: str) -> sa.TextClause:
            names = [column["name"] for column in inspector.get_columns(table)]
            values = ", ".join(new.get(name, name) for name in names)
            listed = ", ".join(names)
            return sa.text(f"INSERT INTO {table} ({listed}) SELECT {values} FROM {table} {where}")

        of_account = "WHERE account_id = :old_account"
        self.statements = [
            statement("account", "WHERE id = :old_account", id=":account", name=":name"),
            statement("api_token", of_account, digest=":digest", account_id=":account"),
            statement(
                "patient",
                "WHERE id = :old",
                id=":new",
                account_id=":account",
                name=":name",
                audit_n="0",
                audit_head="NULL",
                sealed_n="0",
            ),
        ]
        for table in tables:
            new = {"patient_id": ":new"}
            if table == "notice":
                new["id"] = fresh
            self.statements.append(statement(table, "WHERE patient_id = :old", **new))

    def native(self, value: UUID) -> Any:
        """A UUID as this database's driver wants it."""
        return value.bytes if self.sqlite else value

    def copy(
        self, connection: sa.Connection, of: Person, number: int, chance: random.Random
    ) -> Person:
        """One more patient like ``of``."""
        new, account = (UUID(int=chance.getrandbits(128), version=4) for _ in range(2))
        token = uuid.UUID(int=chance.getrandbits(128)).hex * 2
        given = {
            "old": self.native(of.patient_id),
            "old_account": self.native(of.account_id),
            "new": self.native(new),
            "account": self.native(account),
            "name": f"Patient {number}",
            "digest": hashlib.sha256(token.encode()).digest(),
        }
        for statement in self.statements:
            named = {name: given[name] for name in statement._bindparams}
            connection.execute(statement, named)
        return replace(of, patient_id=new, account_id=account, token=token)


def differences(population: Population, many: int, seed: int) -> list[str]:
    """What the product finds wrong with the projections of ``many`` whole records, most of them
    copies."""
    from adherence.services import rebuild

    chance = random.Random(seed)
    whole = list(population.people[: population.whole])
    sample = chance.sample(whole, min(many, len(whole)))
    now = datetime.now(UTC)
    return [str(found) for one in sample for found in rebuild.check(one.patient_id, now)]
