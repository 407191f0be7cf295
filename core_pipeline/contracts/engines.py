"""The contracts of engines: one verb each; an engine imports its heavy libraries only in `open`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel


@dataclass(frozen=True)
class Pcm:
    """Mono signed 16-bit little-endian samples at `sample_rate` Hz."""

    data: bytes
    sample_rate: int

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.data) / 2 / self.sample_rate


@dataclass(frozen=True)
class Word:
    """A recognised or spoken word (or phoneme) with its start and end in seconds."""

    text: str
    start: float
    end: float
    confidence: float | None = None


@dataclass(frozen=True)
class Transcript:
    """What was heard: `confidence` in 0..1 (None when the engine has none), `language` as a two-letter code."""

    text: str
    language: str
    confidence: float | None = None
    words: tuple[Word, ...] = ()


class Asr(Protocol):
    """Hears."""

    async def transcribe(self, speech: Pcm, language: str | None = None) -> Transcript:
        """Return the words in `speech`; an empty text when there are none."""

    async def close(self) -> None:
        """Release everything."""


@dataclass(frozen=True)
class Passage:
    """A piece of the tenant's knowledge: a question with its answer; `score` in 0..1 says how sure the search is."""

    id: str
    question: str
    answer: str
    language: str
    score: float


@dataclass(frozen=True)
class Exchange:
    """One earlier message of the conversation: who spoke ("customer", "bot", "human") and what."""

    speaker: str
    text: str


@dataclass(frozen=True)
class Ask:
    """One question with all an answering engine may use; `phrases` are the tenant's ready words by name.

    Names of phrases: greeting, thanks, goodbye, unknown.
    """

    question: str
    language: str
    passages: tuple[Passage, ...] = ()
    history: tuple[Exchange, ...] = ()
    phrases: Mapping[str, str] = field(default_factory=dict)


class Llm(Protocol):
    """Answers."""

    def answer(self, ask: Ask) -> AsyncIterator[str]:
        """Stream the answer as text; its pieces joined are the whole answer."""

    async def close(self) -> None:
        """Release everything."""


@dataclass(frozen=True)
class Saying:
    """A text to speak: `voice` is the engine's own name of a voice (None = its default), `rate` 1.0 is normal speed."""

    text: str
    language: str
    voice: str | None = None
    rate: float = 1.0
    pitch: float = 1.0


@dataclass(frozen=True)
class Speech:
    """A stretch of spoken audio; word and phoneme times count in seconds from the start of the whole saying."""

    pcm: Pcm
    words: tuple[Word, ...] = ()
    phonemes: tuple[Word, ...] = ()


class Tts(Protocol):
    """Speaks."""

    def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        """Stream the spoken text in order; all parts have the same sample rate."""

    async def close(self) -> None:
        """Release everything."""


E_co = TypeVar("E_co", covariant=True)


@dataclass(frozen=True)
class Bench:
    """What an engine may use of the installation: a folder for its own files."""

    var: Path


@dataclass(frozen=True)
class EngineSpec(Generic[E_co]):
    """The one export of an engine's folder: what it is, what it speaks, how to open it.

    `kind` is the name of the folder above (asr, llm, tts); `languages` are two-letter codes;
    `unit` is what it is metered in ("second", "character", "answer") and `price` what one unit costs in
    millionths of a US dollar. `open` may import heavy libraries and load weights.
    """

    kind: str
    name: str
    title: Mapping[str, str]
    languages: frozenset[str]
    config: type[BaseModel]
    unit: str
    open: Callable[[Any, Bench], Awaitable[E_co]]
    price: int = 0
