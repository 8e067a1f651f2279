"""Starting a WSGI application the way it is served, and stopping it with all its children."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from tests.bench import machine
from tests.bench.load import Answer, Request, ask, request

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A web server in a process group of its own.

    ``target`` is ``module:callable``. ``gunicorn`` serves with 2 processes of 4 threads, and
    ``waitress`` with one process of 8; ``preload`` imports once, before the processes part. What
    the server prints goes to ``log``.
    """

    def __init__(
        self,
        name: str,
        target: str,
        log: Path,
        environment: Mapping[str, str] | None = None,
        kind: str = "gunicorn",
        workers: int = 2,
        threads: int = 4,
        preload: bool = False,
    ) -> None:
        self.name = name
        self.port = free_port()
        address = f"127.0.0.1:{self.port}"
        if kind == "gunicorn":
            command = ["gunicorn", "--worker-class=gthread", f"--workers={workers}"]
            command += [f"--threads={threads}", f"--bind={address}", "--keep-alive=75"]
            command += ["--timeout=120", "--log-level=warning", "--no-control-socket", target]
            command += ["--preload"] if preload else []
        else:
            command = ["waitress", f"--threads={workers * threads}", f"--listen={address}"]
            command += ["--call", target.removesuffix("()")] if "()" in target else [target]
        self.log = log
        self.output = log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait(self, path: str, seconds: float = 60) -> None:
        """Return once ``path`` answers with any status below 500.

        Raises:
            RuntimeError: the server ended or did not answer in time; the text is its own output.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                if ask(self.port, request("GET", path)).status < 500:
                    return
            except (ConnectionError, TimeoutError):
                time.sleep(0.05)
        raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text()[-4000:]}")

    def ask(self, asked: Request) -> Answer:
        """The answer of this server to one request."""
        return ask(self.port, asked)

    def cpu_seconds(self) -> float:
        """CPU seconds of the server and its workers so far."""
        return machine.cpu_seconds(self.process.pid)

    def pss_mib(self) -> float:
        """Memory of the server and its workers, MiB."""
        return machine.pss_mib(self.process.pid)

    def kill(self) -> None:
        """Kill the whole tree at once, as a power cut would; nothing is flushed or answered."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.output.close()

    def stop(self) -> None:
        """Ask the server to end and wait for it; kill it after 15 seconds."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.output.close()

    def __enter__(self) -> "Server":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.stop()
