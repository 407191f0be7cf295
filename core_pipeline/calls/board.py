"""The switchboard: which calls are taken, and what becomes of those that are not."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from core_pipeline.calls import keeping, register
from core_pipeline.calls.hours import person_now, takes_calls
from core_pipeline.calls.switchroom import Switchroom
from core_pipeline.contracts.calls import CallState, Verdict, Words
from core_pipeline.contracts.messages import Identity, Sender
from core_pipeline.history.threads import Arriving, thread
from core_pipeline.notices import happenings
from core_pipeline.thinking.variables import fixed, policy_of
from core_pipeline.thinking.words import phrase
from errors import Impossible, NeedsOwner, SawtakError
from tenants.models import Call, Contact, Conversation, Tenant
from tenants.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from core_pipeline.contracts.calls import CallNews, Ring, Ticket
    from core_pipeline.contracts.legs import Leg
    from core_pipeline.contracts.messages import Inbound
    from tenants.accounts import AccountRef

log = logging.getLogger(__name__)

__all__ = ["Board", "Switchroom"]

LANGUAGES = ("ar", "en")
RECITE_SECONDS = 3.0
DIAL_SECONDS = 5.0


class Board:
    """The `Switchboard` of one account."""

    def __init__(self, room: Switchroom, account: AccountRef) -> None:
        self._room, self._account, self._db = room, account, room.db

    def url(self, event: str, scheme: Literal["https", "wss"] = "https") -> str:
        """Our public address for this account and event; plain on a laptop, where nothing is set."""
        plain = self._room.address.startswith("http://")
        base = self._room.address.partition("://")[2]
        return f"{scheme[:-1] if plain else scheme}://{base}/calls/{self._account.channel}/{self._account.id}/{event}"

    async def ring(self, ring: Ring) -> Verdict:
        """Decide about a call; the same ring twice gives the same call, but a fresh token.

        Raises `Impossible("call-taken")` for one that is being talked on, or was.
        """
        async with self._db.tenant(self._account.tenant_id) as session:
            policy, language, call = await self._arrived(session, ring)
            if call.state in {CallState.RUNNING, CallState.ENDED}:
                raise Impossible("call-taken", "this call was taken already")
            if call.state == CallState.RINGING:
                reason = await self._obstacle(session, policy, call)
                if reason is None:
                    return Verdict("talk", language, await register.expect(session, call))
                await register.missed(session, call, reason)
                await happenings.call(session, "call.missed", call.id)
        return await self._declined(policy, language, call)

    async def redeem(self, token: str, provider_id: str | None = None) -> Ticket:
        """Give the call that this token was for, once; `Forged` for any other token, or another vendor's call."""
        async with self._db.tenant(self._account.tenant_id) as session:
            ticket = await register.redeem(session, token, provider_id, self._room.process)
            await happenings.call(session, "call.started", ticket.call_id)
        return ticket

    def carry(self, ticket: Ticket, leg: Leg) -> None:
        """Talk to the caller on this leg, in the background, until the call ends."""
        self._room.background(self.talk(ticket, leg))

    async def talk(self, ticket: Ticket, leg: Leg) -> None:
        """Talk to the caller on this leg until the call ends; one that broke off goes on by message."""
        reason = await self._room.leader.lead(ticket, leg)
        async with self._db.tenant(ticket.tenant_id) as session:
            await register.over(session, ticket.call_id, reason)
            await happenings.call(session, "call.ended", ticket.call_id)
        await self._room.going_on.cards(ticket.tenant_id, ticket.call_id)
        if reason in {"dropped", "broke"}:
            await self._room.going_on.by_message(ticket.tenant_id, ticket.call_id)

    async def lost(self, ticket: Ticket, reason: str) -> None:
        """Note that a call we agreed to take never came about; it goes on by message."""
        async with self._db.tenant(ticket.tenant_id) as session:
            await register.missed(session, await session.get_one(Call, ticket.call_id), reason)
            await happenings.call(session, "call.missed", ticket.call_id)
        await self._room.going_on.by_message(ticket.tenant_id, ticket.call_id)

    async def news(self, news: CallNews) -> None:
        """Note what the vendor tells of a call."""
        if news.answer and (ticket := await self._dialled_as(news.provider_id)) is not None:
            line = await self._room.lines.line(self._account.id)
            leg = await line.channel.picked_up(news, ticket)
            self.carry(await self.redeem(ticket.token), leg)
        tenant_id = self._account.tenant_id
        async with self._db.tenant(tenant_id) as session:
            call = await register.told(session, self._account.id, news)
            known = call or (await register.named(session, self._account.id, news.provider_id) if news.over else None)
            if call is not None:
                await happenings.call(session, "call.missed", call.id)
        if known is not None and known.state == CallState.MISSED and not known.outgoing:
            self._room.background(self._room.missed(tenant_id, known.id))

    async def voicemail(self, provider_id: str, message: Inbound) -> None:
        """Have a message answered that was left instead of a talk; the same message twice is one."""
        tenant_id = self._account.tenant_id
        async with self._db.tenant(tenant_id) as session:
            call = await register.named(session, self._account.id, provider_id)
            if call is None:
                raise Impossible("no-such-call", "a message came for a call that never rang")
            if call.reason == "voicemail":
                return
        sound = b""
        if message.media is not None:
            line = await self._room.lines.line(self._account.id)
            sound = b"".join([chunk async for chunk in line.channel.fetch(message.media)])
        await self._room.going_on.voicemail(tenant_id, call.id, message, sound)
        async with self._db.tenant(tenant_id) as session:
            (await session.get_one(Call, call.id)).reason = "voicemail"
            await happenings.call(session, "voicemail.received", call.id)

    async def person(self, call_id: str) -> str:
        """The number that the running call is to be transferred to; "" when nobody is to be disturbed."""
        async with self._db.tenant(self._account.tenant_id, reads=True) as session:
            policy = await _policy(session, self._account.tenant_id)
            call = await session.get(Call, call_id)
        wanted = call is not None and call.reason == "transfer"
        return person_now(policy, datetime.now(UTC)) if wanted else ""

    async def unreached(self, provider_id: str) -> None:
        """Note that nobody took the call that was put through, so that somebody has to call back."""
        async with self._db.tenant(self._account.tenant_id) as session:
            call = await register.named(session, self._account.id, provider_id)
            if call is not None:
                await keeping.handed(session, call.id)

    async def ready(self, language: str, *names: str) -> Words:
        """The tenant's ready words of these names in one piece, spoken where that is possible in time."""
        async with self._db.tenant(self._account.tenant_id, reads=True) as session:
            policy = await _policy(session, self._account.tenant_id)
        return await self._said(policy, language, names)

    async def dial(self, to: str, opening: str = "") -> str:
        """Call this number and begin with `opening` (the greeting where it is empty); gives the id of the call."""
        digits = to.removeprefix("+")
        async with self._db.tenant(self._account.tenant_id) as session:
            sender = Sender(identities=(Identity(kind="phone", value=digits),))
            conversation = await thread(session, Arriving(self._account.id, sender, digits, {"to": f"+{digits}"}))
            new = register.NewCall(conversation.id, self._account.id, f"ours:{uuid4().hex}", True, opening)
            call, _ = await register.open_call(session, new)
            ticket, address = await register.expect(session, call), conversation.address
        self._room.dialling.add(call.id)
        try:
            provider_id = await self._dialled(address, ticket)
            self._room.dialled[provider_id] = ticket
        except SawtakError as error:
            async with self._db.tenant(self._account.tenant_id) as session:
                await register.missed(session, await session.get_one(Call, call.id), error.code)
            raise
        finally:
            self._room.dialling.discard(call.id)
        async with self._db.tenant(self._account.tenant_id) as session:
            await register.called(session, call.id, provider_id)
        return call.id

    async def _dialled(self, address: dict[str, Any], ticket: Ticket) -> str:
        line = await self._room.lines.line(self._account.id)
        if not hasattr(line.channel, "dial"):
            raise NeedsOwner("no-calls", "this account carries no calls; choose one that does")
        provider_id: str = await line.channel.dial(address, ticket, self)
        return provider_id

    async def _dialled_as(self, provider_id: str) -> Ticket | None:
        """The call of ours that they took; they may be quicker than the vendor's answer to our dialling."""
        over = monotonic() + DIAL_SECONDS
        while provider_id not in self._room.dialled and monotonic() < over and self._room.dialling:
            await asyncio.sleep(0.05)
        return self._room.dialled.pop(provider_id, None)

    async def _arrived(self, session: AsyncSession, ring: Ring) -> tuple[Policy, str, Call]:
        policy = await _policy(session, self._account.tenant_id)
        chat = ring.chat or ring.sender.identities[0].value
        conversation = await thread(session, Arriving(self._account.id, ring.sender, chat, ring.address), ring.at)
        language = await _language(session, ring, conversation, policy)
        new = register.NewCall(conversation.id, self._account.id, ring.provider_id, language=language)
        return policy, language, (await register.open_call(session, new))[0]

    async def _obstacle(self, session: AsyncSession, policy: Policy, call: Call) -> str | None:
        """Why this call can't be talked on now; None when it can."""
        if not takes_calls(policy, datetime.now(UTC)):
            return "closed"
        here = self._room.leader
        # the call itself rings already
        tenants = await register.lines_taken(session, policy.calls.longest) - (call.token is not None)
        full = here.closing or here.taken >= self._room.at_once or tenants > policy.calls.most
        return "busy" if full else None

    async def _declined(self, policy: Policy, language: str, call: Call) -> Verdict:
        message = policy.calls.voicemail and call.state == CallState.MISSED and call.reason in {"closed", "busy"}
        names = ["closed" if call.reason == "closed" else "lines_busy", *(["leave_message"] if message else [])]
        said = await self._said(policy, language, names)
        if not message and call.state == CallState.MISSED:
            self._room.background(self._room.missed(call.tenant_id, call.id, wait=0.0))
        return Verdict("message" if message else "refuse", language, words=said.text, sound=said.sound)

    async def _said(self, policy: Policy, language: str, names: Sequence[str]) -> Words:
        text = " ".join(phrase(policy, name, language) for name in names)
        try:
            async with asyncio.timeout(RECITE_SECONDS):
                return Words(text, await self._room.recite(self._account.tenant_id, text, language))
        except (SawtakError, TimeoutError) as error:
            log.warning("words for a caller could not be spoken in time: %s", type(error).__name__)
        return Words(text)


async def _policy(session: AsyncSession, tenant_id: str) -> Policy:
    return policy_of(await session.get_one(Tenant, tenant_id))


async def _language(session: AsyncSession, ring: Ring, conversation: Conversation, policy: Policy) -> str:
    contact = await session.get_one(Contact, conversation.contact_id)
    known = (fixed(policy), ring.wants, contact.facts.get("language"), conversation.language, contact.language)
    return next((one[:2] for one in known if one and one[:2] in LANGUAGES), policy.language)
