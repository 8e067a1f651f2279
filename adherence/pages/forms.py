"""Forms of people: what was typed is kept as typed, and beside it stands what would be right."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import date, datetime, time
from uuid import UUID

from adherence.domain.entries import NOTE_LIMIT
from adherence.domain.errors import InvalidInput, NotFound
from adherence.domain.schedules import EARLIEST, LATEST
from adherence.domain.texts import clean
from adherence.domain.zones import first_instant
from adherence.services.entries import Receipt
from adherence.web import words
from adherence.web.locale import gettext as _
from adherence.web.locale import later as _later

WRONG = {
    "empty": _later("This cannot stay empty."),
    "required": _later("This cannot stay empty."),
    "at_least_one": _later("Choose at least one."),
    "out_of_range": _later("This number is outside what is possible."),
    "in_the_past": _later("This day has passed. Choose today or a later day."),
    "in_the_future": _later("This lies in the future."),
    "before_the_start": _later("This lies before the start."),
    "before_start": _later("The last day lies before the first."),
    "too_far_back": _later("This is more than two weeks ago. Ask your team to enter it."),
    "too_long": _later("This is too long."),
    "closed": _later("This goal is closed."),
    "already_corrected": _later("This answer was changed already. Look at the newest one."),
    # Signing in
    "no_pin": _later("A PIN has 6 to 12 digits."),
    "weak_pin": _later("This PIN is easy to guess. Mix the digits more."),
    "too_short": _later("This is too short."),
    "common": _later(
        "This is one of the first passwords that others would try. Three or four words that do not "
        "belong together are better."
    ),
    "own_words": _later("This password is little more than a name. Add words that nobody knows."),
    "wrong_password": _later("This is not your password."),
    "no_address": _later("This is not an e-mail address."),
    "taken": _later("Somebody in this clinic has this address already."),
    "last_factor": _later("You need a second step. Set up another one first."),
    "unknown_zone": _later("There is no such time zone. Write it as Europe/Berlin."),
    "acts_already": _later("This person acts for the patient already."),
    "no_birth_year": _later("The year of birth is not known here. Choose a last day instead."),
    "grown_up": _later("The patient is grown up. Choose a last day instead."),
    # Rights of the person
    "waits_already": _later("Two copies are being made already. Wait for them."),
    "must_be_kept": _later("This record must still be kept, so it cannot be deleted yet."),
    "same_person": _later("You proposed this. Another administrator has to agree."),
    "locked_already": _later("This record is locked away already."),
    # Care teams, and a record opened in an emergency
    "lead_leaves": _later("Say who leads the team from now on."),
    "last_of_team": _later(
        "Nobody else is in this team. Add somebody who takes over, or ask your clinic’s "
        "administration to look after the patient."
    ),
    "not_in_team": _later("Whoever takes over must be in the team."),
    "in_team": _later("This person is in the team at that time already."),
    "too_far_ahead": _later("At most a year ahead. For longer, hand over."),
    "no_patients": _later("You are in nobody’s care team for good."),
    "reason_too_short": _later("Say in a sentence why: at least ten characters."),
    "nobody_found": _later(
        "Nobody of exactly this name and year of birth is a patient of this clinic."
    ),
    "cared_for": _later("You are in this patient’s care team. Open the record as always."),
    "another_open": _later("You have another record open. End that first."),
}
"""What to say for a rule's own key; any other key reads ``UNFIT``."""
UNFIT = _later("This does not fit.")


def wrong_words(key: str) -> str:
    """Return the sentence for a message key of the domain."""
    return str(WRONG.get(key, UNFIT))


def fresh_id(now: datetime) -> UUID:
    """Return a new UUIDv7 of the moment ``now``, for the entry that a form may become."""
    milliseconds = int(now.timestamp() * 1000)
    chance = secrets.randbits(74)
    return UUID(
        int=milliseconds << 80 | 0x7 << 76 | (chance >> 62) << 64 | 0x2 << 62 | chance % 2**62
    )


