"""The catalogue of voices: filtered, heard, tried with a sentence of one's own, and chosen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal

from starlette.responses import FileResponse, Response

from admin.voices.sending import order, workroom
from core_pipeline.cloning.preview import FORMAT, preview
from core_pipeline.engines.catalogue import discover
from core_pipeline.thinking import choosing
from errors import Impossible, SawtakError
from tenants import voices
from tenants.models import VoiceState
from voices.catalogue import CLONE, catalogue, find

if TYPE_CHECKING:
    from admin.frame.visit import Visit
    from core_pipeline.engines.opening import Configured
    from core_pipeline.engines.router import Engines
    from voices.catalogue import Voice

State = Literal["ready", "silent", "missing"]
LANGUAGES = ("ar", "en")
LONGEST_TRY = 300
PROBE_SECONDS = 2.0
KEEP = "private, max-age=86400"
GENDER_NAMES = {"woman": "Woman", "man": "Man"}
AGE_NAMES = {"young": "Young", "adult": "Adult", "old": "Elderly"}
DIALECT_NAMES = {
    "standard": "Standard Arabic",
    "egyptian": "Egyptian",
    "gulf": "Gulf",
    "levantine": "Levantine",
    "maghrebi": "Maghrebi",
}
STYLE_NAMES = {
    "bright": "bright",
    "lively": "lively",
    "clear": "clear",
    "deep": "deep",
    "calm": "calm",
    "plain": "plain",
    "dignified": "dignified",
    "light": "light",
    "natural": "natural",
}


async def shown(visit: Visit, status: int = 200, **more: Any) -> Response:
    """The page of voices, filtered as the address says."""
    asked = visit.request.query_params
    found = [voice for voice in catalogue().values() if _fits(voice, asked)]
    states = await states_of(visit.rooms.engines, visit.the_tenant.id)
    async with visit.work(reads=True) as session:
        own, uses = await voices.listing(session), await voices.uses(session)
    given = {
        "voices": found,
        "states": states,
        "titles": {spec.name: spec.title for (kind, _), spec in discover().items() if kind == "tts"},
        "own": own,
        "uses": uses,
        "chosen": visit.policy.voice,
        "asked": asked,
        "choices": _choices(visit, own),
        "ready": [voice for voice in own if voice.state == VoiceState.READY],
    }
    return visit.page("voices/voices.html", status=status, **{**given, **_words(), **more})


async def heard(visit: Visit) -> Response:
    """How a voice of the shelf sounds; spoken once by its own engine and kept."""
    voice, language = find(visit.path("slug")), visit.path("language")
    tts = await visit.rooms.engines.only("tts", voice.engine, visit.the_tenant.id)
    async with visit.rooms.gate.hold(visit.the_tenant.id):
        file = await preview(voice, language, tts, visit.rooms.var / "previews")
    return FileResponse(file, media_type=FORMAT.mime, headers={"Cache-Control": KEEP})


async def said(visit: Visit) -> Response:
    """A sentence of the visitor's own in any voice, as sound; nothing of it is kept."""
    fields = await visit.fields()
    text, language, choice = (fields.get(name, "").replace("\0", "") for name in ("text", "language", "choice"))
    if not 0 < len(text) <= LONGEST_TRY or language not in LANGUAGES:
        raise Impossible("no-words", f"write a sentence of at most {LONGEST_TRY} letters")
    sound = await workroom(visit).spoken(visit.the_tenant.id, text, language, choice, order(visit))
    return Response(sound, media_type=FORMAT.mime)


async def chosen(visit: Visit) -> Response:
    """Have a voice speak a language from now on."""
    fields = await visit.fields()
    async with visit.work() as session:
        await choosing.choose_voice(session, visit.actor, fields.get("language", ""), fields.get("choice", ""))
    return visit.go("/voices", "Saved. Customers hear this voice from the next answer on.")


async def states_of(engines: Engines, tenant_id: str) -> dict[str, State]:
    """Which engines of voices could speak for the tenant now; one that is not named here is not set up."""
    chain = [one for one in await engines.configurations(tenant_id) if one.spec.kind == "tts"]
    found = await asyncio.gather(*(_state(engines, one) for one in chain))
    return dict(zip((one.spec.name for one in chain), found, strict=True))


async def _state(engines: Engines, engine: Configured) -> State:
    # Asking a heavy engine would start its environment: who listens to it finds out.
    if engine.spec.heavy:
        return "ready"
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await engines.probe(engine)
    except (SawtakError, TimeoutError):
        return "silent"
    return "ready"


def _fits(voice: Voice, asked: Any) -> bool:
    return all(
        (
            asked.get("language", "") in {"", *voice.languages},
            asked.get("gender", "") in {"", voice.gender},
            asked.get("dialect", "") in {"", voice.dialect},
        )
    )


def _choices(visit: Visit, own: Any) -> list[tuple[str, str]]:
    """Every voice that may speak, as options."""
    shelf = [(slug, voice.name[visit.language]) for slug, voice in catalogue().items()]
    return [*((f"{CLONE}{one.id}", one.name) for one in own if one.state == VoiceState.READY), *shelf]


def _words() -> dict[str, Any]:
    spoken = {voice.dialect for voice in catalogue().values()}
    dialects = {name: word for name, word in DIALECT_NAMES.items() if name in spoken}
    words = {"genders": GENDER_NAMES, "ages": AGE_NAMES, "dialects": dialects, "styles": STYLE_NAMES}
    return {**words, "longest": LONGEST_TRY}
