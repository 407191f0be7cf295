"""How a voice on the shelf sounds: its sample sentence, spoken once by its engine and kept as a file."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from uuid import uuid4

from core_pipeline.arabic.speakable import speakable
from core_pipeline.contracts.channel import VoiceFormat
from core_pipeline.contracts.engines import Saying, Tts
from core_pipeline.media.encode import encode_voice
from core_pipeline.media.pcm import join
from errors import Impossible
from voices.catalogue import Voice

FORMAT = VoiceFormat("ogg", "libopus", 48_000, 32_000, "audio/ogg")


async def preview(voice: Voice, language: str, tts: Tts, folder: Path) -> Path:
    """Return an Ogg/Opus file with the voice's sample, spoken by `tts` (its engine) unless `folder` has it already.

    Raises `Impossible` for a language that the voice does not speak, and what the engine raises.
    """
    if language not in voice.languages:
        raise Impossible("voice-language", f"{voice.slug} speaks: {', '.join(sorted(voice.languages))}")
    file = _file(voice, language, folder)
    if not await asyncio.to_thread(file.is_file):
        saying = Saying(speakable(voice.sample[language], language), language, voice.voice)
        parts = [part.pcm async for part in tts.speak(saying)]
        if not parts:
            raise Impossible("voice-silent", f"{voice.engine} said nothing in the voice {voice.slug}")
        await asyncio.to_thread(_write, file, await encode_voice(join(parts), FORMAT))
    return file


def _file(voice: Voice, language: str, folder: Path) -> Path:
    """Name the file after all that decides how it sounds, so that a changed manifest is spoken anew."""
    said = "\n".join((voice.engine, voice.voice, language, voice.sample[language]))
    return folder / f"{voice.slug}-{language}-{hashlib.sha256(said.encode()).hexdigest()[:12]}.ogg"


def _write(file: Path, data: bytes) -> None:
    """Write the whole file or none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{uuid4().hex}.part")
    unfinished.write_bytes(data)
    unfinished.replace(file)
