"""One telephone number: calls in and out, messages left, and our words back by call or SMS."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from channels.phone import reception, twiml
from channels.phone.config import LIMITS, PhoneConfig, PhonePlatform
from channels.phone.desk import Desk
from channels.phone.leg import PhoneLeg
from channels.phone.rest import Rest
from channels.phone.signature import Seal
from channels.wild import rows, words
from core_pipeline.contracts.channel import Opening, WebhookRequest
from core_pipeline.contracts.messages import MediaRef, Reply, ReplyKind
from errors import Forged, Impossible, NeedsOwner, Retryable

if TYPE_CHECKING:
    from core_pipeline.contracts.calls import Answer, CallNews, Ring, Socket, Switchboard, Ticket
    from core_pipeline.contracts.channel import Event
    from core_pipeline.contracts.legs import Leg
    from core_pipeline.contracts.messages import Inbound, Receipt

_API = "https://api.twilio.com"
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_WEBHOOK = re.compile(r"(https?://[^?#\s]+)/webhooks/phone/([^/?#\s]+)")
# A caller waits on the line meanwhile.
_LIVE_SECONDS = 5.0
_STAGES = ["initiated", "ringing", "answered", "completed"]


@dataclass(frozen=True)
class _Remote:
    """A running call, seen from the vendor's REST API."""

    rest: Rest
    board: Switchboard
    call_sid: str
    number: str
    language: str

    async def put_through(self, to: str) -> None:
        document = twiml.dialled(self.board, to, self.number, self.language)
        await self.rest.post(f"Calls/{self.call_sid}", {"Twiml": document}, timeout=_LIVE_SECONDS)

    async def end(self) -> None:
        await self.rest.post(f"Calls/{self.call_sid}", {"Status": "completed"}, timeout=_LIVE_SECONDS)


