"""One tenant's websites: conversations over the page's own socket or by WebRTC; what is sent waits in our store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from secrets import token_hex
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from channels.web.config import LIMITS, WebConfig, WebPlatform
from channels.web.ice import for_browsers, ice_servers
from channels.web.leg import Patience, Seat, WebLeg
from channels.web.protocol import Resume, Start, read, written
from channels.wild import parse, table, words
from core_pipeline.contracts.calls import Answer, CallNews, CallState, Ring
from core_pipeline.contracts.channel import Admitted, WebhookRequest
from core_pipeline.contracts.messages import Identity, ReplyKind, Sender
from errors import Forged, Impossible, Retryable, SawtakError

if TYPE_CHECKING:
    from channels.web.sessions import Sessions
    from core_pipeline.contracts.calls import Socket, Switchboard, Ticket
    from core_pipeline.contracts.channel import Opening
    from core_pipeline.contracts.legs import Leg
    from core_pipeline.contracts.messages import Inbound, MediaRef, Receipt, Reply

START_SECONDS = 5.0
REFUSED, AGAIN_LATER = 1008, 1013
_SDP_CHARS = 32 * 1024


class WebChannel:
    """Speaks for the websites of one account; believes only requests that our own door has let in."""

    def __init__(
        self, opening: Opening, platform: WebPlatform, sessions: Sessions, patience: Patience | None = None
    ) -> None:
        self._account = opening.external_id
        self._origins = WebConfig.model_validate(opening.config, from_attributes=True).origins
        self._platform, self._sessions, self._patience = platform, sessions, patience

    def verify(self, request: WebhookRequest) -> str | None:
        """Raise `Forged`: there is no vendor who could call."""
        del request
        raise Forged("no-vendor", "websites talk to /api/v1 and /ws/assistant")

    def read(self, request: WebhookRequest) -> list[Inbound | Receipt]:
        """Return nothing: there is no vendor who could tell anything."""
        del request
        return []

    def fetch(self, media: MediaRef) -> AsyncIterator[bytes]:
        """Raise `Impossible`: what visitors send lies in our own store from the start."""
        del media
        raise Impossible("media-here", "read it from the store")

    async def send(self, reply: Reply) -> str:
        """Check that the page can show it, and give it an id; the message in our store is what the page fetches."""
        if not words(reply.address.get("visitor")):
            raise Impossible("address", "no visitor")
        if reply.kind is ReplyKind.TEXT:
            _within("text", len((reply.text or "").strip()), LIMITS.text_chars)
        elif reply.kind is ReplyKind.VIDEO:
            _within("video", len(reply.data or b""), LIMITS.videos[0].most)
        else:
            _within("voice", len(reply.data or b""), LIMITS.voice_bytes)
        return token_hex(16)

    async def busy(self, address: Mapping[str, Any], kind: ReplyKind, message_id: str) -> None:
        """Show nothing: the page knows that it asked."""

    async def install(self, url: str) -> None:
        """Tell nobody: there is no vendor."""

    def listen(self) -> AsyncIterator[list[Inbound | Receipt]]:
        """Raise `Impossible`: there is no vendor to ask."""
        raise Impossible("no-polling", "websites come to us")

    async def signal(self, event: str, request: WebhookRequest, board: Switchboard) -> Answer:
        """Answer "ice" with servers for WebRTC, and "offer" ({sdp, visitor, name, language, avatar}) with our SDP."""
        admitted = self._proven(request)
        if event == "ice":
            return _json({"ice_servers": for_browsers(ice_servers(self._platform, token_hex(6)))})
        if event == "offer":
            return await self._answered(admitted, board)
        raise Impossible("no-such-request", "there are: ice, offer")

    async def connect(self, socket: Socket, board: Switchboard) -> tuple[Ticket, Leg]:
        """Accept a socket and begin what its first message asks for; a socket that goes on gives its running leg.

        Raises `Forged` before accepting unless our own door let it in, and after saying so when it can't be served.
        """
        admitted = self._proven(socket.request)
        await socket.accept()
        try:
            leg = await self._begun(socket, admitted, board)
        except SawtakError as error:
            said = {"type": "error", "code": error.code, "text": error.detail}
            with suppress(TimeoutError):
                async with asyncio.timeout(START_SECONDS):
                    await socket.send(written(said))
            await socket.close(REFUSED if isinstance(error, Forged | Impossible) else AGAIN_LATER)
            raise Forged(error.code, "the socket was told why") from error
        return leg.ticket, leg

    async def pick_up(self, ring: Ring, ticket: Ticket) -> Leg:
        """Raise `Impossible`: no webhook brings a visitor's call."""
        raise Impossible("no-ring", f"{ring.provider_id}, {ticket.call_id}: visitors come by socket or offer")

    async def reject(self, ring: Ring) -> None:
        """Raise `Impossible`: no webhook brings a visitor's call."""
        raise Impossible("no-ring", f"{ring.provider_id}: visitors come by socket or offer")

    async def dial(self, to: Mapping[str, Any], ticket: Ticket, board: Switchboard) -> str:
        """Raise `Impossible`: a page can't be rung."""
        del to, ticket, board
        raise Impossible("no-dial", "a visitor has to come by themselves")

    async def picked_up(self, news: CallNews, ticket: Ticket) -> Leg:
        """Raise `Impossible`: a page can't be rung."""
        del news, ticket
        raise Impossible("no-dial", "a visitor has to come by themselves")

    def _proven(self, request: WebhookRequest) -> Admitted:
        """The request, once our own door let it in and it comes from one of the account's pages, or from no page."""
        if not isinstance(request, Admitted):
            raise Forged("not-admitted", "websites talk to /ws/assistant and /api/v1/rtc, with a key")
        origin = request.headers.get("origin")
        if origin and self._origins and origin not in self._origins:
            raise Forged("origin-wrong", "this page is not one of the account's")
        return request

    async def _begun(self, socket: Socket, admitted: Admitted, board: Switchboard) -> WebLeg:
        try:
            async with asyncio.timeout(START_SECONDS):
                first = await socket.receive()
        except TimeoutError:
            raise Impossible("start-late", f"send start within {START_SECONDS:g} seconds") from None
        message = read(first) if isinstance(first, str) else None
        if isinstance(message, Resume):
            leg = self._sessions.find(message, self._account)
            leg.attach(socket, message)
            return leg
        if not isinstance(message, Start):
            raise Impossible("start-missing", "the first message is start")
        self._sessions.check()
        ring = self._ring(admitted, message)
        ticket, language = await _taken(ring, board)
        left = partial(self._left, board, ring.provider_id)
        leg = WebLeg(ticket, Seat(self._account, ring.provider_id, language), message, left, self._patience)
        self._sessions.add(leg)
        leg.attach(socket)
        return leg

    def _ring(self, admitted: Admitted, start: Start) -> Ring:
        provider_id = uuid4().hex
        visitor = admitted.visitor or f"{admitted.unproven}{start.visitor or provider_id}"
        sender = Sender(
            identities=(Identity(kind="visitor", value=visitor),),
            name=start.name or None,
            language=start.language or None,
        )
        address = {"visitor": visitor, **({"voice": start.voice} if start.voice else {})}
        now = datetime.now(UTC)
        return Ring(
            account=self._account,
            provider_id=provider_id,
            sender=sender,
            at=now,
            chat=visitor,
            wants=start.language,
            address=address,
        )

    async def _left(self, board: Switchboard, provider_id: str, state: CallState) -> None:
        await board.news(CallNews(account=self._account, provider_id=provider_id, state=state))

    async def _answered(self, admitted: Admitted, board: Switchboard) -> Answer:
        from channels.rtc.leg import RtcLeg  # noqa: PLC0415 - a media stack that sockets don't need

        asked = table(parse(admitted.body))
        offer = words(asked.get("sdp")) or ""
        if not 0 < len(offer) <= _SDP_CHARS:
            raise Impossible("offer", f"sdp is an offer of at most {_SDP_CHARS} characters")
        start = _start_of(asked)
        ring = self._ring(admitted, start)
        ticket, language = await _taken(ring, board)
        leg = RtcLeg(ice_servers(self._platform, token_hex(6)), video=asked.get("avatar") in {"track", True})
        try:
            answer = await leg.answer(offer)
        except SawtakError:
            await self._left(board, ring.provider_id, CallState.FAILED)
            raise
        board.carry(ticket, leg)
        return _json({"sdp": answer, "session": ring.provider_id, "language": language})


async def _taken(ring: Ring, board: Switchboard) -> tuple[Ticket, str]:
    """The call we agree to take, and its language; `Retryable` with the words for the visitor otherwise."""
    verdict = await board.ring(ring)
    if verdict.kind != "talk" or verdict.ticket is None:
        code = "leave-message" if verdict.kind == "message" else "busy"
        raise Retryable(code, verdict.words or "nobody can talk now", after=30.0)
    return await board.redeem(verdict.ticket.token, ring.provider_id), verdict.language


def _start_of(asked: Mapping[str, Any]) -> Start:
    known = {name: asked[name] for name in ("visitor", "name", "language", "voice") if asked.get(name) is not None}
    start = read(written({**known, "type": "start"}))
    return start if isinstance(start, Start) else Start()


def _within(what: str, size: int, most: int) -> None:
    if not 0 < size <= most:
        raise Impossible(f"{what}-size", f"1 to {most}")


def _json(body: Mapping[str, Any]) -> Answer:
    return Answer(written(body), "application/json", HTTPStatus.OK)
