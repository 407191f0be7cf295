"""The widget's files, and the page on which anybody can try a tenant's assistant."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from webhooks.pages import trying

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from tenants.db import Database

OWN = Path(__file__).parent
SCRIPT, SHEET = "text/javascript; charset=utf-8", "text/css; charset=utf-8"
BUILT = {"voice-mic.js": SCRIPT, "voice-mic-worklet.js": SCRIPT, "react.js": SCRIPT}
FOREVER, ASK_AGAIN = "public, max-age=31536000, immutable", "public, no-cache"
NOT_BUILT = "The widget is not built: install Node.js 20 or newer and run `make widget`.\n"


def routes(db: Database, built: Path, token_for: Callable[[str], str]) -> list[Route]:
    """`/widget/{file}` and `/try/{tenant}`.

    `built` is the folder of the widget's built files; `token_for` gives a short-lived token to talk to the tenant of
    this id, for one load of its page.
    """

    async def widget(request: Request) -> Response:
        return _file(request, built)

    async def page(request: Request) -> Response:
        tenant = await trying.open_to_all(db, request.path_params["tenant"])
        if tenant is None:
            return PlainTextResponse("There is no such page.\n", status_code=404)
        choice = trying.chosen(request.query_params, tenant)
        addresses = {name: f"/widget/{name}{_query(path)}" for name, path in _places(built).items()}
        headers = trying.headers(request.url.scheme, request.url.netloc)
        return HTMLResponse(trying.drawn(tenant, choice, token_for(tenant.id), addresses), headers=headers)

    return [Route("/widget/{file}", widget), Route("/try/{tenant}", page)]


def _places(built: Path) -> dict[str, Path]:
    return {name: built / name for name in BUILT} | {"try.css": OWN / "try.css"}


def _file(request: Request, built: Path) -> Response:
    """Kept by browsers for good where the address carries the content's digest, else asked for again each time."""
    name = request.path_params["file"]
    place = _places(built).get(name)
    if place is None:
        return PlainTextResponse("There is no such file.\n", status_code=404)
    if not place.is_file():
        return PlainTextResponse(NOT_BUILT, status_code=503, headers={"Cache-Control": "no-store"})
    digest = _digest(place)
    headers = {
        "ETag": f'"{digest}"',
        "Cache-Control": FOREVER if request.query_params.get("v") == digest else ASK_AGAIN,
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(place.read_bytes(), media_type=BUILT.get(name, SHEET), headers=headers)


def _query(place: Path) -> str:
    return f"?v={_digest(place)}" if place.is_file() else ""


def _digest(place: Path) -> str:
    """The first half of the content's SHA-256, in hexadecimal; the widget's own build names its parts so, too."""
    return hashlib.sha256(place.read_bytes()).hexdigest()[:16]
