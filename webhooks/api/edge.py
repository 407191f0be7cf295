"""What every request to the API passes first: who asks, how large it is, and which page may read the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response

from errors import SawtakError
from tenants.house_keys import HouseRef
from webhooks.api.problems import Refusal, refused

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from webhooks.api.access import Access
    from webhooks.api.needs import Sizes

METHODS = "GET, POST, PUT, DELETE"
HEADERS = "Authorization, Content-Type, X-Sawtak-Key, Idempotency-Key, Accept-Language"
EXPOSED = "Retry-After, Content-Language, Location"


class Edge:
    """Wraps the application: it finds who asks in `request.state.caller` (None: nobody we know).

    Whoever stands above a business is found in `request.state.house`, and there only.
    """

    def __init__(self, app: ASGIApp, access: Access, sizes: Sizes) -> None:
        self._app, self._access, self._sizes = app, access, sizes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        readable = _readable(request, send)
        if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            await _preflight(request)(scope, receive, send)
            return
        try:
            asker = await self._access.asker(request)
        except (Refusal, SawtakError) as error:
            # A page that may not use the key learns nothing from us, not even that.
            foreign = getattr(error, "code", "") == "origin-wrong"
            await refused(request, error)(scope, receive, send if foreign else readable)
            return
        request.state.caller = None if isinstance(asker, HouseRef) else asker
        request.state.house = asker if isinstance(asker, HouseRef) else None
        # A key of a server of yours has no business in a page: what it asks for, no page gets to read.
        secret = isinstance(asker, HouseRef) or (asker is not None and asker.kind == "secret")
        await self._app(scope, self._measured(request, receive, known=asker is not None), send if secret else readable)

    def _measured(self, request: Request, receive: Receive, *, known: bool) -> Receive:
        """Hand the body over until it is too large."""
        upload = request.headers.get("content-type", "").startswith("multipart/")
        most = self._sizes.upload if upload else self._sizes.plain
        left = most if known else min(most, self._sizes.stranger)

        async def measured() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise Refusal(413, "too-large")
            return message

        return measured


def _preflight(request: Request) -> Response:
    """Let the page ask: whether it may is the key's matter, which a preflight can't carry."""
    headers = {
        "Access-Control-Allow-Origin": request.headers.get("origin", ""),
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": HEADERS,
        "Access-Control-Max-Age": "600",
        "Vary": "Origin",
    }
    return Response(status_code=204, headers=headers)


def _readable(request: Request, send: Send) -> Send:
    """Let the page read the answer."""
    origin = request.headers.get("origin")
    if origin is None:
        return send

    async def named(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = EXPOSED
            headers.add_vary_header("Origin")
        await send(message)

    return named
