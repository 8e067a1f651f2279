"""Single sign-on by OpenID Connect: what a provider's word must say before it counts here.

The signature is checked elsewhere; these are the rules about what was signed.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

#: Signatures with a key pair only: with a shared secret, a public key could be taken for one.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
SUBJECT_LIMIT = 255
#: Clocks of two machines may differ by this much.
DRIFT = timedelta(seconds=60)
#: How old a provider's word may be.
OLDEST = timedelta(minutes=10)

#: Ways to show who one is (RFC 8176), by what they rest on.
_KNOWS = frozenset({"pwd", "pin", "kba"})
_HAS = frozenset({"otp", "hwk", "swk", "pop", "sc", "sms", "tel"})
_IS = frozenset({"face", "fpt", "iris", "retina", "vbm"})


class Unfit(Exception):
    """A provider's word does not count; nobody is told why."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a provider says it is; ``is_two`` says that two factors were shown there."""

    subject: str
    is_two: bool


def identity(
    claims: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, now: datetime
) -> Identity:
    """Who the claims of a checked ID token stand for.

    Raises:
        Unfit: another issuer's, meant for somebody else, answering another question, over, not
            begun, or about nobody.
    """
    audience = claims.get("aud")
    meant_for = [audience] if isinstance(audience, str) else audience
    subject = claims.get("sub")
    asked = claims.get("nonce")
    if claims.get("iss") != issuer:
        raise Unfit("issuer")
    if not isinstance(meant_for, list) or client_id not in meant_for:
        raise Unfit("audience")
    if claims.get("azp", client_id) != client_id or (len(meant_for) > 1 and "azp" not in claims):
        raise Unfit("authorized party")
    if not isinstance(asked, str) or not hmac.compare_digest(asked.encode(), nonce.encode()):
        raise Unfit("nonce")
    if _moment(claims, "exp") <= now - DRIFT:
        raise Unfit("over")
    issued = _moment(claims, "iat")
    if not now - OLDEST <= issued <= now + DRIFT:
        raise Unfit("issued at another time")
    if "nbf" in claims and _moment(claims, "nbf") > now + DRIFT:
        raise Unfit("not begun")
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_LIMIT:
        raise Unfit("subject")
    return Identity(subject, shows_two(claims.get("amr")))


def shows_two(amr: Any) -> bool:
    """Whether a provider's ``amr`` says that two factors of different kinds were shown."""
    if not isinstance(amr, list):
        return False
    said = {one for one in amr if isinstance(one, str)}
    return "mfa" in said or sum(bool(said & kind) for kind in (_KNOWS, _HAS, _IS)) > 1


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit(name)
    try:
        return _EPOCH + timedelta(seconds=value)
    except (OverflowError, ValueError) as error:
        raise Unfit(name) from error


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
