"""Each setting has a default or a reason, a meaning, and a line in README."""

import dataclasses
from pathlib import Path

import pytest

from adherence.settings import Settings

README = Path(__file__).parents[2] / "README.md"
NAMES = [field.name for field in dataclasses.fields(Settings)]


@pytest.mark.parametrize("name", NAMES)
def test_readme_names_the_setting(name: str):
    assert f"`ADHERENCE_{name.upper()}`" in README.read_text()


def test_settings_cannot_be_changed_while_the_application_runs():
    assert Settings.__dataclass_params__.frozen  # type: ignore[attr-defined]  # set by dataclass()
