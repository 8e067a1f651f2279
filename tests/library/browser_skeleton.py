"""The figure's skeleton as the browser gets it.

The file lies among the static ones, so that it is sent packed and kept like a script. To renew it:
`python -m tests.library.browser_skeleton`.
"""

from __future__ import annotations

import json

from adherence.domain.contacts import CHAIR_BACK, SIZES
from adherence.domain.motions import skeleton
from adherence.web.files import FOLDER

FILE = FOLDER / "js" / "figure_skeleton.json"


def text() -> str:
    """What the file has to say; `room` are sizes of furniture, metres."""
    room = {"sizes": SIZES, "back": CHAIR_BACK}
    whole = {**skeleton(), "room": room}
    del whole["capsules"]  # the browser lays a skin of its own round the bones
    return json.dumps(whole, separators=(",", ":"), sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
    print(f"{FILE.name}: {FILE.stat().st_size} bytes")
