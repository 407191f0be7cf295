"""Real engines and a studio for tests of cloned voices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core_pipeline.engines.asr.demo.engine import DemoAsr, Recogniser
from core_pipeline.engines.speaker.spectral.engine import SpectralSpeaker
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.media.sandbox import Sandbox
from tenants.blobs import Blobs
from tests.cloning.scene import Scene, Tools, set_scene
from tests.conftest import Floor


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
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        yield running


@pytest.fixture
def blob_folder(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
def blobs(blob_folder: Path) -> Blobs:
    return Blobs(f"file://{blob_folder}")


@pytest.fixture
def tools(
    blobs: Blobs, blob_folder: Path, sandbox: Sandbox, tts: EspeakTts, asr: DemoAsr, speaker: SpectralSpeaker
) -> Tools:
    return Tools(blobs, blob_folder, sandbox, tts, asr, speaker)


@pytest.fixture
async def scene(database: Floor, tools: Tools) -> Scene:
    return await set_scene(database.db, tools)


@pytest.fixture
async def small_scene(sqlite_database: Floor, tools: Tools) -> Scene:
    """For what no database can change."""
    return await set_scene(sqlite_database.db, tools)
