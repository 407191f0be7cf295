"""A number's calls: taken and made with WebRTC, their descriptions exchanged by the Graph API and webhooks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from channels.rtc.ice import ice_servers
from channels.whatsapp.graph import Graph
from channels.whatsapp.people import recipient
from channels.wild import rows, words
from errors import Forged, Impossible, NeedsOwner, Retryable, SawtakError

if TYPE_CHECKING:
    from channels.rtc.leg import RtcLeg
    from channels.whatsapp.config import WhatsAppConfig, WhatsAppPlatform
    from core_pipeline.contracts.calls import Answer, CallNews, Ring, Socket, Switchboard, Ticket
    from core_pipeline.contracts.channel import WebhookRequest

log = logging.getLogger(__name__)

# The vendor gives up on a call that is not accepted within 30 to 60 seconds.
_PICKING_UP, _RINGING = 25.0, 90.0
_DIALLED = 1000
NOT_ALLOWED = "whatsapp-138006"


class CallSide:
    """What a connected number does about calls; the rest of it is `WhatsAppChannel`."""

    def __init__(self, graph: Graph, account: str, config: WhatsAppConfig, platform: WhatsAppPlatform) -> None:
        self._graph, self._account, self._config = graph, account, config
        self._ice_setting = platform.ice_servers or SecretStr("")
        self._dialled: dict[str, RtcLeg] = {}

    async def signal(self, event: str, request: WebhookRequest, board: Switchboard) -> Answer:  # noqa: ARG002 - other vendors need it
        """Raise `Impossible`: word on calls comes by the webhook."""
        raise Impossible("no-signals", f"{event}: WhatsApp tells of calls by its webhook")

    async def connect(self, socket: Socket, board: Switchboard) -> tuple[Ticket, RtcLeg]:  # noqa: ARG002 - other vendors need it
        """Raise `Forged`: no sound of this vendor's comes by a socket."""
        raise Forged("no-sockets")

    async def pick_up(self, ring: Ring, ticket: Ticket) -> RtcLeg:  # noqa: ARG002 - other vendors need it
        """Take a call in time and return once sound flows.

        Raises `NeedsOwner` where calls are switched off, `Impossible` for one that can't be taken (any more), and
        `Retryable` when no connection came about; the caller is then told that nobody answers.
        """
        try:
            async with asyncio.timeout(_PICKING_UP):
                return await self._picked_up(ring)
        except (TimeoutError, SawtakError) as error:
            await self._quietly("reject", ring.provider_id)
            if isinstance(error, SawtakError):
                raise
            raise Retryable("call-late", "the call could not be connected in time") from None

    async def reject(self, ring: Ring) -> None:
        """Let the caller know that nobody answers."""
        await self._act("reject", ring.provider_id)

    async def dial(self, to: Mapping[str, Any], ticket: Ticket, board: Switchboard) -> str:  # noqa: ARG002 - other vendors need it
        """Call a customer who allows it and return the call's wacid.

        One who was never asked is asked, where the account says how; `Impossible` all the same.
        """
        from channels.rtc.leg import RtcLeg  # noqa: PLC0415 - a media stack that messages don't need

        self._check_on()
        leg = RtcLeg(ice_servers(self._ice_setting.get_secret_value()), connecting=_RINGING)
        try:
            provider_id = await self._called(to, await leg.offer(writes=False), ticket)
        except BaseException:
            await leg.close()
            raise
        self._dialled[provider_id] = leg
        if len(self._dialled) > _DIALLED:
            await self._dialled.pop(next(iter(self._dialled))).close()
        return provider_id

    async def picked_up(self, news: CallNews, ticket: Ticket) -> RtcLeg:  # noqa: ARG002 - other vendors need it
        """Go on with a call of ours once its answer has come and the customer is heard."""
        leg = self._dialled.pop(news.provider_id, None)
        if leg is None:
            raise Impossible("no-such-call", "the answer is to a call that this process did not make")
        leg.over = lambda: self._quietly("terminate", news.provider_id)
        try:
            await leg.accept_answer(news.answer)
            await leg.wait_connected()
            await leg.wait_sound()
        except BaseException:
            await leg.close()
            raise
        return leg

    async def enable_calls(self) -> None:
        """Switch calls on for this number at the vendor's."""
        await self._graph.call("POST", f"{self._account}/settings", json={"calling": {"status": "ENABLED"}})

    async def ask_to_call(self, to: Mapping[str, Any], text: str) -> None:
        """Ask a customer to allow calls of ours."""
        asked = {
            "type": "call_permission_request",
            "action": {"name": "call_permission_request"},
            "body": {"text": text},
        }
        body = {"messaging_product": "whatsapp", "recipient_type": "individual", **recipient(to)}
        message = {**body, "type": "interactive", "interactive": asked}
        await self._graph.call("POST", f"{self._account}/messages", lands=True, json=message)

    async def _picked_up(self, ring: Ring) -> RtcLeg:
        from channels.rtc.leg import RtcLeg  # noqa: PLC0415 - a media stack that messages don't need

        self._check_on()
        leg = RtcLeg(ice_servers(self._ice_setting.get_secret_value()))
        answer = await leg.answer(ring.offer)
        try:
            # Connecting before the call is accepted keeps the first words whole; sound flows only after.
            await self._act("pre_accept", ring.provider_id, answer)
            await leg.wait_connected()
            leg.over = lambda: self._quietly("terminate", ring.provider_id)
            await self._act("accept", ring.provider_id, answer)
        except BaseException:
            await leg.close()
            raise
        return leg

    async def _called(self, to: Mapping[str, Any], offer: str, ticket: Ticket) -> str:
        body = {
            "messaging_product": "whatsapp",
            **recipient(to),
            "action": "connect",
            "session": {"sdp_type": "offer", "sdp": offer},
            "biz_opaque_callback_data": ticket.call_id,
        }
        try:
            answer = await self._graph.call("POST", f"{self._account}/calls", lands=True, json=body)
        except Impossible as error:
            if error.code == NOT_ALLOWED and self._config.ask_to_call:
                await self.ask_to_call(to, self._config.ask_to_call)
                raise Impossible(
                    NOT_ALLOWED, "the customer was asked for permission: call again once they agree"
                ) from None
            raise
        for call in rows(answer.get("calls")):
            if wacid := words(call.get("id")):
                return wacid
        raise Retryable("whatsapp-answer", "a call was accepted without an id", after=5.0, landed=True)

    async def _act(self, action: str, provider_id: str, answer: str = "") -> None:
        body: dict[str, Any] = {"messaging_product": "whatsapp", "call_id": provider_id, "action": action}
        if answer:
            body["session"] = {"sdp_type": "answer", "sdp": answer}
        await self._graph.call("POST", f"{self._account}/calls", json=body)

    async def _quietly(self, action: str, provider_id: str) -> None:
        """Do what may come too late: a call that the vendor has ended already can't be ended again."""
        try:
            await self._act(action, provider_id)
        except SawtakError as error:
            log.debug("%s of a call: %s", action, error.code)

    def _check_on(self) -> None:
        if not self._config.calls:
            raise NeedsOwner("calls-off", "switch calls on in the account, then install its webhook again")
