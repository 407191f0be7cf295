"""Which voices there are: every folder `voices/<slug>` with a `voice.toml`; and what a tenant's choice means."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from errors import Impossible, NeedsOwner

SHELF = Path(__file__).parent
CLONE = "clone:"


class Voice(BaseModel):
    """A voice on the shelf: `voice` is the engine's own name for it, `sample` a sentence for each of its `languages`.

    `name` and `sample` are by language; `style` says in a word or two how it sounds, `dialect` whose Arabic it speaks.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    slug: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    name: dict[str, str]
    engine: str
    voice: str
    languages: frozenset[str] = Field(min_length=1)
    gender: Literal["woman", "man"]
    age: Literal["young", "adult", "old"]
    style: tuple[str, ...]
    dialect: Literal["standard", "egyptian", "gulf", "levantine", "maghrebi"] = "standard"
    licence: str
    sample: dict[str, str]


@dataclass(frozen=True)
class Chosen:
    """What a choice means: a voice by the engine's own name (no engine: whichever knows it), or a cloned one by id."""

    engine: str | None = None
    voice: str | None = None
    clone_id: str | None = None


@cache
def catalogue() -> dict[str, Voice]:
    """Every voice on the shelf by its slug, found by being there; ValueError for a manifest that is wrong."""
    found = {}
    for manifest in sorted(SHELF.glob("*/voice.toml")):
        slug = manifest.parent.name
        found[slug] = Voice.model_validate({"slug": slug, **tomllib.loads(manifest.read_text(encoding="utf-8"))})
    return found


def find(slug: str) -> Voice:
    """The voice of that slug; `Impossible` names those there are."""
    voice = catalogue().get(slug)
    if voice is None:
        raise Impossible("no-such-voice", f"there is no voice {slug!r}; there are: {', '.join(catalogue())}")
    return voice


def is_clone(choice: str | None) -> bool:
    """Whether a tenant's choice is a voice by example."""
    return bool(choice) and str(choice).startswith(CLONE)


def resolve(choice: str | None, language: str) -> Chosen:
    """Say what a tenant's choice of voice for a language means: "slug", "clone:id", "engine:voice" or just "voice".

    None and "" mean the engine's own. Raises `NeedsOwner`, which names those that can, for a voice on the shelf that
    does not speak the language.
    """
    if not choice:
        return Chosen()
    if is_clone(choice):
        return Chosen(clone_id=choice.removeprefix(CLONE))
    listed = catalogue().get(choice)
    if listed is None:
        engine, colon, voice = choice.partition(":")
        return Chosen(engine, voice or None) if colon else Chosen(voice=choice)
    if language not in listed.languages:
        can = ", ".join(slug for slug, one in catalogue().items() if language in one.languages)
        raise NeedsOwner("voice-language", f"the voice {choice} does not speak {language}; these do: {can or 'none'}")
    return Chosen(listed.engine, listed.voice)
