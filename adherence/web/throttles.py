"""Throttles: how often an address, an account or a session may try what could be guessed.

They count before the view does anything. What was the right person's try is taken back afterwards,
so a clinic behind one address is not stopped by its own staff.
"""

from __future__ import annotations

import hmac
import ipaddress
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Flask, Response, current_app, g, request

from adherence import settings
from adherence.domain.errors import TooMany
from adherence.domain.sign_in import plain_address
from adherence.services import sign_in, throttles
from adherence.services.keys import keyed
from adherence.web.clock import now

QUARTER = 15 * 60
HOUR = 60 * 60
#: A browser that has signed in to an account before says so; its owner is not shut out by others.
KNOWN = "__Host-known"
KNOWN_SECONDS = 400 * 24 * 3600
MOST_KNOWN = 5
EXTENSION = "adherence.pace"
#: All people of a process together may ask this many times as often as one.
ALL = 50


def address() -> str:
    """Where a request comes from; of an IPv6 address the network, which one person has whole."""
    given = request.remote_addr or ""
    try:
        found = ipaddress.ip_address(given)
    except ValueError:
        return given
    if found.version == 6:
        mapped = found.ipv4_mapped
        return str(mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def account() -> str:
    """Which account somebody names; it is counted the same whether there is one.

    Of a server's only clinic the word may be left out; both spellings are one account.
    """
    clinic = sign_in.clinic_of(request.form.get("clinic", "")[:100])
    return f"{clinic} {plain_address(request.form.get('email', '')[:300])}"


def account_from_here() -> str:
    """The same from one address."""
    return f"{account()} {address()}"


def account_of_strangers() -> str | None:
    """The account from browsers that never signed in to it; None on one that has."""
    return None if is_known() else account()


def own_account() -> str:
    """The account whose session this is."""
    return str(g.session.actor.account_id)


def own_session() -> str:
    """The session itself."""
    return str(g.session.id)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` tries in a window of ``seconds`` by the same ``by``."""

    by: Callable[[], str | None]
    most: int
    seconds: int


#: What may be tried how often. The first limit that is passed refuses; those after it do not count.
LIMITS: dict[str, tuple[Limit, ...]] = {
    "password": (
        Limit(address, 60, QUARTER),
        Limit(account_from_here, 10, QUARTER),
        Limit(account_of_strangers, 100, HOUR),
    ),
    "code": (Limit(address, 30, QUARTER),),
    "pin": (Limit(address, 60, QUARTER),),
    "mail": (Limit(address, 20, HOUR), Limit(account, 5, HOUR)),
    "mail_code": (Limit(address, 30, QUARTER),),
    "passkey": (Limit(address, 60, QUARTER),),
    "oidc": (Limit(address, 60, QUARTER),),
    "second_step": (Limit(own_session, 5, QUARTER), Limit(own_account, 10, QUARTER)),
    "prove": (Limit(own_account, 10, QUARTER),),
    "invite": (Limit(own_account, 60, HOUR),),
    "copy": (Limit(own_account, 5, 24 * HOUR),),
    "copy_fetch": (Limit(own_account, 30, HOUR),),
    "emergency": (Limit(own_account, 10, QUARTER), Limit(own_account, 30, 24 * HOUR)),
}


def init_app(app: Flask) -> None:
    """Give ``app`` the counters of how fast people ask."""
    app.extensions[EXTENSION] = _Pace()
    app.after_request(_write_cookie)


def check(name: str | None) -> None:
    """Count a try of what is limited under ``name``.

    Raises:
        TooMany: it was tried too often; it says how long to wait.
    """
    if name is None:
        return
    counters = [
        throttles.counter(f"{name}.{place}", who, limit.most, limit.seconds, now())
        for place, limit in enumerate(LIMITS[name])
        if (who := limit.by()) is not None
    ]
    seconds = throttles.count(counters, now())
    if seconds is not None:
        raise TooMany(seconds)
    g.counted = counters


def forgive() -> None:
    """Take the try of this request back: it was the right person."""
    counters = g.pop("counted", None)
    if counters:
        throttles.forgive(counters)


def pace(who: UUID | None) -> None:
    """Hold everybody to a number of requests a minute, by account or by address.

    Counted in this process alone: it keeps one person from using up what others need, and is no
    defence of a secret.

    Raises:
        TooMany: it was more.
    """
    kept: _Pace = current_app.extensions[EXTENSION]
    kept.count(str(who) if who else address(), now(), settings.current().requests_per_minute)


def remember(email: str) -> None:
    """Let this browser be known as one that has signed in to the account of an address."""
    mark = _mark(email)
    held = [one for one in _held() if one != mark]
    g.known_cookie = ".".join([mark, *held][:MOST_KNOWN])


def is_known() -> bool:
    """Whether this browser has signed in before to the account that somebody names."""
    mark = _mark(request.form.get("email", ""))
    return any(hmac.compare_digest(mark.encode(), one.encode()) for one in _held())


def _held() -> list[str]:
    return request.cookies.get(KNOWN, "").split(".")[:MOST_KNOWN]


def _mark(email: str) -> str:
    return keyed("known", plain_address(email[:300]))[0].hex()[:32]


def _write_cookie(response: Response) -> Response:
    if "known_cookie" in g:
        response.set_cookie(
            KNOWN,
            g.known_cookie,
            KNOWN_SECONDS,
            path="/",
            secure=True,
            httponly=True,
            samesite="Strict",
        )
    return response


class _Pace:
    """Requests of the running minute, by who asked."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._minute = 0
        self._counts: dict[str, int] = {}
        self._all = 0

    def count(self, who: str, at: datetime, most: int) -> None:
        second = int(at.timestamp())
        with self._mutex:
            if second // 60 != self._minute:
                self._minute, self._counts, self._all = second // 60, {}, 0
            self._all += 1
            found = self._counts[who] = self._counts.get(who, 0) + 1
            if found > most or self._all > most * ALL:
                raise TooMany(60 - second % 60)
