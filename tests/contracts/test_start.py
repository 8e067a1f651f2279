"""A web process loads nothing slow or large before somebody asks for what needs it."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests import builders
from tests.bench.footprint import HEAVY

ROOT = Path(__file__).parents[2]
SERVED = ("/today", "/progress", "/goals", "/milestones")
PROGRAM = f"""
import sys
from adherence.app import create_app

app = create_app()
client = app.test_client(use_cookies=False)
cookie, chart = sys.argv[1:]
for path in {SERVED!r}:
    answer = client.get(path, headers={{"Cookie": cookie}})
    assert answer.status_code == 200, (path, answer.status)
loaded = [name for name in {HEAVY!r} if name in sys.modules]
assert not loaded, loaded
answer = client.get(chart, headers={{"Cookie": cookie}})
assert answer.status_code == 200, answer.status
assert "matplotlib" in sys.modules
"""


def test_no_heavy_library_is_there_until_a_chart_is_drawn(sqlite_template: Path, tmp_path: Path):
    path = tmp_path / "adherence.sqlite"
    shutil.copyfile(sqlite_template, path)
    url = f"sqlite:///{path}"
    now = datetime.now(UTC)
    with builders.opened(url):
        one = builders.admit(builders.found_clinic(now), 0, now - timedelta(days=3))
        builders.live(one, (now - timedelta(days=2)).date(), now.date(), seed=1)
        secret = builders.session_of(one.actor.account_id, now)

    subprocess.run(
        [
            sys.executable,
            "-c",
            PROGRAM,
            f"__Host-session={secret}",
            f"/charts/{one.patient_id}/adherence.svg?of=42",
        ],
        check=True,
        cwd=ROOT,
        env={**os.environ, **builders.environment(url)},
    )
