"""The child process that speaks: the only place that loads espeak-ng and piper's tashkeel network (both GPL).

Run as `python -m core_pipeline.engines.tts.espeak.process`. Each frame on stdin and stdout is two big-endian 32-bit
lengths, a JSON header and a body. A request is one frame without a body:
`{"text", "language": "ar"|"en", "variant", "rate", "pitch", "range", "volume", "vocalise"}`.
The answer is one frame per run of script with PCM as its body and
`{"sample_rate", "words": [[text, first, last]…], "phonemes": […]}` (sample offsets from the start of the text),
then one `{"done": true}`; or `{"error": code}`. It ends when stdin ends.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from core_pipeline.arabic.vocalise import speakable
from core_pipeline.engines.tts.espeak.native import Espeak, Manner, Mark, Utterance, variants
from core_pipeline.engines.tts.espeak.runs import Run, cut
from core_pipeline.engines.tts.espeak.tashkeel import Tashkeel

_LENGTHS = struct.Struct("!II")
_VOICES = {"ar": "ar", "en": "en-us"}
_LARGEST_HEADER = 1_000_000
_SCRIPT_SWITCH_SILENCE = 0.06  # seconds kept after a run that does not end a sentence


@dataclass(frozen=True)
class _Spoken:
    header: dict[str, Any]
    pcm: bytes


class Speaker:
    """Speaks one request at a time."""

    def __init__(self) -> None:
        self._espeak = Espeak()
        self._tashkeel = Tashkeel()
        self._variants = variants()

    def speak(self, request: dict[str, Any]) -> Iterator[_Spoken]:
        """Yield the request's runs in order. Raises ValueError when its voice is unknown."""
        manner = Manner(request["rate"], request["pitch"], request["range"], request["volume"])
        variant = request["variant"]
        if variant and variant not in self._variants:
            raise ValueError("unknown_voice")
        offset = 0
        for run in cut(request["text"], request["language"]):
            words = self._vocalised(run) if request["vocalise"] else list(run.words)
            voice = _VOICES[run.language] + (f"+{variant}" if variant else "")
            utterance = self._espeak.say(" ".join(words), voice, manner, pause=run.ends)
            pcm = _without_long_tail(utterance, keep_all=run.ends)
            yield _Spoken(_header(run, words, utterance, len(pcm) // 2, offset), pcm)
            offset += len(pcm) // 2

    def _vocalised(self, run: Run) -> list[str]:
        if run.language != "ar":
            return list(run.words)
        return speakable(run.words, self._tashkeel.vocalise(" ".join(run.words)).split())


def _without_long_tail(utterance: Utterance, *, keep_all: bool) -> bytes:
    pcm = bytes(utterance.pcm)
    if keep_all:
        return pcm
    loud = len(pcm.rstrip(b"\0"))
    kept = loud + loud % 2 + 2 * int(_SCRIPT_SWITCH_SILENCE * utterance.sample_rate)
    return pcm[:kept]


def _header(run: Run, words: list[str], utterance: Utterance, length: int, offset: int) -> dict[str, Any]:
    return {
        "sample_rate": utterance.sample_rate,
        "words": _spans(_written(run, words, utterance.words), length, offset),
        "phonemes": _spans(utterance.phonemes, length, offset),
    }


def _written(run: Run, words: list[str], marks: list[Mark]) -> list[Mark]:
    """Name each word as its author wrote it; what espeak reads as several words (a number) stays one."""
    ends, position = [], 0
    for word in words:
        position += len(word) + 1
        ends.append(position)
    found: dict[int, Mark] = {}
    for mark in marks:
        index = next((number for number, end in enumerate(ends) if mark.position < end), len(ends) - 1)
        found.setdefault(index, Mark(run.words[index], mark.sample, mark.position))
    return [found[index] for index in sorted(found)]


def _spans(marks: list[Mark], length: int, offset: int) -> list[tuple[str, int, int]]:
    starts = [min(mark.sample, length) for mark in marks]
    ends = [*starts[1:], length]
    return [
        (mark.text, offset + start, offset + max(start, end))
        for mark, start, end in zip(marks, starts, ends, strict=True)
        if mark.text
    ]


def read_frame(stream: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """Read one frame; None when the stream has ended."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    header, body = _LENGTHS.unpack(lengths)
    if header > _LARGEST_HEADER:
        raise ValueError("header too large")
    return json.loads(stream.read(header)), stream.read(body)


def write_frame(stream: BinaryIO, header: dict[str, Any], body: bytes = b"") -> None:
    """Write one frame."""
    packed = json.dumps(header, ensure_ascii=False).encode()
    stream.write(_LENGTHS.pack(len(packed), len(body)) + packed + body)
    stream.flush()


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more."""
    speaker = Speaker()
    while (frame := read_frame(requests)) is not None:
        try:
            for spoken in speaker.speak(frame[0]):
                write_frame(answers, spoken.header, spoken.pcm)
        except ValueError as error:
            write_frame(answers, {"error": str(error)})
        else:
            write_frame(answers, {"done": True})


def main() -> None:
    """Serve on stdin and stdout; whatever the libraries print goes to stderr."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
