"""Try it here: a question to the bot, typed or recorded, with everything that made its answer; nothing is sent."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from starlette.datastructures import UploadFile
from starlette.responses import Response

from admin.frame.doors import Door
from admin.frame.saying import said
from admin.persona.fields import DRAFT, blank, shown, taken
from admin.persona.naming import DIALECT_TITLES, LANGUAGE_TITLES, choices, explained
from core_pipeline.telling import status_of, told
from core_pipeline.tryout import LONGEST_QUESTION, LONGEST_SOUND, Asked, Stand, film, tried, unsaved
from errors import Impossible, SawtakError
from tenants import personas
from tenants.people.roles import May
from tenants.personas import LONGEST_PERSONA
from tenants.trades import trades

if TYPE_CHECKING:
    from collections.abc import Mapping

    from admin.frame.visit import Visit
    from core_pipeline.tryout import Tried
    from tenants.models import Tenant
    from tenants.policy import Policy

MOST_BYTES = 8 << 20


def _(text: str) -> str:
    return text


NOTES = {
    "": _("The answer comes from what the business knows."),
    "unknown": _("Nothing that the business knows answers this: the bot says so."),
    "handoff": _("The customer asks for a person: a colleague is asked to answer."),
    "words": _("A word of yours calls a person: a colleague is asked to answer."),
    "angry": _("The customer sounds angry: a colleague is asked to answer."),
    "closed": _("The customer wants a person, and you are closed."),
    "not-understood": _("The recording was not understood surely enough: the bot asks to repeat."),
}
STAGES = {
    "decode": _("Reading the recording"),
    "transcribe": _("Hearing"),
    "recall": _("Looking it up"),
    "answer": _("Finding the words"),
    "thought": _("Whole answer, from question to last word"),
    "speakable": _("Preparing to speak"),
    "speak": _("Speaking"),
    "encode": _("Packing the sound"),
}


def stand(visit: Visit) -> Stand:
    """The rooms that a try goes through."""
    rooms = visit.rooms
    return Stand(rooms.floor.db, rooms.blobs, rooms.engines, rooms.shelf, rooms.gate, rooms.sandbox, rooms.making)


async def opened(visit: Visit) -> Response:
    """The page, with what is saved."""
    return await _page(visit)


async def opened_with(visit: Visit) -> Response:
    """The page, with values that are being edited and not saved."""
    return await _page(visit, await visit.fields())


async def asked(visit: Visit) -> Response:
    """Answer what was typed or recorded, and tell why so."""
    typed = await visit.fields()
    try:
        tenant, policy = await _drafted(visit, typed)
    except personas.Wrong as wrong:
        return await _page(visit, typed, 422, errors=explained(wrong.faults, typed, visit._))
    try:
        came = await tried(stand(visit), tenant, policy, await _asked(visit, typed))
    except SawtakError as error:
        words = said(visit, status_of(error), error.code, error.detail)
        return await _page(visit, typed, 422, errors={"question": words})
    return await _page(visit, typed, came=_told(visit, came))


async def filmed(visit: Visit) -> Response:
    """The film of an answer, as a file."""
    typed = await visit.fields()
    language = "en" if typed.get("language") == "en" else "ar"
    try:
        tenant, policy = await _drafted(visit, typed)
        data, _ledger = await film(stand(visit), tenant, policy, typed.get("text", "")[:LONGEST_PERSONA], language)
    except SawtakError as error:
        return visit.json({"error": said(visit, status_of(error), error.code, error.detail)}, 422)
    return Response(data, media_type="video/mp4")


async def _drafted(visit: Visit, typed: Mapping[str, str]) -> tuple[Tenant, Policy]:
    """The business with the values of the form that were sent along; the saved ones where none were."""
    async with visit.work(reads=True) as session:
        now = await personas.current(session)
    if typed.get("draft") != "yes":
        return visit.the_tenant, now.policy
    policy, facts = taken(DRAFT, now, typed)
    if wrong := personas.faults(policy, facts):
        raise personas.Wrong(wrong)
    return unsaved(visit.the_tenant, policy, facts), policy


async def _asked(visit: Visit, typed: Mapping[str, str]) -> Asked:
    sent = (await visit.form()).get("sound")
    speak = typed.get("speak") == "yes"
    if not isinstance(sent, UploadFile) or not sent.size:
        return Asked(typed.get("question", ""), speak=speak)
    if sent.size > MOST_BYTES:
        raise Impossible("media-too-large", "the recording is larger than a question can be")
    return Asked(sound=await sent.read(), speak=speak)


async def _page(visit: Visit, typed: Mapping[str, str] | None = None, status: int = 200, **given: Any) -> Response:
    async with visit.work(reads=True) as session:
        now = await personas.current(session)
    saved = shown(DRAFT, now)
    draft = typed is not None and not saved.keys().isdisjoint(typed)
    held = {**saved, **(blank(DRAFT, typed) if draft and typed is not None else {})}
    trade = trades().get(now.facts.get("trade", ""))
    more = {
        "v": held,
        "draft": draft and any(held[name] != saved[name] for name in saved),
        "question": (typed or {}).get("question", ""),
        "speak": typed is None or typed.get("speak") == "yes" or "question" not in typed,
        "tries": trade.tries.get("ar" if visit.language == "ar" else "en", []) if trade else [],
        "limits": {"question": LONGEST_QUESTION, "seconds": int(LONGEST_SOUND), "persona": LONGEST_PERSONA},
        "choices": choices(visit._),
        "errors": {},
        "came": None,
    }
    block = "answer" if visit.partial else None
    return visit.page("persona/try.html", status=status, block=block, **{**more, **given})


def _told(visit: Visit, came: Tried) -> dict[str, Any]:
    """What came of a try, as the page shows it."""
    note = NOTES.get(came.note) or told(came.note, 422, visit.language)
    return {
        "tried": came,
        "why": visit._(note) if came.note in NOTES else note,
        "language": visit._(LANGUAGE_TITLES[came.language]),
        "dialect": visit._(DIALECT_TITLES[came.dialect]) if came.dialect else "",
        "sound": b64encode(came.sound).decode() if came.sound else "",
        "no_sound": told(came.no_sound, 422, visit.language) if came.no_sound else "",
        "stages": [(visit._(STAGES.get(one.stage, one.stage)), one) for one in came.bills],
    }


DOORS = (
    Door("GET", "/t/{tenant}/try", May.SEE, opened),
    Door("POST", "/t/{tenant}/try", May.ANSWER, asked),
    Door("POST", "/t/{tenant}/try/with", May.EDIT, opened_with),
    Door("POST", "/t/{tenant}/try/film", May.ANSWER, filmed),
)
