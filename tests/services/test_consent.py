"""Consent through the services: who decides how, what stops at once, what can never be changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from adherence.domain.access import Actor, Role
from adherence.domain.consent import Answer, Purpose, Source, State
from adherence.domain.errors import Conflict, InvalidInput, NotFound
from adherence.jobs import mail as mail_job
from adherence.library import consent as library
from adherence.services import audit, consent, mails, programmes, review, sign_in
from adherence.services.consent import Said
from adherence.services.mails import MailKind
from adherence.store.consent import DECISION, TEXT
from adherence.store.db import write
from adherence.store.mails import MAIL
from tests.builders import agrees, closed, takes_back
from tests.practice import (
    DAY,
    HOUR,
    MINUTE,
    MONDAY,
    application,
    at_once,
    found,
    patient,
    rows,
    staff,
)
from tests.services.test_proxies import proxy_of


@pytest.fixture
def app(store_url: str) -> Iterator[Flask]:
    with application(store_url, smtp_host="127.0.0.1", mail_from="post@praxis.example.org") as made:
        yield made


@pytest.fixture
def ada(app: Flask) -> Actor:
    return staff(found()).actor


def said(purpose: str = "programme", answer: str = "given", **more: Any) -> Said:
    given: dict[str, Any] = {"version": 1, "locale": "en", "signature": "Ruth Aldous"}
    return Said(Purpose(purpose), Answer(answer), **{**given, **more})


def state(who: Actor, of: Actor, purpose: str = "programme", at: Any = MONDAY) -> State:
    assert of.patient_id is not None
    return consent.consent(who, of.patient_id, Purpose(purpose), at).state


def decide(who: Actor, of: Actor, what: Said, at: Any = MONDAY, **more: Any) -> Any:
    assert of.patient_id is not None
    return consent.decide(who, of.patient_id, what, at, **more)


def test_a_decision_says_who_agreed_to_which_words_when(ada: Actor):
    ruth = patient(ada)
    before = [one.state for one in consent.consents(ruth, ruth.patient_id, MONDAY)]  # type: ignore[arg-type]
    found = decide(ruth, ruth, said("email", locale="de", signature=" Ruth Aldous "))

    assert before == [State.UNDECIDED] * len(Purpose)
    assert found.state is State.GIVEN
    one = found.counts
    assert one is not None
    assert (one.signature, one.source, one.locale, one.version) == (
        "Ruth Aldous",
        Source.SELF,
        "de",
        1,
    )
    assert one.decided_at == one.recorded_at == MONDAY
    kept = consent.agreed(ruth, ruth.patient_id, one.id)  # type: ignore[arg-type]
    assert kept.words == library.in_force(Purpose.EMAIL, MONDAY).words["de"]
    assert state(ruth, ruth, "sms") is State.UNDECIDED
    assert audit.verify(ada.clinic_id) == []


@pytest.mark.parametrize("typed", ["", "  ", "\u200b\u200b", "\u202eRuth", "R"])
def test_a_blank_signature_gives_nothing(ada: Actor, typed: str):
    ruth = patient(ada)
    with pytest.raises(InvalidInput) as refused:
        decide(ruth, ruth, said(signature=typed))

    assert refused.value.field == "signature"
    assert rows(DECISION) == []


def test_G7_taking_back_asks_for_nothing(ada: Actor):
    ruth = patient(ada)
    decide(ruth, ruth, said("research"), is_proved=True)

    found = decide(ruth, ruth, said("research", "withdrawn", signature=""), MONDAY + HOUR)
    assert found.state is State.WITHDRAWN
    assert [one.answer for one in found.history] == [Answer.WITHDRAWN, Answer.GIVEN]


def test_a_yes_in_earnest_needs_a_factor_shown_just_now(ada: Actor):
    ruth = patient(ada)
    with pytest.raises(InvalidInput, match="not_proved"):
        decide(ruth, ruth, said("research"))
    assert decide(ruth, ruth, said("research"), is_proved=True).state is State.GIVEN


def test_a_button_pressed_twice_is_one_decision(ada: Actor, app: Flask):
    ruth = patient(ada)
    at_once(app, lambda n: decide(ruth, ruth, said()))

    assert len(rows(DECISION)) == 1
    assert len(rows(TEXT)) == 1


def test_a_proxy_signs_with_their_own_name(ada: Actor):
    ruth = patient(ada)
    maria = proxy_of(ada, ruth)
    found = decide(maria, ruth, said(signature="Maria Aldous")).counts

    assert (found.source, found.signature, found.author_name) == (
        Source.PROXY,
        "Maria Aldous",
        "Maria Aldous",
    )
    with pytest.raises(InvalidInput, match="not_yours"):
        decide(maria, ruth, said(source=Source.PAPER))
    with pytest.raises(InvalidInput, match="not_yours"):
        decide(ruth, ruth, said(decided_on=date(2026, 3, 1)))


def test_a_clinician_writes_down_what_is_on_paper(ada: Actor):
    ruth = patient(ada)
    found = decide(ada, ruth, said("research", decided_on=date(2026, 2, 20)))

    assert found.state is State.GIVEN
    assert (found.counts.source, found.counts.author_name) == (Source.PAPER, "Ada Roth")
    assert found.counts.decided_at < found.counts.recorded_at == MONDAY
    with pytest.raises(InvalidInput, match="in_the_future"):
        decide(ada, ruth, said(decided_on=date(2026, 3, 3)))
    with pytest.raises(InvalidInput, match="out_of_range"):
        decide(ada, ruth, said(decided_on=date(1, 1, 1)))


def test_what_was_only_said_ends_a_consent_and_never_gives_one(ada: Actor):
    ruth = patient(ada)
    decide(ruth, ruth, said("sms"))
    with pytest.raises(InvalidInput, match="only_spoken"):
        decide(ada, ruth, said("email", source=Source.SPOKEN))
    found = decide(ada, ruth, said("sms", "withdrawn", source=Source.SPOKEN), MONDAY + HOUR)

    assert found.state is State.WITHDRAWN


def test_paper_from_before_never_overrules_a_later_no(ada: Actor):
    ruth = patient(ada)
    decide(ruth, ruth, said())
    decide(ruth, ruth, said(answer="withdrawn"), MONDAY + MINUTE)

    for day in (date(2026, 3, 1), MONDAY.date()):
        found = decide(ada, ruth, said(decided_on=day), MONDAY + HOUR)
        assert found.state is State.WITHDRAWN, day
    later = decide(ada, ruth, said(decided_on=(MONDAY + DAY).date()), MONDAY + DAY)
    assert later.state is State.GIVEN


def test_a_server_whose_clock_is_behind_takes_a_no_for_the_later_word(ada: Actor):
    ruth = patient(ada)
    decide(ruth, ruth, said(), MONDAY + MINUTE)
    found = decide(ruth, ruth, said(answer="withdrawn"), MONDAY)

    assert found.state is State.WITHDRAWN
    assert state(ruth, ruth, at=MONDAY - MINUTE) is State.WITHDRAWN


def test_Z7_another_clinic_reads_and_decides_nothing(ada: Actor):
    ruth = patient(ada)
    far = staff(found("South", "south"), email="far@example.org").actor
    held = decide(ruth, ruth, said()).counts

    for act in (
        lambda: consent.consents(far, ruth.patient_id, MONDAY),  # type: ignore[arg-type]
        lambda: consent.agreed(far, ruth.patient_id, held.id),  # type: ignore[arg-type]
        lambda: decide(far, ruth, said(answer="withdrawn")),
    ):
        with pytest.raises(NotFound):
            act()
    other = patient(ada, "Jonas Weber")
    with pytest.raises(NotFound):
        consent.agreed(ada, other.patient_id, held.id)  # type: ignore[arg-type]


def test_decisions_and_words_can_only_be_added(ada: Actor, store_url: str):
    ruth = patient(ada)
    decide(ruth, ruth, said())
    engine = sa.create_engine(store_url, poolclass=sa.NullPool)
    for statement in (
        "UPDATE consent_decision SET answer = 'withdrawn'",
        "DELETE FROM consent_decision",
        "UPDATE consent_text SET version = 2",
        "DELETE FROM consent_text",
    ):
        with engine.connect() as run, pytest.raises(sa.exc.DBAPIError, match="append-only"):
            run.exec_driver_sql(statement)
    engine.dispose()
    assert state(ruth, ruth) is State.GIVEN


def test_the_database_itself_refuses_a_yes_without_a_name_or_only_spoken(ada: Actor):
    ruth = patient(ada)
    held = decide(ruth, ruth, said()).counts
    row = dict(rows(DECISION)[0]._mapping)
    from adherence.store import consent as table
    from adherence.store.ids import new_id

    for n, wrong in enumerate(({"signature": ""}, {"source": "spoken"})):
        with pytest.raises(Exception, match="ck_consent_decision"):
            write(
                lambda run, wrong=wrong, n=n: run.do(
                    table.add_decision, **{**row, "id": new_id(), "seq": 900 + n, **wrong}
                )
            )
    assert held is not None and len(rows(DECISION)) == 1


# --- words that change --------------------------------------------------------------------------


@pytest.fixture
def own_words(store_url: str, tmp_path: Path) -> Iterator[Any]:
    """A clinic's own words about programmes: ``write(text)`` puts them in force."""
    raw = (library.FOLDER / "programme.toml").read_text()
    made: list[Flask] = []

    def put(head: str, changed: str = "") -> Flask:
        text = raw.replace("number = 1\n", f"{head}\n")
        if changed:
            text = text.replace("Counted in sums", changed)
        (tmp_path / "programme.toml").write_text(text)
        library.texts.cache_clear()
        return made[0]

    with application(store_url, consent_folder=str(tmp_path)) as app:
        made.append(app)
        yield put
    library.texts.cache_clear()


