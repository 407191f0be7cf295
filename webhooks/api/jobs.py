"""Messages that came by the API go the way of all messages: into the inbox, through a turn, into the store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlmodel import col

from core_pipeline.contracts.messages import Identity, Inbound, Kind, MediaRef, ReplyKind, Sender
from core_pipeline.telling import told
from errors import Impossible
from tenants.inbox import NewRow
from tenants.models import Conversation, Direction, Message, Turn, TurnState, new_id
from webhooks.api.access import shown
from webhooks.api.schemas import Job, JobError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from webhooks.api.access import Caller
    from webhooks.api.accounts import OwnAccounts
    from webhooks.api.needs import Needs

IDENTITY = "visitor"
LOOK_SECONDS = 0.2
BEAT_SECONDS = 10.0
LONGEST_STREAM = 300.0
OVER = ("done", "failed")
ID_DIGITS = 32


@dataclass(frozen=True)
class Upload:
    """A recording as it came."""

    data: bytes
    mime: str | None = None


@dataclass(frozen=True)
class Asked:
    """One message: `person` is the visitor as we know them, `name` what makes it unique (random, or of its key).

    `sound` is a blob that lies in our store already; `address` is what its conversation is told besides.
    """

    person: str
    kind: Kind
    form: ReplyKind
    name: str = field(default_factory=new_id)
    text: str | None = None
    upload: Upload | None = None
    sound: str | None = None
    language: str | None = None
    address: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Seen:
    """What the store knows of a job."""

    message: Message
    chat: str
    turn: Turn | None
    sent: Sequence[Message]


class Jobs:
    """Takes messages in and tells how far they are."""

    def __init__(self, needs: Needs, accounts: OwnAccounts) -> None:
        self._needs, self._accounts = needs, accounts
        self._limits = accounts.spec.limits

    def named(self, tenant_id: str, key: str | None, digest: str) -> str:
        """A message's unique name: always the same for this key and request, and nobody else can guess it."""
        return self._needs.signer.mark("message", f"{tenant_id} {key} {digest}") if key else new_id()

    async def put(self, tenant_id: str, asked: Asked) -> str:
        """Keep the message, on disk when this returns, and give its job's id; the same name twice is one message."""
        account = await self._accounts.of(tenant_id)
        blob, uploaded = asked.sound, None
        if asked.upload is not None:
            blob = uploaded = await self._needs.blobs.put(tenant_id, "heard", asked.upload.data)
        try:
            payload = _inbound(asked, account.external_id, blob).model_dump_json()
            [row] = await self._needs.inbox.put([NewRow(tenant_id, account.id, asked.name, payload)])
        except BaseException:
            row = None
            raise
        finally:
            if row is None and uploaded is not None:
                await self._needs.blobs.delete(tenant_id, uploaded)
        return asked.name + self._needs.signer.mark("job", f"{tenant_id} {asked.name}")

    async def look(self, caller: Caller, job_id: str, language: str) -> Job:
        """How far the job is; `Impossible("job-missing")` unless it is the caller's tenant's and visitor's."""
        name, mark = job_id[:ID_DIGITS], job_id[ID_DIGITS:]
        if not self._needs.signer.marked("job", f"{caller.tenant_id} {name}", mark):
            raise Impossible("job-missing")
        async with self._needs.db.tenant(caller.tenant_id, reads=True) as session:
            seen = await _seen(session, name)
        if seen is None:
            return Job(job_id=job_id, state="queued", progress=0)
        if caller.visitor not in {"", seen.chat}:
            raise Impossible("job-missing")
        return self._told(caller.tenant_id, job_id, seen, language)

    async def finished(self, caller: Caller, job_id: str, language: str, wait: float) -> Job:
        """The job once it is over, or as it stands after `wait` seconds."""
        until = monotonic() + wait
        while (job := await self.look(caller, job_id, language)).state not in OVER and monotonic() < until:
            await asyncio.sleep(LOOK_SECONDS)
        return job

    async def stream(self, caller: Caller, job_id: str, language: str) -> AsyncIterator[str]:
        """Server-sent events: "job" with the job whenever it is further, until it is over; comments in between."""
        until, beat, last = monotonic() + LONGEST_STREAM, monotonic() + BEAT_SECONDS, None
        while monotonic() < until:
            job = await self.look(caller, job_id, language)
            # Links are made anew each time: they are no news.
            if (
                now := job.model_copy(update={"audio_url": bool(job.audio_url), "video_url": bool(job.video_url)})
            ) != last:
                last, beat = now, monotonic() + BEAT_SECONDS
                yield f"event: job\ndata: {job.model_dump_json()}\n\n"
            elif monotonic() > beat:
                beat = monotonic() + BEAT_SECONDS
                yield ": still here\n\n"
            if job.state in OVER:
                return
            await asyncio.sleep(LOOK_SECONDS)

    def _told(self, tenant_id: str, job_id: str, seen: _Seen, language: str) -> Job:
        turn, message = seen.turn, seen.message
        job = Job(job_id=job_id, state="queued", progress=0, visitor=shown(seen.chat), transcript=message.text)
        if message.kind == Kind.SCRIPT:
            job.transcript = job.visitor = None
        if turn is None:
            return job
        job.transcript = None if message.kind == Kind.SCRIPT else turn.heard or job.transcript
        job.response_text, job.language, job.citations = turn.answer, turn.language, turn.citations
        job.audio_url = self._link(tenant_id, seen.sent, ReplyKind.VOICE)
        job.video_url = self._link(tenant_id, seen.sent, ReplyKind.VIDEO)
        job.also = [one.text for one in seen.sent if one.text and f"{turn.id}:also" in (one.key or "")]
        job.note, job.error = turn.note, _error(turn, language, filmed=job.video_url is not None, message=message)
        job.state = _state(turn, job.error)
        job.progress = _progress(turn, job)
        return job

    def _link(self, tenant_id: str, sent: Sequence[Message], kind: ReplyKind) -> str | None:
        blob = next((one.blob for one in sent if one.kind == kind and one.blob and one.provider_id), None)
        if blob is None:
            return None
        films = [way.mime for way in self._limits.videos]
        mime = films[0] if kind is ReplyKind.VIDEO and films else self._limits.voice.mime
        return self._needs.links.media(tenant_id, blob, mime)


