"""What a patient agrees to: read, agree, take back; and what a clinician writes down from paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor
from adherence.domain.consent import SIGNED, Answer, Purpose, Source, State
from adherence.domain.errors import InvalidInput, NotFound
from adherence.library.consent import Words
from adherence.pages.forms import Form
from adherence.pages.own import own
from adherence.services import consent as service
from adherence.services import patients
from adherence.services.consent import ConsentView, DecisionView, Said
from adherence.web import locale, words
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.locale import later as _later
from adherence.web.policy import policy

blueprint = Blueprint("consent", __name__)

DECIDED = ("version", "locale", "signature")

STATES = {
    State.UNDECIDED: _later("Not answered yet"),
    State.GIVEN: _later("I agree"),
    State.OUTDATED: _later("There are new words: please read them"),
    State.WITHDRAWN: _later("I do not agree"),
}
STATES_FOR_CLINICIAN = {
    State.UNDECIDED: _later("not asked or not answered"),
    State.GIVEN: _later("consent given"),
    State.OUTDATED: _later("consent to earlier words that no longer suffice"),
    State.WITHDRAWN: _later("no consent"),
}
ICONS = {
    Purpose.CARE: "talk",
    Purpose.PROGRAMME: "progress",
    Purpose.RESEARCH: "list",
    Purpose.EMAIL: "reply",
    Purpose.SMS: "speak",
    Purpose.PUSH: "flag",
}
REFUSALS = {
    "no_name": _later("Type your name, at least two letters. Typing it is your signature."),
    "invisible": _later(
        "There are characters in this name that nobody can see. Delete it and type it anew."
    ),
    "new_words": _later("The words have changed meanwhile. Please read them again."),
    "unknown_version": _later("There are no such words."),
    "only_spoken": _later("What was only said can end a consent, but not give one."),
}


@dataclass(frozen=True, slots=True)
class ShownConsent:
    """One purpose in the list."""

    link: str
    icon: str
    title: str
    state: str


@dataclass(frozen=True, slots=True)
class ShownDecision:
    """One decision of the past, and where its words are."""

    what: str
    how: str
    at: str
    words: str


@dataclass(frozen=True, slots=True)
class ShownPurpose:
    """One purpose with its words. ``sign`` is an address where the name is typed elsewhere."""

    purpose: str
    words: Words
    version: int
    locale: str
    state: str
    says: str
    is_given: bool
    may_decline: bool
    give: str
    withdraw: str
    sign: str
    history: list[ShownDecision]


@dataclass(frozen=True, slots=True)
class ShownStand:
    """Where one purpose stands, for a clinician."""

    title: str
    state: str
    is_given: bool
    note: str
    history: list[ShownDecision]


@dataclass(frozen=True, slots=True)
class ShownNotice:
    """A gold note above the cards."""

    icon: str
    title: str
    words: str
    link: str
    link_words: str


# --- a patient's own ----------------------------------------------------------------------------


@blueprint.get("/consents")
@policy("consent.read")
def show(actor: Actor) -> ResponseReturnValue:
    """List every purpose and where it stands."""
    shown = [
        ShownConsent(
            url_for("consent.read", purpose=one.purpose.value),
            ICONS[one.purpose],
            _words(one).title,
            _state(one),
        )
        for one in service.consents(actor, own(actor), now())
    ]
    return render_template("patient/consents.html", consents=shown)


@blueprint.get("/consents/<purpose>")
@policy("consent.read")
def read(actor: Actor, purpose: str) -> ResponseReturnValue:
    """Show what one purpose means, and let it be decided."""
    return _page(actor, _purpose(purpose), None)


@blueprint.post("/consents/<purpose>/give")
@policy("consent.decide", fields=DECIDED)
def give(actor: Actor, purpose: str) -> ResponseReturnValue:
    """Store a yes, or say what is wrong with the name."""
    which = _purpose(purpose)
    if which in SIGNED:
        raise NotFound
    return _given(actor, which, is_signing=False)


@blueprint.get("/consents/<purpose>/sign")
@policy("consent.sign")
def signing(actor: Actor, purpose: str) -> ResponseReturnValue:
    """Show the words once more, and where to sign them."""
    return _page(actor, _signed(purpose), None, is_signing=True)


@blueprint.post("/consents/<purpose>/sign")
@policy("consent.sign", fields=DECIDED)
def sign(actor: Actor, purpose: str) -> ResponseReturnValue:
    """Store a yes in earnest; that a factor was shown just now is the door's to see to."""
    return _given(actor, _signed(purpose), is_signing=True)


@blueprint.post("/consents/<purpose>/withdraw")
@policy("consent.decide", fields=())
def withdraw(actor: Actor, purpose: str) -> ResponseReturnValue:
    """Store a no. It asks for nothing."""
    which = _purpose(purpose)
    found = service.consent(actor, own(actor), which, now())
    number = found.text.version.number
    said = Said(which, Answer.WITHDRAWN, number, locale.current())
    service.decide(actor, own(actor), said, now())
    return redirect(url_for("consent.read", purpose=which.value), 303)


