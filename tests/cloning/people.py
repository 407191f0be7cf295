"""People for tests: espeak variants that read aloud, and what may go wrong with their recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core_pipeline.contracts.channel import VoiceFormat
from core_pipeline.contracts.engines import Pcm, Saying, Transcript
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.media.encode import encode
from core_pipeline.media.pcm import join, samples, to_pcm

OGG = VoiceFormat("ogg", "libopus", 48_000, 32_000, "audio/ogg")
AMR = VoiceFormat("amr", "libopencore_amrnb", 8_000, 12_200, "audio/amr")
PAGE = (
    "مرحبا بكم في مطعم اللؤلؤة. نفتح كل يوم من الساعة العاشرة صباحا حتى منتصف الليل. عندنا مشاوي وأسماك طازجة. "
    "التوصيل متاح داخل المدينة، ويمكنكم الحجز في أي وقت تشاؤون."
)
ENGLISH_PAGE = (
    "Welcome to our restaurant by the river. We open every day at ten in the morning and close at midnight. "
    "Our cook makes fresh bread, soup and grilled chicken. You can pay with cash or with a card, and delivery takes "
    "about forty minutes. There is a large garden where many families sit outside in the shade."
)
WOMAN, MAN = "ar+f1", "ar+m8"

_said: dict[tuple[str, str, float], Pcm] = {}


async def say(tts: EspeakTts, text: str, voice: str, rate: float = 1.0) -> Pcm:
    """The text read by that voice, in the language that the voice's name begins with; the same is spoken once."""
    key = (text, voice, rate)
    if key not in _said:
        _said[key] = join([part.pcm async for part in tts.speak(Saying(text, voice[:2], voice, rate))])
    return _said[key]


def note(pcm: Pcm, fmt: VoiceFormat = OGG) -> bytes:
    """The recording as a file, as a customer would upload it."""
    return encode(pcm, fmt)


def louder(pcm: Pcm, factor: float) -> Pcm:
    """The recording turned up or down; what is too loud is clipped."""
    return to_pcm(np.clip(samples(pcm) * factor, -1, 1), pcm.sample_rate)


def silence(seconds: float, rate: int = 22_050) -> Pcm:
    """Nothing."""
    return Pcm(bytes(2 * int(seconds * rate)), rate)


def stored(folder: Path) -> list[Path]:
    """Every blob there is."""
    return [file for file in folder.rglob("*") if file.is_file()]


class Heard:
    """A recogniser that heard just this, for what the demo recogniser has no words for."""

    def __init__(self, text: str, language: str = "en") -> None:
        self._transcript = Transcript(text, language)

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
        return self._transcript

    async def close(self) -> None:
        """Nothing is open."""
