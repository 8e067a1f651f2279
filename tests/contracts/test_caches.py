"""What a process keeps for good is nobody's: what is of a person, it must be able to forget."""

from __future__ import annotations

import ast
from pathlib import Path

import adherence

PACKAGE = Path(adherence.__file__).parent
NAMES = {"cache", "lru_cache", "cached_property"}
#: Every cache that lives as long as its process, and why it may.
REVIEWED = {
    "charts.drawing.lettering._font": "the two fonts",
    "charts.drawing.lettering.advance": "how wide one sign is",
    "charts.drawing.signs.marker_path": "the shapes of signs",
    "domain.figure.pieces": "the parts of the figure",
    "domain.motions._keys": "the movements of exercises",
    "domain.motions._way": "the movements of exercises",
    "domain.zones._reading": "what a clock reading stands for in a zone",
    "domain.zones.zone_info": "rules of zones",
    "library.consent.texts": "files of the package",
    "library.documents._read": "files of the package",
    "library.education._by_slug": "files of the package",
    "library.education.all_pieces": "files of the package",
    "library.reader.exercises": "files of the package",
    "library.reader.motion": "files of the package",
    "pages.marks._sprite": "signs of that file",
    "pages.marks._strip": "patterns of beads",
    "pages.marks._svg": "signs of that file",
    "pages.progress._kept_cells": "cells without a word that anybody typed",
    "pages.review._strip_words": "patterns of beads in words",
    "schemas.fields._uuid": "ids, without what they name",
    "services.day_sums._amounts": "numbers",
    "services.entries._text": "ids, without what they name",
    "services.keys._derived": "keys of the server",
    "services.library.package_version": "files of the package",
    "services.passkeys._stand_in": "a key that nobody has",
    "services.passwords._gate": "how many may be hashed at once",
    "services.passwords._stand_in": "the hash of no password",
    "services.passwords.common": "the list of common passwords",
    "store.data_keys._fernet": "keys of the server",
    "store.columns._uuid_of_bytes": "ids, without what they name",
    "web.exercises._labels": "words of the catalogues",
    "web.files._packed": "static files",
    "web.files.version": "static files",
    "web.locale.catalogue": "words of the catalogues",
    "web.pictures.chart_words": "words of the catalogues",
    "web.site._host": "hosts that this server answers to",
    "web.words._written": "days in words",
    "web.words.number_in": "numbers in words",
    "web.words.zone_rules": "rules of zones",
}


def cached() -> set[str]:
    """The caches of the package, by the dotted name of what they keep the answers of."""
    found = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                made = {_name(one) for one in node.decorator_list}
                if made & NAMES:
                    found.add(f"{module}.{node.name}")
            elif isinstance(node, ast.Assign) and _name(node.value) in NAMES:
                found.update(f"{module}.{one.id}" for one in node.targets if _is_name(one))
    return found


def _is_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Name)


def _name(node: ast.expr) -> str:
    while isinstance(node, ast.Call):
        node = node.func
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def test_every_cache_that_nobody_can_empty_was_looked_at():
    assert cached() == set(REVIEWED)
