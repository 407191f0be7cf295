"""The calls of D-ID's API that make a talking portrait, and the download of what came of it."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from core_pipeline.engines.vendor import answering, host_of, object_of, whole
from errors import Impossible, NeedsOwner, Retryable

_ID = re.compile(r"[\w|.@:-]{1,256}", re.ASCII)
_MOST_ANSWER = 1 << 20
_MODERATED = 451


@dataclass(frozen=True)
class Sent:
    """A file or a job that lies with the vendor: its path below the API's address, and the url to name it by."""

    path: str
    url: str = ""


@dataclass(frozen=True)
class DidApi:
    """One account's way to the vendor; `seconds` is the longest silence of one call."""

    http: httpx.AsyncClient
    base: str
    key: SecretStr
    seconds: float

    @property
    def vendor(self) -> str:
        """Whom errors name."""
        return host_of(self.base)

    async def upload(self, shelf: str, field: str, file: tuple[str, bytes, str]) -> Sent:
        """Lay a file (name, bytes, MIME type) on one of the vendor's shelves, where it stays a day or two."""
        told = await self._ask("POST", shelf, files={field: file})
        url = told.get("url")
        if not isinstance(url, str) or not url:
            raise Retryable("vendor-garbled", f"{self.vendor} took a file and named no address")
        return Sent(f"{shelf}/{self._id(told)}", url)

    async def begin(self, talk: dict[str, Any]) -> Sent:
        """Order a talk; it costs the account credits from here on."""
        return Sent(f"talks/{self._id(await self._ask('POST', 'talks', json=talk))}")

    async def state(self, talk: Sent) -> dict[str, Any]:
        """Return what the vendor says of the talk."""
        return await self._ask("GET", talk.path)

    async def drop(self, sent: Sent) -> None:
        """Delete a file or a talk with its film."""
        await self._call("DELETE", sent.path)

    async def credits(self) -> float:
        """Return how many credits the account has left."""
        left = (await self._ask("GET", "credits")).get("remaining")
        return float(left) if isinstance(left, int | float) else 0.0

    async def film(self, url: str, most: int) -> AsyncGenerator[bytes, None]:
        """Stream a finished film, `most` bytes at most; the key stays here, for the film lies on another host."""
        request = self.http.build_request("GET", self._safe(url), timeout=self.seconds)
        request.headers["accept-encoding"] = "identity"
        got = 0
        async with answering(self.http, request, "D-ID's film store") as response:
            async for part in response.aiter_bytes():
                got += len(part)
                if got > most:
                    raise Impossible("vendor-too-much", f"the film has more than {most} bytes")
                yield part
        if not got:
            raise Retryable("vendor-garbled", "the film is empty")

    def _safe(self, text: str) -> httpx.URL:
        """The address, if it may be gone to: by TLS, or to the very server that the API is at."""
        try:
            url, base = httpx.URL(text), httpx.URL(self.base)
        except (httpx.InvalidURL, TypeError):
            raise Retryable("vendor-garbled", f"{self.vendor} named no address of the film") from None
        same = (url.scheme, url.host, url.port) == (base.scheme, base.host, base.port)
        if not url.host or url.userinfo or not (same or url.scheme == "https"):
            raise Impossible("film-address", f"{self.vendor} offers the film at an address that is not safe")
        return url

    async def _ask(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        return object_of(await self._call(method, path, **content), self.vendor)

    async def _call(self, method: str, path: str, **content: Any) -> bytes:
        url = f"{self.base.rstrip('/')}/{path}"
        request = self.http.build_request(method, url, headers=self._proof(), timeout=self.seconds, **content)
        try:
            return await whole(self.http, request, self.vendor, seconds=2 * self.seconds, most=_MOST_ANSWER)
        except Impossible as error:
            if error.detail.startswith(f"{self.vendor} answered {_MODERATED}"):
                raise moderated(self.vendor) from None
            raise

    def _id(self, told: dict[str, Any]) -> str:
        found = told.get("id")
        if not isinstance(found, str) or not _ID.fullmatch(found):
            raise Retryable("vendor-garbled", f"{self.vendor} answered without an id")
        return quote(found, safe="")

    def _proof(self) -> dict[str, str]:
        key = self.key.get_secret_value().strip().removeprefix("Basic ")
        if not (key and key.isascii() and key.isprintable()):
            raise NeedsOwner("vendor-denied", "enter the D-ID API key as the vendor's account page shows it")
        return {"authorization": f"Basic {key}", "accept": "application/json"}


def moderated(vendor: str) -> Impossible:
    """Return the error for what the vendor's moderation does not let pass."""
    return Impossible("vendor-moderated", f"{vendor} does not animate this picture or these words: use another picture")
