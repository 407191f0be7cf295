"""Runs a speaker network on Kaldi's filter bank and compares its voiceprints by their angle."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import kaldi_native_fbank
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NoModel,
    RuntimeException,
)
from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as UnknownOperator

from core_pipeline.contracts.engines import Pcm
from core_pipeline.engines.speaker.onnx import OnnxConfig
from core_pipeline.media.pcm import resample
from errors import Impossible, NeedsOwner

SAMPLE_RATE = 16_000
LEAST_SECONDS = 1.0
_AUDIBLE = 33.0  # 16-bit scale: -60 dBFS

_BROKEN = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NoModel, RuntimeException, UnknownOperator)

Frames = NDArray[np.float32]


def check(config: OnnxConfig) -> None:
    """Raise `NeedsOwner` unless the configured file is there."""
    if not config.path:
        raise NeedsOwner("speaker-model", "set the engine's path to an ONNX speaker network; see its README")
    if not Path(config.path).is_file():
        raise NeedsOwner("speaker-model", f"there is no file at the engine's path {config.path}")


class OnnxSpeaker:
    """One network on one thread; voiceprints are its outputs at unit length."""

    def __init__(self, session: onnxruntime.InferenceSession, config: OnnxConfig) -> None:
        self._session = session
        self._config = config
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    async def load(cls, config: OnnxConfig) -> Self:
        """Load the network; `NeedsOwner` when the file is not a speaker network of that many bands."""
        session = await asyncio.to_thread(_session, config)
        engine = cls(session, config)
        await asyncio.to_thread(engine.try_out)
        return engine

    async def voiceprint(self, speech: Pcm) -> list[float]:
        """Return what is characteristic of the voice; `Impossible` for less than a second of audible speech."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._voiceprint, speech)

    def likeness(self, one: Sequence[float], other: Sequence[float]) -> float:
        """Return in 0..1 how surely two voiceprints are of one speaker; `Impossible` for another engine's prints."""
        if len(one) != len(other) or not one:
            raise Impossible("voiceprint-foreign", "another engine took this voiceprint: take the sample's anew")
        cosine = float(np.dot(one, other))
        return float(1 / (1 + np.exp(-self._config.steepness * (cosine - self._config.threshold))))

    async def close(self) -> None:
        """Release nothing: the network goes with the object."""

    def try_out(self) -> None:
        """Run the network once; `NeedsOwner` when it does not take the frames or give one vector."""
        noise = np.random.default_rng(0).standard_normal((2 * 100, self._config.bands)).astype(np.float32)
        try:
            vector = self._run(noise)
        except (*_BROKEN, ValueError) as error:
            raise NeedsOwner("speaker-model", f"the network does not take {self._config.bands} bands") from error
        if vector.ndim != 1 or len(vector) < 2 or not np.isfinite(vector).all():
            raise NeedsOwner("speaker-model", "the network's first output is not one voiceprint")

    def _voiceprint(self, speech: Pcm) -> list[float]:
        sound = np.frombuffer(resample(speech, SAMPLE_RATE).data, "<i2").astype(np.float32)
        if len(sound) < LEAST_SECONDS * SAMPLE_RATE or float(np.sqrt(np.mean(sound**2))) < _AUDIBLE:
            raise Impossible("too-little-speech", f"at least {LEAST_SECONDS} s of speech are needed")
        vector = self._run(self._frames(sound))
        return [float(value) for value in vector / (np.linalg.norm(vector) + 1e-9)]

    def _frames(self, sound: Frames) -> Frames:
        """Return the (T, bands) log energies, freed of the microphone by taking off their mean."""
        bank = kaldi_native_fbank.OnlineFbank(_options(self._config))
        bank.accept_waveform(SAMPLE_RATE, sound.tolist())
        bank.input_finished()
        frames = np.stack([bank.get_frame(index) for index in range(bank.num_frames_ready)])
        return np.asarray(frames - frames.mean(axis=0), dtype=np.float32)

    def _run(self, frames: Frames) -> Frames:
        outputs: list[Any] = self._session.run(None, {self._session.get_inputs()[0].name: frames[None]})
        return np.asarray(outputs[0], dtype=np.float32).squeeze()


def _session(config: OnnxConfig) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(config.path, options, providers=["CPUExecutionProvider"])
    except _BROKEN as error:
        raise NeedsOwner("speaker-model", "the file at the engine's path is no whole ONNX network") from error


def _options(config: OnnxConfig) -> kaldi_native_fbank.FbankOptions:
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.samp_freq = SAMPLE_RATE
    options.frame_opts.dither = 0.0
    options.frame_opts.window_type = config.window
    options.mel_opts.num_bins = config.bands
    options.energy_floor = 0.0
    return options
