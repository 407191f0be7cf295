"""Every kind of work over the wire, against a server in this process and against one in its own."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest

from core_pipeline.contracts.engines import Ask, Cited, Clone, Pcm, Piece, Saying, Speech, ToolCall, Usage, Word
from core_pipeline.engines.worker.client import (
    RemoteAsr,
    RemoteEmbedder,
    RemoteLlm,
    RemoteMaker,
    RemoteSpeaker,
    RemoteTts,
)
from core_pipeline.engines.worker.server import worker_app
from core_pipeline.engines.worker.serving import Listen, serving
from errors import Impossible, NeedsOwner, Retryable, SawtakError
from tests.worker.conftest import LIMITS, TOKEN, Stage
from tests.worker.puppet import ASK_ALL, ERRORS, PROGRESS, Config, load


def say(text: str, clone: Clone | None = None) -> Saying:
    return Saying(text, "ar", clone=clone)


def script(text: str) -> Pcm:
    """Sound that the puppet reads as its script."""
    data = text.encode()
    return Pcm(data + bytes(2 - len(data) % 2), 8000)


async def spoken(stage: Stage, saying: Saying) -> list[Speech]:
    return [part async for part in RemoteTts(stage.line).speak(saying)]


async def test_hearing(stage: Stage) -> None:
    heard = await RemoteAsr(stage.line).transcribe(Pcm(bytes(16_000), 8000), "en")
    assert (heard.text, heard.language, heard.confidence) == ("16000 8000", "en", 0.75)
    assert heard.words == (Word("نعم", 0.25, 1.0, 0.5),)
    assert (await RemoteAsr(stage.line).transcribe(Pcm(b"", 8000))).text == "0 8000"


async def test_hearing_takes_a_wav_file(stage: Stage) -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(44_100)
        written.writeframes(bytes(200))
    request = {"content": file.getvalue(), "headers": {"content-type": "audio/wav"}}
    assert (await stage.line.whole("/transcribe", request))["text"] == "200 44100"


async def test_speaking_streams(stage: Stage) -> None:
    parts = await spoken(stage, say("parts 3 0"))
    assert [part.pcm for part in parts] == [Pcm(bytes([number, 0]) * 160, 16_000) for number in range(3)]
    assert [part.words for part in parts] == [(Word("و", number, number + 1.0, 0.5),) for number in range(3)]
    assert await spoken(stage, say("")) == []


async def test_the_first_part_comes_before_the_second_is_made(stage: Stage) -> None:
    async with aclosing(RemoteTts(stage.line).speak(say("parts 2 30"))) as parts:
        assert (await anext(parts)).pcm.data[0] == 0


async def test_answering_streams_every_kind_of_piece(stage: Stage) -> None:
    pieces: list[Piece] = [piece async for piece in RemoteLlm(stage.line).answer(ASK_ALL)]
    call = ToolCall("1", "order_status", {"order": 7, "urgent": True})
    assert pieces == ["نعم، ", "الآن القاهرة", Cited(("p1",)), Usage(3, 4, 5), call]


async def test_embedding(stage: Stage) -> None:
    assert await RemoteEmbedder(stage.line).embed(["نعم", ""]) == [[1.0, 0.0], [0.0, 1.0]]
    assert await RemoteEmbedder(stage.line).embed([]) == []


async def test_voices_are_told_apart_as_the_engine_does(stage: Stage) -> None:
    speaker = RemoteSpeaker(stage.but(curve=[]))
    with pytest.raises(NeedsOwner, match="likeness-unknown"):
        speaker.likeness([1.0], [1.0])
    assert await speaker.voiceprint(Pcm(bytes(2), 8000)) == [0.6, 0.8]
    for cosine in (-1.0, -0.3, 0.0, 0.71, 1.0):
        likeness = speaker.likeness([2.0, 0.0], [cosine, (1 - cosine**2) ** 0.5])
        assert likeness == pytest.approx((1 + cosine**3) / 2, abs=0.002)
    with pytest.raises(Impossible, match="too-little-speech"):
        await speaker.voiceprint(Pcm(b"", 8000))


@pytest.mark.parametrize("path", ["/animate", "/upscale"])
async def test_making_streams_progress_and_bytes(stage: Stage, path: str, tmp_path: Path) -> None:
    face, sound = tmp_path / "a.png", tmp_path / "b.wav"
    face.write_bytes(b"face\r\n--\0")
    sound.write_bytes(bytes(range(256)) * 100)
    maker = RemoteMaker(stage.line, path)
    made = [part async for part in maker.make({"script": "parts 3 0"}, {"face": face, "sound": sound})]
    assert made == [PROGRESS, *((face.read_bytes() * n) + (sound.read_bytes() * n) for n in range(3))]


@pytest.mark.parametrize("kind", ["retryable", "needs_owner", "impossible"])
@pytest.mark.parametrize("when", ["raise", "late"])
async def test_errors_arrive_as_they_were_raised(stage: Stage, kind: str, when: str) -> None:
    raised = ERRORS[kind]
    got: list[SawtakError] = []
    for work in (
        spoken(stage, say(f"{when} {kind}")),
        RemoteAsr(stage.line).transcribe(script(f"raise {kind}")),
    ):
        with pytest.raises(type(raised)) as caught:
            await work
        got.append(caught.value)  # type: ignore[arg-type]  # only errors of the tree are raised here
    for error in got:
        assert vars(error) == vars(raised)


async def test_parts_before_an_error_are_delivered(stage: Stage) -> None:
    async with aclosing(RemoteTts(stage.line).speak(say("late impossible"))) as parts:
        assert (await anext(parts)).pcm.data[0] == 1
        with pytest.raises(Impossible):
            await anext(parts)


async def test_a_bug_in_an_engine_tells_its_class_and_place_only(stage: Stage) -> None:
    with pytest.raises(Retryable, match="engine-broken") as caught:
        await spoken(stage, say("raise bug"))
    assert caught.value.detail.startswith("the engine raised ZeroDivisionError at puppet.py:")


async def test_a_left_stream_stops_the_engine(stage: Stage) -> None:
    async with aclosing(RemoteTts(stage.line).speak(say("parts 1000 0.02"))) as parts:
        await anext(parts)
    await stage.noted("stopped")
    assert (await stage.line.health()).busy == 0


async def test_a_cancelled_call_stops_the_engine(stage: Stage) -> None:
    call = asyncio.create_task(RemoteAsr(stage.line).transcribe(script("parts 1000 0.02")))
    await stage.noted("part 1")
    call.cancel()
    await asyncio.wait([call])
    assert call.cancelled()
    await stage.noted("stopped")


async def test_a_request_is_cancelled_by_its_id(stage: Stage) -> None:
    request = {"json": {"text": "parts 1000 0.02", "language": "ar"}}
    async with aclosing(stage.line.stream("/speak", request, name="call/7?x#")) as frames:
        await anext(frames)
        assert not await stage.line.cancel("another")
        assert await stage.line.cancel("call/7?x#")
        with pytest.raises(Retryable, match="cancelled"):
            async for _ in frames:
                pass
    await stage.noted("stopped")


async def test_a_deadline_stops_the_engine(stage: Stage) -> None:
    patience = stage.line.patience
    soon = stage.but(patience=type(patience)(2, 5, 0.2))
    with pytest.raises(Retryable, match="deadline"):
        [part async for part in RemoteTts(soon).speak(say("parts 1000 0.02"))]
    await stage.noted("stopped")
    with pytest.raises(Retryable, match=r"deadline|worker-slow"):
        await RemoteAsr(soon).transcribe(script("parts 1000 0.02"))
    await stage.noted("stopped", times=2)


async def test_a_full_worker_says_when_to_come_again(stage: Stage) -> None:
    calls = [asyncio.create_task(spoken(stage, say("parts 1000 0.02"))) for _ in range(4)]
    async with asyncio.timeout(5):
        while (await stage.line.health()).waiting < 2:
            await asyncio.sleep(0.01)
    with pytest.raises(Retryable, match="worker-full") as caught:
        await spoken(stage, say("parts 1 0"))
    assert caught.value.after > 0
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)
    await stage.noted("stopped", times=2)
    assert len(await spoken(stage, say("parts 1 0"))) == 1


@pytest.mark.parametrize("token", [None, "", "wrong", "the-service-token "])
async def test_nothing_is_done_without_the_token(stage: Stage, token: str | None) -> None:
    headers = {} if token is None else {"authorization": f"Bearer {token}x"}
    for method, path in (("GET", "/health"), ("POST", "/speak"), ("POST", "/cancel/x"), ("DELETE", "/clones/x")):
        answer = await stage.line.http.request(method, stage.line.url + path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "worker-token")
    with pytest.raises(NeedsOwner, match="worker-token"):
        await RemoteAsr(stage.but(token=None)).transcribe(Pcm(b"", 8000))


@pytest.mark.parametrize(
    ("path", "request_"),
    [
        ("/speak", {"content": b"{"}),
        ("/speak", {"json": []}),
        ("/speak", {"json": {"text": 5, "language": "ar"}}),
        ("/speak", {"json": {"text": "x", "language": "ar", "clone": "me"}}),
        ("/speak", {"json": {"text": "x", "language": "ar", "clone": {"digest": "x", "sample": "?"}}}),
        ("/answer", {"json": {"question": "x"}}),
        ("/embed", {"json": {"texts": "abc"}}),
        ("/transcribe", {"content": b"123", "headers": {"content-type": "audio/pcm"}, "params": {"rate": "8000"}}),
        ("/transcribe", {"content": b"12", "headers": {"content-type": "audio/pcm"}}),
        ("/transcribe", {"content": b"RIFF", "headers": {"content-type": "audio/wav"}}),
        ("/animate", {"content": b"no form"}),
        ("/animate", {"files": {"../up": ("x", b"x")}, "data": {"order": "{}"}}),
        ("/animate", {"files": {"face": ("x", b"x")}, "data": {"order": "5"}}),
        ("/speak", {"json": {"text": "x", "language": "ar"}, "headers": {"sawtak-deadline": "-1"}}),
    ],
)
async def test_nonsense_is_refused(stage: Stage, path: str, request_: dict[str, object]) -> None:
    with pytest.raises(Impossible, match="bad-request"):
        await stage.line.whole(path, request_)


async def test_a_request_that_is_too_large_is_refused_before_it_is_sent(stage: Stage) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(stage.line.url.rpartition(":")[2]))
    proof = stage.line._proof()["authorization"]
    writer.write(f"POST /speak HTTP/1.1\r\nHost: x\r\nAuthorization: {proof}\r\n".encode())
    writer.write(b"Content-Length: 99000000000\r\n\r\n{")
    assert b" 413 " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("path", ["/speak", "/transcribe", "/animate"])
async def test_a_request_without_an_announced_length_is_cut_off(tmp_path: Path, path: str) -> None:
    loaded = await load(Config(notes=tmp_path / "notes"))
    app = worker_app(loaded.engines, loaded.about, TOKEN, LIMITS)
    async with httpx.AsyncClient() as http, serving(app, Listen()) as served:
        headers = {
            "authorization": f"Bearer {TOKEN.get_secret_value()}",
            "content-type": "multipart/form-data; boundary=x",
        }
        refused = await http.post(served.address + path, content=endless(), headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (413, "too-large")


async def endless() -> AsyncIterator[bytes]:
    yield b'--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n'
    for _ in range(LIMITS.file // 10_000 + 1):
        yield bytes(10_000)


async def test_health_tells_what_the_worker_is(stage: Stage) -> None:
    health = await stage.line.health()
    assert (health.engine, health.version, sorted(health.languages)) == ("puppet", "3", ["ar", "en"])
    assert {"asr", "tts", "llm", "embed", "speaker", "video", "upscale"} == health.kinds
    assert health.memory > 10_000_000
    assert (health.busy, health.waiting, health.gpu_memory) == (0, 0, 0)


async def test_a_sample_travels_once(stage: Stage) -> None:
    clone = Clone("c1", Pcm(bytes(range(200)), 16_000), "نعم")
    lengths: list[int] = []
    stage.line.http.event_hooks["request"] = [noting(lengths)]
    for _ in range(2):
        part = (await spoken(stage, say("clone", clone)))[0]
        assert (part.pcm, part.words[0].text) == (clone.sample, "نعم")
    assert lengths[0] > lengths[1] + 200
    await RemoteTts(stage.but(known_clones=set())).forget("c1")
    await stage.noted("forgot c1")
    assert (await spoken(stage, say("clone", clone)))[0].pcm == clone.sample
    assert lengths[-2:] == [lengths[1], lengths[0]]


def noting(lengths: list[int]):  # type: ignore[no-untyped-def]  # a hook as httpx wants it
    async def note(request: httpx.Request) -> None:
        if request.url.path == "/speak":
            lengths.append(int(request.headers["content-length"]))

    return note


async def test_a_sample_serves_only_who_holds_it(stage: Stage) -> None:
    mine = Clone("shared-id", Pcm(b"\1\0" * 50, 16_000), "a")
    theirs = Clone("shared-id", Pcm(b"\2\0" * 50, 16_000), "b")
    assert (await spoken(stage, say("clone", mine)))[0].pcm == mine.sample
    guess = stage.but(known_clones=set())
    assert [part.pcm async for part in RemoteTts(guess).speak(say("clone", theirs))] == [theirs.sample]
    told = {"text": "clone", "language": "ar", "clone": {"id": "shared-id", "digest": "0" * 64}}
    with pytest.raises(Retryable, match="unknown-clone"):
        await stage.line.whole("/speak", {"json": told})


async def test_slow_listeners_hold_up_the_engine_not_the_memory(stage: Stage) -> None:
    async with aclosing(RemoteLlm(stage.line).answer(Ask("parts 100000 0", "ar"))) as pieces:
        assert await anext(pieces) == "0"
    await stage.noted("stopped")
