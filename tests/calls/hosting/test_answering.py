"""What a caller is told, and that the history says what they heard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core_pipeline.calls.host import Heard, Line, Minutes, Say
from core_pipeline.contracts.engines import Exchange, Pcm
from core_pipeline.contracts.phrases import READY
from core_pipeline.contracts.specs import Priority
from core_pipeline.engines.wrap.flowing import flowing
from errors import Retryable
from tenants.models import CachedAnswer, Call, Contact, Conversation, Direction, Message, OpenQuestion, Turn, TurnStage
from tests.calls.hosting.stage import SECOND, Stage, staged, texts
from tests.conftest import Floor
from tests.factories import make_entry

AR = {name: said["ar"] for name, said in READY.items()}
CLOSED: dict[str, list[str]] = {"mon": []}
HOURS = "ما هي ساعات عمل المطعم"


@pytest.fixture
async def stage(database: Floor, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(database, tmp_path, calls={"person": "+201000000000"}) as ready:
        yield ready


@pytest.fixture
async def light(sqlite_database: Floor, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(sqlite_database, tmp_path, calls={"person": "+201000000000"}) as ready:
        yield ready


async def test_a_question_is_answered_sentence_by_sentence_and_written_down(stage: Stage) -> None:
    stage.engines.script = [["We open at ten in the morning. ", "We are sorry: never on Friday."]]
    steps = await stage.says("متى تفتحون المطعم اليوم")
    assert [step.emotion for step in steps if isinstance(step, Say)] == ["neutral", "sad"]
    [turn] = await stage.rows(Turn)
    assert (turn.id, turn.call_id, turn.state) == (f"{stage.call_id}:1", stage.call_id, "answered")
    assert turn.answer == "We open at ten in the morning. We are sorry: never on Friday."
    asked, said = await stage.rows(Message)
    assert (asked.direction, asked.kind, asked.text, asked.seconds) == (Direction.IN, "voice", turn.heard, 1.0)
    assert (said.text, said.heard, said.status) == (turn.answer, turn.answer, "played")
    stages = {one.name: one.ms for one in await stage.rows(TurnStage)}
    assert {"recall", "call_first_audio"} <= set(stages)
    assert stages["call_first_audio"] == 412.3
    assert stage.engines.orders[-1].priority is Priority.CALL


async def test_what_was_not_heard_was_not_said(stage: Stage) -> None:
    stage.engines.script = [["We open at ten in the morning. ", "We close at nine in the evening."]]
    await stage.says("متى تفتحون المطعم اليوم", stop=2)
    await stage.says("وماذا عن الجمعة القادمة")
    asked = stage.engines.asked[-1]
    assert asked.history == (
        Exchange("customer", "متى تفتحون المطعم اليوم"),
        Exchange("bot", "We open at ten in the morning."),
    )
    first, _ = await stage.rows(Turn)
    assert first.note == "broken-into"
    said = (await stage.rows(Message, direction=Direction.OUT))[0]
    assert said.text == "We open at ten in the morning. We close at nine in the evening."
    assert (said.heard, said.status) == ("We open at ten in the morning.", "sent")


async def test_fillers_are_no_part_of_an_answer(light: Stage) -> None:
    minutes = Minutes(1, Heard("سؤال طويل جدا", "ar"), SECOND)
    minutes.lines.append(Line(AR["moment"], "ar", heard=True))
    async for step in light.host.answer(minutes):
        assert isinstance(step, Say)
        minutes.lines.append(Line(step.text, "ar", heard=True))
    await light.host.wrote(minutes)
    [said] = await light.rows(Message, direction=Direction.OUT)
    assert said.text == said.heard == "[سؤال طويل جدا]"


async def test_what_we_say_by_ourselves_is_written_without_a_turn(light: Stage) -> None:
    for words, heard in ((AR["greeting"], True), (AR["still_there"], False)):
        await light.host.wrote(Minutes(0, lines=[Line(words, "ar", heard=heard)]))
    assert await light.rows(Turn) == []
    said = await light.rows(Message)
    assert [(one.key, one.text, one.heard) for one in said] == [
        (f"{light.call_id}:0:out", AR["greeting"], AR["greeting"]),
        (f"{light.call_id}:0.1:out", AR["still_there"], ""),
    ]


async def test_an_utterance_without_words_is_noted(light: Stage) -> None:
    assert (await light.hears("كلام غير واضح", confidence=0.2)).text == ""
    minutes = Minutes(1, Heard("", "ar", 0.2), SECOND, [Line(AR["not_heard"], "ar", heard=True)])
    await light.host.wrote(minutes)
    [turn] = await light.rows(Turn)
    assert (turn.note, turn.heard, turn.answer) == ("not-understood", None, AR["not_heard"])


async def test_a_caller_is_put_through(stage: Stage) -> None:
    assert texts(await stage.says("أريد أن أكلم موظف")) == [AR["transferring"], "transfer +201000000000"]
    assert (await stage.row(Call, stage.call_id)).reason == "transfer"
    assert (await stage.rows(Turn))[0].note == "handoff"
    assert (await stage.hangs_up("transfer")).state == "ended"


@pytest.mark.parametrize("calls", [{}, {"person": "+201000000000", "hours": CLOSED}])
async def test_nobody_to_be_put_through_to_calls_back(
    sqlite_database: Floor, tmp_path: Path, calls: dict[str, object]
) -> None:
    async with staged(sqlite_database, tmp_path, calls=calls) as stage:
        assert texts(await stage.says("I want to speak to a human", language="en")) == [READY["no_person"]["en"]]
        assert (await stage.row(Conversation, stage.conversation.id)).handed_at is not None


async def test_goodbye_ends_the_call_unless_something_is_asked(light: Stage) -> None:
    assert texts(await light.says("شكرا مع السلامة")) == [AR["goodbye"], "end goodbye"]
    [answer] = await light.says("مع السلامة بس متى تفتحون المطعم اليوم")
    assert isinstance(answer, Say)


async def test_keys_do_what_the_menu_says(database: Floor, tmp_path: Path) -> None:
    menu = {
        "0": "person",
        "9": "repeat",
        "8": "bye",
        "2": "language:en",
        "3": "كم سعر الشاورما عندكم",
        "4": "language:fr",
    }
    async with staged(database, tmp_path, calls={"menu": menu, "person": "+20100"}) as stage:
        assert stage.manner.keys == frozenset(menu)
        assert texts(await stage.presses("9")) == [AR["greeting"]]
        assert texts(await stage.presses("3")) == ["[كم سعر الشاورما عندكم]"]
        assert texts(await stage.presses("9")) == ["[كم سعر الشاورما عندكم]"]
        assert texts(await stage.presses("4")) == [AR["not_heard"]]
        assert await stage.presses("2") == [Say(READY["greeting"]["en"], "en", "happy")]
        assert texts(await stage.presses("0")) == [READY["transferring"]["en"], "transfer +20100"]
        assert texts(await stage.presses("8")) == [READY["goodbye"]["en"], "end goodbye"]


async def test_other_keys_are_an_answer_to_us(light: Stage) -> None:
    assert texts(await light.presses("01012345678#")) == ["[01012345678]"]
    assert texts(await light.presses("#")) == [AR["not_heard"]]
    asked = await light.rows(Message, direction=Direction.IN)
    assert [(one.kind, one.text) for one in asked] == [("text", "01012345678"), ("text", "#")]


async def test_words_to_the_bot_itself(stage: Stage) -> None:
    await stage.says("اسم القطة لولو والكلب ركس")
    assert texts(await stage.says("ابدأ من جديد")) == [AR["reset"]]
    await stage.says("متى تفتحون المطعم اليوم")
    assert stage.engines.asked[-1].history == ()
    async with stage.floor.db.platform() as session:
        (await session.get_one(Contact, stage.conversation.contact_id)).facts = {"name": "Mona"}
    assert texts(await stage.says("forget me", language="en")) == [READY["forgotten"]["en"]]
    assert (await stage.row(Contact, stage.conversation.contact_id)).facts == {}
    later = await stage.again()
    assert not any("لولو" in one.text for one in later.host._dialogue.before.history)


async def test_a_question_that_was_asked_before_is_answered_at_once(stage: Stage) -> None:
    first = await stage.says(HOURS)
    assert await (await stage.again()).says(HOURS) == first
    assert len(stage.engines.asked) == 1
    assert {one.note for one in await stage.rows(Turn)} == {None, "answered-before"}
    [kept] = await stage.rows(CachedAnswer)
    assert kept.hits == 1


async def test_an_answer_that_was_broken_into_is_not_kept(light: Stage) -> None:
    light.engines.script = [["We open at ten in the morning. ", "We close at nine in the evening."]]
    light.engines.thinking.clear()
    await light.says(HOURS, stop=1)
    light.engines.thinking.set()
    await (await light.again()).says(HOURS)
    assert len(light.engines.asked) == 2


@pytest.mark.parametrize("turn", [1, 2])
async def test_who_goes_on_after_all_is_answered_once(light: Stage, turn: int) -> None:
    cut = Minutes(1, Heard("ما هي ساعات العمل", "ar"), SECOND)
    async with flowing(light.host.answer(cut)) as steps:
        await anext(steps)
    whole = Minutes(turn, Heard("ما هي ساعات العمل يوم الجمعة", "ar"), Pcm(SECOND.data * 2, 8000))
    async for step in light.host.answer(whole):
        assert isinstance(step, Say)
        whole.lines.append(Line(step.text, "ar", heard=True))
    await light.host.wrote(whole)
    assert light.engines.asked[-1].history == ()
    assert [one.heard for one in await light.rows(Turn)] == ["ما هي ساعات العمل يوم الجمعة"]
    light.turn = turn
    await light.says("وماذا عن السبت القادم")
    assert len(light.engines.asked[-1].history) == 2


async def test_the_language_is_the_callers(light: Stage) -> None:
    [answer] = await light.says("When do you open today?", language="ar", typed=True)
    assert isinstance(answer, Say)
    assert answer.language == light.host.language == "en"
    [answer] = await light.says("متى تفتحون المطعم")
    assert isinstance(answer, Say)
    assert answer.language == "ar"
    await light.says("please answer in english", language="ar")
    assert (await light.hears("نعم")).language == "en"
    contact = await light.row(Contact, light.conversation.contact_id)
    assert contact.facts == {"language": "en"}
    assert (await light.hangs_up()).language == "en"


async def test_what_is_not_known_is_said_to_be_unknown(sqlite_database: Floor, tmp_path: Path) -> None:
    async with staged(sqlite_database, tmp_path, answerable=0.5) as stage:
        await make_entry(sqlite_database.db, stage.tenant, language="ar", question="كم سعر الشاورما", answer="خمسون")
        assert texts(await stage.says("من هو رئيس نادي الكواكب")) == [AR["unknown"]]
        [turn] = await stage.rows(Turn)
        assert turn.note == "unknown"
        assert stage.engines.asked == []
        [kept] = await stage.rows(OpenQuestion)
        assert (kept.question, kept.turn_id, kept.asked) == ("من هو رئيس نادي الكواكب", turn.id, 1)


async def test_an_engines_trouble_is_told_to_the_call(light: Stage) -> None:
    light.engines.fail["llm"] = [Retryable("down")]
    with pytest.raises(Retryable):
        await light.says("متى تفتحون المطعم اليوم")
    light.engines.fail["asr"] = [Retryable("down")]
    with pytest.raises(Retryable):
        await light.hears("نعم")
    assert texts(await light.says("متى تفتحون المطعم اليوم")) == ["[متى تفتحون المطعم اليوم]"]


async def test_two_businesses_know_nothing_of_each_other(database: Floor, tmp_path: Path) -> None:
    async with staged(database, tmp_path / "a") as one, staged(database, tmp_path / "b") as other:
        await one.says(HOURS)
        await other.says(HOURS)
        assert len(other.engines.asked) == 1
        assert other.engines.asked[0].history == ()
        assert {turn.call_id for turn in await other.rows(Turn)} == {other.call_id}
        assert other.engines.spoken == []


async def test_a_silence_that_was_too_long_begins_the_memory_anew(stage: Stage) -> None:
    await stage.says("اسم القطة لولو والكلب ركس")
    await stage.policy(session_seconds=60)
    soon = await stage.again()
    assert len(soon.host._dialogue.before.history) == 2
    async with stage.floor.db.platform() as session:
        for one in await stage.rows(Message):
            row = await session.get_one(Message, one.id)
            row.created_at = row.created_at.replace(year=2020)
    late = await stage.again()
    assert late.host._dialogue.before.history == ()
