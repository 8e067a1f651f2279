"""Reading an exercise from plain data, and finding what is wrong with it."""

import contextlib
import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adherence.domain.errors import InvalidInput
from adherence.domain.exercises import (
    Contact,
    angles_of,
    contacts_of,
    exercise_of,
    faults,
    graph_faults,
    mirrored,
)
from adherence.domain.figure import AT_EASE

UNTIMED = settings(deadline=None)


WORDS = {
    "title": "Knee bends",
    "purpose": "You sit down with ease.",
    "body": "Your thighs lower and lift you.",
    "start": ["Stand."],
    "steps": ["Bend your knees.", "Straighten up."],
    "mistakes": ["You hold your breath.", "You rush."],
    "stop": ["Stop if it hurts."],
    "caution": ["Fresh surgery."],
    "search": ["squat", "stairs", "knee", "thigh", "chair"],
}
PLAIN = {
    "slug": "knee-bend",
    "version": 1,
    "regions": ["knee"],
    "kind": "strength",
    "position": "standing",
    "goals": ["stairs"],
    "works": ["thigh-front"],
    "difficulty": 2,
    "view": {"turn": -60, "height": 8},
    "dose": {"sets": [2, 3], "reps": 8, "per_week": [2, 3], "source": "A handbook, 2009"},
    "pose": [
        {"phase": "start", "contacts": ["feet:floor"]},
        {
            "phase": "hold",
            "seconds": 2,
            "hold": 1,
            "joints": {"hip": {"flexion": 50}, "knee": {"flexion": 60}, "ankle_r": {"flexion": 9}},
        },
    ],
    "words": dict.fromkeys(("en", "de", "ru"), WORDS),
}


def data(**changes):
    return {**copy.deepcopy(PLAIN), **changes}


def read(**changes):
    return exercise_of(data(**changes), AT_EASE)


def test_good_data_has_no_faults():
    exercise = read()

    assert faults(exercise) == []
    assert exercise.dose.reps == (8, 8)
    assert exercise.repeat and not exercise.sided


def test_a_pose_keeps_what_it_does_not_name():
    first, second = read().poses

    assert first.angles == AT_EASE
    assert second.angles["hip_l.flexion"] == second.angles["hip_r.flexion"] == 50
    assert second.angles["ankle_r.flexion"] == 9 and "ankle_l.flexion" not in second.angles
    assert second.angles["shoulder_l.abduction"] == AT_EASE["shoulder_l.abduction"]
    assert second.contacts == first.contacts


def test_a_joint_without_a_side_is_both():
    assert angles_of({"knee": {"flexion": 5}}, {}) == {"knee_l.flexion": 5, "knee_r.flexion": 5}
    assert angles_of({"neck": {"turn": 5}}, {}) == {"neck.turn": 5}


@pytest.mark.parametrize(
    "joints",
    [
        {"tail": {"flexion": 5}},
        {"knee": {"turn": 5}},
        {"knee": 5},
        {"knee": {"flexion": "5"}},
        {"knee": {"flexion": True}},
    ],
)
def test_joints_that_cannot_be_are_refused(joints):
    with pytest.raises(InvalidInput):
        angles_of(joints, {})


@pytest.mark.parametrize(
    ("text", "contacts"),
    [
        ("feet:floor", [("foot_l", "floor", False), ("foot_r", "floor", False)]),
        ("heel_r~floor", [("heel_r", "floor", True)]),
        ("toes:step", [("toes_l", "step", False), ("toes_r", "step", False)]),
        ("toes_l:floor", [("toes_l", "floor", False)]),
        ("seat:chair", [("seat", "chair", False)]),
        ("hands:thigh", [("hand_l", "thigh_l", False), ("hand_r", "thigh_r", False)]),
        ("hands:thighs", [("hand_l", "thigh_l", False), ("hand_r", "thigh_r", False)]),
        ("hand_r:shoulder_l", [("hand_r", "shoulder_l", False)]),
        ("hands:chair-seat", [("hand_l", "chair-seat", False), ("hand_r", "chair-seat", False)]),
    ],
)
def test_contacts_are_written_part_and_surface(text, contacts):
    assert contacts_of(text) == tuple(Contact(*row) for row in contacts)


