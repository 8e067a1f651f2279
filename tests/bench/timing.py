"""``python -m tests.bench.timing``: does the time of an answer say who has an account?

Every way in is tried in turn with something known and something unknown, 200 times each, over HTTP
inside one process and with the real parameters of hashing. A row shows both medians of the
processor's time and of the clock's, how far apart they are, and the p of a rank test (Mann-Whitney,
two-sided, normal approximation): where p is small *and* the medians differ by more than 5 %, an
answer tells. The processor's time is the one to believe on a busy machine.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist, median
from typing import Any

from adherence.services import invites
from tests.authenticator import Authenticator
from tests.builders import migrated
from tests.practice import MINUTE, application, invited
from tests.web.test_sign_in import SITE, House, Window

APART, CHANCE = 0.05, 0.01
CLOCKS = {"processor": time.process_time, "clock": time.perf_counter}
Try = Callable[[], Any]


def rank_test(left: list[float], right: list[float]) -> float:
    """The chance that two samples of one distribution lie so far apart in rank."""
    ordered = sorted((value, side) for side, values in enumerate((left, right)) for value in values)
    ranks = sum(rank for rank, (_, side) in enumerate(ordered, 1) if side == 0)
    n, m = len(left), len(right)
    u = ranks - n * (n + 1) / 2
    spread = math.sqrt(n * m * (n + m + 1) / 12)
    return 2 * (1 - NormalDist().cdf(abs(u - n * m / 2) / spread))


class Doors:
    """The ways in, each as two tries: with what is known, and with what is not."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.window = house.window()
        page = self.window.get("/code").text
        found = re.search(r'csrf_token" value="([0-9a-f]{64})', page)
        assert found
        self.token = found[1]
        assert house.ruth.patient_id is not None
        self.spent = invites.invite_on_paper(
            house.ada.actor, house.ruth.patient_id, "en", house.at
        ).code
        invites.invite_on_paper(house.ada.actor, house.ruth.patient_id, "en", house.at)
        _, self.device = invited(house.ada.actor, house.ruth, house.at)

    def post(self, path: str, window: Window | None = None, **fields: str) -> Any:
        answer = (window or self.window).post(path, {"csrf_token": self.token, **fields})
        assert answer.status_code in (200, 303, 422), (path, answer.status_code)
        return answer

    def pairs(self) -> dict[str, tuple[Try, Try]]:
        """Name -> (known, unknown)."""
        known, nobody = self.house.ada.email, "nobody@example.org"
        return {
            "password": (
                lambda: self.post("/sign-in/password", email=known, password="wrong"),
                lambda: self.post("/sign-in/password", email=nobody, password="wrong"),
            ),
            "mailed link": (
                lambda: self.post("/sign-in/mail", email=known),
                lambda: self.post("/sign-in/mail", email=nobody),
            ),
            "invitation": (
                lambda: self.post("/code", token=self.spent),
                lambda: self.post("/code", token="0000-0000-0000"),
            ),
            "PIN": (
                lambda: self.by_pin(self.device),
                lambda: self.by_pin("x" * 43),
            ),
            "passkey": (
                lambda: self.by_passkey(self.key),
                lambda: self.by_passkey(self.stranger),
            ),
            "second step": (
                lambda: self.second("000000"),
                lambda: self.second("0000000000000"),
            ),
        }

    def by_pin(self, device: str) -> Any:
        """A wrong PIN."""
        self.window.client.set_cookie("__Host-device", device, domain="localhost", secure=True)
        answer = self.post("/sign-in/pin", pin="135791")
        self.window.client.delete_cookie("__Host-device", domain="localhost")
        return answer

    def give_back(self) -> None:
        """Give the tries of the device back, so that it stays open; never while time is taken."""
        from adherence.store.columns import db
        from adherence.store.devices import DEVICE

        db.session.execute(DEVICE.update().values(tries=0))
        db.session.commit()

    def prepare(self) -> None:
        """A passkey of somebody's, one of nobody's, and a sign-in that is halfway."""
        window = self.house.window()
        window.sign_in(self.house.ada)
        self.key, self.stranger = Authenticator(SITE), Authenticator(SITE)
        import json

        options = window.options("/account/ways-in", "/account/passkeys")
        answer = json.dumps(self.key.create(options))
        window.send("/account/ways-in", "/account/passkeys", answer=answer)
        self.stranger.create(options)
        self.half = self.house.window()
        self.half.password(self.house.ada.email)
        found = re.search(
            r'csrf_token" value="([0-9a-f]{64})', self.half.get("/sign-in/second").text
        )
        assert found
        self.half_token = found[1]

    def by_passkey(self, phone: Authenticator) -> Any:
        """An answer that is signed for another site, by a key that is known or is not."""
        import json

        asked = self.window.open(
            "/sign-in/passkey/options",
            "POST",
            headers={"Origin": SITE, "X-CSRF-Token": self.token},
        ).get_json()
        answer = phone.get(asked)
        answer["response"]["signature"] = "AAAA"
        return self.post("/sign-in/passkey", answer=json.dumps(answer))

    def second(self, code: str) -> Any:
        answer = self.half.post("/sign-in/second", {"csrf_token": self.half_token, "code": code})
        assert answer.status_code == 422, answer.status_code
        return answer


