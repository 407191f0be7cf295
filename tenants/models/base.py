"""What every table is made of: ids, times in UTC, wide integers."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import BigInteger, Column, DateTime, Dialect, Integer
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field

# The time of rows from before there was a column for it.
LONG_AGO = "1970-01-01 00:00:00"

BigId = BigInteger().with_variant(Integer, "sqlite")


def new_id() -> str:
    """A fresh opaque id: 32 hexadecimal digits."""
    return uuid4().hex


def now() -> datetime:
    """The current time, in UTC."""
    return datetime.now(UTC)


class UtcTime(TypeDecorator[datetime]):
    """Times are written and read in UTC with their zone, also on SQLite, which knows none."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - given by SQLAlchemy
        """Refuse naive times and turn the rest into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "naive datetime"
            raise ValueError(msg)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - given by SQLAlchemy
        """Give back the zone that SQLite dropped."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def since(default: str) -> dict[str, Any]:
    """Arguments of a column that came later: rows of before have this `default`."""
    return {"server_default": default}


def time_column(*, nullable: bool = False, index: bool = False, before: str | None = None) -> Any:
    """A column of UTC time; defaults to now unless it may be empty. `before` is for rows that were there already."""
    kept: Column[datetime] = Column(UtcTime(), nullable=nullable, index=index, server_default=before)
    return Field(default=None, sa_column=kept) if nullable else Field(default_factory=now, sa_column=kept)
