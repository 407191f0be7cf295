"""Avatars of tenants' own with their consent, and films made with avatars."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

MADE = ("avatar", "film")


def upgrade() -> None:
    _avatars()
    _films()
    if op.get_bind().dialect.name == "postgresql":
        for table in MADE:
            _wall_off(table)


def downgrade() -> None:
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


def _avatars() -> None:
    _table(
        "avatar",
        *_strings("slug", "name_ar", "name_en", "kind"),
        sa.Column("state", sa.Text(), nullable=False),
        *_json("manifest", "files", "colours"),
        sa.Column("logo", sa.String()),
        *_strings("created_by"),
        *_json("checks"),
        *_strings("language", "person", "scope"),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("consent_blob", sa.String()),
        sa.Column("consent_text", sa.Text(), nullable=False),
        _time("consented_at", nullable=True),
        _time("revoked_at", nullable=True),
        _time("created_at"),
    )


def _films() -> None:
    _table(
        "film",
        sa.Column("avatar_id", sa.String(), sa.ForeignKey("avatar.id")),
        sa.Column("key", sa.String()),
        *_strings("blob"),
        sa.Column("seconds", sa.Float(), nullable=False),
        _time("created_at"),
        _time("used_at"),
        sa.UniqueConstraint("tenant_id", "key"),
        index=("avatar_id", "blob"),
    )
