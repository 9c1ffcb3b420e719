"""Sub-tasks and the engine"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WITH_IDS_OF_THEIR_OWN = (
    "task",
    "assignment",
    "import_draft",
    "department_name",
    "department_member",
    "directory_upload",
    "post",
    "portfolio_item",
    "scan",
)


def upgrade() -> None:
    op.create_table(
        "mail_address",
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("off_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_mail_address")),
    )
    op.create_table(
        "mail_gate",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("closed_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_mail_gate_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_gate")),
    )
    op.create_table(
        "scheduler_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "took_over",
                "stepped_down",
                "clock_stepped",
                "suspended",
                "database_back",
                name="scheduler_event_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("holder", sa.String(length=120), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduler_event")),
    )
    with op.batch_alter_table("scheduler_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_scheduler_event_at"), ["at"], unique=False)

    op.create_table(
        "kept_form",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["user_account.id"], name=op.f("fk_kept_form_person_id_user_account")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_kept_form")),
    )
    with op.batch_alter_table("kept_form", schema=None) as batch_op:
        batch_op.create_index("ix_kept_form_person_id_kept_at", ["person_id", "kept_at"], unique=False)

    op.create_table(
        "robot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "wecom", "dingtalk", "feishu", name="robot_kind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.String(length=128), nullable=True),
        sa.Column("sends_weekly", sa.Boolean(), nullable=False),
        sa.Column("sends_daily", sa.Boolean(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_robot_department_id_department")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_robot")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "robot_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("robot_id", sa.Integer(), nullable=False),
        sa.Column("message_key", sa.String(length=100), nullable=False),
        sa.Column(
            "digest",
            sa.Enum(
                "weekly", "daily", "trial", name="robot_digest", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "sending",
                "sent",
                "refused",
                "expired",
                "unknown",
                name="robot_message_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["robot_id"], ["robot.id"], name=op.f("fk_robot_message_robot_id_robot"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_robot_message")),
        sa.UniqueConstraint("message_key", name=op.f("uq_robot_message_message_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("robot_message", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_robot_message_robot_id_started_at"), ["robot_id", "started_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_robot_message_state"), ["state"], unique=False)

    op.create_table(
        "reminder_snooze",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("in_a_row", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_again_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_reminder_snooze_assignment_id_assignment")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["user_account.id"], name=op.f("fk_reminder_snooze_person_id_user_account")
        ),
        sa.PrimaryKeyConstraint("person_id", "assignment_id", "day", name=op.f("pk_reminder_snooze")),
    )
    with op.batch_alter_table("reminder_snooze", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_reminder_snooze_assignment_id_until_on"), ["assignment_id", "until_on"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_reminder_snooze_until_on"), ["until_on"], unique=False)

    op.create_table(
        "task_lineage",
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("distance", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_task_lineage_assignment_id_assignment")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_task_lineage_task_id_task")),
        sa.PrimaryKeyConstraint("task_id", "assignment_id", name=op.f("pk_task_lineage")),
    )
    with op.batch_alter_table("task_lineage", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_task_lineage_assignment_id_distance"), ["assignment_id", "distance"], unique=False
        )

    op.create_table(
        "reply_reminder",
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("duty_id", sa.Integer(), nullable=False),
        sa.Column("anchor_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["duty_id"], ["instruction_duty.id"], name=op.f("fk_reply_reminder_duty_id_instruction_duty")
        ),
        sa.PrimaryKeyConstraint("rule", "duty_id", "anchor_on", name=op.f("pk_reply_reminder")),
    )
    with op.batch_alter_table("instruction", schema=None) as batch_op:
        batch_op.add_column(sa.Column("withdrawn_by_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("withdrawal_reason", sa.Text(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_instruction_withdrawn_by_id_user_account"), "user_account", ["withdrawn_by_id"], ["id"]
        )

    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("claimed_by", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("read_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("told_in_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_outbox_message_claimed_at"), ["claimed_at"], unique=False)
        batch_op.create_index(
            "ix_outbox_message_told",
            ["told_in_id"],
            unique=False,
            sqlite_where=sa.text("told_in_id IS NOT NULL"),
            postgresql_where=sa.text("told_in_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_outbox_message_unread",
            ["person_id"],
            unique=False,
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_outbox_message_told_in_id_outbox_message"), "outbox_message", ["told_in_id"], ["id"]
        )

    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "rhythm_origin",
                sa.Enum(
                    "stated",
                    "default",
                    "decided",
                    name="rhythm_origin",
                    native_enum=False,
                    create_constraint=False,
                    length=32,
                ),
                nullable=False,
                server_default="decided",
            )
        )
        batch_op.add_column(sa.Column("reminder_changes", sa.JSON(none_as_null=True), nullable=True))

    with op.batch_alter_table("progress_report", schema=None) as batch_op:
        batch_op.add_column(sa.Column("why_lower", sa.Text(), nullable=False, server_default=""))

    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reminder_assignment_id"), ["assignment_id"], unique=False)

    with op.batch_alter_table("scheduler_lease", schema=None) as batch_op:
        batch_op.add_column(sa.Column("beat", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("is_released", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_unique_constraint(batch_op.f("uq_scheduler_lease_epoch"), ["epoch"])
        batch_op.drop_column("expires_at")

    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parent_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("weight", sa.Integer(), nullable=False, server_default="1"))
        batch_op.drop_constraint(batch_op.f("uq_task_measure_id"), type_="unique")
        batch_op.drop_constraint(batch_op.f("uq_task_plan_id_position"), type_="unique")
        batch_op.create_index(batch_op.f("ix_task_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_task_plan_id_position"), ["plan_id", "position"], unique=False)
        batch_op.create_index(
            "uq_task_root_measure",
            ["measure_id"],
            unique=True,
            sqlite_where=sa.text("parent_id IS NULL"),
            postgresql_where=sa.text("parent_id IS NULL"),
        )
        batch_op.create_index(
            "uq_task_root_position",
            ["plan_id", "position"],
            unique=True,
            sqlite_where=sa.text("parent_id IS NULL"),
            postgresql_where=sa.text("parent_id IS NULL"),
        )
        batch_op.create_foreign_key(batch_op.f("fk_task_parent_id_task"), "task", ["parent_id"], ["id"])

    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "notice_wish",
                sa.Enum(
                    "at_once",
                    "morning",
                    "none",
                    name="notice_wish",
                    native_enum=False,
                    create_constraint=False,
                    length=32,
                ),
                nullable=False,
                server_default="at_once",
            )
        )
        batch_op.add_column(sa.Column("wants_digest", sa.Boolean(), nullable=False, server_default=sa.true()))

    with op.batch_alter_table("instruction_duty", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_instruction_duty_duty_state"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_instruction_duty_duty_state"), "state IN ('open', 'replied', 'returned', 'accepted', 'withdrawn')"
        )

    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_outbox_message_outbox_state"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_outbox_message_outbox_state"),
            "state IN ('queued', 'claimed', 'sending', 'sent', 'retry', 'dead', 'expired', 'unknown', 'inbox_only', 'put_off', 'told')",
        )

    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.create_check_constraint(
            op.f("ck_plan_rhythm_origin"), "rhythm_origin IN ('stated', 'default', 'decided')"
        )

    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.create_check_constraint(op.f("ck_task_weight_range"), "weight BETWEEN 1 AND 100")

    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.create_check_constraint(
            op.f("ck_user_account_notice_wish"), "notice_wish IN ('at_once', 'morning', 'none')"
        )
    if op.get_bind().dialect.name == "sqlite":
        # Ids of rows that are taken away are not given to others.
        for name in WITH_IDS_OF_THEIR_OWN:
            with op.batch_alter_table(name, recreate="always", table_kwargs={"sqlite_autoincrement": True}):
                pass
    # Mails from before there was an inbox do not all stand there as unread.
    op.execute("UPDATE outbox_message SET read_at = created_at")


def downgrade() -> None:
    op.execute("UPDATE outbox_message SET state = 'queued' WHERE state = 'claimed'")
    op.execute("UPDATE outbox_message SET state = 'expired' WHERE state = 'inbox_only'")
    if op.get_bind().dialect.name == "sqlite":
        for name in WITH_IDS_OF_THEIR_OWN:
            with op.batch_alter_table(name, recreate="always"):
                pass
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_plan_rhythm_origin"), type_="check")

    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_task_weight_range"), type_="check")

    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_user_account_notice_wish"), type_="check")

    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.drop_column("wants_digest")
        batch_op.drop_column("notice_wish")

    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_task_parent_id_task"), type_="foreignkey")
        batch_op.drop_index(
            "uq_task_root_position",
            sqlite_where=sa.text("parent_id IS NULL"),
            postgresql_where=sa.text("parent_id IS NULL"),
        )
        batch_op.drop_index(
            "uq_task_root_measure",
            sqlite_where=sa.text("parent_id IS NULL"),
            postgresql_where=sa.text("parent_id IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_task_plan_id_position"))
        batch_op.drop_index(batch_op.f("ix_task_parent_id"))
        batch_op.create_unique_constraint(batch_op.f("uq_task_plan_id_position"), ["plan_id", "position"])
        batch_op.create_unique_constraint(batch_op.f("uq_task_measure_id"), ["measure_id"])
        batch_op.drop_column("weight")
        batch_op.drop_column("parent_id")

    with op.batch_alter_table("scheduler_lease", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "expires_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("CURRENT_TIMESTAMP")
            )
        )
        batch_op.drop_constraint(batch_op.f("uq_scheduler_lease_epoch"), type_="unique")
        batch_op.drop_column("is_released")
        batch_op.drop_column("beat")

    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reminder_assignment_id"))

    with op.batch_alter_table("progress_report", schema=None) as batch_op:
        batch_op.drop_column("why_lower")

    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.drop_column("reminder_changes")
        batch_op.drop_column("rhythm_origin")

    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_outbox_message_told_in_id_outbox_message"), type_="foreignkey")
        batch_op.drop_index(
            "ix_outbox_message_unread",
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_outbox_message_told",
            sqlite_where=sa.text("told_in_id IS NOT NULL"),
            postgresql_where=sa.text("told_in_id IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_outbox_message_claimed_at"))
        batch_op.drop_column("told_in_id")
        batch_op.drop_column("read_at")
        batch_op.drop_column("claimed_by")
        batch_op.drop_column("claimed_at")

    with op.batch_alter_table("instruction", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_instruction_withdrawn_by_id_user_account"), type_="foreignkey")
        batch_op.drop_column("withdrawal_reason")
        batch_op.drop_column("withdrawn_at")
        batch_op.drop_column("withdrawn_by_id")

    op.drop_table("reply_reminder")
    with op.batch_alter_table("task_lineage", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_task_lineage_assignment_id_distance"))

    op.drop_table("task_lineage")
    with op.batch_alter_table("reminder_snooze", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reminder_snooze_until_on"))
        batch_op.drop_index(batch_op.f("ix_reminder_snooze_assignment_id_until_on"))

    op.drop_table("reminder_snooze")
    with op.batch_alter_table("robot_message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_robot_message_state"))
        batch_op.drop_index(batch_op.f("ix_robot_message_robot_id_started_at"))

    op.drop_table("robot_message")
    op.drop_table("robot")
    with op.batch_alter_table("kept_form", schema=None) as batch_op:
        batch_op.drop_index("ix_kept_form_person_id_kept_at")

    op.drop_table("kept_form")
    with op.batch_alter_table("scheduler_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_scheduler_event_at"))

    op.drop_table("scheduler_event")
    op.drop_table("mail_gate")
    op.drop_table("mail_address")

    with op.batch_alter_table("instruction_duty", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_instruction_duty_duty_state"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_instruction_duty_duty_state"), "state IN ('open', 'replied', 'returned', 'accepted')"
        )

    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_outbox_message_outbox_state"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_outbox_message_outbox_state"),
            "state IN ('queued', 'sending', 'sent', 'retry', 'dead', 'expired', 'unknown')",
        )
