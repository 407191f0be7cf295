"""Choices of the platform's administrator for the whole installation, kept in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from tenants import audit
from tenants.models import SystemSetting, now

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.audit import Actor

KEY = "choices"
Days = Annotated[int, Field(ge=0, le=36500)]


class Choices(BaseModel):
    """`media_days` and `words_days` are how long sounds and pictures, and conversations themselves, are kept.

    0 is for ever; a tenant may keep things for a shorter time, never for a longer one. `quota` is how many answers a
    month a new business gets (0: no bound), `notice` stands above every page of the panel.
    """

    model_config = ConfigDict(extra="forbid")

    media_days: Days = 0
    words_days: Days = 0
    quota: Annotated[int, Field(ge=0, le=100_000_000)] = 0
    notice: Annotated[str, Field(max_length=300)] = ""


async def read(session: AsyncSession) -> Choices:
    """The choices as they are now; ours where none were made."""
    row = await session.get(SystemSetting, KEY)
    return Choices.model_validate(row.value) if row is not None else Choices()


async def decide(session: AsyncSession, actor: Actor, choices: Choices) -> None:
    """Keep the choices as somebody made them."""
    before = await write(session, choices)
    audit.record(session, actor, "platform.choose", before=before, after=choices.model_dump())


async def write(session: AsyncSession, choices: Choices) -> dict[str, Any]:
    """Keep the choices, and give those that there were before."""
    row = await session.get(SystemSetting, KEY)
    before = dict(row.value) if row is not None else {}
    if row is None:
        row = SystemSetting(key=KEY)
        session.add(row)
    row.value, row.changed_at = choices.model_dump(mode="json"), now()
    return before
