"""The emulated vendor's shelf of files: ids that last, urls that run out."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass

from channels.emulation import film, voice
from channels.whatsapp.config import LIMITS, MEDIA_BYTES

_URL_SECONDS = 300.0


@dataclass(frozen=True)
class Shelved:
    """One file; `seconds` as decoded, `faults` as found on upload."""

    data: bytes
    mime: str
    seconds: float | None = None
    faults: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """The digest as webhooks give it."""
        return base64.b64encode(hashlib.sha256(self.data).digest()).decode()


def examined(data: bytes, mime: str) -> Shelved:
    """Return an uploaded file with what is wrong with it; its part's MIME type says what it has to be."""
    if mime.startswith("video/"):
        seen, wanted = film.examine(data), LIMITS.videos[0].mime
        seconds, faults = seen.seconds, seen.faults
    else:
        heard, wanted = voice.examine(data), LIMITS.voice.mime
        seconds, faults = heard.seconds, heard.faults
    checks = {
        f"the part's MIME type is {mime}": mime.replace(" ", "") == wanted.replace(" ", ""),
        f"{len(data)} bytes": len(data) <= MEDIA_BYTES,
    }
    return Shelved(data, mime, seconds, (*faults, *(fault for fault, fine in checks.items() if not fine)))


class MediaShelf:
    """Keeps files by id and hands out urls that last five minutes, or until `expire_urls`."""

    def __init__(self) -> None:
        self._files: dict[str, Shelved] = {}
        self._tickets: dict[str, tuple[str, float]] = {}

    def put(self, file: Shelved) -> str:
        """Keep a file and return its media id."""
        media_id = str(10**15 + secrets.randbelow(10**15))
        self._files[media_id] = file
        return media_id

    def get(self, media_id: str) -> Shelved | None:
        """Return the file with this id, if there is one."""
        return self._files.get(media_id)

    def ticket(self, media_id: str) -> str:
        """Return a fresh ticket for one file's url."""
        ticket = secrets.token_urlsafe(16)
        self._tickets[ticket] = (media_id, time.monotonic() + _URL_SECONDS)
        return ticket

    def redeem(self, ticket: str) -> Shelved | None:
        """Return the file behind a ticket that has not run out."""
        media_id, until = self._tickets.get(ticket, ("", 0.0))
        return self._files.get(media_id) if time.monotonic() < until else None

    def expire_urls(self) -> None:
        """Let every url handed out so far run out."""
        self._tickets.clear()
