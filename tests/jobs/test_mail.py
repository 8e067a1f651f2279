"""Mail: what waits is sent to a real SMTP server, once; later where the server is away."""

from __future__ import annotations

import email
import email.policy
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from flask import Flask

from adherence.domain.sign_in import Purpose
from adherence.jobs import mail as job
from adherence.jobs import work
from adherence.services import health, invites, mails, sign_in
from adherence.settings import EXTENSION, Settings, SmtpSecurity, UnsafeSettings
from adherence.store.mails import MAIL
from tests.builders import clinic_settings
from tests.practice import (
    DAY,
    MINUTE,
    MONDAY,
    application,
    found,
    patient,
    rows,
    staff,
    token_of,
)


class Post:
    """A mail server that keeps what it gets, and refuses whom it is told to."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str, EmailMessage]] = []
        self.refused: set[str] = set()

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address in self.refused:
            return "550 nobody here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.got.append((envelope.mail_from, envelope.rcpt_tos[0], message))
        return "250 OK"


@contextmanager
def serving(post: Post, **more: Any) -> Iterator[int]:
    """The port of a running mail server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(post, hostname="127.0.0.1", port=port, **more)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def app(store_url: str, post: Post) -> Iterator[Flask]:
    with (
        serving(post) as port,
        application(
            store_url,
            smtp_host="127.0.0.1",
            smtp_port=port,
            smtp_security=SmtpSecurity.NONE,
            mail_from="post@praxis.example.org",
        ) as made,
    ):
        yield made


def asked(address: str = "ruth@example.org", locale: str = "en") -> None:
    sign_in.ask_mail(Purpose.MAIL, "", address, "browser", locale, MONDAY)


def ruth() -> Any:
    """A patient with an address; what was sent before her is done with."""
    made = patient(staff(found()).actor, email="ruth@example.org")
    while (one := mails.lease(MONDAY)) is not None:
        mails.end(one.id, MONDAY)
    return made


