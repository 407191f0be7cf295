"""Who serves whom: the tenant's chain before the installation's, each with its own key, each voice with its engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from core_pipeline.contracts.engines import Clone, Pcm, Saying, Speech
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.engines import opening, router
from core_pipeline.engines.router import Engines, For
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.engines.wrap.voiced import Voice
from errors import NeedsOwner
from tenants.engines import EngineBook, Own
from tenants.models import EngineAccount
from tenants.policy import Policy
from tenants.vault import Vault
from tests.conftest import Floor
from tests.factories import bench, make_tenant

SECOND = Pcm(bytes(32000), 16000)
CLONE = Clone("v1", SECOND, "words")


class Config(BaseModel):
    """Where it is and whose key it uses."""

    model_config = ConfigDict(extra="forbid")

    url: str = "https://default.example"
    key: SecretStr = SecretStr("")


class Spy:
    """A voice that tells how it was opened and what it was asked."""

    opened: ClassVar[list[tuple[str, Config, Bench]]] = []
    asked: ClassVar[list[tuple[str, Saying]]] = []

    def __init__(self, name: str) -> None:
        self.name = name

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        self.asked.append((self.name, saying))
        yield Speech(SECOND)

    async def close(self) -> None:
        return None


def spy(name: str, **more: Any) -> EngineSpec[Any]:
    async def opens(config: Config, given: Bench) -> Spy:
        Spy.opened.append((name, config, given))
        return Spy(name)

    title = {"ar": name, "en": name}
    return EngineSpec("tts", name, title, frozenset({"ar", "en"}), Config, "character", opens, **more)


@pytest.fixture(autouse=True)
def _catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    own = [spy("plain"), spy("hosted", hosted=True), spy("heavy", heavy=True), spy("cloning", hosted=True, clones=True)]
    found = {("tts", spec.name): spec for spec in own}
    for module in (opening, router):
        monkeypatch.setattr(module, "discover", lambda: found)
    Spy.opened, Spy.asked = [], []


async def served(engines: Engines, tenant_id: str = "", voice: Voice | None = None) -> list[str]:
    """The engines of the chain in order."""
    chain: Any = await engines.tts("ar", For(Ledger(), tenant_id), voice)
    return [one.tariff.spec.name for one in chain.engines]


def of(chains: Mapping[str, str], configs: Mapping[tuple[str, str], Mapping[str, Any]] | None = None) -> Any:
    async def own(tenant_id: str) -> Own:
        return Own(chains, configs or {}) if tenant_id == "t1" else Own()

    return own


async def test_a_tenants_chain_goes_before_the_installations(tmp_path: Path) -> None:
    own = of({"tts": "hosted,plain"}, {("tts", "hosted"): {"key": SecretStr("theirs")}})
    engines = Engines({"tts": "plain"}, bench(tmp_path), of_tenant=own)
    assert await served(engines, "t1") == ["hosted", "plain"]
    assert await served(engines, "t2") == ["plain"]


async def test_a_tenants_engine_works_with_their_key_through_the_guard(tmp_path: Path) -> None:
    own = of({"tts": "hosted"}, {("tts", "hosted"): {"key": SecretStr("theirs")}})
    async with httpx.AsyncClient() as guarded:
        given = {"key": "ours"}
        engines = Engines({"tts": "hosted"}, bench(tmp_path), given=lambda *_: given, of_tenant=own, guarded=guarded)
        for tenant in ("t1", "t2"):
            voice = await engines.tts("ar", For(Ledger(), tenant))
            assert len([part async for part in voice.speak(Saying("مرحبا", "ar"))]) == 1
        assert [config.key.get_secret_value() for _, config, _ in Spy.opened] == ["theirs", "ours"]
        assert [given.http is guarded for _, _, given in Spy.opened] == [True, False]


async def test_a_tenant_can_not_take_what_the_operator_does_not_offer(tmp_path: Path) -> None:
    own = of({"tts": "heavy,hosted,plain"}, {("tts", "heavy"): {"url": "file:///etc/passwd"}})
    engines = Engines({"tts": "plain"}, bench(tmp_path), of_tenant=own)
    assert await served(engines, "t1") == ["plain"]
    offered = Engines({"tts": "heavy,plain"}, bench(tmp_path), of_tenant=own)
    assert await served(offered, "t1") == ["heavy", "plain"]
    [heavy, _] = await offered.configurations("t1")
    assert (heavy.config.url, heavy.owner) == ("https://default.example", None)


async def test_a_wrong_set_up_is_left_out_and_its_values_are_not_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = of({"tts": "hosted,plain"}, {("tts", "hosted"): {"key": SecretStr("s3cret"), "urk": "s3cret"}})
    engines = Engines({"tts": "plain"}, bench(tmp_path), of_tenant=own)
    assert await served(engines, "t1") == ["plain"]
    assert "urk" in caplog.text
    assert "s3cret" not in caplog.text


async def test_a_voice_goes_to_its_engine_and_to_no_other(tmp_path: Path) -> None:
    engines = Engines({"tts": "plain,hosted"}, bench(tmp_path))
    chosen = Voice("hosted", "nour")
    assert await served(engines, voice=chosen) == ["hosted", "plain"]
    chain: Any = await engines.tts("ar", For(Ledger()), chosen)
    for engine in chain.engines:
        assert len([part async for part in engine.speak(Saying("مرحبا", "ar"))]) == 1
    assert [(name, saying.voice) for name, saying in Spy.asked] == [("hosted", "nour"), ("plain", None)]


async def test_a_cloned_voice_goes_only_to_engines_that_clone(tmp_path: Path) -> None:
    engines = Engines({"tts": "plain,cloning"}, bench(tmp_path))
    chain: Any = await engines.tts("ar", For(Ledger()), Voice(clone=CLONE))
    for engine in chain.engines:
        assert len([part async for part in engine.speak(Saying("مرحبا", "ar"))]) == 1
    assert [(name, saying.clone) for name, saying in Spy.asked] == [("cloning", CLONE), ("plain", None)]


@pytest.mark.parametrize("voice", [Voice("elsewhere", "nour"), Voice(clone=CLONE)])
async def test_a_voice_that_nothing_can_speak_with_is_refused(tmp_path: Path, voice: Voice) -> None:
    engines = Engines({"tts": "plain"}, bench(tmp_path))
    with pytest.raises(NeedsOwner, match="engines that can: plain"):
        await engines.check_voice(voice, "ar", "")
    await engines.check_voice(Voice("plain", "nour"), "ar", "")


async def test_an_engine_that_can_not_be_opened_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(config: object, given: Bench) -> Any:
        raise NeedsOwner("weights-missing", "run `cli.py doctor --pull`")

    broken = replace(spy("broken"), open=fails)
    for module in (opening, router):
        monkeypatch.setattr(module, "discover", lambda: {("tts", "broken"): broken, ("tts", "plain"): spy("plain")})
    engines = Engines({"tts": "broken,plain"}, bench(tmp_path))
    await engines.warm()
    voice = await engines.tts("ar", For(Ledger()))
    assert len([part async for part in voice.speak(Saying("مرحبا", "ar"))]) == 1
    assert [name for name, _ in Spy.asked] == ["plain"]
    await engines.close()


async def test_an_engine_is_opened_once_per_configuration(tmp_path: Path) -> None:
    engines = Engines({"tts": "plain"}, bench(tmp_path))
    for _ in range(3):
        voice = await engines.tts("ar", For(Ledger()))
        assert len([part async for part in voice.speak(Saying("مرحبا", "ar"))]) == 1
    assert len(Spy.opened) == 1


async def test_a_set_up_is_kept_sealed_and_its_key_stays_with_its_address(database: Floor) -> None:
    book = EngineBook(database.db, Vault.generate())
    policy = Policy(engines={"tts": "hosted"}).model_dump(mode="json", exclude_defaults=True)
    tenant, other = await make_tenant(database.db, policy=policy), await make_tenant(database.db)
    await book.keep(tenant.id, "tts", "hosted", {"url": "https://a.example"}, {"key": "s3cret"})
    await book.keep(tenant.id, "tts", "hosted", {"url": "https://a.example", "voice": "x"}, {})
    own = await book.of(tenant.id)
    assert own.chains == {"tts": "hosted"}
    assert own.configs["tts", "hosted"]["key"].get_secret_value() == "s3cret"
    assert (await book.of(other.id)).configs == {}
    async with database.db.platform(reads=True) as session:
        [row] = (await session.execute(EngineAccount.__table__.select())).mappings().all()  # type: ignore[attr-defined]  # a model's table
    assert "s3cret" not in str(dict(row))
    await book.keep(tenant.id, "tts", "hosted", {"url": "https://b.example"}, {})
    assert "key" not in (await book.of(tenant.id)).configs["tts", "hosted"]
    await book.forget(tenant.id, "tts", "hosted")
    assert (await book.of(tenant.id)).configs == {}


async def test_an_engine_that_keeps_failing_is_left_alone_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(config: object, given: Bench) -> Any:
        raise NeedsOwner("weights-missing", "run `cli.py doctor --pull`")

    broken = replace(spy("broken", hosted=True), open=fails)
    for module in (opening, router):
        monkeypatch.setattr(module, "discover", lambda: {("tts", "broken"): broken, ("tts", "plain"): spy("plain")})
    engines = Engines({"tts": "broken,plain"}, bench(tmp_path))
    for _ in range(6):
        voice = await engines.tts("ar", For(Ledger()))
        assert len([part async for part in voice.speak(Saying("مرحبا", "ar"))]) == 1
    [told] = engines.figures()["engines"]
    assert (told["name"], told["condition"]) == ("tts/broken", "open")
    assert engines.figures()["resident"] == []
