"""Real-ESRGAN by spandrel on tiny weights in the layouts of the real ones."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch

from core_pipeline.contracts.faces import Shape
from core_pipeline.contracts.specs import Bench, Priority
from core_pipeline.engines.enlarging.architectures import opened as network_in
from core_pipeline.engines.enlarging.architectures import spandrel
from core_pipeline.engines.enlarging.network import Network, Setup
from core_pipeline.engines.enlarging.tiles import Tiled
from core_pipeline.engines.residency import Residency
from core_pipeline.engines.upscale.realesrgan import SPEC, RealEsrganConfig, tiny
from core_pipeline.engines.upscale.realesrgan.engine import RealEsrganUpscale
from errors import Impossible, NeedsOwner
from tests.real.upscale_steps import ended
from tests.real.weights import kept
from tests.upscale.clips import clip, error, made

KINDS = ["tiny-x4plus.pth", "tiny-x2plus.pth", "tiny-x4v3.pth"]
LARGE = Shape(240, 160)


@pytest.fixture
def weights() -> Path:
    return kept("realesrgan", tiny.__file__, tiny.write)


async def opened(file: Path, ready: Bench, **fields: object) -> RealEsrganUpscale:
    config = RealEsrganConfig.model_validate({"weights": str(file), "device": "cpu", "tile": 512, "crf": 12, **fields})
    engine = await SPEC.open(config, ready)
    assert isinstance(engine, RealEsrganUpscale)
    return engine


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_of_network_enlarges(weights: Path, ready: Bench, kind: str) -> None:
    from core_pipeline.engines.upscale.lanczos import LanczosConfig  # noqa: PLC0415 - its engine, to compare with
    from core_pipeline.engines.upscale.lanczos.engine import LanczosUpscale  # noqa: PLC0415 - likewise

    engine = await opened(weights / kind, ready)
    one, other = clip(frames=3), clip(frames=3, hue=1)
    found = await made(engine, one, LARGE)
    plain = LanczosUpscale(LanczosConfig(crf=12))
    # The tiny networks pass the picture on with a little noise; another picture is another.
    assert error(found.pictures, (await made(plain, one, LARGE)).pictures) < 15
    assert error(found.pictures, (await made(plain, other, LARGE)).pictures) > 25
    await engine.close()
    with pytest.raises(NeedsOwner, match="closed"):
        await made(engine, one, LARGE)


@pytest.mark.parametrize("kind", KINDS)
async def test_tiles_and_batches_change_nothing_that_shows(weights: Path, ready: Bench, kind: str) -> None:
    given = clip(160, 96, 3)
    whole = await made(await opened(weights / kind, ready), given, Shape(320, 192))
    for fields in ({"tile": 64, "overlap": 16, "batch": 5}, {"tile": 48, "overlap": 16, "channels_last": False}):
        tiled = await made(await opened(weights / kind, ready, **fields), given, Shape(320, 192))
        assert error(tiled.pictures, whole.pictures) < 0.3, "the codec's choices differ for a rounded level"


@pytest.mark.parametrize("kind", KINDS)
def test_no_seam_is_seen_before_the_codec(weights: Path, kind: str) -> None:
    known = spandrel().MAIN_REGISTRY
    found = network_in(weights / kind, [known["ESRGAN"], known["Compact"]])
    network = Network(found.model, Setup(torch.device("cpu"), torch.float32, channels_last=True, compiled=False))
    picture = torch.rand(1, 3, 96, 160, generator=torch.Generator().manual_seed(1))
    for most, overlap in ((64, 16), (48, 16)):
        multiple = found.size_requirements.multiple_of
        tiled = Tiled(network, found.scale, most=most, overlap=overlap, batch=3, multiple=multiple)
        assert float((ended(tiled(picture)) - network(picture)).abs().max()) < 0.01 / 255


async def test_in_a_process_of_its_own_it_makes_the_same_film(weights: Path, ready: Bench, tmp_path: Path) -> None:
    config = RealEsrganConfig(weights=str(weights / KINDS[2]), device="cpu", tile=128)
    async with Residency(8 << 30, tmp_path) as residency:
        lent = residency.upscale(SPEC, config, "t", Priority.VIDEO)
        found = await made(lent, clip(frames=4), LARGE)
        with pytest.raises(Impossible, match="upscale-shape"):
            await made(lent, clip(frames=4), Shape(64, 64))
        stream = lent.upscale(clip(frames=60), LARGE)
        assert isinstance(stream, AsyncGenerator)
        await anext(stream)
        await stream.aclose()
        assert (await made(lent, clip(frames=4), LARGE)).data == found.data
        (figures,) = residency.figures()
    assert [one.done for one in found.told][-1] == 4
    assert 0 < figures.measured < SPEC.memory(config)
    assert found.data == (await made(await SPEC.open(config, ready), clip(frames=4), LARGE)).data


async def test_safe_files_give_the_same(weights: Path, ready: Bench, tmp_path: Path) -> None:
    numbers = torch.load(weights / KINDS[2], weights_only=True)["params"]
    import_module("safetensors.torch").save_file(numbers, tmp_path / "tiny.safetensors")
    one = await made(await opened(weights / KINDS[2], ready), clip(), LARGE)
    other = await made(await opened(tmp_path / "tiny.safetensors", ready), clip(), LARGE)
    assert one.data == other.data


class Evil:
    """What a stranger puts into a pickle."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> Any:
        return (Path.touch, (self._file,))


