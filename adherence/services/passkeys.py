"""Passkeys: a key pair on the person's own device, opened by finger, face or screen lock.

The library checks a signature. That a challenge is used once, that it was given to this browser,
whose key it is, and that the person was verified, is checked here.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from adherence import settings
from adherence.domain.access import Actor, Stage
from adherence.domain.errors import NotFound
from adherence.domain.sign_in import Purpose, Step, Via
from adherence.domain.texts import clean
from adherence.services import factors, mails, one_time
from adherence.services.record import audit_clinic
from adherence.services.sessions import (
    Browser,
    Entered,
    Opened,
    begin,
    beginning,
    check_step,
    digest_of,
    enter,
)
from adherence.services.sign_in import keep_a_factor, news_of, proved
from adherence.store import accounts as account_table
from adherence.store import clinics
from adherence.store import factors as table
from adherence.store import sessions as session_table
from adherence.store.db import Run, read, write
from adherence.store.ids import new_id

CHALLENGE = timedelta(minutes=5)
MOST_PASSKEYS = 20
LABEL_LIMIT = 80


class Refused(Exception):
    """A passkey's answer is not right; nobody is told what about it is not."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey in a list."""

    id: UUID
    label: str
    backed_up: bool
    created_at: datetime
    used_at: datetime | None


