"""Silero's network, which tells speech from everything else in windows of 32 ms."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from errors import NeedsOwner

RATES = (8_000, 16_000)
WINDOW_SECONDS = 0.032
_CONTEXTS_PER_SECOND = 250


def session(path: Path) -> onnxruntime.InferenceSession:
    """Open a network that keeps to one thread and no memory of its own; it may be run by several threads at once."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def weights() -> Path:
    """Return the file of the network; NeedsOwner where the package is not installed."""
    # The package is never imported: it would want torch, and only its file is needed.
    spec = find_spec("silero_vad")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / "data" / "silero_vad.onnx"
        if file.is_file():
            return file
    raise NeedsOwner("no-vad", "calls need the voice detector: pip install --no-deps silero-vad")


class Vad:
    """One caller's windows, in order; the network remembers what it heard before."""

    def __init__(self, network: onnxruntime.InferenceSession, rate: int) -> None:
        self._network = network
        self._rate = np.array(rate, np.int64)
        self.window = rate * 32 // 1000
        self._context = rate // _CONTEXTS_PER_SECOND
        self.reset()

    def reset(self) -> None:
        """Forget what was heard: the memory drifts in long silence."""
        self._heard = np.zeros((1, self._context + self.window), np.float32)
        self._state: NDArray[np.float32] = np.zeros((2, 1, 128), np.float32)

    def speech(self, pcm: bytes) -> float:
        """Return how surely this window of 16-bit samples is speech, in 0..1."""
        heard = self._heard
        heard[:, : self._context] = heard[:, -self._context :]
        np.multiply(np.frombuffer(pcm, "<i2"), np.float32(1 / 32_768), out=heard[0, self._context :])
        sure, self._state = self._network.run(None, {"input": heard, "state": self._state, "sr": self._rate})
        return float(sure[0, 0])
