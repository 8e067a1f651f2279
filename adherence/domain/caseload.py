"""Who needs a clinician first: the order of the review queue."""

from datetime import date
from enum import IntEnum

# Days without an entry after which a patient counts as silent (customary, unverified: a parameter).
SILENT_DAYS = 7


class Need(IntEnum):
    """Why a patient is in the queue, the least urgent first: sort descending."""

    NOTHING = 0
    SILENT = 1
    MILESTONE = 2
    PROPOSAL = 3
    WAITING = 4
    CRITICAL = 5


def need(
    *,
    critical: int = 0,
    waiting: int = 0,
    proposals: int = 0,
    milestones: int = 0,
    is_silent: bool = False,
) -> Need:
    """The most urgent thing that is open for a patient, each given by how many are.

    Critical before waiting for the clinician's answer, before a proposal, before a milestone to
    confirm, before silence.
    """
    if critical:
        return Need.CRITICAL
    if waiting:
        return Need.WAITING
    if proposals:
        return Need.PROPOSAL
    if milestones:
        return Need.MILESTONE
    return Need.SILENT if is_silent else Need.NOTHING


def is_silent(
    last_entry_on: date | None,
    expected_since: date | None,
    today: date,
    silent_days: int = SILENT_DAYS,
) -> bool:
    """Whether nothing has been reported for ``silent_days`` local days although it was expected.

    ``expected_since`` is the first day of the current stretch on which entries are expected (plan
    begun, no pause); None when nothing is, and then nobody is silent. Days before it do not count.
    """
    if expected_since is None:
        return False
    heard = expected_since if last_entry_on is None else max(last_entry_on, expected_since)
    return (today - heard).days >= silent_days
