"""Films that were drawn before: the same words, voice and looks are not drawn twice; every film can be taken back."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from core_pipeline.turns.speaking import noted
from errors import Impossible, NeedsOwner, Retryable
from tenants import films
from tenants.models import Film

if TYPE_CHECKING:
    from core_pipeline.turns.casting import Cast
    from core_pipeline.turns.deps import Deps, Here
    from core_pipeline.turns.speaking import Script


def asked_for(deps: Deps, cast: Cast, script: Script, text: str) -> str:
    """What tells this film from any other of the tenant's."""
    voice = script.voice
    sound = (script.language, script.choice, voice and (voice.engine, voice.name, voice.clone and voice.clone.id))
    return hashlib.sha256(repr((deps.making, cast.look, sound, script.own.digest, text)).encode()).hexdigest()


async def stored(deps: Deps, here: Here, cast: Cast, data: bytes, seconds: float, rest: str = "") -> dict[str, Any]:
    """Put a film into our store, as `shooting.film` tells of it."""
    shape = cast.enlarged or cast.shape
    return {
        "blob": await deps.blobs.put(here.tenant_id, "filmed", data),
        "mime": cast.format.mime,
        "seconds": round(seconds, 2),
        "width": shape.width,
        "height": shape.height,
        "view": cast.format.view,
        "rest": rest,
        "bills": [],
    }


async def found(deps: Deps, here: Here, key: str, cast: Cast, script: Script) -> dict[str, Any] | None:
    """A copy of the film that was kept under this key; None when there is none, and it must be drawn.

    A copy: the kept one goes when it is no longer asked for, what a customer was sent stays in the conversation.
    """
    async with deps.db.tenant(here.tenant_id) as session:
        film = await films.find(session, key, datetime.now(UTC))
        known = (film.blob, film.seconds) if film is not None else None
    if known is None:
        return None
    try:
        copy = await stored(deps, here, cast, await deps.blobs.get(here.tenant_id, known[0]), known[1])
        await filed(deps, here, cast, script, copy)
    except (Impossible, Retryable):  # cleared away, or its voice revoked, since we found it
        return None
    return copy


async def keep(deps: Deps, here: Here, key: str, cast: Cast, script: Script, film: dict[str, Any]) -> None:
    """Keep a copy of the film under this key for the next who asks."""
    data = await deps.blobs.get(here.tenant_id, film["blob"])
    copy = {**film, "blob": await deps.blobs.put(here.tenant_id, "films", data)}
    await filed(deps, here, cast, script, copy, key)


async def filed(
    deps: Deps, here: Here, cast: Cast, script: Script, film: dict[str, Any], key: str | None = None
) -> None:
    """Note a film by its avatar and its voice, so that it goes when either is taken back.

    Deletes it and raises `Retryable` when one of them was taken back meanwhile.
    """
    await noted(deps, here, script, film["blob"])
    if cast.own_id is None and key is None:
        return
    try:
        async with deps.db.tenant(here.tenant_id) as session:
            row = Film(tenant_id=here.tenant_id, avatar_id=cast.own_id, key=key, blob=film["blob"])
            row.seconds, row.created_at, row.used_at = film["seconds"], datetime.now(UTC), datetime.now(UTC)
            await films.keep(session, row)
    except NeedsOwner as error:
        await deps.blobs.delete(here.tenant_id, film["blob"])
        raise Retryable(error.code, "the avatar was withdrawn; another one shows the answer") from error
