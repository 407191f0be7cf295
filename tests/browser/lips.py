"""Holds the mouth that a visitor saw against the voice that they heard."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from av import VideoFrame
from numpy.typing import NDArray

from avatars.catalogue import find, resolve
from core_pipeline.arabic.speakable import speakable
from core_pipeline.contracts.engines import Pcm, Saying, Word
from core_pipeline.contracts.faces import Face, Scene, Shape
from core_pipeline.contracts.legs import Spoken
from core_pipeline.engines.acting.performance import Performance
from core_pipeline.engines.acting.track import HZ, LEAD
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.engines.video.illustrated.art import read
from core_pipeline.engines.video.illustrated.filming import film
from core_pipeline.engines.video.illustrated.frame import Lens
from core_pipeline.media.pcm import join, resample, samples
from tests.browser.witness import Glance, Listened
from tests.faces.lipsync import Agreement, Palette, agreement, loudness

SHAPE, FPS, RATE = Shape(512, 512), 25, 16_000
# Pictures by which sound may come late before viewers notice: 125 ms.
_NOTICED = 3

Curve: TypeAlias = NDArray[Any]


def shown_first() -> Face:
    """The avatar of who chose none."""
    avatar = find(resolve(None).slug or "")
    return Face(avatar.slug, avatar.manifest.kind, avatar.files, {})


@dataclass(frozen=True)
class Mouth:
    """Where a face's mouth is, and by which colours one sees how far it is open."""

    box: tuple[int, int, int, int]
    palette: Palette

    @classmethod
    def of(cls, face: Face) -> Mouth:
        """The mouth of this face, learnt from it shut and open."""
        loud = Pcm(bytes([0, 40, 0, 216] * 8_000), RATE)
        scene = Scene(face, "square", SHAPE, loud)
        shut, opened = (
            film(replace(scene, phonemes=(Word(one, 0.0, 1.0),)), lambda _: None, lambda: False) for one in ("m", "ˈa")
        )
        box = Lens.of(read(face).manifest, "square", SHAPE).pixels(read(face).manifest.mouth.box)
        return cls(box, Palette(shut, opened, box))

    def open(self, glance: Glance) -> float:
        """How far it was open."""
        left, top, width, height = self.box
        whole = np.zeros((SHAPE.height, SHAPE.width, 3), np.uint8)
        whole[top : top + height, left : left + width] = glance.picture
        return self.palette.inside(VideoFrame.from_ndarray(whole, format="rgb24"))


async def spoken(text: str) -> Spoken:
    """The sentence as the platform's own voice speaks it."""
    voice = EspeakTts(EspeakConfig())
    try:
        parts = [part async for part in voice.speak(Saying(speakable(text, "ar"), "ar", timed=True))]
    finally:
        await voice.close()
    timed = tuple(sound for part in parts for sound in part.phonemes)
    return Spoken(text, "ar", resample(join([part.pcm for part in parts]), RATE), phonemes=timed)


@dataclass(frozen=True)
class LipSync:
    """A mouth against how it was to be open, and against the loudness of what was heard; lags in seconds."""

    planned: Agreement
    loud: Agreement
    likeness: float

    @property
    def good(self) -> bool:
        """Whether a viewer would take the mouth for the voice's own."""
        return self.planned.r > 0.5 and abs(self.planned.lag) <= _NOTICED

    def __str__(self) -> str:
        told = (f"{1000 * one.lag / FPS:+.0f} ms (r {one.r:.2f})" for one in (self.planned, self.loud))
        return "lips late by {} of the plan, {} of the loudness".format(*told) + f"; sound like {self.likeness:.2f}"


def lip_sync(mouth: Mouth, seen: list[Glance], heard: Listened, sentence: Spoken, seconds: float) -> LipSync:
    """Measure the lips while so much of this sentence was heard; a positive lag is a mouth that is late."""
    sound = resample(heard.sound, RATE)
    likeness, began = _began(samples(sound), samples(sentence.speech)[: round(seconds * RATE)])
    grid = np.arange(int((seconds + 0.4) * FPS)) / FPS - 0.4
    at = np.array([one.at for one in seen]) - heard.began - began
    opened = np.interp(grid, at, [mouth.open(one) for one in seen])
    track = Performance(Scene(shown_first(), "square", SHAPE, sentence.speech, phonemes=sentence.phonemes)).track
    steps = np.arange(track.opening.size)
    # A picture fits the middle of the time for which it is seen.
    planned = np.interp((grid + 0.5 / FPS + LEAD) * HZ, steps, track.opening, left=0, right=0)
    first = round((began - 0.4) * RATE)
    part = Pcm(sound.data[2 * first : 2 * (first + round((seconds + 0.4) * RATE))], RATE)
    loud = loudness(part, FPS, grid.size)
    return LipSync(agreement(opened, planned), agreement(opened, loud), likeness)


def _began(heard: Curve, said: Curve) -> tuple[float, float]:
    """How like what was said is to what was heard, and when it began in that, in seconds.

    Second by second: a receiver stretches and squeezes sound on its way to keep pace.
    """
    pieces = [said[at : at + RATE] for at in range(0, said.size - RATE + 1, RATE)]
    found = [_found(heard, piece) for piece in pieces]
    return float(np.median([one for one, _ in found])), float(np.median([at - n for n, (_, at) in enumerate(found)]))


def _found(long: Curve, short: Curve) -> tuple[float, float]:
    """How like a sound is to where it is likest in a longer one, and when that begins, in seconds."""
    size = long.size + short.size
    product = np.fft.irfft(np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size)), size)[: long.size]
    best = int(np.argmax(product))
    stretch = long[best : best + short.size]
    power = float(np.linalg.norm(stretch) * np.linalg.norm(short[: stretch.size]))
    return float(product[best]) / power if power else 0.0, best / RATE
