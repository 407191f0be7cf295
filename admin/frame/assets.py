"""The panel's own files for browsers: built by npm, kept by browsers for good under the name of their content."""

from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

KINDS = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".mp3": "audio/mpeg",
}
PACKED = (".js", ".css", ".svg")
FOREVER, ASK_AGAIN = "public, max-age=31536000, immutable", "public, no-cache"
NOT_BUILT = "The panel's files are not built: install Node.js 20 or newer and run `make panel`.\n"


class Assets:
    """`/admin/static/{file}` out of the folder of built files."""

    def __init__(self, built: Path) -> None:
        self._built = built
        self._known: dict[str, tuple[float, str]] = {}
        self._packed: dict[str, bytes] = {}

    def route(self) -> Route:
        """The one route."""
        return Route("/static/{file}", self._serve)

    def address(self, name: str) -> str:
        """Where browsers fetch a file, with its content's digest."""
        digest = self._digest(name)
        return f"/admin/static/{name}" + (f"?v={digest}" if digest else "")

    async def _serve(self, request: Request) -> Response:
        name = request.path_params["file"]
        kind = next((mime for end, mime in KINDS.items() if name.endswith(end)), None)
        place = self._built / name
        if kind is None or place.parent != self._built or "\0" in name:
            return PlainTextResponse("There is no such file.\n", status_code=404)
        if not place.is_file():
            known = (self._built / "panel.css").is_file()
            return PlainTextResponse("There is no such file.\n" if known else NOT_BUILT, 404 if known else 503)
        digest = self._digest(name)
        headers = {
            "ETag": f'"{digest}"',
            "Cache-Control": FOREVER if request.query_params.get("v") == digest else ASK_AGAIN,
            "X-Content-Type-Options": "nosniff",
        }
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        body = place.read_bytes()
        if name.endswith(PACKED):
            headers["Vary"] = "Accept-Encoding"
            if "gzip" in request.headers.get("accept-encoding", ""):
                body, headers["Content-Encoding"] = self._gzipped(digest, body), "gzip"
        return Response(body, media_type=kind, headers=headers)

    def _gzipped(self, digest: str, body: bytes) -> bytes:
        """The file as it travels; packed once for each content."""
        if digest not in self._packed:
            self._packed[digest] = gzip.compress(body, 9)
        return self._packed[digest]

    def _digest(self, name: str) -> str:
        """The first half of the content's SHA-256; read again when the file has changed."""
        place = self._built / name
        if not place.is_file():
            return ""
        changed = place.stat().st_mtime
        if self._known.get(name, (0.0, ""))[0] != changed:
            self._known[name] = (changed, hashlib.sha256(place.read_bytes()).hexdigest()[:16])
        return self._known[name][1]
