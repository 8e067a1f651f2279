"""Draws every exercise on one sheet: start, middle, end, ten moments, and all that is wrong.

    python -m tests.library.contact_sheet --out DIR [slug or file.toml …]
    python -m tests.library.contact_sheet --list

Writes DIR/<slug>.html for each and DIR/overview.html with the three frames of all; with Chromium
also a PNG beside every page. Prints every fault; exit status 1 when there is one.
"""

import argparse
import shutil
import sys
from html import escape
from pathlib import Path

from adherence.charts.frames import FRAME_THEMES, FrameTheme, frames, strip_frames
from adherence.domain.errors import InvalidInput
from adherence.domain.exercises import Exercise, faults, mirrored
from adherence.domain.motions import bends, duration, faults_in_motion
from adherence.library import exercise_at

FOLDER = Path(__file__).parents[2] / "adherence" / "library" / "exercises"
STYLE = """
body { font: 14px system-ui; margin: 12px; width: 1256px; background: #FFFDFC; color: #2C1A2A }
h1 { font-size: 18px; margin: 0 0 4px } p { margin: 2px 0 } .bad { color: #A0301F }
.row { display: flex; gap: 6px; margin: 6px 0 } .row svg { border: 1px solid #E2D5D8 }
.three svg { width: 412px; height: auto } .ten svg { width: 120px; height: auto }
.few { display: inline-block; width: 620px } .few svg { width: 200px; height: auto }
.dark { background: #261A25; color: #F8EEF1 }
"""


def sheet(exercise: Exercise, theme: FrameTheme, wrong: list[str]) -> str:
    """Return the page of one exercise."""
    three = "".join(frames(exercise, theme, "left" if exercise.flipped else "right").values())
    ten = "".join(strip_frames(exercise, theme=theme))
    notes = "".join(f'<p class="bad">{escape(text)}</p>' for text in wrong)
    bent = escape("; ".join(bends(exercise))) or "nothing"
    facts = f"{duration(exercise):.1f} s a repetition; contacts bent: {bent}"
    return (
        f"<section><h1>{escape(exercise.slug)}</h1>"
        f"<p>{facts}</p>"
        f'<div class="row three">{three}</div><div class="row ten">{ten}</div>{notes}</section>'
    )


def few(exercise: Exercise, theme: FrameTheme) -> str:
    """Return the three frames for the overview."""
    three = "".join(frames(exercise, theme, "left" if exercise.flipped else "right").values())
    return f'<div class="few">{escape(exercise.slug)}<br>{three}</div>'


def page(body: str, theme: FrameTheme) -> str:
    """Return a whole HTML page."""
    ground = "dark" if theme.startswith("dark") else "light"
    return (
        f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style>'
        f'<body class="{ground}">{body}</body>'
    )


def chosen(names: list[str]) -> list[Path]:
    """Return the files asked for: slugs of the package, or paths; all when none is named."""
    if not names:
        return sorted(FOLDER.glob("*.toml"))
    return [Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml" for name in names]


def main(arguments: list[str]) -> int:
    """Draw what was asked for and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.library.contact_sheet")
    parser.add_argument("--out", type=Path, default=Path("contact-sheet"))
    parser.add_argument("--list", action="store_true", help="print every exercise and its faults")
    parser.add_argument("--left", action="store_true", help="draw sided exercises mirrored")
    parser.add_argument("--theme", choices=FRAME_THEMES[:-1], default="light")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args(arguments)
    status = 0
    pages: dict[str, str] = {}
    overview = ""
    for path in chosen(options.names):
        try:
            exercise = exercise_at(path)
            if options.left and exercise.sided:
                exercise = mirrored(exercise)
            wrong = [*faults(exercise), *faults_in_motion(exercise)]
        except InvalidInput as error:
            print(f"{path.stem}: cannot be read: {error}")
            status = 1
            continue
        print(f"{path.stem}: {'good' if not wrong else f'{len(wrong)} faults'}")
        for text in wrong:
            print(f"    {text}")
        status = status or int(bool(wrong))
        if not options.list:
            pages[path.stem] = sheet(exercise, options.theme, wrong)
            overview += few(exercise, options.theme)
    if pages:
        options.out.mkdir(parents=True, exist_ok=True)
        for name, body in {**pages, "overview": overview}.items():
            text = page(body, options.theme)
            (options.out / f"{name}.html").write_text(text, encoding="utf-8")
        photograph(options.out, [*pages, "overview"])
    return status


def photograph(folder: Path, names: list[str]) -> None:
    """Write a PNG beside each page, where Chromium is there."""
    program = shutil.which("chromium")
    if not program:
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=program, args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": 1280, "height": 400})
        for name in names:
            view.goto((folder / f"{name}.html").resolve().as_uri())
            view.screenshot(path=folder / f"{name}.png", full_page=True)
        browser.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
