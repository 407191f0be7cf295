"""What a call asks of the business: ears, a mind, a voice, and somebody who keeps the minutes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from core_pipeline.contracts.engines import Pcm, Speech
from core_pipeline.contracts.faces import Emotion


@dataclass(frozen=True)
class Manner:
    """How one call is led, from the tenant's policy; times in seconds.

    `opening` are the sentences that are said first (announcement, greeting, menu), `closing` is what follows them at
    once where nobody is to be talked to. `turn` is "pause" or "model",
    `messages` says that what callers say is kept for others, so that it is heard out though they have hung up.
    `keys` are the key sequences that mean something; `grace` is how long running calls go on once we are told to stop.
    """

    language: str
    opening: tuple[str, ...] = ()
    closing: Transfer | None = None
    interrupts: bool = True
    turn: Literal["pause", "model"] = "pause"
    pause: float = 0.5
    filler: float = 1.5
    silence: float = 15.0
    longest: float = 1800.0
    record: bool = False
    messages: bool = False
    keys: frozenset[str] = frozenset()
    digits: int = 20


@dataclass(frozen=True)
class Heard:
    """What the caller said or typed: `confidence` in 0..1, None where the engine has none."""

    text: str
    language: str
    confidence: float | None = None


@dataclass(frozen=True)
class Say:
    """A sentence to speak."""

    text: str
    language: str
    emotion: Emotion = "neutral"


@dataclass(frozen=True)
class Transfer:
    """Connect the caller to this number once everything before was played; ready words `otherwise`, if that fails."""

    to: str
    otherwise: str = "trouble"


@dataclass(frozen=True)
class End:
    """End the call once everything before was played."""

    reason: str


Step: TypeAlias = Say | Transfer | End


@dataclass
class Line:
    """One sentence of ours: `heard` once all of it was played before the caller broke in or the call ended."""

    text: str
    language: str
    heard: bool = False


@dataclass
class Minutes:
    """One utterance of the caller and what we said to it; `turn` 0 is what we say by ourselves.

    `speech` is the caller's sound, None where they typed or pressed keys. `times` are milliseconds by name: "vad"
    (end of speech to its being noticed), "decide", "asr" (waited for after the decision), "think" (first sentence),
    "speak" (its first sound), "first_audio" (all of it), "clear" (caller breaks in to clear sent).
    """

    turn: int
    heard: Heard | None = None
    speech: Pcm | None = None
    lines: list[Line] = field(default_factory=list)
    broken_into: bool = False
    times: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How it went: `reason` is "caller", "transfer", "goodbye", "silence", "longest", "drained", "dropped", "broke".

    `seconds` is its length, `recording` both sides (left: the caller, right: us) as interleaved 16-bit stereo at
    `sample_rate`, empty where none was asked for. `metrics` are figures of the whole call.
    """

    reason: str
    seconds: float
    sample_rate: int
    recording: bytes = b""
    metrics: Mapping[str, float] = field(default_factory=dict)


class Host(Protocol):
    """The business in one call; every method may raise a `SawtakError`, after which the caller is told of trouble."""

    def words(self, name: str, language: str) -> str:
        """The tenant's ready words of this name."""

    async def hear(self, speech: Pcm) -> Heard:
        """Return the words in the caller's utterance; an empty text when there are none. May be cancelled."""

    def answer(self, minutes: Minutes) -> AsyncIterator[Step]:
        """Stream what to say and do about `minutes.heard`; cancelled (closed) when the caller breaks in."""

    def pressed(self, digits: str, minutes: Minutes) -> AsyncIterator[Step]:
        """The same for a sequence of keys."""

    def speak(self, say: Say) -> AsyncIterator[Speech]:
        """Stream the spoken sentence at the engine's own rate; what is said often comes at once."""

    async def wrote(self, minutes: Minutes) -> None:
        """Keep the minutes of one exchange, which is over; called once for each, in order, before `ended`."""

    async def ended(self, outcome: Outcome) -> None:
        """Keep how the call went; nothing follows."""