def _inbound(asked: Asked, account: str, blob: str | None) -> Inbound:
    mime = asked.upload.mime if asked.upload else None
    return Inbound(
        account=account,
        provider_id=asked.name,
        # Films of scripts are no conversation: each has an address of its own.
        chat=asked.name if asked.kind == Kind.SCRIPT else asked.person,
        sender=Sender(identities=(Identity(kind=IDENTITY, value=asked.person),), language=asked.language),
        sent_at=datetime.now(UTC),
        kind=asked.kind,
        text=asked.text,
        media=MediaRef(id=asked.name, mime=mime, blob=blob) if blob else None,
        address={"visitor": asked.person, **asked.address},
        wish=asked.form,
    )


async def _seen(session: AsyncSession, name: str) -> _Seen | None:
    """What there is of the message of this name; None before it has left the inbox."""
    asked = select(Message, col(Conversation.chat)).join(
        Conversation, col(Conversation.id) == col(Message.conversation_id)
    )
    row = (
        await session.execute(asked.where(col(Message.provider_id) == name, col(Message.direction) == Direction.IN))
    ).first()
    if row is None:
        return None
    message, chat = row
    turn = await session.get(Turn, message.turn_id or f"{message.account_id}:{name}")
    if turn is None:
        return _Seen(message, chat, None, ())
    outgoing = select(Message).where(col(Message.turn_id) == turn.id, col(Message.direction) == Direction.OUT)
    return _Seen(message, chat, turn, (await session.scalars(outgoing.order_by(col(Message.id)))).all())


def _error(turn: Turn, language: str, *, filmed: bool, message: Message) -> JobError | None:
    if turn.state == TurnState.DEAD:
        code = (turn.cause or "job-failed").partition(":")[0].strip()
        return JobError(code=code, detail=told("job-failed", 503, language))
    if turn.state == TurnState.ANSWERED and message.kind == Kind.SCRIPT and not filmed:
        return JobError(code="no-video", detail=told("no-video", 503, language))
    return None


def _state(turn: Turn, error: JobError | None) -> Any:
    if error is not None:
        return "failed"
    return "running" if turn.state == TurnState.RUNNING else "done"


def _progress(turn: Turn, job: Job) -> int:
    """Hearing, thinking, then the film: the last takes the longest."""
    if job.state in OVER:
        return 100
    if turn.progress is not None:
        return 40 + turn.progress * 59 // 99
    return 30 if turn.answer is not None else 10
