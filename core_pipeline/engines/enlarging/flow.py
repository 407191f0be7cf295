"""Takes a clip through a network: the next pictures are decoded and the last encoded while these are computed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from torch import Tensor

from core_pipeline.contracts.faces import Clip, Shape
from core_pipeline.engines.enlarging.network import memory_told
from core_pipeline.engines.enlarging.planes import FromRgb, ToRgb
from core_pipeline.engines.enlarging.reading import Fitting, bits_for, pictures
from core_pipeline.engines.enlarging.running import Step, cut, told
from core_pipeline.media.film.reel import Reel

_BEHIND = 2  # batches that wait for the encoder at most
Enlarge = Callable[[Tensor], Generator[None, None, Tensor]]


@dataclass(frozen=True)
class Made:
    """Planes on their way to the host; they are there when `ready` has happened."""

    planes: Tensor
    ready: torch.cuda.Event | None

    def frames(self) -> Iterator[VideoFrame]:
        """Yield them as pictures in our colours; blocks until they are there."""
        if self.ready is not None:
            self.ready.synchronize()
        for planes in self.planes.numpy():
            frame = VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.colorspace, frame.color_range = Colorspace.ITU709, ColorRange.MPEG
            yield frame


@dataclass(frozen=True)
class Work:
    """What is to be done: a clip, the shape it is to get, `together` pictures at a time, at which quality."""

    clip: Clip
    shape: Shape
    together: int
    crf: float
    device: torch.device


def flow(work: Work, enlarge: Enlarge) -> Generator[Step, None, None]:
    """Yield progress and the enlarged clip; `enlarge` takes RGB (n, 3, h, w) in 0..1 and returns it at any size.

    Blocks, to be run in one thread; None is yielded where it may be left too. Raises NeedsOwner when the GPU's
    memory doesn't do.
    """
    reel = Reel(work.shape, bits_for(work.clip, work.shape), crf=work.crf)
    batches = _batches(work)
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer, memory_told():
        coming = reader.submit(next, batches, None)
        behind: deque[Future[int]] = deque()
        drawing = _Drawing(work, enlarge)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            made = yield from drawing(batch)
            behind.append(writer.submit(_encoded, reel, made))
            if len(behind) > _BEHIND:
                yield told(behind.popleft().result(), work.clip.frames)
        for done in behind:
            yield told(done.result(), work.clip.frames)
        data = writer.submit(reel.end).result()
    yield from cut(data)


class _Drawing:
    """The middle of the flow, on the device."""

    def __init__(self, work: Work, enlarge: Enlarge) -> None:
        self._work, self._enlarge = work, enlarge
        own = work.clip.shape
        self._to_rgb = ToRgb(own.height, own.width, work.device)
        self._from_rgb: FromRgb | None = None

    def __call__(self, batch: Tensor) -> Generator[None, None, Made]:
        with torch.inference_mode():
            rgb = self._to_rgb(batch.to(self._work.device, non_blocking=True))
        large = yield from self._enlarge(rgb)
        with torch.inference_mode():
            return self._sent(self._packed(large))

    def _packed(self, large: Tensor) -> Tensor:
        if self._from_rgb is None:
            size = (large.shape[-2], large.shape[-1])
            self._from_rgb = FromRgb(size, (self._work.shape.height, self._work.shape.width), self._work.device)
        return self._from_rgb(large)

    def _sent(self, planes: Tensor) -> Made:
        if self._work.device.type != "cuda":
            return Made(planes, None)
        there = torch.empty(planes.shape, dtype=planes.dtype, pin_memory=True)
        there.copy_(planes, non_blocking=True)
        ready = torch.cuda.Event()
        ready.record()
        return Made(there, ready)


def _batches(work: Work) -> Iterator[Tensor]:
    """Yield the clip's planes, some pictures at a time, where the device can fetch them by itself."""
    fitting = Fitting(work.clip.shape.width, work.clip.shape.height)
    coming = pictures(work.clip)
    while batch := [fitting(one).to_ndarray() for one in islice(coming, work.together)]:
        planes = torch.from_numpy(np.stack(batch))
        yield planes.pin_memory() if work.device.type == "cuda" else planes


def _encoded(reel: Reel, made: Made) -> int:
    for frame in made.frames():
        reel.add(frame)
    return reel.frames
