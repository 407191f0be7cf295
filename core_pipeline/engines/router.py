"""Which engine serves which stage in which language for which tenant, best first, each metered."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from core_pipeline.contracts.specs import Priority
from core_pipeline.engines.afar import done_afar
from core_pipeline.engines.catalogue import discover
from core_pipeline.engines.opening import Configured, Opener, configured, spec_of
from core_pipeline.engines.wrap.aligned import AlignedTts
from core_pipeline.engines.wrap.breaker import Breakers
from core_pipeline.engines.wrap.cared import Care, CaredAsr, CaredEmbedder, CaredLlm, CaredTts
from core_pipeline.engines.wrap.deadline import Deadline
from core_pipeline.engines.wrap.fallback import FallbackAsr, FallbackLlm, FallbackTts
from core_pipeline.engines.wrap.lazy import LazyAsr, LazyEmbedder, LazyLlm, LazyTts
from core_pipeline.engines.wrap.meter import Ledger, MeteredAsr, MeteredLlm, MeteredTts, Tariff
from core_pipeline.engines.wrap.pictured import Maker, Makers
from core_pipeline.engines.wrap.retry import Retry
from core_pipeline.engines.wrap.voiced import VoicedTts
from errors import NeedsOwner, SawtakError

if TYPE_CHECKING:
    import httpx

    from core_pipeline.contracts.engines import Asr, Embedder, Llm, Speaker, Tts
    from core_pipeline.contracts.specs import Bench, EngineSpec, Progress
    from core_pipeline.engines.opening import OwnEngines
    from core_pipeline.engines.residency import Residency, Terms
    from core_pipeline.engines.wrap.voiced import Voice

log = logging.getLogger(__name__)

# A stage is broken off after two minutes: an engine that is silent for long must leave time for its fallback.
FIRST_SECONDS, WHOLE_SECONDS = 30.0, 90.0
# A hosted engine draws a film before it sends the first byte of it.
FILM_SECONDS = 280.0
# The voice that knows when it says each word, for those that don't.
GUIDE = "espeak"

Given = Callable[[str, str], Mapping[str, Any]]
OfTenant = Callable[[str], Awaitable["OwnEngines"]]


def nothing(kind: str, name: str) -> Mapping[str, Any]:
    """Give no engine any configuration: the defaults serve."""
    del kind, name
    return {}


def tariff(engine: Configured) -> Tariff:
    """How the engine is billed under its configuration."""
    return Tariff(engine.spec, engine.config)


@dataclass(frozen=True)
class For:
    """On whose behalf an engine works, how urgently, and who notes what it takes."""

    ledger: Ledger
    tenant_id: str = ""
    priority: Priority = Priority.NOTE


class Engines:
    """The engines of one process; `chains` names them by kind, best first: {"asr": "faster_whisper,demo"}.

    `given` is the installation's configuration of an engine, `of_tenant` what a tenant chose instead; `guarded` is the
    network client for engines that a tenant configured, `residency` where heavy ones live (None: in this process).
    """

    def __init__(
        self,
        chains: Mapping[str, str],
        bench: Bench,
        given: Given = nothing,
        of_tenant: OfTenant | None = None,
        guarded: httpx.AsyncClient | None = None,
        residency: Residency | None = None,
    ) -> None:
        self._bench, self._guarded, self._residency = bench, guarded, residency
        self._breakers = Breakers()
        self._given, self._of_tenant = given, of_tenant
        self._chains = {kind: [spec_of(kind, name) for name in names.split(",")] for kind, names in chains.items()}
        self._opener = Opener(self._bench_of)

    async def asr(self, language: str | None, order: For) -> Asr:
        """What hears `language` (None: not known yet), metered, with its fallbacks."""
        able = await self._able("asr", language, order.tenant_id)
        return FallbackAsr(
            [
                MeteredAsr(CaredAsr(LazyAsr(self._later(c, order)), *self._cares(c)), tariff(c), order.ledger)
                for c in able
            ]
        )

    async def llm(self, language: str, order: For) -> Llm:
        """What answers in `language`, metered, with its fallbacks."""
        return self._llms(await self._able("llm", language, order.tenant_id), order)

    async def summariser(self, language: str, order: For) -> Llm | None:
        """What can sum up a conversation in this language, metered; None where no engine writes in its own words."""
        able = [c for c in await self._able("llm", language, order.tenant_id) if c.spec.generates]
        return self._llms(able, order) if able else None

    async def tts(self, language: str, order: For, voice: Voice | None = None) -> Tts:
        """What speaks `language`, metered: the engine of the chosen voice first, then the others with their own."""
        able = await self._able("tts", language, order.tenant_id)
        if voice is not None:
            able.sort(key=lambda one: not one.spec.clones if voice.clone else one.spec.name != voice.engine)
        return FallbackTts([self._voiced(c, order, voice) for c in able])

    async def check_voice(self, voice: Voice, language: str, tenant_id: str) -> None:
        """Refuse, with `NeedsOwner`, a voice that nothing in the tenant's chain can speak this language with."""
        able = await self._able("tts", language, tenant_id)
        fits = [c.spec.name for c in able if (c.spec.clones if voice.clone else c.spec.name == voice.engine)]
        if not fits:
            can = ", ".join(c.spec.name for c in able)
            raise NeedsOwner("voice-language", f"this voice can't speak {language} here; engines that can: {can}")

    async def embedder(self, tenant_id: str) -> Embedder | None:
        """What places texts for this tenant's search; None where nobody set one up."""
        chain = await self._chain("embed", tenant_id)
        if not chain:
            return None
        return CaredEmbedder(LazyEmbedder(self._later(chain[0], For(Ledger(), tenant_id))), *self._cares(chain[0]))

    async def speaker(self) -> Speaker:
        """What tells voices apart: the installation's first choice."""
        chain = await self._chain("speaker", "")
        if not chain:
            raise NeedsOwner("no-engine", "no speaker engine is set; add one to ENGINES")
        engine: Speaker = await self._opener.open(chain[0])
        return engine

    async def video(self, faces: str, language: str, order: For) -> Makers:
        """What animates faces of this kind that speak `language`; `NeedsOwner` where nobody set one up."""
        able = [one for one in await self._able("video", language, order.tenant_id) if faces in one.spec.faces]
        if not able:
            can = sorted(s.name for (kind, _), s in discover().items() if kind == "video" and faces in s.faces)
            raise NeedsOwner("no-engine", f"no video engine is set for {faces} avatars; these could: {', '.join(can)}")
        return self._makers(able, order)

    async def upscaler(self, order: For) -> Makers:
        """What makes pictures larger for this tenant."""
        return self._makers(await self._chain("upscale", order.tenant_id), order)

    def wait(self, faces: str) -> float:
        """How many seconds a new film of faces of this kind would wait before it is drawn, at a guess."""
        return self._residency.wait(lambda spec: faces in spec.faces) if self._residency is not None else 0.0

    async def only(self, kind: str, name: str, tenant_id: str = "") -> Any:
        """The engine of that name and no other, for those who want to hear just that one; it opens when used."""
        engine = configured(spec_of(kind, name), self._given(kind, name))
        order = For(Ledger(), tenant_id)
        if kind in {"video", "upscale"}:
            return self._makers([engine], order)
        lazy = {"asr": LazyAsr, "llm": LazyLlm, "tts": LazyTts, "embed": LazyEmbedder}[kind]
        return lazy(self._later(engine, order))

    async def warm(self) -> None:
        """Open the installation's small engines now, so that the first customer does not wait for them."""
        for specs in self._chains.values():
            for spec in specs:
                try:
                    if not spec.heavy:
                        await self._opener.open(configured(spec, self._given(spec.kind, spec.name)))
                except SawtakError as error:
                    log.error("%s engine %s can't be opened: %s", spec.kind, spec.name, error)  # noqa: TRY400 - the sentence says what to do, a traceback would only bury it

    async def configurations(self, tenant_id: str = "") -> list[Configured]:
        """Every engine that may serve this tenant (none named: the installation), in order of its chain."""
        kinds = sorted({*self._chains, *(await self._own(tenant_id))[0]})
        return [one for kind in kinds for one in await self._chain(kind, tenant_id)]

    async def probe(self, engine: Configured) -> None:
        """Find out cheaply whether this engine could be used now; raises what is wrong."""
        if self._residency is not None and engine.spec.heavy:
            async for _ in self._afar("probe", engine, self._residency.terms):
                pass
        elif engine.spec.probe is not None:
            await engine.spec.probe(engine.config, self._bench_of(engine))

    def pull(self, engine: Configured) -> AsyncIterator[Progress] | None:
        """Fetch what this engine lacks, telling how far it is; None for one that has nothing to fetch."""
        if engine.spec.pull is None:
            return None
        if self._residency is not None and engine.spec.heavy:
            return self._afar("pull", engine, self._residency.terms)
        return engine.spec.pull(engine.config, self._bench_of(engine))

    def figures(self) -> dict[str, Any]:
        """How heavy engines stand in memory, and how engines fare that may be left alone, for who watches over them."""
        resident = self._residency.figures() if self._residency is not None else []
        return {
            "resident": [{name: value for name, value in asdict(one).items() if name != "pid"} for one in resident],
            "engines": [asdict(one) for one in self._breakers.states()],
        }

    async def forget(self, clone_id: str) -> None:
        """Make every voice drop what it keeps of that voice by example; raises when one could not be told."""
        for engine in self._opener.opened():
            if hasattr(engine, "forget"):
                await engine.forget(clone_id)
        if self._residency is not None:
            await self._residency.forget(clone_id)

    def _afar(self, work: str, engine: Configured, terms: Terms) -> AsyncIterator[Progress]:
        """Do it in the environment that would run the engine."""
        return done_afar(work, engine, terms.python, self._bench.var, terms.environment)

    async def close(self) -> None:
        """Close every engine that was opened."""
        await self._opener.close()

    async def _able(self, kind: str, language: str | None, tenant_id: str) -> list[Configured]:
        chain = await self._chain(kind, tenant_id)
        able = [one for one in chain if language is None or language in one.spec.languages_of(one.config)]
        if not able:
            can = sorted(s.name for (k, _), s in discover().items() if k == kind and language in s.languages)
            raise NeedsOwner("no-engine", f"no {kind} engine is set for {language}; these could: {', '.join(can)}")
        return able

    async def _chain(self, kind: str, tenant_id: str) -> list[Configured]:
        """The tenant's chain of this kind, else the installation's; an engine of theirs that is wrong is left out."""
        chains, configs = await self._own(tenant_id)
        specs = (
            [spec_of(kind, name) for name in chains[kind].split(",")] if kind in chains else self._chains.get(kind, [])
        )
        found = []
        for spec in specs:
            try:
                found.append(self._configured(spec, configs.get((kind, spec.name)), tenant_id))
            except NeedsOwner as error:
                log.warning("%s engine %s is left out: %s", kind, spec.name, error)
        return found

    def _configured(self, spec: EngineSpec[Any], own: Mapping[str, Any] | None, tenant_id: str) -> Configured:
        if own is not None and spec.hosted:
            return configured(spec, own, tenant_id)
        embedded = not spec.hosted and not spec.heavy
        if not embedded and spec not in self._chains.get(spec.kind, []):
            raise NeedsOwner("engine-not-offered", f"{spec.name} needs a set-up of its own, or the operator's ENGINES")
        return configured(spec, self._given(spec.kind, spec.name))

    async def _own(self, tenant_id: str) -> tuple[Mapping[str, str], Mapping[tuple[str, str], Mapping[str, Any]]]:
        if not tenant_id or self._of_tenant is None:
            return {}, {}
        own = await self._of_tenant(tenant_id)
        return own.chains, own.configs

    def _llms(self, able: Sequence[Configured], order: For) -> Llm:
        return FallbackLlm(
            [
                MeteredLlm(CaredLlm(LazyLlm(self._later(c, order)), *self._cares(c)), tariff(c), order.ledger)
                for c in able
            ]
        )

    def _makers(self, able: Sequence[Configured], order: For) -> Makers:
        later = replace(order, priority=Priority.VIDEO)
        makers = [Maker(tariff(one), self._later(one, later), self._cares(one)) for one in able]
        return Makers(makers, order.ledger)

    def _voiced(self, engine: Configured, order: For, voice: Voice | None) -> Tts:
        cared = CaredTts(LazyTts(self._later(engine, order)), *self._cares(engine))
        guide = LazyTts(lambda: self._opener.open(configured(spec_of("tts", GUIDE), self._given("tts", GUIDE))))
        own = VoicedTts(cared, engine.spec, voice)
        return MeteredTts(own if engine.spec.name == GUIDE else AlignedTts(own, guide), tariff(engine), order.ledger)

    def _cares(self, engine: Configured) -> tuple[Care, ...]:
        """What looks after an engine: left alone when it keeps failing, tried twice when that is quick, in time."""
        if not engine.spec.hosted and not engine.spec.heavy:
            return ()
        name = f"{engine.spec.kind}/{engine.spec.name}"
        film = engine.spec.kind in {"video", "upscale"}
        # a heavy one may have to be loaded first, and a film is drawn before its first byte is sent
        first = FIRST_SECONDS if engine.spec.hosted and not film else None
        whole = FILM_SECONDS if film else WHOLE_SECONDS
        return self._breakers.of(engine.key, name), Retry(), Deadline(whole=whole, first=first)

    def _later(self, engine: Configured, order: For) -> Callable[[], Awaitable[Any]]:
        """Open the engine when it is first used: heavy ones in a process of their own, for this tenant's turn."""
        if self._residency is None or not engine.spec.heavy:
            return lambda: self._opener.open(engine)
        lend = getattr(self._residency, engine.spec.kind)

        async def lent() -> Any:
            return lend(engine.spec, engine.config, order.tenant_id, order.priority)

        return lent

    def _bench_of(self, engine: Configured) -> Bench:
        return (
            self._bench if engine.owner is None or self._guarded is None else replace(self._bench, http=self._guarded)
        )
