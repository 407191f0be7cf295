"""A business's own voices: sample, verdict, consent, hearing it, and revoking."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlmodel import col
from starlette.responses import Response

from admin.voices.sending import by_script, done, file_of, order, reading_now, scopes, words_of, workroom
from core_pipeline.cloning.attempt import attempts_left
from core_pipeline.cloning.consent import LONGEST_NAME, SCOPES, wording
from core_pipeline.cloning.preview import FORMAT
from core_pipeline.cloning.quality import explain
from core_pipeline.thinking import choosing
from errors import Impossible, SawtakError
from tenants import voices
from tenants.models import AuditEntry, VoiceState
from voices.catalogue import CLONE, catalogue

if TYPE_CHECKING:
    from admin.frame.visit import Visit

PAGES: dict[str, str] = tomllib.loads(Path(__file__).with_name("pages.toml").read_text(encoding="utf-8"))


async def begin(visit: Visit, status: int = 200, **more: Any) -> Response:
    """The page on which a voice by example begins."""
    given: dict[str, Any] = {"fields": {"language": visit.policy.language}, "wrong": [], "pages": PAGES}
    return visit.page("voices/begin.html", status=status, **{**given, **more})


async def sampled(visit: Visit) -> Response:
    """Judge a sample: go on to the consent, or say what is wrong with it and what to do."""
    fields = await visit.fields()
    name, language = fields.get("name", "").replace("\0", ""), fields.get("language", "")
    errors = _faults(visit, name, fields)
    if errors:
        return await _refused(visit, list(errors.values()), fields, errors)
    try:
        data = await file_of(visit, "recording")
        text = PAGES[language] if fields.get("read") == "yes" else ""
        room, by = workroom(visit), visit.actor
        voice, verdict = await room.sample(visit.the_tenant.id, name, language, data, order(visit), text, by)
    except Impossible as error:
        return await _refused(visit, [words_of(visit, error)], fields)
    if not verdict.fine:
        return await _refused(visit, [explain(code, visit.language) for code in verdict.problems], fields)
    return done(visit, f"/voices/own/{voice.id}", "The sample is good. Now its owner consents.")


async def voice(visit: Visit, status: int = 200, **more: Any) -> Response:
    """One voice of the business's own, at the step where it is."""
    async with visit.work(reads=True) as session:
        row = await voices.get(session, visit.path("voice"))
        uses, made = await voices.uses(session), await _made_by(session, row.id)
    given = {
        "voice": row,
        "choice": f"{CLONE}{row.id}",
        "uses": uses.get(row.id, 0),
        "made_by": made,
        "step": 2 if row.state == VoiceState.READY else 1,
        **(reading_now(row.quality, row.sentence) if row.state == VoiceState.DRAFT else {"sentence": ""}),
        "left": attempts_left(row.quality),
        "scopes": scopes(visit),
        "fields": {"person": row.speaker, "scope": row.scope or SCOPES[0]},
        "wrong": [],
        "chosen": visit.policy.voice,
        "longest": LONGEST_NAME,
    }
    return visit.page("voices/voice.html", status=status, **{**given, **more})


async def sentence(visit: Visit) -> Response:
    """Draw the sentence that the voice's owner reads."""
    fields, voice_id = await visit.fields(), visit.path("voice")
    person, scope = fields.get("person", "").replace("\0", ""), fields.get("scope", "")
    try:
        await workroom(visit).voice_sentence(visit.the_tenant.id, voice_id, person, scope, visit.actor)
    except Impossible as error:
        if error.code in {"consent-names", "consent-scope"}:
            return await voice(visit, 422, errors={"person": words_of(visit, error)}, fields=fields)
        raise
    return done(visit, f"/voices/own/{voice_id}#read")


async def consent(visit: Visit) -> Response:
    """Hear the owner read the sentence: the voice is ready, or it is said what was wrong."""
    voice_id = visit.path("voice")
    try:
        data = await file_of(visit, "recording")
        outcome = await workroom(visit).voice_consent(visit.the_tenant.id, voice_id, data, order(visit), visit.actor)
    except SawtakError as error:
        return await _unheard(visit, words_of(visit, error))
    if outcome.code is not None:
        return await _unheard(visit, explain(outcome.code, visit.language))
    return done(visit, f"/voices/own/{voice_id}", "The voice is ready. Listen to it, then choose where it speaks.")


async def sound(visit: Visit) -> Response:
    """How the voice says a sentence of the shelf's."""
    async with visit.work(reads=True) as session:
        row = await voices.speaking(session, visit.path("voice"))
    text = next(one.sample[row.language] for one in catalogue().values() if row.language in one.sample)
    choice = f"{CLONE}{row.id}"
    spoken = await workroom(visit).spoken(visit.the_tenant.id, text, row.language, choice, order(visit))
    return Response(spoken, media_type=FORMAT.mime)


async def revoked(visit: Visit) -> Response:
    """Silence the voice everywhere and delete all that was made with it."""
    voice_id = visit.path("voice")
    await workroom(visit).revoke_voice(visit.the_tenant.id, voice_id, visit.actor)
    async with visit.work() as session:
        await choosing.let_go(session, visit.actor, f"{CLONE}{voice_id}")
    return visit.go("/voices", "The voice is revoked. Its recordings and everything made with it are deleted.")


def _faults(visit: Visit, name: str, fields: dict[str, str]) -> dict[str, str]:
    found = {}
    if not 0 < len(name) <= LONGEST_NAME:
        found["name"] = visit._("Give the voice a name of at most 80 letters.")
    if fields.get("language", "") not in wording():
        found["language"] = visit._("Choose Arabic or English.")
    if fields.get("agrees") != "yes":
        found["agrees"] = visit._("Confirm that the owner of the voice knows and agrees.")
    return found


async def _refused(
    visit: Visit, wrong: list[str], fields: dict[str, str], errors: dict[str, str] | None = None
) -> Response:
    if by_script(visit):
        return visit.json({"error": "\n".join(wrong)}, 422)
    more = {"errors": errors} if errors else {"wrong": wrong}
    return await begin(visit, 422, fields=fields, **more)


async def _unheard(visit: Visit, wrong: str) -> Response:
    if not by_script(visit):
        return await voice(visit, 422, wrong=[wrong])
    async with visit.work(reads=True) as session:
        left = attempts_left((await voices.get(session, visit.path("voice"))).quality)
    return visit.json({"error": f"{wrong}\n{_left(visit, left)}"}, 422)


def _left(visit: Visit, left: int) -> str:
    return visit._("Attempts left: {count}").format(count=left)


async def _made_by(session: Any, voice_id: str) -> str:
    asked = select(col(AuditEntry.who)).where(
        col(AuditEntry.action) == "voice.sample", col(AuditEntry.thing) == voice_id
    )
    return str(await session.scalar(asked) or "")
