"""A business that takes its data along: one ZIP file with everything of theirs that is not a secret."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from sqlalchemy import select
from sqlmodel import SQLModel, col

from errors import SawtakError
from tenants import audit
from tenants.agents import exported
from tenants.models import (
    AuditEntry,
    Call,
    ChannelAccount,
    ClonedVoice,
    Contact,
    ContactIdentity,
    Conversation,
    ConversationLabel,
    ConversationNote,
    Document,
    Label,
    Message,
    OpenQuestion,
    OwnAvatar,
    PolicyVersion,
    Pronunciation,
    Turn,
    TurnStage,
    now,
)

if TYPE_CHECKING:
    from tenants.audit import Actor
    from tenants.blobs import Blobs
    from tenants.db import Database

PAGE, CHUNK = 500, 1 << 20
# Read by pages of their primary key, a line of JSON for each row.
TABLES: tuple[type[SQLModel], ...] = (
    Contact,
    ContactIdentity,
    ChannelAccount,
    Conversation,
    Message,
    Turn,
    TurnStage,
    Call,
    ConversationNote,
    Label,
    ConversationLabel,
    OpenQuestion,
    Pronunciation,
    PolicyVersion,
    Document,
    ClonedVoice,
    OwnAvatar,
    AuditEntry,
)
SEALED = {"sealed", "digest", "token", "voiceprint"}
FILES = {"blob", "recording", "sample", "consent_blob", "logo"}


@dataclass(frozen=True)
class Packed:
    """An archive in a file that nobody else sees: `size` in bytes, `counted` rows and files by name."""

    file: IO[bytes]
    size: int
    counted: dict[str, int]

    async def sent(self) -> AsyncIterator[bytes]:
        """The file from its beginning, and away with it."""
        try:
            await asyncio.to_thread(self.file.seek, 0)
            while chunk := await asyncio.to_thread(self.file.read, CHUNK):
                yield chunk
        finally:
            self.file.close()


async def archive(db: Database, blobs: Blobs, tenant_id: str, actor: Actor) -> Packed:
    """Pack everything of the tenant, and note who took it along."""
    file = await asyncio.to_thread(TemporaryFile)
    try:
        counted = await packed(db, blobs, tenant_id, file)
        async with db.tenant(tenant_id) as session:
            audit.record(session, actor, "tenant.archive", tenant_id, after=counted)
        return Packed(file, file.tell(), counted)
    except BaseException:
        file.close()
        raise


async def packed(db: Database, blobs: Blobs, tenant_id: str, out: IO[bytes]) -> dict[str, int]:
    """Write the tenant's archive and tell how many rows and files are in it, by name.

    `agent.yaml` can be imported again; tables are JSON lines, media lie under `files/` by their keys. A file that is
    gone is named in `missing.txt`.
    """
    counted: dict[str, int] = {}
    missing: list[str] = []
    with ZipFile(out, "w", ZIP_DEFLATED, allowZip64=True) as archive:
        async with db.tenant(tenant_id, reads=True) as session:
            archive.writestr("agent.yaml", await exported(session, tenant_id))
        keys: dict[str, None] = {}
        for table in TABLES:
            name = str(table.__tablename__)
            with archive.open(f"{name}.jsonl", "w", force_zip64=True) as file:
                async for row in _rows(db, tenant_id, table):
                    counted[name] = counted.get(name, 0) + 1
                    keys |= dict.fromkeys(_files(row))
                    file.write(json.dumps(_plain(row), ensure_ascii=False, default=str).encode() + b"\n")
        for key in keys:
            await _file(archive, blobs, tenant_id, key, missing)
        archive.writestr("missing.txt", "\n".join(missing))
        archive.writestr("made.txt", now().isoformat())
    counted["files"] = len(keys) - len(missing)
    return counted


async def _rows(db: Database, tenant_id: str, table: Any) -> AsyncIterator[SQLModel]:
    """Every row of the tenant, a page in each unit of work: nobody waits for us."""
    last = None
    while True:
        asked = select(table).order_by(col(table.id)).limit(PAGE)
        async with db.tenant(tenant_id, reads=True) as session:
            rows = (await session.scalars(asked if last is None else asked.where(col(table.id) > last))).all()
        for row in rows:
            yield row
        if len(rows) < PAGE:
            return
        last = rows[-1].id


def _plain(row: SQLModel) -> dict[str, Any]:
    return {name: getattr(row, name) for name in type(row).model_fields if name not in SEALED}


def _files(row: SQLModel) -> list[str]:
    """The keys of files that the row names."""
    named = [key for name in sorted(FILES) if (key := getattr(row, name, None))]
    held = getattr(row, "files", None)
    return [*named, *(held.values() if isinstance(held, dict) else ())]


async def _file(archive: ZipFile, blobs: Blobs, tenant_id: str, key: str, missing: list[str]) -> None:
    try:
        data = await blobs.get(tenant_id, key)
    except SawtakError:
        missing.append(key)
        return
    # Sounds and pictures are small already; deflating them again would only take time.
    name = f"files/{key.removeprefix(f'{tenant_id}/')}"
    await asyncio.to_thread(archive.writestr, name, data, ZIP_STORED)
