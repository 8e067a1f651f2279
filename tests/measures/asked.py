"""The command about supplies, asked inside the test's process, file to file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from adherence.__main__ import over_files

COLUMNS = ("patient_id", "date", "duration", "daily_dose", "medication")


def written(path: Path, rows: Iterable[Sequence[object]], header: Sequence[str] = COLUMNS) -> Path:
    """A CSV file of supplies at ``path``."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def asked(command: str, source: Path | str, target: Path, *options: object) -> list[dict[str, str]]:
    """The rows that ``adherence COMMAND`` writes; a refusal fails the test."""
    words = [command, "--input", source, "--output", target, "--quiet", *options]
    assert over_files([str(word) for word in words]) == 0
    with target.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(text: str) -> float | None:
    """The number in a cell; None where it is empty or R's ``NA``."""
    return None if text in ("", "NA") else float(text)
