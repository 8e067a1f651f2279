"""The spine: clinics, people, plans, entries, projections, milestones, outbox and audit.

What may only be added is guarded by triggers, so that no code, old or new, can rewrite it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adherence.migrations import columns

revision = "0001"
down_revision = None

APPEND_ONLY = ("audit", "audit_seal", "entry", "revision")


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("chain_id", columns.identifier(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("at", columns.instant(), nullable=False),
        sa.Column("actor_id", columns.identifier(), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("object_id", columns.identifier(), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=True),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "n", name=op.f("pk_audit")),
    )
    op.create_table(
        "audit_seal",
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("at", columns.instant(), nullable=False),
        sa.Column("heads", columns.document(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "n", name=op.f("pk_audit_seal")),
    )
    op.create_table(
        "clinic",
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("emergency_number", sa.String(length=32), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.Column("audit_n", sa.BigInteger(), nullable=False),
        sa.Column("audit_head", sa.LargeBinary(length=32), nullable=True),
        sa.Column("sealed_n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinic")),
    )
    op.create_table(
        "job_state",
        sa.Column("job", sa.String(length=32), nullable=False),
        sa.Column("ran_at", columns.instant(), nullable=False),
        sa.Column("failing_since", columns.instant(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_job_state")),
    )
    op.create_table(
        "account",
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.CheckConstraint(
            "role IN ('patient', 'clinician', 'programme_manager', 'admin')",
            name=op.f("ck_account_role"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_account_clinic_id_clinic")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )
    op.create_index(
        op.f("ix_account_clinic_id_name_id"), "account", ["clinic_id", "name", "id"], unique=False
    )
    op.create_table(
        "api_token",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", columns.identifier(), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.Column("ends_at", columns.instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_api_token_account_id_account")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_api_token")),
    )
    op.create_index(op.f("ix_api_token_account_id"), "api_token", ["account_id"], unique=False)
    op.create_table(
        "patient",
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("account_id", columns.identifier(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("birth_year", sa.SmallInteger(), nullable=True),
        sa.Column("home_zone", sa.String(length=64), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=False),
        sa.Column("audit_n", sa.BigInteger(), nullable=False),
        sa.Column("audit_head", sa.LargeBinary(length=32), nullable=True),
        sa.Column("sealed_n", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_patient_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_patient_clinic_id_clinic")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient")),
        sa.UniqueConstraint("account_id", name=op.f("uq_patient_account_id")),
    )
    op.create_index(
        op.f("ix_patient_clinic_id_name_id"), "patient", ["clinic_id", "name", "id"], unique=False
    )
    op.create_index(op.f("ix_patient_settled_on"), "patient", ["settled_on"], unique=False)
    op.create_table(
        "session",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", columns.identifier(), nullable=False),
        sa.Column("started_at", columns.instant(), nullable=False),
        sa.Column("seen_at", columns.instant(), nullable=False),
        sa.Column("ends_at", columns.instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_session_account_id_account")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_account_id"), "session", ["account_id"], unique=False)
    op.create_index(op.f("ix_session_ends_at"), "session", ["ends_at"], unique=False)
    op.create_table(
        "signin_link",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", columns.identifier(), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.Column("ends_at", columns.instant(), nullable=False),
        sa.Column("used_at", columns.instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_signin_link_account_id_account")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_signin_link")),
    )
    op.create_index(op.f("ix_signin_link_account_id"), "signin_link", ["account_id"], unique=False)
    op.create_index(op.f("ix_signin_link_ends_at"), "signin_link", ["ends_at"], unique=False)
    op.create_table(
        "care_relation",
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("account_id", columns.identifier(), nullable=False),
        sa.Column("from_at", columns.instant(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("discipline", sa.String(32), nullable=False),
        sa.Column("lead", sa.Boolean(), nullable=False),
        sa.Column("until_at", columns.instant(), nullable=True),
        sa.Column("looked_at", columns.instant(), nullable=True),
        sa.CheckConstraint(
            "discipline IN ('physiotherapy', 'occupational_therapy', 'medication', 'nursing', 'psychology', 'other')",
            name=op.f("ck_care_relation_discipline"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_care_relation_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_care_relation_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint(
            "patient_id", "account_id", "from_at", name=op.f("pk_care_relation")
        ),
    )
    op.create_index(
        op.f("ix_care_relation_account_id_patient_id"),
        "care_relation",
        ["account_id", "patient_id"],
        unique=False,
    )
    op.create_table(
        "caseload",
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("need", sa.Integer(), nullable=False),
        sa.Column("urgency", sa.SmallInteger(), nullable=False),
        sa.Column("due30", sa.Integer(), nullable=False),
        sa.Column("done30", sa.Integer(), nullable=False),
        sa.Column("unreported30", sa.Integer(), nullable=False),
        sa.Column("pain7", sa.SmallInteger(), nullable=True),
        sa.Column("strip", sa.String(length=14), nullable=False),
        sa.Column("open_notices", sa.Integer(), nullable=False),
        sa.Column("last_entry_at", columns.instant(), nullable=True),
        sa.Column("goal_words", sa.String(length=300), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("roll_at", columns.instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_caseload_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_caseload")),
    )
    op.create_index(
        op.f("ix_caseload_clinic_id_due30"), "caseload", ["clinic_id", "due30"], unique=False
    )
    op.create_index(op.f("ix_caseload_roll_at"), "caseload", ["roll_at"], unique=False)
    op.create_table(
        "goal",
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("measure", sa.String(32), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=True),
        sa.Column("symptom", sa.String(length=40), nullable=True),
        sa.Column("baseline", sa.Double(), nullable=True),
        sa.Column("target", sa.Double(), nullable=False),
        sa.Column("ladder", columns.document(), nullable=True),
        sa.Column("importance", sa.SmallInteger(), nullable=False),
        sa.Column("difficulty", sa.SmallInteger(), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closed_reason", sa.String(length=500), nullable=True),
        sa.Column("author_id", columns.identifier(), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "measure IN ('rating', 'gas', 'symptom', 'count', 'amount')",
            name=op.f("ck_goal_measure"),
        ),
        sa.CheckConstraint("state IN ('active', 'achieved', 'closed')", name=op.f("ck_goal_state")),
        sa.CheckConstraint("baseline <> target", name=op.f("ck_goal_somewhere_to_go")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_goal_author_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_goal_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("patient_id", "id", name=op.f("pk_goal")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("topic", sa.String(length=32), nullable=False),
        sa.Column("subject_id", columns.identifier(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.Column("due_at", columns.instant(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("handed_at", columns.instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_outbox_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["due_at", "id"],
        unique=False,
        sqlite_where=sa.text("handed_at IS NULL"),
        postgresql_where=sa.text("handed_at IS NULL"),
    )
    op.create_table(
        "plan",
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("discipline", sa.String(32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("sustained_share", sa.Double(), nullable=False),
        sa.Column("author_id", columns.identifier(), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "discipline IN ('physiotherapy', 'occupational_therapy', 'medication', 'nursing', 'psychology', 'other')",
            name=op.f("ck_plan_discipline"),
        ),
        sa.CheckConstraint(
            "sustained_share > 0 AND sustained_share <= 1", name=op.f("ck_plan_sustained_share")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_plan_author_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_plan_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("patient_id", "id", name=op.f("pk_plan")),
    )
    op.create_table(
        "zone_change",
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", columns.instant(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_zone_change_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("patient_id", "effective_on", name=op.f("pk_zone_change")),
    )
    op.create_table(
        "activity",
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("plan_id", columns.identifier(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_reason", sa.String(length=500), nullable=True),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('exercise', 'medication', 'check_in', 'task')", name=op.f("ck_activity_kind")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id", "plan_id"],
            ["plan.patient_id", "plan.id"],
            name=op.f("fk_activity_patient_id_plan_id_plan"),
        ),
        sa.PrimaryKeyConstraint("patient_id", "id", name=op.f("pk_activity")),
    )
    op.create_table(
        "milestone",
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("goal_id", columns.identifier(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("reached_on", sa.Date(), nullable=False),
        sa.Column("awarded_at", columns.instant(), nullable=False),
        sa.Column("retracted_at", columns.instant(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('level_reached', 'halfway', 'target_reached', 'first_all_done', 'return_after_break', 'sustained_weeks')",
            name=op.f("ck_milestone_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id", "goal_id"],
            ["goal.patient_id", "goal.id"],
            name=op.f("fk_milestone_patient_id_goal_id_goal"),
        ),
        sa.PrimaryKeyConstraint(
            "patient_id", "goal_id", "kind", "level", name=op.f("pk_milestone")
        ),
    )
    op.create_table(
        "activity_goal",
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("activity_id", columns.identifier(), nullable=False),
        sa.Column("goal_id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("because", sa.String(length=500), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id", "activity_id"],
            ["activity.patient_id", "activity.id"],
            name=op.f("fk_activity_goal_patient_id_activity_id_activity"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id", "goal_id"],
            ["goal.patient_id", "goal.id"],
            name=op.f("fk_activity_goal_patient_id_goal_id_goal"),
        ),
        sa.PrimaryKeyConstraint(
            "patient_id", "activity_id", "goal_id", name=op.f("pk_activity_goal")
        ),
    )
    op.create_table(
        "day_sum",
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("activity_id", columns.identifier(), nullable=False),
        sa.Column("asked", sa.SmallInteger(), nullable=False),
        sa.Column("done", sa.SmallInteger(), nullable=False),
        sa.Column("partly", sa.SmallInteger(), nullable=False),
        sa.Column("skipped", sa.SmallInteger(), nullable=False),
        sa.Column("missed", sa.SmallInteger(), nullable=False),
        sa.Column("excused", sa.SmallInteger(), nullable=False),
        sa.Column("extra", sa.SmallInteger(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("unmeasured", sa.SmallInteger(), nullable=False),
        sa.Column("pain_n", sa.SmallInteger(), nullable=False),
        sa.Column("pain_sum", sa.SmallInteger(), nullable=False),
        sa.Column("pain_max", sa.SmallInteger(), nullable=True),
        sa.Column("effort_n", sa.SmallInteger(), nullable=False),
        sa.Column("effort_sum", sa.SmallInteger(), nullable=False),
        sa.Column("volume", sa.Double(), nullable=False),
        sa.Column("doses", sa.Double(), nullable=False),
        sa.Column("open_until", columns.instant(), nullable=True),
        sa.Column("answered_until", columns.instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["patient_id", "activity_id"],
            ["activity.patient_id", "activity.id"],
            name=op.f("fk_day_sum_patient_id_activity_id_activity"),
        ),
        sa.PrimaryKeyConstraint("patient_id", "day", "activity_id", name=op.f("pk_day_sum")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entry",
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("client_id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("activity_id", columns.identifier(), nullable=True),
        sa.Column("goal_id", columns.identifier(), nullable=True),
        sa.Column("symptom", sa.String(length=40), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("slot", sa.SmallInteger(), nullable=True),
        sa.Column("status", sa.String(32), nullable=True),
        sa.Column("sets", sa.SmallInteger(), nullable=True),
        sa.Column("reps", sa.SmallInteger(), nullable=True),
        sa.Column("hold_seconds", sa.SmallInteger(), nullable=True),
        sa.Column("quantity", sa.Double(), nullable=True),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("declined", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(32), nullable=True),
        sa.Column("pain", sa.SmallInteger(), nullable=True),
        sa.Column("pain_declined", sa.Boolean(), nullable=False),
        sa.Column("effort", sa.SmallInteger(), nullable=True),
        sa.Column("note", sa.String(length=1000), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("performed_at", columns.instant(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("local_day", sa.Date(), nullable=False),
        sa.Column("recorded_at", columns.instant(), nullable=True),
        sa.Column("received_at", columns.instant(), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("author_id", columns.identifier(), nullable=False),
        sa.Column("corrects_id", columns.identifier(), nullable=True),
        sa.Column("payload_hash", sa.LargeBinary(length=16), nullable=False),
        sa.CheckConstraint(
            "reason IS NULL OR reason IN ('hurt', 'no_time', 'felt_better', 'side_effect', 'ran_out', 'told_to_stop', 'did_not_understand')",
            name=op.f("ck_entry_reason"),
        ),
        sa.CheckConstraint(
            "source IN ('self', 'proxy', 'clinician', 'device', 'import')",
            name=op.f("ck_entry_source"),
        ),
        sa.CheckConstraint(
            "status IS NULL OR status IN ('done', 'partly', 'skipped', 'missed', 'unreported', 'excused', 'upcoming')",
            name=op.f("ck_entry_status"),
        ),
        sa.CheckConstraint(
            "effort IS NULL OR effort BETWEEN 0 AND 10", name=op.f("ck_entry_effort")
        ),
        sa.CheckConstraint("pain IS NULL OR pain BETWEEN 0 AND 10", name=op.f("ck_entry_pain")),
        sa.CheckConstraint(
            "withdrawn OR activity_id IS NOT NULL OR goal_id IS NOT NULL OR symptom IS NOT NULL",
            name=op.f("ck_entry_about_something"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id", "activity_id"],
            ["activity.patient_id", "activity.id"],
            name=op.f("fk_entry_patient_id_activity_id_activity"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id", "corrects_id"],
            ["entry.patient_id", "entry.client_id"],
            name=op.f("fk_entry_patient_id_corrects_id_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id", "goal_id"],
            ["goal.patient_id", "goal.id"],
            name=op.f("fk_entry_patient_id_goal_id_goal"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_entry_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("patient_id", "client_id", name=op.f("pk_entry")),
        sa.UniqueConstraint("patient_id", "seq", name=op.f("uq_entry_patient_id_seq")),
    )
    op.create_index(
        "ix_entry_goal",
        "entry",
        ["patient_id", "goal_id", "local_day"],
        unique=False,
        sqlite_where=sa.text("goal_id IS NOT NULL"),
        postgresql_where=sa.text("goal_id IS NOT NULL"),
    )
    op.create_index(
        "ix_entry_local_day", "entry", ["patient_id", "local_day", "activity_id"], unique=False
    )
    op.create_index(
        "ix_entry_named_day",
        "entry",
        ["patient_id", "day"],
        unique=False,
        sqlite_where=sa.text("day <> local_day"),
        postgresql_where=sa.text("day <> local_day"),
    )
    op.create_index(
        "ix_entry_symptom",
        "entry",
        ["patient_id", "symptom", "local_day"],
        unique=False,
        sqlite_where=sa.text("symptom IS NOT NULL"),
        postgresql_where=sa.text("symptom IS NOT NULL"),
    )
    op.create_index(
        "uq_entry_corrects",
        "entry",
        ["patient_id", "corrects_id"],
        unique=True,
        sqlite_where=sa.text("corrects_id IS NOT NULL"),
        postgresql_where=sa.text("corrects_id IS NOT NULL"),
    )
    op.create_table(
        "notice",
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("goal_id", columns.identifier(), nullable=True),
        sa.Column("activity_id", columns.identifier(), nullable=True),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.Column("reviewed_by", columns.identifier(), nullable=True),
        sa.Column("reviewed_at", columns.instant(), nullable=True),
        sa.Column("reply", sa.String(length=1000), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('milestone', 'milestone_withdrawn', 'pause', 'concern')",
            name=op.f("ck_notice_kind"),
        ),
        sa.CheckConstraint("state IN ('open', 'seen', 'replied')", name=op.f("ck_notice_state")),
        sa.ForeignKeyConstraint(
            ["patient_id", "activity_id"],
            ["activity.patient_id", "activity.id"],
            name=op.f("fk_notice_patient_id_activity_id_activity"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id", "goal_id"],
            ["goal.patient_id", "goal.id"],
            name=op.f("fk_notice_patient_id_goal_id_goal"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_notice_patient_id_patient")
        ),
        sa.ForeignKeyConstraint(
            ["reviewed_by"], ["account.id"], name=op.f("fk_notice_reviewed_by_account")
        ),
        sa.PrimaryKeyConstraint("patient_id", "id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_id"), "notice", ["id"], unique=True)
    op.create_index(
        op.f("ix_notice_patient_id_state"), "notice", ["patient_id", "state"], unique=False
    )
    op.create_table(
        "pause",
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("activity_id", columns.identifier(), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("author_id", columns.identifier(), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.Column("cancelled_at", columns.instant(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('rest', 'ill', 'travelling', 'hospital', 'stop')", name=op.f("ck_pause_kind")
        ),
        sa.CheckConstraint(
            "until_day IS NULL OR until_day > first_day", name=op.f("ck_pause_some_day")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id", "activity_id"],
            ["activity.patient_id", "activity.id"],
            name=op.f("fk_pause_patient_id_activity_id_activity"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_pause_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("patient_id", "id", name=op.f("pk_pause")),
    )
    op.create_table(
        "revision",
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("activity_id", columns.identifier(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("schedule", columns.document(), nullable=False),
        sa.Column("asked", columns.document(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("author_id", columns.identifier(), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_revision_author_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id", "activity_id"],
            ["activity.patient_id", "activity.id"],
            name=op.f("fk_revision_patient_id_activity_id_activity"),
        ),
        sa.PrimaryKeyConstraint("patient_id", "activity_id", "number", name=op.f("pk_revision")),
    )

    _guard()


def _guard() -> None:
    """Refuse to change or remove a line of a table that only grows."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
        for table in APPEND_ONLY:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION append_only()"
            )
    else:
        for table in APPEND_ONLY:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )


def downgrade() -> None:
    raise NotImplementedError("The first step has nothing before it; restore a backup instead.")
