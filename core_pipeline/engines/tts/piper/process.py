"""The child process that speaks with Piper (GPL): the only place that loads it.

Run as `python -m core_pipeline.engines.tts.piper.process`; stdin and stdout carry frames. A request has no body:
`{"text", "model": path, "speaker": name, number or "", "rate": factor, "pause": seconds, "timed": bool}`. The answer
is one frame per sentence, with its PCM as the body and `{"sample_rate", "words": [[text, first, last]…], "phonemes"}`
(sample offsets from the start of the text), then one `{"done": true}`; or `{"error": code, "detail": model}`.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, RuntimeException
from piper import PiperConfig, PiperVoice, SynthesisConfig

from core_pipeline.arabic.sentences import Sentences
from core_pipeline.arabic.vocalise import strip_tashkeel
from core_pipeline.engines.tts.piper.durations import with_durations
from core_pipeline.engines.tts.piper.timing import Span, Spoken, phoneme_spans, symbol_spans, word_spans
from core_pipeline.engines.voice_process.serve import Answer, Refused, main
from core_pipeline.engines.voice_process.tashkeel import Tashkeel

_MOST_VOICES = 4


class Speaker:
    """Speaks one request at a time; keeps the voices used last."""

    def __init__(self) -> None:
        self._voices: OrderedDict[str, PiperVoice] = OrderedDict()
        self._tashkeel = Tashkeel()

    def answer(self, request: dict[str, Any]) -> Iterator[Answer]:
        """Yield one frame per sentence. Raises Refused for a voice that is missing or broken or lacks the speaker."""
        voice = self._voice(request["model"])
        slowness = voice.config.length_scale / request["rate"]
        manner = SynthesisConfig(speaker_id=_speaker(voice.config, request), length_scale=slowness)
        try:
            yield from self._sentences(voice, manner, request)
        except (Fail, InvalidArgument, RuntimeException):
            raise Refused("voice-corrupt", request["model"]) from None

    def _voice(self, model: str) -> PiperVoice:
        if model not in self._voices:
            try:
                self._voices[model] = _load(Path(model))
            except FileNotFoundError:
                raise Refused("voice-missing", model) from None
            except Exception:  # noqa: BLE001 - a broken file fails in whatever way its reader fails
                raise Refused("voice-corrupt", model) from None
            while len(self._voices) > _MOST_VOICES:
                self._voices.popitem(last=False)
        self._voices.move_to_end(model)
        return self._voices[model]

    def _sentences(self, voice: PiperVoice, manner: SynthesisConfig, request: dict[str, Any]) -> Iterator[Answer]:
        cutter = Sentences()
        texts = cutter.feed(request["text"]) + cutter.flush()
        sentences = [words for text in texts if (words := _words(text))]
        pause = bytes(2 * int(request["pause"] * voice.config.sample_rate))
        offset = 0
        for index, written in enumerate(sentences):
            spoken = self._tashkeel.speakable(written) if voice.config.espeak_voice == "ar" else written
            pcm, spans = _say(voice, manner, " ".join(spoken), offset)
            if index < len(sentences) - 1:
                pcm += pause
            alone = [_symbols(voice, word) for word in spoken] if request["timed"] and spans else []
            header = {
                "sample_rate": voice.config.sample_rate,
                "words": word_spans(written, alone, spans),
                "phonemes": spans if request["timed"] else [],
            }
            yield header, pcm
            offset += len(pcm) // 2


def _load(model: Path) -> PiperVoice:
    described = json.loads(model.with_name(f"{model.name}.json").read_text(encoding="utf-8"))
    session = onnxruntime.InferenceSession(with_durations(model.read_bytes()), providers=["CPUExecutionProvider"])
    # Our own front end vocalises, for it mends what the network leaves wrong.
    voice = PiperVoice(session=session, config=PiperConfig.from_dict(described), use_tashkeel=False)
    voice.phonemize("a")  # fails where the description names an alphabet that espeak-ng doesn't have
    return voice


def _speaker(config: PiperConfig, request: dict[str, Any]) -> int | None:
    asked = request["speaker"]
    if not asked:
        return None
    number = config.speaker_id_map.get(asked, int(asked) if asked.isascii() and asked.isdigit() else None)
    if number is None or number >= config.num_speakers:
        raise Refused("no-speaker", request["model"])
    return number


def _words(sentence: str) -> list[str]:
    # A zero ends espeak's text, and brackets in pairs would be read as phonemes.
    plain = sentence.replace("\0", " ").replace("[[", "[ [").replace("]]", "] ]")
    words = [word for word in plain.split() if strip_tashkeel(word)]
    return words if any(sign.isalnum() for word in words for sign in word) else []


def _say(voice: PiperVoice, manner: SynthesisConfig, text: str, offset: int) -> tuple[bytes, list[Span]]:
    """Return the sentence's samples and its phonemes' spans; no spans where the voice does not tell them."""
    pcm, spans, told = b"", [], True
    for chunk in voice.synthesize(text, manner, include_alignments=True):
        start = offset + len(pcm) // 2
        pcm += chunk.audio_int16_bytes
        found = None
        if chunk.phoneme_id_samples is not None:
            samples = chunk.phoneme_id_samples.reshape(-1).tolist()
            spoken = Spoken(chunk.phonemes, chunk.phoneme_ids, samples)
            found = symbol_spans(spoken, voice.config.phoneme_id_map, start)
        told = told and found is not None and found[-1][2] <= offset + len(pcm) // 2
        spans += found or []
    return pcm, phoneme_spans(spans) if told else []


def _symbols(voice: PiperVoice, word: str) -> Sequence[str]:
    return [symbol for sentence in voice.phonemize(word) for symbol in sentence]


if __name__ == "__main__":
    main(lambda: Speaker().answer)
