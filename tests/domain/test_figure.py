"""The figure against positions computed by hand, and the laws every posture keeps."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adherence.domain.figure import (
    ANKLE_HEIGHT,
    AT_EASE,
    BONES,
    CAPSULES,
    FOREARM,
    HAND,
    LIMITS,
    NODES,
    SHANK,
    SHOULDER_OUT,
    STATURE,
    THIGH,
    UPPER_ARM,
    Solid,
    about,
    between,
    breaches,
    closest,
    collisions,
    length,
    matrix,
    minus,
    mirrored_angles,
    mirrored_name,
    posture,
    product,
    quaternion,
    root_turn,
)

UNTIMED = settings(deadline=None)


def near(a, b, tolerance=1e-9):
    return length(minus(a, b)) < tolerance


def from_(body, start, end):
    """Where one joint is, seen from another."""
    return minus(body.places[end], body.places[start])


ANGLES = st.fixed_dictionaries(
    {},
    optional={
        name: st.floats(least, most, allow_nan=False) for name, (least, most) in LIMITS.items()
    },
)
TURNS = st.tuples(*(st.floats(-180, 180) for _ in range(3)))


def test_the_neutral_figure_has_the_published_lengths():
    body = posture({})

    assert near(from_(body, "hip_l", "knee_l"), (0, -0.245 * 1.7, 0))
    assert near(from_(body, "knee_l", "ankle_l"), (0, -0.246 * 1.7, 0))
    assert near(from_(body, "shoulder_r", "elbow_r"), (0, -0.186 * 1.7, 0))
    assert near(from_(body, "elbow_r", "wrist_r"), (0, -0.146 * 1.7, 0))
    hip_height = body.places["hip_l"][1] - body.places["ankle_l"][1] + ANKLE_HEIGHT
    assert hip_height == pytest.approx(0.530 * STATURE)
    shoulder_height = body.places["shoulder_l"][1] + hip_height
    assert shoulder_height == pytest.approx(0.818 * STATURE, abs=0.025)
    assert body.places["shoulder_l"][0] == pytest.approx(SHOULDER_OUT)


def test_left_is_x_up_is_y_and_forward_is_z():
    body = posture({})

    assert body.places["hip_l"][0] > 0 > body.places["hip_r"][0]
    assert body.places["head"][1] > body.places["pelvis"][1]
    assert body.places["toes_l"][2] > body.places["ankle_l"][2]


@pytest.mark.parametrize(
    ("angles", "start", "end", "expected"),
    [
        ({"shoulder_l.flexion": 90}, "shoulder_l", "elbow_l", (0, 0, UPPER_ARM)),
        ({"shoulder_r.flexion": 180}, "shoulder_r", "elbow_r", (0, UPPER_ARM, 0)),
        ({"shoulder_l.flexion": -45}, "shoulder_l", "elbow_l",
         (0, -UPPER_ARM * math.sqrt(0.5), -UPPER_ARM * math.sqrt(0.5))),
        ({"shoulder_l.abduction": 90}, "shoulder_l", "elbow_l", (UPPER_ARM, 0, 0)),
        ({"shoulder_r.abduction": 90}, "shoulder_r", "elbow_r", (-UPPER_ARM, 0, 0)),
        ({"shoulder_l.flexion": 90, "shoulder_l.horizontal": 90}, "shoulder_l", "elbow_l",
         (-UPPER_ARM, 0, 0)),
        ({"shoulder_r.flexion": 90, "shoulder_r.horizontal": -90}, "shoulder_r", "elbow_r",
         (-UPPER_ARM, 0, 0)),
        ({"elbow_l.flexion": 90}, "elbow_l", "wrist_l", (0, 0, FOREARM)),
        ({"elbow_l.flexion": 90, "shoulder_l.rotation": 90}, "elbow_l", "wrist_l",
         (FOREARM, 0, 0)),
        ({"elbow_r.flexion": 90, "shoulder_r.rotation": 90}, "elbow_r", "wrist_r",
         (-FOREARM, 0, 0)),
        ({"shoulder_l.flexion": 90, "elbow_l.flexion": 90}, "elbow_l", "wrist_l",
         (0, FOREARM, 0)),
        ({"hip_l.flexion": 90}, "hip_l", "knee_l", (0, 0, THIGH)),
        ({"hip_r.flexion": -30}, "hip_r", "knee_r",
         (0, -THIGH * math.cos(math.pi / 6), -THIGH / 2)),
        ({"hip_l.abduction": 30}, "hip_l", "knee_l",
         (THIGH / 2, -THIGH * math.cos(math.pi / 6), 0)),
        ({"hip_r.abduction": 30}, "hip_r", "knee_r",
         (-THIGH / 2, -THIGH * math.cos(math.pi / 6), 0)),
        ({"knee_l.flexion": 90}, "knee_l", "ankle_l", (0, 0, -SHANK)),
        ({"hip_l.flexion": 90, "knee_l.flexion": 90}, "knee_l", "ankle_l", (0, -SHANK, 0)),
        ({"hip_l.flexion": 90, "knee_l.flexion": 90, "hip_l.rotation": 90}, "knee_l", "ankle_l",
         (-SHANK, 0, 0)),
        ({"wrist_l.flexion": 90}, "wrist_l", "fingers_l", (-0.52 * HAND, 0, 0)),
        ({"wrist_r.flexion": 90}, "wrist_r", "fingers_r", (0.52 * HAND, 0, 0)),
        ({"wrist_l.flexion": 90, "forearm_l.pronation": 90}, "wrist_l", "fingers_l",
         (0, 0, -0.52 * HAND)),
        ({"wrist_r.flexion": 90, "forearm_r.pronation": 90}, "wrist_r", "fingers_r",
         (0, 0, -0.52 * HAND)),
        ({"wrist_l.deviation": 90}, "wrist_l", "fingers_l", (0, 0, -0.52 * HAND)),
        ({"spine_low.flexion": 90}, "spine_low", "spine_mid", (0, 0, 0.072 * STATURE)),
        ({"spine_low.bend": 90}, "spine_low", "spine_mid", (0.072 * STATURE, 0, 0)),
    ],
)  # fmt: skip
def test_a_joint_turns_as_its_name_says(angles, start, end, expected):
    assert near(from_(posture(angles), start, end), expected)


def test_turning_the_spine_left_takes_the_right_shoulder_forward():
    body = posture({"spine_high.turn": 30})

    assert body.places["shoulder_r"][2] > 0.05 > body.places["shoulder_l"][2]


def test_dorsiflexion_lifts_the_toes_and_inversion_turns_the_sole_inward():
    up = posture({"ankle_l.flexion": 20})
    inward = posture({"ankle_l.inversion": 20})

    assert up.places["toes_l"][1] > posture({}).places["toes_l"][1]
    inner, outer = (
        inward.point("ankle_l", (-0.03, -0.06, 0)),
        inward.point("ankle_l", (0.03, -0.06, 0)),
    )
    assert inner[1] > outer[1]


def test_a_shrug_carries_the_arm_but_does_not_turn_it():
    plain, shrug = posture({}), posture({"scapula_l.elevation": 30})

    assert shrug.places["shoulder_l"][1] > plain.places["shoulder_l"][1] + 0.05
    assert near(from_(shrug, "shoulder_l", "elbow_l"), from_(plain, "shoulder_l", "elbow_l"))


@pytest.mark.parametrize(
    ("pitch", "roll", "yaw", "head", "face"),
    [
        (0, 0, 0, (0, 1, 0), (0, 0, 1)),
        (90, 0, 0, (0, 0, 1), (0, -1, 0)),
        (-90, 0, 0, (0, 0, -1), (0, 1, 0)),
        (0, 90, 0, (1, 0, 0), (0, 0, 1)),
        (0, 0, 90, (0, 1, 0), (1, 0, 0)),
        (0, 90, 90, (0, 0, -1), (1, 0, 0)),
        (-90, 0, 90, (-1, 0, 0), (0, 1, 0)),
    ],
)
def test_the_pelvis_turns_in_the_room(pitch, roll, yaw, head, face):
    turn = root_turn(pitch, roll, yaw)

    assert near((turn[1], turn[4], turn[7]), head)
    assert near((turn[2], turn[5], turn[8]), face)


@UNTIMED
@given(ANGLES, TURNS)
def test_no_posture_changes_the_length_of_a_bone(angles, turns):
    plain, body = posture({}), posture(angles, root_turn(*turns), (0.3, 0.9, -0.2))

    for start, end in BONES:
        assert length(from_(body, start, end)) == pytest.approx(length(from_(plain, start, end)))


@UNTIMED
@given(ANGLES)
def test_the_mirrored_figure_is_the_figure_in_a_mirror(angles):
    body, other = posture(angles), posture(mirrored_angles(angles))

    for name in NODES:
        x, y, z = body.places[name]
        assert near(other.places[mirrored_name(name)], (-x, y, z), 1e-6)


@UNTIMED
@given(ANGLES)
def test_mirrored_twice_is_the_same(angles):
    assert mirrored_angles(mirrored_angles(angles)) == angles


@UNTIMED
@given(ANGLES)
def test_angles_within_their_ranges_breach_nothing(angles):
    assert breaches(angles) == []


def test_an_angle_out_of_range_or_unknown_is_named():
    assert breaches({"knee_l.flexion": 170.0}) == ["knee_l.flexion 170 is outside -5 to 158"]
    assert breaches({"tail.wag": 1.0}) == ["tail.wag is no movement of the figure"]


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("hip_l.flexion", 130),
        ("shoulder_l.flexion", 180),
        ("shoulder_r.abduction", 180),
        ("elbow_l.flexion", 150),
        ("forearm_l.pronation", 90),
        ("hip_r.abduction", 50),
        ("ankle_l.inversion", 35),
    ],
)
def test_ranges_are_those_of_the_handbooks(name, most):
    assert LIMITS[name][1] == most


def test_the_ranges_of_spine_and_neck_add_up():
    def whole(movement, parts):
        return sum(LIMITS[f"{part}.{movement}"][1] for part in parts)

    back, neck = ("spine_low", "spine_mid", "spine_high"), ("neck", "head")
    assert whole("flexion", back) == 95  # Kapandji: lumbar 60, thoracic about 35
    assert whole("turn", back) <= 50  # AAOS: 45
    assert whole("bend", back) <= 45  # AAOS: 35; Kapandji: 40
    assert whole("turn", neck) == 80  # AAOS: 60 to 80
    assert whole("bend", neck) == 45  # AAOS: 45


@UNTIMED
@given(TURNS, TURNS)
def test_a_quaternion_is_the_same_turn(first, second):
    turn = product(root_turn(*first), root_turn(*second))

    assert matrix(quaternion(turn)) == pytest.approx(turn, abs=1e-9)


@UNTIMED
@given(TURNS, TURNS, st.floats(0, 1))
def test_between_two_turns_is_a_turn(first, second, share):
    q = between(quaternion(root_turn(*first)), quaternion(root_turn(*second)), share)

    assert math.sqrt(sum(value * value for value in q)) == pytest.approx(1)


def test_half_way_between_two_turns_is_half_the_angle():
    half = between(quaternion(about("y", 10)), quaternion(about("y", 70)), 0.5)

    assert matrix(half) == pytest.approx(about("y", 40))


def test_the_neutral_figure_touches_the_floor_and_itself_nowhere():
    hips = THIGH + SHANK + ANKLE_HEIGHT
    solid = Solid(posture(AT_EASE).moved((0, hips, 0)))

    assert solid.lowest()[0] == pytest.approx(0, abs=0.002)
    assert collisions(solid) == []


@pytest.mark.parametrize(
    "angles",
    [
        {"elbow_l.flexion": 90, "shoulder_l.rotation": -88},
        {"hip_l.abduction": -25, "hip_l.flexion": 0},
        {"hip_l.flexion": 128, "spine_mid.flexion": 35, "spine_low.flexion": 30},
        {"shoulder_r.abduction": 178, "shoulder_r.horizontal": 40, "neck.bend": -35},
    ],
)
def test_a_limb_through_the_body_is_found(angles):
    assert collisions(Solid(posture(angles)))


points = st.tuples(*(st.floats(-1, 1) for _ in range(3)))


@UNTIMED
@given(points, points, points, points)
def test_the_closest_points_are_at_least_as_close_as_any_tried(a, b, c, d):
    s, t, apart = closest(a, b, c, d)

    assert 0 <= s <= 1 and 0 <= t <= 1
    for i in range(11):
        for j in range(11):
            p = tuple(x + (y - x) * i / 10 for x, y in zip(a, b, strict=True))
            q = tuple(x + (y - x) * j / 10 for x, y in zip(c, d, strict=True))
            assert apart <= length(minus(p, q)) + 1e-6


def test_parents_come_before_their_children():
    order = list(NODES)

    assert all(order.index(start) < order.index(end) for start, end in BONES)
    assert all(node.turn in NODES for node in list(NODES.values())[1:])


def test_capsules_follow_each_other_without_gaps_in_a_limb():
    solid = Solid(posture(AT_EASE))
    for chain in (("upper_arm_l", "forearm_l", "palm_l"), ("thigh_r", "shank_r", "foot_r")):
        assert all(solid.gap(one, other) < 0 for one, other in pairwise(chain))
    assert len({capsule.name for capsule in CAPSULES}) == len(CAPSULES)
