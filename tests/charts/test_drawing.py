"""The pictures: what is in them, and that nothing people type or leave out breaks them."""

import hashlib
import re
import subprocess
import sys
import time as clock
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from adherence.charts import draw
from adherence.charts.drawing import sheet
from adherence.charts.style import SIGNS, THEMES
from adherence.charts.values import (
    Calendar,
    Chart,
    Day,
    Dose,
    DoseMark,
    GoalChart,
    Measured,
    PlanChange,
    Reading,
    SymptomChart,
)
from adherence.domain.entries import Status

from . import samples
from .samples import CALENDAR, CHARTS, DOSES, ENGLISH, GERMAN, GOAL, LADDER, RUSSIAN, SYMPTOM

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
ALLOWED = {"svg", "g", "defs", "path", "use", "text", "title", "desc", "style", "pattern", "rect"}
HOSTILE = (
    "$\\frac{$",
    "$" + "\\frac{" * 30 + "1" + "}{2}" * 30 + "$",
    "costs $5 and $6",
    "a\0b\x1b[31mc\x85d",
    "\uffff\ufdd0 not a character",
    "half \ud83d a pair \udc00",
    "😀 👩‍🦽 漢字 กขค नमस्ते",
    "x" * 100_000,
    "_hidden",
    "<script>alert(1)</script><!-- --> ]]> &amp;",
    "\u202eright to left\u2066 שלום مرحبا",
    "line\none\ntwo\nthree",
    "",
    "   ",
    "%(value)s %s %",
)


def _root(file: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(file)


def _artists(chart: Chart, width: str = "wide") -> dict[str, int]:
    """Return how often each named artist is drawn: its number of places."""
    made = sheet(chart, "light", ENGLISH, width)
    found = {}
    for artist in made.figure.get_children():
        name = artist.get_gid()
        if name:
            offsets = getattr(artist, "get_offsets", None)
            found[name] = found.get(name, 0) + (len(offsets()) if offsets else 1)
    return found


def _texts(chart: Chart, width: str = "wide") -> list[str]:
    return [
        text.text or ""
        for text in _root(draw(chart, "light", ENGLISH, "svg", width)).iter(f"{SVG}text")
    ]


def _labelled(text: str) -> list[Chart]:
    """Every chart with `text` in every place a person writes."""
    change = (PlanChange(date(2026, 2, 20), text), PlanChange(date(2026, 2, 22), text))
    return [
        replace(SYMPTOM, symptom=text, is_pain=False, changes=change),
        replace(GOAL, goal=text, unit=text, changes=change),
        replace(LADDER, goal=text, ladder=(text,) * 5),
        replace(DOSES, medicine=text),
    ]


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", ["phone", "wide"])
def test_every_chart_is_an_image_that_scales_and_says_what_it_shows(name, theme, width):
    chart = CHARTS[name]
    root = _root(draw(chart, theme, ENGLISH, "svg", width))
    left, top, wide, high = (float(part) for part in root.get("viewBox").split())
    assert (left, top) == (0, 0)
    assert wide == {"phone": 340, "wide": 900}[width]
    assert high > 100
    assert root.get("width") is None
    assert root.get("height") is None
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == chart.title(ENGLISH)
    assert root.find(f"{SVG}desc").text == chart.sentence(ENGLISH)
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_can_be_a_png(name):
    file = draw(CHARTS[name], "dark", RUSSIAN, "png", "phone")
    assert file.startswith(b"\x89PNG\r\n\x1a\n")
    assert file == draw(CHARTS[name], "dark", RUSSIAN, "png", "phone")


def test_the_same_data_gives_the_same_bytes_in_another_process():
    program = (
        "import hashlib, sys\n"
        f"sys.path[:0] = {[str(Path(__file__).parents[1])]!r}\n"
        "from adherence.charts import draw\n"
        "from charts.samples import CHARTS, GERMAN\n"
        "for chart in CHARTS.values():\n"
        "    for file in ('svg', 'png'):\n"
        "        print(hashlib.sha256(draw(chart, 'light', GERMAN, file, 'wide')).hexdigest())\n"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            cwd=Path(__file__).parents[2],
        ).stdout.split()
        for seed in ("1", "2")
    ]
    here = [
        hashlib.sha256(draw(chart, "light", GERMAN, file, "wide")).hexdigest()
        for chart in CHARTS.values()
        for file in ("svg", "png")
    ]
    assert runs[0] == runs[1] == here


