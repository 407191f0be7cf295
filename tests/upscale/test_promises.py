"""What every engine promises that enlarges; a new one is tested by being there."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from typing import Any

import av
import pytest

from core_pipeline.contracts.faces import Clip, Shape
from core_pipeline.contracts.specs import EngineSpec
from errors import Impossible
from tests.contract.test_engines import engine, of_kind
from tests.upscale.clips import clip, made, pictures_of

__all__ = ["engine"]
SMALL, LARGE = Shape(96, 64), Shape(240, 160)
SDP = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 5004 RTP/AVP 96\r\n"


@pytest.mark.parametrize("spec", of_kind("upscale"))
class TestUpscale:
    async def test_the_same_pictures_in_the_other_shape(self, spec: EngineSpec[Any], engine: Any) -> None:
        given = clip(frames=5)
        found = await made(engine, given, LARGE)
        with av.open(io.BytesIO(found.data), "r") as container:
            assert len(container.streams) == 1
            stream = container.streams.video[0]
            packets = [packet for packet in container.demux(stream) if packet.size]
            frames = [frame for packet in packets for frame in packet.decode()] + stream.decode(None)
            context = stream.codec_context
            assert (context.codec.name, context.pix_fmt, int(stream.average_rate or 0)) == ("h264", "yuv420p", 25)
        assert packets[0].is_keyframe
        assert [packet.pts for packet in packets] == [packet.dts for packet in packets], "pictures in order"
        assert [(frame.width, frame.height) for frame in frames] == [(240, 160)] * given.frames
        assert found.data.index(b"moov") < found.data.index(b"mdat")

    async def test_it_tells_how_far_it_is(self, spec: EngineSpec[Any], engine: Any) -> None:
        found = await made(engine, clip(frames=5), LARGE)
        done = [one.done for one in found.told]
        assert done == sorted(set(done))
        assert done[-1] == 5
        assert {(one.what, one.total) for one in found.told} == {("pictures", 5)}

    async def test_several_at_once_do_not_mix(self, spec: EngineSpec[Any], engine: Any) -> None:
        red, blue = clip(frames=2), clip(frames=2, hue=2)
        alone = [await made(engine, one, LARGE) for one in (red, blue)]
        together = await asyncio.gather(*(made(engine, one, LARGE) for one in (red, blue, red)))
        assert [one.data for one in together] == [alone[0].data, alone[1].data, alone[0].data]

    async def test_leaving_stops_the_work_and_disturbs_nobody(self, spec: EngineSpec[Any], engine: Any) -> None:
        stream = engine.upscale(clip(frames=40), LARGE)
        assert (await anext(stream)).done < 40
        await stream.aclose()
        begun = asyncio.Event()

        async def work() -> None:
            async for _ in engine.upscale(clip(frames=40), LARGE):
                begun.set()

        task = asyncio.create_task(work())
        await begun.wait()
        task.cancel()
        start = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - start < 15, "a step is all that one waits for"
        assert len((await made(engine, clip(frames=2), LARGE)).pictures) == 2
        while (time.monotonic() - start < 30) and any(one.name.startswith("upscale") for one in threading.enumerate()):
            await asyncio.sleep(0.01)
        assert not [one for one in threading.enumerate() if one.name.startswith("upscale")]

    @pytest.mark.parametrize(
        "shape",
        [Shape(64, 48), Shape(240, 160, 30), Shape(241, 160), Shape(240, 240), Shape(0, 0), Shape(-96, -64)],
        ids=lambda shape: f"{shape.width}x{shape.height}@{shape.fps}",
    )
    async def test_another_form_is_refused(self, spec: EngineSpec[Any], engine: Any, shape: Shape) -> None:
        with pytest.raises(Impossible, match="upscale-shape"):
            await made(engine, clip(frames=2), shape)

    async def test_a_clip_that_is_none_is_refused(self, spec: EngineSpec[Any], engine: Any) -> None:
        good = clip(frames=5)
        cut = Clip(good.data[: len(good.data) * 2 // 3], good.shape, 5)
        for bad in (b"", b"no film", SDP, good.data[8:]):
            with pytest.raises(Impossible, match="clip-unreadable"):
                await made(engine, Clip(bad, SMALL, 5), LARGE)
        for wrong in (cut, Clip(good.data, SMALL, 4), Clip(good.data, SMALL, 6), Clip(good.data, Shape(192, 128), 5)):
            with pytest.raises(Impossible, match="clip-unreadable"):
                await made(engine, wrong, LARGE)

    async def test_a_clip_may_be_a_single_picture_and_may_keep_its_size(
        self, spec: EngineSpec[Any], engine: Any
    ) -> None:
        given = clip(frames=1)
        found = await made(engine, given, SMALL)
        assert found.pictures.shape == pictures_of(given).shape
