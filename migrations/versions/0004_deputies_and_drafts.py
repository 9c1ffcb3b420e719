"""Deputies and drafts"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person_absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("deputy_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.CheckConstraint("deputy_id <> person_id", name=op.f("ck_person_absence_somebody_else")),
        sa.CheckConstraint("to_on >= from_on", name=op.f("ck_person_absence_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["deputy_id"], ["user_account.id"], name=op.f("fk_person_absence_deputy_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["user_account.id"], name=op.f("fk_person_absence_person_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_absence")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("person_absence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_absence_person_id_from_on"), ["person_id", "from_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_absence_to_on"), ["to_on"], unique=False)

    op.create_table(
        "roundup",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("body_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("monthly", "quarterly", name="roundup_kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_by_id", sa.Integer(), nullable=True),
        sa.Column("sent_to", sa.JSON(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["body_id"], ["department.id"], name=op.f("fk_roundup_body_id_department")),
        sa.ForeignKeyConstraint(["sent_by_id"], ["user_account.id"], name=op.f("fk_roundup_sent_by_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roundup")),
        sa.UniqueConstraint("body_id", "kind", "first_on", name=op.f("uq_roundup_body_id_kind_first_on")),
    )


def downgrade() -> None:

    op.drop_table("roundup")
    with op.batch_alter_table("person_absence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_absence_to_on"))
        batch_op.drop_index(batch_op.f("ix_person_absence_person_id_from_on"))

    op.drop_table("person_absence")