@pytest.mark.parametrize("text", ["foot", "paw_l:floor", "foot_l:moon", "seat_l:chair", "foot:"])
def test_contacts_that_cannot_be_are_refused(text):
    with pytest.raises(InvalidInput):
        contacts_of(text)


@pytest.mark.parametrize(
    "changes",
    [
        {"pose": []},
        {"colour": "red"},
        {"dose": {"sets": [3, 2], "source": "x"}},
        {"dose": {"setz": [2, 3]}},
        {"works": "calf"},
        {"version": "one"},
        {"view": {"tilt": 3}},
        {"prop": [{"kind": "chair", "seat": 3}]},
        {"prop": [{"kind": "band", "ends": ["nowhere", "hand_l"]}]},
        {"words": {"en": {**WORDS, "steps": "one"}}},
        {"words": {"en": {**WORDS, "stepps": []}}},
        {"words": {"fr": WORDS}},
        {"words": []},
        {"sided": "yes"},
        {"version": True},
        {"slug": 3},
        {"pose": {}},
        {"pose": ["standing"]},
        {"pose": [{"phase": "start", "seconds": float("nan")}]},
        {"pose": [{"phase": "start", "at": ["a", "b"]}]},
        {"pose": [{"phase": "start", "root": [1, 2, 3]}]},
        {"pose": [{"phase": "start", "joints": {"knee": {"flexion": 1e9}}}]},
        {"prop": [{"kind": "band", "ends": [[1, 2], "hand_l"]}]},
        {"dose": {"reps": 10**9, "source": "x"}},
    ],
)
def test_data_that_cannot_be_read_is_refused(changes):
    with pytest.raises(InvalidInput):
        read(**changes)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


@UNTIMED
@given(st.data())
def test_whatever_stands_in_a_place_is_read_or_refused(draw):
    changed = copy.deepcopy(PLAIN)
    changed["prop"] = [{"kind": "stick", "at": [0, 1], "ends": ["hand_l", [0, 1, 0]]}]
    place = changed
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw.draw(st.sampled_from(keys))
        deeper = isinstance(place[key], dict | list) and place[key] and draw.draw(st.booleans())
        if not deeper:
            break
        place = place[key]
    place[key] = draw.draw(JSON)

    with contextlib.suppress(InvalidInput):
        faults(exercise_of(changed, AT_EASE))


def test_an_error_says_where_and_repeats_nothing_that_was_typed():
    poses = [PLAIN["pose"][0], {"contacts": ["feet:floor", "my secret"]}]

    with pytest.raises(InvalidInput) as caught:
        read(pose=poses)

    assert str(caught.value) == "pose[2].contacts[2]: not_part_and_surface"


