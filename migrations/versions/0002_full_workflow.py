"""Full workflow"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "history_seal",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_history_seal")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_history_seal_entry_id")),
    )
    op.create_table(
        "reset_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reset_request")),
    )
    with op.batch_alter_table("reset_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reset_request_account_at"), ["account", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_reset_request_address_at"), ["address", "at"], unique=False)

    op.create_table(
        "setting",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_setting")),
    )
    op.create_table(
        "setup_draft",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_setup_draft")),
    )
    op.create_table(
        "account_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum("invitation", "reset", name="link_purpose", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("is_by_mail", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_account_link_made_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["user_account.id"], name=op.f("fk_account_link_person_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_link")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_account_link_fingerprint")),
    )
    with op.batch_alter_table("account_link", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_account_link_person_id_expires_at"), ["person_id", "expires_at"], unique=False
        )

    op.create_table(
        "coordination_meeting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("body_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("planned_by_id", sa.Integer(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["body_id"], ["department.id"], name=op.f("fk_coordination_meeting_body_id_department")
        ),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["user_account.id"], name=op.f("fk_coordination_meeting_ended_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["planned_by_id"], ["user_account.id"], name=op.f("fk_coordination_meeting_planned_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coordination_meeting")),
    )
    with op.batch_alter_table("coordination_meeting", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_coordination_meeting_body_id_held_on"), ["body_id", "held_on"], unique=False
        )

    op.create_table(
        "department_succession",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "merger",
                "split",
                "transfer",
                name="succession_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=False),
        sa.Column("request_key", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_department_succession_decided_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["department_id"], ["department.id"], name=op.f("fk_department_succession_department_id_department")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department_succession")),
        sa.UniqueConstraint("request_key", name=op.f("uq_department_succession_request_key")),
    )
    with op.batch_alter_table("department_succession", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_department_succession_department_id"), ["department_id"], unique=False)

    op.create_table(
        "directory_upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sent_by_id", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sheets", sa.JSON(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["department.id"], name=op.f("fk_directory_upload_parent_id_department")
        ),
        sa.ForeignKeyConstraint(
            ["sent_by_id"], ["user_account.id"], name=op.f("fk_directory_upload_sent_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_upload")),
    )
    with op.batch_alter_table("directory_upload", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_directory_upload_sent_by_id_sent_at"), ["sent_by_id", "sent_at"], unique=False
        )

    op.create_table(
        "order_series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("body_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "issue_note",
                "reminder_note",
                "yellow",
                "red",
                name="order_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["body_id"], ["department.id"], name=op.f("fk_order_series_body_id_department")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_series")),
        sa.UniqueConstraint("body_id", "kind", "year", name=op.f("uq_order_series_body_id_kind_year")),
    )
    op.create_table(
        "department_successor",
        sa.Column("succession_id", sa.Integer(), nullable=False),
        sa.Column("successor_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["succession_id"],
            ["department_succession.id"],
            name=op.f("fk_department_successor_succession_id_department_succession"),
        ),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["department.id"], name=op.f("fk_department_successor_successor_id_department")
        ),
        sa.PrimaryKeyConstraint("succession_id", "successor_id", name=op.f("pk_department_successor")),
    )
    with op.batch_alter_table("department_successor", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_department_successor_successor_id"), ["successor_id"], unique=False)

    op.create_table(
        "portfolio_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("plan_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(department_id IS NULL) <> (plan_id IS NULL)", name=op.f("ck_portfolio_item_department_or_plan")
        ),
        sa.ForeignKeyConstraint(
            ["department_id"], ["department.id"], name=op.f("fk_portfolio_item_department_id_department")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["user_account.id"], name=op.f("fk_portfolio_item_person_id_user_account")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_portfolio_item_plan_id_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portfolio_item")),
        sa.UniqueConstraint("person_id", "department_id", name=op.f("uq_portfolio_item_person_id_department_id")),
        sa.UniqueConstraint("person_id", "plan_id", name=op.f("uq_portfolio_item_person_id_plan_id")),
    )
    op.create_table(
        "scan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("body_id", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_name", sa.String(length=255), nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "reading",
                "done",
                "failed",
                name="scan_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("pages_done", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("reader", sa.String(length=36), nullable=True),
        sa.Column("reader_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(length=32), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["body_id"], ["department.id"], name=op.f("fk_scan_body_id_department")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_scan_created_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["import_draft.id"], name=op.f("fk_scan_draft_id_import_draft"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan")),
    )
    with op.batch_alter_table("scan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_scan_source_sha256"), ["source_sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_scan_state_id"), ["state", "id"], unique=False)

    op.create_table(
        "instruction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reply_due_on", sa.Date(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_instruction_author_id_user_account")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_instruction_plan_id_plan")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_instruction_task_id_task")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instruction")),
    )
    with op.batch_alter_table("instruction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_instruction_author_id_id"), ["author_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_instruction_plan_id"), ["plan_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_instruction_task_id"), ["task_id"], unique=False)

    op.create_table(
        "target",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("quantity", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=50), nullable=False),
        sa.Column(
            "comparison",
            sa.Enum(
                "reach",
                "at_least",
                "at_most",
                "more_than",
                "less_than",
                "about",
                "exactly",
                "between",
                "increase_by",
                "decrease_by",
                name="comparison",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("upper", sa.Double(), nullable=True),
        sa.Column("base_year", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_target_task_id_task"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target")),
        sa.UniqueConstraint("task_id", "position", name=op.f("uq_target_task_id_position")),
    )
    op.create_table(
        "extension",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("asked_due_on", sa.Date(), nullable=False),
        sa.Column(
            "result",
            sa.Enum(
                "granted",
                "shortened",
                "refused",
                "lapsed",
                name="extension_result",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("granted_due_on", sa.Date(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("asked_due_on > due_on", name=op.f("ck_extension_asked_is_later")),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_extension_asked_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_extension_assignment_id_assignment")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_extension_decided_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extension")),
    )
    with op.batch_alter_table("extension", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_extension_assignment_id"), ["assignment_id"], unique=False)
        batch_op.create_index(
            "uq_extension_undecided",
            ["assignment_id"],
            unique=True,
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        )

    op.create_table(
        "hand_light",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("set_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("ends_on >= set_on", name=op.f("ck_hand_light_ends_after_it_was_set")),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_hand_light_assignment_id_assignment")
        ),
        sa.ForeignKeyConstraint(["set_by_id"], ["user_account.id"], name=op.f("fk_hand_light_set_by_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_light")),
    )
    with op.batch_alter_table("hand_light", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_hand_light_assignment_id_ends_on"), ["assignment_id", "ends_on"], unique=False
        )

    op.create_table(
        "instruction_duty",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("instruction_id", sa.Integer(), nullable=False),
        sa.Column(
            "addressee",
            sa.Enum("supervisors", "leads", name="addressee", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "replied",
                "returned",
                "accepted",
                name="duty_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"], ["department.id"], name=op.f("fk_instruction_duty_department_id_department")
        ),
        sa.ForeignKeyConstraint(
            ["instruction_id"], ["instruction.id"], name=op.f("fk_instruction_duty_instruction_id_instruction")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instruction_duty")),
        sa.UniqueConstraint(
            "instruction_id",
            "addressee",
            "department_id",
            name=op.f("uq_instruction_duty_instruction_id_addressee_department_id"),
        ),
    )
    with op.batch_alter_table("instruction_duty", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_instruction_duty_department_id_state"), ["department_id", "state"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_instruction_duty_state_due_on"), ["state", "due_on"], unique=False)

    op.create_table(
        "objection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("raised_by_id", sa.Integer(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "state_before",
            sa.Enum(
                "pending",
                "in_progress",
                "head_review",
                "submitted",
                "accepted",
                "objected",
                "withdrawn",
                "waived",
                "not_submitted",
                name="assignment_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("proposed_department_id", sa.Integer(), nullable=True),
        sa.Column(
            "result",
            sa.Enum(
                "upheld",
                "refused",
                "lapsed",
                name="objection_result",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("new_assignment_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_objection_assignment_id_assignment")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_objection_decided_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["new_assignment_id"], ["assignment.id"], name=op.f("fk_objection_new_assignment_id_assignment")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_department_id"], ["department.id"], name=op.f("fk_objection_proposed_department_id_department")
        ),
        sa.ForeignKeyConstraint(
            ["raised_by_id"], ["user_account.id"], name=op.f("fk_objection_raised_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
    )
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_objection_assignment_id"), ["assignment_id"], unique=False)
        batch_op.create_index(
            "uq_objection_undecided",
            ["assignment_id"],
            unique=True,
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        )

    op.create_table(
        "planned_value",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "target_id IS NOT NULL OR value BETWEEN 0 AND 100", name=op.f("ck_planned_value_percent_range")
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["target.id"], name=op.f("fk_planned_value_target_id_target"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["task.id"], name=op.f("fk_planned_value_task_id_task"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_value")),
    )
    with op.batch_alter_table("planned_value", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_planned_value_task_id_target_id_ends_on"), ["task_id", "target_id", "ends_on"], unique=False
        )
        batch_op.create_index(
            "uq_planned_figure",
            ["target_id", "ends_on"],
            unique=True,
            sqlite_where=sa.text("target_id IS NOT NULL"),
            postgresql_where=sa.text("target_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_planned_percent",
            ["task_id", "ends_on"],
            unique=True,
            sqlite_where=sa.text("target_id IS NULL"),
            postgresql_where=sa.text("target_id IS NULL"),
        )

    op.create_table(
        "succession_work",
        sa.Column("succession_id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("successor_id", sa.Integer(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "moves", "leads_now", "joins", name="work_outcome", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_succession_work_assignment_id_assignment")
        ),
        sa.ForeignKeyConstraint(
            ["succession_id"],
            ["department_succession.id"],
            name=op.f("fk_succession_work_succession_id_department_succession"),
        ),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["department.id"], name=op.f("fk_succession_work_successor_id_department")
        ),
        sa.PrimaryKeyConstraint("succession_id", "assignment_id", name=op.f("pk_succession_work")),
    )
    with op.batch_alter_table("succession_work", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_succession_work_assignment_id"), ["assignment_id"], unique=False)

    op.create_table(
        "supervision_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("body_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "issue_note",
                "reminder_note",
                "yellow",
                "red",
                name="order_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column(
            "ground",
            sa.Enum(
                "decided",
                "late",
                "long_late",
                "yellow_passed",
                name="order_ground",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("task_due_on", sa.Date(), nullable=True),
        sa.Column("deadline_version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("confirmed_by_id", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "replied",
                "settled",
                "withdrawn",
                name="order_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("replied_by_id", sa.Integer(), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_supervision_order_assignment_id_assignment")
        ),
        sa.ForeignKeyConstraint(["body_id"], ["department.id"], name=op.f("fk_supervision_order_body_id_department")),
        sa.ForeignKeyConstraint(
            ["confirmed_by_id"], ["user_account.id"], name=op.f("fk_supervision_order_confirmed_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_supervision_order_decided_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["replied_by_id"], ["user_account.id"], name=op.f("fk_supervision_order_replied_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_order")),
        sa.UniqueConstraint(
            "body_id", "kind", "year", "number", name=op.f("uq_supervision_order_body_id_kind_year_number")
        ),
    )
    with op.batch_alter_table("supervision_order", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_supervision_order_assignment_id"), ["assignment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_supervision_order_state_due_on"), ["state", "due_on"], unique=False)

    op.create_table(
        "attachment",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("uploaded_by_id", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=True),
        sa.Column("report_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("size > 0", name=op.f("ck_attachment_not_empty")),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_attachment_assignment_id_assignment")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["progress_report.id"], name=op.f("fk_attachment_report_id_progress_report")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_attachment_task_id_task")),
        sa.ForeignKeyConstraint(
            ["uploaded_by_id"], ["user_account.id"], name=op.f("fk_attachment_uploaded_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachment_assignment_id"), ["assignment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attachment_report_id"), ["report_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attachment_task_id_uploaded_at"), ["task_id", "uploaded_at"], unique=False)

    op.create_table(
        "help_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "decided",
                "done",
                "withdrawn",
                name="help_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("act_by", sa.Date(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state <> 'decided' OR owner_id IS NOT NULL", name=op.f("ck_help_request_decided_has_owner")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_help_request_asked_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_help_request_assignment_id_assignment")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_help_request_decided_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["user_account.id"], name=op.f("fk_help_request_ended_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["coordination_meeting.id"], name=op.f("fk_help_request_meeting_id_coordination_meeting")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["department.id"], name=op.f("fk_help_request_owner_id_department")),
        sa.ForeignKeyConstraint(
            ["report_id"], ["progress_report.id"], name=op.f("fk_help_request_report_id_progress_report")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_help_request_task_id_task")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_help_request")),
    )
    with op.batch_alter_table("help_request", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_help_request_assignment_id_state"), ["assignment_id", "state"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_help_request_meeting_id"), ["meeting_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_help_request_owner_id_state"), ["owner_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_help_request_state_asked_on"), ["state", "asked_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_help_request_task_id_id"), ["task_id", "id"], unique=False)

    op.create_table(
        "instruction_reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("duty_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("replied_by_id", sa.Integer(), nullable=False),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "result",
            sa.Enum("accepted", "returned", name="reply_result", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_instruction_reply_decided_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["duty_id"], ["instruction_duty.id"], name=op.f("fk_instruction_reply_duty_id_instruction_duty")
        ),
        sa.ForeignKeyConstraint(
            ["replied_by_id"], ["user_account.id"], name=op.f("fk_instruction_reply_replied_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instruction_reply")),
    )
    with op.batch_alter_table("instruction_reply", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_instruction_reply_duty_id_id"), ["duty_id", "id"], unique=False)
        batch_op.create_index(
            "uq_instruction_reply_undecided",
            ["duty_id"],
            unique=True,
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        )

    op.create_table(
        "period_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("first_reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_period_report_assignment_id_assignment")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["progress_report.id"], name=op.f("fk_period_report_report_id_progress_report")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_report")),
        sa.UniqueConstraint("assignment_id", "period", name=op.f("uq_period_report_assignment_id_period")),
    )
    with op.batch_alter_table("period_report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_period_report_report_id"), ["report_id"], unique=False)

    op.create_table(
        "report_figure",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["progress_report.id"], name=op.f("fk_report_figure_report_id_progress_report")
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["target.id"], name=op.f("fk_report_figure_target_id_target"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("report_id", "target_id", name=op.f("pk_report_figure")),
    )
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_held", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reported_until", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("owing_since", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("department", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "level",
                sa.Enum(
                    "province",
                    "city",
                    "county",
                    "town",
                    "group",
                    "company",
                    "section",
                    name="department_level",
                    native_enum=False,
                    create_constraint=False,
                    length=32,
                ),
                nullable=True,
            )
        )

    with op.batch_alter_table("department_name", schema=None) as batch_op:
        batch_op.add_column(sa.Column("valid_from", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("valid_to", sa.Date(), nullable=True))

    with op.batch_alter_table("history_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("subject", sa.String(length=32), nullable=False, server_default="task"))
        batch_op.add_column(sa.Column("subject_id", sa.Integer(), nullable=True))
        batch_op.alter_column("actor_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.alter_column("task_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.create_index(batch_op.f("ix_history_entry_actor_id_at_id"), ["actor_id", "at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_history_entry_at_id"), ["at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_history_entry_entrance_at_id"), ["entrance", "at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_history_entry_subject_at_id"), ["subject", "at", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_history_entry_subject_subject_id_at_id"), ["subject", "subject_id", "at", "id"], unique=False
        )
        batch_op.drop_constraint(batch_op.f("fk_history_entry_assignment_id_assignment"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_history_entry_task_id_task"), type_="foreignkey")

    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "report_rhythm",
                sa.Enum(
                    "none",
                    "weekly",
                    "monthly",
                    "quarterly",
                    "half_yearly",
                    name="plan_rhythm",
                    native_enum=False,
                    create_constraint=False,
                    length=32,
                ),
                nullable=False,
                server_default="none",
            )
        )
        batch_op.add_column(sa.Column("report_day", sa.Integer(), nullable=True))

    with op.batch_alter_table("progress_report", schema=None) as batch_op:
        batch_op.add_column(sa.Column("period", sa.String(length=8), nullable=True))

    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("must_change_password", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("department", schema=None) as batch_op:
        batch_op.create_check_constraint(
            op.f("ck_department_department_level"),
            "level IN ('province', 'city', 'county', 'town', 'group', 'company', 'section')",
        )

    with op.batch_alter_table("department_name", schema=None) as batch_op:
        batch_op.create_check_constraint(
            op.f("ck_department_name_ends_after_start"),
            "valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from",
        )

    with op.batch_alter_table("department_name", schema=None) as batch_op:
        batch_op.create_check_constraint(
            op.f("ck_department_name_official_has_not_ended"), "NOT (is_official AND valid_to IS NOT NULL)"
        )

    with op.batch_alter_table("history_entry", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_history_entry_act"), type_="check")

    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.create_check_constraint(
            op.f("ck_plan_plan_rhythm"), "report_rhythm IN ('none', 'weekly', 'monthly', 'quarterly', 'half_yearly')"
        )

    # What is recorded of tasks has the task as its subject.
    op.execute("UPDATE history_entry SET subject_id = task_id")
    # The trail is append-only, for whoever comes through the database too. On SQLite a batch operation rebuilds its
    # table: a later migration that alters one of these must make its triggers again.
    if op.get_bind().dialect.name == "sqlite":
        for table in ("history_entry", "history_seal"):
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_refuses_{act.lower()} BEFORE {act} ON {table}"
                    f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
    else:
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
        for table in ("history_entry", "history_seal"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
            op.execute(
                f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )


def downgrade() -> None:
    for table in ("history_entry", "history_seal"):
        if op.get_bind().dialect.name == "sqlite":
            for act in ("update", "delete"):
                op.execute(f"DROP TRIGGER {table}_refuses_{act}")
        else:
            op.execute(f"DROP TRIGGER {table}_refuses_change ON {table}")
            op.execute(f"DROP TRIGGER {table}_refuses_truncate ON {table}")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION refuse_change()")
    # The first shape knows acts of people on tasks that are there, and nothing else.
    op.execute(
        "DELETE FROM history_entry WHERE subject <> 'task' OR actor_id IS NULL"
        " OR task_id NOT IN (SELECT id FROM task) OR act NOT IN ('issue', 'return', 'close', 'suspend', 'resume',"
        " 'terminate', 'reopen', 'correct', 'acknowledge', 'dispatch', 'object', 'refuse_objection',"
        " 'uphold_objection', 'report', 'submit', 'sign_off', 'return_inside', 'withdraw', 'return_submission',"
        " 'accept_submission')"
    )
    op.execute("UPDATE history_entry SET assignment_id = NULL WHERE assignment_id NOT IN (SELECT id FROM assignment)")

    with op.batch_alter_table("department", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_department_department_level"), type_="check")

    with op.batch_alter_table("department_name", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_department_name_ends_after_start"), type_="check")

    with op.batch_alter_table("department_name", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_department_name_official_has_not_ended"), type_="check")

    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_plan_plan_rhythm"), type_="check")

    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.drop_column("must_change_password")

    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_column("archived_at")

    with op.batch_alter_table("progress_report", schema=None) as batch_op:
        batch_op.drop_column("period")

    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.drop_column("report_day")
        batch_op.drop_column("report_rhythm")

    with op.batch_alter_table("history_entry", schema=None) as batch_op:
        batch_op.create_foreign_key(batch_op.f("fk_history_entry_task_id_task"), "task", ["task_id"], ["id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_history_entry_assignment_id_assignment"), "assignment", ["assignment_id"], ["id"]
        )
        batch_op.drop_index(batch_op.f("ix_history_entry_subject_subject_id_at_id"))
        batch_op.drop_index(batch_op.f("ix_history_entry_subject_at_id"))
        batch_op.drop_index(batch_op.f("ix_history_entry_entrance_at_id"))
        batch_op.drop_index(batch_op.f("ix_history_entry_at_id"))
        batch_op.drop_index(batch_op.f("ix_history_entry_actor_id_at_id"))
        batch_op.alter_column("task_id", existing_type=sa.INTEGER(), nullable=False)
        batch_op.alter_column("actor_id", existing_type=sa.INTEGER(), nullable=False)
        batch_op.drop_column("subject_id")
        batch_op.drop_column("subject")

    with op.batch_alter_table("department_name", schema=None) as batch_op:
        batch_op.drop_column("valid_to")
        batch_op.drop_column("valid_from")

    with op.batch_alter_table("department", schema=None) as batch_op:
        batch_op.drop_column("level")

    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.drop_column("owing_since")
        batch_op.drop_column("reported_until")
        batch_op.drop_column("issued_at")
        batch_op.drop_column("is_held")

    op.drop_table("report_figure")
    with op.batch_alter_table("period_report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_period_report_report_id"))

    op.drop_table("period_report")
    with op.batch_alter_table("instruction_reply", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_instruction_reply_undecided",
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_instruction_reply_duty_id_id"))

    op.drop_table("instruction_reply")
    with op.batch_alter_table("help_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_help_request_task_id_id"))
        batch_op.drop_index(batch_op.f("ix_help_request_state_asked_on"))
        batch_op.drop_index(batch_op.f("ix_help_request_owner_id_state"))
        batch_op.drop_index(batch_op.f("ix_help_request_meeting_id"))
        batch_op.drop_index(batch_op.f("ix_help_request_assignment_id_state"))

    op.drop_table("help_request")
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attachment_task_id_uploaded_at"))
        batch_op.drop_index(batch_op.f("ix_attachment_report_id"))
        batch_op.drop_index(batch_op.f("ix_attachment_assignment_id"))

    op.drop_table("attachment")
    with op.batch_alter_table("supervision_order", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_supervision_order_state_due_on"))
        batch_op.drop_index(batch_op.f("ix_supervision_order_assignment_id"))

    op.drop_table("supervision_order")
    with op.batch_alter_table("succession_work", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_succession_work_assignment_id"))

    op.drop_table("succession_work")
    with op.batch_alter_table("planned_value", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_planned_percent",
            sqlite_where=sa.text("target_id IS NULL"),
            postgresql_where=sa.text("target_id IS NULL"),
        )
        batch_op.drop_index(
            "uq_planned_figure",
            sqlite_where=sa.text("target_id IS NOT NULL"),
            postgresql_where=sa.text("target_id IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_planned_value_task_id_target_id_ends_on"))

    op.drop_table("planned_value")
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_objection_undecided",
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_objection_assignment_id"))

    op.drop_table("objection")
    with op.batch_alter_table("instruction_duty", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_instruction_duty_state_due_on"))
        batch_op.drop_index(batch_op.f("ix_instruction_duty_department_id_state"))

    op.drop_table("instruction_duty")
    with op.batch_alter_table("hand_light", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hand_light_assignment_id_ends_on"))

    op.drop_table("hand_light")
    with op.batch_alter_table("extension", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_extension_undecided",
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_extension_assignment_id"))

    op.drop_table("extension")
    op.drop_table("target")
    with op.batch_alter_table("instruction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_instruction_task_id"))
        batch_op.drop_index(batch_op.f("ix_instruction_plan_id"))
        batch_op.drop_index(batch_op.f("ix_instruction_author_id_id"))

    op.drop_table("instruction")
    with op.batch_alter_table("scan", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_scan_state_id"))
        batch_op.drop_index(batch_op.f("ix_scan_source_sha256"))

    op.drop_table("scan")
    op.drop_table("portfolio_item")
    with op.batch_alter_table("department_successor", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_department_successor_successor_id"))

    op.drop_table("department_successor")
    op.drop_table("order_series")
    with op.batch_alter_table("directory_upload", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_directory_upload_sent_by_id_sent_at"))

    op.drop_table("directory_upload")
    with op.batch_alter_table("department_succession", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_department_succession_department_id"))

    op.drop_table("department_succession")
    with op.batch_alter_table("coordination_meeting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_coordination_meeting_body_id_held_on"))

    op.drop_table("coordination_meeting")
    with op.batch_alter_table("account_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_link_person_id_expires_at"))

    op.drop_table("account_link")
    op.drop_table("setup_draft")
    op.drop_table("setting")
    with op.batch_alter_table("reset_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reset_request_address_at"))
        batch_op.drop_index(batch_op.f("ix_reset_request_account_at"))

    op.drop_table("reset_request")
    op.drop_table("history_seal")
