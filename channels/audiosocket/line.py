"""One account on an exchange of the business's own: calls in, their dialplan's questions answered."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs
from uuid import UUID

from channels.audiosocket.config import AudioSocketConfig, wire_id
from channels.audiosocket.lacking import Lacking
from core_pipeline.contracts.calls import Answer, Ring, Switchboard
from core_pipeline.contracts.channel import Opening, WebhookRequest
from core_pipeline.contracts.messages import Identity, Sender
from errors import Forged, Impossible

if TYPE_CHECKING:
    from channels.audiosocket.desk import Desk

SECRET_HEADER = "x-sawtak-secret"  # noqa: S105 - the header's name
_LONGEST_FIELD = 200
_SHORTEST_NUMBER, _LONGEST_NUMBER = 6, 15
_NUMBER = re.compile(r"\+?[0-9 ()./-]{1,40}")


class AudioSocketLine(Lacking):
    """The `Channel` and `CallLine` of one account."""

    def __init__(self, opening: Opening, config: AudioSocketConfig, desk: Desk) -> None:
        self._account, self._config, self._desk = opening.external_id, config, desk
        self._secret = opening.secrets.get("secret")

    async def signal(self, event: str, request: WebhookRequest, board: Switchboard) -> Answer:
        """Answer the dialplan: "ring" asks what to do with a call, "after" whom to dial once the sound has ended."""
        asked = _form(request)
        self._check(request, asked)
        if event == "ring":
            return Answer(await self._ring(asked, board))
        if event == "after":
            return Answer(self._desk.after(_wire_id(asked)))
        raise Impossible("no-such-event", "there is ring and after")

    async def _ring(self, asked: Mapping[str, str], board: Switchboard) -> str:
        """The UUID to connect with; else "message" or "refuse", and "=" with where the words lie as sound."""
        verdict = await board.ring(self._ringing(asked))
        if verdict.ticket is None:
            return f"{verdict.kind}={verdict.sound}" if verdict.sound else verdict.kind
        uuid = UUID(verdict.ticket.token)
        self._desk.expect(uuid.hex)
        return str(uuid)

    def _ringing(self, asked: Mapping[str, str]) -> Ring:
        call = asked.get("call", "")
        if not call:
            raise Impossible("ring-call", "give the exchange's name of the call: call=${UNIQUEID}")
        number = e164(asked.get("from", ""), self._config.country_code)
        who = Identity(kind="phone", value=number) if number else _unknown(self._account, asked.get("from", ""), call)
        return Ring(
            account=self._account,
            provider_id=call,
            sender=Sender(identities=(who,), name=asked.get("name") or None),
            at=datetime.now(UTC),
            chat=who.value,
            wants=asked.get("language", ""),
            address={"to": f"+{number}"} if number else {},
        )

    def _check(self, request: WebhookRequest, asked: Mapping[str, str]) -> None:
        known = self._secret.get_secret_value() if self._secret else ""
        given = request.headers.get(SECRET_HEADER) or asked.get("secret", "")
        if not known or not hmac.compare_digest(given.encode(), known.encode()):
            raise Forged("audiosocket-secret", "the dialplan does not give this account's secret")


def e164(number: str, country_code: str = "") -> str:
    """A caller's number in digits with its country code; "" for what is no number that others could call."""
    if not _NUMBER.fullmatch(number.strip()):
        return ""
    digits = re.sub(r"[^0-9]", "", number)
    if number.strip().startswith("+"):
        found = digits
    elif digits.startswith("00"):
        found = digits[2:]
    elif digits.startswith("0") and country_code:
        found = country_code + digits[1:]
    else:
        found = digits
    return found if _SHORTEST_NUMBER <= len(found) <= _LONGEST_NUMBER else ""


def _unknown(account: str, number: str, call: str) -> Identity:
    """Who calls without a number: a telephone of the exchange itself by its extension, anybody else by this call."""
    extension = number if number.isascii() and number.isdecimal() else ""
    if extension:
        return Identity(kind="audiosocket_extension", value=f"{account}:{extension}")
    return Identity(kind="audiosocket_call", value=f"{account}:{call}")


def _form(request: WebhookRequest) -> dict[str, str]:
    """The first value of each field that was posted, cut to a sane length."""
    try:
        fields = parse_qs(request.body.decode(), max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[0].replace("\0", "")[:_LONGEST_FIELD] for name, values in fields.items()}


def _wire_id(asked: Mapping[str, str]) -> str:
    try:
        return wire_id(asked.get("uuid", ""))
    except ValueError:
        raise Impossible("after-uuid", "give the UUID that the call was connected with: uuid=…") from None
