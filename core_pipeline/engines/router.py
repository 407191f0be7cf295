"""Which engine serves which stage in which language; opens each once per process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from core_pipeline.engines.catalogue import discover
from core_pipeline.engines.wrap.fallback import FallbackAsr, FallbackLlm, FallbackTts
from core_pipeline.engines.wrap.meter import MeteredAsr, MeteredLlm, MeteredTts
from errors import NeedsOwner

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core_pipeline.contracts.engines import Asr, Bench, EngineSpec, Llm, Tts
    from core_pipeline.engines.wrap.meter import Ledger


class Engines:
    """The engines of one process; `chains` names them by kind, best first: {"asr": "whisper,demo"}."""

    def __init__(self, chains: Mapping[str, str], bench: Bench) -> None:
        self._bench = bench
        self._specs = {kind: [_spec(kind, name) for name in names.split(",")] for kind, names in chains.items()}
        self._open: dict[tuple[str, str], Any] = {}
        self._lock = asyncio.Lock()

    async def asr(self, language: str | None, ledger: Ledger) -> Asr:
        """What hears `language` (None: not known yet), metered, with its fallbacks."""
        return FallbackAsr([MeteredAsr(await self._opened(s), s, ledger) for s in self._for("asr", language)])

    async def llm(self, language: str, ledger: Ledger) -> Llm:
        """What answers in `language`, metered, with its fallbacks."""
        return FallbackLlm([MeteredLlm(await self._opened(s), s, ledger) for s in self._for("llm", language)])

    async def tts(self, language: str, ledger: Ledger) -> Tts:
        """What speaks `language`, metered, with its fallbacks."""
        return FallbackTts([MeteredTts(await self._opened(s), s, ledger) for s in self._for("tts", language)])

    async def warm(self) -> None:
        """Open every engine now, so that the first customer does not wait for it."""
        for specs in self._specs.values():
            for spec in specs:
                await self._opened(spec)

    async def close(self) -> None:
        """Close every engine that was opened."""
        while self._open:
            _, engine = self._open.popitem()
            await engine.close()

    def _for(self, kind: str, language: str | None) -> list[EngineSpec[Any]]:
        able = [s for s in self._specs.get(kind, []) if language is None or language in s.languages]
        if not able:
            can = sorted(s.name for (k, _), s in discover().items() if k == kind and language in s.languages)
            raise NeedsOwner("no-engine", f"no {kind} engine is set for {language}; these could: {', '.join(can)}")
        return able

    async def _opened(self, spec: EngineSpec[Any]) -> Any:
        key = (spec.kind, spec.name)
        async with self._lock:
            if key not in self._open:
                self._open[key] = await spec.open(spec.config(), self._bench)
        return self._open[key]


def _spec(kind: str, name: str) -> EngineSpec[Any]:
    spec = discover().get((kind, name.strip()))
    if spec is None:
        known = sorted(n for k, n in discover() if k == kind)
        raise NeedsOwner("unknown-engine", f"{kind} engine {name!r} does not exist; there are: {', '.join(known)}")
    return spec
