"""The readable part of a person's export: one page without script or addresses, in their language.

Rows come one after the other from the database and go out the same way; no section is held whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import current_app, stream_template
from flask_babel import force_locale

from adherence.domain.activities import Asked
from adherence.domain.entries import Amounts
from adherence.domain.schedules import Schedule
from adherence.services.exports import Opened
from adherence.web import audit_words, words
from adherence.web.locale import NAMES
from adherence.web.locale import gettext as _
from adherence.web.locale import later as _later

Row = Mapping[str, Any]

ROLES = {
    "patient": _later("patient or relative"),
    "clinician": _later("care team"),
    "programme_manager": _later("programme"),
    "admin": _later("administration"),
}
GOAL_STATES = {
    "active": _later("going on"),
    "achieved": _later("reached"),
    "closed": _later("ended"),
}
#: What a decision of consent is about.
PURPOSES = {
    "care": _later("care by your team"),
    "programme": _later("being counted in sums of a programme"),
    "research": _later("research, without your name"),
    "email": _later("messages by e-mail"),
    "sms": _later("messages by SMS"),
    "push": _later("messages on your phone"),
}


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the page; ``rows`` are read while it is printed."""

    id: str
    title: str
    lead: str
    columns: tuple[str, ...]
    rows: Iterable[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Known:
    """What other rows name by id: activities and goals by their words, people by their names."""

    zone: str
    activities: Mapping[UUID, tuple[str, str | None]]
    goals: Mapping[UUID, str]
    people: Mapping[UUID, tuple[str, str]]
    account_id: UUID | None

    def person(self, account_id: UUID | None) -> str:
        """Who somebody is to the reader."""
        if account_id is None:
            return ""
        if account_id == self.account_id:
            return _("you")
        name, role = self.people.get(account_id, ("", ""))
        return f"{name} ({ROLES[role]})" if name else _("the service itself")

    def when(self, instant: datetime | None) -> str:
        """An instant as the person's clock showed it."""
        if instant is None:
            return ""
        on = words.local(instant, self.zone).date()
        return f"{words.day(on, 'full')}, {words.clock(instant, self.zone)}"


def page(opened: Opened, locale: str) -> Iterator[str]:
    """The page in pieces; ``locale`` is the reader's language."""
    with current_app.test_request_context(), force_locale(locale):
        yield from stream_template(
            "export/record.html",
            lang=locale,
            made=words.day(opened.now.date(), "full"),
            person=next(iter(opened.rows("patient"))),
            sections=_sections(opened),
        )


def _known(opened: Opened) -> Known:
    titles: dict[UUID, tuple[str, str | None]] = {}
    for row in opened.rows("revision"):
        titles[row["activity_id"]] = (row["asked"].get("title", ""), row["asked"].get("unit"))
    return Known(
        zone=next(iter(opened.rows("patient")))["home_zone"],
        activities=titles,
        goals={row["id"]: row["words"] for row in opened.rows("goal")},
        people=opened.names(),
        account_id=opened.account_id,
    )


def _sections(opened: Opened) -> Iterator[Section]:
    known = _known(opened)
    for make in (
        _person,
        _goals,
        _plans,
        _asked,
        _entries,
        _symptoms,
        _milestones,
        _messages,
        _consents,
        _pauses,
        _supplies,
        _team,
        _proxies,
        _ways_in,
        _emergencies,
        _looks,
    ):
        yield make(opened, known)


def _section(
    id: str,
    title: str,
    lead: str,
    columns: Iterable[str],
    rows: Iterable[Row],
    cells: Callable[[Row], tuple[str, ...] | None],
) -> Section:
    shown = (found for row in rows if (found := cells(row)) is not None)
    return Section(id, title, lead, tuple(columns), shown)


def _person(opened: Opened, known: Known) -> Section:
    def rows() -> Iterator[tuple[str, ...]]:
        for row in opened.rows("patient"):
            yield _("Name"), row["name"]
            yield _("Year of birth"), "" if row["birth_year"] is None else str(row["birth_year"])
            yield _("Time zone"), words.zone_name(row["home_zone"])
            yield _("With the clinic since"), _day(row["started_on"])
        for row in opened.rows("account"):
            yield _("E-mail"), row["email"] or ""
            yield _("Language"), NAMES.get(row["locale"], "")

    return Section("person", _("About you"), "", (_("What"), _("Kept")), rows())


def _goals(opened: Opened, known: Known) -> Section:
    def cells(row: Row) -> tuple[str, ...]:
        way = f"{_number(row['baseline'])} → {_number(row['target'])}"
        return (
            row["words"],
            words.unit(row["target"], row["unit"]) if row["baseline"] is None else way,
            _day(row["agreed_on"]),
            str(GOAL_STATES.get(_value(row["state"]), _value(row["state"]))),
            row["closed_reason"] or "",
        )

    columns = _("Goal"), _("From and to"), _("Agreed"), _("State"), _("Why it ended")
    return _section("goals", _("Goals"), "", columns, opened.rows("goal"), cells)


def _plans(opened: Opened, known: Known) -> Section:
    def cells(row: Row) -> tuple[str, ...]:
        return (
            row["title"],
            str(words.DISCIPLINES[_value(row["discipline"])]),
            _day(row["started_on"]),
            _day(row["ended_on"]),
        )

    columns = _("Plan"), _("Care"), _("From"), _("Until")
    return _section("plans", _("Plans"), "", columns, opened.rows("plan"), cells)


def _asked(opened: Opened, known: Known) -> Section:
    because: dict[UUID, list[str]] = {}
    for row in opened.rows("activity_goal"):
        because.setdefault(row["activity_id"], []).append(row["because"])

    def cells(row: Row) -> tuple[str, ...]:
        asked = Asked.from_json(row["asked"])
        return (
            asked.title,
            words.asked(asked),
            words.schedule(Schedule.from_json(row["schedule"])),
            _day(row["effective_on"]),
            "; ".join(because.get(row["activity_id"], [])),
            row["reason"],
            known.person(row["author_id"]),
        )

    lead = _("Every change of what was asked stands in a line of its own.")
    columns = (
        *(_("What"), _("How much"), _("When"), _("From this day on")),
        *(_("Because"), _("Why it changed"), _("By whom")),
    )
    return _section(
        "asked", _("What was asked of you"), lead, columns, opened.rows("revision"), cells
    )


def _entries(opened: Opened, known: Known) -> Section:
    def cells(row: Row) -> tuple[str, ...] | None:
        if row["symptom"] is not None:
            return None
        title, unit = known.activities.get(row["activity_id"], ("", None))
        if not title:
            title = known.goals.get(row["goal_id"], "")
        amounts = Amounts(row["sets"], row["reps"], row["hold_seconds"], row["quantity"])
        status = _value(row["status"])
        said = [
            words.ANSWERS[status]
            if status in words.ANSWERS
            else (words.status(status) if status else ""),
            words.amount(amounts, unit),
            "" if row["value"] is None else _number(row["value"]),
            "" if row["reason"] is None else words.REASONS[_value(row["reason"])],
        ]
        return (
            _day(row["local_day"]),
            title,
            ", ".join(str(one) for one in said if one),
            _felt(row["pain"], declined=row["pain_declined"]),
            _number(row["effort"]),
            row["note"] or "",
            _by(row),
        )

    lead = _("Nothing is ever overwritten: a change is a new line, and the one before it stays.")
    columns = (
        *(_("Day"), _("What"), _("Said"), _("Pain, 0 to 10")),
        *(_("Effort, 0 to 10"), _("Note"), _("Said by")),
    )
    return _section("entries", _("Entries"), lead, columns, opened.rows("entry"), cells)


def _symptoms(opened: Opened, known: Known) -> Section:
    def cells(row: Row) -> tuple[str, ...] | None:
        if row["symptom"] is None:
            return None
        return (
            _day(row["local_day"]),
            row["symptom"],
            _felt(row["value"], declined=row["declined"]),
            row["note"] or "",
            _by(row),
        )

    columns = _("Day"), _("What"), _("How strong, 0 to 10"), _("Note"), _("Said by")
    return _section("symptoms", _("How you felt"), "", columns, opened.rows("entry"), cells)


def _milestones(opened: Opened, known: Known) -> Section:
    def cells(row: Row) -> tuple[str, ...]:
        return (
            _day(row["reached_on"]),
            str(words.MILESTONES_FOR_CLINICIAN[_value(row["kind"])]),
            known.goals.get(row["goal_id"], ""),
            _("taken back") if row["retracted_at"] is not None else "",
        )

    columns = _("Day"), _("What"), _("Goal"), _("State")
    return _section("milestones", _("Milestones"), "", columns, opened.rows("milestone"), cells)


def _messages(opened: Opened, known: Known) -> Section:
    def cells(row: Row) -> tuple[str, ...]:
        return (
            _day(row["day"]),
            _pointed_out(row),
            row["reply"] or "",
            known.person(row["reviewed_by"]),
            known.when(row["reviewed_at"]),
        )

    lead = _("What the service pointed out to your team, and what they answered.")
    columns = _("Day"), _("About"), _("What they answered"), _("By whom"), _("At")
    return _section("messages", _("Messages"), lead, columns, opened.rows("notice"), cells)


def _consents(opened: Opened, known: Known) -> Section:
    def cells(row: Row) -> tuple[str, ...]:
        return (
            known.when(row["decided_at"]),
            str(PURPOSES[_value(row["purpose"])]),
            _("yes") if _value(row["answer"]) == "given" else _("no"),
            row["signature"] or "",
            known.person(row["author_id"]),
        )

    lead = _("Every decision stays; for each purpose the latest one counts.")
    columns = _("At"), _("For what"), _("Decision"), _("Name typed"), _("By whom")
    rows = opened.rows("consent_decision")
    return _section("consents", _("What you agreed to"), lead, columns, rows, cells)


def _emergencies(opened: Opened, known: Known) -> Section:
    def cells(row: Row) -> tuple[str, ...]:
        return (
            known.when(row["begun_at"]),
            known.person(row["account_id"]),
            row["reason"],
            row["seen_words"] or "",
        )

    lead = _("Somebody outside your team read your record because it was urgent.")
    columns = _("At"), _("Who"), _("Reason"), _("What the administration found")
    rows = opened.rows("break_glass")
    return _section("emergencies", _("Opened in an emergency"), lead, columns, rows, cells)


def _pauses(opened: Opened, known: Known) -> Section:
    def cells(row: Row) -> tuple[str, ...]:
        return (
            str(words.PAUSES[_value(row["kind"])]),
            words.span(row["first_day"], row["until_day"]),
            row["note"] or "",
            _("taken back") if row["cancelled_at"] is not None else "",
        )

    columns = _("What"), _("When"), _("Note"), _("State")
    return _section("pauses", _("Pauses"), "", columns, opened.rows("pause"), cells)


def _supplies(opened: Opened, known: Known) -> Section:
    def cells(row: Row) -> tuple[str, ...]:
        return (
            _day(row["date"]),
            row["medication"] or "",
            _number(row["duration"]),
            _("taken back") if row["withdrawn"] else "",
        )

    columns = _("Day"), _("Medicine"), _("Days it lasts"), _("State")
    return _section(
        "supplies", _("What was dispensed or counted"), "", columns, opened.rows("supply"), cells
    )


def _team(opened: Opened, known: Known) -> Section:
    def cells(row: Row) -> tuple[str, ...]:
        return (
            known.person(row["account_id"]),
            str(words.DISCIPLINES[_value(row["discipline"])]),
            known.when(row["from_at"]),
            known.when(row["until_at"]),
        )

    columns = _("Who"), _("Care"), _("From"), _("Until")
    return _section(
        "team", _("Who cares for you"), "", columns, opened.rows("care_relation"), cells
    )


def _proxies(opened: Opened, known: Known) -> Section:
    def cells(row: Row) -> tuple[str, ...]:
        return (
            known.person(row["account_id"]),
            known.when(row["from_at"]),
            known.when(row["until_at"]),
        )

    columns = _("Who"), _("From"), _("Until")
    return _section("proxies", _("Who acts for you"), "", columns, opened.rows("proxy"), cells)


def _ways_in(opened: Opened, known: Known) -> Section:
    def rows() -> Iterator[tuple[str, ...]]:
        for name, what in (
            ("session", _("signed in")),
            ("device", _("known device")),
            ("passkey", _("passkey")),
            ("api_token", _("connected program")),
        ):
            for row in opened.rows(name):
                since = row.get("created_at") or row.get("started_at")
                yield what, row["label"], known.when(since)

    lead = _("Passwords, codes and keys are never in a copy; that you have them is.")
    return Section("ways-in", _("Ways in"), lead, (_("What"), _("Where"), _("Since")), rows())


def _looks(opened: Opened, known: Known) -> Section:
    def cells(row: Row) -> tuple[str, ...]:
        return (
            known.when(row["at"]),
            known.person(row["actor_id"]),
            str(audit_words.ACTIONS.get(row["action"], row["action"])),
        )

    lead = _("Every look of somebody else at your record leaves a line, and so does every change.")
    columns = _("At"), _("Who"), _("What")
    return _section(
        "looks", _("Who opened your record"), lead, columns, opened.rows("audit"), cells
    )


def _pointed_out(row: Row) -> str:
    """What a notice is about, in the patient's words; a word that is no longer known as it is."""
    subject = row["subject"]
    said = {
        "pause": words.PAUSES,
        "concern": {**words.REASONS, "pain_limit": _("pain at or above the agreed limit")},
    }.get(_value(row["kind"]), words.MILESTONES_FOR_CLINICIAN)
    return words.first_upper(said.get(subject, subject))


def _felt(value: float | None, *, declined: bool) -> str:
    return _("rather not say") if declined else _number(value)


def _by(row: Row) -> str:
    said = str(words.SOURCES[_value(row["source"])])
    if row["withdrawn"]:
        return f"{said}; {_('taken back')}"
    if row["corrects_id"] is not None:
        return f"{said}; {_('changed afterwards')}"
    return said


def _value(value: Any) -> str:
    return str(getattr(value, "value", value) or "")


def _day(on: date | None) -> str:
    return "" if on is None else words.day(on, "full")


def _number(value: float | None) -> str:
    return "" if value is None else words.number(value)
