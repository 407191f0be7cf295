"""Live calls, keys to the public API, and notices to the tenants' own systems."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

MADE = ("call", "api_key", "idempotency", "subscription", "notice")


def upgrade() -> None:
    _calls()
    _keys()
    _notices()
    with op.batch_alter_table("message") as changed:
        changed.add_column(sa.Column("wish", sa.String()))
        changed.add_column(sa.Column("heard", sa.Text()))
    with op.batch_alter_table("turn") as changed:
        changed.add_column(sa.Column("call_id", sa.String()))
    op.create_index("ix_turn_call_id", "turn", ["call_id"])
    if op.get_bind().dialect.name == "postgresql":
        for table in MADE:
            _wall_off(table)


def downgrade() -> None:
    op.drop_index("ix_turn_call_id", "turn")
    with op.batch_alter_table("turn") as changed:
        changed.drop_column("call_id")
    with op.batch_alter_table("message") as changed:
        changed.drop_column("heard")
        changed.drop_column("wish")
    for table in reversed(MADE):
        op.drop_table(table)


def _wall_off(table: str) -> None:
    """Show and take only rows of the tenant that the transaction works for, even from the table's owner."""
    mine = "tenant_id = current_setting('sawtak.tenant', true) OR current_setting('sawtak.platform', true) = 'on'"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant_scope ON {table} USING ({mine}) WITH CHECK ({mine})")


def _strings(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _json(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.JSON(), nullable=False) for name in names]


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _table(name: str, *columns: sa.schema.SchemaItem, index: tuple[str, ...] = ()) -> None:
    tenant = sa.Column("tenant_id", sa.String(), sa.ForeignKey("tenant.id"), nullable=False)
    op.create_table(name, sa.Column("id", sa.String(), primary_key=True), tenant, *columns)
    for column in ("tenant_id", *index):
        op.create_index(f"ix_{name}_{column}", name, [column])


def _calls() -> None:
    _table(
        "call",
        sa.Column("conversation_id", sa.String(), sa.ForeignKey("conversation.id"), nullable=False),
        sa.Column("account_id", sa.String(), sa.ForeignKey("channel_account.id"), nullable=False),
        *_strings("provider_id"),
        sa.Column("outgoing", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        *_strings("reason"),
        sa.Column("token", sa.String()),
        sa.Column("opening", sa.Text(), nullable=False),
        sa.Column("language", sa.String()),
        sa.Column("recording", sa.String()),
        *_json("metrics"),
        *_strings("process"),
        _time("started_at"),
        _time("answered_at", nullable=True),
        _time("ended_at", nullable=True),
        sa.UniqueConstraint("account_id", "provider_id"),
        index=("conversation_id", "account_id", "state"),
    )


def _keys() -> None:
    _table(
        "api_key",
        *_strings("name", "prefix"),
        sa.Column("digest", sa.String(), nullable=False, unique=True),
        *_json("scopes"),
        sa.Column("public", sa.Boolean(), nullable=False),
        *_json("origins"),
        _time("created_at"),
        _time("used_at", nullable=True),
        _time("revoked_at", nullable=True),
    )
    _table(
        "idempotency",
        *_strings("key", "digest"),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.JSON()),
        _time("created_at"),
        sa.UniqueConstraint("tenant_id", "key"),
    )


def _notices() -> None:
    _table(
        "subscription",
        *_strings("url"),
        *_json("events"),
        *_strings("sealed"),
        sa.Column("active", sa.Boolean(), nullable=False),
        _time("created_at"),
    )
    _table(
        "notice",
        sa.Column("subscription_id", sa.String(), sa.ForeignKey("subscription.id"), nullable=False),
        *_strings("key", "event"),
        *_json("payload"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String()),
        _time("next_at"),
        _time("created_at"),
        _time("done_at", nullable=True),
        sa.UniqueConstraint("subscription_id", "key"),
        index=("subscription_id", "state", "next_at"),
    )