class PhoneChannel:
    """Speaks for one number."""

    def __init__(self, opening: Opening, config: PhoneConfig, platform: PhonePlatform) -> None:
        self._account, self._config = opening.external_id, config
        secrets = opening.secrets
        token = secrets.get("auth_token", SecretStr(""))
        self._rest = Rest(opening.http, api_of(platform, config), config.account_sid, token, platform.timeout)
        signing = ("shared_key",) if config.signature == "HMAC_SHA256" else ("auth_token", "auth_token_old")
        self._seal = Seal(tuple(secrets[name] for name in signing if name in secrets), config.signature)
        self._desk = Desk(self._account, config.number, self._rest)

    def verify(self, request: WebhookRequest) -> str | None:
        """Return None for a genuine call of this account's; raise `Forged` otherwise."""
        self._proven(request)
        return None

    def read(self, request: WebhookRequest) -> list[Event]:  # noqa: ARG002 - calls are answered, not read
        """Nothing: what the vendor tells of calls comes to `signal`."""
        return []

    def fetch(self, media: MediaRef) -> AsyncIterator[bytes]:
        """Stream a message that was left, by its id: where it claims to lie is not asked."""
        return self._rest.recording(media.id, LIMITS.fetch_bytes)

    async def send(self, reply: Reply) -> str:
        """Call the customer and play the answer, or write it by SMS, where the business wants that."""
        if reply.kind is ReplyKind.VOICE:
            return await self._play_back(reply)
        if reply.kind is ReplyKind.TEXT:
            return await self._write(reply)
        raise Impossible("no-video", "a telephone shows nothing")

    async def busy(self, address: Mapping[str, Any], kind: ReplyKind, message_id: str) -> None:
        """Nothing is seen on a telephone."""

    async def install(self, url: str) -> None:
        """Have the vendor ask us about calls to this number; an empty `url` makes it stop."""
        fields = dict.fromkeys(("VoiceUrl", "VoiceFallbackUrl", "StatusCallback"), "")
        if url:
            calls = calls_of(url)
            fallback = self._config.fallback_url or f"{calls}/fallback"
            hooks = {"VoiceUrl": f"{calls}/incoming", "VoiceFallbackUrl": fallback, "StatusCallback": f"{calls}/status"}
            methods = {"VoiceMethod": "POST", "VoiceFallbackMethod": "POST", "StatusCallbackMethod": "POST"}
            fields = {**hooks, **methods}
        await self._rest.post(f"IncomingPhoneNumbers/{await self._number_sid()}", fields)

    def listen(self) -> AsyncIterator[list[Inbound | Receipt]]:
        """Raise `Impossible`: this network only pushes."""
        raise Impossible("no-polling", "a telephone rings, it is not asked")

    async def signal(self, event: str, request: WebhookRequest, board: Switchboard) -> Answer:
        """Answer a proven call of the vendor's; raises `Forged` for others, `Impossible` for unknown events."""
        fields = self._proven(request)
        return await self._desk.answer(event, fields, request, board)

    async def connect(self, socket: Socket, board: Switchboard) -> tuple[Ticket, Leg]:
        """Accept a proven socket and give the call that it carries; raises `Forged` for any other."""
        ticket, begun = await reception.receive(socket, board, self._seal, self._config.account_sid)
        remote = _Remote(self._rest, board, begun.call_sid, self._config.number, begun.language or "ar")
        return ticket, PhoneLeg(socket, begun.stream_sid, remote)

    async def pick_up(self, ring: Ring, ticket: Ticket) -> Leg:  # noqa: ARG002 - no call comes that way
        """Raise `Impossible`: calls come by websocket."""
        raise Impossible("no-offer", "calls of this network bring their sound by websocket")

    async def reject(self, ring: Ring) -> None:  # noqa: ARG002 - no call comes that way
        """Raise `Impossible`: a call is refused in the answer to its ringing."""
        raise Impossible("no-offer", "a call is refused in the answer to its ringing")

    async def dial(self, to: Mapping[str, Any], ticket: Ticket, board: Switchboard) -> str:
        """Call somebody and return the vendor's id of the call; its sound comes by `connect`."""
        fields = {
            "Twiml": twiml.talk(board, ticket, "ar"),
            "StatusCallback": board.url("status"),
            "StatusCallbackEvent": _STAGES,
            "StatusCallbackMethod": "POST",
            "Timeout": twiml.RING_SECONDS,
        }
        return await self._created("Calls", to, fields)

    async def picked_up(self, news: CallNews, ticket: Ticket) -> Leg:  # noqa: ARG002 - no call comes that way
        """Raise `Impossible`: calls of ours come by websocket, too."""
        raise Impossible("no-offer", "calls of this network bring their sound by websocket")

    def _proven(self, request: WebhookRequest) -> Any:
        fields = self._seal.prove(request)
        account = fields.last("AccountSid")
        if account and account != self._config.account_sid:
            raise Forged("account-wrong", "the call is about another account")
        return fields

    async def _play_back(self, reply: Reply) -> str:
        if not self._config.call_back:
            raise Impossible("no-way-back", "switch on call back to have answers played in a call")
        if not reply.url:
            raise Impossible("no-address", "the vendor fetches the sound itself and has to know where")
        return await self._created("Calls", reply.address, {"Twiml": twiml.played(reply.url)})

    async def _write(self, reply: Reply) -> str:
        if not self._config.sms:
            raise Impossible("no-way-back", "switch on call back or SMS to have messages answered that were left")
        text = (reply.text or "").strip()
        if not text or len(text) > LIMITS.text_chars:
            raise Impossible("text-too-long" if text else "text-empty", f"1 to {LIMITS.text_chars} characters")
        return await self._created("Messages", reply.address, {"Body": text})

    async def _created(self, what: str, to: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
        number = words(to.get("to")) or ""
        if not _NUMBER.fullmatch(number):
            raise Impossible("address", "the customer hides their number, or it is none")
        made = await self._rest.post(what, {"From": self._config.number, "To": number, **fields}, lands=True)
        sid = words(made.get("sid"))
        if not sid:
            raise Retryable("phone-answer", "it was accepted without an id", after=5.0, landed=True)
        return sid

    async def _number_sid(self) -> str:
        asked = {"PhoneNumber": self._config.number}
        found = await self._rest.call("GET", "IncomingPhoneNumbers", params=asked)
        for each in rows(found.get("incoming_phone_numbers")):
            if each.get("phone_number") == self._config.number and (sid := words(each.get("sid"))):
                return sid
        raise NeedsOwner("number-unknown", "the account has no such number; check both")


def calls_of(url: str) -> str:
    """Where the vendor asks about the calls of the account with this webhook; `Impossible` for another address."""
    found = _WEBHOOK.fullmatch(url)
    if not found:
        raise Impossible("url", "the webhook's address is https://…/webhooks/phone/<account>")
    return f"{found[1]}/calls/phone/{found[2]}"


def api_of(platform: PhonePlatform, config: PhoneConfig) -> str:
    """The vendor's address: where the account's data lies, entered where the business wants that."""
    base = platform.api_url.rstrip("/")
    if base != _API or not (config.region or config.edge):
        return base
    places = [place for place in (config.edge, config.region or "us1") if place]
    return f"https://api.{'.'.join(places)}.twilio.com"