def are_possible() -> bool:
    """Whether browsers make passkeys for this server: never for one without a name."""
    host = urlsplit(settings.current().base_url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False


def passkeys_of(account_id: UUID) -> list[Passkey]:
    """The passkeys of an account, the oldest first."""
    with read() as run:
        return [
            Passkey(row.id, row.label, row.backed_up, row.created_at, row.used_at)
            for row in run.all(table.passkeys_of, account_id=account_id)
        ]


def new_options(session: Opened, session_secret: str, now: datetime) -> dict[str, Any]:
    """What a browser needs to make a passkey for the actor."""
    from webauthn import generate_registration_options, options_to_json  # noqa: PLC0415 - slow
    from webauthn.helpers.structs import (  # noqa: PLC0415 - slow to import
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    actor = session.actor
    handle = _handle(actor.account_id)
    with read() as run:
        known = run.all(table.passkeys_of, account_id=actor.account_id)
        clinic: Any = run.first(clinics.clinic_by_id, clinic_id=actor.clinic_id)
    name = f"{actor.name}, {clinic.name}"
    options = generate_registration_options(
        rp_id=_host(),
        rp_name="Adherence",
        user_id=handle,
        user_name=name,
        user_display_name=name,
        challenge=_challenge(Purpose.PASSKEY_NEW, actor.account_id, session_secret, now),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=bytes(row.credential)) for row in known
        ],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    found: dict[str, Any] = json.loads(options_to_json(options))
    return found


def add_passkey(
    session: Opened,
    session_secret: str,
    answer: dict[str, Any],
    label: str,
    browser: Browser,
    now: datetime,
) -> tuple[Entered, list[str]]:
    """Keep a new passkey; the session goes on under a new id, as a full one.

    The second part holds ten recovery codes where it is the account's first second factor.

    Raises:
        Refused: the answer is not right, was given before, or to another session's question.
        NotFound: the session has ended meanwhile.
        NotPermitted: a pending sign-in needs another step than its first second factor.
    """
    from webauthn import verify_registration_response  # noqa: PLC0415 - slow to import

    actor = session.actor
    used = _redeem(Purpose.PASSKEY_NEW, answer, session_secret, now)
    if used.account_id != actor.account_id:
        raise Refused
    try:
        verified = verify_registration_response(
            credential=answer,
            expected_challenge=_said_challenge(answer),
            expected_rp_id=_host(),
            expected_origin=settings.current().origin,
            require_user_verification=True,
        )
    except _broken() as error:
        raise Refused from error
    passkey_id = new_id()
    row = {
        "id": passkey_id,
        "account_id": actor.account_id,
        "credential": verified.credential_id,
        "public_key": verified.credential_public_key,
        "count": verified.sign_count,
        "backed_up": bool(verified.credential_backed_up),
        "label": clean(label, LABEL_LIMIT, field="label") or browser.label,
        "created_at": now,
    }
    new = beginning(browser, now)
    codes, recovery = factors.new_recovery(actor.account_id, now)
    news = news_of(actor.account_id, now)

    def work(run: Run) -> tuple[Entered, list[str]]:
        if session.stage is Stage.PENDING:
            check_step(run, session, Step.ENROL)
        known = run.all(table.passkeys_of, account_id=actor.account_id)
        if len(known) >= MOST_PASSKEYS or run.first(
            table.passkey_by_credential, credential=verified.credential_id
        ):
            raise Refused
        run.do(table.add_passkey, **row)
        shown: list[str] = []
        if not run.value(table.recovery_left, account_id=actor.account_id):
            factors.store_recovery(run, actor.account_id, recovery)
            shown = codes
        if session.stage is Stage.PENDING:
            secret = begin(run, new, actor, Stage.FULL, session.via, finishes=True)
        else:
            secret = begin(run, new, actor, Stage.FULL, session.via, continues=session)
        audit_clinic(run, actor, "passkey.add", passkey_id, now)
        if news is not None:
            mails.add(run, news)
        return Entered(secret, Stage.FULL, session.via, actor), shown

    return write(work)


def drop_passkey(actor: Actor, passkey_id: UUID, session_secret: str, now: datetime) -> None:
    """Forget a passkey; the account's other sessions end.

    Raises:
        NotFound: the actor has no such passkey.
        InvalidInput: it is the last second factor of a member of staff.
    """
    digest = digest_of(session_secret)
    news = news_of(actor.account_id, now)

    def work(run: Run) -> None:
        row: Any = run.first(account_table.credentials_by_id, account_id=actor.account_id)
        if not run.do(table.drop_passkey, account_id=actor.account_id, passkey_id=passkey_id):
            raise NotFound
        left = len(run.all(table.passkeys_of, account_id=actor.account_id))
        keep_a_factor(row, passkeys=left)
        run.do(session_table.drop_other_sessions, account_id=actor.account_id, digest=digest)
        audit_clinic(run, actor, "passkey.drop", passkey_id, now)
        if news is not None:
            mails.add(run, news)

    write(work)


def sign_in_options(bound: str, now: datetime) -> dict[str, Any]:
    """What a browser needs to sign in with a passkey of whoever it is."""
    return _ask(_challenge(Purpose.PASSKEY_IN, None, bound, now))


def prove_options(session: Opened, session_secret: str, now: datetime) -> dict[str, Any]:
    """What a browser needs to show a passkey of the actor again."""
    account_id = session.actor.account_id
    return _ask(_challenge(Purpose.PASSKEY_PROVE, account_id, session_secret, now))


def by_passkey(answer: dict[str, Any], bound: str, browser: Browser, now: datetime) -> Entered:
    """Sign in with a passkey: the key says who it is.

    Raises:
        Refused: the answer is not right, was given before, or to another browser's question.
    """
    row, verified = _verified(Purpose.PASSKEY_IN, answer, bound, now)
    new = beginning(browser, now)

    def work(run: Run) -> Entered:
        _use(run, row, verified, now)
        account: Any = run.first(account_table.credentials_by_id, account_id=row.account_id)
        entered = enter(run, new, account, Via.PASSKEY, is_demo=False)
        if entered is None:
            raise Refused
        return entered

    return write(work)


def prove(
    session: Opened, session_secret: str, answer: dict[str, Any], browser: Browser, now: datetime
) -> Entered:
    """Show a passkey again, or as the second step; the session goes on under a new id.

    Raises:
        Refused: the answer is not right, was given before, or is somebody else's.
        NotFound: the session has ended meanwhile.
    """
    row, verified = _verified(Purpose.PASSKEY_PROVE, answer, session_secret, now)
    if row.account_id != session.actor.account_id:
        raise Refused
    new = beginning(browser, now)

    def work(run: Run) -> Entered:
        _use(run, row, verified, now)
        if session.stage is Stage.FULL:
            return proved(run, session, new)
        secret = begin(run, new, session.actor, Stage.FULL, session.via, finishes=True)
        return Entered(secret, Stage.FULL, session.via, session.actor)

    return write(work)


def _ask(challenge: bytes) -> dict[str, Any]:
    from webauthn import generate_authentication_options, options_to_json  # noqa: PLC0415 - slow
    from webauthn.helpers.structs import UserVerificationRequirement  # noqa: PLC0415 - slow

    options = generate_authentication_options(
        rp_id=_host(),
        challenge=challenge,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    found: dict[str, Any] = json.loads(options_to_json(options))
    return found


def _verified(purpose: Purpose, answer: dict[str, Any], bound: str, now: datetime) -> Any:
    """The stored passkey and what was verified; the challenge is used up before anything else."""
    from webauthn import verify_authentication_response  # noqa: PLC0415 - slow to import

    _redeem(purpose, answer, bound, now)
    try:
        credential = _decoded(answer["rawId"])
        handle = (answer.get("response") or {}).get("userHandle")
        with read() as run:
            row: Any = run.first(table.passkey_by_credential, credential=credential)
            account: Any = row and run.first(
                account_table.credentials_by_id, account_id=row.account_id
            )
        # Of a key that nobody has the signature is checked too, so that both cost the same.
        is_known = row is not None and account is not None
        # Some authenticators leave the handle out; the key names the account either way.
        if (
            is_known
            and handle
            and not secrets.compare_digest(_decoded(handle), bytes(account.handle))
        ):
            raise Refused
        verified = verify_authentication_response(
            credential=answer,
            expected_challenge=_said_challenge(answer),
            expected_rp_id=_host(),
            expected_origin=settings.current().origin,
            credential_public_key=bytes(row.public_key) if is_known else _stand_in(),
            credential_current_sign_count=row.count if is_known else 0,
            require_user_verification=True,
        )
    except _broken() as error:
        raise Refused from error
    if not is_known:
        raise Refused
    return row, verified


@lru_cache(maxsize=1)
def _stand_in() -> bytes:
    """The public key of nobody, as passkeys have them: ES256 on P-256."""
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - slow to import
    from webauthn.helpers import encode_cbor  # noqa: PLC0415 - slow to import

    point = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    x, y = (number.to_bytes(32, "big") for number in (point.x, point.y))
    return encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})


