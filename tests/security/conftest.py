"""The house that attackers come to; the town is every test's."""

from __future__ import annotations

from tests.web.test_sign_in import house as house
