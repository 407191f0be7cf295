"""Networks under their set-ups, in tiles, and the colours before and after them."""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import Any

import av
import numpy as np
import pytest
import torch
from av.video.reformatter import ColorRange, Colorspace
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from core_pipeline.contracts.faces import Shape
from core_pipeline.engines.enlarging.flow import Work, flow
from core_pipeline.engines.enlarging.network import Network, Setup
from core_pipeline.engines.enlarging.planes import FromRgb, ToRgb
from core_pipeline.engines.enlarging.reading import Fitting
from core_pipeline.engines.enlarging.tiles import Tiled, axis
from core_pipeline.engines.upscale.codeformer.restoring import Restoring
from errors import NeedsOwner
from tests.real.upscale_steps import ended
from tests.upscale.clips import clip, drawn

CPU = torch.device("cpu")


def setup(dtype: torch.dtype = torch.float32, *, channels_last: bool = True, compiled: bool = False) -> Setup:
    return Setup(CPU, dtype, channels_last, compiled)


def noise(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(3))


class Blurring(torch.nn.Module):  # type: ignore[misc]  # torch is Any where it is not installed
    """Enlarges twice after looking `reach` pixels far; its padding is black, so that a tile's edge is wrong."""

    def __init__(self, reach: int) -> None:
        super().__init__()
        self.reach = reach
        self.kernel = torch.nn.Parameter(torch.full((3, 1, 3, 3), 1 / 9))

    def forward(self, pictures: Tensor) -> Tensor:
        for _ in range(self.reach):
            pictures = torch.nn.functional.conv2d(pictures, self.kernel, padding=1, groups=3)
        return torch.nn.functional.interpolate(pictures, scale_factor=2, mode="nearest")


@settings(deadline=None, max_examples=200)
@given(st.integers(4, 500), st.integers(8, 200), st.integers(0, 64), st.sampled_from([1, 2, 4]))
def test_tiles_cover_everything_and_share_enough(length: int, most: int, overlap: int, multiple: int) -> None:
    length -= length % multiple
    found = axis(length, most, overlap, multiple)
    ends = [start + found.size for start in found.starts]
    assert found.size <= max(most, 0) or found.starts == (0,)
    assert found.starts[0] == 0
    assert ends[-1] == length
    assert all(start % multiple == 0 for start in found.starts)
    shared = [end - start for end, start in zip(ends, found.starts[1:], strict=False)]
    assert all(one >= found.overlap - multiple for one in shared)
    assert all(float(found.fading(start, 2).min()) > 0 for start in found.starts)


@pytest.mark.parametrize("size", [(90, 130), (64, 64), (31, 200)])
def test_tiled_is_untiled_where_the_overlap_is_as_wide_as_the_network_looks(size: tuple[int, int]) -> None:
    pictures, network = noise(2, 3, *size), Network(Blurring(4), setup())
    whole = network(pictures)
    tiled = ended(Tiled(network, 2, most=48, overlap=20, batch=3)(pictures))
    assert torch.allclose(tiled, whole, atol=1e-5)
    narrow = ended(Tiled(network, 2, most=48, overlap=0, batch=3)(pictures))
    assert size == (64, 64) or float((narrow - whole).abs().max()) > 0.05, "seams would be seen here"


def test_sizes_that_a_network_can_t_take_are_padded_and_cut() -> None:
    seen: list[tuple[int, ...]] = []

    def network(pictures: Tensor) -> Tensor:
        seen.append(tuple(pictures.shape[-2:]))
        return pictures.repeat_interleave(2, -1).repeat_interleave(2, -2)

    pictures = noise(1, 3, 30, 70)
    found = ended(Tiled(network, 2, most=32, overlap=8, batch=2, multiple=4)(pictures))
    assert torch.allclose(found, network(pictures), atol=1e-6)
    assert {side % 4 for shape in seen[:-1] for side in shape} == {0}
    assert max(side for shape in seen[:-1] for side in shape) <= 32


def test_an_overflow_in_half_precision_is_made_again_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    module = Blurring(1)
    module.kernel.data *= 1e6  # fp16 ends at 65,504
    pictures = noise(1, 3, 8, 8) * 1e-6
    exact = Network(module, setup())(pictures)
    network = Network(module, setup(torch.float16))
    with caplog.at_level(logging.WARNING):
        found = [network(pictures), network(pictures)]
    assert torch.equal(found[0], exact)
    assert torch.equal(found[1], exact)
    assert 0.05 < float(exact.mean()) < 0.95
    assert [record.message for record in caplog.records] == [
        "a picture overflowed in torch.float16 and was made again in fp32"
    ]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_near(dtype: torch.dtype, caplog: pytest.LogCaptureFixture) -> None:
    pictures = noise(1, 3, 16, 16)
    near = Network(Blurring(2), setup(dtype))(pictures)
    assert near.dtype is torch.float32
    assert torch.allclose(near, Network(Blurring(2), setup())(pictures), atol=0.02)
    assert not caplog.records


