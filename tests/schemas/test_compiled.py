"""The compiled checker answers exactly as the schema it was compiled from."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import RAISE, Schema, ValidationError, fields

from adherence.domain.entries import EFFORT_SCALE, PAIN_SCALE, Reason, Status
from adherence.schemas.compiled import compiled
from adherence.schemas.entries import CORRECTION, ENTRY, check_correction, check_entry

UUIDS = st.uuids().map(str)
ODD_UUIDS = st.sampled_from(
    [
        "{12345678-1234-1234-1234-123456789abc}",
        "urn:uuid:12345678-1234-1234-1234-123456789abc",
        "12345678123412341234123456789abc",
        "1_345678-1234-1234-1234-123456789abc",
        "１2345678-1234-1234-1234-123456789abc",
        "12345678-1234-1234-1234-123456789abc\n",
    ]
)
INSTANTS = st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat())
ODD_INSTANTS = st.sampled_from(
    [
        "2026-11-22T08:00:00",
        "2026-11-22",
        "2026-11-22T08:00:00Z",
        "20261122T080000+0100",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-02-30T00:00:00Z",
        "２026-11-22T08:00:00Z",
        "2026-11-22T08:00:00\ud800Z",
    ]
)
DAYS = st.dates().map(lambda day: day.isoformat())
ODD_DAYS = st.sampled_from(["2026-W47-7", "20261122", "2026-11-31", "1800-01-01", ""])
NUMBERS = st.one_of(
    st.integers(-3, 15),
    st.integers(),
    st.floats(),
    st.sampled_from([-0.0, True, False, "3", "１", 10**400, 3.0]),
)
TEXTS = st.one_of(st.text(max_size=60), st.text(max_size=5).map(lambda text: text * 400))
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=4,
)
FLAGS = st.one_of(st.booleans(), st.sampled_from([0, 1, "true", "on"]))
LIKELY = {
    "client_id": st.one_of(UUIDS, ODD_UUIDS),
    "activity_id": st.one_of(UUIDS, ODD_UUIDS),
    "goal_id": UUIDS,
    "symptom": TEXTS,
    "day": st.one_of(DAYS, ODD_DAYS),
    "slot": NUMBERS,
    "status": st.one_of(st.sampled_from(list(Status)).map(str), TEXTS),
    "sets": NUMBERS,
    "reps": NUMBERS,
    "hold_seconds": NUMBERS,
    "quantity": NUMBERS,
    "value": NUMBERS,
    "declined": FLAGS,
    "reason": st.one_of(st.sampled_from(list(Reason)).map(str), TEXTS),
    "pain": NUMBERS,
    "pain_declined": FLAGS,
    "effort": NUMBERS,
    "note": TEXTS,
    "withdrawn": FLAGS,
    "performed_at": st.one_of(INSTANTS, ODD_INSTANTS),
    "zone": TEXTS,
    "recorded_at": INSTANTS,
    "source": st.sampled_from(["self", "device", "clinician", "Self"]),
    "corrects_id": UUIDS,
}
SAID = {"client_id", "activity_id", "status", "performed_at"}
DOCUMENTS = st.one_of(
    st.fixed_dictionaries(
        {
            "client_id": UUIDS,
            "activity_id": UUIDS,
            "status": st.sampled_from(["done", "partly", "skipped", "missed"]),
            "performed_at": st.just("2026-11-22T08:00:00+01:00"),
        },
        optional={
            name: st.one_of(usual, st.none()) for name, usual in LIKELY.items() if name not in SAID
        },
    ),
    st.fixed_dictionaries(
        {}, optional={name: st.one_of(usual, ANYTHING) for name, usual in LIKELY.items()}
    ),
    st.dictionaries(st.one_of(st.sampled_from(list(LIKELY)), st.text(max_size=8)), ANYTHING),
    ANYTHING,
)


def answer(check: Any, document: Any) -> tuple[str, str]:
    """What a checker says: its value with the types in it, or its errors."""
    try:
        return "value", repr(sorted(check(document).items()))
    except ValidationError as error:
        return "errors", json.dumps(error.normalized_messages(), sort_keys=True)


@given(DOCUMENTS)
def test_an_entry_gets_the_same_value_or_the_same_errors_as_from_its_schema(document: Any):
    assert answer(check_entry, document) == answer(ENTRY.load, document)


@given(DOCUMENTS)
def test_a_correction_gets_the_same_value_or_the_same_errors_as_from_its_schema(document: Any):
    assert answer(check_correction, document) == answer(CORRECTION.load, document)


@pytest.mark.parametrize("scale", ["pain", "effort"])
@pytest.mark.parametrize("off", [-1, 1])
def test_bounds_come_from_the_domain(scale: str, off: int):
    low, high = PAIN_SCALE if scale == "pain" else EFFORT_SCALE
    document = {
        "client_id": "0192f0c1-2345-7890-abcd-ef0123456789",
        "activity_id": "0192f0c1-2345-7890-abcd-ef0123456780",
        "status": "done",
        "performed_at": "2026-11-22T08:00:00Z",
        scale: (high if off > 0 else low) + off,
    }

    with pytest.raises(ValidationError) as refused:
        check_entry(document)

    assert list(refused.value.messages) == [scale]


def test_a_field_type_the_fast_path_does_not_know_is_refused_when_compiling():
    class Odd(Schema):
        class Meta:
            unknown = RAISE

        when = fields.TimeDelta()

    with pytest.raises(TypeError, match="when"):
        compiled(Odd())


def test_a_schema_that_ignores_unknown_fields_is_refused_when_compiling():
    class Lax(Schema):
        class Meta:
            unknown = "exclude"

    with pytest.raises(TypeError):
        compiled(Lax())
