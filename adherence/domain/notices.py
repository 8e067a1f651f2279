"""Notices: what a clinician is told, and what became of it."""

from __future__ import annotations

from enum import StrEnum


class NoticeKind(StrEnum):
    """Why a clinician is told."""

    MILESTONE = "milestone"
    MILESTONE_WITHDRAWN = "milestone_withdrawn"
    PAUSE = "pause"
    CONCERN = "concern"


class NoticeState(StrEnum):
    """Only a person moves a notice on."""

    OPEN = "open"
    SEEN = "seen"
    REPLIED = "replied"
