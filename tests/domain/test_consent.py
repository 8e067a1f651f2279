"""Consent: the latest decision counts, in words that suffice, under a name that can be read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adherence.domain import consent
from adherence.domain.consent import (
    Answer,
    Decision,
    Purpose,
    State,
    Version,
    holds,
    is_objected,
    latest,
    least_version,
    moment_of,
    signature,
    state,
)
from adherence.domain.errors import InvalidInput

#: A busy machine is no fault of a rule.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

moments = st.integers(-50, 50).map(lambda hours: NOON + hours * HOUR)
decisions = st.lists(
    st.builds(
        Decision,
        purpose=st.sampled_from(Purpose),
        version=st.integers(1, 4),
        answer=st.sampled_from(Answer),
        decided_at=moments,
        seq=st.integers(1, 10**6),
    ),
    max_size=12,
    unique_by=lambda one: one.seq,
)


def decided(answer: Answer, at: datetime = NOON, **more: Any) -> Decision:
    said = {"purpose": Purpose.PROGRAMME, "version": 1, "seq": 1, **more}
    return Decision(answer=answer, decided_at=at, **said)


def test_nothing_decided_is_not_given_and_no_objection():
    for purpose in Purpose:
        assert not holds(purpose, [], NOON)
        assert not is_objected(purpose, [], NOON)
        assert state(purpose, [], NOON) is State.UNDECIDED


def test_the_latest_decision_counts_and_seq_decides_within_a_moment():
    given_first = [decided(Answer.GIVEN, seq=1), decided(Answer.WITHDRAWN, seq=2)]
    taken_first = [decided(Answer.WITHDRAWN, seq=1), decided(Answer.GIVEN, seq=2)]

    assert not holds(Purpose.PROGRAMME, given_first, NOON)
    assert holds(Purpose.PROGRAMME, taken_first, NOON)
    assert not holds(Purpose.RESEARCH, taken_first, NOON), "a yes to one is none to another"


def test_G6_new_words_change_nothing_unless_they_say_so():
    old = [decided(Answer.GIVEN)]
    plain = [Version(1), Version(2)]
    renewed = [Version(1), Version(2, needs_renewal=True, begins_on=date(2026, 3, 4))]

    assert holds(Purpose.PROGRAMME, old, NOON, least_version(plain, NOON))
    assert holds(Purpose.PROGRAMME, old, NOON, least_version(renewed, NOON))
    later = NOON + 2 * DAY
    assert state(Purpose.PROGRAMME, old, later, least_version(renewed, later)) is State.OUTDATED
    again = [*old, decided(Answer.GIVEN, later, version=2, seq=2)]
    assert holds(Purpose.PROGRAMME, again, later, least_version(renewed, later))


@UNTIMED
@given(decisions, st.sampled_from(Purpose), moments, st.integers(0, 4))
def test_holds_is_what_a_plain_reading_of_the_list_says(
    made: list[Decision], purpose: Purpose, now: datetime, least: int
):
    answer = None
    for one in sorted(made, key=lambda one: (one.decided_at, one.seq)):
        if one.purpose == purpose and one.decided_at <= now:
            answer = one.answer is Answer.GIVEN and one.version >= least

    assert holds(purpose, made, now, least) is bool(answer)


@UNTIMED
@given(decisions, st.sampled_from(Purpose), moments, st.randoms())
def test_the_order_in_which_decisions_are_read_does_not_matter(
    made: list[Decision], purpose: Purpose, now: datetime, chance: Any
):
    mixed = list(made)
    chance.shuffle(mixed)

    assert latest(purpose, mixed, now) == latest(purpose, made, now)


@UNTIMED
@given(decisions, st.sampled_from(Purpose), moments)
def test_G5_taking_back_ends_it_at_once_and_nothing_else(
    made: list[Decision], purpose: Purpose, now: datetime
):
    back = Decision(purpose, 4, Answer.WITHDRAWN, now, 10**7)

    assert not holds(purpose, [*made, back], now)
    assert is_objected(purpose, [*made, back], now)
    for other in set(Purpose) - {purpose}:
        assert state(other, [*made, back], now) is state(other, made, now)


@UNTIMED
@given(decisions, st.sampled_from(Purpose), moments, st.integers(0, 4))
def test_a_later_version_never_makes_a_yes_of_a_no(
    made: list[Decision], purpose: Purpose, now: datetime, least: int
):
    if holds(purpose, made, now, least + 1):
        assert holds(purpose, made, now, least)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "\t\n",
        "\u00a0\u2003",
        "x",
        "7",
        "12",
        "-",
        "..",
        "R.",
        "R 2",
        "\u0301\u0301",
        "\U0001f600",
    ],
)
def test_a_blank_signature_is_refused(typed: str):
    with pytest.raises(InvalidInput, match="no_name"):
        signature(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "\u200b\u200b",
        "\u200b",
        "\ufeff\ufeff",
        "\u2060\u2063",
        "\u00ad\u00ad",
        "\u3164\u3164",
        "\u115f\u1160",
        "\u2800\u2800",
        "\u202eRuth Aldous",
        "Ruth\u202c Aldous",
        "\u2066Ruth\u2069",
        "Ru\u200bth",
        "Ru\u200dth",
        "\u200dRuth",
        "Ru\x00th",
        "Ruth\nAldous",
        "Ruth\ud800",
    ],
)
def test_a_signature_that_nobody_can_see_is_refused(typed: str):
    with pytest.raises(InvalidInput, match="invisible"):
        signature(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "Bo",
        "Ruth Aldous",
        "Елена Петрова",
        "李娜",
        "Ø. Å",
        "O'Brien-Ü",
        "می\u200cخواهم",
        "क्\u200dष",
    ],
)
def test_a_name_is_kept_as_it_was_typed(typed: str):
    assert signature(f"  {typed} ") == typed


def test_a_decomposed_name_is_composed_and_a_long_one_refused():
    assert signature("Rene\u0301") == "Ren\u00e9"
    with pytest.raises(InvalidInput, match="too_long"):
        signature("a" * (consent.NAME_LIMIT + 1))


@UNTIMED
@given(st.text())
def test_whatever_is_taken_as_a_signature_can_be_seen(typed: str):
    import unicodedata

    try:
        name = signature(typed)
    except InvalidInput:
        return
    seen = [each for each in name if unicodedata.category(each)[0] in "LN"]
    assert len(seen) >= 2
    assert name == name.strip()


def test_of_one_day_on_paper_the_no_comes_after_the_yes():
    day = date(2026, 3, 1)
    yes = moment_of(day, Answer.GIVEN, "Europe/Berlin", NOON)
    no = moment_of(day, Answer.WITHDRAWN, "Europe/Berlin", NOON)

    assert yes == datetime(2026, 2, 28, 23, 0, tzinfo=UTC)
    assert no == yes + DAY
    assert moment_of(NOON.date(), Answer.WITHDRAWN, "Europe/Berlin", NOON) == NOON
    with pytest.raises(InvalidInput, match="in_the_future"):
        moment_of(date(2026, 3, 3), Answer.GIVEN, "Europe/Berlin", NOON)
