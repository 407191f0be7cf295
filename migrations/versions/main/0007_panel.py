"""The panel: people and what they may, versions of a tenant's choices, and what people add to conversations."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

OF_TENANTS = (
    "access_grant",
    "invite",
    "audit_entry",
    "policy_version",
    "conversation_note",
    "label",
    "conversation_label",
    "pronunciation",
    "open_question",
)
OF_ALL = ("person", "attempt", "sign_in", "system_setting", "server_process")


def upgrade() -> None:
    _people()
    _deeds()
    _installation()
    _desk()
    _said_and_unsaid()
    _columns()
    if op.get_bind().dialect.name == "postgresql":
        for table in OF_TENANTS:
            _wall_off(table)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("ix_message_words", "message")
    op.drop_index("ix_conversation_newest", "conversation")
    op.drop_index("ix_conversation_changed_at", "conversation")
    op.drop_index("ix_conversation_agent_id", "conversation")
    op.drop_index("ix_agency_domain", "agency")
    gone = {
        "conversation": (
            *("mode", "agent_id", "taken_at", "unread", "last_text", "last_kind", "last_direction", "last_at"),
            *("closed_at", "changed_at"),
        ),
        "message": ("author_id", "peaks"),
        "agency": ("domain", "brand"),
        "tenant": ("facts", "quota"),
    }
    for table, names in gone.items():
        with op.batch_alter_table(table) as changed:
            for name in names:
                changed.drop_column(name)
    for table in (*reversed(OF_TENANTS), *reversed(OF_ALL)):
        op.drop_table(table)


def _wall_off(table: str) -> None:
    """Show and take only rows of the tenant that the transaction works for, even from the table's owner."""
    mine = "tenant_id = current_setting('sawtak.tenant', true) OR current_setting('sawtak.platform', true) = 'on'"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant_scope ON {table} USING ({mine}) WITH CHECK ({mine})")


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(), primary_key=True)


def _of(table: str, name: str = "", *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name or f"{table}_id", sa.String(), sa.ForeignKey(f"{table}.id"), nullable=nullable)


def _strings(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=nullable) for name in names]


def _json(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.JSON(), nullable=nullable) for name in names]


def _times(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=nullable) for name in names]


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _table(name: str, *columns: sa.schema.SchemaItem, index: tuple[str, ...] = ()) -> None:
    op.create_table(name, *columns)
    for column in index:
        op.create_index(f"ix_{name}_{column}", name, [column])


