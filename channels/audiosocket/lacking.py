"""What other networks have and AudioSocket has not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from core_pipeline.contracts.calls import CallNews, Ring, Socket, Switchboard, Ticket
from core_pipeline.contracts.channel import WebhookRequest
from core_pipeline.contracts.legs import Leg
from core_pipeline.contracts.messages import Inbound, MediaRef, Receipt, Reply, ReplyKind
from errors import Forged, Impossible

_CALLS_ONLY = "AudioSocket carries calls, no messages"


class Lacking:
    """Refuses it, each thing with the reason."""

    async def connect(self, socket: Socket, board: Switchboard) -> tuple[Ticket, Leg]:
        """Raise `Forged`: sound comes over TCP."""
        del socket, board
        raise Forged("no-websocket", "AudioSocket's sound comes over TCP")

    async def pick_up(self, ring: Ring, ticket: Ticket) -> Leg:
        """Raise `Impossible`: no call comes with an offer."""
        del ring, ticket
        raise Impossible("no-offer", "AudioSocket's sound comes over TCP")

    async def reject(self, ring: Ring) -> None:
        """The dialplan was told already."""
        del ring

    async def dial(self, to: Mapping[str, Any], ticket: Ticket, board: Switchboard) -> str:
        """Raise `Impossible`: the protocol has no way to call somebody."""
        del to, ticket, board
        raise Impossible("no-dial", "an exchange can't be told to call over AudioSocket; let it originate the call")

    async def picked_up(self, news: CallNews, ticket: Ticket) -> Leg:
        """Raise `Impossible`: we call nobody here."""
        del news, ticket
        raise Impossible("no-dial", "an exchange can't be told to call over AudioSocket")

    def verify(self, request: WebhookRequest) -> str | None:
        """Raise `Forged`: there is no webhook."""
        del request
        raise Forged("calls-only", _CALLS_ONLY)

    def read(self, request: WebhookRequest) -> list[Inbound | Receipt]:
        """Nothing: there is no webhook."""
        del request
        return []

    def fetch(self, media: MediaRef) -> AsyncIterator[bytes]:
        """Raise `Impossible`: no file comes this way."""
        del media
        raise Impossible("calls-only", _CALLS_ONLY)

    async def send(self, reply: Reply) -> str:
        """Raise `Impossible`: no message goes this way."""
        del reply
        raise Impossible("calls-only", _CALLS_ONLY)

    async def busy(self, address: Mapping[str, Any], kind: ReplyKind, message_id: str) -> None:
        """A telephone shows nothing."""
        del address, kind, message_id

    async def install(self, url: str) -> None:
        """Raise `Impossible`: the dialplan is the operator's."""
        del url
        raise Impossible("no-install", "write our address into the dialplan, see the channel's README")

    def listen(self) -> AsyncIterator[list[Inbound | Receipt]]:
        """Raise `Impossible`: there is nothing to pull."""
        raise Impossible("calls-only", _CALLS_ONLY)
