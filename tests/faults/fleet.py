"""A fleet of phones: threads that log over HTTP and keep a journal of what they were told."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.bench.load import Answer, Connection, complete, request
from tests.builders import Phone
from tests.faults.oracle import Line, Told

STORED = {"created", "identical", "corrected"}
RESENT = 0.5
"""Share of the entries without an answer that a phone sends again after the server is back."""


class Journal:
    """What all phones sent and were told, kept in the memory of a process that is not killed."""

    def __init__(self, seed: int) -> None:
        self.lines: list[Line] = []
        self.unanswered: list[Line] = []
        self.statuses: Counter[str] = Counter()
        self.acknowledged = 0
        self.random = random.Random(seed)
        self._lock = threading.Lock()

    def new(self, phone: Phone) -> Line:
        """A new entry of ``phone``, written down before it is sent."""
        with self._lock:
            client_id = UUID(int=self.random.getrandbits(128), version=4)
            document = {
                "client_id": str(client_id),
                "activity_id": str(self.random.choice(phone.activity_ids)),
                "status": "done",
                "performed_at": (
                    datetime.now(UTC) - timedelta(minutes=self.random.randrange(60 * 24 * 3))
                ).isoformat(timespec="seconds"),
                "sets": self.random.randrange(1, 5),
                "reps": self.random.randrange(1, 20),
                "pain": self.random.choice([None, *range(11)]),
                "effort": self.random.choice([None, *range(11)]),
                "note": f"entry {client_id}",
            }
            line = Line(phone.patient_id, client_id, document)
            self.lines.append(line)
            return line

    def answered(self, line: Line, result: str) -> None:
        """Write down what the server said of ``line``."""
        with self._lock:
            line.answers.append(result)
            self.statuses[result] += 1
            if result in STORED:
                if line.told is not Told.ACKNOWLEDGED:
                    self.acknowledged += 1
                line.told = Told.ACKNOWLEDGED

    def cut_off(self, lines: list[Line]) -> None:
        """Write down that no answer came; some of them will be sent again."""
        with self._lock:
            self.unanswered += [line for line in lines if self.random.random() < RESENT]

    def again(self, phone: Phone, many: int) -> list[Line]:
        """Up to ``many`` unanswered lines of ``phone``'s patient, to be sent again."""
        with self._lock:
            taken = [one for one in self.unanswered if one.patient_id == phone.patient_id][:many]
            self.unanswered = [one for one in self.unanswered if one not in taken]
            return taken


class Sender(threading.Thread):
    """One phone that logs, singly or in batches, until it is told to stop or loses the server."""

    def __init__(self, port: int, phone: Phone, journal: Journal, seed: int) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.phone = phone
        self.journal = journal
        self.random = random.Random(seed)
        self.ended = threading.Event()
        self.refused: list[Answer] = []

    def run(self) -> None:
        try:
            connection = Connection(self.port)
        except OSError:
            return
        try:
            while not self.ended.is_set():
                lines = self.journal.again(self.phone, 5)
                if self.random.random() < 0.7 and not lines:
                    lines = [self.journal.new(self.phone)]
                elif not lines:
                    lines = [
                        self.journal.new(self.phone) for _ in range(self.random.randrange(2, 6))
                    ]
                try:
                    self.send(connection, lines)
                except OSError:
                    self.journal.cut_off([line for line in lines if not line.answers])
                    return
        finally:
            connection.close()

    def send(self, connection: Connection, lines: list[Line]) -> None:
        """Send ``lines`` and write the answers down.

        Raises:
            OSError: the connection broke before the whole answer was there.
        """
        path = f"/api/v1/patients/{self.phone.patient_id}"
        documents: list[dict[str, Any]] = [line.document for line in lines]
        batch = len(lines) > 1
        if batch and self.random.random() < 0.3:
            # A phone that is unsure repeats an item inside one batch.
            documents.append(self.random.choice(documents))
        body = json.dumps({"entries": documents} if batch else documents[0]).encode()
        connection.send(
            request(
                "POST",
                f"{path}/sync" if batch else f"{path}/entries",
                body=body,
                headers=[("Authorization", f"Bearer {self.phone.token}")],
            )
        )
        while (answer := complete(connection.buffer)) is None:
            if not (piece := connection.socket.recv(1 << 16)):
                raise ConnectionError("cut off")
            connection.buffer += piece
        if answer.status not in (200, 201):
            self.refused.append(answer)
            self.ended.set()
            return
        said = json.loads(answer.body)
        by_id = {str(line.client_id): line for line in lines}
        for receipt in said["receipts"] if batch else [said]:
            self.journal.answered(by_id[receipt["client_id"]], receipt["result"])
