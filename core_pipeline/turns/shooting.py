"""The stage that brings an answer's film: waits for the one that is being drawn, or begins it anew."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

from core_pipeline.arabic.sentences import Sentences
from core_pipeline.contracts.engines import Speech
from core_pipeline.engines.router import For
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.media.film.fit import shrink
from core_pipeline.turns import kept_films
from core_pipeline.turns.casting import cast_of
from core_pipeline.turns.filming import Filming
from core_pipeline.turns.kept_films import asked_for
from core_pipeline.turns.situation import shown_as
from core_pipeline.turns.speaking import Speaking, script_of
from errors import SawtakError
from tenants.models import Tenant, Turn
from tenants.policy import Policy

if TYPE_CHECKING:
    from core_pipeline.turns.casting import Cast
    from core_pipeline.turns.deps import Deps, Here
    from core_pipeline.turns.filming import Film
    from core_pipeline.turns.speaking import Script

_TELL_SECONDS = 1.0


async def film(deps: Deps, here: Here, plan: dict[str, Any], patient: bool) -> dict[str, Any]:
    """Bring the film of this answer into our store, or say {"pending"} when it takes a while and nobody is `patient`.

    A film is {"blob", "mime", "seconds", "width", "height", "view", "rest", "bills"}. Raises `Impossible` or
    `NeedsOwner` when there can be none.
    """
    async with deps.db.tenant(here.tenant_id, reads=True) as session:
        policy = Policy.model_validate((await session.get_one(Tenant, here.tenant_id)).policy)
        begun = (await session.get_one(Turn, here.turn_id)).started_at
    script = await script_of(deps, here, policy, plan["language"])
    filming = deps.darkroom.find(here.turn_id)
    if filming is None:
        looks = shown_as(policy, plan.get("avatar") or "", script.language)
        cast = await cast_of(deps, here, looks, script.limits, script.language)
        key = asked_for(deps, cast, script, plan["text"])
        if plan["keep"] and (known := await kept_films.found(deps, here, key, cast, script)) is not None:
            return known
        filming = await begin_film(deps, here, cast, script)
        filming.feeder = asyncio.create_task(_fed(deps, here, filming, script, plan))
    left = None if patient else deps.soon_seconds - (datetime.now(UTC) - begun).total_seconds()
    try:
        made = await _waited(deps, here, filming, left)
    except TimeoutError:
        return {"pending": True, "bills": []}
    except SawtakError:
        await deps.darkroom.drop(here.turn_id)
        raise
    await deps.darkroom.drop(here.turn_id)
    film = await _stored(deps, here, filming.cast, script, made)
    if plan["keep"] and not made.rest:
        key = asked_for(deps, filming.cast, script, plan["text"])
        await kept_films.keep(deps, here, key, filming.cast, script, film)
    return {**film, "bills": [asdict(bill) for bill in filming.order.ledger.bills]}


async def begin_film(deps: Deps, here: Here, cast: Cast, script: Script) -> Filming:
    """Begin the turn's film, to which sentences are then added."""
    filming = Filming(deps, For(Ledger(), here.tenant_id), cast, script.language, here.turn_id)
    await deps.darkroom.put(here.turn_id, filming)
    return filming


async def _fed(deps: Deps, here: Here, filming: Filming, script: Script, plan: dict[str, Any]) -> None:
    if plan.get("sound"):
        await _played(deps, here, filming, plan["sound"], plan["text"])
    else:
        await _spoken(deps, here, filming, script, plan["text"])


async def _played(deps: Deps, here: Here, filming: Filming, blob: str, text: str) -> None:
    """Have the film say what is recorded already."""
    try:
        pcm = await deps.sandbox.decode(await deps.blobs.get(here.tenant_id, blob))
    except SawtakError as error:
        filming.fail(error)
    else:
        filming.add(text, [Speech(pcm)])
        filming.over()


async def _spoken(deps: Deps, here: Here, filming: Filming, script: Script, text: str) -> None:
    """Speak the whole text for the film."""
    sentences = Sentences()
    speaking = Speaking(deps, here, filming.order, script, filming)
    try:
        for sentence in [*sentences.feed(text), *sentences.flush()]:
            speaking.say(sentence)
        await speaking.spoken()
    except SawtakError as error:
        filming.fail(error)
    finally:
        await speaking.abandon()


async def _waited(deps: Deps, here: Here, filming: Filming, left: float | None) -> Film:
    """Wait for the film, noting on the turn how far it is; TimeoutError after `left` seconds."""
    until = None if left is None else monotonic() + left
    while not filming.task.done():
        async with deps.db.tenant(here.tenant_id) as session:
            (await session.get_one(Turn, here.turn_id)).progress = filming.percent
        shortly = _TELL_SECONDS if until is None else min(_TELL_SECONDS, until - monotonic())
        if shortly <= 0:
            raise TimeoutError
        await asyncio.wait({filming.task}, timeout=shortly)
    return filming.task.result()


async def _stored(deps: Deps, here: Here, cast: Cast, script: Script, made: Film) -> dict[str, Any]:
    data = await shrink(made.data, cast.format.most)
    film = await kept_films.stored(deps, here, cast, data, made.seconds, made.rest)
    await kept_films.filed(deps, here, cast, script, film)
    return film
