"""Above a business: keys of agencies and of the platform, and agencies that are switched off."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "house_key",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("agency_id", sa.String(), sa.ForeignKey("agency.id")),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False, unique=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_house_key_agency_id", "house_key", ["agency_id"])
    op.create_table(
        "house_repeat",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.JSON()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    with op.batch_alter_table("agency") as changed:
        changed.add_column(sa.Column("off_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    with op.batch_alter_table("agency") as changed:
        changed.drop_column("off_at")
    op.drop_table("house_repeat")
    op.drop_table("house_key")
