"""Opens weights with spandrel: only as numbers, only as one of the architectures that the engine names."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from errors import NeedsOwner

_ASKED = "torchvision.transforms.functional"  # what spandrel imports of torchvision: three names,
_NAMES = ("InterpolationMode", "normalize", "rotate")  # for two architectures that no engine of ours opens


def spandrel() -> ModuleType:
    """Import spandrel, also where torchvision is missing or was built for another torch."""
    with _torchvision_or_none():
        return import_module("spandrel")


@contextlib.contextmanager
def _torchvision_or_none() -> Iterator[None]:
    """For the block, let the names that spandrel imports be there, empty, if the real ones can't be had."""
    if "spandrel" in sys.modules or _works():
        yield
        return
    parts = _ASKED.split(".")
    empty = {".".join(parts[: count + 1]): ModuleType(parts[count]) for count in range(len(parts))}
    for name in _NAMES:
        setattr(empty[_ASKED], name, None)
    sys.modules.update(empty)
    try:
        yield
    finally:
        for name in empty:
            del sys.modules[name]


def _works() -> bool:
    try:
        import_module(_ASKED)
    except (ImportError, RuntimeError):  # the latter is how an operator of another torch's build goes missing
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        return False
    return True


def opened(file: Path, architectures: Sequence[Any]) -> Any:
    """Return spandrel's descriptor of the network in `file`, on the CPU, in fp32, to be used and not trained.

    `architectures` are spandrel's `ArchSupport`s to choose from. Blocking. Raises NeedsOwner for a file that holds
    anything but numbers, is cut short, or is of no such architecture.
    """
    library = spandrel()
    registry = library.ArchRegistry()
    registry.add(*architectures)
    weights = _numbers(file, library)
    try:
        network = library.ModelLoader(registry=registry).load_from_state_dict(weights)
    except library.UnsupportedModelError:
        known = ", ".join(one.architecture.name for one in architectures)
        raise NeedsOwner("weights-wrong", f"{file.name} is no network of {known}: correct `weights`") from None
    except Exception as error:  # the library takes weights apart by their names, and fails as it happens to
        raise _broken(file, type(error).__name__) from error
    if (network.input_channels, network.output_channels) != (3, 3):
        raise NeedsOwner("weights-wrong", f"{file.name} doesn't turn colours into colours: correct `weights`")
    network.model.requires_grad_(requires_grad=False)
    return network.eval().float()


def _numbers(file: Path, library: ModuleType) -> dict[str, Any]:
    """Read the file's numbers; whatever else a pickle would do is not done."""
    try:
        if file.suffix == ".safetensors":
            weights = library.ModelLoader().load_state_dict_from_file(file)
        else:
            weights = torch.load(file, map_location="cpu", weights_only=True)
        flat = library.canonicalize_state_dict(weights)
        sound = all(bool(torch.isfinite(value).all()) for value in flat.values())
    except Exception as error:  # each format's readers raise their own
        raise _broken(file, type(error).__name__) from error
    if not sound:
        raise _broken(file, "numbers that are none")
    return dict(flat)


def _broken(file: Path, why: str) -> NeedsOwner:
    return NeedsOwner("weights-broken", f"{file.name} can't be read as weights ({why}): fetch it again from its makers")
