"""Customers' files: the link is asked for, then streamed by our own client within the cap."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import quote

import httpx
from telegram import Bot

from channels.capped import capped, within
from channels.telegram.refusals import asked
from channels.wild import whole
from core_pipeline.contracts.messages import MediaRef
from errors import Impossible, NeedsOwner, Retryable, SawtakError


@dataclass(frozen=True)
class Files:
    """Files below `base` (which holds the token, so no error quotes it); `cap` in bytes, `timeout` in seconds."""

    http: httpx.AsyncClient
    base: str
    cap: int
    timeout: float

    async def stream(self, bot: Bot, media: MediaRef) -> AsyncIterator[bytes]:
        """Yield the file's bytes; `Impossible` if it is larger than the cap or gone."""
        within(self.cap, media.size)
        request = self.http.build_request("GET", await self._locate(bot, media.id), timeout=self.timeout)
        request.headers["accept-encoding"] = "identity"
        try:
            response = await self.http.send(request, stream=True, follow_redirects=False)
            try:
                self._check(response)
                async for chunk in capped(response, self.cap):
                    yield chunk
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise Retryable("telegram-unreachable", type(error).__name__, after=2.0) from None

    async def _locate(self, bot: Bot, file_id: str) -> str:
        file = await asked(bot.get_file(file_id, read_timeout=self.timeout))
        within(self.cap, file.file_size)
        path = (file.file_path or "").removeprefix(f"{self.base}/")
        # A Bot API server in local mode answers with a path of its own disk.
        if not path or path == file.file_path or path.startswith("/") or ".." in path:
            raise Impossible("media-path", "the file is not offered for download")
        return f"{self.base}/{quote(path)}"

    def _check(self, response: httpx.Response) -> None:
        if not response.is_success:
            raise _status(response.status_code)
        within(self.cap, whole(response.headers.get("content-length")))


def _status(status: int) -> SawtakError:
    if status == httpx.codes.UNAUTHORIZED:
        return NeedsOwner("telegram-401", "the bot token is wrong or revoked; get a new one from BotFather")
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return Retryable(f"telegram-http-{status}", after=5.0)
    return Impossible("media-gone", f"status {status}")
