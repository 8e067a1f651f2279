"""Changes on the wire: what a device pulls, each thing as it is now."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

#: Bookkeeping that is nobody's business outside.
KEPT_BACK = frozenset({"patient_id", "clinic_id", "payload_hash", "seq"})


def change_shown(change: Any) -> dict[str, Any]:
    """A change of the services as the wire has it."""
    item = {
        name: _plain(value) for name, value in change.row._asdict().items() if name not in KEPT_BACK
    }
    return {"seq": change.seq, "kind": change.kind, "item": item}


def _plain(value: Any) -> Any:
    """The JSON form of a column's value."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