def test_G6_what_was_agreed_stays_as_it_was_read(own_words: Any):
    own_words("number = 100")
    ada = staff(found()).actor
    ruth = patient(ada)
    held = decide(ruth, ruth, said(version=100)).counts
    own_words("number = 101", "Altogether different")

    now = consent.consent(ruth, ruth.patient_id, Purpose.PROGRAMME, MONDAY)  # type: ignore[arg-type]
    assert now.state is State.GIVEN, "the old yes holds"
    assert now.text.version.number == 101
    kept = consent.agreed(ruth, ruth.patient_id, held.id)  # type: ignore[arg-type]
    assert kept.words.title.startswith("Counted in sums")


def test_G6_words_may_ask_for_a_yes_of_their_own(own_words: Any):
    own_words("number = 100")
    ada = staff(found()).actor
    ruth = patient(ada)
    decide(ruth, ruth, said(version=100))
    own_words("number = 101\nneeds_renewal = true")

    assert state(ruth, ruth) is State.OUTDATED
    with pytest.raises(InvalidInput, match="new_words"):
        decide(ruth, ruth, said(version=100))
    assert decide(ruth, ruth, said(version=101)).state is State.GIVEN


def test_G6_a_version_that_was_edited_after_somebody_agreed_is_refused(own_words: Any):
    own_words("number = 100")
    ada = staff(found()).actor
    ruth, jonas = patient(ada), patient(ada, "Jonas Weber")
    decide(ruth, ruth, said(version=100))
    own_words("number = 100", "Quietly changed")

    with pytest.raises(Conflict):
        decide(jonas, jonas, said(version=100))
    assert state(jonas, jonas) is State.UNDECIDED


