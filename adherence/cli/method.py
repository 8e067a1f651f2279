"""How numbers were made, as a file beside them: definitions, parameters, data, versions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, time, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from adherence import __version__
from adherence.domain.supplies import DEFINITIONS

CHUNK = 1 << 20


def written(
    target: Path,
    command: str,
    question: Any,
    names: Sequence[str],
    sources: Mapping[str, str | Path],
    engine: str,
    rows: int,
) -> None:
    """Write to ``target`` how ``rows`` of answers to ``question`` were made.

    It names each definition of ``names`` with its source, every parameter, and each input with the
    digest of its bytes, so that the same file can be made again and be told from any other. The
    address of a database, which may hold a password, is left out.
    """
    method = {
        "command": command,
        "adherence": __version__,
        "engine": engine if engine != "duckdb" else f"duckdb {version('duckdb')}",
        "definitions": [DEFINITIONS[name].sentence() for name in names],
        "parameters": asdict(question),
        "inputs": {name: said(source) for name, source in sources.items()},
        "rows": rows,
    }
    text = json.dumps(method, indent=2, ensure_ascii=False, default=plain)
    target.write_text(text + "\n", encoding="utf-8")


def said(source: str | Path) -> dict[str, str]:
    """Return the name of an input and the SHA-256 of its bytes; of a database, that it is one."""
    path = Path(source)
    if not path.exists():
        return {"database": "its address is not told"}
    digest = hashlib.sha256()
    for part in parts(path):
        with part.open("rb") as file:
            while block := file.read(CHUNK):
                digest.update(block)
    return {"file": path.name, "sha256": digest.hexdigest()}


def parts(path: Path) -> Iterator[Path]:
    """Yield the file, or every file of the folder in order of its name."""
    yield from sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]


def plain(value: Any) -> Any:
    """Return a value that JSON has no word for as text."""
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g} seconds"
    raise TypeError(f"no word for {type(value).__name__}")
