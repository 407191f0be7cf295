"""The door of live calls: vendors' HTTP about a call, the sockets that carry its sound, calls that a webhook brings."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from core_pipeline.calls.board import Board
from core_pipeline.contracts.calls import CallNews, CallState, Ring
from core_pipeline.contracts.channel import WebhookRequest
from errors import Forged, Impossible, NeedsOwner, Retryable, SawtakError
from webhooks.sockets import StarletteSocket

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.websockets import WebSocket

    from core_pipeline.calls.board import Switchroom
    from core_pipeline.contracts.calls import CallLine
    from tenants.accounts import AccountBook, AccountRef
    from webhooks.lines import OpenLines

log = logging.getLogger(__name__)

STATUS = {Forged: 403, Impossible: 404, NeedsOwner: 409, Retryable: 503}
TOO_LARGE = 413
BODY_LIMIT = 256 * 1024
# Handshakes that have not said yet which call they carry; each costs a few kilobytes until its own time-out.
MOST_GREETING = 500


class TooLargeError(Exception):
    """The body is over the limit; nothing of it was kept."""


class CallDoor:
    """Leads each vendor's requests about calls to its account's line, and calls to the switchboard."""

    def __init__(self, lines: OpenLines, book: AccountBook, room: Switchroom) -> None:
        self._lines, self._book, self._room = lines, book, room
        self._greeting = 0
        self.counters: Counter[str] = Counter()

    def routes(self) -> list[Route | WebSocketRoute]:
        """The addresses that `Switchboard.url` gives."""
        path = "/calls/{channel}/{account}/{event}"
        return [Route(path, self._signal, methods=["GET", "POST"]), WebSocketRoute(path, self._connect)]

    def board(self, account: AccountRef) -> Board:
        """The switchboard of an account."""
        return Board(self._room, account)

    async def taken(self, account: AccountRef, event: Ring | CallNews) -> None:
        """Act on a call that came with a webhook, beside answering the webhook: callers don't wait for a queue."""
        self.counters["calls"] += 1
        self._room.background(self._act(account, event))

    async def _act(self, account: AccountRef, event: Ring | CallNews) -> None:
        board = self.board(account)
        try:
            if isinstance(event, Ring):
                await self._pick_up(board, await self._carrier(account), event)
            else:
                await board.news(event)
        except SawtakError as error:
            log.warning("a call on account %s could not be served: %s", account.id, error)

    async def _pick_up(self, board: Board, line: CallLine, ring: Ring) -> None:
        try:
            verdict = await board.ring(ring)
        except Impossible:
            return  # told twice of a call that we talk on
        if verdict.ticket is None:
            # No message can be left here, and not every vendor says that a call is over which never began.
            await board.news(CallNews(account=ring.account, provider_id=ring.provider_id, state=CallState.MISSED))
            await line.reject(ring)
            return
        ticket = await board.redeem(verdict.ticket.token, ring.provider_id)
        try:
            leg = await line.pick_up(ring, ticket)
        except SawtakError as error:
            await board.lost(ticket, error.code)
            raise
        await board.talk(ticket, leg)

    async def _signal(self, request: Request) -> Response:
        try:
            account, line = await self._line(request.path_params)
            call = WebhookRequest(
                method=request.method,
                headers={name.lower(): value for name, value in request.headers.items()},
                query=dict(request.query_params),
                body=await _body(request),
                url=self._url(request.scope["raw_path"], request.scope["query_string"]),
            )
            answer = await line.signal(request.path_params["event"], call, self.board(account))
        except TooLargeError:
            self.counters["calls_too_large"] += 1
            return Response(status_code=TOO_LARGE)
        except SawtakError as error:
            self.counters[type(error).__name__.lower()] += 1
            log.warning("%s call request refused: %s", request.path_params["channel"], error.code)
            return Response(status_code=STATUS.get(type(error), 500))
        return Response(answer.body, answer.status, media_type=answer.mime)

    def _url(self, path: bytes, query: bytes) -> str:
        """The address that was called, in the bytes of the caller: signatures cover them."""
        return f"{self._room.address}{path.decode('latin-1')}{'?' if query else ''}{query.decode('latin-1')}"

    async def _connect(self, websocket: WebSocket) -> None:
        socket = StarletteSocket(websocket, self._room.address)
        if self._greeting >= MOST_GREETING:
            await socket.refuse()
            return
        self._greeting += 1
        try:
            account, line = await self._line(websocket.path_params)
            board = self.board(account)
            ticket, leg = await line.connect(socket, board)
        except SawtakError as error:
            self.counters[f"socket_{type(error).__name__.lower()}"] += 1
            log.warning("%s call socket refused: %s", websocket.path_params["channel"], error.code)
            await socket.refuse()
            return
        finally:
            self._greeting -= 1
        talk = asyncio.ensure_future(board.talk(ticket, leg))
        self._room.tasks.add(talk)
        talk.add_done_callback(self._room.tasks.discard)
        await asyncio.shield(talk)

    async def _line(self, path: dict[str, str]) -> tuple[AccountRef, CallLine]:
        """The line of an account that carries calls; our own channels have doors of their own, with keys."""
        spec = self._lines.spec(path["channel"])
        account = await self._book.get(path["account"]) if spec is not None else None
        if spec is None or spec.calls is None or spec.own or account is None or account.channel != spec.name:
            raise Impossible("no-such-line")
        return account, await self._carrier(account)

    async def _carrier(self, account: AccountRef) -> CallLine:
        """The account's channel; a channel whose `spec.calls` is set is a line as well."""
        line: Any = (await self._lines.line(account.id)).channel
        carrier: CallLine = line
        return carrier


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise TooLargeError
    return bytes(body)