def test_no_file_carries_the_time_it_was_made_or_the_name_of_a_tool():
    file = draw(GOAL, "light", ENGLISH, "svg", "wide")
    assert b"date" not in file.lower().replace(b"update", b"")
    assert b"matplotlib" not in file.lower()


@pytest.mark.parametrize("width", ["phone", "wide"])
def test_a_day_that_was_put_right_has_a_folded_corner_on_its_own_cell(width):
    states = {day.day: day.status for day in CALENDAR.days}
    found = {status: next(day for day, of in states.items() if of is status) for status in Status}
    nothing = next(day for day, of in states.items() if of is None)
    marked = (*found.values(), nothing, date(2020, 1, 1))

    drawn = sheet(replace(CALENDAR, put_right=marked), "light", ENGLISH, width)

    corners = [each for each in drawn.figure.get_children() if each.get_gid() == "put-right"]
    assert len(corners) == 1
    places = {tuple(place) for place in corners[0].get_offsets()}
    assert len(places) == len(found) + 1
    for status, day in found.items():
        cells = [
            tuple(place)
            for artist in drawn.figure.get_children()
            if artist.get_gid() == f"state-{status.value}"
            for place in artist.get_offsets()
        ]
        order = sorted(of for of, each in states.items() if each is status)
        x, y = cells[order.index(day)]
        # Up to the right of the middle, by half a cell.
        assert (x + 19, y - 20) in places
    assert "put-right" not in _artists(CALENDAR, width)


@pytest.mark.parametrize("theme", THEMES)
def test_the_corner_stands_out_from_every_cell_by_its_edge_and_ink(theme):
    tones = THEMES[theme]
    file = draw(
        replace(CALENDAR, put_right=tuple(day.day for day in CALENDAR.days)),
        theme,
        ENGLISH,
        "svg",
        "phone",
    ).decode()
    sign = re.search(r'id="put-right">.*?<use [^>]*style="(.*?)"', file, re.DOTALL)

    assert sign is not None
    # Black is what a shape is filled with where nothing is said.
    filled = re.search("fill: (#[0-9a-f]{6})", sign[1])
    assert (filled[1] if filled else "#000000") == tones.ink.lower()
    assert f"stroke: {tones.surface.lower()}" in sign[1]


