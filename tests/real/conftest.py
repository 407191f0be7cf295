"""What the tests of real libraries may ask for; without torch (in the everyday environment) none is collected."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from core_pipeline.contracts.engines import Pcm, Saying
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.media.pcm import join, resample
from tests.factories import bench


def _nothing_here_for() -> list[str]:
    """Files that can't be imported without torch, and those that have nothing to show without a GPU."""
    if find_spec("torch") is None:
        return ["test_*.py"]
    import torch  # noqa: PLC0415 - only in the engines' environment

    return [] if torch.cuda.is_available() else ["test_on_gpu.py"]


collect_ignore_glob = _nothing_here_for()

NOTES = (
    "ما هي ساعات العمل يوم الجمعة",
    "أريد حجز طاولة يوم الخميس",
    "كم سعر شاورما دجاج",
    "هل عندكم توصيل إلى البيت",
    "أين يقع المطعم من فضلك",
    "شكرا جزيلا",
    "أريد أن ألغي الحجز",
    "نعم",
)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Whoever leaves this machine fails, and the test with them, even if they would have carried on without."""
    tried: list[str] = []
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def checked(host: object) -> None:
        if str(host) not in {"127.0.0.1", "::1", "localhost", "None"}:
            tried.append(str(host))
            raise OSError(f"no network here: {host}")

    def near(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX:
            checked(address[0])
        connect(self, address)

    def known(host: Any, *rest: Any, **named: Any) -> Any:
        checked(host.decode() if isinstance(host, bytes) else host)
        return look_up(host, *rest, **named)

    monkeypatch.setattr(socket.socket, "connect", near)
    monkeypatch.setattr(socket, "getaddrinfo", known)
    yield tried
    assert tried == []


@pytest.fixture
async def ready(tmp_path: Path) -> AsyncIterator[Bench]:
    """What an engine may use, with its files in an empty folder."""
    made = bench(tmp_path)
    async with made.http:
        yield made


@pytest.fixture
async def notes() -> list[Pcm]:
    """Eight spoken Arabic notes at 16 kHz."""
    voice = EspeakTts(EspeakConfig())
    try:
        return [await _spoken(voice, text) for text in NOTES]
    finally:
        await voice.close()


@pytest.fixture
def note(notes: list[Pcm]) -> Pcm:
    """A spoken Arabic note at 16 kHz."""
    return notes[0]


async def _spoken(voice: EspeakTts, text: str) -> Pcm:
    return resample(join([part.pcm async for part in voice.speak(Saying(text, "ar"))]), 16_000)