class Form:
    """What a person typed into a form, read field by field.

    A reader returns None where nothing was typed or where it cannot be read; in the second case
    ``errors`` says at that field what would be right, in the reader's language.
    """

    def __init__(self, typed: Mapping[str, str]) -> None:
        self.typed = dict(typed)
        self.errors: dict[str, str] = {}

    def raw(self, name: str) -> str:
        """Return what was typed, without spaces around it."""
        return self.typed.get(name, "").strip()

    def wrong(self, name: str, message: str) -> None:
        """Say what is wrong at a field; the first thing said about a field stays."""
        self.errors.setdefault(name, message)

    def refused(self, error: InvalidInput, names: Mapping[str, str] | None = None) -> None:
        """Say at the field what a rule refused; ``names`` maps the rule's fields to the form's."""
        name = (names or {}).get(error.field, error.field.rsplit(".", 1)[-1])
        self.wrong(name, wrong_words(error.message_key))

    def refused_receipt(self, receipt: Receipt) -> None:
        """Say at the fields what the record would not take."""
        names = {"performed_at": "at_time", "corrects_id": "note"}
        for name, keys in receipt.errors.items():
            self.wrong(names.get(name, name), wrong_words(keys[0]))
        if not receipt.errors:
            self.wrong("note", str(UNFIT))

    def id(self, name: str = "client_id") -> UUID:
        """Return an id that a page of ours put into the form.

        Raises:
            NotFound: it is no id, so the form is not ours.
        """
        try:
            return UUID(self.raw(name))
        except ValueError as error:
            raise NotFound from error

    def text(self, name: str, limit: int, required: str = "", lines: int = 1) -> str:
        """Return cleaned text; with ``required`` that sentence is said where nothing is left."""
        try:
            found = clean(self.raw(name), limit, lines=lines)
        except InvalidInput:
            self.wrong(name, _("At most %(num)s characters.", num=limit))
            return ""
        if not found and required:
            self.wrong(name, required)
        return found

    def note(self, name: str = "note") -> str | None:
        """Return a note to the care team, None where nothing was typed."""
        return self.text(name, NOTE_LIMIT, lines=40) or None

    def real(self, name: str, low: float, high: float) -> float | None:
        """Return a number; a comma and a point both part the decimals."""
        typed = self.raw(name)
        if not typed:
            return None
        try:
            found = float(typed.replace(",", ".").replace("−", "-"))
        except ValueError:
            found = float("nan")
        if not low <= found <= high:
            self.wrong(
                name,
                _(
                    "A number from %(low)s to %(high)s.",
                    low=words.number(low),
                    high=words.number(high),
                ),
            )
            return None
        return found

    def whole(self, name: str, low: int, high: int) -> int | None:
        """Return a whole number."""
        found = self.real(name, low, high)
        if found is None:
            return None
        if not found.is_integer():
            self.wrong(name, _("A whole number from %(low)s to %(high)s.", low=low, high=high))
            return None
        return int(found)

    def scale(self, name: str) -> tuple[int | None, bool]:
        """Return (value from 0 to 10, declined); (None, False) where nothing was chosen."""
        if self.raw(name) == "declined":
            return None, True
        return self.whole(name, 0, 10), False

    def choice(self, name: str, options: Collection[str], required: str = "") -> str:
        """Return one of ``options``, an empty text where none was chosen."""
        found = self.raw(name)
        if found in options:
            return found
        if found or required:
            self.wrong(name, required or str(UNFIT))
        return ""

    def day(self, name: str, required: str = "") -> date | None:
        """Return a local day."""
        typed = self.raw(name)
        if not typed:
            if required:
                self.wrong(name, required)
            return None
        found = read_day(typed)
        if found is None:
            self.wrong(name, _("%(typed)s is not a day. Write it as 2026-03-12.", typed=typed[:20]))
        return found

    def clock(self, name: str) -> time | None:
        """Return a time of day."""
        typed = self.raw(name)
        if not typed:
            return None
        found = read_clock(typed)
        if found is None:
            self.wrong(
                name,
                _(
                    "%(typed)s is not a time. For one in the morning write 01:00.",
                    typed=typed[:20],
                ),
            )
        return found

    def moment(self, zone: str, now: datetime) -> datetime:
        """Return when it was, from the fields ``on_day`` and ``at_time``; ``now`` where untouched.

        A time that the clock skips that day is its first valid instant. A moment ahead of ``now``
        by less than a minute is ``now``.
        """
        local = words.local(now, zone)
        day = self.day("on_day") or local.date()
        at = self.clock("at_time")
        if at is None or (
            day == local.date() and at == local.time().replace(second=0, microsecond=0)
        ):
            if day == local.date():
                return now
            at = at or time(12)
        instant = first_instant(day, at, zone)
        if instant is None or "on_day" in self.errors or "at_time" in self.errors:
            return now
        if instant > now:
            self.wrong("at_time", wrong_words("in_the_future"))
        return instant


def read_day(typed: str) -> date | None:
    """Return a day written as 2026-03-12; None for anything else and for what no calendar needs."""
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        return None
    is_plain = typed == found.isoformat()
    return found if is_plain and EARLIEST <= found < LATEST else None


def read_clock(typed: str) -> time | None:
    """Return a time of day written as 8, 8:05, 08.05 or 08:05; None for anything else."""
    hour, _colon, minute = typed.strip().replace(".", ":").partition(":")
    minute = minute or "0"
    if not (hour.isdecimal() and minute.isdecimal() and len(hour) < 3 and len(minute) < 3):
        return None
    if int(hour) > 23 or int(minute) > 59:
        return None
    return time(int(hour), int(minute))
