"""The emulated vendor's HTTP calls to us: signed as the real ones are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import httpx
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # the vendor ships no types

from channels.phone.emulator_vendor import TwilioVendor
from core_pipeline.contracts.channel import EmulatorSetup

_PAUSE = 0.2


class Unfetched(Exception):
    """We gave no answer that the vendor can use."""


@dataclass(frozen=True)
class Web:
    """Calls `base` by the names of the public address in the setup's webhook, where it has one."""

    vendor: TwilioVendor
    setup: EmulatorSetup
    base: str
    account_id: str
    faults: list[str]

    @property
    def plain(self) -> bool:
        """Whether we are called without TLS, as on a laptop."""
        return self._public.startswith("http://")

    def url(self, event: str) -> str:
        """Our public address for this event."""
        return f"{self._public}/calls/phone/{self.account_id}/{event}"

    async def ask(self, url: str, fields: Mapping[str, str]) -> str:
        """Return the TwiML that answers; raises `Unfetched` without one."""
        try:
            answer = await self._post(url, fields)
        except httpx.HTTPError as error:
            raise self._noted(f"11205: {url} can't be reached ({type(error).__name__})") from None
        if answer.status_code != httpx.codes.OK:
            raise self._noted(f"11200: {url} answered {answer.status_code}")
        if answer.headers.get("content-type", "").partition(";")[0] not in {"text/xml", "application/xml"}:
            raise self._noted(f"12300: {url} answered with another type than XML")
        return answer.text

    async def tell(self, url: str, fields: Mapping[str, str]) -> None:
        """Call back; repeated as often as the address asks for (#rc=)."""
        again = int(parse_qs(urlsplit(url).fragment).get("rc", ["0"])[0])
        for left in range(again, -1, -1):
            try:
                answer = await self._post(url, fields)
            except httpx.HTTPError:
                answer = httpx.Response(503)
            if answer.is_success:
                return
            if left and answer.is_server_error:
                await asyncio.sleep(_PAUSE)
        self.faults.append(f"11200: {url.partition('?')[0]} was told of news and answered {answer.status_code}")

    async def sound(self, url: str) -> bytes:
        """Fetch a sound that is to be played."""
        answer = await self.vendor.http.get(self._reach(url))
        if not (answer.is_success and answer.headers.get("content-type", "").startswith("audio/")):
            self.faults.append(f"12300: no sound at {url.partition('?')[0]}")
        return answer.content

    def handshake(self, url: str) -> tuple[str, str]:
        """Where to open a websocket, and its signature."""
        return self._reach(url), self._signature(url, {})

    async def _post(self, url: str, fields: Mapping[str, str]) -> httpx.Response:
        bare = url.partition("#")[0]
        headers = {
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
            "x-twilio-signature": self._signature(bare, fields),
        }
        return await self.vendor.http.post(self._reach(bare), content=urlencode(fields), headers=headers)

    def _signature(self, url: str, fields: Mapping[str, str]) -> str:
        return str(RequestValidator(self.vendor.token).compute_signature(url, fields))

    def _reach(self, url: str) -> str:
        parts, base = urlsplit(url), urlsplit(self.base)
        if parts.netloc != urlsplit(self._public).netloc:
            return url
        scheme = base.scheme.replace("http", "ws") if parts.scheme.startswith("ws") else base.scheme
        return urlunsplit((scheme, base.netloc, parts.path, parts.query, ""))

    @property
    def _public(self) -> str:
        parts = urlsplit(self.setup.webhook_url or self.base)
        return f"{parts.scheme}://{parts.netloc}"

    def _noted(self, fault: str) -> Unfetched:
        self.faults.append(fault)
        return Unfetched(fault)
