"""Videos on WhatsApp: captions, and the films that the emulated vendor refuses as phones would."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from channels.whatsapp import SPEC
from core_pipeline.contracts.messages import ReplyKind
from errors import Impossible
from tests.channels.bench import Stage, film, first_message, reply_to, staged, voice_note


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(SPEC) as ready:
        yield ready


async def test_a_video_carries_its_text_as_a_caption(stage: Stage) -> None:
    inbound = await first_message(stage)
    await stage.channel.send(reply_to(inbound, ReplyKind.VIDEO, text="أهلًا بك", reply_to=inbound.provider_id))
    [delivery] = await stage.emulator.wait_delivery(1)
    assert (delivery.text, delivery.key, delivery.faults) == ("أهلًا بك", "turn-1:answer", ())
    assert stage.emulator.calls == ["media", "messages"]


async def test_a_caption_that_is_too_long_is_never_tried(stage: Stage) -> None:
    inbound = await first_message(stage)
    with pytest.raises(Impossible) as refused:
        await stage.channel.send(reply_to(inbound, ReplyKind.VIDEO, text="أ" * 1025))
    assert refused.value.code == "caption-too-long"
    assert stage.emulator.calls == []


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        ({"profile": "high", "preset": "medium"}, "profile is High"),
        ({"sounds": 0}, "0 tracks of sound, not 1"),
        ({"sounds": 2}, "2 tracks of sound, not 1"),
        ({"codec": "mpeg4"}, "codec is mpeg4, not h264"),
        ({"pixels": "yuv444p", "profile": "high444"}, "pixels are yuv444p, not yuv420p"),
    ],
)
async def test_the_emulator_refuses_films_that_phones_fail_on(stage: Stage, made: dict[str, Any], fault: str) -> None:
    with pytest.raises(Impossible) as refused:
        await stage.channel.send(reply_to(await first_message(stage), ReplyKind.VIDEO, data=film(**made)))
    assert refused.value.code == "whatsapp-131053"
    [delivery] = stage.emulator.deliveries
    assert delivery.kind is ReplyKind.VIDEO
    assert fault in delivery.faults


async def test_what_is_no_film_at_all_is_refused(stage: Stage) -> None:
    for data in (b"\0\0\0\x18ftypmp42", voice_note(), film()[:1500], b"x"):
        with pytest.raises(Impossible):
            await stage.channel.send(reply_to(await first_message(stage), ReplyKind.VIDEO, data=data))
    assert all(delivery.faults for delivery in stage.emulator.deliveries)
