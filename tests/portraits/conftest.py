"""A workshop, and a gallery with a tenant, for tests of avatars."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from core_pipeline.engines.asr.demo.engine import DemoAsr, Recogniser
from core_pipeline.engines.speaker.spectral.engine import SpectralSpeaker
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.portraits.workshop import Workshop
from tests.conftest import Floor
from tests.portraits.house import House, Tools, furnish


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench() -> AsyncIterator[Workshop]:
    """One workshop for all tests of a module."""
    async with Workshop(concurrency=2) as opened:
        yield opened


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    async with Workshop() as opened:
        yield opened


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as opened:
        yield opened


@pytest.fixture(scope="session")
def recogniser() -> Recogniser:
    return Recogniser()


@pytest.fixture
def asr(recogniser: Recogniser) -> DemoAsr:
    return DemoAsr(recogniser)


@pytest.fixture
async def speaker() -> SpectralSpeaker:
    return await SpectralSpeaker.load()


@pytest.fixture
async def tts() -> AsyncIterator[EspeakTts]:
    engine = EspeakTts(EspeakConfig())
    yield engine
    await engine.close()


@pytest.fixture
def tools(tts: EspeakTts, asr: DemoAsr, speaker: SpectralSpeaker) -> Tools:
    return Tools(tts, asr, speaker)


@pytest.fixture
async def house(database: Floor, tmp_path: Path, workshop: Workshop, sandbox: Sandbox) -> House:
    return await furnish(database.db, tmp_path / "blobs", workshop, sandbox)


@pytest.fixture
async def small_house(sqlite_database: Floor, tmp_path: Path, workshop: Workshop, sandbox: Sandbox) -> House:
    """For what no database can change."""
    return await furnish(sqlite_database.db, tmp_path / "blobs", workshop, sandbox)
