"""D1: every column of every table says what it holds, and every table whose its rows are."""

import pytest
import sqlalchemy as sa

from adherence.app import create_app
from adherence.store.classes import KINDS, Class, Kind, Whose, tables_of_person
from adherence.store.columns import Base

assert create_app is not None  # it joins all rooms, so every table is known

#: What a name gives away: a column called so that is no secret needs a second look.
SECRET_WORDS = ("password", "totp", "pin", "sealed", "credential", "public_key", "handle", "token")
#: They sound like a secret and are none: a time step, and the audit's own numbers.
NO_SECRETS = {("account", "totp_step"), ("patient", "sealed_n"), ("clinic", "sealed_n")}


def unclassified(tables: dict[str, sa.Table], kinds: dict[str, Kind]) -> list[str]:
    """Tables and columns that say nothing of themselves, and what is said of none."""
    found = {f"{name}.{column.name}" for name, one in tables.items() for column in one.c}
    said = {f"{name}.{column}" for name, kind in kinds.items() for column in kind.columns}
    return sorted(found ^ said)


def test_D1_every_column_has_a_class_and_nothing_else_has():
    assert unclassified(dict(Base.metadata.tables), KINDS) == []


def test_D1_a_column_that_somebody_adds_is_found():
    metadata = sa.MetaData()
    added = sa.Table("job_state", metadata, sa.Column("job", sa.String), sa.Column("x", sa.String))

    assert "job_state.x" in unclassified({**Base.metadata.tables, "job_state": added}, KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_D1_rows_are_somebodys_by_a_column_that_says_so(name: str):
    kind, table = KINDS[name], Base.metadata.tables[name]
    if kind.whose is Whose.NOBODY:
        assert not kind.key
        return
    if name == "tombstone":
        assert kind.whose is Whose.CLINIC, "what is left of somebody erased is nobody's any more"
        return
    assert kind.key in table.c
    if kind.whose is Whose.CLINIC:
        assert not {"patient_id", "chain_id"} & {*table.c.keys()}
        assert Class.HEALTH not in kind.columns.values()


def test_D1_every_table_that_names_a_patient_is_walked():
    walked = {name for name, _ in tables_of_person()}
    naming = {name for name, table in Base.metadata.tables.items() if "patient_id" in table.c}

    assert naming - walked == set()


def test_D1_what_lets_somebody_in_is_a_secret():
    loose = [
        (name, column)
        for name, kind in KINDS.items()
        for column, one in kind.columns.items()
        if one is not Class.SECRET and column.startswith(SECRET_WORDS)
    ]

    assert set(loose) - NO_SECRETS == set()


def test_D1_a_digest_that_is_looked_up_is_a_secret():
    """A hash by which a code, token or session is found stays in the database."""
    keys = {
        (name, column.name)
        for name, table in Base.metadata.tables.items()
        for column in table.c
        if column.name == "digest" and (column.primary_key or column.unique)
    }
    known = {(n, c) for n, kind in KINDS.items() for c, o in kind.columns.items() if o == "secret"}

    assert keys - known == {
        ("tombstone", "digest"),
        ("consent_text", "digest"),
    }