@blueprint.get("/consents/decisions/<uuid:decision_id>")
@policy("consent.read")
def agreed(actor: Actor, decision_id: UUID) -> ResponseReturnValue:
    """Show the words of one decision as they were then."""
    found = service.agreed(actor, own(actor), decision_id)
    return render_template(
        "patient/agreed.html",
        agreed=found.words,
        lang=found.decision.locale,
        about=_about_words(found.decision),
        decision=_decision(found.decision, ""),
        back=url_for("consent.read", purpose=found.decision.purpose.value),
    )


def _given(actor: Actor, purpose: Purpose, *, is_signing: bool) -> ResponseReturnValue:
    form = Form(request.form)
    number = form.whole("version", 1, 2**31 - 1) or 0
    language = form.choice("locale", locale.LOCALES) or locale.current()
    said = Said(purpose, Answer.GIVEN, number, language, form.typed.get("signature", ""))
    try:
        service.decide(actor, own(actor), said, now(), is_proved=is_signing)
    except InvalidInput as error:
        _refused(form, error)
        return _page(actor, purpose, form, is_signing=is_signing)
    return redirect(url_for("consent.read", purpose=purpose.value), 303)


def _page(
    actor: Actor, purpose: Purpose, form: Form | None, *, is_signing: bool = False
) -> ResponseReturnValue:
    found = service.consent(actor, own(actor), purpose, now())
    name = purpose.value
    given = found.state is State.GIVEN
    shown = ShownPurpose(
        purpose=name,
        words=_words(found),
        version=found.text.version.number,
        locale=locale.current(),
        state=found.state.value,
        says=_says(found),
        is_given=given,
        may_decline=found.state in (State.UNDECIDED, State.OUTDATED),
        give=url_for("consent.sign" if is_signing else "consent.give", purpose=name),
        withdraw=url_for("consent.withdraw", purpose=name),
        sign=url_for("consent.signing", purpose=name)
        if purpose in SIGNED and not is_signing
        else "",
        history=[
            _decision(one, url_for("consent.agreed", decision_id=one.id)) for one in found.history
        ],
    )
    typed = {} if form is None else form.typed
    errors = {} if form is None else form.errors
    page = render_template("patient/consent.html", consent=shown, form=typed, errors=errors)
    return page, 422 if errors else 200


def consent_notices(actor: Actor, patient_id: UUID) -> list[ShownNotice]:
    """Return what the first page asks or says: care, once; new words; that the team is left out."""
    found = service.consents(actor, patient_id, now())
    care = next(one for one in found if one.purpose is Purpose.CARE)
    notices = []
    if care.state is State.UNDECIDED:
        notices.append(
            ShownNotice(
                "lock",
                _("What happens with what you note?"),
                _("Please read it once and say whether you agree. Nothing waits for it."),
                url_for("consent.read", purpose=Purpose.CARE.value),
                _("Read it"),
            )
        )
    if care.state is State.WITHDRAWN:
        notices.append(
            ShownNotice(
                "lock",
                _("Your team does not work with what you note"),
                _("You chose so. Tell them in person what matters."),
                url_for("consent.read", purpose=Purpose.CARE.value),
                _("Change it"),
            )
        )
    if any(one.state is State.OUTDATED for one in found):
        notices.append(
            ShownNotice(
                "lock",
                _("There are new words"),
                _("Something that you agreed to reads otherwise now. Until you answer, it rests."),
                url_for("consent.show"),
                _("Read them"),
            )
        )
    return notices


# --- a clinician's ------------------------------------------------------------------------------


