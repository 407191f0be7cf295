"""The model inside emulated language model servers: by which rule it reads, what it was asked, what it said."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from core_pipeline.arabic.analysis import terms
from core_pipeline.engines.emulation.reader import Said, honest

Rule: TypeAlias = Callable[[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]], Said]

_CHUNK = re.compile(r".{1,7}", re.DOTALL)
DIMENSION = 64


@dataclass
class EmulatedModel:
    """Answers by `rule` and keeps what came (`asked`: whole requests) and what went (`said`)."""

    name: str
    rule: Rule = honest
    asked: list[dict[str, Any]] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)

    def answer(self, request: dict[str, Any]) -> Said:
        """Read the messages and tools of a chat request, which all vendors write alike."""
        self.asked.append(request)
        tools = [tool["function"] for tool in request.get("tools") or ()]
        self.said.append(self.rule(request["messages"], tools))
        return self.said[-1]


def chunks(text: str) -> list[str]:
    """Cut a text as a model streams it: without regard for words."""
    return _CHUNK.findall(text)


def tokens(request: Mapping[str, Any]) -> int:
    """Count a chat's words: what the emulated servers call tokens."""
    return sum(len(str(message.get("content") or "").split()) for message in request["messages"])


def vector(text: str) -> list[float]:
    """Place a text by its words: texts that share words are near; not of unit length, as some models' aren't."""
    found = [0.0] * DIMENSION
    for term in terms(text) or [text]:
        seed = hashlib.sha256(term.encode()).digest()
        for place in range(DIMENSION):
            found[place] += math.sin(seed[place % 32] + place * seed[(place + 7) % 32])
    return found
