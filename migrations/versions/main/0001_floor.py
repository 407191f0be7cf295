"""The floor: tenants and everything that is kept for them, walled off by row-level security on Postgres."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SCOPED = {
    "tenant": "id",
    "channel_account": "tenant_id",
    "contact": "tenant_id",
    "contact_identity": "tenant_id",
    "conversation": "tenant_id",
    "message": "tenant_id",
    "turn": "tenant_id",
    "turn_stage": "tenant_id",
    "entry": "tenant_id",
}


def upgrade() -> None:
    _tenants()
    _contacts()
    _conversations()
    _turns()
    _knowledge()
    if op.get_bind().dialect.name == "postgresql":
        for table, column in SCOPED.items():
            _wall_off(table, column)


def downgrade() -> None:
    for table in ("entry", "turn_stage", "turn", "message", "conversation", "contact_identity", "contact"):
        op.drop_table(table)
    for table in ("channel_account", "tenant", "agency"):
        op.drop_table(table)


def _wall_off(table: str, column: str) -> None:
    """Show and take only rows of the tenant that the transaction works for, even from the table's owner."""
    mine = f"{column} = current_setting('sawtak.tenant', true) OR current_setting('sawtak.platform', true) = 'on'"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant_scope ON {table} USING ({mine}) WITH CHECK ({mine})")


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(), primary_key=True)


def _of(table: str, name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), sa.ForeignKey(f"{table}.id"), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _index(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(f"ix_{table}_{column}", table, [column])


def _tenants() -> None:
    op.create_table(
        "agency",
        _id(),
        sa.Column("slug", sa.String(), nullable=False, unique=True),
        sa.Column("name", sa.String(), nullable=False),
        _time("created_at"),
    )
    op.create_table(
        "tenant",
        _id(),
        _of("agency", "agency_id"),
        sa.Column("slug", sa.String(), nullable=False, unique=True),
        sa.Column("name_ar", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("knowledge_version", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        _time("created_at"),
    )
    _index("tenant", "agency_id")
    op.create_table(
        "channel_account",
        _id(),
        _of("tenant", "tenant_id"),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("sealed", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        _time("created_at"),
        sa.UniqueConstraint("channel", "external_id"),
    )
    _index("channel_account", "tenant_id")


def _contacts() -> None:
    op.create_table(
        "contact",
        _id(),
        _of("tenant", "tenant_id"),
        sa.Column("name", sa.String()),
        sa.Column("language", sa.String()),
        _time("created_at"),
    )
    _index("contact", "tenant_id")
    op.create_table(
        "contact_identity",
        _id(),
        _of("tenant", "tenant_id"),
        _of("contact", "contact_id"),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.UniqueConstraint("tenant_id", "kind", "value"),
    )
    _index("contact_identity", "tenant_id", "contact_id")


def _conversations() -> None:
    op.create_table(
        "conversation",
        _id(),
        _of("tenant", "tenant_id"),
        _of("channel_account", "account_id"),
        _of("contact", "contact_id"),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("address", sa.JSON(), nullable=False),
        sa.Column("language", sa.String()),
        _time("last_in_at", nullable=True),
        _time("created_at"),
        sa.UniqueConstraint("account_id", "chat"),
    )
    _index("conversation", "tenant_id", "account_id", "contact_id")
    _message()


def _message() -> None:
    texts = ("blob", "provider_id", "reply_to", "key")
    op.create_table(
        "message",
        sa.Column("id", BIG_ID, primary_key=True, autoincrement=True),
        _of("tenant", "tenant_id"),
        _of("conversation", "conversation_id"),
        _of("channel_account", "account_id"),
        sa.Column("turn_id", sa.String()),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("media", sa.JSON()),
        *(sa.Column(name, sa.String()) for name in texts),
        sa.Column("inbox_id", sa.BigInteger()),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("error", sa.String()),
        sa.Column("language", sa.String()),
        sa.Column("confidence", sa.Float()),
        sa.Column("seconds", sa.Float()),
        _time("sent_at"),
        _time("created_at"),
        sa.UniqueConstraint("account_id", "conversation_id", "provider_id"),
        sa.UniqueConstraint("tenant_id", "key"),
    )
    _index("message", "tenant_id", "conversation_id", "turn_id", "provider_id")


def _turns() -> None:
    op.create_table(
        "turn",
        _id(),
        _of("tenant", "tenant_id"),
        _of("conversation", "conversation_id"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("heard", sa.Text()),
        sa.Column("answer", sa.Text()),
        sa.Column("language", sa.String()),
        sa.Column("reply_kind", sa.String()),
        sa.Column("note", sa.String()),
        sa.Column("failed_step", sa.String()),
        sa.Column("cause", sa.Text()),
        _time("started_at"),
        _time("finished_at", nullable=True),
    )
    _index("turn", "tenant_id", "conversation_id", "state")
    op.create_table(
        "turn_stage",
        _id(),
        _of("tenant", "tenant_id"),
        _of("turn", "turn_id"),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("engine", sa.String()),
        sa.Column("ms", sa.Float(), nullable=False),
        sa.Column("units", sa.Float(), nullable=False),
        sa.Column("unit", sa.String()),
        sa.Column("cost", sa.Integer(), nullable=False),
        sa.UniqueConstraint("turn_id", "name", "part"),
    )
    _index("turn_stage", "tenant_id", "turn_id")


def _knowledge() -> None:
    op.create_table(
        "entry",
        _id(),
        _of("tenant", "tenant_id"),
        sa.Column("fact", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("alternatives", sa.JSON(), nullable=False),
        sa.UniqueConstraint("tenant_id", "fact", "language"),
    )
    _index("entry", "tenant_id")
