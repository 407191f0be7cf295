"""What an engine's folder exports: the one `SPEC` that says what it is and how to open it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import httpx
from pydantic import BaseModel, SecretStr

if TYPE_CHECKING:
    from core_pipeline.contracts.faces import Face, Shape
    from core_pipeline.contracts.legs import TalkingFace

E_co = TypeVar("E_co", covariant=True)


class Priority(IntEnum):
    """Whose work goes first where engines are scarce: lower goes first."""

    CALL = 0
    NOTE = 1
    VIDEO = 2


@dataclass(frozen=True)
class Bench:
    """What an engine may use of the installation: a folder for its own files and a client for the network.

    For an engine that a tenant configured, `http` is guarded: it reaches no address inside our network.
    """

    var: Path
    http: httpx.AsyncClient


@dataclass(frozen=True)
class Progress:
    """How far a download is: bytes done of all (0: not known yet) and what is being fetched."""

    what: str
    done: int
    total: int


def free(config: Any) -> float:
    """The price of what costs nothing."""
    del config
    return 0.0


def small(config: Any) -> int:
    """The memory of an engine that runs within our own process."""
    del config
    return 0


@dataclass(frozen=True)
class EngineSpec(Generic[E_co]):
    """The one export of an engine's folder: what it is, what it speaks, how to open it.

    `kind` is the name of the folder above (asr, llm, tts, embed, speaker, video, upscale); `languages` are two-letter
    codes, narrowed by `able` where they depend on the configuration. `config` has a default for every field; its
    `SecretStr` fields are kept sealed. `unit` is what it is metered in ("second", "character", "token", "answer") and
    `price` what one unit costs in millionths of a US dollar. `open` may import heavy libraries and load weights; it
    raises `NeedsOwner` with what to do when something is missing. `requires` names the packages that are not in our
    base requirements.

    A `hosted` engine is spoken to over the network, by its configuration alone: such a one a tenant may set up for
    themselves, with their own key. A `heavy` engine runs in a process of its own, takes `memory` bytes and serves
    `at_once` requests together. An llm that `generates` writes in its own words and can sum up. `clones` and
    `sample_rate` (Hz, 0: depends on the voice) are for voices. `faces` are the kinds of avatars that a video engine
    animates, `captions` says that it writes a scene's captions itself, `live` draws one in a call, picture by picture
    and in this process; it returns at once, what is wrong with a face is found when the first picture is drawn.

    `probe` finds out cheaply whether it could be used now, and raises what is wrong; `pull` fetches its weights.
    `rehearsal` gives a configuration under which it runs here and now, for tests and `simulate`: against an emulator
    of its vendor, or on tiny weights made in the given folder; None: the default configuration runs anywhere.
    """

    kind: str
    name: str
    title: Mapping[str, str]
    languages: frozenset[str]
    config: type[BaseModel]
    unit: str
    open: Callable[[Any, Bench], Awaitable[E_co]]
    price: Callable[[Any], float] = free
    able: Callable[[Any], frozenset[str]] | None = None
    requires: tuple[str, ...] = ()
    hosted: bool = False
    heavy: bool = False
    memory: Callable[[Any], int] = small
    at_once: int = 1
    generates: bool = False
    faces: frozenset[str] = frozenset()
    captions: bool = False
    live: "Callable[[Face, Shape], TalkingFace] | None" = None
    clones: bool = False
    sample_rate: int = 0
    probe: Callable[[Any, Bench], Awaitable[None]] | None = None
    pull: Callable[[Any, Bench], AsyncIterator[Progress]] | None = None
    rehearsal: Callable[[Path], AbstractAsyncContextManager[Any]] | None = None

    def languages_of(self, config: Any) -> frozenset[str]:
        """The languages it can serve under this configuration."""
        return self.able(config) if self.able else self.languages

    @property
    def secrets(self) -> frozenset[str]:
        """The fields of its configuration that are kept sealed."""
        return frozenset(name for name, kept in self.config.model_fields.items() if kept.annotation is SecretStr)
