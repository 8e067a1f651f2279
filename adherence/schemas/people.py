"""People on the wire: who is signed in, patients, care teams, zones."""

from __future__ import annotations

from marshmallow import RAISE, Schema, fields

from adherence.domain.access import Relation, Role, Source
from adherence.domain.activities import Discipline
from adherence.domain.audit import Kind
from adherence.domain.care_teams import CareKind
from adherence.schemas.fields import Choice, Day, Flag, Text, Uuid, Whole, Zone

NAME_LIMIT = 200
BIRTH_YEARS = (1880, 2100)


class MeSchema(Schema):
    """The account the token speaks for; ``patient_id`` is set for a patient's own account."""

    account_id = fields.UUID(required=True)
    clinic_id = fields.UUID(required=True)
    role = fields.Enum(Role, by_value=True, required=True)
    name = fields.String(required=True)
    locale = fields.String(required=True, allow_none=True)
    patient_id = fields.UUID(required=True, allow_none=True)


class NewPatientSchema(Schema):
    """A patient to add to one's own clinic and care for as the lead."""

    class Meta:
        unknown = RAISE

    name = Text(NAME_LIMIT, required=True)
    zone = Zone(required=True)
    birth_year = Whole(*BIRTH_YEARS, allow_none=True, load_default=None)
    discipline = Choice(Discipline, load_default=Discipline.PHYSIOTHERAPY)
    started_on = Day(allow_none=True, load_default=None)


class NewMemberSchema(Schema):
    """A clinician of the same clinic to join to the care team."""

    class Meta:
        unknown = RAISE

    account_id = Uuid(required=True)
    discipline = Choice(Discipline, required=True)
    lead = Flag(load_default=False)


class NewSubstituteSchema(Schema):
    """A clinician who stands in for a member, who is the asker where nobody is named."""

    class Meta:
        unknown = RAISE

    account_id = Uuid(required=True)
    first_day = Day(required=True)
    last_day = Day(required=True)
    stands_for_id = Uuid(allow_none=True, load_default=None)


class NewZoneSchema(Schema):
    """The IANA zone whose wall clock the patient lives by from now on."""

    class Meta:
        unknown = RAISE

    zone = Zone(required=True)


class ZoneHoldsSchema(Schema):
    """The first local day on which the new zone holds; no day that has begun is touched."""

    zone = fields.String(required=True)
    effective_on = fields.Date(required=True)


class MemberSchema(Schema):
    """Somebody who cares for the patient now."""

    account_id = fields.UUID(required=True)
    name = fields.String(required=True)
    discipline = fields.Enum(Discipline, by_value=True, required=True)
    lead = fields.Boolean(required=True)
    kind = fields.Enum(CareKind, by_value=True, required=True)
    from_at = fields.AwareDateTime(required=True)
    until_at = fields.AwareDateTime(required=True, allow_none=True)
    stands_for_id = fields.UUID(required=True, allow_none=True)


class TeamSchema(Schema):
    """A care team: its members now, the lead first, and who will stand in later."""

    members = fields.List(fields.Nested(MemberSchema), required=True)
    planned = fields.List(fields.Nested(MemberSchema), required=True)


class PatientSchema(Schema):
    """A patient: name, local day, and who cares for them."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    birth_year = fields.Integer(required=True, allow_none=True)
    zone = fields.String(required=True)
    day = fields.Date(required=True)
    started_on = fields.Date(required=True)
    team = fields.List(fields.Nested(MemberSchema), required=True)


class AccessSchema(Schema):
    """One thing somebody else did with the record; ``relation`` says as what."""

    n = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    actor_id = fields.UUID(required=True)
    actor_name = fields.String(required=True, allow_none=True)
    action = fields.String(required=True)
    kind = fields.Enum(Kind, by_value=True, required=True)
    relation = fields.Enum(Relation, by_value=True, required=True, allow_none=True)
    source = fields.Enum(Source, by_value=True, required=True, allow_none=True)
    request_id = fields.String(required=True, allow_none=True)


class AccessesSchema(Schema):
    """What others did with the record, the newest first. ``before`` fetches older ones."""

    accesses = fields.List(fields.Nested(AccessSchema), required=True)
    before = fields.Integer(required=True, allow_none=True)


class ListedPatientSchema(Schema):
    """A row of the list: the last 30 days in counts, the last 14 as one letter a day.

    Letters: d done, p partly, s skipped, m missed, u not reported, e excused, x upcoming, n none.
    """

    patient_id = fields.UUID(required=True)
    name = fields.String(required=True)
    birth_year = fields.Integer(required=True, allow_none=True)
    need = fields.Integer(required=True)
    due30 = fields.Integer(required=True)
    done30 = fields.Integer(required=True)
    unreported30 = fields.Integer(required=True)
    pain7 = fields.Integer(required=True, allow_none=True)
    strip = fields.String(required=True)
    open_notices = fields.Integer(required=True)
    last_entry_at = fields.AwareDateTime(required=True, allow_none=True)
    goal_words = fields.String(required=True, allow_none=True)
    as_of = fields.Date(required=True)


class PatientsPageSchema(Schema):
    """Patients, greatest need first. ``after`` fetches the next page; null at the end."""

    patients = fields.List(fields.Nested(ListedPatientSchema), required=True)
    after = fields.String(required=True, allow_none=True)


class CreatedSchema(Schema):
    """The id of what was made."""

    id = fields.UUID(required=True)