def test_without_a_compiler_it_goes_on(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def compiled(module: Any, **options: Any) -> Any:
        def failing(pictures: Tensor) -> Tensor:
            raise RuntimeError("no compiler")

        return failing

    monkeypatch.setattr(torch, "compile", compiled)
    network = Network(Blurring(1), setup(compiled=True))
    pictures = noise(1, 3, 8, 8)
    assert torch.equal(network(pictures), network(pictures))
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_compiled_network_sees_batches_of_one_size(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def compiled(module: Any, **options: Any) -> Any:
        def noting(pictures: Tensor) -> Tensor:
            seen.append(len(pictures))
            result: Tensor = module(pictures)
            return result

        return noting

    monkeypatch.setattr(torch, "compile", compiled)
    pictures = noise(5, 3, 16, 16)
    network = Network(Blurring(1), setup(compiled=True))
    found = ended(Tiled(network, 2, most=16, overlap=0, batch=3)(pictures))
    assert torch.allclose(found, Network(Blurring(1), setup())(pictures))
    assert seen == [3, 3]


def planes(width: int, height: int, *numbers: int) -> tuple[Tensor, list[av.VideoFrame]]:
    frames = [
        av.VideoFrame.from_ndarray(drawn(width, height, number), format="rgba").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        for number in numbers
    ]
    return torch.from_numpy(np.stack([frame.to_ndarray() for frame in frames])), frames


@pytest.mark.parametrize("size", [(96, 64), (38, 50)])
def test_colours_are_read_as_a_player_reads_them(size: tuple[int, int]) -> None:
    width, height = size
    given_planes, frames = planes(width, height, 0, 5)
    rgb = ToRgb(height, width, CPU)(given_planes)
    for picture, frame in zip(rgb, frames, strict=True):
        wanted = frame.to_ndarray(format="rgb24").astype(float)
        found = picture.permute(1, 2, 0).numpy() * 255
        assert np.abs(found - wanted).mean() < 2.5


@pytest.mark.parametrize("size", [(96, 64), (38, 50)])
def test_colours_come_back_as_they_were(size: tuple[int, int]) -> None:
    width, height = size
    before, _ = planes(width, height, 2)
    after = FromRgb((height, width), (height, width), CPU)(ToRgb(height, width, CPU)(before))
    change = (after.int() - before.int()).abs().float()
    assert after.shape == before.shape
    assert float(change[:, :height].mean()) < 0.5
    assert float(change[:, height:].mean()) < 1.5


def test_fitting_on_the_device_is_the_fitting_of_the_encoder_s_library() -> None:
    before, (frame,) = planes(96, 64, 1)
    ours = FromRgb((64, 96), (160, 240), CPU)(ToRgb(64, 96, CPU)(before)).numpy()[0].astype(float)
    theirs = Fitting(240, 160)(frame).to_ndarray().astype(float)
    assert np.abs(ours[:160] - theirs[:160]).mean() < 1
    assert np.abs(ours[160:] - theirs[160:]).mean() < 1.5


def test_an_error_in_the_middle_ends_the_flow_and_its_threads() -> None:
    def failing(rgb: Tensor) -> Generator[None, None, Tensor]:
        yield
        raise ValueError("in the middle")

    work = Work(clip(frames=8), Shape(192, 128), 2, 23, CPU)
    with pytest.raises(ValueError, match="in the middle"):
        list(flow(work, failing))


def fresh(count: int, height: int, width: int) -> Work:
    return Work(clip(width, height, count), Shape(2 * width, 2 * height), 2, 23, CPU)


class Full(torch.nn.Module):  # type: ignore[misc]  # likewise
    """A network for which there is no room, once it is asked."""

    def forward(self, pictures: Tensor) -> Tensor:
        raise torch.OutOfMemoryError


@pytest.mark.parametrize("where", ["network", "colours", "tiles"])
def test_a_lack_of_memory_on_the_way_needs_the_owner(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError

    if where != "network":
        monkeypatch.setattr(*{"colours": (FromRgb, "__call__"), "tiles": (Tiled, "_joined")}[where], full)
    network = Network(Full() if where == "network" else Blurring(1), setup())
    with pytest.raises(NeedsOwner, match="gpu-memory"):
        list(flow(fresh(3, 64, 96), Tiled(network, 2, most=48, overlap=8, batch=2)))


def test_a_lack_of_memory_for_the_weights_needs_the_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError

    module = Blurring(1)
    monkeypatch.setattr(module, "to", full)
    with pytest.raises(NeedsOwner, match="gpu-memory"):
        Network(module, setup())


class OneDevice(TorchDispatchMode):  # type: ignore[misc]  # likewise
    """Refuses to compute with what lies on two devices, as a GPU does; torch's "meta" does not always."""

    def __torch_dispatch__(self, work: Any, types: Any, given: Any = (), named: Any = None) -> Any:
        tensors = [one for one in tree_leaves((given, named)) if isinstance(one, Tensor) and one.dim()]
        if len({one.device for one in tensors}) > 1:
            raise RuntimeError(f"{work} on two devices")
        return work(*given, **(named or {}))


def test_all_that_is_computed_with_is_on_the_device_that_was_asked_for() -> None:
    meta, size, large = torch.device("meta"), (64, 96), (128, 192)  # "meta" knows shapes alone
    given_planes = torch.zeros(3, 96, 96, dtype=torch.uint8, device=meta)
    network = Network(Blurring(1), Setup(meta, torch.float32, channels_last=True, compiled=False))
    tiled = Tiled(network, 2, most=48, overlap=8, batch=2)
    with OneDevice():
        rgb = ToRgb(*size, meta)(given_planes)
        restored = ended(Restoring(lambda faces: faces, size, large, meta)(rgb))
        for picture in (ended(tiled(rgb)), restored):
            made = FromRgb(large, (96, 144), meta)(picture)
            assert (made.device, made.shape) == (meta, (3, 144, 144))
        with pytest.raises(RuntimeError, match="two devices"):
            ToRgb(*size, CPU)(given_planes)
