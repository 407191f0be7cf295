"""Hands out media to whoever has a link that is still good, whole or in part."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from errors import SawtakError
from webhooks.api.problems import Refusal, refused

if TYPE_CHECKING:
    from starlette.requests import Request

    from tenants.blobs import Blobs
    from tenants.links import Links

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_METHODS = "GET, HEAD, OPTIONS"


@dataclass(frozen=True)
class MediaDoor:
    """`/media/{token}`, where the token is what `Links` made."""

    links: Links
    blobs: Blobs

    def routes(self) -> list[Route]:
        """The one route."""
        return [Route("/media/{token}", self._serve, methods=["GET", "HEAD", "OPTIONS"])]

    async def _serve(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            allow = {"Access-Control-Allow-Methods": _METHODS, "Access-Control-Allow-Headers": "Range"}
            return Response(status_code=204, headers={**_cors(), **allow})
        try:
            linked = self.links.read(request.path_params["token"])
            etag = f'"{sha256(linked.blob.encode()).hexdigest()[:32]}"'
            if request.headers.get("if-none-match", "") in {etag, "*"}:
                return Response(status_code=304, headers={**_cors(), "ETag": etag})
            data = await self.blobs.get(linked.tenant_id, linked.blob)
            return _part(request, data, linked.mime, etag)
        except (SawtakError, Refusal) as error:
            response = refused(request, error)
            response.headers.update(_cors())
            return response


def _part(request: Request, data: bytes, mime: str, etag: str) -> Response:
    """All of it, or the part that is asked for; HEAD tells the same without the bytes."""
    headers = {
        **_cors(),
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=3600, immutable",
        "Content-Disposition": "inline",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    part = _asked(request, len(data), etag)
    if part is None:
        return _sent(request, data, 200, headers, mime)
    start, end = part
    if start >= end:
        problem = refused(request, Refusal(416, "range"))
        problem.headers.update({**_cors(), "Content-Range": f"bytes */{len(data)}"})
        return problem
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
    return _sent(request, data[start:end], 206, headers, mime)


def _asked(request: Request, size: int, etag: str) -> tuple[int, int] | None:
    """Start and end of the one range that is asked for; None where the whole is to be sent."""
    found = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if found is None or request.headers.get("if-range", etag) != etag or found[1] == found[2] == "":
        return None
    if not found[1]:
        return max(0, size - int(found[2])) if int(found[2]) else size, size
    start, last = int(found[1]), int(found[2]) if found[2] else size - 1
    return (start, min(last + 1, size)) if last >= start or not found[2] else None


def _sent(request: Request, data: bytes, status: int, headers: dict[str, str], mime: str) -> Response:
    response = Response(b"" if request.method == "HEAD" else data, status, headers, mime)
    response.headers["Content-Length"] = str(len(data))
    return response


def _cors() -> dict[str, str]:
    """Any page may read it: the link itself is the secret."""
    exposed = "Accept-Ranges, Content-Range, Content-Length, ETag"
    return {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": exposed,
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