def test_words_whose_day_has_not_come_cannot_be_agreed_to(own_words: Any):
    own_words("number = 100\nbegins_on = 2026-05-01")
    ada = staff(found()).actor
    ruth = patient(ada)
    for number in (100, 7):
        with pytest.raises(InvalidInput, match="unknown_version"):
            decide(ada, ruth, said(version=number))


def test_a_server_with_unreadable_words_does_not_start(store_url: str, tmp_path: Path):
    from adherence.app import create_app
    from adherence.settings import UnsafeSettings
    from tests.builders import clinic_settings

    (tmp_path / "sms.toml").write_text("purpose = 'sms'")
    with pytest.raises(UnsafeSettings, match="ADHERENCE_CONSENT_FOLDER"):
        closed(create_app(clinic_settings(store_url, consent_folder=str(tmp_path))))


# --- what rests on it ---------------------------------------------------------------------------


def ward(ada: Actor, many: int) -> tuple[Actor, list[Actor]]:
    """A manager, and patients who each were asked for something in the last 30 days."""
    from adherence.store.caseload import CASELOAD
    from adherence.store.statements import Statement

    manager = staff(
        ada.clinic_id, Role.PROGRAMME_MANAGER, email="clara@example.org", name="Clara"
    ).actor
    made = [patient(ada, f"P {n}") for n in range(many)]
    counted = Statement(sa.update(CASELOAD).values(due30=10, done30=6, unreported30=1), "")
    write(lambda run: run.do(counted))
    return manager, made


