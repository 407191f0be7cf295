"""CodeFormer: how faces are cut out and put back; its own code is the operator's to install, and tried where it is."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from core_pipeline.contracts.faces import Shape
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.enlarging.planes import resizing, stretched
from core_pipeline.engines.upscale.codeformer import OWN_PACKAGE, SPEC, CodeFormerConfig
from core_pipeline.engines.upscale.codeformer.engine import CodeFormerUpscale, asking
from core_pipeline.engines.upscale.codeformer.restoring import FACE, Restoring
from core_pipeline.engines.upscale.realesrgan import tiny as another
from errors import NeedsOwner
from tests.real.upscale_steps import ended
from tests.upscale.clips import clip, error, made

CPU = torch.device("cpu")


def smooth(height: int, width: int) -> Tensor:
    across, down = torch.linspace(0.2, 0.8, width), torch.linspace(0.1, 0.9, height)
    return torch.stack(
        [across.expand(height, width), down[:, None].expand(height, width), torch.full((height, width), 0.5)]
    )[None]


def white(faces: Tensor) -> Tensor:
    assert faces.shape[1:] == (3, FACE, FACE)
    return torch.ones_like(faces)


@pytest.mark.parametrize(
    ("given", "wanted"), [((96, 96), (240, 240)), ((160, 90), (320, 180)), ((60, 100), (120, 200))]
)
def test_a_face_that_is_left_alone_comes_back_in_its_place(given: tuple[int, int], wanted: tuple[int, int]) -> None:
    picture = smooth(*given)
    found = ended(Restoring(lambda faces: faces, given, wanted, CPU)(picture))
    assert found.shape[-2:] == wanted
    assert torch.allclose(found, stretched(picture, resizing(given, wanted, CPU)).clamp(0, 1), atol=0.01)


def test_only_the_face_is_drawn_anew_and_no_edge_is_seen() -> None:
    found = ended(Restoring(white, (160, 90), (320, 180), CPU)(smooth(160, 90)))[0, 2]
    assert float(found[:160].min()) > 0.999, "the face"
    assert torch.allclose(found[180:], torch.tensor(0.5), atol=0.01), "what is below it"
    assert float(found.diff(dim=0).abs().max()) < 0.1
    square = ended(Restoring(white, (96, 96), (192, 192), CPU)(smooth(96, 96)))
    assert float(square.min()) > 0.999, "a square picture is all face"


async def test_films_go_through_it(ready: Bench) -> None:
    engine = CodeFormerUpscale(lambda faces: faces, CodeFormerConfig(batch=3, crf=12), CPU)
    found = await made(engine, clip(64, 64, 4), Shape(160, 160))
    inverted = CodeFormerUpscale(lambda faces: 1 - faces, CodeFormerConfig(crf=12), CPU)
    other = await made(inverted, clip(64, 64, 4), Shape(160, 160))
    assert found.pictures.shape == (4, 160, 160, 3)
    assert error(255 - other.pictures, found.pictures) < 5
    await engine.close()
    with pytest.raises(NeedsOwner, match="closed"):
        await made(engine, clip(64, 64, 4), Shape(160, 160))


def test_it_is_asked_in_its_own_range_with_the_fidelity() -> None:
    seen: dict[str, Any] = {}

    def network(faces: Tensor, weight: float) -> tuple[Tensor, None]:
        seen.update(low=float(faces.min()), high=float(faces.max()), weight=weight)
        return faces, None

    faces = torch.linspace(0, 1, 12).reshape(1, 3, 2, 2)
    assert torch.allclose(asking(0.3, CPU, torch.float32)(network, faces), faces)
    assert seen == {"low": -1.0, "high": 1.0, "weight": 0.3}


class TestItsOwnCode:
    """Run where the operator's package is."""

    __test__ = find_spec(OWN_PACKAGE) is not None

    @pytest.mark.parametrize("dtype", ["fp32", "bf16"])
    async def test_it_opens_and_draws(self, ready: Bench, tmp_path: Path, dtype: str) -> None:
        assert SPEC.rehearsal
        async with SPEC.rehearsal(tmp_path) as config:
            engine = await SPEC.open(config.model_copy(update={"dtype": dtype}), ready)
            found = await made(engine, clip(64, 64, 2), Shape(128, 128))
            assert found.pictures.shape == (2, 128, 128, 3)
            with pytest.raises(NeedsOwner, match="dtype"):
                await SPEC.open(config.model_copy(update={"dtype": "fp16"}), ready)

    async def test_other_weights_are_refused(self, ready: Bench, tmp_path: Path) -> None:
        another.write(tmp_path)
        config = CodeFormerConfig(weights=str(tmp_path / "tiny-x4v3.pth"), accept_licence=True)
        with pytest.raises(NeedsOwner, match="weights-wrong"):
            await SPEC.open(config, ready)


class TestWithoutItsCode:
    """Run where the operator has not installed it."""

    __test__ = find_spec(OWN_PACKAGE) is None

    async def test_it_says_what_to_install(self, ready: Bench) -> None:
        with pytest.raises(NeedsOwner, match="pip install --no-deps spandrel_extra_arches"):
            await SPEC.open(CodeFormerConfig(accept_licence=True), ready)
