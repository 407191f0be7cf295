"""Questions to the assistant: by voice or in writing, answered at once or as a job."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from json import JSONDecodeError
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from fastapi import Depends, File, Form, Path, UploadFile
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import UploadFile as Uploaded
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse

from core_pipeline.contracts.messages import Kind, ReplyKind
from webhooks.api import schemas
from webhooks.api.access import Caller, allowed
from webhooks.api.jobs import OVER, Asked, Upload
from webhooks.api.problems import Refusal, language_of
from webhooks.api.repeats import RepeatKey, digest_of
from webhooks.api.schemas import JOB_ID, LONGEST_WAIT, Job, TokenAsked, TokenMade

if TYPE_CHECKING:
    from fastapi import FastAPI

    from webhooks.api.desk import Desk

Talker = Annotated[Caller, Depends(allowed("talk"))]
Owner = Annotated[Caller, Depends(allowed("talk", secret=True))]
Responses: TypeAlias = dict[int | str, dict[str, Any]]
JobId = Annotated[str, Path(pattern=JOB_ID)]

_MIME = re.compile(r"[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,40}(;[ -~]{0,80})?")
_AUDIO = {"type": "string", "contentMediaType": "application/octet-stream"}
_FLOW = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Question"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["audio"],
                    "properties": {
                        "audio": _AUDIO,
                        "form": {"type": "string", "enum": ["video", "voice", "text"]},
                        "visitor": {"type": "string", "pattern": schemas.VISITOR},
                        "language": {"type": "string", "enum": ["ar", "en"]},
                    },
                }
            },
        },
    }
}


class Flow(schemas.Asking):
    """A question as it comes, in writing or beside a recording."""

    text: schemas.Words | None = None
    form: schemas.Form = "video"
    visitor: schemas.Visitor | None = None
    language: schemas.Language | None = None


@dataclass(frozen=True)
class Talking:
    """The routes that need the scope "talk"."""

    desk: Desk

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        late: Responses = {202: {"model": Job, "description": "Not answered yet: ask for the job."}}
        app.add_api_route("/token", self.token, methods=["POST"], response_model=TokenMade, status_code=201)
        app.add_api_route("/voice/query", self.query, methods=["POST"], response_model=Job, responses=late)
        app.add_api_route(
            "/complete-flow", self.flow, methods=["POST"], response_model=Job, status_code=202, openapi_extra=_FLOW
        )
        app.add_api_route("/jobs/{job_id}", self.job, methods=["GET"], response_model=Job)
        stream: Responses = {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}
        path = "/jobs/{job_id}/events"
        app.add_api_route(path, self.events, methods=["GET"], responses=stream, response_class=StreamingResponse)

    async def token(self, caller: Owner, asked: TokenAsked) -> TokenMade:
        """Make a short-lived token for one visitor, which a page of yours may hold instead of a key."""
        visitor = caller.person(asked.visitor)
        token = self.desk.needs.signer.issue(
            caller.tenant_id, ["talk"], visitor=visitor, key_id=caller.id, seconds=asked.seconds
        )
        return TokenMade(token=token, visitor=visitor, expires_in=asked.seconds)

    async def query(
        self,
        request: Request,
        caller: Talker,
        audio: Annotated[UploadFile | None, File(description="The question, spoken: OGG, MP3, M4A, WAV, …")] = None,
        text: Annotated[schemas.Words | None, Form(description="Or written.")] = None,
        visitor: Annotated[schemas.Visitor | None, Form()] = None,
        language: Annotated[schemas.Language | None, Form()] = None,
        wait: Annotated[float, Form(ge=0, le=LONGEST_WAIT, description="Seconds.")] = LONGEST_WAIT,
        key: RepeatKey = None,
    ) -> JSONResponse:
        """Ask by voice and hear the answer: waits for it, or gives the job (202) when that takes too long."""
        flow = Flow(text=text, form="voice", visitor=visitor, language=language)
        job_id = await self._asked(caller, flow, await _upload(audio), key)
        job = await self.desk.jobs.finished(caller, job_id, language_of(request), wait)
        return _answered(job, 200 if job.state in OVER else 202)

    async def flow(self, request: Request, caller: Talker, key: RepeatKey = None) -> JSONResponse:
        """Ask by voice or in writing, for a film, a voice note or a text; gives the job at once."""
        flow, upload = await _read(request)
        job_id = await self._asked(caller, flow, upload, key)
        return _answered(await self.desk.jobs.look(caller, job_id, language_of(request)), 202)

    async def job(self, request: Request, caller: Talker, job_id: JobId) -> Job:
        """Tell how far a job is; ask every two seconds."""
        return await self.desk.jobs.look(caller, job_id, language_of(request))

    async def events(self, request: Request, caller: Talker, job_id: JobId) -> StreamingResponse:
        """Tell how far a job is whenever it is further (server-sent events, five minutes at most)."""
        language = language_of(request)
        await self.desk.jobs.look(caller, job_id, language)
        self.desk.access.may_stream(request, caller)

        async def told() -> AsyncIterator[str]:
            with self.desk.access.streaming(request, caller):
                async for part in self.desk.jobs.stream(caller, job_id, language):
                    yield part

        return StreamingResponse(told(), headers={"Cache-Control": "no-store"}, media_type="text/event-stream")

    async def _asked(self, caller: Caller, flow: Flow, upload: Upload | None, key: str | None) -> str:
        """Put the question into the inbox, once for each key; its job's id."""
        if upload is None and flow.text is None:
            raise Refusal(422, "nothing-said")
        if upload is not None and flow.text is not None:
            raise Refusal(422, "one-of-both")

        message = Asked(
            person=caller.person(flow.visitor),
            kind=Kind.VOICE if upload else Kind.TEXT,
            form=ReplyKind(flow.form),
            text=flow.text,
            upload=upload,
            language=flow.language,
        )
        digest = digest_of("ask", **flow.model_dump(mode="json"), audio=upload.data if upload else None)
        return await self.desk.job(caller, key, digest, message)


async def _read(request: Request) -> tuple[Flow, Upload | None]:
    """The question, as JSON or as a form with a recording."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form(max_files=1, max_fields=10) as form:
            sound = form.get("audio")
            upload = await _upload(sound) if isinstance(sound, Uploaded) else None
            fields = {name: value for name, value in form.items() if name != "audio" and value != ""}
        return _valid(fields), upload
    try:
        return _valid(await request.json()), None
    except (JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestValidationError([{"loc": ("body",), "msg": "no JSON", "type": "json_invalid"}]) from error


def _valid(fields: Mapping[str, Any]) -> Flow:
    try:
        return Flow.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from error


async def _upload(file: Uploaded | None) -> Upload | None:
    """The recording; None where the field is empty."""
    data = await file.read() if file is not None else b""
    mime = file.content_type if file and _MIME.fullmatch(file.content_type or "") else None
    return Upload(data, mime) if data else None


def _answered(job: Job, status: int) -> JSONResponse:
    return JSONResponse(job.model_dump(mode="json"), status, {"Location": f"/api/v1/jobs/{job.job_id}"})
