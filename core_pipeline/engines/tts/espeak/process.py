"""The child process that speaks: the only place that loads espeak-ng and piper's tashkeel network (both GPL).

Run as `python -m core_pipeline.engines.tts.espeak.process`; stdin and stdout carry `frames`. A request has no body:
`{"text", "language": "ar"|"en", "variant", "rate", "pitch", "range", "volume", "vocalise"}`.
The answer is one frame per run of script, with its PCM as the body and
`{"sample_rate", "words": [[text, first, last]…], "phonemes": […]}` (sample offsets from the start of the text),
then one `{"done": true}`; or `{"error": code}`. `{"describe": true}` is answered by
`{"done": true, "variants": […]}`. The process ends when stdin ends.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

from core_pipeline.arabic.vocalise import speakable
from core_pipeline.engines.tts.espeak.frames import LENGTHS, lengths, pack
from core_pipeline.engines.tts.espeak.native import Espeak, Manner, Utterance, variants
from core_pipeline.engines.tts.espeak.runs import Run, cut
from core_pipeline.engines.tts.espeak.tashkeel import Tashkeel
from core_pipeline.engines.tts.espeak.timing import phoneme_spans, word_spans

_VOICES = {"ar": "ar", "en": "en-us"}
_SCRIPT_SWITCH_SILENCE = 0.06  # seconds kept after a run that does not end a sentence

Answer = tuple[dict[str, Any], bytes]


class UnknownVoice(Exception):
    """There is no such variant."""


class Speaker:
    """Speaks one request at a time."""

    def __init__(self) -> None:
        self._espeak = Espeak()
        self._tashkeel = Tashkeel()
        self._variants = variants()

    def answer(self, request: dict[str, Any]) -> Iterator[Answer]:
        """Yield the frames of the answer up to the last but one. Raises UnknownVoice."""
        variant = request["variant"]
        if variant and variant not in self._variants:
            raise UnknownVoice
        manner = Manner(request["rate"], request["pitch"], request["range"], request["volume"])
        offset = 0
        for run in cut(request["text"], request["language"]):
            words = self._vocalised(run) if request["vocalise"] else list(run.words)
            voice = _VOICES[run.language] + (f"+{variant}" if variant else "")
            utterance = self._espeak.say(" ".join(words), voice, manner, pause=run.ends)
            pcm = bytes(utterance.pcm) if run.ends else _short_tail(utterance)
            length = len(pcm) // 2
            header = {
                "sample_rate": utterance.sample_rate,
                "words": word_spans(utterance, run.words, words, length, offset),
                "phonemes": phoneme_spans(utterance, length, offset),
            }
            yield header, pcm
            offset += length

    def describe(self) -> dict[str, Any]:
        """Name the variants of the voices."""
        return {"done": True, "variants": sorted(self._variants)}

    def _vocalised(self, run: Run) -> list[str]:
        if run.language != "ar":
            return list(run.words)
        return speakable(run.words, self._tashkeel.vocalise(" ".join(run.words)).split())


def _short_tail(utterance: Utterance) -> bytes:
    pcm = bytes(utterance.pcm)
    loud = len(pcm.rstrip(b"\0"))
    return pcm[: loud + loud % 2 + 2 * int(_SCRIPT_SWITCH_SILENCE * utterance.sample_rate)]


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more."""
    speaker = Speaker()
    while (request := _read(requests)) is not None:
        last: dict[str, Any] = {"done": True}
        try:
            if request.get("describe"):
                last = speaker.describe()
            else:
                for header, pcm in speaker.answer(request):
                    _write(answers, header, pcm)
        except UnknownVoice:
            last = {"error": "unknown-voice"}
        _write(answers, last)


def _read(stream: BinaryIO) -> dict[str, Any] | None:
    prefix = stream.read(LENGTHS.size)
    if len(prefix) < LENGTHS.size:
        return None
    request: dict[str, Any] = json.loads(stream.read(lengths(prefix)[0]))
    return request


def _write(stream: BinaryIO, header: dict[str, Any], body: bytes = b"") -> None:
    stream.write(pack(header, body))
    stream.flush()


def main() -> None:
    """Serve on stdin and stdout; whatever the libraries print goes to stderr."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
