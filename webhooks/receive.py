"""The front door: prove that the vendor is calling, write to the inbox once, answer."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core_pipeline.contracts.calls import CallNews, Ring
from core_pipeline.contracts.channel import WebhookRequest
from errors import Forged, NeedsOwner, Retryable
from tenants.inbox import NewRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core_pipeline.contracts.channel import Door, Event
    from tenants.accounts import AccountBook, AccountRef
    from tenants.inbox import Inbox
    from webhooks.lines import OpenLines

log = logging.getLogger(__name__)

OK = 200
FORBIDDEN, MISSING, TOO_LARGE, UNAVAILABLE = 403, 404, 413, 503


class TooLargeError(Exception):
    """The body is over the limit; nothing of it was kept."""


Taken = Callable[["AccountRef", "Ring | CallNews"], Awaitable[None]]


class FrontDoor:
    """Answers 200 only after every message of the call is on disk; counts what it turned away.

    What is about a live call goes to `calls`, past the inbox.
    """

    def __init__(
        self, lines: OpenLines, book: AccountBook, inbox: Inbox, body_limit: int, calls: Taken | None = None
    ) -> None:
        self._lines = lines
        self._book = book
        self._inbox = inbox
        self._body_limit = body_limit
        self._calls = calls
        self.counters: Counter[str] = Counter()

    def routes(self) -> list[Route]:
        """The webhook URLs."""
        return [
            Route("/webhooks/{channel}", self._receive, methods=["GET", "POST"]),
            Route("/webhooks/{channel}/{account}", self._receive, methods=["GET", "POST"]),
        ]

    async def _receive(self, request: Request) -> Response:
        channel, account_id = request.path_params["channel"], request.path_params.get("account")
        try:
            return await self._admit(request, channel, account_id)
        except Forged as error:
            self.counters["forged"] += 1
            log.warning("%s webhook refused: %s", channel, error.code)
            return Response(status_code=FORBIDDEN)
        except TooLargeError:
            self.counters["too_large"] += 1
            return Response(status_code=TOO_LARGE)
        except Retryable as error:
            log.warning("%s webhook not stored: %s", channel, error.code)
            return Response(status_code=UNAVAILABLE, headers={"Retry-After": "5"})
        except ClientDisconnect:
            return Response(status_code=UNAVAILABLE)

    async def _admit(self, request: Request, channel: str, account_id: str | None) -> Response:
        door, account = await self._door(channel, account_id)
        if door is None:
            return Response(status_code=MISSING)
        call = WebhookRequest(
            method=request.method,
            headers={name.lower(): value for name, value in request.headers.items()},
            query=dict(request.query_params),
            body=await self._body(request),
        )
        answer = door.verify(call)
        if answer is not None:
            return PlainTextResponse(answer)
        await self.store(channel, door.read(call), account.tenant_id if account else None)
        return Response(status_code=OK)

    async def _door(self, channel: str, account_id: str | None) -> tuple[Door | None, AccountRef | None]:
        if account_id is None:
            return self._lines.door(channel), None
        account = await self._book.get(account_id)
        if account is None or account.channel != channel:
            return None, None
        try:
            return (await self._lines.line(account_id)).channel, account
        except NeedsOwner as error:
            log.warning("%s webhook for a closed account: %s", channel, error.code)
            return None, None

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._body_limit:
                raise TooLargeError
        return bytes(body)

    async def store(self, channel: str, events: Sequence[Event], tenant_id: str | None = None) -> None:
        """Write events to the inbox; at an account's own door only for accounts of its tenant."""
        rows = []
        for event in events:
            owner = await self._book.find(channel, event.account)
            if owner is None or (tenant_id not in {None, owner.tenant_id}):
                self.counters["unknown_account"] += 1
            elif isinstance(event, Ring | CallNews):
                if self._calls is not None:
                    await self._calls(owner, event)
            else:
                rows.append(NewRow(owner.tenant_id, owner.id, event.provider_id, event.model_dump_json()))
        if rows:
            self.counters["stored"] += len(rows)
            await self._inbox.put(rows)
