"""Customers' files in, our voice notes and videos out."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx

from channels.capped import capped, within
from channels.whatsapp.graph import Graph
from channels.whatsapp.refusals import refusal
from channels.wild import whole, words
from core_pipeline.contracts.messages import MediaRef
from errors import Impossible, Retryable

_MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{1,256}")


@dataclass(frozen=True)
class Media:
    """The files of one number; the token goes to the API's own host and to `hosts` over TLS, nowhere else."""

    graph: Graph
    account: str
    hosts: tuple[str, ...]
    cap: int

    async def stream(self, media: MediaRef) -> AsyncIterator[bytes]:
        """Yield the file's bytes; a url that has run out is resolved once more, then the file counts as gone."""
        for _ in range(2):
            url = await self._resolve(media.id)
            async with self.graph.download(url) as response:
                if response.status_code == httpx.codes.NOT_FOUND:
                    continue
                self._check(response)
                async for chunk in capped(response, self.cap):
                    yield chunk
                return
        raise Impossible("media-gone")

    async def upload(self, data: bytes, mime: str, filename: str) -> str:
        """Hand a file to the vendor and return its media id; the MIME type of the part is what counts there."""
        files = {"file": (filename, data, mime)}
        fields = {"messaging_product": "whatsapp", "type": mime}
        answer = await self.graph.call("POST", f"{self.account}/media", data=fields, files=files)
        media_id = words(answer.get("id"))
        if not media_id:
            raise Retryable("whatsapp-answer", "an upload was answered without an id", after=5.0)
        return media_id

    async def _resolve(self, media_id: str) -> str:
        if not _MEDIA_ID.fullmatch(media_id):
            raise Impossible("media-id")
        found = await self.graph.call("GET", media_id, params={"phone_number_id": self.account})
        within(self.cap, whole(found.get("file_size")))
        url = words(found.get("url"))
        if not (url and self._trusted(url)):
            raise Impossible("media-host", "the file lies on a host that must not see the token")
        return url

    def _trusted(self, text: str) -> bool:
        try:
            url, api = httpx.URL(text), httpx.URL(self.graph.base)
        except httpx.InvalidURL:
            return False
        if url.userinfo:
            return False
        same_origin = (url.scheme, url.host, url.port) == (api.scheme, api.host, api.port)
        return same_origin or (url.scheme == "https" and url.port is None and url.host in self.hosts)

    def _check(self, response: httpx.Response) -> None:
        if response.is_redirect:
            raise Impossible("media-redirect", "the token must not follow a redirect")
        if not response.is_success:
            raise refusal(response, None, lands=False)
        within(self.cap, whole(response.headers.get("content-length")))
