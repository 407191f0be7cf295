"""Thinking and speaking at once: the first sentence is heard before the last is thought, in one voice, with sources."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core_pipeline.contracts.engines import Ask, Cited, Pcm, Piece, Saying, Speech, Usage
from core_pipeline.contracts.messages import Kind
from core_pipeline.contracts.phrases import READY
from core_pipeline.engines.wrap.fallback import FallbackTts
from core_pipeline.thinking.think import follows_up
from errors import Impossible, NeedsOwner, Retryable
from tenants.models import TurnStage
from tests.conftest import Floor
from tests.turns.paper import PaperEngines
from tests.turns.plant import Plant, planted

SECOND = Pcm(b"\0\1" * 8000, 16000)


class Streaming(PaperEngines):
    """Thinks its second sentence only once the first has been spoken: an order that needs both at once."""

    spoken: list[str]
    heard: asyncio.Event

    async def answer(self, ask: Ask) -> AsyncIterator[Piece]:
        yield "The kitchen opens "
        yield "at ten. And the"
        await asyncio.wait_for(self.heard.wait(), 10)
        yield Cited(("e1",))
        yield " garden at eleven."
        yield Cited(("e1", "e2"))
        yield Usage(30, 12, 400)

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        self._maybe("tts")
        self.spoken.append(saying.text)
        yield Speech(SECOND)
        self.heard.set()


@pytest.fixture
async def plant(sqlite_database: Floor, tmp_path: Path) -> AsyncIterator[Plant]:
    async with planted(sqlite_database, tmp_path) as ready:
        yield ready


def streaming(plant: Plant) -> Streaming:
    engines = plant.engines
    engines.__class__ = Streaming
    assert isinstance(engines, Streaming)
    engines.spoken, engines.heard = [], asyncio.Event()
    return engines


async def test_the_first_sentence_is_spoken_before_the_last_is_thought(plant: Plant) -> None:
    engines = streaming(plant)
    async with plant.working():
        turn = await plant.turn(await plant.says("When do you open?"))
    assert engines.spoken == ["The kitchen opens at ten.", "And the garden at eleven."]
    assert turn.answer == "The kitchen opens at ten. And the garden at eleven."
    assert turn.citations == ["e1", "e2"]
    [note] = plant.channel.sent
    assert note.seconds == 1.0
    took = {row.name: row.ms for row in await plant.rows(TurnStage)}
    assert took["first_audio"] <= took["last_token"]


async def test_a_whole_sentence_does_not_wait_for_the_next(plant: Plant) -> None:
    class Whole(Streaming):
        async def answer(self, ask: Ask) -> AsyncIterator[Piece]:
            yield "The kitchen opens at ten."
            await asyncio.wait_for(self.heard.wait(), 10)
            yield " A coffee costs 3."
            yield "5 dollars there."

    engines = streaming(plant)
    engines.__class__ = Whole
    async with plant.working():
        turn = await plant.turn(await plant.says("When do you open?"))
    assert engines.spoken == ["The kitchen opens at ten.", "A coffee costs 3.5 dollars there."]
    assert turn.answer == "The kitchen opens at ten. A coffee costs 3.5 dollars there."


async def test_an_answer_without_words_is_written(plant: Plant) -> None:
    class Silent(PaperEngines):
        async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
            nothing: list[Speech] = []
            for part in nothing:
                yield part

    plant.engines.__class__ = Silent
    async with plant.working():
        turn = await plant.turn(await plant.says("👍"))
    assert (turn.state, turn.reply_kind, plant.texts()) == ("answered", "text", ["[👍]"])
    assert "nothing in this answer that can be spoken" in (turn.note or "")


async def test_whatever_is_heard_first_says_who_speaks(sqlite_database: Floor, tmp_path: Path) -> None:
    async with planted(sqlite_database, tmp_path, disclosure="first") as plant, plant.working():
        first = await plant.turn(await plant.says("/start", kind=Kind.OPENED))
        assert (first.answer or "").startswith(READY["disclosure"]["ar"])
        assert (await plant.turn(await plant.says("سؤال"))).answer == "[سؤال]"
        person = await plant.turn(await plant.says("I want to talk to a human", "c2"))
        assert person.answer == f"{READY['disclosure']['en']} {READY['handed']['en']}"


async def test_a_note_that_breaks_off_is_spoken_anew_and_sent_once(plant: Plant) -> None:
    engines = streaming(plant)
    engines.fail["tts"] = [Retryable("died")]
    engines.heard.set()
    async with plant.working():
        turn = await plant.turn(await plant.says("When do you open?"))
    assert engines.spoken[-1] == "The kitchen opens at ten. And the garden at eleven."
    assert (turn.reply_kind, len(plant.channel.sent)) == ("voice", 1)


@pytest.mark.parametrize("error", [NeedsOwner("no-voice"), Impossible("no-words")])
async def test_a_voice_that_can_not_speak_at_all_is_not_asked_again(plant: Plant, error: Exception) -> None:
    engines = streaming(plant)
    engines.fail["tts"] = [error]
    engines.heard.set()
    async with plant.working():
        turn = await plant.turn(await plant.says("When do you open?"))
    assert (turn.reply_kind, plant.texts()) == ("text", [turn.answer])
    assert "voice failed" in (turn.note or "")


async def test_a_note_has_one_voice(plant: Plant) -> None:
    """The better engine dies after a sentence: the whole note is spoken by the other."""

    class Better(Streaming):
        async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
            if self.spoken:
                raise Retryable("died")
            self.spoken.append(saying.text)
            yield Speech(SECOND)

    engines = streaming(plant)
    better = Better()
    better.spoken = []

    async def tts(*_: object) -> FallbackTts:
        return FallbackTts([better, engines])

    engines.tts = tts  # type: ignore[method-assign,assignment]  # the chain of this test
    engines.heard.set()
    async with plant.working():
        turn = await plant.turn(await plant.says("When do you open?"))
    assert engines.spoken[-1] == turn.answer
    assert [reply.seconds for reply in plant.channel.sent] == [0.5]


async def test_without_knowledge_no_engine_is_tempted(sqlite_database: Floor, tmp_path: Path) -> None:
    async with planted(sqlite_database, tmp_path, answerable=0.5) as plant, plant.working():
        turn = await plant.turn(await plant.says("What colour is the moon?"))
        assert (turn.note, plant.engines.asked) == ("unknown", [])
        assert "do not have that information" in (turn.answer or "")
        await plant.turn(await plant.says("Thank you!"))
        assert len(plant.engines.asked) == 1


@pytest.mark.parametrize(
    ("said", "leans"),
    [("طيب والجمعة؟", True), ("and on Friday?", True), ("متى تفتحون يوم الجمعة؟", False), ("When do you open?", False)],
)
def test_short_follow_ups_lean_on_the_question_before(said: str, leans: bool) -> None:
    assert follows_up(said) is leans