@blueprint.get("/patients/<uuid:patient_id>/consents")
@policy("consent.record")
def of_patient(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Show where a patient's consents stand, and take what is on paper."""
    return _of_patient(actor, patient_id, None)


@blueprint.post("/patients/<uuid:patient_id>/consents")
@policy(
    "consent.record",
    fields=("purpose", "answer", "source", "locale", "decided_on", "version", "signature"),
)
def record(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Store what a patient signed on paper, or took back."""
    form = Form(request.form)
    purpose = form.choice("purpose", list(Purpose), _("Choose what it is about."))
    answer = form.choice("answer", list(Answer), _("Choose yes or no."))
    source = form.choice("source", (Source.PAPER, Source.SPOKEN), _("Choose how."))
    language = form.choice("locale", locale.LOCALES, _("Choose the language."))
    on_day = form.day("decided_on", _("Choose the day on the paper."))
    if not form.errors:
        chosen = Purpose(purpose)
        newest = service.consent(actor, patient_id, chosen, now()).text.version.number
        said = Said(
            chosen,
            Answer(answer),
            form.whole("version", 1, 2**31 - 1) or newest,
            language,
            form.typed.get("signature", ""),
            Source(source),
            on_day,
        )
        try:
            if not form.errors:
                service.decide(actor, patient_id, said, now())
                return redirect(url_for("consent.of_patient", patient_id=patient_id), 303)
        except InvalidInput as error:
            _refused(form, error)
    return _of_patient(actor, patient_id, form)


@blueprint.get("/patients/<uuid:patient_id>/consents/<uuid:decision_id>")
@policy("consent.record")
def agreed_of_patient(actor: Actor, patient_id: UUID, decision_id: UUID) -> ResponseReturnValue:
    """Show the words of one decision of a patient as they were then."""
    found = service.agreed(actor, patient_id, decision_id)
    return render_template(
        "clinician/agreed.html",
        agreed=found.words,
        lang=found.decision.locale,
        about=_about_words(found.decision),
        decision=_decision(found.decision, ""),
        back=url_for("consent.of_patient", patient_id=patient_id),
    )


def _of_patient(actor: Actor, patient_id: UUID, form: Form | None) -> ResponseReturnValue:
    found = service.consents(actor, patient_id, now())
    zone = patients.clinic_zone(actor.clinic_id)
    today = words.local(now(), zone).date().isoformat()
    typed = (
        {"locale": locale.current(), "source": "paper", "decided_on": today}
        if form is None
        else form.typed
    )
    errors = {} if form is None else form.errors
    page = render_template(
        "clinician/consents.html",
        name=patients.name_of(actor, patient_id),
        back=url_for("patients.sheet", patient_id=patient_id),
        action=url_for("consent.record", patient_id=patient_id),
        stands=stands(found, patient_id),
        purposes=[("", "–"), *((one.purpose.value, _words(one).title) for one in found)],
        languages=[(name, locale.NAMES[name]) for name in locale.LOCALES],
        form=typed,
        errors=errors,
    )
    return page, 422 if errors else 200


def stands(found: Sequence[ConsentView], patient_id: UUID) -> list[ShownStand]:
    """Return where each purpose stands, in a clinician's words."""
    return [
        ShownStand(
            title=_words(one).title,
            state=str(STATES_FOR_CLINICIAN[one.state]),
            is_given=one.state is State.GIVEN,
            note="" if one.counts is None else _how(one.counts),
            history=[
                _decision(
                    each,
                    url_for(
                        "consent.agreed_of_patient", patient_id=patient_id, decision_id=each.id
                    ),
                )
                for each in one.history
            ],
        )
        for one in found
    ]


def objection(found: Sequence[ConsentView]) -> str:
    """Return what a clinician must know of a patient who said no to care; empty where none did."""
    care = next(one for one in found if one.purpose is Purpose.CARE)
    if care.state is not State.WITHDRAWN or care.counts is None:
        return ""
    return _(
        "Since %(day)s this patient does not want the team to work with what is noted here. It no"
        " longer comes up in the review. The record stays; what matters is said in person.",
        day=words.day(care.counts.day, "full"),
    )


# --- in words -----------------------------------------------------------------------------------


def _purpose(name: str) -> Purpose:
    try:
        return Purpose(name)
    except ValueError as error:
        raise NotFound from error


def _signed(name: str) -> Purpose:
    purpose = _purpose(name)
    if purpose not in SIGNED:
        raise NotFound
    return purpose


def _refused(form: Form, error: InvalidInput) -> None:
    said = REFUSALS.get(error.message_key)
    field = {"version": "signature"}.get(error.field, error.field)
    if said is None:
        form.refused(error)
    else:
        form.wrong(field, str(said))


def _words(found: ConsentView) -> Words:
    return found.text.words[locale.current()]


def _state(found: ConsentView) -> str:
    said = str(STATES[found.state])
    if found.counts is None or found.state is State.OUTDATED:
        return said
    day = words.day(found.counts.day, "full")
    return _("%(state)s, since %(day)s", state=said, day=day)


def _says(found: ConsentView) -> str:
    """Return what holds now, in one sentence."""
    one = found.counts
    if one is None:
        return _("You have not answered yet.")
    day = words.day(one.day, "full")
    if found.state is State.WITHDRAWN:
        return _("You do not agree. This holds since %(day)s.", day=day)
    if found.state is State.OUTDATED:
        return _("You agreed on %(day)s to earlier words. Please read the new ones.", day=day)
    return _("You agree since %(day)s, signed “%(name)s”.", day=day, name=one.signature)


def _how(one: DecisionView) -> str:
    """Return when, by whom and how a decision was made."""
    given = {"day": words.day(one.day, "full"), "name": one.author_name}
    match one.source:
        case Source.SELF:
            return _("%(day)s, by the patient here", day=given["day"])
        case Source.PROXY:
            return _("%(day)s, by %(name)s for the patient", **given)
        case Source.PAPER:
            return _("%(day)s, on paper, written down by %(name)s", **given)
        case Source.SPOKEN:
            return _("%(day)s, said to %(name)s", **given)


def _decision(one: DecisionView, link: str) -> ShownDecision:
    what = _("Agreed") if one.answer is Answer.GIVEN else _("Not agreed")
    return ShownDecision(
        what=f"{what}, “{one.signature}”" if one.signature else what,
        how=_how(one),
        at=one.decided_at.isoformat(),
        words=link,
    )


def _about_words(one: DecisionView) -> str:
    return _(
        "Version %(number)s in %(language)s, as it was then.",
        number=one.version,
        language=locale.NAMES[one.locale],
    )
