"""A clinic does not start on what is unsafe, and says in one sentence what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adherence.settings import DEMO_SECRET, Mode, Settings, UnsafeSettings

GOOD = "f3a9c04b7d1e58620fb3c9d7a4e2518860b1f7c3d5e9a2846"
HTTPS = "https://adherence.example.org"


def clinic(**more: object) -> Settings:
    given = {
        "mode": Mode.CLINIC,
        "secret_key": GOOD,
        "base_url": HTTPS,
        "database_url": "sqlite://",
    }
    return Settings(**given | more)  # type: ignore[arg-type]  # what is wrong is the point


def test_K4_a_clinic_starts_on_a_long_random_secret():
    assert clinic().secret_keys == (GOOD,)


@pytest.mark.parametrize(
    "secret", ["", "Zu-kurz", DEMO_SECRET, "a" * 64, "ab" * 32, GOOD[:31], "changeme", "0" * 32]
)
def test_K4_a_clinic_refuses_a_missing_known_short_or_plain_secret(secret: str):
    with pytest.raises(UnsafeSettings) as refused:
        clinic(secret_key=secret)

    assert "openssl rand" in str(refused.value)
    assert not secret or secret not in str(refused.value)


@pytest.mark.parametrize("secret", [DEMO_SECRET, "short", "a" * 64])
def test_K4_an_earlier_secret_must_be_as_good(secret: str):
    """Links made under it open sessions for as long as it is listed."""
    with pytest.raises(UnsafeSettings):
        clinic(secret_key_fallbacks=(secret,))


def test_K4_a_clinic_without_tls_does_not_start():
    with pytest.raises(UnsafeSettings, match="TLS"):
        clinic(base_url="http://adherence.example.org")


@pytest.mark.parametrize(
    "address", ["ftp://x.example", "x.example", "https://", "", "javascript:1"]
)
def test_an_address_nobody_can_reach_is_refused(address: str):
    with pytest.raises(UnsafeSettings, match="BASE_URL"):
        clinic(base_url=address)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_K4_a_secret_file_that_others_can_read_is_refused(tmp_path: Path, mode: int):
    path = tmp_path / "secret"
    path.write_text(GOOD)
    path.chmod(mode)

    with pytest.raises(UnsafeSettings, match="chmod 600"):
        clinic(secret_key="", secret_key_file=str(path))


def test_K4_a_secret_file_of_ones_own_is_read(tmp_path: Path):
    path = tmp_path / "secret"
    path.write_text(f"{GOOD}\n")
    path.chmod(0o600)

    assert clinic(secret_key="", secret_key_file=str(path)).secret_key == GOOD


def test_K4_a_missing_secret_file_is_refused(tmp_path: Path):
    with pytest.raises(UnsafeSettings, match="cannot be read"):
        clinic(secret_key_file=str(tmp_path / "none"))


def test_K4_settings_do_not_print_their_secrets():
    kept = clinic(secret_key_fallbacks=(GOOD[::-1],))

    assert GOOD not in repr(kept)
    assert GOOD[::-1] not in repr(kept)
    assert GOOD not in str(kept)


def test_K4_a_password_in_the_address_of_the_database_is_not_printed():
    assert "hush" not in repr(clinic(database_url="postgresql+psycopg://a:hush@db/adherence"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("BODY_LIMIT", "many"),
        ("BODY_LIMIT", "-1"),
        ("WORK_INSIDE", "perhaps"),
        ("MODE", "production"),
        ("PROXY_HOPS", "1.5"),
        ("SESSION_HOURS", "１２x"),
    ],
)
def test_a_setting_that_cannot_be_read_is_refused_by_name(name: str, text: str):
    with pytest.raises(UnsafeSettings, match=f"ADHERENCE_{name}") as refused:
        Settings.from_env({f"ADHERENCE_{name}": text, "ADHERENCE_DATABASE_URL": "sqlite://"})

    assert text not in str(refused.value) or text == "-1"


@pytest.mark.parametrize(
    "name", ["SESSION_HOURS", "IDLE_MINUTES_STAFF", "LINK_MINUTES", "FORM_FIELDS"]
)
def test_a_limit_of_nothing_is_refused(name: str):
    """Nobody could sign in, or no form be posted: it is a mistake, not a wish."""
    with pytest.raises(UnsafeSettings, match=f"ADHERENCE_{name}"):
        Settings.from_env({f"ADHERENCE_{name}": "0", "ADHERENCE_DATABASE_URL": "sqlite://"})


def test_K4_the_wsgi_application_does_not_start_for_a_clinic_without_a_secret(tmp_path: Path):
    env = {
        **os.environ,
        "ADHERENCE_MODE": "clinic",
        "ADHERENCE_BASE_URL": HTTPS,
        "ADHERENCE_DATABASE_URL": f"sqlite:///{tmp_path / 'x.sqlite'}",
    }
    env.pop("ADHERENCE_SECRET_KEY", None)
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", "import wsgi"],
        cwd=root,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode != 0
    assert "ADHERENCE_SECRET_KEY" in done.stderr


def test_P8_demo_people_are_not_put_into_a_clinic(tmp_path: Path):
    """The demo lives in a file of its own, whatever the environment of the clinic says."""
    env = {
        **os.environ,
        "ADHERENCE_MODE": "clinic",
        "ADHERENCE_SECRET_KEY": GOOD,
        "ADHERENCE_BASE_URL": HTTPS,
        "ADHERENCE_DATABASE_URL": f"sqlite:///{tmp_path / 'clinic.sqlite'}",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "adherence", "demo", "--days", "1", "--port", "0", "--json"],
        cwd=Path(__file__).parents[2],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        said = demo.stdout.readline()
        demo.terminate()

    assert not (tmp_path / "clinic.sqlite").exists()
    assert "adherence.example.org" not in said


def test_K1_secrets_come_from_the_systems_generator():
    """UUIDs name things; what lets somebody in is drawn by ``secrets``, 256 bits of it."""
    root = Path(__file__).parents[2] / "adherence"
    drawn = {path: path.read_text() for path in root.rglob("*.py")}
    # The simulated clinic draws from a seed, so that it can be made again.
    assert {path.name for path, text in drawn.items() if "import Random" in text} == {"demo.py"}
    assert not [path.name for path, text in drawn.items() if "uuid4" in text]
    assert not [path.name for path, text in drawn.items() if "import random" in text]
    assert "secrets.token_urlsafe(32)" in (root / "services/keys.py").read_text()
