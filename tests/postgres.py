"""A PostgreSQL server of the tests' own: no port, no password, in a folder that goes away.

``python -m tests.postgres COMMAND …`` runs a command beside such a server and tells it the address
in ``ADHERENCE_TEST_POSTGRES``. The server is reached only through a socket in a folder that nobody
else may enter.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

VARIABLE = "ADHERENCE_TEST_POSTGRES"
HOW = "PostgreSQL's server programs are missing: install the package postgresql, or set " + VARIABLE


def programs() -> Path | None:
    """The folder that holds ``initdb`` and ``postgres``, the newest where there are several."""
    packaged = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4])
    )
    if packaged:
        return packaged[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


class Cluster:
    """A running server. ``durable`` keeps every flush to disk; without it tests are faster.

    Raises:
        FileNotFoundError: the programs are not installed; the text says how to get them.
    """

    def __init__(self, *, durable: bool = False) -> None:
        where = programs()
        if where is None:
            raise FileNotFoundError(HOW)
        # PostgreSQL refuses to run as root; the package brings a user of its own.
        self._as: dict[str, object] = (
            {"user": "postgres", "group": "postgres", "extra_groups": []}
            if os.geteuid() == 0
            else {}
        )
        self.folder = Path(tempfile.mkdtemp(prefix="adherence-pg-", dir="/tmp"))
        if self._as:
            shutil.chown(self.folder, "postgres", "postgres")
        data = self.folder / "data"
        self._run(where / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync")
        command = [where / "postgres", "-D", data, "-k", self.folder, "-h", ""]
        settings = ["max_connections=200", "shared_buffers=256MB", "log_min_messages=fatal"]
        if not durable:
            settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        for setting in settings:
            command += ["-c", setting]
        self.log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **self._as,  # type: ignore[call-overload]  # the three names above
        )
        until = time.monotonic() + 60
        while subprocess.run(
            [where / "pg_isready", "-q", "-h", self.folder], check=False
        ).returncode:
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start: {self.folder / 'log'}")
            time.sleep(0.05)

    def _run(self, *command: object) -> None:
        subprocess.run(
            [str(part) for part in command],
            cwd=self.folder,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            **self._as,  # type: ignore[call-overload]  # user, group, extra_groups
        )

    def url(self, database: str = "postgres") -> str:
        """SQLAlchemy's address of one database of this server."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def stop(self) -> None:
        """End the server and remove its folder."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.stop()


def main() -> int:
    """Run the command that was given beside a server and return its exit status."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    with Cluster() as cluster:
        environment = {**os.environ, VARIABLE: cluster.url()}
        running = subprocess.Popen(sys.argv[1:], env=environment)
        try:
            return running.wait()
        except BaseException:
            running.terminate()
            raise


if __name__ == "__main__":
    sys.exit(main())