def _use(run: Run, row: Any, verified: Any, now: datetime) -> None:
    if (
        run.first(
            table.use_passkey,
            passkey_id=row.id,
            new_count=verified.new_sign_count,
            is_backed_up=bool(verified.credential_backed_up),
            now=now,
        )
        is None
    ):
        raise Refused


def _challenge(purpose: Purpose, account_id: UUID | None, bound: str, now: datetime) -> bytes:
    """A fresh question, remembered for five minutes for this browser or session alone."""
    challenge = secrets.token_bytes(32)
    made = one_time.make(purpose, account_id, now, CHALLENGE, bound, code=_encoded(challenge))
    bounds = one_time.bounds(bound)

    def work(run: Run) -> None:
        one_time.end_before(run, purpose, bounds, now)
        one_time.add(run, made)

    write(work)
    return challenge


def _redeem(purpose: Purpose, answer: dict[str, Any], bound: str, now: datetime) -> one_time.Used:
    try:
        typed = _encoded(_said_challenge(answer))
    except _broken() as error:
        raise Refused from error
    shown = one_time.shown(typed, {purpose}, bound)
    used = write(lambda run: one_time.redeem(run, shown, now))
    if used is None:
        raise Refused
    return used


def _said_challenge(answer: dict[str, Any]) -> bytes:
    """The question that the browser says it answers; worth something only if it is one of ours."""
    said = json.loads(_decoded(answer["response"]["clientDataJSON"]))
    return _decoded(said["challenge"])


def _handle(account_id: UUID) -> bytes:
    """What passkeys know an account by, drawn the first time it is needed."""
    drawn = secrets.token_bytes(32)

    def work(run: Run) -> bytes:
        run.do(account_table.set_handle, account_id=account_id, new_handle=drawn)
        row: Any = run.first(account_table.credentials_by_id, account_id=account_id)
        return bytes(row.handle)

    return write(work)


def _host() -> str:
    return urlsplit(settings.current().base_url).hostname or ""


def _broken() -> tuple[type[Exception], ...]:
    """Everything the library and its parsers raise for an answer that is not right."""
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415 - slow to import

    return (WebAuthnException, KeyError, ValueError, TypeError, AttributeError, IndexError)


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
