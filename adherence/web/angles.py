"""The figure's joints and movements in the reader's language, for those who set them."""

from __future__ import annotations

from adherence.domain.own_exercises import names_of
from adherence.web.locale import gettext as _
from adherence.web.locale import later as _later

JOINTS = {
    "spine_low": _later("Lower back"),
    "spine_mid": _later("Middle of the back"),
    "spine_high": _later("Upper back"),
    "neck": _later("Neck"),
    "head": _later("Head"),
    "scapula": _later("Shoulder blade"),
    "shoulder": _later("Shoulder"),
    "elbow": _later("Elbow"),
    "forearm": _later("Forearm"),
    "wrist": _later("Wrist"),
    "fingers": _later("Fingers"),
    "thumb": _later("Thumb"),
    "hip": _later("Hip"),
    "knee": _later("Knee"),
    "ankle": _later("Ankle"),
    "toes": _later("Toes"),
    "breath": _later("Breath"),
}
MOVEMENTS = {
    "flexion": _later("flexion"),
    "bend": _later("bend to the left"),
    "turn": _later("turn to the left"),
    "elevation": _later("up"),
    "protraction": _later("forward"),
    "abduction": _later("abduction"),
    "rotation": _later("outward rotation"),
    "horizontal": _later("across the chest"),
    "pronation": _later("pronation"),
    "deviation": _later("toward the little finger"),
    "spread": _later("spread"),
    "inversion": _later("sole inward"),
    "belly": _later("into the belly, percent"),
    "ribs": _later("into the ribs, percent"),
}
SIDES = {"l": _later("left"), "r": _later("right")}


def name(control: str) -> str:
    """Return what an angle is called: "Knee, left: flexion"; without a side it is both."""
    joint, _dot, movement = control.partition(".")
    moves = MOVEMENTS[movement]
    if joint in JOINTS:
        return _("%(joint)s: %(movement)s", joint=JOINTS[joint], movement=moves)
    stem, _line, side = joint.rpartition("_")
    return _(
        "%(joint)s, %(side)s: %(movement)s", joint=JOINTS[stem], side=SIDES[side], movement=moves
    )


def is_known(control: str) -> bool:
    """Return whether the figure has such an angle."""
    return bool(names_of(control))
