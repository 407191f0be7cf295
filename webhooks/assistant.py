"""The door of our own channel: the assistant's socket and WebRTC, for who has a key or a token of the public API."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from core_pipeline.contracts.channel import Admitted, WebhookRequest
from errors import SawtakError
from webhooks.api.access import UNPROVEN
from webhooks.api.problems import Refusal, refused
from webhooks.sockets import StarletteSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.websockets import WebSocket

    from core_pipeline.contracts.calls import CallLine, Switchboard
    from core_pipeline.contracts.legs import Leg
    from tenants.accounts import AccountRef
    from webhooks.api.access import Access, Caller
    from webhooks.api.accounts import OwnAccounts
    from webhooks.lines import OpenLines

log = logging.getLogger(__name__)

SCOPE = "talk"
# An utterance of a minute in one message, at 16 kHz.
MESSAGE_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True)
class Room:
    """How many sockets there may be at once: in all, of one tenant, and from one address."""

    in_all: int = 1000
    of_tenant: int = 200
    from_address: int = 50


class Assistant:
    """Lets visitors in as the API does, and leads them to the account of our own channel that their tenant has.

    `board_of` gives an account's switchboard; `address` is our public one.
    """

    def __init__(
        self,
        access: Access,
        accounts: OwnAccounts,
        lines: OpenLines,
        board_of: Callable[[AccountRef], Switchboard],
        address: str,
        room: Room | None = None,
    ) -> None:
        self._access, self._accounts, self._lines = access, accounts, lines
        self._board_of, self._address, self._room = board_of, address, room or Room()
        self._there: Counter[str] = Counter()
        self._carried: WeakSet[Leg] = WeakSet()
        self.counters: Counter[str] = Counter()

    def routes(self) -> list[BaseRoute]:
        """The socket."""
        return [WebSocketRoute("/ws/assistant", self._talk)]

    def api_routes(self) -> list[BaseRoute]:
        """What the API serves beside its own under /api/v1: a WebRTC offer's answer, and servers for WebRTC."""
        return [Route("/rtc", self._offer, methods=["POST"]), Route("/rtc/ice", self._ice, methods=["GET"])]

    async def _talk(self, websocket: WebSocket) -> None:
        socket = StarletteSocket(websocket, self._address, MESSAGE_BYTES)
        try:
            with self._seat("", self._room.in_all), self._seat(f"from {socket.peer}", self._room.from_address):
                # A handshake is a GET, and it shows keys and tokens as any GET does.
                handshake = Request({**websocket.scope, "type": "http", "method": "GET"})
                caller = _talker(await self._access.caller(handshake))
                with self._seat(f"of {caller.tenant_id}", self._room.of_tenant):
                    await self._served(socket, caller)
        except (SawtakError, Refusal) as error:
            self.counters[f"assistant_{type(error).__name__.lower()}"] += 1
            log.info("a visitor's socket was refused: %s", error.code)
            await socket.refuse()

    async def _served(self, socket: StarletteSocket, caller: Caller) -> None:
        """Talk as long as the socket lives; the call may go on without it for a while."""
        account = await self._accounts.of(caller.tenant_id)
        board, line = self._board_of(account), await self._line(account)
        socket.request = _admitted(socket.request, caller)
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
        try:
            caller = _talker(getattr(request.state, "caller", None))
            call = _admitted(await _read(request), caller)
            account = await self._accounts.of(caller.tenant_id)
            line = await self._line(account)
            answer = await line.signal(event, call, self._board_of(account))
        except (SawtakError, Refusal) as error:
            return refused(request, error)
        return Response(answer.body, answer.status, media_type=answer.mime)

    async def _line(self, account: AccountRef) -> CallLine:
        line: Any = (await self._lines.line(account.id)).channel
        carrier: CallLine = line
        return carrier

    @contextmanager
    def _seat(self, whose: str, most: int) -> Iterator[None]:
        """Take a seat while the block runs; `Refusal` when all are taken."""
        if self._there[whose] >= most:
            raise Refusal(429, "too-many", after=30.0)
        self._there[whose] += 1
        try:
            yield
        finally:
            self._there[whose] -= 1
            if not self._there[whose]:
                del self._there[whose]


def _talker(caller: Caller | None) -> Caller:
    if caller is None:
        raise Refusal(401, "no-key")
    if not caller.may(SCOPE):
        raise Refusal(403, "scope-missing")
    return caller


def _admitted(request: WebhookRequest, caller: Caller) -> Admitted:
    plain = {one.name: getattr(request, one.name) for one in fields(WebhookRequest)}
    return Admitted(**plain, visitor=caller.visitor, unproven="" if caller.kind == "secret" else UNPROVEN)


async def _read(request: Request) -> WebhookRequest:
    headers = {name.lower(): value for name, value in request.headers.items()}
    query, body = dict(request.query_params), await request.body()
    return WebhookRequest(request.method, headers, query, body, str(request.url))