def without_throttles() -> None:
    """Let everything be tried as often as the bench wants to."""
    from adherence.web import throttles

    throttles.LIMITS.update(dict.fromkeys(throttles.LIMITS, ()))


def measured(pair: tuple[Try, Try], times: int, doors: Doors) -> list[list[list[float]]]:
    """Seconds of each try by each clock, in turn, so that what else happens hits both alike."""
    took: list[list[list[float]]] = [[[], []] for _ in CLOCKS]
    for turn in range(times + 3):
        for side in (0, 1) if turn % 2 else (1, 0):
            begun = [clock() for clock in CLOCKS.values()]
            pair[side]()
            if turn >= 3:
                for kind, clock in enumerate(CLOCKS.values()):
                    took[kind][side].append(clock() - begun[kind])
            doors.give_back()
        if turn % 50 == 0:
            doors.house.at += MINUTE / 60
    return took


def main() -> int:
    """Measure and print; 1 when an answer tells."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.timing", description=__doc__)
    parser.add_argument("--times", type=int, default=200, help="tries of each")
    parser.add_argument("--only", default="", help="ways in whose name holds these words")
    asked = parser.parse_args()
    without_throttles()
    telling = []
    with tempfile.TemporaryDirectory(prefix="adherence-timing-") as folder:
        url = f"sqlite:///{Path(folder) / 'timing.sqlite'}"
        migrated(url)
        with application(
            url, smtp_host="localhost", mail_from="a@example.org", requests_per_minute=10**9
        ) as app:
            house = House(app)
            app.testing = False
            doors = Doors(house)
            doors.prepare()
            print(f"{'way in':<14}{'by':<10}{'known':>10}{'unknown':>10}{'apart':>8}{'p':>8}")
            for name, pair in doors.pairs().items():
                if asked.only not in name:
                    continue
                took = measured(pair, asked.times, doors)
                for by, (known, unknown) in zip(CLOCKS, took, strict=True):
                    apart = median(known) / median(unknown) - 1
                    p = rank_test(known, unknown)
                    tells = abs(apart) > APART and p < CHANCE
                    print(
                        f"{name:<14}{by:<10}{median(known) * 1e3:>7.2f} ms"
                        f"{median(unknown) * 1e3:>7.2f} ms{apart:>8.1%}{p:>8.3f}"
                        f"{'  TELLS' if tells else ''}",
                        flush=True,
                    )
                    telling += [name] * tells
    return 1 if telling else 0


if __name__ == "__main__":
    sys.exit(main())
