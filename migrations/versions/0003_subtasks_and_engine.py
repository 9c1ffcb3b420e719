"""Sub-tasks and the engine"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("instruction", schema=None) as batch_op:
        batch_op.add_column(sa.Column("withdrawn_by_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("withdrawal_reason", sa.Text(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_instruction_withdrawn_by_id_user_account"), "user_account", ["withdrawn_by_id"], ["id"]
        )

    with op.batch_alter_table("progress_report", schema=None) as batch_op:
        batch_op.add_column(sa.Column("why_lower", sa.Text(), nullable=False, server_default=""))

    with op.batch_alter_table("instruction_duty", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_instruction_duty_duty_state"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_instruction_duty_duty_state"), "state IN ('open', 'replied', 'returned', 'accepted', 'withdrawn')"
        )


def downgrade() -> None:

    with op.batch_alter_table("progress_report", schema=None) as batch_op:
        batch_op.drop_column("why_lower")

    with op.batch_alter_table("instruction", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_instruction_withdrawn_by_id_user_account"), type_="foreignkey")
        batch_op.drop_column("withdrawal_reason")
        batch_op.drop_column("withdrawn_at")
        batch_op.drop_column("withdrawn_by_id")

    with op.batch_alter_table("instruction_duty", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_instruction_duty_duty_state"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_instruction_duty_duty_state"), "state IN ('open', 'replied', 'returned', 'accepted')"
        )
