"""Tenant scope, in one place: the SQL compiler itself narrows every table, so no way of writing a query escapes it.

A scoped table is never rendered bare. Reading `message` renders
`(SELECT * FROM message WHERE message.tenant_id = :sawtak_scope) AS message`, in whatever FROM, JOIN, subquery, CTE or
EXISTS it stands (both databases flatten it, so indexes still serve); UPDATE and DELETE get the same condition.
`select(func.count()).select_from(X)`, Core tables and `session.connection()` are covered like everything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Delete, Insert, String, Update, bindparam, event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.expression import ColumnClause, FromClause, TableClause
from sqlmodel import SQLModel

from errors import SawtakError

PLAIN = re.compile(r"\*|\w+")
_current: ContextVar[str | None] = ContextVar("sawtak_scope", default=None)


class ScopeMissing(SawtakError):
    """A statement would touch tenants' tables without saying which tenant it works for."""

    def __init__(self, detail: str = "open it with Database.tenant() or .platform()") -> None:
        super().__init__("scope-missing", detail)


class ScopeBroken(SawtakError):
    """A statement or object reaches outside the tenant it works for."""

    def __init__(self, detail: str) -> None:
        super().__init__("scope-broken", detail)


def _scope() -> str:
    scope = _current.get()
    if scope is None:
        raise ScopeMissing
    return scope


SCOPE = bindparam("sawtak_scope", type_=String(), callable_=_scope)


def scope_column(table: str) -> str:
    """Name the column that says whose row it is; `ScopeBroken` for tables that belong to no tenant."""
    known = SQLModel.metadata.tables.get(table)
    if table == "tenant":
        return "id"
    if known is None or "tenant_id" not in known.c:
        raise ScopeBroken(f"table {table} is the platform's")
    return "tenant_id"


class _Scoped(SQLCompiler):
    """The part that is laid over the database's own compiler."""

    def visit_table(self, table: TableClause, asfrom: bool = False, iscrud: bool = False, **kw: Any) -> str:  # type: ignore[override]  # the rest of SQLAlchemy's arguments pass through `kw`
        name = super().visit_table(table, asfrom=asfrom, iscrud=iscrud, **kw)  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
        if not asfrom or iscrud:
            return str(name)
        column, scope = scope_column(table.name), self.process(SCOPE)
        narrowed = f"(SELECT * FROM {name} WHERE {name}.{column} = {scope})"  # noqa: S608 - SQLAlchemy's own quoted names and a bound parameter
        alias = kw.get("enclosing_alias")
        return narrowed if alias is not None and alias.element is table else f"{narrowed} AS {name}"

    def visit_update(self, update_stmt: Update, visiting_cte: Any = None, **kw: Any) -> str:
        return super().visit_update(update_stmt.where(_own(update_stmt.table)), visiting_cte, **kw)

    def visit_delete(self, delete_stmt: Delete, visiting_cte: Any = None, **kw: Any) -> str:
        return str(super().visit_delete(delete_stmt.where(_own(delete_stmt.table)), visiting_cte, **kw))  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped

    def visit_column(self, column: ColumnClause[Any], **kw: Any) -> str:  # type: ignore[override]  # as for tables
        if column.is_literal and not PLAIN.fullmatch(column.name):
            raise ScopeBroken("raw SQL cannot be scoped")
        return str(super().visit_column(column, **kw))

    def visit_textclause(self, *_: Any, **__: Any) -> str:
        raise ScopeBroken("raw SQL cannot be scoped")

    visit_tstring = visit_textclause

    def visit_on_conflict_do_update(self, *_: Any, **__: Any) -> str:
        raise ScopeBroken("an upsert could overwrite a foreign row: insert, then update")


def _own(table: FromClause) -> Any:
    """Hold for the scope's rows of the table, and for no others."""
    name = getattr(table, "name", "")
    return table.c[scope_column(name)] == SCOPE


def guard(engine: Engine) -> None:
    """Let the engine run only what is narrowed to the `scope` among its connection's execution options."""
    base: type[SQLCompiler] = engine.dialect.statement_compiler
    engine.dialect.statement_compiler = type(f"Scoped{base.__name__}", (_Scoped, base), {})
    event.listen(engine, "before_execute", _before_execute)
    event.listen(engine, "before_cursor_execute", _before_cursor)


def _before_execute(
    conn: Connection, statement: Any, many: list[Mapping[str, Any]], one: Mapping[str, Any], options: Any
) -> None:
    del options
    scope = conn.get_execution_options().get("scope")
    if scope is None:
        raise ScopeMissing
    _current.set(scope)
    if isinstance(statement, Insert | Update):
        rows = many or ([one] if one else [])
        _check_written(statement, rows, scope)


def _before_cursor(conn: Any, cursor: Any, sql: str, parameters: Any, context: Any, many: bool) -> None:
    del conn, cursor, sql, parameters, many
    if context is not None and context.compiled is None:
        raise ScopeBroken("raw SQL cannot be scoped")


def _check_written(statement: Insert | Update, rows: Iterable[Mapping[str, Any]], scope: str) -> None:
    """Refuse to write a row that would belong to somebody else."""
    column = scope_column(getattr(statement.table, "name", ""))
    if isinstance(statement, Insert) and statement.select is not None:
        raise ScopeBroken("INSERT from SELECT")
    written = list(_named(statement, column))
    written += [row[column] for row in rows if column in row]
    if any(value != scope for value in written):
        raise ScopeBroken(f"a row of {statement.table} for another tenant")


def _named(statement: UpdateBase, column: str) -> Iterator[Any]:
    """Yield what the statement's own VALUES or SET give the column; anything but a plain value is given as None."""
    inner: Callable[[str], Any] = statement.__dict__.get
    sets = [inner("_values") or {}, dict(inner("_ordered_values") or ())]
    for row in chain.from_iterable(inner("_multi_values") or ()):
        if not isinstance(row, Mapping):
            raise ScopeBroken("an INSERT that names no columns")
        sets.append(row)
    for pairs in sets:
        for key, value in pairs.items():
            if getattr(key, "name", key) == column:
                yield getattr(value, "value", value if isinstance(value, str) else None)


def own_objects(session: Session, scope: str) -> None:
    """Give new objects their tenant, and refuse objects of another; called before every flush."""
    for thing in [*session.new, *session.dirty, *session.deleted]:
        column = scope_column(thing.__table__.name)
        if column == "tenant_id" and thing in session.new and thing.tenant_id is None:
            thing.tenant_id = scope
        if getattr(thing, column) != scope:
            raise ScopeBroken(f"an object of {thing.__table__.name} of another tenant")
