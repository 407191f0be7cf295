"""The door of our own channel: the assistant's socket, and WebRTC offers, for whoever has a key or a token."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from core_pipeline.contracts.channel import Admitted, WebhookRequest
from errors import Forged, Impossible, NeedsOwner, Retryable, SawtakError
from webhooks.gate import KEY_HEADER, Credentials, problem
from webhooks.sockets import StarletteSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request
    from starlette.websockets import WebSocket

    from core_pipeline.contracts.calls import CallLine, Switchboard
    from core_pipeline.contracts.channel import ChannelSpec
    from core_pipeline.contracts.legs import Leg
    from tenants.accounts import AccountBook, AccountRef
    from webhooks.gate import Admission, Gate
    from webhooks.lines import OpenLines

log = logging.getLogger(__name__)

STATUS = {Forged: 401, Impossible: 400, NeedsOwner: 409, Retryable: 503}
CROWDED = 429
# An utterance of a minute in one message, at 16 kHz; an SDP with every candidate.
MESSAGE_BYTES, BODY_BYTES = 2 * 1024 * 1024, 64 * 1024


@dataclass(frozen=True)
class Room:
    """How many sockets there may be at once: in all, of one tenant, and from one address."""

    in_all: int = 1000
    of_tenant: int = 200
    from_address: int = 50


class Assistant:
    """Lets visitors in, and leads them to the account of our own channel that their tenant has, or gets now.

    `board_of` gives an account's switchboard; `address` is our public one.
    """

    def __init__(
        self,
        spec: ChannelSpec,
        gate: Gate,
        lines: OpenLines,
        book: AccountBook,
        board_of: Callable[[AccountRef], Switchboard],
        address: str,
        room: Room | None = None,
    ) -> None:
        self._spec, self._gate, self._lines, self._book = spec, gate, lines, book
        self._board_of, self._address, self._room = board_of, address, room or Room()
        self._there: Counter[str] = Counter()
        self._carried: WeakSet[Leg] = WeakSet()
        self.counters: Counter[str] = Counter()

    def routes(self) -> list[Route | WebSocketRoute]:
        """The socket, and WebRTC's two questions."""
        return [
            WebSocketRoute("/ws/assistant", self._talk),
            Route("/api/v1/rtc", self._offer, methods=["POST", "OPTIONS"]),
            Route("/api/v1/rtc/ice", self._ice, methods=["GET", "OPTIONS"]),
        ]

    async def _talk(self, websocket: WebSocket) -> None:
        socket = StarletteSocket(websocket, self._address, MESSAGE_BYTES)
        try:
            with self._seat("", self._room.in_all), self._seat(f"from {socket.peer}", self._room.from_address):
                admission = await self._gate.admit(Credentials.of(socket.request))
                with self._seat(f"of {admission.tenant_id}", self._room.of_tenant):
                    await self._served(socket, admission)
        except SawtakError as error:
            self.counters[f"assistant_{type(error).__name__.lower()}"] += 1
            log.info("a visitor's socket was refused: %s", error.code)
            await socket.refuse()

    async def _served(self, socket: StarletteSocket, admission: Admission) -> None:
        """Talk as long as the socket lives; the call may go on without it for a while."""
        account = await self._account(admission.tenant_id)
        board, line = self._board_of(account), await self._line(account)
        socket.request = _admitted(socket.request, admission)
        ticket, leg = await line.connect(socket, board)
        if leg not in self._carried:
            self._carried.add(leg)
            self.counters["assistant_calls"] += 1
            board.carry(ticket, leg)
        await socket.gone()

    async def _offer(self, request: Request) -> Response:
        return await self._signalled(request, "offer")

    async def _ice(self, request: Request) -> Response:
        return await self._signalled(request, "ice")

    async def _signalled(self, request: Request, event: str) -> Response:
        cors = _cors(request)
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=cors)
        try:
            call = await _read(request)
            admission = await self._gate.admit(Credentials.of(call))
            account = await self._account(admission.tenant_id)
            line = await self._line(account)
            answer = await line.signal(event, _admitted(call, admission), self._board_of(account))
        except SawtakError as error:
            self.counters[f"assistant_{type(error).__name__.lower()}"] += 1
            return JSONResponse(problem(error), STATUS.get(type(error), 500), cors)
        return Response(answer.body, answer.status, cors, answer.mime)

    async def _account(self, tenant_id: str) -> AccountRef:
        """The tenant's account of our channel; made on first use, `NeedsOwner` when they have switched it off."""
        found = await self._book.find(self._spec.name, tenant_id)
        if found is not None:
            return found
        own = [one for one in await self._book.list(tenant_id) if one.channel == self._spec.name]
        active = [one.id for one in own if one.active]
        if own and not active:
            raise NeedsOwner("account-off", "the business has switched this channel off")
        account_id = active[0] if active else await self._connected(tenant_id)
        ref = await self._book.get(account_id)
        if ref is None:
            raise Retryable("account-gone", "the account was just taken away", after=1.0)
        return ref

    async def _connected(self, tenant_id: str) -> str:
        title = self._spec.title["en"]
        try:
            return await self._book.connect(tenant_id, self._spec.name, tenant_id, title, {}, {})
        except NeedsOwner:
            # Somebody else came first at the same moment; theirs is as good.
            found = await self._book.find(self._spec.name, tenant_id)
            if found is None:
                raise
            return found.id

    async def _line(self, account: AccountRef) -> CallLine:
        line: Any = (await self._lines.line(account.id)).channel
        carrier: CallLine = line
        return carrier

    @contextmanager
    def _seat(self, whose: str, most: int) -> Iterator[None]:
        """Take a seat while the block runs; `Retryable` when all are taken."""
        if self._there[whose] >= most:
            raise Retryable("crowded", "too many conversations at once", after=30.0)
        self._there[whose] += 1
        try:
            yield
        finally:
            self._there[whose] -= 1
            if not self._there[whose]:
                del self._there[whose]


def _admitted(request: WebhookRequest, admission: Admission) -> Admitted:
    plain = {one.name: getattr(request, one.name) for one in fields(WebhookRequest)}
    return Admitted(**plain, visitor=admission.visitor)


async def _read(request: Request) -> WebhookRequest:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES:
            raise Impossible("too-large", f"at most {BODY_BYTES} bytes")
    headers = {name.lower(): value for name, value in request.headers.items()}
    return WebhookRequest(request.method, headers, dict(request.query_params), bytes(body), str(request.url))


def _cors(request: Request) -> dict[str, str]:
    """Let a page's script read the answer: who may have one is the key's matter, and no cookie is ever looked at."""
    origin = request.headers.get("origin")
    if origin is None:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": f"Authorization, Content-Type, {KEY_HEADER}",
        "Access-Control-Max-Age": "600",
        "Vary": "Origin",
    }