def words(**changes):
    return {"en": WORDS, "de": {**WORDS, **changes}, "ru": WORDS}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"regions": ["tail"]}, "regions: 'tail' is not known"),
        ({"regions": []}, "regions: none"),
        ({"goals": []}, "goals: none"),
        ({"kind": "magic"}, "kind: 'magic' is not known"),
        ({"works": []}, "works and stretches: both empty, nothing to highlight"),
        ({"stretches": ["tail"]}, "stretches: 'tail' is not known"),
        ({"equipment": ["chair"]}, "equipment: 'chair' has no [[prop]]"),
        (
            {"prop": [{"kind": "chair", "at": [0, 1]}]},
            "equipment: 'chair' stands in the room but is not listed",
        ),
        ({"slug": "Knee bend"}, "slug: 'Knee bend'"),
        ({"version": 0}, "version: from 1"),
        ({"difficulty": 6}, "difficulty: 1 to 5"),
        ({"harder": ["knee-bend"]}, "easier, harder: names itself"),
        ({"dose": {"reps": 8, "per_week": 3}}, "dose: no source"),
        (
            {"dose": {"per_week": 3, "source": "x"}},
            "dose: neither reps nor hold_seconds nor minutes",
        ),
        ({"dose": {"reps": 3, "source": "x"}}, "dose: neither per_week nor per_day"),
        ({"pose": PLAIN["pose"][:1]}, "pose: fewer than two"),
        (
            {"pose": [PLAIN["pose"][0], {"seconds": 0.1}]},
            "pose 2: seconds 0.2 to 12, hold 0 to 30",
        ),
        (
            {"pose": [{"phase": "start"}, {"contacts": ["feet:floor"]}]},
            "pose 1: touches nothing",
        ),
        (
            {"pose": [PLAIN["pose"][0], {"joints": {"knee_l": {"flexion": 170}}}]},
            "pose 2: knee_l.flexion 170 is outside -5 to 158",
        ),
        ({"words": {"en": WORDS, "de": WORDS}}, "words.ru: missing"),
        ({"words": words(title=" ")}, "words.de.title: empty"),
        ({"words": words(steps=["a", "b", "c"])}, "words.de.steps: not as many as in English"),
        ({"words": words(stop=["a", "b", "c"])}, "words.de.stop: 3, wanted 1 to 2"),
        ({"words": words(steps=["a", ""])}, "words.de: an empty item"),
        ({"words": words(search=["a"])}, "words.de.search: 1, wanted 5 to 10"),
        (
            {"sided": True, "words": words(stop=["Heben Sie das rechte Bein."])},
            "words.de: names a side: 'Heben Sie das rechte Bein.'",
        ),
    ],
)
def test_each_fault_is_found(changes, fault):
    assert fault in faults(read(**changes))


@pytest.mark.parametrize(
    "text",
    ["Bend to a right angle.", "Beugen Sie im rechten Winkel.", "Согните под прямым углом."],
)
def test_a_right_angle_is_no_side(text):
    assert faults(read(sided=True, words=words(stop=[text]))) == []


def test_a_sided_exercise_may_be_searched_for_by_side():
    search = [*WORDS["search"], "rechtes Knie"]

    assert faults(read(sided=True, words=words(search=search))) == []


def test_mirroring_changes_sides_and_nothing_else():
    exercise = read(
        sided=True,
        view={"turn": -60, "height": 8, "close": "hand_r"},
        prop=[{"kind": "band", "hand": "left", "ends": ["hand_l", [0.5, 1.0, 0.2]]}],
        pose=[
            {
                "phase": "start",
                "contacts": ["foot_l:floor", "hand_r:thigh_l"],
                "root": {"pitch": 10, "roll": 20, "yaw": 30},
                "joints": {"neck": {"turn": 12}, "hip_l": {"abduction": 9}},
                "at": [0.1, 0.2],
            },
            {"phase": "hold"},
        ],
    )
    other = mirrored(exercise)
    pose = other.poses[0]

    assert (pose.pitch, pose.roll, pose.yaw, pose.at) == (10, -20, -30, (-0.1, 0.2))
    assert pose.contacts == (Contact("foot_r", "floor"), Contact("hand_l", "thigh_r"))
    assert pose.angles["neck.turn"] == -12 and pose.angles["hip_r.abduction"] == 9
    assert other.props[0].hand == "right"
    assert other.props[0].ends == ("hand_r", (-0.5, 1.0, 0.2))
    assert (other.view.turn, other.view.close) == (60, "hand_l") and other.flipped
    assert mirrored(other) == exercise


def library(**rows):
    return {
        slug: read(slug=slug, difficulty=level, easier=easier, harder=harder)
        for slug, (level, easier, harder) in rows.items()
    }


def test_a_good_graph_has_no_faults():
    assert graph_faults(library(a=(1, [], ["b"]), b=(2, ["a"], []))) == []


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ({"a": (1, [], ["b"]), "b": (2, [], [])}, "a: b does not name it easier"),
        ({"a": (1, [], []), "b": (2, ["a"], [])}, "b: a does not name it harder"),
        ({"a": (1, [], ["c"])}, "a: c does not exist"),
        ({"a": (3, [], ["b"]), "b": (2, ["a"], [])}, "a: harder b is rated less difficult"),
        ({"a": (1, [], []), "b": (2, [], [])}, "b: no way leads to it"),
    ],
)
def test_each_fault_of_the_graph_is_found(rows, fault):
    assert fault in graph_faults(library(**rows))
