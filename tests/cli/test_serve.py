"""``adherence serve`` on tables that it cannot serve."""

from __future__ import annotations

from pathlib import Path

import pytest

from adherence.app import create_app
from adherence.cli.main import main
from adherence.migrations import newest, upgrade
from adherence.settings import Settings
from tests.builders import settings


@pytest.fixture
def given(tmp_path: Path) -> Settings:
    """Settings on a database that does not exist yet."""
    return settings(f"sqlite:///{tmp_path / 'adherence.sqlite'}")


def refused(given: Settings, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command says as it ends; it would go on for ever if it served."""
    assert main(lambda: create_app(given), ["serve", "--port", "0"]) == 1
    return capsys.readouterr().err


def test_it_says_what_to_run_first(given: Settings, capsys: pytest.CaptureFixture[str]):
    assert "adherence db upgrade" in refused(given, capsys)


def test_older_tables_than_the_code_needs_are_not_served(
    given: Settings, capsys: pytest.CaptureFixture[str]
):
    with create_app(given).app_context():
        upgrade("0013")
    said = refused(given, capsys)
    assert "0013" in said
    assert str(newest()) in said
    assert "adherence db upgrade" in said
