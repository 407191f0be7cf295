"""What a try needs, what is asked in it, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core_pipeline.contracts.engines import Passage
    from core_pipeline.engines.fair import FairGate
    from core_pipeline.engines.router import Engines
    from core_pipeline.engines.wrap.meter import Bill
    from core_pipeline.knowledge.shelf import Shelf
    from core_pipeline.media.sandbox import Sandbox
    from tenants.blobs import Blobs
    from tenants.db import Database


@dataclass(frozen=True)
class Stand:
    """The rooms that a try goes through; `making` names our way of making answers, as turns know it."""

    db: Database
    blobs: Blobs
    engines: Engines
    shelf: Shelf
    gate: FairGate
    sandbox: Sandbox
    making: str = ""


@dataclass(frozen=True)
class Asked:
    """A question in writing, or as a recording; `speak` wants the answer as sound, too."""

    text: str = ""
    sound: bytes | None = None
    speak: bool = True
    customer: str = ""


@dataclass(frozen=True)
class Found:
    """A passage that the search found; `cited` says that the answer rests on it."""

    passage: Passage
    cited: bool


@dataclass
class Tried:
    """How the bot would have answered.

    `note` says why: "" (from what the business knows), "unknown", "handoff", "closed", "words" or "angry" (a rule of
    the tenant's), "not-understood", or a code of what is wrong with the recording. `remembered` says that this answer
    was given before: customers would get it at once. `model` says that a language model may have worded it. `sound` is
    OGG, `no_sound` is why there is none.
    """

    heard: str = ""
    confidence: float | None = None
    language: str = "ar"
    dialect: str | None = None
    answer: str = ""
    sentences: list[str] = field(default_factory=list)
    passages: list[Found] = field(default_factory=list)
    note: str = ""
    sure: bool = True
    remembered: bool = False
    model: bool = False
    sound: bytes | None = None
    seconds: float = 0.0
    no_sound: str = ""
    bills: list[Bill] = field(default_factory=list)

    @property
    def cost(self) -> int:
        """Millionths of a US dollar."""
        return sum(bill.cost for bill in self.bills)
