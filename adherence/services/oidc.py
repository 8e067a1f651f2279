"""Single sign-on by OpenID Connect: asking the provider, and checking what it says.

An account is found by (issuer, subject) and by nothing else; only its holder, or an administrator
of the clinic, ties the two. State, nonce and verifier live as one used-once code: the code is the
state, the other two are derived from it and from the secret of the browser that asked, so nothing
of them is stored. Whatever is wrong reads the same.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener
from uuid import UUID

from adherence import settings
from adherence.domain.access import STAFF, Actor
from adherence.domain.errors import InvalidInput, NotFound
from adherence.domain.oidc import ALGORITHMS, SUBJECT_LIMIT, Identity, Unfit, identity
from adherence.domain.sign_in import Purpose, Via
from adherence.domain.texts import clean
from adherence.services import mails, one_time
from adherence.services.keys import keyed, new_token
from adherence.services.record import audit_clinic
from adherence.services.sessions import Browser, Entered, Opened, beginning, enter
from adherence.services.sign_in import clinic_of, news_of
from adherence.settings import Mode
from adherence.store import accounts as account_table
from adherence.store import oidc as table
from adherence.store.db import Run, read, write

#: Time for signing in there.
LASTS = timedelta(minutes=10)
#: Seconds that the provider has for each answer, and how long one may be.
PATIENCE = 5
LONGEST_ANSWER = 256_000
#: Begins the state of a question that ties an account rather than signing in.
TIES = "tie!"
LOCAL_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


class Refused(Exception):
    """Signing in there did not lead in here; nobody is told why."""


@dataclass(frozen=True, slots=True)
class Tied:
    """Which subject opens an account."""

    account_id: UUID
    subject: str
    issuer: str


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a provider sent the browser back with."""

    code: str
    state: str
    issuer: str


def is_on() -> bool:
    """Whether this server knows a provider."""
    return bool(settings.current().oidc_issuer)


def ask(slug: str, bound: str, now: datetime) -> str:
    """The provider's address for a browser that wants to sign in, to one clinic of several.

    Raises:
        Refused: the provider cannot be asked now.
    """
    known = "".join(each for each in slug.strip().lower() if each.isalnum() or each == "-")[:40]
    return _address(Purpose.OIDC, None, f"{known}.{new_token()}", bound, now)


def ask_to_tie(session: Opened, session_secret: str, now: datetime) -> str:
    """The provider's address for somebody who is in already and wants to come in this way too.

    Raises:
        Refused: the provider cannot be asked now.
    """
    state = f"{TIES}{new_token()}"
    return _address(Purpose.OIDC_LINK, session.actor.account_id, state, session_secret, now)


def enter_by(
    code: str, state: str, issuer: str, bound: str, browser: Browser, now: datetime
) -> Entered:
    """Sign in with what the provider sent back; our second step follows unless it saw two factors.

    Raises:
        Refused: for any reason.
    """
    answer = _Answer(code, state, issuer)
    _redeem(Purpose.OIDC, answer, bound, now)
    who = _identity(answer, bound, now)
    slug = state.partition(".")[0]
    clinic_id = clinic_of(slug) if slug else None
    new = beginning(browser, now)
    is_demo = settings.current().mode is Mode.DEMO
    kept = settings.current().oidc_issuer

    def work(run: Run) -> Entered | None:
        rows = [
            row
            for row in run.all(table.accounts_of_subject, issuer=kept, subject=who.subject)
            if clinic_id is None or row.clinic_id == clinic_id
        ]
        if len(rows) != 1:
            return None
        row: Any = run.first(account_table.credentials_by_id, account_id=rows[0].account_id)
        return enter(run, new, row, Via.OIDC, is_demo=is_demo, is_two=who.is_two)

    entered = write(work)
    if entered is None:
        raise Refused
    return entered


