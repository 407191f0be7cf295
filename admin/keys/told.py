"""Addresses of the business's own systems that are told what happens: added, tried, removed; what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from admin.people.faults import faults
from core_pipeline import notices
from core_pipeline.knowledge.documents.faults import FAULTS, sentence
from core_pipeline.notices import EVENTS, looking
from core_pipeline.telling import status_of
from errors import Impossible

if TYPE_CHECKING:
    from starlette.responses import Response

    from admin.frame.visit import Visit

FIELDS = {"notice-url": "url", "url-forbidden": "url", "notice-events": "events"}


async def page(visit: Visit) -> Response:
    """The addresses, and what was told last."""
    return await _drawn(visit)


async def subscribe(visit: Visit) -> Response:
    """Add an address; the secret that its notices are signed with is shown this once."""
    form, url = await visit.form(), (await visit.fields()).get("url", "").replace("\0", "")
    events = [str(one) for one in form.getlist("events")]
    try:
        async with visit.work() as session:
            vault, inner = visit.rooms.floor.vault, visit.rooms.inner
            made = await notices.subscribe(session, vault, url, events, inner)
            visit.note(session, "notices.subscribe", made.id, after={"url": _plain(url), "events": sorted(events)})
    except Impossible as error:
        return await _drawn(visit, error)
    secret, back = made.secret.get_secret_value(), f"{visit.here}/webhooks"
    return visit.page("keys/shown.html", status=201, secret=secret, called=url, of_notices=True, back=back)


async def unsubscribe(visit: Visit) -> Response:
    """Remove an address with everything on its way to it."""
    subscription_id = visit.path("subscription").replace("\0", "")
    async with visit.work() as session:
        await notices.unsubscribe(session, subscription_id)
        visit.note(session, "notices.unsubscribe", subscription_id)
    return visit.go("/webhooks", "Removed.")


async def trial(visit: Visit) -> Response:
    """Send an address a notice that means nothing."""
    subscription_id = visit.path("subscription").replace("\0", "")
    async with visit.work() as session:
        await looking.trial(session, subscription_id)
        visit.note(session, "notices.test", subscription_id)
    return visit.go("/webhooks", "A test is on its way: look below what becomes of it.")


async def retry(visit: Visit) -> Response:
    """Try a notice that was given up again."""
    notice_id = visit.path("notice").replace("\0", "")
    async with visit.work() as session:
        await notices.retry(session, notice_id)
        visit.note(session, "notices.retry", notice_id)
    return visit.go("/webhooks", "It is tried again.")


def _plain(url: str) -> str:
    """The address without what may be secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{parts.path}"


def _why(visit: Visit, cause: str) -> str:
    """What went wrong with an address, in words where there are some; what its server said is told as it is."""
    return sentence(cause, "ar" if visit.language == "ar" else "en") if cause in FAULTS else cause


async def _drawn(visit: Visit, error: Impossible | None = None) -> Response:
    async with visit.work(reads=True) as session:
        rows = await notices.listing(session)
        told = await looking.recent(session)
    form = await visit.form() if error is not None else None
    return visit.page(
        "keys/webhooks.html",
        status=status_of(error) if error is not None else 200,
        subscriptions=rows,
        told=told,
        urls={row.id: row.url for row in rows},
        causes={one.cause: _why(visit, one.cause) for one in told if one.cause},
        events={name: words[visit.language] for name, words in EVENTS.items()},
        chosen=[str(one) for one in form.getlist("events")] if form is not None else list(EVENTS),
        typed=await visit.fields() if error is not None else {},
        errors=faults(visit, error, FIELDS) if error is not None else {},
    )
