"""Looking at an account: its checks as they are found, its standing in a word, a test message, its webhook."""

from __future__ import annotations

import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from starlette.responses import StreamingResponse

from admin.connect.accounts import WIZARD, alert, chosen, wizard
from core_pipeline.connecting import accounts
from errors import SawtakError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from starlette.responses import Response

    from admin.frame.visit import Visit
    from core_pipeline.contracts.checks import Check
    from tenants.models import ChannelAccount

log = logging.getLogger(__name__)

LONGEST_NUMBER = 40


async def checks(visit: Visit) -> Response:
    """The checks, one after another as they are found for htmx, else all of them as a page."""
    account, _ = await chosen(visit)
    if visit.partial:
        return StreamingResponse(_events(visit, account), media_type="text/event-stream")
    return await _page(visit, account, [one async for one in _look(visit, account)])


async def status(visit: Visit) -> Response:
    """In a word whether all is well, and if not, the first thing that is wrong."""
    account, _ = await chosen(visit)
    wrong: Check | None = None
    async with aclosing(_look(visit, account)) as found:
        async for one in found:
            if not one.fine:
                wrong = one
                break
    return visit.page("connect/status.html", check=wrong)


async def test(visit: Visit) -> Response:
    """Look again, and send a message to the number that was entered."""
    (account, _), sent = await chosen(visit), await visit.fields()
    number = sent.get("to", "").replace("\0", "")[:LONGEST_NUMBER]
    async with visit.work() as session:
        visit.note(session, "channel.test", f"{account.channel}/{account.external_id}")
    found = [one async for one in _look(visit, account, number)]
    return await _page(visit, account, [one for one in found if one.code == "test" or not one.fine])


async def install(visit: Visit) -> Response:
    """Tell the vendor where we are, or that we ask ourselves."""
    (account, _), sent = await chosen(visit), await visit.fields()
    try:
        rooms = visit.rooms
        await accounts.install(rooms.lines, rooms.floor.db, account, rooms.address, visit.actor)
    except SawtakError as error:
        found = [one async for one in _look(visit, account)]
        return await _page(visit, account, found, alert(visit, error), 409)
    query = f"?{WIZARD}=1" if WIZARD in sent else ""
    return visit.go(f"/connect/account/{account.id}{query}", "Done: the vendor knows where we are.")


def _look(visit: Visit, account: ChannelAccount, recipient: str = "") -> AsyncGenerator[Check, None]:
    return accounts.look(visit.rooms.lines, account, visit.rooms.address, recipient)


async def _events(visit: Visit, account: ChannelAccount) -> AsyncIterator[str]:
    """Each check as an event that htmx puts at the end of the list; last a word about all of them."""
    found = []
    async for one in _look(visit, account):
        found.append(one)
        yield _event(_drawn(visit, "connect/check.html", check=one, account=account))
    yield _event(_drawn(visit, "connect/verdict.html", bad=sum(not one.fine for one in found)))


async def _page(
    visit: Visit, account: ChannelAccount, found: list[Check], said: str = "", status: int = 200
) -> Response:
    given: dict[str, Any] = {"account": account, "checks": found, "bad": sum(not one.fine for one in found)}
    return visit.page("connect/checks.html", status=status, alert=said, wizard=wizard(visit), **given)


def _drawn(visit: Visit, name: str, **given: Any) -> str:
    page = visit.page(name, **given)
    return bytes(page.body).decode()


def _event(html: str) -> str:
    return "".join(f"data: {line}\n" for line in html.strip().splitlines()) + "\n"
