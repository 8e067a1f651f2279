"""From key poses to movement: contacts are met, and what is wrong is found."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adherence.domain.contacts import miss, target_of
from adherence.domain.exercises import exercise_of, mirrored
from adherence.domain.figure import AT_EASE, BONES, length, minus, mirrored_name, posture
from adherence.domain.motions import (
    bends,
    duration,
    eased,
    end_pose,
    faults_in_motion,
    key_moments,
    legs,
    moment,
    motion,
    shown,
    skeleton,
    strip,
    way,
)
from tests.domain.test_exercises import data

UNTIMED = settings(deadline=None)


CHAIR = {"kind": "chair", "at": [0.0, 0.1]}
SIT_TO_STAND = [
    {
        "phase": "start",
        "seconds": 2,
        "hold": 0.5,
        "contacts": ["seat:chair", "feet:floor"],
        "joints": {"hip": {"flexion": 88}, "knee": {"flexion": 100}, "ankle": {"flexion": 15}},
    },
    {
        "phase": "hold",
        "seconds": 2,
        "hold": 1,
        "contacts": ["feet:floor"],
        "joints": {"hip": {"flexion": 0}, "knee": {"flexion": 0}, "ankle": {"flexion": 0}},
    },
]
SQUAT = [
    {"phase": "start", "seconds": 1, "contacts": ["feet:floor"]},
    {
        "phase": "hold",
        "seconds": 2,
        "hold": 1,
        "root": {"pitch": 30},
        "joints": {"hip": {"flexion": 80}, "knee": {"flexion": 70}, "ankle": {"flexion": 20}},
    },
]


def exercise(pose, *props, **changes):
    return exercise_of(data(pose=pose, prop=list(props), **changes), AT_EASE)


def missed(now, room):
    return [miss(c, target_of(c, room.props), now.body) for c in now.contacts]


def test_standing_is_put_on_the_floor():
    standing = key_moments(exercise(SQUAT))[0]

    assert standing.body.point("ankle_l", (0, -0.039 * 1.7, 0))[1] == pytest.approx(0, abs=1e-3)
    assert standing.place[1] == pytest.approx(0.530 * 1.7, abs=2e-3)


def test_sitting_is_put_on_the_chair_with_both_feet_on_the_floor():
    room = exercise(SIT_TO_STAND, CHAIR)
    seated = key_moments(room)[0]

    assert max(missed(seated, room)) < 0.002
    assert 0.50 < seated.place[1] < 0.56
    assert seated.place[2] == pytest.approx(0.1, abs=0.03)


def test_feet_stay_where_they_are_while_one_stands_up():
    room = exercise(SIT_TO_STAND, CHAIR)
    places = [way(room, 0, 1, share / 8).body.places["ankle_l"] for share in range(9)]

    assert max(length(minus(place, places[0])) for place in places) < 0.004


def test_a_limb_bends_until_its_contact_is_met_and_authors_are_told():
    poses = [
        {**SIT_TO_STAND[0], "joints": {"hip": {"flexion": 75}, "knee": {"flexion": 60}}},
        SIT_TO_STAND[1],
    ]
    room = exercise(poses, CHAIR)

    assert max(missed(key_moments(room)[0], room)) < 0.002
    assert any(text.startswith("pose 1: knee_l.flexion 60 became") for text in bends(room))


def test_the_other_limbs_keep_the_angles_that_were_written():
    seated = key_moments(exercise(SIT_TO_STAND, CHAIR))[0]

    assert {k: v for k, v in seated.angles.items() if "shoulder" in k} == {
        k: v for k, v in AT_EASE.items() if "shoulder" in k
    }


@pytest.mark.parametrize(
    ("contact", "props"),
    [
        ("hands:wall", [{"kind": "wall", "at": [0, 0.5]}]),
        ("hands:chair", [{"kind": "chair", "at": [0, 0.5]}]),
        ("hands:table", [{"kind": "table", "at": [0, 0.55], "height": 0.95}]),
        ("hand_r:belly", []),
        ("hand_l:shoulder_r", []),
        ("hands:hip", []),
        ("hand_r:temple_r", []),
        ("foot_r:step", [{"kind": "step", "at": [-0.1, 0.3]}]),
    ],
)
def test_hands_and_feet_reach(contact, props):
    reach = {
        "phase": "start",
        "contacts": ["feet:floor", contact] if "foot" not in contact else ["foot_l:floor", contact],
        "joints": {
            "hip_r": {"flexion": 40 if "foot" in contact else 0},
            "knee_r": {"flexion": 60 if "foot" in contact else 0},
            "shoulder": {"flexion": 40},
            "elbow": {"flexion": 70},
        },
    }
    room = exercise([reach, {"phase": "hold"}], *props)
    now = key_moments(room)[0]

    assert max(missed(now, room)) < 0.012


def test_what_is_out_of_reach_is_a_fault():
    room = exercise(
        [{"phase": "start", "contacts": ["feet:floor", "hands:wall"]}, {"phase": "hold"}],
        {"kind": "wall", "at": [0, 2.0]},
    )

    assert any("hand_l misses wall" in fault for fault in faults_in_motion(room))


def test_a_surface_that_is_not_there_is_a_fault():
    room = exercise([{"phase": "start", "contacts": ["feet:step"]}, {"phase": "hold"}])

    assert "pose 1: foot_l touches step, but the room has none" in faults_in_motion(room)


def test_below_the_floor_inside_the_chair_and_through_the_body_are_faults():
    floor = [{"phase": "start", "contacts": ["foot_l:floor"], "joints": {
        "hip_l": {"flexion": 40}, "knee_l": {"flexion": 60}}}, {"phase": "hold"}]  # fmt: skip
    chair = [{"phase": "start", "contacts": ["feet:floor"]}, {"phase": "hold"}]
    body = [
        {"phase": "start", "contacts": ["feet:floor"]},
        {
            "phase": "hold",
            "joints": {"elbow_l": {"flexion": 90}, "shoulder_l": {"rotation": -88}},
        },
    ]

    assert any("below the floor" in fault for fault in faults_in_motion(exercise(floor)))
    inside = faults_in_motion(exercise(chair, {"kind": "chair", "at": [0.0, 0.0]}))
    assert any("inside the chair seat" in fault for fault in inside)
    assert any("inside belly" in fault for fault in faults_in_motion(exercise(body)))


def test_a_good_movement_has_no_faults():
    assert faults_in_motion(exercise(SIT_TO_STAND, CHAIR, equipment=["chair"])) == []


def test_a_sliding_heel_touches_but_moves():
    lying = {
        "phase": "start",
        "contacts": ["back:floor", "heel_r~floor"],
        "root": {"pitch": -90},
        "joints": {"hip_r": {"flexion": 5}},
    }
    bent = {"phase": "hold", "joints": {"hip_r": {"flexion": 50}, "knee_r": {"flexion": 95}}}
    room = exercise([lying, bent])
    heels = [
        way(room, 0, 1, share / 4).body.point("ankle_r", (0, -0.066, -0.047)) for share in range(5)
    ]

    assert heels[0][2] - heels[-1][2] > 0.15
    assert max(abs(heel[1]) for heel in heels) < 0.003


@UNTIMED
@given(st.floats(0, 1))
def test_bones_keep_their_length_on_the_way(share):
    plain = posture({})
    body = way(exercise(SIT_TO_STAND, CHAIR), 0, 1, share).body

    for start, end in BONES:
        bone = length(minus(body.places[end], body.places[start]))
        assert bone == pytest.approx(length(minus(plain.places[end], plain.places[start])))


def test_the_clock_runs_through_moves_and_holds():
    room = exercise(SIT_TO_STAND, CHAIR)

    assert [(leg.start, leg.end, leg.begins, leg.lasts) for leg in legs(room)] == [
        (0, 0, 0.0, 0.5),
        (0, 1, 0.5, 2.0),
        (1, 1, 2.5, 1.0),
        (1, 0, 3.5, 2.0),
    ]
    assert duration(room) == 5.5
    assert moment(room, 3.0).place == key_moments(room)[1].place
    assert moment(room, 99.0).place == key_moments(room)[0].place


def test_without_return_it_ends_at_the_last_pose():
    room = exercise(SIT_TO_STAND, CHAIR, repeat=False)

    assert duration(room) == 3.5
    assert moment(room, 99.0).place == key_moments(room)[1].place


def test_movement_starts_and_stops_softly():
    assert (eased(0), eased(0.5), eased(1)) == (0, 0.5, 1)
    assert eased(0.1) < 0.1 and eased(0.9) > 0.9


def test_the_end_is_the_first_hold_or_else_what_differs_most():
    without = [{**SQUAT[0]}, {**SQUAT[1], "phase": "move"}, {"phase": "return", "joints": {}}]

    assert end_pose(exercise(SIT_TO_STAND, CHAIR)) == 1
    assert end_pose(exercise(without)) == 1


def test_three_moments_are_shown_and_ten_in_the_strip():
    room = exercise(SIT_TO_STAND, CHAIR)
    three = shown(room)

    assert list(three) == ["start", "middle", "end"]
    heights = [now.place[1] for now in three.values()]
    assert heights == sorted(heights)
    ten = strip(room)
    assert len(ten) == 10
    assert ten[0].place == pytest.approx(ten[-1].place)


def test_a_mirrored_exercise_moves_as_in_a_mirror():
    poses = [
        {"phase": "start", "contacts": ["feet:floor", "hand_l:chair"]},
        {
            "phase": "hold",
            "contacts": ["foot_l:floor", "hand_l:chair"],
            "joints": {"hip_r": {"abduction": 25}, "spine_mid": {"bend": 8}},
        },
    ]
    room = exercise(poses, {"kind": "chair", "at": [0.35, 0.25], "turn": 90}, sided=True)
    here, there = key_moments(room)[1], key_moments(mirrored(room))[1]

    for name, (x, y, z) in here.body.places.items():
        assert there.body.places[mirrored_name(name)] == pytest.approx((-x, y, z), abs=2e-3)


def test_the_motion_for_the_browser_is_small_and_says_the_same():
    room = exercise(SIT_TO_STAND, CHAIR)
    sent = motion(room)

    assert len(json.dumps(sent, separators=(",", ":"))) < 5_000
    assert sent["times"][0] == 0 and sent["times"][-1] == sent["seconds"] == 5.5
    assert sent["times"] == sorted(sent["times"])
    assert all(len(track) in (1, len(sent["times"])) for track in sent["angles"].values())
    at = sent["times"].index(2.5)
    assert sent["angles"]["knee_l.flexion"][at] == pytest.approx(0, abs=0.1)
    assert sent["place"][at] == pytest.approx(key_moments(room)[1].place, abs=1e-3)
    assert [key["phase"] for key in sent["keys"]] == ["start", "hold"]
    assert [key["at"] for key in sent["keys"]] == [0, 2.5]
    assert sent["props"][0]["height"] == 0.45


def test_the_skeleton_for_the_browser_lists_parents_first():
    joints = [joint["name"] for joint in skeleton()["joints"]]

    for joint in skeleton()["joints"][1:]:
        assert joints.index(joint["at"]) < joints.index(joint["name"])
        assert joint["turn"] in joints
    json.dumps(skeleton())
