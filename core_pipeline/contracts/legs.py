"""The contract of a call's leg: one caller's line, whatever carries it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from core_pipeline.contracts.engines import Pcm, Word
from core_pipeline.contracts.faces import Emotion, Shape

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray

FRAME_SECONDS = 0.02


@dataclass(frozen=True)
class Sound:
    """What the caller said just now: mono signed 16-bit little-endian samples at the leg's rate, of any length."""

    pcm: bytes


@dataclass(frozen=True)
class Key:
    """The caller pressed a key: one of 0123456789*#ABCD."""

    digit: str


@dataclass(frozen=True)
class Reached:
    """Everything before this mark was played, or thrown away by `clear`."""

    mark: str


@dataclass(frozen=True)
class Typed:
    """The caller wrote instead of speaking."""

    text: str


@dataclass(frozen=True)
class Finished:
    """The caller said outright that they have finished speaking (released a button): nothing more is to come."""


@dataclass(frozen=True)
class Interrupted:
    """The caller said outright that they have heard enough (pressed stop)."""


LegEvent: TypeAlias = Sound | Key | Reached | Typed | Finished | Interrupted


class Sense(StrEnum):
    """What the call is doing, for a caller who can see it."""

    LISTENING = "listening"
    HEARING = "hearing"
    THINKING = "thinking"
    SPEAKING = "speaking"


@dataclass(frozen=True)
class Told:
    """Something that a caller with a screen is shown.

    `kind` is "state" (`text` is a `Sense`), "transcript" (what we heard; `final`, or it may still change), "answer"
    (a sentence that will be spoken now), "cleared" (what was about to be played is not), "notice" (what happens to the
    call: transfer, silence, end) or "error" (`text` is for people, `code` for programs). `turn` counts the caller's
    utterances from 1; 0 is what we say by ourselves.
    """

    kind: Literal["state", "transcript", "answer", "cleared", "notice", "error"]
    text: str = ""
    turn: int = 0
    language: str = ""
    final: bool = True
    code: str = ""


@dataclass(frozen=True)
class Spoken:
    """A sentence that is about to be played, with the times of its sounds (seconds from its start) for the lips."""

    text: str
    language: str
    speech: Pcm
    words: tuple[Word, ...] = ()
    phonemes: tuple[Word, ...] = ()
    emotion: Emotion = "neutral"


class LiveFace(Protocol):
    """A face that moves with what is being played on one leg."""

    shape: Shape

    def picture(self, played: float) -> NDArray[uint8]:
        """Draw what is to be seen when `played` seconds of the leg's sound were played: RGB, height × width × 3.

        Called from a thread of its own, with never decreasing times; `Impossible` for a face that can't be drawn.
        """

    def close(self) -> None:
        """Release everything; called once, in the thread of `picture`, which is not called again."""


class TalkingFace(LiveFace, Protocol):
    """A live face that is told what is about to be played; may be told from any thread."""

    def say(self, spoken: Spoken, starts: float) -> None:
        """Have this sentence spoken from when `starts` seconds of the leg's sound were played."""

    def cut(self, at: float) -> None:
        """Shut the mouth: nothing of what was to be said is played from `at` seconds on."""


class Leg(Protocol):
    """One caller's line, whatever carries it; all methods may be called until `events` ends.

    `sample_rate` holds for both ways. `screen` says what the caller can see: nothing ("none"), what is `told`
    ("text"), moving pictures from a `LiveFace` beside the sound ("track"), or a film of each sentence that brings its
    own sound ("films").
    """

    sample_rate: int

    @property
    def screen(self) -> Literal["none", "text", "track", "films"]:
        """What the caller can see now."""

    def events(self) -> AsyncIterator[LegEvent]:
        """Yield what the caller does, in order, until the line is dead; then release everything. Never raises.

        What nobody took for a second is dropped, sound first: late sound is worse than none.
        """

    async def play(self, pcm: bytes) -> None:
        """Hand over sound to be played after what was handed over before; returns without waiting for its end."""

    async def mark(self, name: str) -> None:
        """Have `Reached(name)` yielded once everything before it was played."""

    async def clear(self) -> None:
        """Throw away what was not played yet; marks in it are yielded all the same."""

    async def told(self, what: Told) -> None:
        """Show this to a caller who has a screen; others never learn of it."""

    async def film(self, data: bytes, mark: str) -> None:
        """Play a film with its own sound after everything before it (screen "films" only)."""

    def show(self, face: LiveFace | None) -> None:
        """Show this face from now on (screen "track" only)."""

    @property
    def played(self) -> float:
        """How many seconds of sound were handed to the far end so far, silence between sentences not counted."""

    @property
    def transfers(self) -> bool:
        """Whether callers can be connected to somebody else on this line."""

    async def transfer(self, to: str, words: str = "") -> None:
        """Connect the caller to this number or name and leave them to it; ends `events`.

        Raises `Impossible("no-transfer")` where the line can't.
        """

    async def hang_up(self) -> None:
        """End the call, now; ends `events`."""
