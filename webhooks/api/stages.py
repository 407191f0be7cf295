"""The single stages of an answer, for those who put their own together: hear, look up, answer, speak, animate."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, File, Form, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from avatars.catalogue import resolve as avatar_named
from core_pipeline.arabic.language import detect
from core_pipeline.contracts.engines import Exchange, Transcript
from core_pipeline.contracts.messages import Kind, ReplyKind
from core_pipeline.history.memory import Memory
from core_pipeline.portraits.use import face_of
from core_pipeline.thinking.matter import Matter, Mind
from core_pipeline.thinking.think import think
from errors import Forged, Impossible, NeedsOwner
from webhooks.api import schemas
from webhooks.api.access import Caller, allowed
from webhooks.api.desk import bills
from webhooks.api.jobs import Asked
from webhooks.api.mouth import Mouth
from webhooks.api.problems import Refusal, language_of
from webhooks.api.repeats import RepeatKey, digest_of
from webhooks.api.schemas import Job, Responded, Retrieved, Spoken, Transcribed

if TYPE_CHECKING:
    from fastapi import FastAPI

    from webhooks.api.desk import Desk

Builder = Annotated[Caller, Depends(allowed("stages"))]
LONGEST_SOUND = 300.0


@dataclass(frozen=True)
class Stages:
    """The routes that need the scope "stages"."""

    desk: Desk

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        app.add_api_route("/transcribe", self.transcribe, methods=["POST"], response_model=Transcribed)
        app.add_api_route("/retrieve", self.retrieve, methods=["POST"], response_model=Retrieved)
        app.add_api_route("/respond", self.respond, methods=["POST"], response_model=Responded)
        sound = {"content": {self.desk.accounts.spec.limits.voice.mime.partition(";")[0]: {"schema": _BYTES}}}
        app.add_api_route("/speak", self.speak, methods=["POST"], response_model=Spoken, responses={200: sound})
        app.add_api_route("/animate", self.animate, methods=["POST"], response_model=Job, status_code=202)

    async def transcribe(
        self,
        caller: Builder,
        audio: Annotated[UploadFile, File(description="Five minutes at most.")],
        language: Annotated[schemas.Language | None, Form()] = None,
    ) -> Transcribed:
        """Hear what a recording says."""
        data = await audio.read()
        async with self.desk.metered(caller, "transcribe") as order, self.desk.needs.gate.hold(caller.tenant_id):
            with order.ledger.timed("decode"):
                pcm = await self.desk.needs.sandbox.decode(data, max_seconds=LONGEST_SOUND)
            heard = await (await self.desk.needs.engines.asr(language, order)).transcribe(pcm, language)
        words = [schemas.SpokenWord.model_validate(vars(word)) for word in heard.words]
        return Transcribed(
            text=heard.text,
            language=heard.language,
            confidence=heard.confidence,
            seconds=round(pcm.seconds, 2),
            words=words,
            usage=bills(order),
        )

    async def retrieve(self, caller: Builder, asked: schemas.Retrieving) -> Retrieved:
        """Look up what the business knows about a question."""
        language = await self._language(caller, asked.language, asked.question)
        async with self.desk.metered(caller, "retrieve") as order:
            with order.ledger.timed("recall"):
                found = await self.desk.needs.shelf.search(caller.tenant_id, asked.question, language, asked.limit)
        passages = [schemas.Found.model_validate(vars(one)) for one in found]
        return Retrieved(language=language, passages=passages, usage=bills(order))

    async def respond(self, caller: Builder, asked: schemas.Responding) -> Responded:
        """Answer a question, or the last message of a conversation, from what the business knows."""
        question, history = _question(asked)
        language = await self._language(caller, asked.language, question)
        tenant, policy = await self.desk.tenant(caller.tenant_id)
        business = tenant.name_ar if language == "ar" else tenant.name_en
        matter = Matter(caller.tenant_id, policy, business, language, question, Memory(history))
        mind = Mind(self.desk.needs.engines, self.desk.needs.shelf)
        async with self.desk.metered(caller, "respond") as order:
            thought = await think(mind, matter, order, None, _unsaid)
        return Responded(
            text=thought.text, language=language, citations=thought.citations, sure=thought.sure, usage=bills(order)
        )

    async def speak(
        self, request: Request, caller: Builder, asked: schemas.Speaking, key: RepeatKey = None
    ) -> Response:
        """Speak a text: the sound itself for `Accept: audio/*`, else the address of it."""
        language = await self._language(caller, asked.language, asked.text)
        mouth = Mouth(self.desk, caller)

        async def spoken() -> dict[str, Any]:
            return await mouth.speak(asked.text, language, asked.voice)

        made = await self.desk.once(caller, key, digest_of("speak", **asked.model_dump()), spoken)
        if "audio/" in request.headers.get("accept", "") and "json" not in request.headers["accept"]:
            sound = await self.desk.needs.blobs.get(caller.tenant_id, made["blob"])
            return Response(sound, media_type=made["mime"])
        url = self.desk.needs.links.media(caller.tenant_id, made["blob"], made["mime"])
        told = Spoken(audio_url=url, **{name: made[name] for name in ("mime", "seconds", "language", "usage")})
        return JSONResponse(told.model_dump(mode="json"))

    async def animate(
        self, request: Request, caller: Builder, asked: schemas.Animating, key: RepeatKey = None
    ) -> JSONResponse:
        """Have a face say a text, or what is recorded: a job whose `video_url` is the film."""
        if (asked.text is None) == (asked.audio_url is None):
            raise Refusal(422, "nothing-said" if asked.text is None else "one-of-both")
        await self._check_avatar(caller, asked.avatar)
        text, sound, language = asked.text, None, asked.language
        if asked.audio_url is not None:
            sound, heard = await self._heard(caller, asked.audio_url, asked.language)
            text, language = heard.text, asked.language or ("ar" if heard.language == "ar" else "en")
        spoken_in = await self._language(caller, language, text or "")
        shown = {"language": spoken_in, **({"avatar": asked.avatar} if asked.avatar else {})}
        digest = digest_of("animate", **{**asked.model_dump(), "audio_url": sound})
        name = f"script:{caller.id}"
        message = Asked(name, Kind.SCRIPT, ReplyKind.VIDEO, text=text, sound=sound, address=shown)
        job_id = await self.desk.job(caller, key, digest, message)
        job = await self.desk.jobs.look(caller, job_id, language_of(request))
        return JSONResponse(job.model_dump(mode="json"), 202, {"Location": f"/api/v1/jobs/{job_id}"})

    async def _check_avatar(self, caller: Caller, choice: str | None) -> None:
        try:
            chosen = avatar_named(choice)
            if chosen.own_id is not None:
                await face_of(self.desk.needs.db, self.desk.needs.blobs, caller.tenant_id, chosen.own_id)
        except NeedsOwner as error:
            raise Impossible("no-such-avatar", error.detail) from error

    async def _heard(self, caller: Caller, url: str, language: str | None) -> tuple[str, Transcript]:
        """The blob of one of our own recordings, and what it says."""
        needs = self.desk.needs
        try:
            linked = needs.links.ours(url)
        except Forged as error:
            raise Impossible("not-ours") from error
        if linked.tenant_id != caller.tenant_id or not linked.mime.startswith("audio/"):
            raise Impossible("not-ours")
        async with self.desk.metered(caller, "transcribe") as order, needs.gate.hold(caller.tenant_id):
            pcm = await needs.sandbox.decode(await needs.blobs.get(caller.tenant_id, linked.blob))
            heard = await (await needs.engines.asr(language, order)).transcribe(pcm, language)
        if not heard.text.strip():
            raise Impossible("not-heard")
        return linked.blob, heard

    async def _language(self, caller: Caller, asked: str | None, text: str) -> str:
        """The language that is asked for, else that of the text, else the tenant's own."""
        # In a thread: mixed text loads a model of languages on its first use.
        return asked or await asyncio.to_thread(detect, text) or (await self.desk.tenant(caller.tenant_id))[1].language


_BYTES = {"type": "string", "contentMediaType": "application/octet-stream"}


def _question(asked: schemas.Responding) -> tuple[str, tuple[Exchange, ...]]:
    """What is asked now, and what was said before."""
    if (asked.question is None) == (not asked.messages):
        raise Refusal(422, "one-question")
    if asked.question is not None:
        return asked.question, ()
    *before, last = asked.messages
    if last.role != "user":
        raise Refusal(422, "one-question")
    said = tuple(Exchange("customer" if one.role == "user" else "bot", one.content) for one in before)
    return last.content, said


def _unsaid(sentence: str) -> None:
    """Answer in writing."""
    del sentence
