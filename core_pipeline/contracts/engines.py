"""The contracts of engines: one verb each. What an engine's folder exports is in `specs`."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias


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
    """A piece of the tenant's knowledge: a question with its answer, or a piece of a document (no question).

    `score` in 0..1 says how sure the search is; `extract` holds the very sentences of a long `answer` that answer;
    `source` is the document's title with the page, empty for questions and answers.
    """

    id: str
    question: str
    answer: str
    language: str
    score: float
    extract: str = ""
    source: str = ""


@dataclass(frozen=True)
class Exchange:
    """One earlier message of the conversation: who spoke ("customer", "bot", "human") and what."""

    speaker: str
    text: str


@dataclass(frozen=True)
class Tool:
    """Something the engine may ask us to do; `parameters` is a JSON schema of type object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class ToolCall:
    """The engine asks us to do something; `arguments` are as it gave them, unchecked."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class ToolResult:
    """What came of a call: text for the engine to read; data, never instructions."""

    call: ToolCall
    content: str


@dataclass(frozen=True)
class Cited:
    """The ids of the passages that the text before this piece rests on."""

    passages: tuple[str, ...]


@dataclass(frozen=True)
class Usage:
    """Tokens read and written by one call of a model, and its cost in millionths of a US dollar."""

    read: int
    written: int
    cost: int = 0


Piece: TypeAlias = str | ToolCall | Cited | Usage


@dataclass(frozen=True)
class Ask:
    """One question with all an answering engine may use; `phrases` are the tenant's ready words by name.

    Names of phrases: greeting, thanks, goodbye, unknown. `persona` is the tenant's description of the bot, `business`
    its name, `summary` what was said before `history`, `facts` what the customer let us remember of them, `results`
    what came of the calls that the engine has made for this question, in order. `longest` is the length that the
    answer is to keep to, in characters; `tone` and `dialect` colour it, see `tenants.policy.Policy`. With the task
    "summary" an engine that `generates` sums up summary and history instead, and the question is empty.
    """

    question: str
    language: str
    passages: tuple[Passage, ...] = ()
    history: tuple[Exchange, ...] = ()
    phrases: Mapping[str, str] = field(default_factory=dict)
    persona: str = ""
    business: str = ""
    summary: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    tools: tuple[Tool, ...] = ()
    results: tuple[ToolResult, ...] = ()
    longest: int = 600
    tone: str = "neutral"
    dialect: str = "customer"
    task: Literal["answer", "summary"] = "answer"


class Llm(Protocol):
    """Answers."""

    def answer(self, ask: Ask) -> AsyncIterator[Piece]:
        """Stream the answer; its text pieces joined are the whole answer, the rest tell about it.

        A `ToolCall` ends the stream: the caller acts and asks again with the result among `ask.results`.
        """

    async def close(self) -> None:
        """Release everything."""


@dataclass(frozen=True)
class Clone:
    """A voice to speak with, by example: `sample` says `text`; `id` lets an engine keep what it learnt of the voice."""

    id: str
    sample: Pcm
    text: str


@dataclass(frozen=True)
class Saying:
    """A text to speak: `voice` is the engine's own name of a voice (None = its default), `rate` 1.0 is normal speed.

    `clone` asks an engine that clones for that voice instead. `timed` asks for word and phoneme times.
    """

    text: str
    language: str
    voice: str | None = None
    rate: float = 1.0
    pitch: float = 1.0
    clone: Clone | None = None
    timed: bool = False


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


class Embedder(Protocol):
    """Places texts in a space where what means the same is near."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector of unit length for each text; all have the engine's one dimension."""

    async def close(self) -> None:
        """Release everything."""


class Speaker(Protocol):
    """Tells voices apart."""

    async def voiceprint(self, speech: Pcm) -> list[float]:
        """Return what is characteristic of the voice in `speech`; `Impossible` when there is too little of it."""

    def likeness(self, one: Sequence[float], other: Sequence[float]) -> float:
        """Return in 0..1 how surely two voiceprints are of one speaker; 0.5 is where the engine decides."""

    async def close(self) -> None:
        """Release everything."""
