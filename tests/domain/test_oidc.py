"""Single sign-on: which of a provider's words count, over all that it might say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adherence.domain.oidc import ALGORITHMS, Identity, Unfit, identity, shows_two

#: A busy machine is no fault of a rule.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
ISSUER = "https://login.example.org"
GOOD: dict[str, Any] = {
    "iss": ISSUER,
    "aud": "us",
    "sub": "s-1",
    "nonce": "n-1",
    "iat": AT,
    "exp": AT + 300,
}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


def read(**changes: Any) -> Identity:
    claims = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    return identity(claims, issuer=ISSUER, client_id="us", nonce="n-1", now=NOW)


def test_a_good_word_counts():
    assert read() == Identity("s-1", False)
    assert read(aud=["us"], amr=["mfa"]) == Identity("s-1", True)
    assert read(aud=["us", "them"], azp="us").subject == "s-1"
    assert read(exp=AT - 59, iat=AT + 59, nbf=AT + 59).subject == "s-1"


@UNTIMED
@given(st.sampled_from(sorted(GOOD)), anything)
def test_a_word_with_anything_else_in_one_place_never_counts_by_accident(name: str, value: Any):
    try:
        read(**{name: value})
    except Unfit:
        return
    if name in ("iat", "exp"):
        assert isinstance(value, int | float)
    elif name == "sub":
        assert isinstance(value, str) and value
    else:
        assert value == GOOD[name]


@pytest.mark.parametrize("name", sorted(GOOD))
def test_nothing_may_be_left_out(name: str):
    with pytest.raises(Unfit):
        read(**{name: ...})


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": AT - 60},
        {"iat": AT + 61},
        {"iat": AT - 601},
        {"nbf": AT + 61},
        {"exp": True},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"exp": 10**30},
        {"aud": []},
        {"aud": ["us", "them"]},
        {"azp": "them"},
        {"iss": f"{ISSUER}/"},
        {"sub": "x" * 256},
    ],
    ids=str,
)
def test_what_is_over_or_meant_for_others_does_not_count(changes: dict[str, Any]):
    with pytest.raises(Unfit):
        read(**changes)


@pytest.mark.parametrize(
    ("amr", "two"),
    [
        (["mfa"], True),
        (["pwd", "otp"], True),
        (["pin", "hwk"], True),
        (["fpt", "swk"], True),
        (["pwd"], False),
        (["pwd", "pin"], False),
        (["otp", "sms"], False),
        (["face", "fpt"], False),
        (["user", "rba"], False),
        ([], False),
        ("mfa", False),
        (None, False),
        ([["mfa"]], False),
        ({"mfa": True}, False),
    ],
)
def test_two_factors_are_two_of_different_kinds(amr: Any, two: bool):
    assert shows_two(amr) is two


def test_no_algorithm_with_a_shared_secret_is_taken():
    assert not [one for one in ALGORITHMS if one.startswith("HS") or one == "none"]
