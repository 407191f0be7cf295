"""What channel tests share: an account on its emulator, a voice note, a webhook that accepts."""

from __future__ import annotations

import asyncio
import io
import json
import math
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import httpx
import numpy as np
from fastapi import FastAPI, Request, Response
from pydantic import SecretStr

from channels.emulation.server import served
from core_pipeline.contracts.channel import Channel, ChannelSpec, Emulator, Opening, VideoFormat, WebhookRequest
from core_pipeline.contracts.messages import Inbound, Reply, ReplyKind

# Without the system's certificates, which take 40 ms to load and serve nobody on this machine.
BARE_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def client() -> httpx.AsyncClient:
    """An HTTP client for this machine only."""
    return httpx.AsyncClient(trust_env=False, verify=BARE_TLS)


def opening(
    spec: ChannelSpec,
    http: httpx.AsyncClient,
    secrets: Mapping[str, str] | None = None,
    **platform: Any,
) -> Opening:
    """The demo account, with other secrets or platform values where they are given."""
    given = spec.demo.secrets if secrets is None else secrets
    return Opening(
        external_id=spec.demo.external_id,
        config=spec.config.model_validate(spec.demo_config),
        secrets={name: SecretStr(value) for name, value in given.items()},
        platform=spec.platform.model_validate({**spec.demo.platform, **platform}),
        http=http,
    )


@dataclass
class Stage:
    """A channel, opened on the demo account, and the emulator it speaks to."""

    spec: ChannelSpec
    channel: Channel
    emulator: Emulator
    http: httpx.AsyncClient


@asynccontextmanager
async def staged(
    spec: ChannelSpec, secrets: Mapping[str, str] | None = None, webhook: str | None = None, **platform: Any
) -> AsyncIterator[Stage]:
    """Run the emulator and open the channel on it."""
    setup = replace(spec.demo, webhook_url=webhook)
    async with spec.emulate(setup) as emulator, client() as http:
        channel = spec.open(opening(spec, http, secrets, api_url=emulator.url, **platform))
        try:
            yield Stage(spec, channel, emulator, http)
        finally:
            if spec.close:
                await spec.close()


@dataclass
class Hook:
    """A webhook that answers with `status` and keeps what was posted; `channel` answers the handshakes."""

    url: str
    status: int = 200
    requests: list[WebhookRequest] = field(default_factory=list)
    channel: Channel | None = None
    lag: float = 0.0

    def inbound(self, channel: Channel) -> list[Inbound]:
        """All customers' messages that were posted, verified by the channel."""
        found = []
        for request in self.requests:
            assert channel.verify(request) is None
            found += [event for event in channel.read(request) if isinstance(event, Inbound)]
        return found


@asynccontextmanager
async def hooked() -> AsyncIterator[Hook]:
    """Serve a webhook on this machine."""
    app, hook = FastAPI(), Hook("")

    async def answer(request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = WebhookRequest(request.method, headers, dict(request.query_params), await request.body())
        if seen.method == "GET" and hook.channel:
            return Response(hook.channel.verify(seen))
        await asyncio.sleep(hook.lag)
        hook.requests.append(seen)
        return Response(status_code=hook.status)

    app.add_api_route("/hook", answer, methods=["GET", "POST"])
    async with served(app) as port:
        hook.url = f"http://127.0.0.1:{port}/hook"
        yield hook


@cache
def voice_note(seconds: float = 1.0, layout: str = "mono", container: str = "ogg", codec: str = "libopus") -> bytes:
    """A tone as a voice note."""
    rate = 48000
    out = io.BytesIO()
    tone = np.array([[0.3 * math.sin(2 * math.pi * 440 * i / rate) for i in range(int(rate * seconds))]], "float32")
    with av.open(out, "w", format=container) as box:
        stream = box.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.repeat(tone, 1 if layout == "mono" else 2, axis=0), "fltp", layout)
        frame.sample_rate = rate
        resampler = av.AudioResampler(stream.format, layout, rate)
        frames = [*resampler.resample(frame), None]
        for packet in (packet for piece in frames for packet in stream.encode(piece)):
            box.mux(packet)
    return out.getvalue()