def plain(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def page(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_a_mail_is_sent_once_and_what_it_carried_is_gone(app: Flask, post: Post):
    ruth()
    asked()

    assert job.send_waiting(MONDAY) == (1, 0)
    assert job.send_waiting(MONDAY + DAY) == (0, 0)
    sender, to, message = post.got[0]
    assert (sender, to) == ("post@praxis.example.org", "ruth@example.org")
    assert message["Subject"] == "Your link to sign in"
    assert message["Auto-Submitted"] == "auto-generated"
    assert all(row.sealed is None for row in rows(MAIL))
    assert len(post.got) == 1


def test_the_link_and_the_digits_of_a_mail_sign_in(app: Flask, post: Post):
    import re

    from adherence.services.sessions import Browser

    ruth()
    asked()
    job.send_waiting(MONDAY)
    text, html = plain(post.got[0][2]), page(post.got[0][2])
    link = re.search(r"https://localhost/code#[\w-]+", text)
    digits = re.search(r"\b\d{8}\b", text)
    assert link and digits
    assert link[0] in html and digits[0] in html

    assert sign_in.by_code(token_of(link[0]), "browser", Browser(), MONDAY)
    asked()
    job.send_waiting(MONDAY)
    digits = re.search(r"\b\d{8}\b", plain(post.got[1][2]))
    assert digits
    assert sign_in.by_mail_code(digits[0], "browser", Browser(), MONDAY)


@pytest.mark.parametrize(
    ("locale", "subject", "words"),
    [
        ("en", "Your link to sign in", "It works once"),
        ("de", "Ihr Link zum Anmelden", "Er gilt einmal"),
        ("ru", "Ваша ссылка для входа", "Она действует один раз"),
    ],
)
def test_a_mail_speaks_its_readers_language(
    app: Flask, post: Post, locale: str, subject: str, words: str
):
    from adherence.services import accounts

    accounts.set_locale(ruth(), locale, MONDAY)
    asked(locale="en")
    job.send_waiting(MONDAY)

    message = post.got[0][2]
    assert message["Subject"] == subject
    assert words in plain(message)
    assert words in page(message)
    assert f'lang="{locale}"' in page(message)


def test_D5_no_mail_names_anybody_or_says_anything_of_health(app: Flask, post: Post):
    made = ruth()
    by = staff(made.clinic_id, email="bea@example.org", name="Bea Lind")
    asked()
    invites.invite_by_mail(by.actor, made.patient_id, "ruth@example.org", "en", MONDAY)
    sign_in.ask_new_email(by.actor, "new@example.org", "en", MONDAY)
    sign_in.ask_mail(Purpose.RESET, "", "bea@example.org", "browser", "en", MONDAY)
    job.send_waiting(MONDAY)

    assert len(post.got) >= 5
    for _, to, message in post.got:
        said = f"{message['Subject']} {plain(message)} {page(message)}".lower()
        for word in ("ruth", "aldous", "bea", "lind", "praxis am markt", "pain", "exercise"):
            assert word not in said.replace("praxis.example.org", ""), (to, word)
        for header in ("Subject", "From", "Message-ID"):
            assert "ruth" not in str(message[header]).lower()
            assert not any(char.isdigit() for char in str(message["Subject"]))


def test_a_mail_to_nobody_goes_nowhere(app: Flask, post: Post):
    ruth()
    asked("nobody@example.org")

    assert job.send_waiting(MONDAY) == (0, 0)
    assert post.got == []
    assert [row for row in rows(MAIL) if row.done_at is None] == []


def test_O6_what_is_typed_adds_no_header_and_no_recipient(app: Flask, post: Post):
    ruth()
    for typed in ("ruth@example.org\r\nBcc: evil@example.org", "ruth@example.org,evil@example.org"):
        asked(typed)
    job.send_waiting(MONDAY)

    assert post.got == []


def test_a_mail_that_has_ended_is_not_sent(app: Flask, post: Post):
    ruth()
    asked()

    assert job.send_waiting(MONDAY + 10 * MINUTE) == (0, 0)
    assert post.got == []


def test_E4_a_server_that_is_away_loses_nothing_and_is_asked_again_later(app: Flask, post: Post):
    kept = app.extensions[EXTENSION]
    ruth()
    asked()
    app.extensions[EXTENSION] = replace(kept, smtp_port=1)
    assert job.send_waiting(MONDAY) == (0, 1)
    assert job.send_waiting(MONDAY) == (0, 0), "tried again at once"
    app.extensions[EXTENSION] = kept

    assert job.send_waiting(MONDAY + timedelta(seconds=20)) == (1, 0)
    assert len(post.got) == 1


def test_a_server_that_stays_away_shows_in_health(app: Flask):
    app.extensions[EXTENSION] = replace(app.extensions[EXTENSION], smtp_port=1)
    by = staff(found()).actor
    invites.invite_by_mail(by, patient(by).patient_id, "ruth@example.org", "en", MONDAY)  # type: ignore[arg-type]
    at = MONDAY
    for _ in range(8):
        job.send_waiting(at)
        at += 5 * MINUTE

    assert "mail waits" in " ".join(one.what for one in health.troubles(at))


def test_a_refused_address_does_not_hold_up_the_others(app: Flask, post: Post):
    made = ruth()
    patient(staff(made.clinic_id, email="bea@example.org").actor, "Jo", email="jo@example.org")
    while (one := mails.lease(MONDAY)) is not None:
        mails.end(one.id, MONDAY)
    asked()
    asked("jo@example.org")
    post.refused.add("ruth@example.org")

    assert job.send_waiting(MONDAY) == (1, 0)
    assert [to for _, to, _ in post.got] == ["jo@example.org"]
    assert job.send_waiting(MONDAY + MINUTE) == (0, 0)


def test_two_workers_never_send_the_same_mail(app: Flask, post: Post):
    from tests.practice import at_once

    made = ruth()
    for number in range(10):
        by = staff(made.clinic_id, email=f"s{number}@example.org", name=f"S{number}").actor
        assert by
    sent = at_once(app, lambda number: job.send_waiting(MONDAY)[0], 4)

    # Each was told that an account was made, and that the second step was set up.
    assert sum(sent) == 20
    got = sorted((to, str(message["Subject"])) for _, to, message in post.got)
    assert len(set(got)) == len(got) == 20


def test_L6_no_log_names_an_address(app: Flask, post: Post, caplog: pytest.LogCaptureFixture):
    caplog.set_level("DEBUG", logger="adherence")
    ruth()
    asked()
    app.extensions[EXTENSION] = replace(app.extensions[EXTENSION], smtp_port=1)
    job.send_waiting(MONDAY)

    assert "mail not sent" in caplog.text
    assert "ruth" not in caplog.text


def test_the_jobs_of_time_send_mail(app: Flask, post: Post):
    ruth()
    asked()

    reports = {report.job: report for report in work.run_once(MONDAY)}
    assert (reports["mail"].done, reports["mail"].failed) == (1, 0)


def test_without_a_server_nothing_is_sent_and_nothing_fails(store_url: str):
    with application(store_url) as made:
        ruth()
        asked()
        assert not mails.is_on()
        assert job.send_waiting(MONDAY) == (0, 0)
        assert made


def test_a_name_and_password_are_given_over_tls_only(
    store_url: str, post: Post, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
):
    key, pem = certificate
    given = []

    def check(server: Any, session: Any, envelope: Any, mechanism: str, auth: Any) -> AuthResult:
        assert isinstance(auth, LoginPassword)
        given.append((auth.login, auth.password))
        return AuthResult(success=auth.password == b"secret")

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, key)
    usual = ssl.create_default_context

    def trusting(*args: Any, **more: Any) -> ssl.SSLContext:
        return usual(*args, **{**more, "cafile": str(pem)})

    with (
        serving(post, tls_context=context, require_starttls=True, authenticator=check) as port,
        application(
            store_url,
            smtp_host="localhost",
            smtp_port=port,
            smtp_user="praxis",
            smtp_password="secret",
            mail_from="post@praxis.example.org",
        ),
    ):
        ruth()
        asked()
        assert job.send_waiting(MONDAY) == (0, 1), "K5: a certificate nobody vouches for was taken"
        assert given == []
        monkeypatch.setattr(job.ssl, "create_default_context", trusting)
        assert job.send_waiting(MONDAY + MINUTE) == (1, 0)
        assert given == [(b"praxis", b"secret")]


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A key, and a certificate for localhost that only itself vouches for."""
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    key_file, pem_file = tmp_path / "key.pem", tmp_path / "certificate.pem"
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    pem_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return key_file, pem_file


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"smtp_host": "mail.example.org"}, "ADHERENCE_MAIL_FROM"),
        (
            {
                "smtp_host": "mail.example.org",
                "mail_from": "a@example.org",
                "smtp_security": SmtpSecurity.NONE,
            },
            "ADHERENCE_SMTP_SECURITY",
        ),
    ],
)
def test_K5_settings_that_would_send_unprotected_are_refused(changes: dict[str, Any], words: str):
    with pytest.raises(UnsafeSettings, match=words):
        clinic_settings("sqlite://", **changes)


def test_K4_printed_settings_hold_no_mail_password():
    kept: Settings = clinic_settings(
        "sqlite://", smtp_host="x", mail_from="a@b.org", smtp_password="canary"
    )

    assert "canary" not in repr(kept)