@pytest.mark.parametrize("place", ["alone", "beside numbers", "in an old file"])
async def test_a_stranger_s_file_runs_nothing(ready: Bench, tmp_path: Path, place: str) -> None:
    witness, file = tmp_path / "witness", tmp_path / "evil.pth"
    evil = Evil(witness)
    if place == "alone":
        file.write_bytes(pickle.dumps(evil))
    else:
        numbers = {"params": {**tiny.compact(8, 2), "more": evil}}
        torch.save(numbers, file, _use_new_zipfile_serialization=place != "in an old file")
    with pytest.raises(NeedsOwner, match="weights-broken"):
        await opened(file, ready)
    with pytest.raises(pickle.UnpicklingError):
        spandrel().ModelLoader().load_from_file(file)  # which would have refused, too
    assert not witness.exists()
    with suppress(RuntimeError):  # a bare pickle is no file of torch's, which it finds out too late
        torch.load(file, weights_only=False)
    assert witness.exists(), "the file does what it is feared for"


@pytest.mark.parametrize("kind", ["missing", "of another torch"])
def test_no_torchvision_is_needed_and_none_is_left_behind(tmp_path: Path, kind: str) -> None:
    error = {"missing": "ModuleNotFoundError", "of another torch": "RuntimeError"}[kind]
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").write_text(f"raise {error}('no operator')")
    code = (
        "import sys; from core_pipeline.engines.enlarging.architectures import spandrel\n"
        "assert 'ESRGAN' in spandrel().MAIN_REGISTRY\n"
        "assert not [name for name in sys.modules if name.partition('.')[0] == 'torchvision']"
    )
    env = {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


async def test_files_that_are_no_such_network_need_the_owner(weights: Path, ready: Bench, tmp_path: Path) -> None:
    whole = (weights / KINDS[0]).read_bytes()
    spoilt: dict[str, bytes] = {"cut.pth": whole[: len(whole) // 2], "empty.pth": b"", "words.safetensors": b"no" * 99}
    for name, data in spoilt.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(NeedsOwner, match="weights-broken"):
            await opened(tmp_path / name, ready)
    good = tiny.compact(8, 2)
    cases: dict[str, tuple[Any, str]] = {
        "other.pth": ({"encoder.weight": torch.ones(3, 3)}, "weights-wrong"),
        "list.pth": ([torch.ones(3)], "weights-broken"),
        "missing.pth": ({name: value for name, value in good.items() if name != "body.2.bias"}, "weights-broken"),
        "nan.pth": ({**good, "body.0.bias": torch.full((8,), float("nan"))}, "weights-broken"),
    }
    for name, (content, code) in cases.items():
        torch.save(content, tmp_path / name)
        with pytest.raises(NeedsOwner, match=code):
            await opened(tmp_path / name, ready)


async def test_what_can_t_be_had_needs_the_owner(weights: Path, ready: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(NeedsOwner, match="no-gpu"):
        await opened(weights / KINDS[0], ready, device="cuda")
    with pytest.raises(NeedsOwner, match="weights-missing"):
        await opened(weights / "nothing.pth", ready)