def tie(
    session: Opened, session_secret: str, code: str, state: str, issuer: str, now: datetime
) -> None:
    """Let the subject that the provider names open the account of a session.

    Raises:
        Refused: for any reason but the next.
        InvalidInput: the subject opens another account of the clinic.
    """
    answer = _Answer(code, state, issuer)
    used = _redeem(Purpose.OIDC_LINK, answer, session_secret, now)
    if used.account_id != session.actor.account_id:
        raise Refused
    who = _identity(answer, session_secret, now)
    _keep(session.actor, session.actor.account_id, who.subject, now)


def tied(account_id: UUID) -> Tied | None:
    """Which subject opens an account, None where none does."""
    with read() as run:
        row: Any = run.first(table.link_of, account_id=account_id)
    return None if row is None else Tied(row.account_id, row.subject, row.issuer)


def tied_in(actor: Actor) -> dict[UUID, str]:
    """The subjects of the accounts of the actor's clinic."""
    with read() as run:
        rows = run.all(table.links_of_clinic, clinic_id=actor.clinic_id)
    return {row.account_id: row.subject for row in rows}


def untie(actor: Actor, now: datetime) -> None:
    """Let no subject open the actor's account any more."""
    _keep(actor, actor.account_id, "", now)


def tie_member(actor: Actor, account_id: UUID, subject: str, now: datetime) -> None:
    """Let a subject open the account of a member of the actor's staff; none where it is empty.

    Raises:
        InvalidInput: too long, or the subject opens another account of the clinic.
        NotFound: nobody of this clinic's staff.
    """
    subject = clean(subject, SUBJECT_LIMIT, field="subject")
    with read() as run:
        row: Any = run.first(account_table.credentials_by_id, account_id=account_id)
    if row is None or row.clinic_id != actor.clinic_id or row.role not in STAFF:
        raise NotFound
    _keep(actor, account_id, subject, now)


def _keep(actor: Actor, account_id: UUID, subject: str, now: datetime) -> None:
    issuer = settings.current().oidc_issuer
    news = news_of(account_id, now)

    def work(run: Run) -> None:
        if subject:
            held: Any = run.first(
                table.account_of_subject,
                issuer=issuer,
                subject=subject,
                clinic_id=actor.clinic_id,
            )
            if held is not None and held.account_id != account_id:
                raise InvalidInput("subject", "subject_taken")
        run.do(table.drop_link, account_id=account_id)
        if subject:
            run.do(
                table.add_link,
                account_id=account_id,
                clinic_id=actor.clinic_id,
                issuer=issuer,
                subject=subject,
                linked_at=now,
            )
        if news is not None:
            mails.add(run, news)
        audit_clinic(run, actor, "oidc.tie" if subject else "oidc.untie", account_id, now)

    write(work)


# --- the question -------------------------------------------------------------------------------


