"""What a period's figures are counted in: indexes, and the stages of turns with their own time and account."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

# Until it is known.
LONG_AGO = "1970-01-01 00:00:00"


def upgrade() -> None:
    op.create_index(
        "ix_message_period",
        "message",
        ["tenant_id", "created_at", "account_id", "direction", "kind", "status", "conversation_id"],
    )
    op.create_index("ix_turn_period", "turn", ["tenant_id", "started_at", "state", "note"])
    with op.batch_alter_table("turn_stage") as changed:
        changed.alter_column("turn_id", existing_type=sa.String(), nullable=True)
        changed.add_column(sa.Column("account_id", sa.String()))
        changed.add_column(sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=LONG_AGO))
    begun = "SELECT t.started_at FROM turn t WHERE t.id = turn_stage.turn_id"
    where = "SELECT c.account_id FROM turn t JOIN conversation c ON c.id = t.conversation_id"
    op.execute(f"UPDATE turn_stage SET at = ({begun}), account_id = ({where} WHERE t.id = turn_stage.turn_id)")  # noqa: S608 - our own names
    counted = ["tenant_id", "at", "account_id", "name", "engine", "unit", "units", "cost"]
    op.create_index("ix_turn_stage_period", "turn_stage", counted)


def downgrade() -> None:
    op.drop_index("ix_turn_stage_period", "turn_stage")
    op.execute("DELETE FROM turn_stage WHERE turn_id IS NULL")
    with op.batch_alter_table("turn_stage") as changed:
        changed.drop_column("at")
        changed.drop_column("account_id")
        changed.alter_column("turn_id", existing_type=sa.String(), nullable=False)
    op.drop_index("ix_turn_period", "turn")
    op.drop_index("ix_message_period", "message")