def test_G5_a_programme_counts_who_agrees_at_this_request(ada: Actor):
    manager, people = ward(ada, 80)
    programmes.count(ada.clinic_id, MONDAY)
    assert programmes.overview(manager, MONDAY).patients is None, "nobody was asked yet"
    for one in people[:66]:
        agrees(one, "programme", at=MONDAY)
    for one in people[66:]:
        agrees(one, "research", "care", at=MONDAY)
    programmes.count(ada.clinic_id, MONDAY)

    found = programmes.overview(manager, MONDAY)
    assert (found.patients, found.due, found.done, found.unreported) == (66, 660, 396, 66)
    takes_back(people[0], "programme", at=MONDAY + MINUTE)
    assert programmes.overview(manager, MONDAY + MINUTE).due == 330, "a group leaves with one"
    takes_back(people[1], "programme", at=MONDAY + MINUTE)
    assert programmes.overview(manager, MONDAY + MINUTE).patients is None, "the other one, too"
    agrees(people[1], "programme", at=MONDAY + HOUR)
    assert programmes.overview(manager, MONDAY + HOUR).patients == 33


def test_G5_the_teams_queue_leaves_out_who_said_no_to_care(ada: Actor):
    from adherence.domain.pauses import PauseKind
    from adherence.services import patients, pauses

    ruth = patient(ada)
    pauses.pause(
        ruth,
        ruth.patient_id,  # type: ignore[arg-type]
        kind=PauseKind.ILL,
        first_day=MONDAY.date(),
        now=MONDAY,
    )
    assert len(review.queue(ada, MONDAY)) == 1, "undecided is cared for as ever"
    takes_back(ruth, "care", at=MONDAY + MINUTE)
    assert review.queue(ada, MONDAY + MINUTE) == []
    assert patients.sheet(ada, ruth.patient_id, MONDAY + MINUTE).name == ruth.name  # type: ignore[arg-type]
    agrees(ruth, "care", at=MONDAY + HOUR)
    assert len(review.queue(ada, MONDAY + HOUR)) == 1


def test_every_kind_of_mail_says_whether_it_needs_consent():
    assert set(mails.CONSENT) == set(MailKind)
    assert mails.CONSENT[MailKind.NEWS] is Purpose.EMAIL


def told(ada: Actor, ruth: Actor, at: Any) -> None:
    """A clinician answers a notice of the patient's, which is news for the patient."""
    from adherence.domain.pauses import PauseKind
    from adherence.services import pauses

    assert ruth.patient_id is not None
    pauses.pause(
        ruth, ruth.patient_id, kind=PauseKind.REST, first_day=(at + 3 * DAY).date(), now=at
    )
    (row,) = review.queue(ada, at)
    review.reply(ada, row.notices[0].id, "Rest well.", at)


