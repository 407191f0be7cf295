"""Calls in which people answer instead of the bot: what is said first, and the message that the caller leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core_pipeline.calls import keeping
from core_pipeline.calls.dialogue import ours
from core_pipeline.calls.host import End, Say, Transfer
from core_pipeline.calls.menu import BYE, LANGUAGE
from core_pipeline.calls.parting import leaves
from core_pipeline.contracts.channel import VoiceFormat
from core_pipeline.contracts.messages import Kind
from core_pipeline.history import turns
from core_pipeline.history.threads import spoken, touched
from core_pipeline.media.encode import encode_voice
from core_pipeline.media.peaks import peaks_of
from core_pipeline.notices import happenings
from core_pipeline.opening import open_at
from core_pipeline.thinking import handing
from tenants.models import Direction, Message, Turn, TurnState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncSession

    from core_pipeline.calls.dialogue import Dialogue, Round
    from core_pipeline.calls.host import Manner, Minutes, Step
    from core_pipeline.contracts.engines import Pcm
    from tenants.blobs import Blobs

# Who leaves a message pauses longer than who asks.
PAUSE = 2.0
# Stands for words that nobody could tell; their sound is kept all the same.
UNHEARD, NOT_HEARD = "…", "not-heard"
FORMAT = VoiceFormat("ogg", "libopus", 48_000, 24_000, "audio/ogg")


@dataclass(frozen=True)
class Note:
    """A message as sound, in our store; `peaks` are how loud it is."""

    blob: str
    size: int
    peaks: list[int]


def led(dialogue: Dialogue, manner: Manner) -> Manner:
    """The manner of a call that people answer: the caller is told so, then put through, or asked for a message."""
    number = dialogue.person
    names = ["away" if dialogue.quiet == handing.QUOTA else "with_colleague"]
    if number:
        names.append("transferring")
    else:
        names += [*([] if open_at(dialogue.policy, datetime.now(UTC)) else ["closed_note"]), "say_message"]
    told = tuple(words for name in names if (words := dialogue.words(name, dialogue.language)))
    closing = Transfer(number, otherwise="say_message") if number else None
    pause = max(PAUSE, manner.pause)
    return replace(
        manner, opening=(*manner.opening, *told), closing=closing, turn="pause", pause=pause, filler=0.0, messages=True
    )


async def begun(session: AsyncSession, dialogue: Dialogue, *, through: bool) -> None:
    """Note that the caller is about to be put `through`, or that somebody has to see to them."""
    if through:
        await keeping.transferring(session, dialogue.call_id)
    elif dialogue.quiet == handing.QUOTA and handing.people_now(dialogue.policy):
        await keeping.handed(session, dialogue.call_id)


class Taking:
    """Takes the messages of one call; does what `Heeding` does in calls that the bot answers.

    Whatever a caller says is noted as a message from the first, so that none is lost to who breaks in.
    """

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue

    async def spoken(self, now: Round) -> AsyncIterator[Step]:
        """Thank for what was said, or say goodbye."""
        if leaves(now.heard):
            now.note = "goodbye"
            yield self._say(now, "goodbye")
            yield End("goodbye")
            return
        yield self._say(now, "message_kept")

    async def pressed(self, now: Round, digits: str) -> AsyncIterator[Step]:
        """Keys that mean nothing else are a message, too: a number to call back."""
        deed = self._dialogue.policy.calls.menu.get(digits, "")
        if not deed and (number := digits.strip("*#")):
            now.heard = number
            yield self._say(now, "message_kept")
            return
        now.note = "keys"
        if deed == BYE:
            yield self._say(now, "goodbye")
            yield End("goodbye")
        else:
            if deed.startswith(LANGUAGE) and (known := ours(deed.removeprefix(LANGUAGE))):
                self._dialogue.language = self._dialogue.pinned = now.language = known
            yield self._say(now, "say_message")

    def _say(self, now: Round, name: str) -> Say:
        return Say(self._dialogue.words(name, now.language), now.language)


async def stored(blobs: Blobs, tenant_id: str, speech: Pcm) -> Note:
    """Keep a message's sound as a voice note."""
    data = await encode_voice(speech, FORMAT)
    return Note(await blobs.put(tenant_id, "heard", data, ".ogg"), len(data), peaks_of(speech))


async def write(session: AsyncSession, dialogue: Dialogue, each: Round, minutes: Minutes) -> None:
    """Keep a message for the inbox, once; what was said around it is not kept, and is no answer that counts."""
    turn_id = dialogue.turn_id(each)
    if each.note != dialogue.quiet or minutes.turn == 0 or await session.get(Turn, turn_id) is not None:
        return
    await touched(session, dialogue.conversation_id, language=each.language)
    session.add(_turn(dialogue, each))
    message = _message(dialogue, each, minutes)
    session.add(message)
    await session.flush()
    await spoken(session, message)
    await turns.write_stages(session, turn_id, keeping.stages(each, minutes))
    await happenings.received(session, message)
    await happenings.call(session, "voicemail.received", dialogue.call_id)


def _turn(dialogue: Dialogue, each: Round) -> Turn:
    """The message's turn, in which nothing was answered; it is no part of what was talked in the call."""
    return Turn(
        id=dialogue.turn_id(each),
        tenant_id=dialogue.tenant_id,
        conversation_id=dialogue.conversation_id,
        state=TurnState.ANSWERED,
        heard=_words(each),
        language=each.language,
        note=each.note,
        started_at=each.began,
        finished_at=datetime.now(UTC),
    )


def _message(dialogue: Dialogue, each: Round, minutes: Minutes) -> Message:
    turn_id, note = dialogue.turn_id(each), each.left
    media = {"id": turn_id, "mime": FORMAT.mime, "size": note.size} if note else None
    return Message(
        tenant_id=dialogue.tenant_id,
        conversation_id=dialogue.conversation_id,
        account_id=dialogue.account_id,
        turn_id=turn_id,
        direction=Direction.IN,
        kind=Kind.VOICE if minutes.speech is not None else Kind.TEXT,
        text=_words(each),
        media=media,
        blob=note.blob if note else None,
        peaks=note.peaks if note else None,
        error=NOT_HEARD if each.heard == UNHEARD else None,
        provider_id=f"voicemail:{turn_id}",
        language=each.language,
        seconds=minutes.speech.seconds if minutes.speech else None,
        sent_at=each.began,
    )


def _words(each: Round) -> str | None:
    return keeping.plain(each.heard) if each.heard != UNHEARD else None
