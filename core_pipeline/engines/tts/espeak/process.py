"""The child process that speaks: loads espeak-ng and piper's tashkeel network (both GPL).

Run as `python -m core_pipeline.engines.tts.espeak.process`; stdin and stdout carry frames. A request has no body:
`{"text", "language": "ar"|"en", "variant", "rate", "pitch", "range", "volume", "vocalise"}`.
The answer is one frame per run of script, with its PCM as the body and
`{"sample_rate", "words": [[text, first, last]…], "phonemes": […]}` (sample offsets from the start of the text),
then one `{"done": true}`; or `{"error": code}`. `{"describe": true}` is answered by
`{"done": true, "variants": […]}`. The process ends when stdin ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core_pipeline.engines.tts.espeak.native import Espeak, Manner, Utterance, variants
from core_pipeline.engines.tts.espeak.runs import Run, cut
from core_pipeline.engines.tts.espeak.timing import phoneme_spans, word_spans
from core_pipeline.engines.voice_process.serve import Answer, Refused, main
from core_pipeline.engines.voice_process.tashkeel import Tashkeel

_VOICES = {"ar": "ar", "en": "en-us"}
_SCRIPT_SWITCH_SILENCE = 0.06  # seconds kept after a run that does not end a sentence


class Speaker:
    """Speaks one request at a time."""

    def __init__(self) -> None:
        self._espeak = Espeak()
        self._tashkeel = Tashkeel()
        self._variants = variants()

    def answer(self, request: dict[str, Any]) -> Iterator[Answer]:
        """Yield the frames of the answer up to the last but one. Raises Refused for an unknown voice."""
        if request.get("describe"):
            yield {"done": True, "variants": sorted(self._variants)}, b""
            return
        variant = request["variant"]
        if variant and variant not in self._variants:
            raise Refused("unknown-voice")
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

    def _vocalised(self, run: Run) -> list[str]:
        if run.language != "ar":
            return list(run.words)
        return self._tashkeel.speakable(run.words)


def _short_tail(utterance: Utterance) -> bytes:
    pcm = bytes(utterance.pcm)
    loud = len(pcm.rstrip(b"\0"))
    return pcm[: loud + loud % 2 + 2 * int(_SCRIPT_SWITCH_SILENCE * utterance.sample_rate)]


if __name__ == "__main__":
    main(lambda: Speaker().answer)
