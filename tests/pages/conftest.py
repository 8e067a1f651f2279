"""A patient whose plan began yesterday, and the browsers of patient and therapist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pages.browsers import Browser
from tests.wards import DAY, MONDAY, Ward, ward

if TYPE_CHECKING:
    from flask import Flask


@pytest.fixture
def ruth(app: Flask) -> Ward:
    """The patient's ward."""
    return ward(MONDAY - DAY)


@pytest.fixture
def therapist(app: Flask, ruth: Ward) -> Browser:
    """The therapist's browser on Monday."""
    return Browser(app, ruth.therapist, MONDAY)


@pytest.fixture
def patient(app: Flask, ruth: Ward) -> Browser:
    """The patient's browser on Monday."""
    return Browser(app, ruth.patient, MONDAY)
