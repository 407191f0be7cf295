"""The speaker network's engine through the real onnxruntime, on a tiny network of a real one's shape."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.speaker.onnx import SPEC, OnnxConfig
from core_pipeline.engines.speaker.onnx.engine import OnnxSpeaker
from core_pipeline.engines.speaker.onnx.tiny import BANDS, SIZE, make
from errors import NeedsOwner


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with httpx.AsyncClient() as http:
        yield Bench(tmp_path, http)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    return make(tmp_path / "folder" / "speaker.onnx")


def hum(hertz: float) -> Pcm:
    turns = np.arange(32_000) / 16_000 * 2 * np.pi * hertz
    fading = np.sin(turns / hertz * 3) * np.sign(np.sin(turns))
    return Pcm((fading * 8000).astype("<i2").tobytes(), 16_000)


async def test_without_a_file_the_owner_is_told(bench: Bench, tmp_path: Path) -> None:
    assert SPEC.probe is not None
    for config, word in ((OnnxConfig(), "README"), (OnnxConfig(path=str(tmp_path / "none.onnx")), "no file")):
        for call in (SPEC.open, SPEC.probe):
            with pytest.raises(NeedsOwner, match=word):
                await call(config, bench)


@pytest.mark.parametrize("content", [b"", b"not a network", None])
async def test_a_corrupt_file_is_refused(bench: Bench, network: Path, content: bytes | None) -> None:
    network.write_bytes(network.read_bytes()[: network.stat().st_size // 2] if content is None else content)
    with pytest.raises(NeedsOwner, match="no whole ONNX network"):
        await SPEC.open(OnnxConfig(path=str(network)), bench)


async def test_a_network_of_other_bands_is_refused(bench: Bench, network: Path) -> None:
    with pytest.raises(NeedsOwner, match="40 bands"):
        await SPEC.open(OnnxConfig(path=str(network), bands=40), bench)


async def test_a_network_that_gives_no_voiceprint_is_refused(bench: Bench, tmp_path: Path) -> None:
    import onnx.parser  # noqa: PLC0415 - development only

    text = '<ir_version: 10, opset_import: ["": 17]> same (float[b, t, 80] feats) => (float[b, t, 80] out)'
    onnx.save(onnx.parser.parse_model(text + " { out = Identity(feats) }"), tmp_path / "same.onnx")
    with pytest.raises(NeedsOwner, match="not one voiceprint"):
        await SPEC.open(OnnxConfig(path=str(tmp_path / "same.onnx")), bench)


async def test_voiceprints_have_unit_length(network: Path) -> None:
    engine = await OnnxSpeaker.load(OnnxConfig(path=str(network), bands=BANDS))
    found = await engine.voiceprint(hum(180))
    assert len(found) == SIZE
    assert np.linalg.norm(found) == pytest.approx(1.0, abs=1e-4)


async def test_the_threshold_is_where_it_decides(network: Path) -> None:
    engine = await OnnxSpeaker.load(OnnxConfig(path=str(network), threshold=0.6, steepness=10))
    one, other = [1.0, 0.0], [0.6, 0.8]
    assert engine.likeness(one, other) == pytest.approx(0.5)
    assert engine.likeness(one, one) > 0.95
    assert engine.likeness(one, [-1.0, 0.0]) < 0.01


@pytest.mark.parametrize("window", ["hamming", "povey"])
async def test_both_windows_of_kaldi_are_taken(network: Path, window: str) -> None:
    engine = await OnnxSpeaker.load(OnnxConfig.model_validate({"path": str(network), "window": window}))
    assert len(await engine.voiceprint(hum(120))) == SIZE


def test_its_memory_is_told_from_the_file(network: Path) -> None:
    assert SPEC.memory(OnnxConfig()) == 0
    assert SPEC.memory(OnnxConfig(path=str(network))) > network.stat().st_size
