"""Whose record a patient's own pages show."""

from __future__ import annotations

from uuid import UUID

from adherence.domain.access import Actor
from adherence.domain.errors import NotFound


def own(actor: Actor) -> UUID:
    """Return the patient whose account this is.

    Raises:
        NotFound: the account is no patient's.
    """
    if actor.patient_id is None:
        raise NotFound
    return actor.patient_id
