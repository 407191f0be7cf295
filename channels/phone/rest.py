"""Calls to the vendor's REST API: one shared client, every failure one of our errors."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr

from channels.capped import capped, within
from channels.phone.refusals import lost, refusal
from channels.wild import parse, table, whole
from errors import Impossible, NeedsOwner

_RECORDING = re.compile(r"RE[0-9a-fA-F]{32}")
_REDIRECTS = 3


@dataclass(frozen=True)
class Rest:
    """One account's way to the vendor; `timeout` in seconds. The token goes to `base`, nowhere else."""

    http: httpx.AsyncClient
    base: str
    account: str
    token: SecretStr
    timeout: float

    async def call(
        self, method: str, path: str, *, lands: bool = False, timeout: float | None = None, **content: Any
    ) -> dict[str, Any]:
        """Return the answer's object; `lands` = a call without an answer may have taken effect."""
        return await self._asked(method, self._url(f"{path}.json"), lands=lands, timeout=timeout, **content)

    async def itself(self) -> dict[str, Any]:
        """Return what the vendor says of the account itself."""
        return await self._asked("GET", f"{self._url('')[:-1]}.json")

    async def _asked(
        self, method: str, url: str, *, lands: bool = False, timeout: float | None = None, **content: Any
    ) -> dict[str, Any]:
        try:
            response = await self.http.request(
                method,
                url,
                auth=self._auth(),
                timeout=self._patience(timeout),
                follow_redirects=False,
                **content,
            )
        except httpx.HTTPError as error:
            raise lost(error, lands=lands) from None
        payload = parse(response.content)
        if not response.is_success:
            raise refusal(response, payload, lands=lands)
        return table(payload)

    async def post(
        self, path: str, fields: Mapping[str, Any], *, lands: bool = False, timeout: float | None = None
    ) -> dict[str, Any]:
        """Send a form and return the answer's object."""
        return await self.call("POST", path, lands=lands, timeout=timeout, data=dict(fields))

    async def recording(self, sid: str, cap: int) -> AsyncIterator[bytes]:
        """Stream a recording as WAV, at most `cap` bytes; the vendor may send us on to where it lies, without token."""
        if not _RECORDING.fullmatch(sid):
            raise Impossible("media-id")
        url = httpx.URL(self._url(f"Recordings/{sid}.wav"))
        auth: httpx.BasicAuth | None = self._auth()
        try:
            for _ in range(_REDIRECTS + 1):
                request = self.http.build_request("GET", url, headers=_PLAIN, timeout=self._patience())
                response = await self.http.send(request, stream=True, auth=auth, follow_redirects=False)
                try:
                    if not response.is_redirect:
                        self._check(response, cap)
                        async for chunk in capped(response, cap):
                            yield chunk
                        return
                    url, auth = self._onward(url, response.headers.get("location", "")), None
                finally:
                    await response.aclose()
        except httpx.HTTPError as error:
            raise lost(error, lands=False) from None
        raise Impossible("media-redirect", "the recording is sent on too often")

    def _onward(self, url: httpx.URL, location: str) -> httpx.URL:
        try:
            onward = url.join(location)
        except httpx.InvalidURL:
            raise Impossible("media-redirect", "the recording is sent on to nowhere") from None
        if onward.scheme != httpx.URL(self.base).scheme or onward.userinfo or not onward.host:
            raise Impossible("media-redirect", "the recording must come over TLS")
        return onward

    def _check(self, response: httpx.Response, cap: int) -> None:
        if not response.is_success:
            raise refusal(response, None, lands=False)
        within(cap, whole(response.headers.get("content-length")))

    def _url(self, path: str) -> str:
        return f"{self.base}/2010-04-01/Accounts/{self.account}/{path}"

    def _auth(self) -> httpx.BasicAuth:
        token = self.token.get_secret_value()
        if not (token.isascii() and token.isprintable() and token):
            raise NeedsOwner("token-malformed", "the auth token is empty or holds characters no token has")
        return httpx.BasicAuth(self.account, token)

    def _patience(self, timeout: float | None = None) -> httpx.Timeout:
        longest = timeout or self.timeout
        return httpx.Timeout(longest, connect=min(longest, 10.0))


_PLAIN = {"accept-encoding": "identity"}
