"""What can be listened to and looked at in a conversation, and as what a browser may take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from core_pipeline.contracts.messages import MediaRef
from core_pipeline.history.threads import touched
from core_pipeline.media.peaks import peaks_of
from errors import Impossible
from tenants.models import Message

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from core_pipeline.contracts.channel import Channel, Limits
    from core_pipeline.media.sandbox import Sandbox
    from tenants.blobs import Blobs
    from tenants.db import Database

PLAIN = "application/octet-stream"
# By what files begin with: nobody's word is taken for what a stranger's file is.
_SIGNS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"#!AMR", "audio/amr"),
    (8, b"WAVE", "audio/wav"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF8", "image/gif"),
    (0, b"%PDF-", "application/pdf"),
)


class OpenLine(Protocol):
    """An opened account."""

    @property
    def channel(self) -> Channel:
        """Its channel."""

    @property
    def limits(self) -> Limits:
        """What its network can carry."""


class Lines(Protocol):
    """Opens accounts' channels."""

    async def line(self, account_id: str) -> OpenLine:
        """The opened account; `NeedsOwner` when it is switched off."""


@dataclass(frozen=True)
class Files:
    """Messages' files of every tenant."""

    db: Database
    blobs: Blobs
    lines: Lines
    sandbox: Sandbox

    async def find(self, tenant_id: str, message_id: int) -> tuple[str, str]:
        """The blob of a message's file and what it is; brought from the vendor where it still lies there.

        Raises `Impossible("missing")` where there is none, and what `Channel.fetch` raises.
        """
        async with self.db.tenant(tenant_id, reads=True) as session:
            message = await _message(session, message_id)
        blob = message.blob or await self._fetched(tenant_id, message)
        return blob, mime_of(await self.blobs.get(tenant_id, blob))

    async def peaks(self, tenant_id: str, message_id: int) -> list[int]:
        """How loud a message's recording is, measured now where nobody has; empty where it can't be."""
        async with self.db.tenant(tenant_id, reads=True) as session:
            message = await _message(session, message_id)
        if message.peaks is not None or message.blob is None:
            return message.peaks or []
        try:
            peaks = peaks_of(await self.sandbox.decode(await self.blobs.get(tenant_id, message.blob)))
        except Impossible:
            peaks = []
        async with self.db.tenant(tenant_id) as session:
            await touched(session, message.conversation_id)
            (await session.get_one(Message, message_id)).peaks = peaks
        return peaks

    async def _fetched(self, tenant_id: str, message: Message) -> str:
        if not message.media or not message.media.get("id"):
            raise Impossible("missing", "there is no file with this message")
        line = await self.lines.line(message.account_id)
        media = MediaRef.model_validate(message.media)
        data = b"".join([chunk async for chunk in line.channel.fetch(media)])
        blob = await self.blobs.put(tenant_id, "heard", data)
        async with self.db.tenant(tenant_id) as session:
            kept = await session.get_one(Message, message.id)
            mine = kept.blob is None
            kept.blob = kept.blob or blob
        if not mine:
            await self.blobs.delete(tenant_id, blob)
        return kept.blob


def mime_of(data: bytes) -> str:
    """What a file is, of the kinds that browsers show; anything else is only bytes, to be kept."""
    return next((mime for at, sign, mime in _SIGNS if data[at : at + len(sign)] == sign), PLAIN)


async def _message(session: AsyncSession, message_id: int) -> Message:
    message = await session.get(Message, message_id)
    if message is None:
        raise Impossible("missing", "there is no such message")
    return message
