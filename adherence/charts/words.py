"""The words a chart is written with: they come in, in the reader's language.

The English messages stand where they are used, as `words.gettext("…")` and
`words.ngettext("…", "…", n)`, which message extraction finds by name. Placeholders are named.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time

from adherence.domain.entries import Status


@dataclass(frozen=True, slots=True)
class ChartWords:
    """One reader's language and terms.

    `gettext` and `ngettext` return the translated message with its placeholders still in it, as the
    methods of a `Translations` object do. `status` holds the audience's own terms (a patient reads
    "not today" where the record says "skipped"), lower case. `day` is short ("12 Mar"), `long_day`
    stands in sentences ("12 March 2026"), `month` labels years-long axes ("Mar 2026"). `weekdays`
    starts with Monday, two or three letters. `number` writes a value, `clock` a local time of day.
    """

    locale: str
    gettext: Callable[[str], str]
    ngettext: Callable[[str, str, int], str]
    status: Mapping[Status, str]
    nothing: str
    weekdays: tuple[str, str, str, str, str, str, str]
    day: Callable[[date], str]
    long_day: Callable[[date], str]
    month: Callable[[date], str]
    number: Callable[[float], str]
    clock: Callable[[time], str]
