"""Round notes and videos on Telegram: which call carries them, what it is told, what the emulated phones find wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.telegram import SPEC
from channels.telegram.config import THUMBNAIL_BYTES
from channels.telegram.poster import jpeg_size, small_enough
from core_pipeline.contracts.messages import ReplyKind
from errors import Impossible
from tests.channels.bench import Stage, film, first_message, picture, reply_to, shown, staged
from tests.channels.telegram_side import asked

NOTE, SQUARE, _ = SPEC.limits.videos


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(SPEC) as ready:
        yield ready


async def send(stage: Stage, **content: Any) -> None:
    await stage.channel.send(reply_to(await first_message(stage, "text"), ReplyKind.VIDEO, **content))


async def test_a_note_goes_out_round_with_its_side_and_its_picture(stage: Stage) -> None:
    await send(stage, **shown(NOTE, text="lost here: a note takes no caption"))
    [told] = asked(stage, "sendVideoNote")
    assert (told["length"], told["duration"]) == ("640", "1")
    assert told["thumbnail"].startswith("attach://")
    assert "caption" not in told
    [delivery] = stage.emulator.deliveries
    assert (delivery.text, delivery.faults) == (None, ())


async def test_a_video_goes_out_with_its_size_its_caption_and_its_cover(stage: Stage) -> None:
    await send(stage, **shown(SQUARE, text="أهلًا بك"))
    [told] = asked(stage, "sendVideo")
    assert {name: told[name] for name in ("width", "height", "duration", "supports_streaming", "caption")} == {
        "width": "512",
        "height": "512",
        "duration": "1",
        "supports_streaming": "true",
        "caption": "أهلًا بك",
    }
    assert told["cover"].startswith("attach://")
    [delivery] = stage.emulator.deliveries
    assert (delivery.text, delivery.faults) == ("أهلًا بك", ())


async def test_a_large_picture_is_a_cover_and_no_thumbnail(stage: Stage) -> None:
    await send(stage, **shown(SQUARE, poster=picture(512)))
    await send(stage, **shown(NOTE, poster=picture(640)))
    await send(stage, **shown(NOTE, poster=None))
    [video], notes = asked(stage, "sendVideo"), asked(stage, "sendVideoNote")
    assert "cover" in video
    assert not any("thumbnail" in told for told in (video, *notes))
    assert [delivery.faults for delivery in stage.emulator.deliveries] == [(), (), ()]


@pytest.mark.parametrize("odd", [{"width": 512}, {"width": 642, "height": 642}, {"seconds": 60.5}])
async def test_what_is_no_note_is_never_sent_as_one(stage: Stage, odd: dict[str, Any]) -> None:
    with pytest.raises(Impossible) as refused:
        await send(stage, **shown(NOTE, **odd))
    assert refused.value.code == "video-shape"
    assert stage.emulator.calls == []


async def test_a_caption_that_is_too_long_is_never_tried(stage: Stage) -> None:
    with pytest.raises(Impossible) as refused:
        await send(stage, **shown(SQUARE, text="أ" * 1025))
    assert refused.value.code == "caption-too-long"
    assert stage.emulator.calls == []


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        ({"data": film(64, 32)}, "64×32 pixels: not square, so not shown round"),
        ({"data": film(650, 650)}, "650 pixels wide"),
        ({"data": film(64, 64)}, "length is told as 640"),
        ({"data": film(64, 64, 61.0)}, "61.00 seconds are too long for a note"),
        ({"data": film(640, 640, 3.0)}, "duration is told as 1"),
        ({"data": film(640, 640, sounds=0)}, "0 tracks of sound, not 1"),
    ],
)
async def test_the_emulated_phone_notes_what_is_wrong_with_a_note(
    stage: Stage, made: dict[str, Any], fault: str
) -> None:
    await send(stage, **shown(NOTE, **made))
    [delivery] = stage.emulator.deliveries
    assert fault in delivery.faults


async def test_while_a_film_is_made_the_chat_says_so(stage: Stage) -> None:
    inbound = await first_message(stage, "text")
    await stage.channel.busy(inbound.address, ReplyKind.VIDEO, inbound.provider_id)
    assert [call["action"] for call in asked(stage, "sendChatAction")] == ["record_video_note"]


def test_a_thumbnail_has_few_pixels_and_few_bytes() -> None:
    assert small_enough(picture(320))
    assert not small_enough(picture(322))
    assert not small_enough(picture(320) + bytes(THUMBNAIL_BYTES))
    assert jpeg_size(picture(322)) == (322, 322)


@given(st.binary(max_size=300), st.integers(min_value=0, max_value=600))
def test_any_bytes_are_a_picture_or_none(noise: bytes, kept: int) -> None:
    for data in (noise, b"\xff\xd8" + noise, picture()[:kept] + noise):
        size = jpeg_size(data)
        assert size is None or min(size) >= 0
