"""How far a turn's video is."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("turn") as changed:
        changed.add_column(sa.Column("progress", sa.Integer()))


def downgrade() -> None:
    with op.batch_alter_table("turn") as changed:
        changed.drop_column("progress")