def test_importing_the_charts_does_not_import_matplotlib():
    program = (
        "import sys, adherence.charts, adherence.charts.values, adherence.charts.style\n"
        "assert not {'matplotlib', 'numpy', 'PIL'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])


def test_pyplot_is_never_loaded_by_drawing():
    for file in ("svg", "png"):
        draw(SYMPTOM, "light", ENGLISH, file, "wide")
    assert "matplotlib.pyplot" not in sys.modules


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("width", ["phone", "wide"])
def test_no_text_is_ever_read_as_mathematics(name, width):
    from matplotlib.text import Text

    made = sheet(CHARTS[name], "light", ENGLISH, width)
    texts = made.figure.findobj(Text)
    assert texts
    assert not any(text.get_parse_math() for text in texts)
    assert not made.figure.axes


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_hostile_labels_give_well_formed_pictures(text):
    for chart in _labelled(text):
        for width in ("phone", "wide"):
            _root(draw(chart, "light", ENGLISH, "svg", width))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@example("\r\n\v\f\u2028\u2029")
@given(st.text(alphabet=st.characters(), max_size=120))
def test_any_label_gives_well_formed_harmless_pictures(text):
    for chart in _labelled(text):
        file = draw(chart, "light", ENGLISH, "svg", "phone")
        root = _root(file)
        assert file.decode("utf-8")
        for element in root.iter():
            name = element.tag.removeprefix(SVG)
            assert name in ALLOWED
            assert not [key for key in element.attrib if key.lower().startswith("on")]
            assert element.get("href") is None
            assert (element.get(LINK) or "#").startswith("#")
            assert "url(" not in (element.get("style") or "").replace("url(#", "")


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_hostile_labels_give_pictures_in_png_too(text):
    for chart in _labelled(text):
        assert draw(chart, "light", ENGLISH, "png", "phone").startswith(b"\x89PNG")


def test_what_was_typed_is_shown_as_it_was_typed():
    chart = replace(GOAL, unit="costs $5 and $6 <b>_x</b>")
    assert "costs $5 and $6 <b>_x</b>" in _texts(chart)


def test_a_zero_is_a_ring_on_the_axis_and_a_missing_day_is_not_drawn():
    zero = replace(SYMPTOM, readings=(Reading(date(2026, 3, 1), 0),))
    none = replace(SYMPTOM, readings=(Reading(date(2026, 3, 1), None),))
    absent = replace(SYMPTOM, readings=())
    assert _artists(zero)["zero"] == 1
    assert "value" not in _artists(zero)
    assert not {"zero", "value", "declined"} & set(_artists(none))
    assert draw(none, "light", ENGLISH) == draw(absent, "light", ENGLISH)
    assert draw(none, "light", ENGLISH) != draw(zero, "light", ENGLISH)


def test_prefer_not_to_say_is_a_dash_at_the_top_and_no_value():
    declined = replace(SYMPTOM, readings=(Reading(date(2026, 3, 1), None, declined=True),))
    found = _artists(declined)
    assert found["declined"] == 1
    assert not {"zero", "value"} & set(found)


def test_a_value_given_with_a_refusal_is_not_drawn_as_a_value():
    both = replace(SYMPTOM, readings=(Reading(date(2026, 3, 1), 4, declined=True),))
    assert "value" not in _artists(both)


def test_a_value_that_is_no_number_is_drawn_as_missing():
    broken = replace(
        SYMPTOM,
        readings=tuple(
            Reading(date(2026, 3, 1) + timedelta(days=step), value)
            for step, value in enumerate((float("nan"), float("inf"), None))
        ),
        limit=float("nan"),
    )
    assert not {"zero", "value", "line", "limit"} & set(_artists(broken))


def test_the_line_breaks_where_a_day_has_no_value():
    import numpy as np

    first = date(2026, 3, 1)
    values = [5, 4, None, 3, 2, None, None, 6, 6]
    chart = replace(
        SYMPTOM,
        changes=(),
        readings=tuple(
            Reading(first + timedelta(days=step), value) for step, value in enumerate(values)
        ),
    )
    made = sheet(chart, "light", ENGLISH, "wide")
    line = next(artist for artist in made.figure.get_children() if artist.get_gid() == "line")
    drawn = np.isnan(line.get_xdata())
    assert drawn.sum() == 2
    assert (~drawn).sum() == 6


def test_a_refused_day_breaks_the_line_as_well():
    first = date(2026, 3, 1)
    chart = replace(
        SYMPTOM,
        readings=(
            Reading(first, 5),
            Reading(first + timedelta(days=1), None, declined=True),
            Reading(first + timedelta(days=2), 5),
        ),
    )
    assert "line" not in _artists(chart)
    assert _artists(chart)["value"] == 2


def test_no_two_states_share_shape_and_hatch():
    kinds = {(sign.marker, sign.fill, sign.cut) for sign in SIGNS.values()}
    assert len(kinds) == len(SIGNS)
    six = [SIGNS[status].hatch for status in Status if status is not Status.UPCOMING]
    assert len(set(six)) == 6


@pytest.mark.parametrize("theme", THEMES)
def test_no_two_states_share_a_colour(theme):
    colours = [THEMES[theme].state[status] for status in Status if status is not Status.UPCOMING]
    assert len(set(colours)) == 6


def test_the_palette_is_that_of_the_pages():
    found = sorted(Path(__file__).parents[2].glob("adherence/static/**/tokens.css"))
    if not found:
        pytest.skip("the pages' tokens.css is not here")
    css = found[0].read_text()
    blocks = re.split(r"@media (?:screen and )?\(", css)
    dark = next(block for block in blocks if block.startswith("prefers-color-scheme: dark"))
    more = [block for block in blocks if block.startswith("prefers-contrast: more)")]
    sources = {
        "light": blocks[0],
        "dark": dark,
        "contrast": more[0],
        "dark-contrast": more[1],
    }
    for name, source in sources.items():
        tokens = dict(re.findall(r"--([a-z-]+):\s*(#[0-9A-Fa-f]{6})", source))
        theme = THEMES[name]
        own = {
            "surface": theme.surface,
            "line": theme.line,
            "line-strong": theme.line_strong,
            "ink": theme.ink,
            "ink-soft": theme.ink_soft,
            "brand": theme.brand,
            "thread": theme.thread,
            "thread-ink": theme.thread_ink,
            **{status.value: colour for status, colour in theme.state.items()},
        }
        assert {key: tokens[key] for key in own if key in tokens} == {
            key: value for key, value in own.items() if key in tokens
        }
        assert len(set(own) & set(tokens)) > 12


def test_the_calendar_draws_each_state_as_often_as_it_is_counted():
    found = _artists(CALENDAR, "phone")
    counts = CALENDAR.facts().counts
    for status in Status:
        assert found.get(f"state-{status.value}", 0) == counts[status]
    assert found["today"] == 1


def test_the_calendar_takes_any_number_of_weeks():
    for weeks in (1, 2, 53, 260):
        chart = Calendar(
            first=date(2021, 1, 4),
            until=date(2021, 1, 4) + timedelta(weeks=weeks),
            today=samples.TODAY,
            days=samples.days(date(2021, 1, 4), "dpsmue-" * weeks),
        )
        assert _artists(chart, "phone")["state-missed"] == weeks
        _root(draw(chart, "light", ENGLISH, "svg", "wide"))


def test_first_and_last_value_direction_limit_and_reason_are_written():
    texts = _texts(replace(SYMPTOM, limit=7))
    assert {"Higher means more pain", "limit 7", "easier steps", "6", "3"} <= set(texts)


def test_the_goal_names_its_target_and_its_direction():
    assert {"Target 14", "8 now", "3", "Higher is nearer to the goal"} <= set(_texts(GOAL))
    falling = replace(GOAL, baseline=14, target=3)
    assert "Lower is nearer to the goal" in _texts(falling)
    assert "The goal is to stay at the target" in _texts(replace(GOAL, baseline=14))


def test_the_gas_ladder_is_always_five_levels_and_reads_its_words():
    texts = _texts(LADDER)
    assert {"+2", "+1", "0", "-1", "-2", "Target 0"} <= set(texts)
    assert "I walk to the shop with one rest" in texts


def test_a_goal_enters_with_the_last_value_from_before_the_period():
    chart = replace(GOAL, first=date(2026, 2, 20))
    found = _artists(chart)
    assert found["value"] == 1
    assert "7" in _texts(chart)
    assert "8 now" in _texts(chart)


@pytest.mark.parametrize("measure", ["rating", "symptom", "count", "amount"])
def test_every_measure_has_its_own_range(measure):
    chart = replace(GOAL, measure=measure)
    assert "0" in _texts(chart)
    if measure in {"rating", "symptom"}:
        assert "10" in _texts(chart)


def test_a_value_outside_the_instrument_widens_the_axis_instead_of_being_cut():
    chart = replace(SYMPTOM, readings=(Reading(date(2026, 3, 1), 14),))
    made = sheet(chart, "light", ENGLISH, "wide")
    value = next(artist for artist in made.figure.get_children() if artist.get_gid() == "value")
    assert value.get_offsets()[0][1] >= 30


def test_doses_are_drawn_each_with_the_sign_of_its_mark():
    found = _artists(DOSES)
    key = 1
    for mark, count in DOSES.facts().counts.items():
        if count:
            assert found[f"dose-{mark.value}"] == count + key, mark
    assert found["window"] == 1


def test_a_dose_without_any_time_has_a_row_of_its_own():
    chart = replace(DOSES, doses=(Dose(date(2026, 3, 1), DoseMark.TAKEN),))
    assert "no time" in _texts(chart)
    assert "no time" not in _texts(DOSES)


def test_nothing_to_draw_gives_a_calm_picture():
    assert "No value in these days" in _texts(replace(SYMPTOM, readings=(), days=()))
    assert "Not measured yet" in _texts(replace(GOAL, ratings=()))
    assert "No dose in these days" in _texts(replace(DOSES, doses=()))
    _root(draw(replace(CALENDAR, days=()), "light", ENGLISH, "svg", "phone"))


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("length", [1, 2, 3, 14, 90, 366, 1826])
def test_any_period_can_be_drawn_at_both_widths(name, length):
    chart = CHARTS[name]
    chart = replace(chart, first=chart.until - timedelta(days=length))
    for width in ("phone", "wide"):
        _root(draw(chart, "dark", RUSSIAN, "svg", width))


def test_german_and_russian_texts_reach_the_picture():
    german = draw(DOSES, "light", GERMAN, "svg", "phone").decode()
    assert "Höher heißt später am Tag" in german
    assert "außerhalb des Zeitfensters eingenommen 2" in german
    russian = draw(SYMPTOM, "light", RUSSIAN, "svg", "phone").decode()
    assert "Чем выше, тем сильнее боль" in russian
    assert 'xml:lang="ru"' in russian


@pytest.mark.parametrize("words", [ENGLISH, GERMAN, RUSSIAN], ids=lambda words: words.locale)
@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("width", ["phone", "wide"])
def test_no_text_leaves_the_picture(name, width, words):
    from matplotlib.text import Text

    from adherence.charts.drawing.lettering import text_width

    made = sheet(CHARTS[name], "light", words, width)
    for text in made.figure.findobj(Text):
        x, y = text.get_position()
        wide = text_width(text.get_text(), text.get_fontsize(), text.get_fontweight() == "bold")
        left = x - {"left": 0, "center": wide / 2, "right": wide}[text.get_horizontalalignment()]
        assert left >= -1, text.get_text()
        assert left + wide <= made.width + 1, text.get_text()
        assert 10 <= y <= made.height - 3


def test_a_hundred_thousand_readings_are_drawn_within_three_seconds():
    first = date(2021, 3, 13)
    long = SymptomChart(
        first=first,
        until=date(2026, 3, 13),
        today=samples.TODAY,
        symptom="Pain",
        readings=tuple(
            Reading(first + timedelta(days=step // 55), float((step * 7919) % 11))
            for step in range(100_000)
        ),
        days=samples.days(first, "dpsmue-" * 260),
    )
    goal = replace(
        GOAL,
        first=first,
        ratings=tuple(
            Measured(first + timedelta(days=step // 55), float((step * 7919) % 11))
            for step in range(100_000)
        ),
    )
    doses = replace(
        DOSES,
        first=first,
        doses=tuple(
            Dose(
                first + timedelta(days=step // 55),
                list(DoseMark)[step % 9],
                at=clock_time(step),
            )
            for step in range(100_000)
        ),
    )
    for chart in (long, goal, doses):
        started = clock.process_time()
        file = draw(chart, "light", ENGLISH, "svg", "wide")
        assert clock.process_time() - started < 3
        _root(file)
        assert len(file) < 3_000_000


def clock_time(step: int):
    from datetime import time

    return time(step % 24, step % 60)


def test_thinning_keeps_the_highest_and_the_lowest_of_every_stretch():
    from adherence.charts.drawing.axis import thinned

    points = [(step / 100, float((step * 7919) % 1000)) for step in range(10_000)]
    kept = thinned(points, 2000)
    assert len(kept) <= 400
    assert kept[0] == points[0]
    assert kept[-1] == points[-1]
    for column in range(100):
        values = [y for x, y in points if int(x) == column]
        left = [y for x, y in kept if int(x) == column]
        assert min(left) == min(values)
        assert max(left) == max(values)


def test_charts_drawn_at_the_same_time_do_not_mix():
    def one(number: int) -> bool:
        token = f"token-{number:04d}"
        chart = replace(GOAL, goal=f"goal {token}", unit=f"unit {token}")
        found = set(
            re.findall(r"token-\d{4}", draw(chart, "light", ENGLISH, "svg", "phone").decode())
        )
        return found == {token}

    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(one, range(200)))


@pytest.mark.full
def test_charts_drawn_at_the_same_time_do_not_mix_in_ten_thousand():
    def one(number: int) -> bool:
        token = f"token-{number:05d}"
        chart = replace(
            SYMPTOM, symptom=f"pain {token}", changes=(PlanChange(SYMPTOM.last, token),)
        )
        found = set(
            re.findall(r"token-\d{5}", draw(chart, "light", ENGLISH, "svg", "phone").decode())
        )
        return found == {token}

    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(one, range(10_000)))


def test_a_png_shows_the_ground_of_its_theme():
    from PIL import Image

    for theme, tokens in THEMES.items():
        picture = Image.open(BytesIO(draw(GOAL, theme, ENGLISH, "png", "phone"))).convert("RGB")
        assert picture.size[0] == 680
        assert "#{:02X}{:02X}{:02X}".format(*picture.getpixel((2, 300))) == tokens.surface


def test_a_goal_needs_a_known_measure_and_a_chart_at_least_one_day():
    with pytest.raises(ValueError, match="measure"):
        replace(GOAL, measure="stars")
    for chart in CHARTS.values():
        with pytest.raises(ValueError, match="at least one day"):
            replace(chart, until=chart.first)
    assert isinstance(GOAL, GoalChart)
    assert Day(date(2026, 3, 1), None).status is None
