"""Documents, products, cloned voices, actions, engines' accounts, answers given before, and what is remembered."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MADE = ("engine_account", "action", "document", "chunk", "product", "cached_answer", "cloned_voice", "render")


def upgrade() -> None:
    _accounts()
    _documents()
    _answers()
    _voices()
    _memory()
    if op.get_bind().dialect.name == "postgresql":
        for table in MADE:
            _wall_off(table)


def downgrade() -> None:
    with op.batch_alter_table("entry") as entry:
        entry.drop_index("ix_entry_document_id")
        entry.drop_constraint("entry_document_id_fkey", type_="foreignkey")
        entry.drop_column("document_id")
    for table in reversed(MADE):
        op.drop_table(table)
    for table, columns in {
        "turn": ("citations",),
        "contact": ("facts", "consented_at"),
        "conversation": ("summary", "summary_until", "memory_from", "handed_at", "pending"),
    }.items():
        with op.batch_alter_table(table) as changed:
            for column in columns:
                changed.drop_column(column)


def _wall_off(table: str) -> None:
    """Show and take only rows of the tenant that the transaction works for, even from the table's owner."""
    mine = "tenant_id = current_setting('sawtak.tenant', true) OR current_setting('sawtak.platform', true) = 'on'"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant_scope ON {table} USING ({mine}) WITH CHECK ({mine})")


def _string(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _json(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _of(table: str, *, nullable: bool = False) -> sa.Column[str]:
    name = {"cloned_voice": "voice"}.get(table, table)
    return sa.Column(f"{name}_id", sa.String(), sa.ForeignKey(f"{table}.id"), nullable=nullable)


def _table(name: str, *columns: sa.schema.SchemaItem, index: tuple[str, ...] = ()) -> None:
    op.create_table(name, sa.Column("id", sa.String(), primary_key=True), _of("tenant"), *columns)
    for column in ("tenant_id", *index):
        op.create_index(f"ix_{name}_{column}", name, [column])


def _accounts() -> None:
    _table(
        "engine_account",
        _string("kind"),
        _string("name"),
        _json("config"),
        _json("sealed"),
        _time("created_at"),
        sa.UniqueConstraint("tenant_id", "kind", "name"),
    )
    _table(
        "action",
        _string("name"),
        _string("description"),
        _string("method"),
        _string("url"),
        _json("headers"),
        _json("sealed"),
        _json("parameters"),
        sa.Column("changes", sa.Boolean(), nullable=False),
        sa.Column("timeout", sa.Float(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        _time("created_at"),
        sa.UniqueConstraint("tenant_id", "name"),
    )


def _documents() -> None:
    _table(
        "document",
        _string("title"),
        _string("url", nullable=True),
        _string("mime"),
        _string("blob", nullable=True),
        _string("sha256"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        _text("state"),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("mended", sa.Boolean(), nullable=False),
        _json("pages"),
        _string("error", nullable=True),
        _time("claimed_at", nullable=True),
        _time("created_at"),
        _time("updated_at"),
        sa.UniqueConstraint("tenant_id", "sha256"),
        index=("state",),
    )
    _table(
        "chunk",
        _of("document"),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer()),
        _string("heading"),
        _text("text"),
        _string("language"),
        index=("document_id",),
    )
    _table(
        "product",
        _of("document", nullable=True),
        _string("fact"),
        _string("language"),
        _string("name"),
        _text("description"),
        _string("price", nullable=True),
        _string("currency"),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("tenant_id", "fact", "language"),
        index=("document_id",),
    )
    with op.batch_alter_table("entry") as entry:
        entry.add_column(sa.Column("document_id", sa.String()))
        entry.create_foreign_key("entry_document_id_fkey", "document", ["document_id"], ["id"])
        entry.create_index("ix_entry_document_id", ["document_id"])


def _answers() -> None:
    _table(
        "cached_answer",
        _string("key"),
        _string("circumstances"),
        _text("question"),
        _string("language"),
        _text("answer"),
        _json("citations"),
        _string("blob", nullable=True),
        _string("mime", nullable=True),
        sa.Column("seconds", sa.Float()),
        sa.Column("hits", sa.Integer(), nullable=False),
        _time("created_at"),
        _time("used_at"),
        sa.UniqueConstraint("tenant_id", "key"),
        index=("circumstances",),
    )


def _voices() -> None:
    _table(
        "cloned_voice",
        _string("name"),
        _string("language"),
        _text("state"),
        _string("sample", nullable=True),
        _text("sample_text"),
        _json("voiceprint", nullable=True),
        _json("quality"),
        _string("speaker"),
        _string("scope"),
        _text("sentence"),
        _string("consent_blob", nullable=True),
        _text("consent_text"),
        sa.Column("likeness", sa.Float()),
        _time("consented_at", nullable=True),
        _time("revoked_at", nullable=True),
        _time("created_at"),
    )
    _table("render", _of("cloned_voice"), _string("blob"), _time("created_at"), index=("voice_id",))


def _memory() -> None:
    _grow("contact", _filled("facts", sa.JSON(), "{}"), _time("consented_at", nullable=True))
    numbers = [_filled(name, sa.BigInteger(), "0") for name in ("summary_until", "memory_from")]
    later = _time("handed_at", nullable=True), _json("pending", nullable=True)
    _grow("conversation", _filled("summary", sa.Text(), ""), *numbers, *later)
    _grow("turn", _filled("citations", sa.JSON(), "[]"))


def _filled(name: str, kind: sa.types.TypeEngine[Any], value: str) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, server_default=value)


def _grow(table: str, *columns: sa.Column[Any]) -> None:
    """Add columns, filled in the rows that are there; from then on the platform gives the values itself."""
    for column in columns:
        op.add_column(table, column)
    with op.batch_alter_table(table) as changed:
        for column in columns:
            if not column.nullable:
                changed.alter_column(column.name, server_default=None)
