"""Voices: those on the shelf, and a tenant's own by example, which speak only with their owner's consent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, File, Form, Path, UploadFile
from starlette.responses import JSONResponse, Response

from core_pipeline.atelier import Workroom
from core_pipeline.cloning.attempt import SENTENCE_LASTS
from tenants import voices
from tenants.models import ClonedVoice
from voices.catalogue import CLONE, catalogue
from webhooks.api import library, schemas
from webhooks.api.access import Caller, allowed
from webhooks.api.problems import Refusal
from webhooks.api.pronunciations import actor_of
from webhooks.api.repeats import RepeatKey, digest_of

if TYPE_CHECKING:
    from fastapi import FastAPI

    from webhooks.api.desk import Desk

Speaker = Annotated[Caller, Depends(allowed("voices"))]
VoiceId = Annotated[str, Path(pattern=schemas.ID)]


@dataclass(frozen=True)
class Voices:
    """The routes that need the scope "voices"."""

    desk: Desk

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        asked = library.Sentence
        app.add_api_route("/voices", self.listed, methods=["GET"], response_model=library.Voices)
        app.add_api_route("/voices", self.cloned, methods=["POST"], response_model=asked, status_code=201)
        app.add_api_route("/voices/{voice_id}/sentence", self.sentence, methods=["POST"], response_model=asked)
        app.add_api_route("/voices/{voice_id}/consent", self.consent, methods=["POST"], response_model=library.Ready)
        app.add_api_route("/voices/{voice_id}", self.revoked, methods=["DELETE"], status_code=204)

    async def listed(self, caller: Speaker) -> library.Voices:
        """List the voices on the shelf, and your own."""
        shelf = [
            library.StockVoice(
                choice=one.slug,
                name=one.name,
                languages=sorted(one.languages),
                gender=one.gender,
                licence=one.licence,
            )
            for one in catalogue().values()
        ]
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            rows = await voices.listing(session)
        return library.Voices(shelf=shelf, own=[_own(row) for row in rows])

    async def cloned(
        self,
        caller: Speaker,
        sample: Annotated[UploadFile, File(description="Ten seconds to two minutes of one person's speech.")],
        name: Annotated[schemas.Name, Form(description="What you call the voice.")],
        person: Annotated[schemas.Name, Form(description="Who owns the voice.")],
        language: Annotated[schemas.Language, Form()] = "ar",
        scope: Annotated[schemas.Scope, Form()] = "answers",
        text: Annotated[schemas.Words | None, Form(description="What the sample says, if it was read.")] = None,
        key: RepeatKey = None,
    ) -> JSONResponse:
        """Make a voice of a sample; it speaks only after its owner has read the `sentence` aloud: see consent."""
        data = await sample.read()
        asked = {"name": name, "person": person, "language": language, "scope": scope, "text": text}

        async def made() -> dict[str, Any]:
            voice_id = await self._draft(caller, data, name, language, text or "")
            return await self._asked(caller, voice_id, library.Consenting(person=person, scope=scope))

        kept = await self.desk.once(caller, key, digest_of("voice", **asked, sample=data), made)
        return JSONResponse(kept, 201)

    async def sentence(self, caller: Speaker, voice_id: VoiceId, asked: library.Consenting) -> library.Sentence:
        """Ask for a fresh sentence of consent, when the last one is too old."""
        return library.Sentence.model_validate(await self._asked(caller, voice_id, asked))

    async def consent(
        self, caller: Speaker, voice_id: VoiceId, recording: Annotated[UploadFile, File()]
    ) -> library.Ready:
        """Hear the owner of the voice read the sentence aloud; from then on the voice may speak."""
        data = await recording.read()
        async with self.desk.metered(caller, "consent") as order:
            outcome = await self._room.voice_consent(caller.tenant_id, voice_id, data, order, actor_of(caller))
        if outcome.code is not None:
            raise Refusal(422, outcome.code)
        return library.Ready(id=voice_id, choice=f"{CLONE}{voice_id}", state="ready")

    async def revoked(self, caller: Speaker, voice_id: VoiceId) -> Response:
        """Silence a voice at once, and delete its recordings and everything that was made with it."""
        await self._room.revoke_voice(caller.tenant_id, voice_id, actor_of(caller))
        return Response(status_code=204)

    @property
    def _room(self) -> Workroom:
        needs = self.desk.needs
        return Workroom(needs.db, needs.blobs, needs.sandbox, needs.engines, needs.gate)

    async def _draft(self, caller: Caller, data: bytes, name: str, language: str, text: str) -> str:
        """The id of a draft whose sample is good enough; `Refusal` says what is wrong with another."""
        given, by = (caller.tenant_id, name, language, data), actor_of(caller)
        async with self.desk.metered(caller, "clone") as order:
            voice, verdict = await self._room.sample(*given, order, text, by)
        if verdict.problems:
            raise Refusal(422, verdict.problems[0], faults=verdict.problems)
        return voice.id

    async def _asked(self, caller: Caller, voice_id: str, asked: library.Consenting) -> dict[str, Any]:
        by = actor_of(caller)
        drawn = await self._room.voice_sentence(caller.tenant_id, voice_id, asked.person, asked.scope, by)
        return {"id": voice_id, "sentence": drawn.sentence, "seconds": int(SENTENCE_LASTS.total_seconds())}


def _own(row: ClonedVoice) -> library.OwnVoice:
    return library.OwnVoice(
        id=row.id,
        choice=f"{CLONE}{row.id}",
        name=row.name,
        language=row.language,
        state=str(row.state),
        speaker=row.speaker,
        created_at=row.created_at,
    )
