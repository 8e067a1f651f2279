"""Frames are well-formed, inside their size, the same every time, and say what they show."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import fields, replace
from pathlib import Path

import pytest

from adherence.charts.frames import FRAME_THEMES, HEIGHT, MOMENTS, WIDTH, alt_text, frames
from adherence.charts.frames.body import Modeller
from adherence.charts.frames.camera import Camera, convex, number, outline, polygon
from adherence.charts.frames.marks import PATCHES, TELLING
from adherence.charts.frames.themes import INKS, Ink
from adherence.charts.frames.words import TONGUES, position_of
from adherence.domain.contacts import BODY
from adherence.domain.exercises import (
    BODY_PARTS,
    BODY_TARGETS,
    LOCALES,
    POSITIONS,
    REGIONS,
    SURFACES,
    mirrored,
)
from adherence.domain.motions import shown
from adherence.library import exercise_named, exercises

SLUGS = list(exercises())
ROOT = Path(__file__).parents[2]
STATIC = ROOT / "adherence" / "static"

each = pytest.mark.parametrize("slug", SLUGS)


def check(slug, theme):
    for name, svg in frames(exercise_named(slug), theme).items():
        assert name in MOMENTS
        assert len(svg.encode()) < 12_000
        root = ET.fromstring(svg)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert root.get("viewBox") == f"0 0 {WIDTH} {HEIGHT}"
        for element in root.iter():
            assert not {"style", "href", "onload", "class"} & set(element.attrib)
            assert element.tag.split("}")[1] in {
                *("svg", "g", "path", "circle", "defs", "pattern"),
            }
        assert "nan" not in svg and "inf" not in svg


@each
def test_frames_are_small_well_formed_and_carry_nothing_foreign(slug):
    # The page's names of colours are longer than any colour.
    check(slug, "page")


@pytest.mark.parametrize("theme", FRAME_THEMES)
def test_frames_are_sound_in_every_theme(theme):
    check("heel-raise", theme)


@each
def test_the_whole_person_is_inside_the_picture(slug):
    exercise = exercise_named(slug)
    if exercise.view.close:
        pytest.skip("comes close to a part")
    for svg in frames(exercise).values():
        body = [e for e in ET.fromstring(svg).iter() if e.get("fill") in skin_and_clothes()]
        assert body
        for path in body:
            for start in re.findall(r"M([-\d.]+) ([-\d.]+)", path.get("d")):
                x, y = map(float, start)
                assert -2 <= x <= WIDTH + 2 and -2 <= y <= HEIGHT + 2


def skin_and_clothes():
    ink = INKS["light"]
    return {ink.skin, ink.top, ink.legs, ink.shoe, ink.far_skin, ink.far_top, ink.far_legs}


def test_another_process_draws_the_same_bytes():
    script = (
        "import hashlib; from adherence.charts.frames import alt_text, frames; "
        "from adherence.library import exercises; "
        "chosen = list(exercises().values())[::8]; "
        "text = ''.join(''.join(frames(e).values()) + alt_text(e, 'end', 'de') for e in chosen); "
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(digests) == 1


@each
def test_the_start_differs_from_the_end(slug):
    three = frames(exercise_named(slug))

    assert three["start"] != three["end"] != three["middle"]


@each
def test_the_region_is_marked_and_an_arrow_drawn(slug):
    exercise = exercise_named(slug)
    ink = INKS["light"]
    for name, svg in frames(exercise).items():
        assert ink.arrow in svg
        if exercise.works:
            assert f'fill="{ink.mark}" stroke="{ink.mark_edge}"' in svg
        if exercise.stretches:
            assert f"url(#s-{slug}-{name})" in svg
            assert f'<pattern id="s-{slug}-{name}"' in svg


@each
@pytest.mark.parametrize("locale", LOCALES)
def test_words_say_what_a_frame_shows(slug, locale):
    exercise = exercise_named(slug)
    texts = {moment: alt_text(exercise, moment, locale) for moment in MOMENTS}

    assert len(set(texts.values())) == 3
    for moment, text in texts.items():
        assert text.startswith(f"{exercise.words[locale].title}, {TONGUES[locale].moments[moment]}")
        assert 40 < len(text) < 800
        assert not re.search(r"[{}_]", text)


def test_a_sided_exercise_is_drawn_and_told_for_either_side():
    exercise = exercise_named("arm-raise-front")
    right, left = frames(exercise), frames(exercise, side="left")

    assert right["end"] != left["end"]
    assert left["end"] == frames(mirrored(exercise), side="left")["end"]
    assert "Right arm raised" in alt_text(exercise, "end", "en")
    assert "Left arm raised" in alt_text(exercise, "end", "en", "left")
    assert alt_text(exercise, "end", "de", "left").endswith("Gezeigt für die linke Seite.")


def test_a_single_pose_can_be_drawn():
    exercise = exercise_named("heel-raise")
    still = replace(exercise, poses=exercise.poses[:1])

    three = frames(still)

    assert ET.fromstring(three["start"]) is not None
    assert three["start"].count("<path") == three["end"].count("<path")


def test_an_exercise_for_both_sides_is_the_same_on_either():
    exercise = exercise_named("heel-raise")

    assert frames(exercise) == frames(exercise, side="left")


def test_the_words_of_the_heel_raise():
    text = alt_text(exercise_named("heel-raise"), "end", "en")

    assert text == (
        "Heel raises, end position. A person stands, both forefeet on the floor, both hands on the "
        "backrest. Pelvis 5 centimetres higher, toes of both feet bent up 30 degrees, both feet "
        "pointed 30 degrees, both elbows bent 30 degrees. Marked as working: calf."
    )


@pytest.mark.parametrize("locale", LOCALES)
def test_every_language_has_a_word_for_everything(locale):
    tongue, english = TONGUES[locale], TONGUES["en"]

    assert set(tongue.body) == set(BODY_PARTS)
    assert set(tongue.positions) == set(POSITIONS)
    targets = {target[:-2] if target[-2:] in ("_l", "_r") else target for target in BODY_TARGETS}
    assert set(SURFACES) | targets <= set(tongue.surfaces)
    assert set(tongue.movements) == set(english.movements)
    for key, row in tongue.movements.items():
        assert len(row) == len(english.movements[key])
        placeholders = [re.findall(r"{\w+}", text) for text in row]
        assert placeholders == [re.findall(r"{\w+}", text) for text in english.movements[key]]
    assert set(tongue.parts) == set(english.parts)


def test_every_part_can_be_marked_and_every_region_has_an_arrow():
    assert set(PATCHES) == set(BODY_PARTS)
    assert set(TELLING) == set(REGIONS)
    assert set(BODY) == set(BODY_TARGETS)


def test_the_position_is_read_from_the_pose():
    assert position_of(exercise_named("cat-camel"), shown(exercise_named("cat-camel"))["end"]) == (
        "four-point"
    )


def test_far_limbs_come_before_near_ones():
    exercise = exercise_named("arm-raise-front")
    now = shown(exercise)["start"]
    names = [g.name for g in Modeller(now.body, now.angles, Camera(-90, 5, 150)).groups()]

    assert names.index("upper_l") < names.index("shirt") < names.index("upper_r")
    other = [g.name for g in Modeller(now.body, now.angles, Camera(90, 5, 150)).groups()]
    assert other.index("upper_r") < other.index("shirt") < other.index("upper_l")


def test_the_camera_looks_from_where_it_says():
    front, right, above = Camera(0, 0), Camera(-90, 0), Camera(0, 90)

    assert front.at((1, 0, 0)) == pytest.approx((1, 0))
    assert right.at((0, 0, 1)) == pytest.approx((1, 0))
    assert right.near((-1, 0, 0)) == pytest.approx(1)
    assert above.near((0, 1, 0)) == pytest.approx(1)
    assert front.at((0, 1, 0)) == pytest.approx((0, -1))


def test_numbers_are_as_short_as_can_be():
    assert [number(v) for v in (0.04, -0.04, 0.5, -0.5, 3.0, 12.34)] == [
        *("0", "0", ".5", "-.5", "3", "12.3"),
    ]
    assert polygon([(1, 2), (1.5, 1), (1.5, 1), (1, 2.04)]) == "M1 2l.5-1-.5 1z"


def test_an_outline_of_balls_is_round_and_outside_nothing():
    camera = Camera(0, 0, 100)
    ovals = [camera.ball((0, 0, 0), 0.1), camera.ball((0.5, 0, 0), 0.05)]
    points = outline(ovals, 48)

    assert min(x for x, _ in points) == pytest.approx(-10)
    assert max(x for x, _ in points) == pytest.approx(55)
    assert all(x * x + y * y > 99 or (x - 50) ** 2 + y * y > 24 for x, y in points)
    assert len(convex(points)) <= len(points)


def test_the_page_colours_are_those_of_the_themes():
    css = (STATIC / "css" / "figure.css").read_text()
    blocks = css.split("@media ")
    names = ["light", "dark", "contrast", "dark-contrast", "print"]
    assert len(blocks) == len(names)
    for name, block in zip(names, blocks, strict=True):
        tokens = dict(re.findall(r"--f-([a-z-]+): ([^;]+);", block))
        assert tokens == {
            row.name.replace("_", "-"): getattr(INKS[name], row.name) for row in fields(Ink)
        }


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [theme for theme in FRAME_THEMES if theme != "page"])
def test_figure_arrow_and_mark_stand_out(theme):
    ink = INKS[theme]

    assert contrast(ink.arrow, ink.surface) >= 4.5
    assert contrast(ink.mark_edge, ink.mark) >= 3 or contrast(ink.mark, ink.legs) >= 3
    assert contrast(ink.wood_edge, ink.surface) >= 3
    # The body is bounded by its fill or by its edge.
    assert max(contrast(ink.legs, ink.surface), contrast(ink.edge, ink.surface)) >= 3
    assert max(contrast(ink.top, ink.surface), contrast(ink.edge, ink.surface)) >= 3
    assert max(contrast(ink.skin, ink.surface), contrast(ink.skin_edge, ink.surface)) >= 3
