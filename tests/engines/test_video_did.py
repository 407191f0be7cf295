"""D-ID: the way of a film through the vendor's API, and what becomes of everything that was sent there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from core_pipeline.contracts.faces import Face, Scene
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.emulation.faults import Fault
from core_pipeline.engines.video.did import DidConfig
from core_pipeline.engines.video.did.emulator import KEY, EmulatedDid
from core_pipeline.engines.video.did.engine import MOST_PORTRAIT, DidVideo
from core_pipeline.media.wav import unpacked
from errors import Impossible, NeedsOwner, Retryable, SawtakError
from tests.engines.scenes import data_of, photo, pictures_in, portrait, scene


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
def vendor() -> EmulatedDid:
    return EmulatedDid()


@pytest.fixture
async def config(vendor: EmulatedDid) -> AsyncIterator[DidConfig]:
    async with vendor.serving() as given:
        yield given


@pytest.fixture
def engine(config: DidConfig, http: httpx.AsyncClient) -> DidVideo:
    return DidVideo(config, http)


async def made(engine: DidVideo, wanted: Scene | None = None) -> list[Progress | bytes]:
    return [part async for part in engine.animate(wanted or scene())]


def nothing_left(vendor: EmulatedDid) -> bool:
    return not (vendor.files or vendor.talks or vendor.odd)


async def test_a_film_comes_back_and_nothing_stays_there(engine: DidVideo, vendor: EmulatedDid) -> None:
    parts = await made(engine)
    assert parts[0] == Progress("D-ID", 0, 25)
    assert pictures_in(data_of(parts)) == [(64, 64)] * 25
    assert nothing_left(vendor)
    assert [call.split("/")[0] for call in vendor.faults.calls[-3:]] == ["DELETE "] * 3
    assert "driver_expressions" not in vendor.ordered[0]["config"]


async def test_the_vendor_gets_the_portrait_and_the_speech_at_its_own_rate(
    engine: DidVideo, vendor: EmulatedDid
) -> None:
    await made(engine, scene(2.0, emotion="thankful"))
    image, audio = vendor.received
    assert image == portrait()
    assert (unpacked(audio).sample_rate, unpacked(audio).seconds) == (16_000, 2.0)
    [order] = vendor.ordered
    assert order["config"]["stitch"] is True
    [expression] = order["config"]["driver_expressions"]["expressions"]
    assert expression == {"start_frame": 0, "expression": "happy", "intensity": 0.5}


async def test_a_slow_talk_is_asked_for_with_growing_waits(
    engine: DidVideo, vendor: EmulatedDid, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    real = asyncio.sleep

    async def noted(seconds: float) -> None:
        if seconds >= 0.01:
            waits.append(seconds)
        await real(0)

    vendor.polls = 9
    monkeypatch.setattr("core_pipeline.engines.video.did.engine.asyncio.sleep", noted)
    await made(engine)
    asked = waits[:9]
    assert asked == sorted(asked)
    assert asked[1] == pytest.approx(0.015)
    assert asked[-1] == pytest.approx(0.1)


async def test_a_talk_that_is_never_done_is_given_up_and_deleted(
    config: DidConfig, http: httpx.AsyncClient, vendor: EmulatedDid
) -> None:
    vendor.polls = 10**6
    with pytest.raises(Retryable, match="vendor-slow"):
        await made(DidVideo(config.model_copy(update={"timeout": 0.2}), http))
    assert nothing_left(vendor)


async def test_a_question_that_fails_is_asked_again(engine: DidVideo, vendor: EmulatedDid) -> None:
    def begun(name: str) -> None:
        for fault in (Fault(500), Fault(429), Fault(503), Fault(cut_after=3)):
            vendor.faults.next(fault, path=f"/talks/{name}")

    vendor.begun = begun
    assert data_of(await made(engine))
    assert nothing_left(vendor)


@pytest.mark.parametrize("path", ["/images", "/audios", "/talks"])
@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (400, Impossible, "vendor-refused"),
        (401, NeedsOwner, "vendor-denied"),
        (402, NeedsOwner, "vendor-unpaid"),
        (403, NeedsOwner, "vendor-denied"),
        (429, Retryable, "vendor-busy"),
        (451, Impossible, "vendor-moderated"),
        (500, Retryable, "vendor-down"),
    ],
)
async def test_each_refusal_says_what_to_do_and_leaves_nothing_behind(
    engine: DidVideo, vendor: EmulatedDid, path: str, status: int, error: type[SawtakError], code: str
) -> None:
    vendor.faults.next(Fault(status, body=b'{"kind": "AnyError", "description": "secret words"}'), path=path)
    with pytest.raises(error) as raised:
        await made(engine)
    assert raised.value.code == code
    assert "secret words" not in str(raised.value)
    assert nothing_left(vendor)


@pytest.mark.parametrize(
    ("state", "error", "code"),
    [
        ({"status": "rejected"}, Impossible, "vendor-moderated"),
        ({"status": "error", "error": {"kind": "FaceError", "description": "x"}}, Impossible, "vendor-refused"),
        ({"status": "error", "error": {"kind": "CelebrityRecognizedError"}}, Impossible, "vendor-moderated"),
        ({"status": "error", "error": {"kind": "InternalServerError"}}, Retryable, "vendor-down"),
        ({"status": "error", "error": "the customer's words"}, Retryable, "vendor-down"),
        ({"status": "done"}, Retryable, "vendor-garbled"),
        ({"status": "done", "result_url": 7}, Retryable, "vendor-garbled"),
    ],
)
async def test_a_talk_that_failed_says_what_to_do(
    engine: DidVideo, vendor: EmulatedDid, state: dict[str, Any], error: type[SawtakError], code: str
) -> None:
    vendor.state = state
    with pytest.raises(error) as raised:
        await made(engine)
    assert raised.value.code == code
    assert "words" not in raised.value.detail or code == "vendor-moderated"
    assert nothing_left(vendor)


@pytest.mark.parametrize(
    "url",
    [
        "http://films.example/a.mp4",
        "http://127.0.0.1:1/a.mp4",
        "ftp://films.example/a.mp4",
        "file:///etc/passwd",
        "//films.example/a.mp4",
        "https://user:pass@films.example/a.mp4",
        "https://",
        "http://[::1",
        "a.mp4",
    ],
)
async def test_a_film_is_fetched_from_a_safe_address_only(config: DidConfig, vendor: EmulatedDid, url: str) -> None:
    asked: list[str] = []

    async def noted(request: httpx.Request) -> None:
        asked.append(request.url.host)

    vendor.result = url
    async with httpx.AsyncClient(event_hooks={"request": [noted]}) as http:
        with pytest.raises((Impossible, Retryable)) as refused:
            await made(DidVideo(config, http))
    assert refused.value.code in {"film-address", "vendor-garbled"}
    assert set(asked) == {"127.0.0.1"}
    assert nothing_left(vendor)


async def test_the_key_stays_with_the_vendors_api(config: DidConfig, vendor: EmulatedDid) -> None:
    seen: list[httpx.Request] = []

    class Store(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(200, content=b"film")

    vendor.result = "https://films.example/a.mp4?signature=1"
    async with httpx.AsyncClient(mounts={"https://": Store()}) as http:
        assert data_of(await made(DidVideo(config, http))) == b"film"
    [request] = seen
    assert "authorization" not in request.headers
    assert KEY not in str(request.url)


async def test_a_film_of_too_many_bytes_is_not_read_to_its_end(
    config: DidConfig, http: httpx.AsyncClient, vendor: EmulatedDid
) -> None:
    with pytest.raises(Impossible, match="vendor-too-much"):
        await made(DidVideo(config.model_copy(update={"most_bytes": 1000}), http))
    assert nothing_left(vendor)


@pytest.mark.parametrize(
    "fault", [Fault(cut_after=1000), Fault(503), Fault(302, headers={"location": "https://evil.example/"}), Fault(200)]
)
async def test_half_a_film_or_none_is_an_error(engine: DidVideo, vendor: EmulatedDid, fault: Fault) -> None:
    vendor.begun = lambda name: vendor.faults.next(fault, path=f"/films/{name}.mp4")
    with pytest.raises((Retryable, NeedsOwner)):
        await made(engine)
    assert nothing_left(vendor)


async def test_whoever_leaves_has_everything_deleted(engine: DidVideo, vendor: EmulatedDid) -> None:
    film = engine.animate(scene())
    assert isinstance(await anext(film), Progress)
    assert vendor.talks
    await film.aclose()
    assert nothing_left(vendor)


async def test_a_turn_that_is_cancelled_has_everything_deleted(engine: DidVideo, vendor: EmulatedDid) -> None:
    vendor.polls = 10**6
    turn = asyncio.create_task(made(engine))
    while not vendor.talks:
        await asyncio.sleep(0.01)
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    assert nothing_left(vendor)


async def test_a_deletion_that_fails_is_logged_and_the_film_is_had(
    engine: DidVideo, vendor: EmulatedDid, caplog: pytest.LogCaptureFixture
) -> None:
    film = engine.animate(scene())
    await anext(film)
    [name] = [name for name in vendor.files if name.startswith("ima")]
    vendor.faults.next(Fault(500), path=f"/images/{name}")
    assert data_of([part async for part in film])
    assert "could not be deleted there (vendor-down)" in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (scene(face=Face("a", "illustrated", {"art.svg": b"<svg/>"})), "face-kind"),
        (scene(face=Face("a", "photo", {})), "face-kind"),
        (scene(face=photo(**{"portrait.png": bytes(MOST_PORTRAIT + 1)})), "portrait-too-large"),
        (scene(190.0, 16_000), "speech-too-long"),
    ],
)
async def test_what_it_can_not_show_is_never_sent(
    engine: DidVideo, vendor: EmulatedDid, asked: Scene, code: str
) -> None:
    with pytest.raises(Impossible) as refused:
        await made(engine, asked)
    assert refused.value.code == code
    assert vendor.faults.calls == []


@pytest.mark.parametrize("key", ["", "no\nkey", "schlüssel"])
async def test_a_key_that_is_none_is_the_owners(config: DidConfig, http: httpx.AsyncClient, key: str) -> None:
    with pytest.raises(NeedsOwner, match="vendor-denied"):
        await made(DidVideo(config.model_copy(update={"api_key": SecretStr(key)}), http))


async def test_probing_tells_of_a_wrong_key_and_of_an_empty_account(
    config: DidConfig, http: httpx.AsyncClient, vendor: EmulatedDid
) -> None:
    await DidVideo(config, http).probe()
    wrong = config.model_copy(update={"api_key": SecretStr("wrong:key")})
    with pytest.raises(NeedsOwner, match="vendor-denied"):
        await DidVideo(wrong, http).probe()
    vendor.credits = 0
    with pytest.raises(NeedsOwner, match="vendor-unpaid"):
        await DidVideo(config, http).probe()


async def test_two_films_at_once_do_not_meet(engine: DidVideo, vendor: EmulatedDid) -> None:
    wide = photo(**{"portrait.png": portrait(96)})
    one, other = await asyncio.gather(made(engine), made(engine, scene(2.0, face=wide)))
    assert pictures_in(data_of(one)) == [(64, 64)] * 25
    assert pictures_in(data_of(other)) == [(96, 96)] * 50
    assert nothing_left(vendor)
