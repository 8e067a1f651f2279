"""Whose record a patient's own pages show."""

from __future__ import annotations

from uuid import UUID

from adherence.domain.access import Actor
from adherence.domain.errors import NotFound


def own(actor: Actor) -> UUID:
    """Return the patient whose account this is, or whom its holder acts for at present.

    Raises:
        NotFound: the account is no patient's.
    """
    patient_id = actor.acts_for or actor.patient_id
    if patient_id is None:
        raise NotFound
    return patient_id
