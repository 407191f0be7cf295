"""The search index, on Postgres only: on SQLite each tenant's index is a file of its own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0003"
down_revision = "0002"

MADE = ("search_state", "search_piece", "search_index", "search_term", "search_word", "search_vector")


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    _state()
    _pieces()
    _vocabulary()
    _vectors()
    for table in MADE:
        _wall_off(table)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in reversed(MADE):
            op.drop_table(table)


def _wall_off(table: str) -> None:
    """Show and take only rows of the tenant that the transaction works for, even from the table's owner."""
    mine = "tenant_id = current_setting('sawtak.tenant', true) OR current_setting('sawtak.platform', true) = 'on'"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant_scope ON {table} USING ({mine}) WITH CHECK ({mine})")


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant_id", sa.String(), sa.ForeignKey("tenant.id"), primary_key=True)


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), primary_key=True)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _state() -> None:
    landmark = sa.Column("landmark", sa.LargeBinary(), nullable=False)
    numbers = [_number(name) for name in ("version", "claimed", "changes", "placed")]
    op.create_table("search_state", _tenant(), *numbers, landmark)


def _pieces() -> None:
    op.create_table(
        "search_piece",
        _tenant(),
        sa.Column("n", sa.BigInteger(), sa.Identity(), primary_key=True),
        *_texts("id", "section", "kind", "fact", "language", "digest", "asked", "told", "spelt"),
        sa.UniqueConstraint("tenant_id", "id"),
    )
    op.create_index("ix_search_piece_fact", "search_piece", ["tenant_id", "fact", "language"])
    number = sa.Column("n", sa.BigInteger(), primary_key=True)
    terms = sa.Column("terms", TSVECTOR(), nullable=False)
    op.create_table("search_index", _tenant(), number, *_texts("section"), terms)


def _vocabulary() -> None:
    op.create_table("search_term", _tenant(), _key("section"), _key("term"), _number("pieces"))
    op.create_table("search_word", _tenant(), _key("section"), _key("word"), _key("term"), _number("pieces"))


def _vectors() -> None:
    """Vectors are pgvector's where the server has it and lets us, else bytes that numpy compares."""
    number = sa.Column("n", sa.BigInteger(), primary_key=True)
    op.create_table("search_vector", _tenant(), number, *_texts("section"))
    op.execute(f"ALTER TABLE search_vector ADD COLUMN place {'vector' if _has_vectors() else 'bytea'} NOT NULL")


def _has_vectors() -> bool:
    """Whether the type is there, or could be brought in: the extension needs a superuser."""
    bind = op.get_bind()
    if bind.scalar(sa.text("SELECT 1 FROM pg_extension WHERE extname = 'vector'")):
        return True
    if not bind.scalar(sa.text("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'")):
        return False
    try:
        with bind.begin_nested():
            op.execute("CREATE EXTENSION vector")
    except sa.exc.ProgrammingError:
        return False
    return True
