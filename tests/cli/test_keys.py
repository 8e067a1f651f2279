"""``adherence keys`` and what became of ``adherence account reseal``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adherence.domain.access import Role
from adherence.services import accounts, backups, patients
from adherence.store import addresses
from adherence.store.db import read
from tests.cli.test_backups import Place
from tests.practice import MONDAY

FRESH = "another-key-of-tests-0123456789-abcdef"


def lines(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """What was printed, by what stands before the colon."""
    said = capsys.readouterr().out
    return dict(line.split(": ", 1) for line in said.splitlines() if ": " in line)


def test_the_list_counts_addresses_and_rotating_moves_them(
    store_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    place = Place(store_url, tmp_path)
    assert place.run("keys", "create", tmp_path / "key") == 0
    with place.app.app_context():
        clinic_id = patients.add_clinic(
            name="Praxis", zone="Europe/Berlin", emergency_number="112", now=MONDAY
        )
        for n in range(2):
            accounts.create_account(
                clinic_id, Role.PATIENT, "N", "en", MONDAY, email=f"n{n}@example.org"
            )
    old = place.settings.secret_key
    place.settings = replace(place.settings, secret_key=FRESH, secret_key_fallbacks=(old,))

    capsys.readouterr()
    assert place.run("keys", "list") == 0
    said = lines(capsys)
    earlier = "0 under the secret in use, {} under earlier ones, 0 unreadable"
    assert said["e-mail addresses"] == earlier.format(2)
    assert said["keys of look-ups by address"] == earlier.format(1)
    assert said["notes, answers and addresses from before there were keys"] == "0"
    assert "example.org" not in str(said)
    assert place.run("keys", "rotate") == 0
    capsys.readouterr()
    place.settings = replace(place.settings, secret_key_fallbacks=())
    assert place.run("keys", "list") == 0
    now = "{} under the secret in use, 0 under earlier ones, 0 unreadable"
    said = lines(capsys)
    assert said["e-mail addresses"] == now.format(2)
    assert said["keys of look-ups by address"] == now.format(1)
    other = place.other(store_url)
    with other.app_context(), read() as run:
        assert addresses.account_with(run, clinic_id, "n1@example.org") is not None
    place.settings = replace(place.settings, secret_key=old)
    assert place.run("keys", "list") == 1, "nothing of it can be read any more"
    backups.let_go(other)
    backups.let_go(place.app)


def test_there_is_one_command_that_encrypts_anew(store_url: str, tmp_path: Path):
    place = Place(store_url, tmp_path)
    with pytest.raises(SystemExit) as ended:
        place.run("account", "reseal")
    assert ended.value.code == 2
    backups.let_go(place.app)
