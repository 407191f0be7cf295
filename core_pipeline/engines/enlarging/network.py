"""A network on its device, as fast as the device lets it, and never with a picture of numbers that are none."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from core_pipeline.engines.enlarging.setup import NetworkConfig
from errors import NeedsOwner

_log = logging.getLogger(__name__)
_DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class Setup:
    """Where and how a network computes."""

    device: torch.device
    dtype: torch.dtype
    channels_last: bool
    compiled: bool


def setup_for(config: NetworkConfig, network: Any) -> Setup:
    """Choose for spandrel's descriptor `network`; NeedsOwner for a device or a dtype that can't be had."""
    usable = torch.cuda.is_available()
    if config.device == "cuda" and not usable:
        raise NeedsOwner("no-gpu", "no NVIDIA GPU is usable here: set `device` to auto or cpu")
    device = torch.device("cuda" if usable and config.device != "cpu" else "cpu")
    on_gpu = device.type == "cuda"
    dtype = _dtype(config, network, on_gpu=on_gpu)
    compiled = config.compile == "on" or (config.compile == "auto" and on_gpu and find_spec("triton") is not None)
    torch.set_num_threads(config.threads)
    if on_gpu:
        torch.backends.cudnn.benchmark = True  # every tile has one size
        torch.set_float32_matmul_precision("high")  # what is left in fp32 ends as eight bits
    return Setup(device, dtype, config.channels_last, compiled)


def _dtype(config: NetworkConfig, network: Any, *, on_gpu: bool) -> torch.dtype:
    able = {"fp32": True, "fp16": network.supports_half, "bf16": network.supports_bfloat16}
    if config.dtype != "auto":
        if not able[config.dtype]:
            raise NeedsOwner("dtype", f"this network can't compute in {config.dtype}: set `dtype` to auto")
        return _DTYPES[config.dtype]
    best = next(name for name in ("fp16", "bf16", "fp32") if able[name])
    return _DTYPES[best if on_gpu else "fp32"]


@contextmanager
def memory_told() -> Iterator[None]:
    """For the block, turn a lack of the GPU's memory into NeedsOwner, with what to lower."""
    try:
        yield
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()
        raise NeedsOwner("gpu-memory", "the GPU's memory doesn't do: lower `batch` or `tile`, or free some") from None


class Network:
    """Asks a module (fp32, on the CPU) under a setup; `call` says how, for one that answers more than a picture.

    Belongs to one thread at a time. Raises NeedsOwner when the GPU's memory doesn't do for its weights.
    """

    def __init__(self, module: Any, setup: Setup, call: Callable[[Any, Tensor], Tensor] | None = None) -> None:
        self._setup, self._call = setup, call or _plainly
        self._layout = torch.channels_last if setup.channels_last else torch.contiguous_format
        half = setup.dtype is not torch.float32
        with memory_told():
            self._exact = module.to(setup.device)
            self._eager = (copy.deepcopy(module) if half else module).to(dtype=setup.dtype, memory_format=self._layout)
        self._fast = torch.compile(self._eager, dynamic=False) if setup.compiled else self._eager
        self._most = 0
        self._warned = False

    def __call__(self, pictures: Tensor) -> Tensor:
        """Return what the network makes of a batch, in fp32 and clipped to 0..1.

        A batch that overflows in half precision is asked once more in fp32.
        """
        with torch.inference_mode():
            return self._asked(pictures).float().clamp_(0, 1)

    def _asked(self, pictures: Tensor) -> Tensor:
        count = len(pictures)
        ready = self._filled(pictures).to(self._setup.dtype, memory_format=self._layout)
        made = self._made(ready)[:count]
        if self._setup.dtype is torch.float32 or bool(torch.isfinite(made).all()):
            return made
        if not self._warned:
            self._warned = True
            _log.warning("a picture overflowed in %s and was made again in fp32", self._setup.dtype)
        return self._call(self._exact, pictures)

    def _filled(self, pictures: Tensor) -> Tensor:
        """A compiled network is compiled for one size of batch: repeat the last picture of one that is smaller."""
        self._most = max(self._most, len(pictures))
        lacking = self._most - len(pictures)
        if not self._setup.compiled or not lacking:
            return pictures
        return torch.cat([pictures, pictures[-1:].expand(lacking, -1, -1, -1)])

    def _made(self, ready: Tensor) -> Tensor:
        try:
            return self._call(self._fast, ready)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:
            if self._fast is self._eager:
                raise
            # The compiler fails at the first picture, in as many ways as it has parts; the network works without it.
            _log.warning("torch.compile failed (%s); going on without it", type(error).__name__)
            self._fast = self._eager
            return self._call(self._eager, ready)


def _plainly(module: Any, pictures: Tensor) -> Tensor:
    made: Tensor = module(pictures)
    return made
