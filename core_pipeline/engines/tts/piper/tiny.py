"""Makes tiny voices in Piper's format for tests and demonstrations: every phoneme is a tone of its own.

The network has a Piper voice's inputs and output, and rounds up its phonemes' lengths where a Piper voice does; the
description has all that Piper reads. Only what is learnt is missing.
"""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from core_pipeline.engines.tts.piper import PiperConfig
from core_pipeline.engines.tts.piper.voices import description
from errors import NeedsOwner

SAMPLE_RATE = 16_000
HOP = 256
_SILENT = "_^$ !',-.:;?"
_VOWELS = "aeiouæɐɑɒɔəɚɛɜɪʊʌᵻ"
_CONSONANTS = "bcdfhjklmnpqrstvwxyzðħŋɡɣɫɹɾʃʒʔʕθχ"
_SIGNS = "ˈˌːˤʲ\u0303\u0329\u032a"
_FRAMES = {_SILENT: 2.0, _VOWELS: 6.0, _CONSONANTS: 4.0, _SIGNS: 1.0}
_GRAPH = """
<ir_version: 10, opset_import: ["": 17]>
tiny (int64[1, phonemes] input, int64[1] input_lengths, float[3] scales{sid}) => (float[1, 1, time] output)
<float[{count}] frames_of = {{{frames}}},
 float[{count}] hertz_of = {{{hertz}}}, float[{count}] loudness_of = {{{loud}}},
 int64[1] first = {{0}}, int64[1] second = {{1}}, int64[2] outer = {{0, 1}}, int64 axis = {{0}}, int64 one_at = {{1}},
 float zero = {{0}}, float one = {{1}}, float step = {{{step}}}, int64[2] hop = {{1, {hop}}}, int64[1] flat = {{-1}}>
{{
  ids = Squeeze(input, first)
  slowness = Gather(scales, one_at)
  usual = Gather(frames_of, ids)
  scaled = Mul(usual, slowness)
  lengths = Ceil(scaled)
  ends = CumSum(lengths, axis)
  total = ReduceSum <keepdims = 0> (lengths)
  frames = Range(zero, total, one)
  column = Unsqueeze(frames, second)
  row = Unsqueeze(ends, first)
  passed = GreaterOrEqual(column, row)
  counted = Cast <to = 7> (passed)
  place = ReduceSum <keepdims = 0> (counted, second)
  speaking = Gather(ids, place)
  tone = Gather(hertz_of, speaking)
  {speaker}
  loudness = Gather(loudness_of, speaking)
  hertz_column = Unsqueeze(hertz, second)
  loudness_column = Unsqueeze(loudness, second)
  hertz_samples = Expand(hertz_column, hop)
  loudness_samples = Expand(loudness_column, hop)
  hertz_flat = Reshape(hertz_samples, flat)
  loudness_flat = Reshape(loudness_samples, flat)
  turns = Mul(hertz_flat, step)
  phase = CumSum(turns, axis)
  wave = Sin(phase)
  sound = Mul(wave, loudness_flat)
  output = Unsqueeze(sound, outer)
}}
"""


@asynccontextmanager
async def rehearsal(folder: Path) -> AsyncIterator[PiperConfig]:
    """Give a configuration with two tiny voices that are made in `folder`: one Arabic, one English of two speakers."""
    voices = {
        "ar": make_voice(folder / "ar_JO-tiny-low.onnx", "ar"),
        "en": make_voice(folder / "en_US-tiny-low.onnx", "en-us", speakers=2),
    }
    yield PiperConfig(voices={language: str(model) for language, model in voices.items()})


def make_voice(model: Path, espeak_voice: str, speakers: int = 1) -> Path:
    """Write a voice to `model` and its description beside it; NeedsOwner without the onnx package."""
    try:
        from onnx import parser, save  # noqa: PLC0415 - only tests and demonstrations have it
    except ImportError:
        raise NeedsOwner("no-onnx", "tiny voices are made with the onnx package: pip install onnx") from None
    model.parent.mkdir(parents=True, exist_ok=True)
    save(parser.parse_model(_graph(speakers)), str(model))
    described = {
        "audio": {"sample_rate": SAMPLE_RATE, "quality": "low"},
        "espeak": {"voice": espeak_voice},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "num_symbols": len(_symbols()),
        "num_speakers": speakers,
        "speaker_id_map": {f"speaker{number}": number for number in range(speakers)} if speakers > 1 else {},
        "phoneme_id_map": {symbol: [number] for number, symbol in enumerate(_symbols())},
        "hop_length": HOP,
    }
    description(model).write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")
    return model


def _symbols() -> str:
    return "".join(_FRAMES)


def _graph(speakers: int) -> str:
    symbols = _symbols()
    frames = [count for group, count in _FRAMES.items() for _ in group]
    several = speakers > 1
    higher = "voice = Cast <to = 1> (sid)\n  factor = Add(voice, one)\n  hertz = Mul(tone, factor)"
    return _GRAPH.format(
        sid=", int64[1] sid" if several else "",
        speaker=higher if several else "hertz = Identity(tone)",
        count=len(symbols),
        frames=_listed(frames),
        hertz=_listed([150.0 + 20.0 * number for number in range(len(symbols))]),
        loud=_listed([0.0 if symbol in _SILENT else 0.5 for symbol in symbols]),
        step=2 * math.pi / SAMPLE_RATE,
        hop=HOP,
    )


def _listed(values: list[float]) -> str:
    return ", ".join(f"{value:.1f}" for value in values)
