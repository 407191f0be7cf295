from __future__ import annotations

import asyncio
import io
import wave
from typing import Any

import pytest

from core_pipeline.contracts.messages import MediaRef
from errors import Impossible
from tests.channels.phone.house import lined
from tests.channels.phone.paper import tone
from tests.channels.phone.talks import Talk, clean, strength


async def test_where_no_person_answers_the_caller_leaves_a_message() -> None:
    async with lined(Talk(), person_number="+12025550199", language="en") as (line, _):
        caller = line.caller
        caller.person_answers = False
        await caller.dial()
        await caller.press("0")
        while not caller.said:
            await asyncio.sleep(0.01)
        await caller.say(tone(0.3))
        await caller.press("#")
        assert await caller.wait_end() == "message"
        await line.board.left.wait()
        await clean(line)
    assert len(line.board.messages) == 1
    assert any("Goodbye" in said for said in caller.said)


async def test_a_message_is_left_kept_and_fetched() -> None:
    async with lined(kind="message") as (line, _):
        line.board.sound = f"{line.board.base}/words.wav"
        with pytest.raises(Impossible) as told:
            await line.caller.dial()
        assert told.value.code == "message"
        assert line.caller.sounds == [b"RIFF"]
        await line.caller.say(tone(0.5, 300))
        await line.caller.hang_up()
        assert await line.caller.wait_end() == "message"
        [(sid, message)] = line.board.messages
        assert message.media is not None
        data = b"".join([chunk async for chunk in line.channel.fetch(MediaRef(id=message.media.id))])
        await clean(line)
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (8000, 1, 4000)
        assert strength(file.readframes(4000), 300) > 0.9
    digits = line.caller.number.removeprefix("+")
    assert (sid, message.chat, message.address) == (line.caller.call_sid, digits, {"to": line.caller.number})
    assert [(one.kind, one.value) for one in message.sender.identities] == [("phone", digits)]


async def test_a_message_comes_late_rather_than_never() -> None:
    async with lined(kind="message") as (line, door):
        with pytest.raises(Impossible):
            await line.caller.dial()
        await line.caller.say(tone(0.1))
        door.down = True
        leaving = asyncio.create_task(line.caller.hang_up())
        while not line.caller.faults:
            await asyncio.sleep(0.01)
        door.down = False
        await leaving
    assert len(line.board.messages) == 1


async def test_who_is_refused_hears_why() -> None:
    async with lined(kind="refuse", words="نحن مغلقون الآن") as (line, _):
        with pytest.raises(Impossible) as told:
            await line.caller.dial()
        assert (told.value.code, told.value.detail) == ("refused", "نحن مغلقون الآن")
        assert await line.caller.wait_end() == "refused"
        await clean(line)


async def test_who_finds_us_broken_can_leave_a_message() -> None:
    async with lined(Talk()) as (line, _):
        plain = line.board.ring

        async def broken(ring: Any) -> Any:
            line.board.ring = plain  # type: ignore[method-assign]  # once
            raise Impossible("database-gone")

        line.board.ring = broken  # type: ignore[method-assign]  # for this test
        with pytest.raises(Impossible) as told:
            await line.caller.dial()
        assert told.value.code == "message"
        await line.caller.say(tone(0.1))
        await line.caller.hang_up()
        assert len(line.board.messages) == 1
