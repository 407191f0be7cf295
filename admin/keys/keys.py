"""Keys to the public API: made, shown once, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from admin.people.faults import faults
from core_pipeline.telling import status_of
from errors import Impossible
from tenants import api_keys

if TYPE_CHECKING:
    from starlette.responses import Response

    from admin.frame.visit import Visit

# What a key may do, in words; source texts that are translated where they are shown.
SCOPES = {
    "talk": "Talk to the bot as a customer",
    "stages": "Use single stages: transcribe, answer, speak, animate",
    "voices": "Voices",
    "avatars": "Avatars",
    "calls": "Call people",
    "notices": "Addresses that are told what happens",
    "inbox": "Conversations and replies",
    "persona": "How the bot speaks and behaves",
    "knowledge": "What the bot knows",
    "connect": "Numbers, bots and engines",
    "insight": "Figures and reports",
    "people": "People and what was done",
    "admin": "Everything",
}
FIELDS = {"key-name": "name", "key-scopes": "scopes", "key-public": "scopes", "key-origins": "origins"}


async def page(visit: Visit) -> Response:
    """The keys, without themselves."""
    return await _drawn(visit)


async def make(visit: Visit) -> Response:
    """Make a key; it is shown this once."""
    form, fields = await visit.form(), await visit.fields()
    public = fields.get("public") == "yes"
    scopes = ["talk"] if public else [str(one) for one in form.getlist("scopes")]
    origins = fields.get("origins", "").split() if public else []
    try:
        async with visit.work() as session:
            given = {"public": public, "origins": origins}
            key, row = await api_keys.make(session, fields.get("name", ""), scopes, public=public, origins=origins)
            visit.note(session, "api.make", row.prefix, after={"name": row.name, "scopes": scopes, **given})
    except Impossible as error:
        return await _drawn(visit, error)
    return visit.page(
        "keys/shown.html", status=201, secret=key, called=row.name, of_notices=False, back=f"{visit.here}/keys"
    )


async def revoke(visit: Visit) -> Response:
    """Refuse a key from now on."""
    key_id = visit.path("key").replace("\0", "")
    async with visit.work() as session:
        await api_keys.revoke(session, key_id)
        visit.note(session, "api.revoke", key_id)
    return visit.go("/keys", "Revoked: within five seconds nobody gets in with it.")


async def _drawn(visit: Visit, error: Impossible | None = None) -> Response:
    async with visit.work(reads=True) as session:
        rows = await api_keys.listing(session)
    form = await visit.form() if error is not None else None
    return visit.page(
        "keys/keys.html",
        status=status_of(error) if error is not None else 200,
        keys=rows,
        scopes=[(name, visit._(words)) for name, words in SCOPES.items() if name in api_keys.SCOPES],
        chosen=[str(one) for one in form.getlist("scopes")] if form is not None else [],
        typed=await visit.fields() if error is not None else {},
        errors=faults(visit, error, FIELDS) if error is not None else {},
    )
