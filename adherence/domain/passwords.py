"""Passwords: which ones nobody should take. No rules of composition, and none ever expires."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable

from adherence.domain.sign_in import PASSWORD_LONGEST

#: Names may stand in a password that has at least this many characters besides them.
BESIDES = 6
WORD_SHORTEST = 4
#: Ours, and what a password for us would be made of.
PRODUCT = ("adherence", "password", "passwort", "пароль", "physio")
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
)
_RUN_SHORTEST = 4


def normalised(password: str) -> str:
    """The one form of a password that is hashed: NFC. Nothing is trimmed, no case is folded."""
    return unicodedata.normalize("NFC", password)


def words_of(*texts: str | None) -> frozenset[str]:
    """Words of names and addresses that a password must not rest on."""
    split = " ".join(text or "" for text in texts).casefold()
    parts = "".join(char if char.isalpha() else " " for char in split).split()
    return frozenset(part for part in parts if len(part) >= WORD_SHORTEST)


def refusal(
    password: str, shortest: int, common: Collection[str], own: Iterable[str] = ()
) -> str | None:
    """Why nobody should take a password, as a message key; None where nothing speaks against it.

    ``common`` holds the passwords that are tried first, in lower case; ``own`` words of the
    person's and the clinic's names.
    """
    password = normalised(password)
    if len(password) < shortest:
        return "too_short"
    if len(password) > PASSWORD_LONGEST:
        return "too_long"
    folded = password.casefold()
    if folded in common or _is_repeated(folded) or _is_run(folded):
        return "common"
    core = folded.strip("".join(char for char in folded if not char.isalpha()))
    if core in common and len(core) >= WORD_SHORTEST:
        return "common"
    left = folded
    for word in sorted({*own, *PRODUCT}, key=len, reverse=True):
        left = left.replace(word, "")
    if left != folded and (len(left) < BESIDES or _is_run(left)):
        return "own_words"
    return None


def _is_repeated(text: str) -> bool:
    return (text + text).find(text, 1) < len(text)


def _is_run(text: str) -> bool:
    """Whether hardly anything is left of a text without its runs along a keyboard or alphabet."""
    left, at = 0, 0
    while at < len(text):
        length = max(_run_length(text, at, row) for row in _ROWS)
        if length >= _RUN_SHORTEST:
            at += length
        else:
            left, at = left + 1, at + 1
    return left < BESIDES and left < len(text)


def _run_length(text: str, at: int, row: str) -> int:
    longest = 0
    for one_way in (row, row[::-1]):
        length = 0
        while at + length < len(text) and text[at : at + length + 1] in one_way:
            length += 1
        longest = max(longest, length)
    return longest