def _people() -> None:
    _table(
        "person",
        _id(),
        sa.Column("login", sa.String(), nullable=False, unique=True),
        *_strings("name", "password", "language"),
        *_strings("totp", nullable=True),
        *_times("totp_at", nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        *_json("recovery"),
        _flag("active"),
        *_times("created_at"),
        *_times("seen_at", nullable=True),
    )
    _table(
        "attempt",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        *_times("until", "at"),
        index=("at",),
    )
    roles = (_of("tenant", nullable=True), _of("agency", nullable=True))
    _table(
        "access_grant",
        _id(),
        _of("person"),
        *_strings("role"),
        *roles,
        *_times("created_at"),
        index=("person_id", "tenant_id", "agency_id"),
    )
    _table(
        "sign_in",
        _id(),
        sa.Column("digest", sa.String(), nullable=False, unique=True),
        *_strings("csrf"),
        _of("person"),
        _flag("whole"),
        *_strings("address", "browser"),
        *_times("created_at", "seen_at", "expires_at"),
        index=("person_id", "expires_at"),
    )
    _table(
        "invite",
        _id(),
        sa.Column("digest", sa.String(), nullable=False, unique=True),
        *_strings("name", "role"),
        _of("tenant", nullable=True),
        _of("agency", nullable=True),
        _of("person", nullable=True),
        *_strings("created_by"),
        *_times("created_at", "expires_at"),
        *_times("used_at", nullable=True),
        index=("tenant_id", "agency_id", "person_id"),
    )


def _deeds() -> None:
    wide = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    _table(
        "audit_entry",
        sa.Column("id", wide, primary_key=True, autoincrement=True),
        _of("tenant", nullable=True),
        _of("agency", nullable=True),
        *_strings("person_id", nullable=True),
        *_strings("who", "action", "thing"),
        *_json("before", "after", nullable=True),
        *_strings("address"),
        *_times("at"),
        index=("tenant_id", "agency_id", "person_id", "at"),
    )
    _table(
        "policy_version",
        _id(),
        _of("tenant"),
        sa.Column("number", sa.Integer(), nullable=False),
        *_json("policy", "facts"),
        *_strings("note"),
        *_strings("person_id", nullable=True),
        *_strings("who"),
        *_times("created_at"),
        sa.UniqueConstraint("tenant_id", "number"),
        index=("tenant_id",),
    )


def _installation() -> None:
    _table("system_setting", sa.Column("key", sa.String(), primary_key=True), *_json("value"), *_times("changed_at"))
    _table(
        "server_process",
        sa.Column("name", sa.String(), primary_key=True),
        *_strings("kind"),
        *_json("figures"),
        *_times("started_at", "seen_at"),
        index=("seen_at",),
    )


def _desk() -> None:
    _table(
        "conversation_note",
        _id(),
        _of("tenant"),
        _of("conversation"),
        *_strings("person_id", nullable=True),
        *_strings("who"),
        sa.Column("text", sa.Text(), nullable=False),
        *_times("created_at"),
        index=("tenant_id", "conversation_id"),
    )
    _table(
        "label",
        _id(),
        _of("tenant"),
        *_strings("name", "colour"),
        sa.UniqueConstraint("tenant_id", "name"),
        index=("tenant_id",),
    )
    _table(
        "conversation_label",
        _id(),
        _of("tenant"),
        _of("conversation"),
        _of("label"),
        sa.UniqueConstraint("conversation_id", "label_id"),
        index=("tenant_id", "conversation_id", "label_id"),
    )


def _said_and_unsaid() -> None:
    _table(
        "pronunciation",
        _id(),
        _of("tenant"),
        *_strings("language", "written", "spoken"),
        *_times("created_at"),
        sa.UniqueConstraint("tenant_id", "language", "written"),
        index=("tenant_id",),
    )
    _table(
        "open_question",
        _id(),
        _of("tenant"),
        *_strings("language"),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("plain", sa.Text(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        *_strings("turn_id", "entry_id", nullable=True),
        *_times("first_at", "last_at"),
        sa.UniqueConstraint("tenant_id", "plain"),
        index=("tenant_id", "state"),
    )


def _columns() -> None:
    with op.batch_alter_table("conversation") as changed:
        changed.add_column(sa.Column("mode", sa.String(), nullable=False, server_default="bot"))
        changed.add_column(sa.Column("agent_id", sa.String()))
        changed.add_column(sa.Column("taken_at", sa.DateTime(timezone=True)))
        changed.add_column(sa.Column("unread", sa.Integer(), nullable=False, server_default="0"))
        changed.add_column(sa.Column("last_text", sa.Text()))
        changed.add_column(sa.Column("last_kind", sa.String()))
        changed.add_column(sa.Column("last_direction", sa.String()))
        changed.add_column(sa.Column("closed_at", sa.DateTime(timezone=True)))
        changed.add_column(_dated("last_at"))
        changed.add_column(_dated("changed_at"))
    _newest_messages()
    op.create_index("ix_conversation_agent_id", "conversation", ["agent_id"])
    op.create_index("ix_conversation_changed_at", "conversation", ["changed_at"])
    op.create_index("ix_conversation_newest", "conversation", ["tenant_id", "last_at", "id"])
    with op.batch_alter_table("message") as changed:
        changed.add_column(sa.Column("author_id", sa.String()))
        changed.add_column(sa.Column("peaks", sa.JSON()))
    if op.get_bind().dialect.name == "sqlite":
        op.create_index("ix_message_words", "message", ["tenant_id", "conversation_id", "text"])
    with op.batch_alter_table("agency") as changed:
        changed.add_column(sa.Column("domain", sa.String()))
        changed.add_column(sa.Column("brand", sa.JSON()))
    op.execute("UPDATE agency SET brand = '{}'")
    op.create_index("ix_agency_domain", "agency", ["domain"], unique=True)
    with op.batch_alter_table("tenant") as changed:
        changed.add_column(sa.Column("facts", sa.JSON()))
        changed.add_column(sa.Column("quota", sa.JSON()))
    op.execute("UPDATE tenant SET facts = '{}', quota = '{}'")


def _dated(name: str) -> sa.Column[object]:
    """A time that every row must have: those that are there get the beginning of time until it is known."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default="1970-01-01 00:00:00")


def _newest_messages() -> None:
    """Tell conversations that are there what was said last in them."""
    newest = "SELECT max(m.id) FROM message m WHERE m.conversation_id = conversation.id"
    for column, kept in {"text": "last_text", "kind": "last_kind", "direction": "last_direction"}.items():
        found = f"SELECT m.{column} FROM message m WHERE m.id = ({newest})"  # noqa: S608 - our own names
        op.execute(f"UPDATE conversation SET {kept} = ({found})")  # noqa: S608 - our own names
    found = f"SELECT m.created_at FROM message m WHERE m.id = ({newest})"  # noqa: S608 - our own names
    op.execute(f"UPDATE conversation SET last_at = coalesce(({found}), created_at)")  # noqa: S608 - our own names
    op.execute("UPDATE conversation SET changed_at = last_at")
