"""A call that was missed or broke off goes on as a message, and a message left by phone is answered like any other."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from core_pipeline.contracts.calls import CallState
from core_pipeline.contracts.messages import Identity, Inbound, Kind, MediaRef, ReplyKind, Sender
from core_pipeline.history.outgoing import UNSENT
from core_pipeline.history.threads import GOES_ON, HUMAN, elsewhere
from tenants.inbox import NewRow
from tenants.models import Call, ChannelAccount, ContactIdentity, Conversation, Direction, Message, Tenant, Turn
from tenants.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.blobs import Blobs
    from tenants.db import Database
    from tenants.inbox import Inbox

    _Place: TypeAlias = tuple[Conversation, ChannelAccount]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class GoingOn:
    """Where calls continue; `windows` says by channel how long after a message we may still write (seconds)."""

    db: Database
    blobs: Blobs
    inbox: Inbox
    windows: Mapping[str, float] = field(default_factory=dict)

    async def by_message(self, tenant_id: str, call_id: str) -> bool:
        """Have the call continued where the caller can be written to, if the tenant wants that; once per call."""
        async with self.db.tenant(tenant_id, reads=True) as session:
            policy = Policy.model_validate((await session.get_one(Tenant, tenant_id)).policy)
            call = await session.get_one(Call, call_id)
            there = await self._there(session, call, wanted=policy.calls.follow_up)
            if there is None:
                return False
            text = await _unanswered(session, call_id)
            inbound = await _inbound(session, *there, f"{GOES_ON}{call_id}")
        kind = Kind.MISSED_CALL if call.state == CallState.MISSED else Kind.CALL
        await self._arrive(tenant_id, there[1].id, inbound.model_copy(update={"kind": kind, "text": text or None}))
        return True

    async def unless_left(self, tenant_id: str, call_id: str) -> None:
        """Have a call that was not taken go on by message, unless the caller left a message themselves."""
        async with self.db.tenant(tenant_id, reads=True) as session:
            left = (await session.get_one(Call, call_id)).reason == "voicemail"
        if not left:
            await self.by_message(tenant_id, call_id)

    async def cards(self, tenant_id: str, call_id: str) -> int:
        """Have a call's cards, which can't be spoken, sent where the caller can be written to; how many there are."""
        async with self.db.tenant(tenant_id, reads=True) as session:
            call = await session.get_one(Call, call_id)
            texts = await _unsent(session, call)
            there = await elsewhere(session, call.conversation_id, self.windows) if texts else None
            if there is None:
                return 0
            inbound = await _inbound(session, *there, f"cards:{call_id}")
        said = {"kind": Kind.SCRIPT, "text": "\n\n".join(texts), "wish": ReplyKind.TEXT}
        await self._arrive(tenant_id, there[1].id, inbound.model_copy(update=said))
        return len(texts)

    async def voicemail(self, tenant_id: str, call_id: str, message: Inbound, sound: bytes) -> None:
        """Have a message that was left by phone answered: where the caller can be written to, else as a call back."""
        blob = await self.blobs.put(tenant_id, "heard", sound)
        kept = MediaRef(id=message.provider_id, blob=blob, size=len(sound))
        if message.media is not None:
            kept = message.media.model_copy(update={"blob": blob, "url": None, "size": len(sound)})
        async with self.db.tenant(tenant_id, reads=True) as session:
            call = await session.get_one(Call, call_id)
            there = await self._there(session, call)
            account_id = there[1].id if there else call.account_id
            if there:
                message = await _inbound(session, *there, f"voicemail:{message.provider_id}")
        await self._arrive(tenant_id, account_id, message.model_copy(update={"kind": Kind.VOICE, "media": kept}))

    async def _there(self, session: AsyncSession, call: Call, *, wanted: bool = True) -> _Place | None:
        """Where a call goes on: with the colleague who answers there, else where the caller can be written to."""
        own = await session.get_one(Conversation, call.conversation_id)
        if own.mode == HUMAN:
            return own, await session.get_one(ChannelAccount, own.account_id)
        return await elsewhere(session, call.conversation_id, self.windows) if wanted else None

    async def _arrive(self, tenant_id: str, account_id: str, inbound: Inbound) -> None:
        await self.inbox.put([NewRow(tenant_id, account_id, inbound.provider_id, inbound.model_dump_json())])


async def _inbound(
    session: AsyncSession, conversation: Conversation, account: ChannelAccount, provider_id: str
) -> Inbound:
    """A message in that conversation, as if the customer had just written there."""
    asked = select(ContactIdentity).where(col(ContactIdentity.contact_id) == conversation.contact_id)
    identities = tuple(Identity(kind=one.kind, value=one.value) for one in await session.scalars(asked))
    return Inbound(
        account=account.external_id,
        provider_id=provider_id,
        chat=conversation.chat,
        sender=Sender(identities=identities),
        sent_at=datetime.now(UTC),
        kind=Kind.CALL,
        address=conversation.address,
        by_call=True,
    )


async def _unsent(session: AsyncSession, call: Call) -> list[str]:
    """What was to be sent as writing in this call, in order."""
    cards = col(Message.key).like(f"{call.id}:%:also%")
    mine = col(Message.conversation_id) == call.conversation_id
    asked = select(col(Message.text)).where(mine, cards, col(Message.status) == UNSENT).order_by(col(Message.id))
    return [text for text in await session.scalars(asked) if text]


async def _unanswered(session: AsyncSession, call_id: str) -> str:
    """The caller's last question if its answer was not heard to its end."""
    last = await session.scalar(
        select(Turn).where(col(Turn.call_id) == call_id).order_by(col(Turn.started_at).desc()).limit(1)
    )
    if last is None or not last.heard:
        return ""
    said = await session.scalar(
        select(Message).where(col(Message.turn_id) == last.id, col(Message.direction) == Direction.OUT).limit(1)
    )
    whole = said is not None and (said.heard or "").strip() == (said.text or "").strip()
    return "" if whole else last.heard
