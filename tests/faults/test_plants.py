"""The plants of ``tests.faults.plants`` still fit the code; that they are found is a longer run."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

import pytest

from tests.faults import plants
from tests.faults.plants import PLANTS, ROOT, Edit, Plant


@lru_cache
def functions(path: str) -> frozenset[str]:
    """The test functions of a file."""
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_plant_still_fits_the_code_and_names_tests_that_exist(plant: Plant):
    assert plants.planted(plant, ROOT)
    for test in plant.tests:
        path, _, name = test.partition("::")
        assert name in functions(path), test


def test_plants_are_told_apart_by_their_names():
    assert len({plant.name for plant in PLANTS}) == len(PLANTS)


def test_words_that_are_gone_or_there_twice_are_an_error(tmp_path: Path):
    (tmp_path / "a.py").write_text("x = 1\ny = x\nz = x\n")
    for before in ("q", "x"):
        with pytest.raises(ValueError, match=r"a\.py has"):
            plants.planted(Plant("p", (Edit("a.py", before, "1"),), ()), tmp_path)
    with pytest.raises(SyntaxError):
        plants.planted(Plant("p", (Edit("a.py", "y = x", "y ="),), ()), tmp_path)


@pytest.mark.full
def test_every_planted_fault_is_found(capfd: pytest.CaptureFixture[str], monkeypatch):
    monkeypatch.setattr("sys.argv", ["plants"])

    assert plants.main() == 0, capfd.readouterr().out
