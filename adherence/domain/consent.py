"""Consent: to which purpose a patient said yes, to which words, and whether that holds now.

Decisions are only added. The latest one counts; where nothing was decided, nothing was given. New
words change nothing that was agreed: the old yes holds, unless the new version says that it needs a
yes of its own.

Treatment and the record of it rest on the contract of treatment and on the duty to keep a record
(GDPR Art. 6(1)(b) and 9(2)(h)), not on a yes. So a patient who has not answered about ``CARE`` is
cared for as ever, and one who withdrew it keeps their record and may go on logging; what stops is
that the team's queue brings up what they log, and every contact. For all other purposes a yes is
the only reason.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from adherence.domain.errors import InvalidInput
from adherence.domain.zones import day_start

NAME_LIMIT = 200
FEWEST_LETTERS = 2
LANGUAGES = ("en", "de", "ru")
#: A clinic's own versions are numbered from here on, so that ours never take their numbers.
FIRST_OWN_VERSION = 100

ONE_DAY = timedelta(days=1)
#: Zero-width joiners are letters' glue in Persian and in Indian scripts.
_JOINERS = "\u200c\u200d"
#: Letters and signs by their category that nobody can see.
_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})


class Purpose(StrEnum):
    """What is agreed to; each by itself."""

    CARE = "care"  # the team works with what the patient logs
    PROGRAMME = "programme"  # counted in sums over many people
    RESEARCH = "research"  # leaves the clinic as rows without a name
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"


#: Ways to reach a patient.
CHANNELS = frozenset({Purpose.EMAIL, Purpose.SMS, Purpose.PUSH})
#: A yes to these is a signature in earnest: a factor is asked for again first. A no never is.
SIGNED = frozenset({Purpose.RESEARCH})


class Answer(StrEnum):
    """One decision. Declining what was never given is a withdrawal too."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"


class Source(StrEnum):
    """How a decision reached us. What somebody only said can end a consent, never give one."""

    SELF = "self"
    PROXY = "proxy"
    PAPER = "paper"
    SPOKEN = "spoken"


class State(StrEnum):
    """Where a purpose stands. ``OUTDATED``: given once, to words that no longer suffice."""

    UNDECIDED = "undecided"
    GIVEN = "given"
    OUTDATED = "outdated"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer to one purpose. ``seq`` orders those of one moment."""

    purpose: Purpose
    version: int
    answer: Answer
    decided_at: datetime
    seq: int


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the words of a purpose; without ``begins_on`` it was there from the start."""

    number: int
    needs_renewal: bool = False
    begins_on: date | None = None

    def is_in_force(self, now: datetime) -> bool:
        """Whether its day has come."""
        return self.begins_on is None or self.begins_on <= now.date()


def latest(purpose: Purpose, decisions: Iterable[Decision], now: datetime) -> Decision | None:
    """The decision that counts, None where nothing was decided up to ``now``."""
    mine = (one for one in decisions if one.purpose is purpose and one.decided_at <= now)
    return max(mine, key=lambda one: (one.decided_at, one.seq), default=None)


def least_version(versions: Iterable[Version], now: datetime) -> int:
    """The oldest version to which a yes still holds."""
    renewed = (one.number for one in versions if one.needs_renewal and one.is_in_force(now))
    return max(renewed, default=0)


def state(purpose: Purpose, decisions: Iterable[Decision], now: datetime, least: int = 0) -> State:
    """Where a purpose stands at a moment; ``least`` is the oldest version that suffices."""
    one = latest(purpose, decisions, now)
    if one is None:
        return State.UNDECIDED
    if one.answer is Answer.WITHDRAWN:
        return State.WITHDRAWN
    return State.GIVEN if one.version >= least else State.OUTDATED


def holds(purpose: Purpose, decisions: Iterable[Decision], now: datetime, least: int = 0) -> bool:
    """Whether there is a yes that counts at a moment."""
    return state(purpose, decisions, now, least) is State.GIVEN


def is_objected(purpose: Purpose, decisions: Iterable[Decision], now: datetime) -> bool:
    """Whether the patient said no in so many words; undecided is not an objection."""
    return state(purpose, decisions, now) is State.WITHDRAWN


def signature(typed: str) -> str:
    """The name that somebody typed to sign with.

    Raises:
        InvalidInput: too little of it is letters, part of it cannot be seen, or it is too long.
    """
    name = unicodedata.normalize("NFC", typed).strip()
    for place, character in enumerate(name):
        if _is_invisible(name, place, character):
            raise InvalidInput("signature", "invisible")
    if sum(unicodedata.category(each).startswith("L") for each in name) < FEWEST_LETTERS:
        raise InvalidInput("signature", "no_name")
    if len(name) > NAME_LIMIT:
        raise InvalidInput("signature", "too_long")
    return name


def _is_invisible(name: str, place: int, character: str) -> bool:
    if character in _BLANK:
        return True
    if character in _JOINERS:
        around = name[place - 1 : place] + name[place + 1 : place + 2]
        return len(around) < 2 or not all(
            unicodedata.category(each)[0] in "LM" and not each.isascii() for each in around
        )
    return unicodedata.category(character) in _INVISIBLE


def moment_of(day: date, answer: Answer, zone: str, now: datetime) -> datetime:
    """When a decision counts of which only the day is known.

    In doubt against the consent: a yes counts from the first moment of its day, so that a no of the
    same day comes after it; a no counts from the last one, or from now.

    Raises:
        InvalidInput: the day has not come, by the clock of ``zone``.
    """
    begins = day_start(day, zone)
    if begins > now:
        raise InvalidInput("decided_on", "in_the_future")
    return begins if answer is Answer.GIVEN else min(day_start(day + ONE_DAY, zone), now)
