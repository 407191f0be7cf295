"""In calls, too, a tenant's own words are spoken as it wants: answers and ready words alike."""

from __future__ import annotations

from pathlib import Path

from core_pipeline.calls.host import Say
from core_pipeline.calls.reciting import recite
from core_pipeline.contracts.phrases import READY
from core_pipeline.thinking import pronouncing
from tenants.audit import Actor
from tests.calls.hosting.stage import staged
from tests.conftest import Floor


async def test_a_call_says_words_as_the_tenant_wants(database: Floor, tmp_path: Path) -> None:
    async with staged(database, tmp_path) as stage:
        async with database.db.tenant(stage.tenant.id) as session:
            await pronouncing.keep(session, Actor("test"), "ar", "كشري", "كُشَرِي")
        async for _ in stage.host.speak(Say("الكشري جاهز.", "ar")):
            pass
        assert [saying.text for saying in stage.engines.spoken] == ["الكُشَرِي جاهز."]


async def test_ready_words_are_spoken_anew_in_the_next_call_when_a_word_changes(
    database: Floor, tmp_path: Path
) -> None:
    moment = READY["moment"]["ar"]
    word = moment.split()[0]
    async with staged(database, tmp_path) as stage:
        stage.engines.speaking.set()
        for _ in range(2):
            await recite(stage.lobby, stage.tenant.id, moment, "ar")
        assert len(stage.engines.spoken) == 1
        async with database.db.tenant(stage.tenant.id) as session:
            await pronouncing.keep(session, Actor("test"), "ar", word, "لَحْظَتَيْن")
        await recite(stage.lobby, stage.tenant.id, moment, "ar")
    assert len(stage.engines.spoken) == 2
    assert "لَحْظَتَيْن" in stage.engines.spoken[1].text
