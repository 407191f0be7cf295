"""The business in one call: its ears, mind and voice are our engines, its minutes go into the history."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import av
from sqlalchemy.exc import SQLAlchemyError

from core_pipeline.arabic.language import detect
from core_pipeline.calls import keeping, people
from core_pipeline.calls.dialogue import LANGUAGES, Dialogue, Round, ours
from core_pipeline.calls.heeding import Heeding
from core_pipeline.calls.host import Heard, Manner, Say
from core_pipeline.calls.lobby import Lobby, Share, share_of
from core_pipeline.calls.manners import manner_of
from core_pipeline.calls.shelter import Shelter
from core_pipeline.calls.tape import taped
from core_pipeline.calls.tenant_voice import TenantVoice
from core_pipeline.cloning.use import keep_render
from core_pipeline.contracts.specs import Priority
from core_pipeline.engines.router import For
from core_pipeline.engines.wrap.flowing import flowing
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.media.pcm import resample
from core_pipeline.thinking.variables import fixed
from core_pipeline.thinking.words import phrases
from errors import Impossible, NeedsOwner, Retryable, SawtakError
from tenants.models import Call

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core_pipeline.calls.host import Minutes, Outcome, Step
    from core_pipeline.contracts.engines import Asr, Pcm, Speech, Transcript
    from core_pipeline.engines.wrap.meter import Bill

log = logging.getLogger(__name__)

__all__ = ["CallHost", "Lobby", "host_for"]

HEARING_RATE = 16_000
HEARING_SECONDS = 15.0
KIND = "calls"
# What the databases, the store of blobs and the encoder raise when they can't.
TROUBLE = (SawtakError, SQLAlchemyError, av.FFmpegError, OSError)


async def host_for(
    lobby: Lobby, call_id: str, *, faces: bool = False, seen: bool = False, transfers: bool = True
) -> tuple[CallHost, Manner]:
    """The business in this call, and how the call is led; `Impossible("call-missing")` when there is no such call.

    With `faces` the times of words and sounds are told with all that is spoken; `seen`: the caller has a screen;
    `transfers`: they can be put through to somebody.
    """
    async with lobby.db.platform(reads=True) as session:
        call = await session.get(Call, call_id)
    if call is None:
        raise Impossible("call-missing", "there is no such call")
    async with lobby.db.tenant(call.tenant_id, reads=True) as session:
        over = await keeping.over_since(session, call_id)
    if over is not None:
        async with lobby.db.tenant(call.tenant_id) as session:
            await keeping.begin_anew(session, call_id, over)
    async with lobby.db.tenant(call.tenant_id, reads=True) as session:
        dialogue = await keeping.opened(session, call_id)
    dialogue.transfers = transfers
    manner = manner_of(dialogue, seen=seen)
    if dialogue.quiet:
        async with lobby.db.tenant(call.tenant_id) as session:
            await people.begun(session, dialogue, through=manner.closing is not None)
    share = await share_of(lobby, dialogue.tenant_id)
    return CallHost(lobby, dialogue, share, frozenset(manner.opening), faces=faces), manner


class CallHost:
    """The `Host` of one call."""

    def __init__(
        self,
        lobby: Lobby,
        dialogue: Dialogue,
        share: Share,
        opening: frozenset[str] = frozenset(),
        *,
        faces: bool = False,
    ) -> None:
        self._lobby, self._dialogue, self._share = lobby, dialogue, share
        self._shelter = Shelter()
        self._voice = TenantVoice(lobby, share, dialogue.policy, self._shelter, timed=faces)
        self._heeding = people.Taking(dialogue) if dialogue.quiet else Heeding(lobby, dialogue, self._shelter)
        self._often = opening.union(*(phrases(dialogue.policy, one).values() for one in LANGUAGES))
        self._ears, self._own = Ledger(), Ledger()
        self._rounds: dict[int, Round] = {}
        self._now: Round | None = None
        self._unwritten: list[tuple[Round, Minutes]] = []
        self._parts = 0
        self.cards: list[str] = []

    @property
    def language(self) -> str:
        """The language of the call as of now."""
        return self._dialogue.language

    def words(self, name: str, language: str) -> str:
        """The tenant's ready words of this name."""
        return self._dialogue.words(name, language)

    async def hear(self, speech: Pcm) -> Heard:
        """Return the words in the caller's utterance; none when there are none, or when they are not sure enough.

        Raises `Retryable("hearing-slow")` after fifteen seconds, but no message is lost for that. May be cancelled.
        """
        try:
            return self._understood(await self._transcribed(speech))
        except SawtakError as error:
            if self._dialogue.quiet is None:
                raise
            log.warning("call %s: a message is kept unheard: %s", self._dialogue.call_id, error.code)
            return Heard(people.UNHEARD, self._dialogue.language)

    async def _transcribed(self, speech: Pcm) -> Transcript:
        try:
            async with asyncio.timeout(HEARING_SECONDS):
                asr = await self._shelter.keep(self._asr())
                sound = await asyncio.to_thread(resample, speech, HEARING_RATE)
                async with self._share.place("asr"):
                    return await asr.transcribe(sound, self._dialogue.pinned)
        except TimeoutError:
            raise Retryable("hearing-slow", "the recogniser takes too long for a call; choose a faster one") from None

    def answer(self, minutes: Minutes) -> AsyncIterator[Step]:
        """Stream what to say and do about what was heard; closing it ends the thinking and leaves nothing half done."""
        return self._answering(minutes, None)

    def pressed(self, digits: str, minutes: Minutes) -> AsyncIterator[Step]:
        """The same for a sequence of keys."""
        return self._answering(minutes, digits)

    async def speak(self, say: Say) -> AsyncIterator[Speech]:
        """Stream the spoken sentence; ready words come at once when they were said before."""
        language = ours(say.language) or self._dialogue.language
        ledger = self._now.ledger if self._now else self._own
        way = self._voice.recite if say.text in self._often else self._voice.say
        async with flowing(way(say.text, language, ledger)) as parts:
            async for part in parts:
                yield part

    async def wrote(self, minutes: Minutes) -> None:
        """Keep the minutes of one exchange; what can't be written is tried once more at the end."""
        each = self._round_of(minutes)
        if not await self._shelter.keep(self._written(each, minutes)):
            self._unwritten.append((each, minutes))

    async def ended(self, outcome: Outcome) -> None:
        """Keep how the call went, with its recording; nothing follows, and nothing goes on."""
        await self._shelter.keep(self._end(outcome))
        await self._shelter.drained()

    async def _answering(self, minutes: Minutes, digits: str | None) -> AsyncIterator[Step]:
        now = await self._begun(minutes, digits)
        steps = self._heeding.spoken(now) if digits is None else self._heeding.pressed(now, digits)
        async with flowing(steps) as answer:
            async for step in answer:
                yield step
        self.cards += now.cards

    async def _begun(self, minutes: Minutes, digits: str | None) -> Round:
        """Begin a round, in place of an earlier one where the caller went on after all."""
        dialogue, heard = self._dialogue, minutes.heard
        if digits is None and heard and heard.text:
            dialogue.language = dialogue.pinned or await self._language(heard, typed=minutes.speech is None)
        words = digits if digits is not None else heard.text if heard else ""
        now = Round(minutes.turn, dialogue.language, words, minutes.lines, note=dialogue.quiet)
        now.speech = minutes.speech.data if minutes.speech else b""
        before = self._taken_back(now)
        now.ledger.bills += [*(before.ledger.bills if before else ()), *self._taken()]
        dialogue.rounds = [*(one for one in dialogue.rounds if one is not before), now]
        self._rounds[now.turn] = self._now = now
        return now

    def _taken_back(self, now: Round) -> Round | None:
        """The round that this one says in full: it has the same number, or the same sound at its beginning."""
        last = self._now
        if last is None or last.written.is_set():
            return None
        whole = last.turn == now.turn or (last.speech and now.speech.startswith(last.speech))
        return self._rounds.pop(last.turn, None) if whole else None

    async def _language(self, heard: Heard, *, typed: bool) -> str:
        """The language that the caller spoke or wrote, or the tenant's one; the call's where that can't be told."""
        if (only := fixed(self._dialogue.policy)) is not None:
            return only
        # In a thread: mixed text loads a model of languages on its first use.
        found = await asyncio.to_thread(detect, heard.text) if typed else ours(heard.language)
        return found or self._dialogue.language

    async def _asr(self) -> Asr:
        order = For(self._ears, self._dialogue.tenant_id, Priority.CALL)
        try:
            return await self._lobby.engines.asr(self._dialogue.pinned, order)
        except NeedsOwner:
            # Better to be heard by an engine for another language than not at all.
            return await self._lobby.engines.asr(None, order)

    def _understood(self, said: Transcript) -> Heard:
        dialogue = self._dialogue
        unsure = said.confidence is not None and said.confidence < dialogue.policy.confidence and not dialogue.quiet
        spoken = dialogue.pinned or fixed(dialogue.policy) or ours(said.language) or dialogue.language
        return Heard("" if unsure else said.text.strip(), spoken, said.confidence)

    def _taken(self) -> list[Bill]:
        """The bills of what was heard since this was asked last."""
        bills, self._ears.bills[:] = [*self._ears.bills], []
        return bills

    def _round_of(self, minutes: Minutes) -> Round:
        """The round of these minutes; one of its own where we said something by ourselves, or nothing was heard."""
        each = self._rounds.pop(minutes.turn, None) if minutes.turn else None
        if each is None:
            words = minutes.heard.text if minutes.heard else ""
            each = Round(minutes.turn, self._dialogue.language, words, minutes.lines, note=self._dialogue.quiet)
            if minutes.turn == 0:
                each.part, self._parts = self._parts, self._parts + 1
            else:
                each.ledger.bills += self._taken()
        each.lines = minutes.lines
        return each

    async def _written(self, each: Round, minutes: Minutes) -> bool:
        """Write one exchange; whether that worked."""
        dialogue, write = self._dialogue, people.write if self._dialogue.quiet else keeping.write
        try:
            if dialogue.quiet and each.note == dialogue.quiet and minutes.speech and each.left is None:
                each.left = await people.stored(self._lobby.blobs, dialogue.tenant_id, minutes.speech)
            async with self._lobby.db.tenant(dialogue.tenant_id) as session:
                await write(session, dialogue, each, minutes)
        except TROUBLE as error:
            log.warning("call %s: turn %d is not written: %s", self._dialogue.call_id, each.turn, type(error).__name__)
            return False
        finally:
            each.written.set()
            each.speech = b""
        return True

    async def _end(self, outcome: Outcome) -> None:
        for each, minutes in self._unwritten:
            await self._written(each, minutes)
        call_id, tenant_id = self._dialogue.call_id, self._dialogue.tenant_id
        try:
            async with self._lobby.db.tenant(tenant_id) as session:
                await keeping.close(session, call_id, outcome, self._dialogue.language)
            # Encoding takes a while: the call itself is over by then, whatever becomes of its sound.
            if (recording := await self._recorded(outcome)) is not None:
                async with self._lobby.db.tenant(tenant_id) as session:
                    await keeping.recorded(session, call_id, recording)
        except TROUBLE:
            log.exception("call %s: its end can't be kept", call_id)

    async def _recorded(self, outcome: Outcome) -> str | None:
        """Keep both sides' sound; with a voice by example in it, it goes when that voice is revoked."""
        if not outcome.recording:
            return None
        blobs, tenant_id = self._lobby.blobs, self._dialogue.tenant_id
        data = await asyncio.to_thread(taped, outcome.recording, outcome.sample_rate)
        blob = await blobs.put(tenant_id, KIND, data, ".ogg")
        try:
            for clone_id in self._voice.clones:
                await keep_render(self._lobby.db, blobs, tenant_id, clone_id, blob)
        except NeedsOwner as error:
            log.warning("call %s: its recording is not kept: %s", self._dialogue.call_id, error)
            return None
        return blob
