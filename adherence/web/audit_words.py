"""What the audit's actions are called for people: short, without a subject, as in a list."""

from __future__ import annotations

from adherence.domain.access import Relation, Role, Source
from adherence.domain.audit import Kind, Refusal
from adherence.web.locale import gettext as _
from adherence.web.locale import later as _later

ACTIONS = {
    # Looking
    "patient.read": _later("record opened"),
    "patient.list": _later("list of patients seen"),
    "today.read": _later("the day's cards seen"),
    "goal.read": _later("goals seen"),
    "plan.read": _later("plans seen"),
    "activity.read": _later("activities seen"),
    "occurrence.read": _later("what is due seen"),
    "entry.read": _later("entries seen"),
    "supply.read": _later("supplies seen"),
    "pause.read": _later("pauses seen"),
    "progress.read": _later("progress seen"),
    "chart.read": _later("charts seen"),
    "milestone.read": _later("milestones seen"),
    "notice.read": _later("notices seen"),
    "review.read": _later("review queue seen"),
    "programme.read": _later("programme's sums seen"),
    "access.read": _later("list of who opened the record seen"),
    "audit.read": _later("audit looked through"),
    "form.read": _later("a form about the record opened"),
    "sync.pull": _later("changes fetched"),
    "exercise.read": _later("exercises seen"),
    "exercise.look": _later("pictures of an exercise seen"),
    "education.read": _later("a lesson seen"),
    # Patients and who may see them
    "patient.add": _later("patient added"),
    "patient.invite": _later("invitation made"),
    "patient.shut_out": _later("devices shut out"),
    "proxy.add": _later("somebody may act for the patient"),
    "proxy.act": _later("acting for somebody begun or ended"),
    "proxy.end": _later("somebody no longer acts for the patient"),
    "team.join": _later("care team joined"),
    "team.leave": _later("care team left"),
    "team.change": _later("care team changed"),
    "team.read": _later("care team seen"),
    "team.lead": _later("lead of the care team named"),
    "team.substitute": _later("substitute named"),
    "emergency.search": _later("patient looked for in an emergency"),
    "emergency.begin": _later("record opened in an emergency"),
    "emergency.end": _later("emergency access ended"),
    "emergency.review": _later("emergencies looked through"),
    "emergency.seen": _later("emergency looked into"),
    "emergency.told": _later("patient has read of the emergency"),
    "zone.change": _later("time zone changed"),
    "consent.read": _later("consents seen"),
    "consent.decide": _later("consent given or withdrawn"),
    "consent.record": _later("consent on paper recorded"),
    "consent.sign": _later("consent signed"),
    "care_note.read": _later("team's notes seen"),
    "care_note.write": _later("note for the team written"),
    # Rights of the person
    "patient.correct": _later("name or year of birth put right"),
    "export.ask": _later("copy of all data asked for"),
    "export.build": _later("copy of all data made"),
    "export.fail": _later("copy of all data not made"),
    "export.fetch": _later("copy of all data fetched"),
    "export.file": _later("copy of all data written to a file"),
    "erasure.ask": _later("deletion asked for"),
    "erasure.withdraw": _later("wish for deletion taken back"),
    "erasure.list": _later("wishes for deletion seen"),
    "erasure.decide": _later("wish for deletion decided"),
    "erasure.propose": _later("answer to a wish for deletion proposed"),
    "erasure.refuse": _later("deletion declined"),
    "erasure.restrict": _later("record locked away"),
    "erasure.erase": _later("record deleted"),
    "erasure.again": _later("deleted or locked away again after a restore"),
    # Plans and goals
    "goal.set": _later("goal agreed"),
    "goal.close": _later("goal closed"),
    "plan.open": _later("plan opened"),
    "activity.assign": _later("activity asked for"),
    "activity.revise": _later("activity revised"),
    "activity.end": _later("activity ended"),
    "pause.set": _later("pause begun"),
    "pause.cancel": _later("pause cancelled"),
    "pause.end": _later("pause ended"),
    # Entries
    "entry.create": _later("entry logged"),
    "entry.log": _later("entry logged"),
    "entry.correct": _later("entry corrected"),
    "entry.put_right": _later("entry put right"),
    "sync.push": _later("queued entries sent"),
    "supply.record": _later("supply recorded"),
    "supply.correct": _later("supply corrected"),
    "milestone.award": _later("milestone reached"),
    "milestone.withdraw": _later("milestone taken back"),
    "notice.review": _later("notice reviewed"),
    "notice.replied": _later("notice answered"),
    "notice.seen": _later("notice marked as seen"),
    "rebuild": _later("sums computed anew"),
    # The clinic's own exercises
    "exercise.create": _later("exercise made"),
    "exercise.change": _later("exercise changed"),
    "exercise.medium": _later("picture or film added"),
    "exercise.write": _later("clinic's exercises changed"),
    # Accounts and ways in
    "sign_in": _later("sign-in"),
    "sign_in.finish": _later("second step of signing in"),
    "sign_in.welcome": _later("first visit"),
    "sign_in.begin_password": _later("first password"),
    "sign_in.enrol": _later("second factor set up"),
    "session.pending": _later("first step of signing in"),
    "session.begin": _later("signed in"),
    "session.end": _later("signed out"),
    "session.end_all": _later("signed out everywhere"),
    "session.list": _later("list of sessions"),
    "session.prove": _later("factor shown again"),
    "session.stay": _later("session kept while typing"),
    "account.read": _later("own account seen"),
    "account.update": _later("own account changed"),
    "account.create": _later("account made"),
    "account.invite": _later("staff invited"),
    "account.disable": _later("account shut out"),
    "account.begin_anew": _later("ways in taken away to begin anew"),
    "account.locale": _later("language chosen"),
    "clinic.administer": _later("staff page"),
    "device.add": _later("device added"),
    "device.revoke": _later("device shut out"),
    "passkey.add": _later("passkey added"),
    "passkey.drop": _later("passkey removed"),
    "totp.set": _later("authenticator app set up"),
    "totp.drop": _later("authenticator app removed"),
    "recovery.renew": _later("recovery codes renewed"),
    "password.set": _later("password set"),
    "oidc.tie": _later("single sign-on tied to the account"),
    "oidc.untie": _later("single sign-on untied"),
    "email.ask": _later("new address asked for"),
    "email.set": _later("address changed"),
    "email.confirm": _later("address confirmed"),
    "factor.read": _later("own ways in seen"),
    "factor.change": _later("own ways in changed"),
}
KINDS = {
    Kind.READ: _later("Looked"),
    Kind.CHANGE: _later("Changed"),
    Kind.SIGN_IN: _later("Signing in"),
    Kind.REFUSAL: _later("Turned away"),
    Kind.EMERGENCY: _later("Emergency"),
}
REFUSALS = {
    Refusal.ROLE: _later("not for this kind of account"),
    Refusal.RELATION: _later("not this person's patient, or no such patient"),
    Refusal.STEP: _later("another step of signing in comes first"),
    Refusal.FORM: _later("the form was not one of ours"),
    Refusal.UNKNOWN: _later("something named is not there"),
    Refusal.OFTEN: _later("tried too often"),
    Refusal.FACTOR: _later("wrong password, code, PIN or passkey"),
}
RELATIONS = {
    Relation.PROXY: _later("acting for the patient"),
    Relation.CARE_TEAM: _later("in the care team"),
    Relation.EMERGENCY: _later("from outside the care team"),
}
SOURCES = {
    Source.PAGE: _later("page"),
    Source.API: _later("app"),
    Source.SERVICE: _later("service"),
}
ROLES = {
    Role.PATIENT: _later("patient or proxy"),
    Role.CLINICIAN: _later("clinician"),
    Role.PROGRAMME_MANAGER: _later("programme manager"),
    Role.ADMIN: _later("administrator"),
}


def action(name: str) -> str:
    """What an action is called; a name that nobody translated is shown as it is."""
    found = ACTIONS.get(name)
    return name if found is None else str(found)


def actor(name: str | None) -> str:
    """Who acted: a name, or that it is nobody with an account."""
    return name or _("Nobody known here")
