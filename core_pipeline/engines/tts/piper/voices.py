"""Which file speaks: voices by name in our folder, or by path; and what to do when one is missing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from core_pipeline.contracts.engines import Saying
from core_pipeline.engines.tts.piper import PiperConfig
from errors import Impossible, NeedsOwner

NAME = re.compile(r"([a-z]{2,3})_[A-Z]{2}-[A-Za-z0-9_]+-(x_low|low|medium|high)")
_SUFFIX = ".onnx"


@dataclass(frozen=True)
class Voice:
    """A model's file and, for a voice of several speakers, whose voice it is (empty: the model's default)."""

    model: Path
    speaker: str = ""


def folder(var: Path) -> Path:
    """Where voices with a name lie."""
    return var / "piper"


def file_of(voice: str, var: Path) -> Path:
    """Return where the model of `voice` lies; NeedsOwner when it is neither a name nor the path of an .onnx file."""
    name = name_of(voice)
    if NAME.fullmatch(name):
        return folder(var) / f"{name}{_SUFFIX}"
    if name.endswith(_SUFFIX):
        return Path(name)
    raise NeedsOwner(
        "unknown-voice", "a Piper voice is named like ar_JO-kareem-medium, or is the path of an .onnx file"
    )


def name_of(voice: str) -> str:
    """Return the voice without its speaker: "name#speaker" is one of several who share a model."""
    return voice.partition("#")[0]


def description(model: Path) -> Path:
    """Return where the model's description lies."""
    return model.with_name(f"{model.name}.json")


def check(config: PiperConfig, var: Path) -> None:
    """Find every configured voice on the disk; NeedsOwner says which is missing or broken and what to do."""
    if not config.voices:
        raise NeedsOwner("no-voice", "name at least one Piper voice, like ar: ar_JO-kareem-medium")
    for voice in config.voices.values():
        model = file_of(voice, var)
        if not (model.is_file() and description(model).is_file()):
            raise missing(model)
        if not (model.stat().st_size and _describes(description(model))):
            raise corrupt(model)


def choose(saying: Saying, config: PiperConfig, var: Path) -> Voice:
    """Return whose voice says it: the language's, or the one asked for by name ("name#speaker" for one of several).

    Raises Impossible for a language that has no voice or isn't the asked voice's own.
    """
    if saying.language not in config.voices:
        able = ", ".join(sorted(config.voices))
        raise Impossible("language", f"no Piper voice is set for {saying.language}; these are: {able}")
    own = config.voices[saying.language]
    name, _, speaker = (saying.voice or own).partition("#")
    if name == name_of(own):
        return Voice(file_of(own, var), speaker)
    family = NAME.fullmatch(name)
    if not family:
        raise NeedsOwner("unknown-voice", "a Piper voice is named like ar_JO-kareem-medium")
    if family[1] != saying.language:
        raise Impossible(
            "language", f"{name} does not speak {saying.language}; {Path(name_of(own)).name.removesuffix(_SUFFIX)} does"
        )
    return Voice(file_of(name, var), speaker)


def missing(model: Path) -> NeedsOwner:
    """Say how to get the voice."""
    steps = "run `python cli.py doctor --pull`, or put the file and its .onnx.json there"
    return NeedsOwner("voice-missing", f"{model} is not there: {steps}")


def corrupt(model: Path) -> NeedsOwner:
    """Say how to replace the voice."""
    steps = "delete it with its .onnx.json and run `python cli.py doctor --pull`"
    return NeedsOwner("voice-corrupt", f"{model} can't be read as a Piper voice: {steps}")


def _describes(file: Path) -> bool:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return bool(found["audio"]["sample_rate"] and found["phoneme_id_map"])
    except (ValueError, KeyError, TypeError):
        return False
