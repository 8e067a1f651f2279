"""Programmes: what a manager may see, which is sums over many patients and never one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adherence.domain.access import Actor
from adherence.domain.consent import Purpose
from adherence.services import consent
from adherence.services.record import audit_clinic
from adherence.store import caseload as table
from adherence.store.db import read, write

#: Fewer patients than this are not summed up. CMS shows no cell of 1 to 10; PCORnet and others use
#: 11.
SMALLEST_CELL = 11


@dataclass(frozen=True, slots=True)
class Overview:
    """The last 30 days of a clinic. Sums are None while too few patients stand behind them.

    ``patients`` counts those who agreed to be counted and for whom something was due; it too is
    None below ``SMALLEST_CELL``, unless it is 0. The band is [done / due, (done + not reported) /
    due].
    """

    patients: int | None
    due: int | None
    done: int | None
    unreported: int | None
    smallest_cell: int = SMALLEST_CELL

    @property
    def band(self) -> tuple[float, float] | None:
        """Confirmed share, and the share if everything not reported was done."""
        if not self.due or self.done is None or self.unreported is None:
            return None
        return self.done / self.due, (self.done + self.unreported) / self.due


def overview(actor: Actor, now: datetime) -> Overview:
    """The clinic's last 30 days in sums. One line in the clinic's audit."""
    least = consent.least(Purpose.PROGRAMME, now)
    with read() as run:
        row: Any = run.first(
            table.caseload_totals, clinic_id=actor.clinic_id, least_programme=least
        )
    write(lambda run: audit_clinic(run, actor, "programme.read", actor.clinic_id, now))
    if row.patients and row.patients < SMALLEST_CELL:
        return Overview(None, None, None, None)
    return Overview(row.patients, row.due or 0, row.done or 0, row.unreported or 0)
