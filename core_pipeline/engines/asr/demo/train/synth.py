"""Speaks the training sentences through the platform's own espeak process, with its tashkeel, in many voices."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np

from core_pipeline.engines.asr.demo.features import Samples, resample

HELD_OUT_VOICES = ("f5", "m8", "klatt6", "Michael", "steph3", "Alicia", "pablo", "zac")
_NOT_SPEECH = frozenset({
    "Demonic", "UniRobot", "anikaRobot", "announcer", "croak", "fast", "whisper", "whisperf",
    *("robosoft" + number for number in ("", "2", "3", "4", "5", "6", "7", "8")),
})  # fmt: skip
_LENGTHS = struct.Struct("!II")
_MODULE = "core_pipeline.engines.tts.espeak.process"
_VOCALISED_SHARE = 0.85
_DRAWS = 5


@dataclass(frozen=True)
class Reading:
    """How a sentence is read: an espeak variant and numbers on espeak's scales."""

    variant: str
    rate: int = 160
    pitch: int = 50
    range: int = 50
    volume: int = 100
    vocalise: bool = True


def training_voices(every: list[str]) -> list[str]:
    """Return the voices to train on: all that sound like speech but the held-out ones, and the plain voice."""
    return ["", *sorted(set(every) - _NOT_SPEECH - set(HELD_OUT_VOICES))]


def any_reading(voices: list[str], rng: random.Random) -> Reading:
    """Draw a reading at random."""
    return Reading(
        variant=rng.choice(voices),
        rate=rng.randint(115, 210),
        pitch=rng.randint(20, 80),
        range=rng.randint(30, 75),
        volume=rng.randint(50, 140),
        vocalise=rng.random() < _VOCALISED_SHARE,
    )


class Speaker:
    """A child process that speaks; use it as a context."""

    def __init__(self) -> None:
        self._child = _start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._child.stdin:
            self._child.stdin.close()
        self._child.wait(timeout=10)

    def say(self, text: str, reading: Reading) -> Samples:
        """Return the spoken text at 16 kHz, 16-bit scale. Raises RuntimeError when refused, EOFError on a crash."""
        self._send({"text": text, "language": "ar", **asdict(reading)})
        parts, rate = [], 0
        while not (answer := self._receive())[0].get("done"):
            header, pcm = answer
            if "error" in header:
                raise RuntimeError(header["error"])
            rate = header["sample_rate"]
            parts.append(np.frombuffer(pcm, dtype="<i2"))
        return resample(np.concatenate(parts).astype(np.float32), rate)

    def say_somehow(self, text: str, voices: list[str], rng: random.Random) -> Samples:
        """Speak in a reading drawn at random; espeak-ng 1.52 crashes on a few, and then another one is drawn."""
        for _ in range(_DRAWS):
            try:
                return self.say(text, any_reading(voices, rng))
            except (EOFError, BrokenPipeError):
                self._child.kill()
                self._child.wait()
                self._child = _start()
        raise RuntimeError("the voice process does not stay alive")

    def variants(self) -> list[str]:
        """Name the variants of the voices."""
        self._send({"describe": True})
        found: list[str] = self._receive()[0]["variants"]
        return found

    def _send(self, header: dict[str, Any]) -> None:
        packed = json.dumps(header, ensure_ascii=False).encode()
        stream = self._child.stdin
        if stream is None:
            raise RuntimeError("no stdin")
        stream.write(_LENGTHS.pack(len(packed), 0) + packed)
        stream.flush()

    def _receive(self) -> tuple[dict[str, Any], bytes]:
        stream = self._child.stdout
        if stream is None:
            raise RuntimeError("no stdout")
        prefix = stream.read(_LENGTHS.size)
        if len(prefix) < _LENGTHS.size:
            raise EOFError("the voice process ended")
        header, body = _LENGTHS.unpack(prefix)
        return json.loads(stream.read(header)), stream.read(body)


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  our own module, no outside input
        [sys.executable, "-m", _MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
