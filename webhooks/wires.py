"""The TCP door: exchanges that bring a call's sound without HTTP; knows connections, knows no vendor."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from channels import discover
from core_pipeline.contracts.calls import Ring
from core_pipeline.contracts.messages import Identity, Sender
from errors import Forged, NeedsOwner, SawtakError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from core_pipeline.contracts.calls import Switchboard, Ticket, Wire
    from core_pipeline.contracts.legs import Leg
    from tenants.accounts import AccountBook, AccountRef
    from webhooks.lines import OpenLines

log = logging.getLogger(__name__)

GREETING_SECONDS = 5.0
# Connections that have not said who they are; of more than these, the oldest goes: a genuine one says it at once.
MOST_GREETING = 256


class Wires:
    """Listens on every channel's open wire while the block runs; calls that run then go on.

    `board` gives an account's switchboard, `whose` the id of the account whose call waits for a token.
    """

    def __init__(
        self,
        lines: OpenLines,
        book: AccountBook,
        board: Callable[[AccountRef], Switchboard],
        whose: Callable[[str], Awaitable[str | None]],
    ) -> None:
        self._lines, self._book, self._board, self._whose = lines, book, board, whose
        self._servers: list[asyncio.Server] = []
        self._greeting: dict[asyncio.Task[None], None] = {}
        self.counters: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        for name, spec in discover().items():
            wire = spec.calls.wire if spec.calls is not None else None
            platform = self._lines.platform(name)
            if wire is not None and wire.port(platform):
                self._servers.append(await self._open(name, wire, wire.host(platform), wire.port(platform)))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Not waited for: the connections that a server has accepted are calls, and these are drained elsewhere.
        for server in self._servers:
            server.close()
        tasks = list(self._greeting)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _open(self, channel: str, wire: Wire, host: str, port: int) -> asyncio.Server:
        def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._accept(channel, wire, reader, writer))
            self._greeting[task] = None
            task.add_done_callback(lambda done: self._greeting.pop(done, None))
            if len(self._greeting) > MOST_GREETING:
                next(iter(self._greeting)).cancel()

        try:
            return await asyncio.start_server(accepted, host, port)
        except OSError as error:
            fix = f"can't listen on {host}:{port} ({error.strerror}); set {channel.upper()}_HOST or _PORT"
            raise NeedsOwner("wire-address", fix) from error

    async def _accept(
        self, channel: str, wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        leg: Leg | None = None
        try:
            async with asyncio.timeout(GREETING_SECONDS):
                who, leg = await wire.greet(reader, writer)
            board, ticket = await self._taken(channel, who)
            self.counters["calls"] += 1
            board.carry(ticket, leg)
        except (SawtakError, TimeoutError) as error:
            self.counters["refused"] += 1
            log.warning("%s wire refused: %s", channel, getattr(error, "code", "slow"))
            await _let_go(leg, writer)
        except BaseException:
            await _let_go(leg, writer)
            raise

    async def _taken(self, channel: str, who: str) -> tuple[Switchboard, Ticket]:
        """The call that the connection is for: one that was expected, or a new one to an account by its name."""
        account = await self._book.find(channel, who)
        if account is not None:
            board = self._board(account)
            return board, await board.redeem(await self._rung(board, account))
        account_id = await self._whose(who)
        expected = await self._book.get(account_id) if account_id else None
        if expected is None or not expected.active or expected.channel != channel:
            raise Forged("wire-stranger", "neither an account nor an expected call")
        board = self._board(expected)
        return board, await board.redeem(who)

    async def _rung(self, board: Switchboard, account: AccountRef) -> str:
        """Ring for somebody of whom nothing is known; the token of their call."""
        call = uuid4().hex
        who = Identity(kind=f"{account.channel}_call", value=call)
        sender, at = Sender(identities=(who,)), datetime.now(UTC)
        ring = Ring(account=account.external_id, provider_id=f"wire:{call}", sender=sender, at=at, chat=call)
        verdict = await board.ring(ring)
        if verdict.ticket is None:
            raise Forged(f"wire-{verdict.kind}", "the business does not talk now")
        return verdict.ticket.token


async def _let_go(leg: Leg | None, writer: asyncio.StreamWriter) -> None:
    """End properly what was greeted, and at once what was not."""
    if leg is not None:
        await leg.hang_up()
    else:
        writer.transport.abort()
