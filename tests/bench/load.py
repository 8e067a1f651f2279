"""A closed-loop HTTP client over kept-alive sockets, cheap enough to share the server's cores."""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as bytes, with the status codes that count as a right answer."""

    raw: bytes
    expected: frozenset[int]


def request(
    method: str,
    path: str,
    *,
    body: bytes = b"",
    headers: Iterable[tuple[str, str]] = (),
    expected: Iterable[int] = (200,),
) -> Request:
    """One HTTP/1.1 request on a kept connection; a ``body`` is JSON unless a header says else."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    named = {name.lower() for name, _ in headers}
    lines += [f"{name}: {value}" for name, value in headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
        if "content-type" not in named:
            lines.append("Content-Type: application/json")
    return Request("\r\n".join(lines).encode() + HEAD_END + body, frozenset(expected))


@dataclass(slots=True)
class Answer:
    """A whole response: status, head and body, both still bytes."""

    status: int
    head: bytes
    body: bytes


def complete(buffer: bytes) -> Answer | None:
    """The response ``buffer`` holds, or None while bytes are missing."""
    end = buffer.find(HEAD_END)
    if end < 0:
        return None
    head = buffer[:end]
    names = head.lower()
    status = int(buffer[9:12])
    at = names.find(b"\r\ncontent-length:")
    if at >= 0:
        stop = head.find(b"\r\n", at + 2)
        length = int(head[at + 17 : stop if stop > 0 else None])
        body = buffer[end + 4 :]
        return Answer(status, head, body) if len(body) >= length else None
    if b"\r\ntransfer-encoding: chunked" in names:
        done = buffer.endswith(b"0\r\n\r\n")
        return Answer(status, head, unchunked(buffer[end + 4 :])) if done else None
    if status in (204, 304):
        return Answer(status, head, b"")
    raise ValueError("a response without a length")


def unchunked(body: bytes) -> bytes:
    """The bytes a chunked ``body`` carries."""
    parts = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        parts.append(rest[:length])
        body = rest[length + 2 :]
        if not length:
            break
    return b"".join(parts)


@dataclass(slots=True)
class Drive:
    """What one run of the client saw. Times are seconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[tuple[int, bytes]] = field(default_factory=list)
    client_cpu: float = 0.0

    def quantile(self, share: float) -> float:
        """The latency in milliseconds that ``share`` of the answers did not exceed."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds


class Connection:
    """One kept-alive socket with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.open()

    def open(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def send(self, asked: Request) -> None:
        self.asked = asked
        self.buffer = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(asked.raw)

    def close(self) -> None:
        self.socket.close()


def ask(port: int, asked: Request) -> Answer:
    """The answer to one request on a connection of its own."""
    connection = Connection(port)
    try:
        connection.send(asked)
        while True:
            if not (piece := connection.socket.recv(1 << 20)):
                raise ConnectionError("the server closed the connection")
            connection.buffer += piece
            if answer := complete(connection.buffer):
                return answer
    finally:
        connection.close()


def drive(
    port: int,
    following: Callable[[int], Request],
    *,
    connections: int,
    seconds: float = 3600,
    answers: int | None = None,
) -> Drive:
    """Keep ``connections`` requests under way for ``seconds`` or until so many ``answers``.

    ``following(k)`` is the next request of connection ``k``. An answer whose status is not among
    the request's expected ones is kept in ``wrong`` (the first ten) and its latency does not count.
    """
    seen = Drive()
    picker = selectors.DefaultSelector()
    opened = [Connection(port) for _ in range(connections)]
    cpu = time.process_time()
    started = time.perf_counter()
    for number, connection in enumerate(opened):
        picker.register(connection.socket, selectors.EVENT_READ, (number, connection))
        connection.send(following(number))
    until = started + seconds
    under_way = connections
    while under_way:
        events = picker.select(timeout=60)
        if not events:
            raise TimeoutError("no answer within a minute")
        for key, _ in events:
            number, connection = key.data
            piece = connection.socket.recv(1 << 20)
            if not piece:
                raise ConnectionError("the server closed a connection under load")
            connection.buffer += piece
            answer = complete(connection.buffer)
            if answer is None:
                continue
            now = time.perf_counter()
            seen.statuses[answer.status] += 1
            if answer.status in connection.asked.expected:
                seen.latencies.append(now - connection.sent_at)
            elif len(seen.wrong) < 10:
                seen.wrong.append((answer.status, answer.body[:400]))
            if now < until and (answers is None or seen.statuses.total() < answers):
                connection.send(following(number))
            else:
                under_way -= 1
    seen.seconds = time.perf_counter() - started
    seen.client_cpu = time.process_time() - cpu
    for connection in opened:
        connection.close()
    picker.close()
    return seen