def _address(
    purpose: Purpose, account_id: UUID | None, state: str, bound: str, now: datetime
) -> str:
    kept = settings.current()
    found = _discovered()
    made = one_time.make(purpose, account_id, now, LASTS, bound, code=state)
    write(lambda run: one_time.add(run, made))
    challenge = _plain(sha256(_verifier(state, bound).encode()).digest())
    asked = {
        "response_type": "code",
        "client_id": kept.oidc_client_id,
        "redirect_uri": _back(),
        "scope": "openid",
        "state": state,
        "nonce": _nonce(state, bound),
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    place = found["authorization_endpoint"]
    return f"{place}{'&' if urlsplit(place).query else '?'}{urlencode(asked)}"


def _redeem(purpose: Purpose, answer: _Answer, bound: str, now: datetime) -> one_time.Used:
    """Use the state up, before anything else is looked at.

    Raises:
        Refused: unknown, used, over, or another browser's.
    """
    shown = one_time.shown(answer.state, {purpose}, bound)
    used = write(lambda run: one_time.redeem(run, shown, now))
    if used is None or not answer.code:
        raise Refused
    if answer.issuer and answer.issuer != settings.current().oidc_issuer:
        raise Refused
    return used


def _nonce(state: str, bound: str) -> str:
    return _plain(keyed("oidc-nonce", state, bound)[0])


def _verifier(state: str, bound: str) -> str:
    return _plain(keyed("oidc-verifier", state, bound)[0])


def _back() -> str:
    return f"{settings.current().base_url.rstrip('/')}/sign-in/oidc/back"


def _plain(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


# --- the answer ---------------------------------------------------------------------------------


def _identity(answer: _Answer, bound: str, now: datetime) -> Identity:
    """Who the provider says it is, in exchange for its code.

    Raises:
        Refused: it does not say so, or not so that it counts.
    """
    kept = settings.current()
    found = _discovered()
    given = {
        "grant_type": "authorization_code",
        "code": answer.code,
        "redirect_uri": _back(),
        "client_id": kept.oidc_client_id,
        "code_verifier": _verifier(answer.state, bound),
    }
    token = _fetched(found["token_endpoint"], given).get("id_token")
    if not isinstance(token, str):
        raise Refused
    claims = _claims(token, _fetched(found["jwks_uri"]))
    try:
        return identity(
            claims,
            issuer=kept.oidc_issuer,
            client_id=kept.oidc_client_id,
            nonce=_nonce(answer.state, bound),
            now=now,
        )
    except Unfit as error:
        raise Refused from error


def _claims(token: str, keys: dict[str, Any]) -> dict[str, Any]:
    """The claims of an ID token that one of the provider's keys signed.

    Raises:
        Refused: none did, or not by a way that is taken.
    """
    from joserfc import jwk, jwt  # noqa: PLC0415 - an extra, and slow to import
    from joserfc.errors import JoseError  # noqa: PLC0415 - an extra, and slow to import

    try:
        header = json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))
        named = header.get("kid")
        if header.get("alg") not in ALGORITHMS:
            raise Refused
        for given in keys["keys"]:
            is_for_signing = given.get("kty") in ("RSA", "EC") and given.get("use", "sig") == "sig"
            if not is_for_signing or (named is not None and given.get("kid") != named):
                continue
            try:
                read = jwt.decode(token, jwk.import_key(given), algorithms=list(ALGORITHMS))
            except (JoseError, ValueError, TypeError, KeyError):
                continue
            return dict(read.claims)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Refused from error
    raise Refused


def _discovered() -> dict[str, Any]:
    """What the provider says of itself.

    Raises:
        Refused: nothing, or something about another one.
    """
    issuer = settings.current().oidc_issuer
    if not issuer:
        raise NotFound
    found = _fetched(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    places = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if found.get("issuer") != issuer or not all(_is_safe(found.get(name)) for name in places):
        raise Refused
    return found


def _is_safe(place: Any) -> bool:
    if not isinstance(place, str):
        return False
    parts = urlsplit(place)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS)


class _Stay(HTTPRedirectHandler):
    """Follows nobody elsewhere."""

    def redirect_request(self, *given: Any, **more: Any) -> None:
        return None


def _fetched(place: str, given: dict[str, str] | None = None) -> dict[str, Any]:
    """A document of the provider's, in answer to a form where one is given.

    Raises:
        Refused: there is none, or nothing that can be read.
    """
    kept = settings.current()
    request = Request(place, headers={"Accept": "application/json"})  # noqa: S310 - https, or local
    if given is not None:
        request.data = urlencode(given).encode()
        if kept.oidc_client_secret:
            pair = urlencode({kept.oidc_client_id: kept.oidc_client_secret}).replace("=", ":", 1)
            shown = base64.b64encode(pair.encode()).decode()
            request.add_header("Authorization", f"Basic {shown}")
    try:
        with build_opener(_Stay).open(request, timeout=PATIENCE) as answer:
            found = json.loads(answer.read(LONGEST_ANSWER + 1)[: LONGEST_ANSWER + 1])
    except (URLError, OSError, ValueError, RecursionError) as error:
        raise Refused from error
    if not isinstance(found, dict):
        raise Refused
    return found
