"""Every setting: its name in the environment, its default and its meaning. Nothing else reads them.

``Settings.from_env()`` is called once, by ``create_app``. A clinic (``ADHERENCE_MODE=clinic``) does
not start on an unsafe setting; the refusal says what to do.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import current_app

EXTENSION = "adherence.settings"

#: Signs nothing of worth: a demo's data are invented and its file is thrown away.
DEMO_SECRET = "a-demo-has-no-secrets-and-a-clinic-refuses-this-one"  # noqa: S105 - public on purpose
SECRET_LENGTH = 32
LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")


class Mode(StrEnum):
    """``demo``: invented people on this machine. ``clinic``: real ones; unsafe settings refused."""

    DEMO = "demo"
    CLINIC = "clinic"


class SmtpSecurity(StrEnum):
    """How the way to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class UnsafeSettings(Exception):
    """The settings cannot be served with; the text is one sentence that says what to do."""


def _means(meaning: str) -> dict[str, str]:
    return {"meaning": meaning}


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"ADHERENCE_{name.upper()}"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one process. Printed, it leaves out what is secret."""

    mode: Mode = field(default=Mode.DEMO, metadata=_means("demo or clinic"))
    database_url: str = field(
        default="",
        repr=False,
        metadata=_means(
            "SQLAlchemy address of the database; default: adherence.sqlite in the working folder"
        ),
    )
    secret_key: str = field(
        default=DEMO_SECRET,
        repr=False,
        metadata=_means(
            "secret of at least 32 characters that keys the hashes of codes and form tokens and "
            "encrypts what has to be read again"
        ),
    )
    secret_key_file: str = field(
        default="",
        metadata=_means("file to read the secret from instead; only its owner may read it"),
    )
    secret_key_fallbacks: tuple[str, ...] = field(
        default=(),
        repr=False,
        metadata=_means(
            "earlier secrets, separated by commas, under which codes still work and what was "
            "encrypted can be read"
        ),
    )
    base_url: str = field(
        default="http://127.0.0.1:8000",
        metadata=_means(
            "address people reach the service at; links are built from it, never from a Host header"
        ),
    )
    trusted_hosts: tuple[str, ...] = field(
        default=(),
        metadata=_means("host names served, separated by commas; default: the one of the base URL"),
    )
    proxy_hops: int = field(
        default=0, metadata=_means("how many reverse proxies in front are trusted to forward")
    )
    emergency_number: str = field(
        default="112", metadata=_means("number shown wherever nobody reads live")
    )
    session_hours: int = field(
        default=12, metadata=_means("hours after sign-in at which a session ends")
    )
    idle_minutes_staff: int = field(
        default=15, metadata=_means("minutes without an act that end a staff session")
    )
    idle_minutes_patient: int = field(
        default=30, metadata=_means("minutes without an act that end a patient's session")
    )
    link_minutes: int = field(
        default=10, metadata=_means("a one-time sign-in link lives this long")
    )
    invite_days: int = field(
        default=14, metadata=_means("a code that a clinic gives a patient lives this long")
    )
    setup_hours: int = field(
        default=24, metadata=_means("the link with which staff begin lives this long")
    )
    pending_minutes: int = field(
        default=10, metadata=_means("minutes between the first and the second step of signing in")
    )
    step_up_minutes: int = field(
        default=5,
        metadata=_means("minutes after which what matters most asks for a factor again"),
    )
    emergency_minutes: int = field(
        default=60, metadata=_means("minutes for which a record opened in an emergency can be read")
    )
    hashes_at_once: int = field(
        default=2, metadata=_means("passwords checked at the same time; each takes 46 MiB")
    )
    requests_per_minute: int = field(
        default=6000,
        metadata=_means("requests of one account, or one address, that a process serves a minute"),
    )
    smtp_host: str = field(
        default="", metadata=_means("server that takes mail; without it no mail is offered")
    )
    smtp_port: int = field(default=587, metadata=_means("its port"))
    smtp_security: SmtpSecurity = field(
        default=SmtpSecurity.STARTTLS,
        metadata=_means("starttls, tls or none (none only to this machine)"),
    )
    smtp_user: str = field(default="", metadata=_means("name to sign in there with, if any"))
    smtp_password: str = field(default="", repr=False, metadata=_means("password for that name"))
    mail_from: str = field(
        default="", metadata=_means("address that mails come from; needed with a mail server")
    )
    oidc_issuer: str = field(
        default="",
        metadata=_means("address of the OpenID provider for single sign-on; without it none"),
    )
    oidc_client_id: str = field(default="", metadata=_means("what the provider calls this service"))
    oidc_client_secret: str = field(
        default="", repr=False, metadata=_means("the secret shared with the provider, if any")
    )
    oidc_client_secret_file: str = field(
        default="",
        metadata=_means("file to read that secret from instead; only its owner may read it"),
    )
    oidc_name: str = field(
        default="Single sign-on", metadata=_means("what the button for it is called")
    )
    body_limit: int = field(default=1_000_000, metadata=_means("largest request body, in bytes"))
    form_limit: int = field(default=64_000, metadata=_means("largest posted form, in bytes"))
    form_fields: int = field(default=200, metadata=_means("most fields in a posted form"))
    media_folder: str = field(
        default="",
        metadata=_means(
            "folder of a clinic's own pictures and films, outside the site; default:"
            " adherence-media in the working folder"
        ),
    )
    picture_limit: int = field(
        default=12_000_000, metadata=_means("largest picture that can be added, in bytes")
    )
    film_limit: int = field(
        default=40_000_000, metadata=_means("largest film that can be added, in bytes")
    )
    media_limit: int = field(
        default=2_000_000_000,
        metadata=_means("room for all pictures and films of one clinic, in bytes"),
    )
    # Rights of the person
    export_folder: str = field(
        default="",
        metadata=_means(
            "folder of asked-for copies of a person's data, encrypted, for a week each; default:"
            " adherence-exports in the working folder"
        ),
    )
    retention_years: int = field(
        default=10,
        metadata=_means(
            "years that a record must be kept after staff last wrote into it; 0: no such duty"
        ),
    )
    tombstone_file: str = field(
        default="",
        metadata=_means(
            "list of who was erased or locked away, kept outside the database and needed to "
            "restore; default: adherence-tombstones.txt in the working folder"
        ),
    )
    backup_key_file: str = field(
        default="",
        metadata=_means(
            "file with the key that backups are encrypted with; only its owner reads it"
        ),
    )
    consent_folder: str = field(
        default="",
        metadata=_means(
            "folder of a clinic's own words to agree to, one file a purpose; see the README"
        ),
    )
    batch_limit: int = field(default=200, metadata=_means("most entries in one sync batch"))
    work_inside: bool = field(
        default=True, metadata=_means("run the timed jobs inside the server (a demo, a small site)")
    )

    def __post_init__(self) -> None:
        if not self.database_url:
            self._put("database_url", f"sqlite:///{Path.cwd() / 'adherence.sqlite'}")
        if not self.media_folder:
            self._put("media_folder", str(Path.cwd() / "adherence-media"))
        if not self.export_folder:
            self._put("export_folder", str(Path.cwd() / "adherence-exports"))
        if not self.tombstone_file:
            self._put("tombstone_file", str(Path.cwd() / "adherence-tombstones.txt"))
        if self.secret_key_file:
            self._put("secret_key", _read_secret("secret_key_file", self.secret_key_file))
        if self.oidc_client_secret_file:
            read = _read_secret("oidc_client_secret_file", self.oidc_client_secret_file)
            self._put("oidc_client_secret", read)
        if not self.trusted_hosts:
            host = urlsplit(self.base_url).hostname or ""
            local = LOCAL_HOSTS if self.mode is Mode.DEMO else ()
            self._put("trusted_hosts", tuple(dict.fromkeys((host, *local))))
        self._check()

    def _put(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _check(self) -> None:
        """Refuse what cannot be served with.

        Raises:
            UnsafeSettings: with one sentence that says what to do.
        """
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, int) and not isinstance(value, bool):
                least = 0 if each.name in {"proxy_hops", "retention_years"} else 1
                if value < least:
                    raise UnsafeSettings(f"{variable(each.name)} must be at least {least}.")
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UnsafeSettings(
                "ADHERENCE_BASE_URL must be an address such as https://adherence.example.org."
            )
        if self.smtp_host and "@" not in self.mail_from:
            raise UnsafeSettings("Mails need a sender; set ADHERENCE_MAIL_FROM to an address.")
        if (
            self.smtp_host
            and self.smtp_security is SmtpSecurity.NONE
            and self.smtp_host not in {"127.0.0.1", "::1", "localhost"}
        ):
            raise UnsafeSettings(
                "Mails would cross the network unprotected; set ADHERENCE_SMTP_SECURITY to "
                "starttls or tls."
            )
        self._check_oidc()
        if self.mode is not Mode.CLINIC:
            return
        how = "set ADHERENCE_SECRET_KEY to the output of: openssl rand -hex 32"
        if not self.secret_key:
            raise UnsafeSettings(f"There is no secret key; {how}.")
        if self.secret_key == DEMO_SECRET:
            raise UnsafeSettings(f"The secret key is the public one of the demo; {how}.")
        if not _is_strong(self.secret_key):
            raise UnsafeSettings(f"The secret key is too short or too plain; {how}.")
        if not all(map(_is_strong, self.secret_key_fallbacks)):
            raise UnsafeSettings(
                "A secret of ADHERENCE_SECRET_KEY_FALLBACKS is too short, too plain or the demo's;"
                " take it out."
            )
        if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost"}:
            raise UnsafeSettings(
                "Browsers keep sign-in cookies only over TLS; set ADHERENCE_BASE_URL to the https "
                "address of the proxy in front, or nobody can ever sign in."
            )

    def _check_oidc(self) -> None:
        if not self.oidc_issuer:
            return
        parts = urlsplit(self.oidc_issuer)
        if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
            raise UnsafeSettings(
                "Single sign-on would cross the network unprotected; set ADHERENCE_OIDC_ISSUER to "
                "the provider's https address."
            )
        if not self.oidc_client_id:
            raise UnsafeSettings(
                "Single sign-on needs a name for this service; set ADHERENCE_OIDC_CLIENT_ID to the "
                "one that the provider gave."
            )
        if find_spec("joserfc") is None:
            raise UnsafeSettings(
                "Single sign-on needs a package that is not installed; run pip install "
                "'adherence[oidc]', or leave ADHERENCE_OIDC_ISSUER out."
            )

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Settings:
        """Settings from environment variables; a variable that is absent or empty is the default.

        Raises:
            UnsafeSettings: a value is unreadable, or unsafe for a clinic.
        """
        given: dict[str, Any] = {}
        for each in fields(cls):
            named = variable(each.name)
            if text := env.get(named, "").strip():
                given[each.name] = _parse(named, text, each.default)
        return cls(**given)

    @property
    def origin(self) -> str:
        """Scheme, host and port that browsers name as ``Origin``."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The secret in use first, then earlier ones still accepted."""
        return (self.secret_key, *self.secret_key_fallbacks)


def _is_strong(secret: str) -> bool:
    return (
        len(secret) >= SECRET_LENGTH
        and len(set(secret)) >= SECRET_LENGTH // 4
        and secret != DEMO_SECRET
    )


def _read_secret(name: str, given: str) -> str:
    path = Path(given)
    try:
        readable_by_others = path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
        text = path.read_text("utf-8").strip()
    except OSError as error:
        raise UnsafeSettings(
            f"{variable(name)} names a file that cannot be read; make it readable "
            "by the account that runs the service."
        ) from error
    if readable_by_others:
        raise UnsafeSettings(
            f"The file of {variable(name)} can be read by others; run chmod 600 on it."
        )
    return text


def _parse(named: str, text: str, default: object) -> object:
    """The value of a setting, read in the type of its default."""
    try:
        match default:
            case bool():
                return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
            case StrEnum():
                return type(default)(text.lower())
            case int():
                return int(text)
            case tuple():
                return tuple(part.strip() for part in text.split(",") if part.strip())
            case _:
                return text
    except (KeyError, ValueError) as error:
        raise UnsafeSettings(f"{named} has a value that cannot be read.") from error


def current() -> Settings:
    """The settings of the current application."""
    found: Settings = current_app.extensions[EXTENSION]
    return found
