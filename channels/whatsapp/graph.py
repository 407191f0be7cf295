"""Calls to the Graph API: bearer per request, one shared client, no redirects, every failure one of our errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr

from channels.whatsapp.refusals import lost, refusal
from channels.wild import parse, table
from errors import NeedsOwner


@dataclass(frozen=True)
class Graph:
    """One account's way to the vendor; `timeout` in seconds."""

    http: httpx.AsyncClient
    base: str
    token: SecretStr
    timeout: float

    async def call(self, method: str, path: str, *, lands: bool = False, **content: Any) -> dict[str, Any]:
        """Return the answer's object; `lands` = a call without an answer may have taken effect."""
        try:
            response = await self.http.request(
                method,
                f"{self.base}/{path}",
                headers=self._headers(),
                timeout=self._patience(),
                follow_redirects=False,
                **content,
            )
        except httpx.HTTPError as error:
            raise lost(error, lands=lands) from None
        payload = parse(response.content)
        if not response.is_success:
            raise refusal(response, payload, lands=lands)
        return table(payload)

    @asynccontextmanager
    async def download(self, url: str) -> AsyncIterator[httpx.Response]:
        """Open a media url whose host has been checked; the body is not read yet."""
        headers = {**self._headers(), "accept-encoding": "identity"}
        request = self.http.build_request("GET", url, headers=headers, timeout=self._patience())
        try:
            response = await self.http.send(request, stream=True, follow_redirects=False)
            try:
                yield response
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise lost(error, lands=False) from None

    def _headers(self) -> dict[str, str]:
        token = self.token.get_secret_value()
        if not (token.isascii() and token.isprintable() and token):
            raise NeedsOwner("token-malformed", "the access token is empty or holds characters no token has")
        return {"authorization": f"Bearer {token}", "user-agent": "sawtak"}

    def _patience(self) -> httpx.Timeout:
        return httpx.Timeout(self.timeout, connect=min(self.timeout, 10.0))
