"""A little of torch, for the stand-ins of libraries that are made of it, and what was called."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

calls: list[tuple[Any, ...]] = []


class Tensor(np.ndarray):
    """An array with the few methods of torch's that the workers call."""

    def to(self, *_: Any, **__: Any) -> Tensor:
        return self

    def unsqueeze(self, axis: int) -> Tensor:
        return tensor(np.expand_dims(self, axis))


def tensor(values: Any, device: Any = None) -> Tensor:
    del device
    return np.asarray(values).view(Tensor)


class Module:
    """A network: it can be moved about."""

    def to(self, *_: Any, **__: Any) -> Module:
        return self

    def eval(self) -> Module:
        return self

    @classmethod
    def from_pretrained(cls, path: str, **given: Any) -> Module:
        calls.append(("load", cls.__name__, Path(path).name, sorted(given)))
        return cls()


class Generator:
    def __init__(self, device: Any) -> None:
        self.seed = 0

    def manual_seed(self, seed: int) -> Generator:
        self.seed = seed
        return self


TORCH = {
    "float16": "half",
    "float32": "single",
    "bfloat16": "brain",
    "tensor": tensor,
    "Generator": Generator,
    "set_grad_enabled": lambda enabled: calls.append(("grad", enabled)),
    "no_grad": nullcontext,
}
