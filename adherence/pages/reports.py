"""What an entry says, in words: one line for a card, a toast or the timeline."""

from __future__ import annotations

from typing import Any

from adherence.domain.activities import Asked
from adherence.domain.entries import Amounts
from adherence.web import words
from adherence.web.locale import gettext as _


def amounts_of(entry: Any) -> Amounts:
    """Return the amounts of an entry, whether it is a value of the domain or a stored row."""
    found = getattr(entry, "amounts", None)
    if isinstance(found, Amounts):
        return found
    return Amounts(entry.sets, entry.reps, entry.hold_seconds, entry.quantity)


def summary(entry: Any, asked: Asked | None, clinician: bool = False) -> str:
    """Return what was reported without when: "2 tablets", "Partly: 1 round of 6, pain 7"."""
    parts = []
    amounts = amounts_of(entry)
    how_much = (
        words.amount_brief(amounts, asked.unit if asked else None)
        if clinician
        else words.amount(amounts, asked.unit if asked else None)
    )
    if entry.symptom:
        parts.append(answer(entry))
    elif entry.goal_id and entry.value is not None:
        parts.append(words.number(entry.value))
    if how_much:
        parts.append(how_much)
    if entry.pain is not None:
        parts.append(_("pain %(num)s", num=entry.pain))
    elif entry.pain_declined:
        parts.append(_("pain: preferred not to say"))
    if entry.effort is not None:
        parts.append(_("effort %(num)s", num=entry.effort))
    said = ", ".join(parts)
    status = entry.status
    if status == "done":
        return words.first_upper(said or words.status(status, clinician))
    if status is None:
        return words.first_upper(said)
    word = words.first_upper(words.status(status, clinician))
    reason = (
        str((words.REASONS_FOR_CLINICIAN if clinician else words.REASONS)[entry.reason])
        if entry.reason
        else ""
    )
    rest = ", ".join(part for part in (reason[:1].lower() + reason[1:], said) if part)
    return f"{word}: {rest}" if rest else word


def answer(entry: Any) -> str:
    """Return a symptom and what was said of it; "prefer not to say" is an answer too."""
    if entry.value is None:
        return _("%(symptom)s: preferred not to say", symptom=entry.symptom)
    return f"{entry.symptom} {words.number(entry.value)}"


def at(entry: Any, asked: Asked | None, zone: str) -> str:
    """Return what was reported and at what time of day."""
    return _(
        "%(what)s at %(time)s",
        what=summary(entry, asked),
        time=words.clock(entry.performed_at, zone),
    )


def noted(entry: Any) -> str:
    """Return the few words of the toast after an answer."""
    if entry.withdrawn:
        return _("Taken back")
    if entry.symptom:
        return _("Noted: %(what)s", what=answer(entry))
    if entry.status:
        return _("Noted: %(what)s", what=words.status(entry.status))
    return _("Noted")