@cache
def film(
    width: int = 64,
    height: int = 64,
    seconds: float = 0.4,
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    sounds: int = 1,
    flags: str = "faststart",
    **options: str,
) -> bytes:
    """A film of a changing grey with silence, as the networks want it unless told otherwise."""
    coding = {"preset": "ultrafast", "profile": "main", "bf": "0", **options} if codec == "libx264" else options
    with TemporaryDirectory() as folder:
        # A file, because the library reads back what it wrote to bring the table of contents to the front.
        path = Path(folder) / "film.mp4"
        with av.open(path, "w", format="mp4", options={"movflags": flags} if flags else {}) as box:
            pictures = box.add_stream(codec, rate=25, options=coding)
            assert isinstance(pictures, av.VideoStream)
            pictures.width, pictures.height, pictures.pix_fmt = width, height, pixels
            tracks = [box.add_stream("aac", rate=48000, layout="mono") for _ in range(sounds)]
            for number in range(round(25 * seconds)):
                grey = np.full((height, width, 3), 4 * number % 256, "uint8")
                box.mux(pictures.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
            box.mux(pictures.encode())
            for track in tracks:
                assert isinstance(track, av.AudioStream)
                still = av.AudioFrame.from_ndarray(np.zeros((1, round(48000 * seconds)), "float32"), "fltp", "mono")
                still.sample_rate = 48000
                box.mux(track.encode(still))
                box.mux(track.encode())
        return path.read_bytes()


@cache
def picture(side: int = 64) -> bytes:
    """A square JPEG."""
    out = io.BytesIO()
    with av.open(out, "w", format="mjpeg") as box:
        stream = box.add_stream("mjpeg", rate=1)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = side, side, "yuvj420p"
        box.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((side, side, 3), 128, "uint8"), format="rgb24")))
        box.mux(stream.encode())
    return out.getvalue()


def shown(form: VideoFormat, **content: Any) -> dict[str, Any]:
    """What a reply holds of a short film in this form."""
    size = {"width": form.width, "height": form.height}
    return {"data": film(**size), "seconds": 0.4, "view": form.view, "poster": picture(), **size, **content}


def reply_to(inbound: Inbound, kind: ReplyKind, **content: Any) -> Reply:
    """An answer of this kind to a customer's message."""
    if kind is ReplyKind.VOICE:
        content = {"data": voice_note(), "seconds": 1.0, **content}
    elif kind is ReplyKind.VIDEO:
        content = {"data": film(), "seconds": 0.4, "width": 64, "height": 64, **content}
    else:
        content = {"text": "أهلًا بك", **content}
    return Reply(kind=kind, key="turn-1:answer", address=inbound.address, **content)


def post(body: bytes, headers: Mapping[str, str]) -> WebhookRequest:
    """A webhook call with this body."""
    return WebhookRequest("POST", headers, {}, body)


def load(spec: ChannelSpec, name: str) -> Any:
    """One JSON file of the channel's fixtures."""
    return json.loads((folder(spec) / f"{name}.json").read_text(encoding="utf-8"))


def folder(spec: ChannelSpec) -> Path:
    """Where the channel's fixtures lie."""
    return Path(__file__).parents[2] / "channels" / spec.name / "fixtures"


def cases(spec: ChannelSpec) -> list[str]:
    """The names of the channel's recorded cases."""
    return sorted(path.stem for path in folder(spec).glob("*.json") if path.stem not in {"expected", "faults"})


async def first_message(stage: Stage, case: str | None = None) -> Inbound:
    """The message of the channel's first recorded case that has one."""
    expected = load(stage.spec, "expected")
    name = case or next(name for name in cases(stage.spec) if expected[name] and expected[name][0].get("text"))
    found = stage.channel.read(post(json.dumps(load(stage.spec, name)).encode(), {}))[0]
    assert isinstance(found, Inbound)
    return found