def news() -> list[Any]:
    return [row for row in rows(MAIL) if row.kind is MailKind.NEWS]


def test_a_patient_is_told_by_mail_only_with_consent(ada: Actor):
    ruth = patient(ada, email="ruth@example.org")
    told(ada, ruth, MONDAY)
    assert news() == []
    agrees(ruth, "sms", "push", "programme", at=MONDAY)
    told(ada, ruth, MONDAY)
    assert news() == []
    agrees(ruth, "email", at=MONDAY)
    told(ada, ruth, MONDAY)
    told(ada, ruth, MONDAY + HOUR)

    assert [row.patient_id for row in news()] == [ruth.patient_id], "once a day at most"


def test_G5_a_no_between_writing_and_sending_a_mail_holds_it_back(
    ada: Actor, monkeypatch: pytest.MonkeyPatch
):
    sent: list[Any] = []
    monkeypatch.setattr(mail_job, "send", lambda kept, message: sent.append(message["Subject"]))
    ruth = patient(ada, email="ruth@example.org")
    agrees(ruth, "email", at=MONDAY)
    told(ada, ruth, MONDAY)
    mail_job.send_waiting(MONDAY)
    assert sent.count("Something new waits for you") == 1

    told(ada, ruth, MONDAY + 2 * DAY)
    whole = mail_job.message_of

    def interrupted(*given: Any) -> Any:
        takes_back(ruth, "email", at=MONDAY + 2 * DAY)
        return whole(*given)

    monkeypatch.setattr(mail_job, "message_of", interrupted)
    mail_job.send_waiting(MONDAY + 2 * DAY + MINUTE)

    assert sent.count("Something new waits for you") == 1
    assert all(row.done_at is not None and row.sealed is None for row in news())


def test_what_somebody_asked_for_is_sent_whatever_they_agreed_to(
    ada: Actor, monkeypatch: pytest.MonkeyPatch
):
    from adherence.domain.sign_in import Purpose as Code

    sent: list[Any] = []
    monkeypatch.setattr(mail_job, "send", lambda kept, message: sent.append(message["Subject"]))
    ruth = patient(ada, email="ruth@example.org")
    takes_back(ruth, "email", "care", at=MONDAY)
    sign_in.ask_mail(Code.MAIL, "", "ruth@example.org", "browser", "en", MONDAY)
    mail_job.send_waiting(MONDAY)

    assert "Your link to sign in" in sent


def test_a_no_to_care_stops_every_contact(ada: Actor):
    ruth = patient(ada)
    assert ruth.patient_id is not None
    agrees(ruth, "email", "sms", at=MONDAY)
    assert consent.may_contact(ruth.patient_id, Purpose.EMAIL, MONDAY)
    assert not consent.may_contact(ruth.patient_id, Purpose.PUSH, MONDAY)
    takes_back(ruth, "care", at=MONDAY)

    assert not consent.may_contact(ruth.patient_id, Purpose.EMAIL, MONDAY)
    assert not consent.may_contact(ruth.patient_id, Purpose.SMS, MONDAY)
    with pytest.raises(ValueError, match="no way to reach"):
        consent.may_contact(ruth.patient_id, Purpose.RESEARCH, MONDAY)


def test_the_audit_says_that_it_was_decided_and_vouches_for_what(ada: Actor):
    from adherence.store.audit import AUDIT

    ruth = patient(ada)
    agrees(ruth, "email", at=MONDAY)
    takes_back(ruth, "email", at=MONDAY + timedelta(minutes=1))

    lines = [row for row in rows(AUDIT) if row.action.startswith("consent.")]
    assert [row.action for row in sorted(lines, key=lambda row: row.n)] == [
        "consent.give",
        "consent.withdraw",
    ]
    assert all(row.digest is not None for row in lines)
    assert audit.verify(ada.clinic_id) == []
