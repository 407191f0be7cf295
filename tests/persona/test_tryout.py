"""Trying a bot: the way of a real question, with everything that made the answer, and no trace of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import func, select

from core_pipeline.engines.fair import FairGate
from core_pipeline.engines.router import Engines, For
from core_pipeline.engines.wrap.meter import Bill
from core_pipeline.insight import counting
from core_pipeline.insight.period import Period
from core_pipeline.knowledge.shelf import Shelf
from core_pipeline.tryout import Asked, Stand, Tried, tried, unsaved
from errors import Impossible
from tenants import demo, directory
from tenants.blobs import Blobs
from tenants.models import Conversation, Message, Tenant, Turn, TurnStage, now
from tenants.policy import Policy
from tenants.seed import seed
from tests.api.town import ApiSandbox
from tests.conftest import Floor
from tests.turns.paper import PaperEngines


class Chain(PaperEngines):
    """Paper engines whose chain is told."""

    cost = 0

    async def configurations(self, tenant_id: str = "") -> list[Any]:
        return []

    async def llm(self, language: str | None, order: For, voice: object = None) -> Any:
        order.ledger.bills.append(Bill("answer", "paper", 1.0, 900.0, "token", self.cost))
        return await super().llm(language, order)


@pytest.fixture
async def stand(sqlite_database: Floor, tmp_path: Path) -> AsyncIterator[Stand]:
    """Paper engines over the demo's own shelf."""
    db = sqlite_database.db
    await seed(db, demo.load())
    shelf = Shelf(db, tmp_path)
    rooms = (db, Blobs(f"file://{tmp_path}/blobs"), cast("Engines", Chain()), shelf, FairGate(2))
    yield Stand(*rooms, sandbox=cast("Any", ApiSandbox()))
    await shelf.close()


async def shop(stand: Stand) -> Tenant:
    tenant_id = await directory.id_of(stand.db, "demo")
    async with stand.db.tenant(tenant_id, reads=True) as session:
        return await session.get_one(Tenant, tenant_id)


async def ask(stand: Stand, text: str = "", sound: bytes | None = None, **policy: Any) -> Tried:
    tenant = await shop(stand)
    values = Policy.model_validate({**tenant.policy, **policy})
    return await tried(stand, tenant, values, Asked(text, sound))


async def test_an_answer_tells_what_it_rests_on_and_what_it_took(stand: Stand) -> None:
    came = await ask(stand, "بكام التوصيل؟")
    assert came.answer == "[بكام التوصيل؟]"
    assert (came.language, came.dialect, came.note, came.sure) == ("ar", "egyptian", "", True)
    assert came.passages[0].passage.score > 0.5
    assert "30 جنيه" in came.passages[0].passage.answer
    assert came.sentences == [came.answer]
    assert came.sound is not None
    assert came.sound[:4] == b"OggS"
    assert came.seconds == 0.5
    assert {"recall", "thought", "encode"} <= {bill.stage for bill in came.bills}


async def test_nothing_is_written_and_nothing_stored(stand: Stand, tmp_path: Path) -> None:
    await ask(stand, "بكام التوصيل؟")
    async with stand.db.platform(reads=True) as session:
        for table in (Conversation, Message, Turn, TurnStage):
            assert await session.scalar(select(func.count()).select_from(table)) == 0
    assert not [one for one in (tmp_path / "blobs").rglob("*") if one.is_file()]


async def test_what_a_trial_costs_is_the_businesss(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Chain, "cost", 2500)
    await ask(stand, "بكام التوصيل؟")
    period = Period.latest(1, "Africa/Cairo", now())
    async with stand.db.tenant((await shop(stand)).id, reads=True) as session:
        dearest, *_ = await counting.costs(session, period)
        assert await counting.spent(session, period) == 2500
    assert (dearest.channel, dearest.stage, dearest.cost) == (counting.TRIAL, "answer", 2500)


async def test_a_recording_is_heard_first(stand: Stand) -> None:
    came = await ask(stand, sound="متى تفتحون؟".encode())
    assert (came.heard, came.confidence, came.language) == ("متى تفتحون؟", 0.9, "ar")
    unsure = await ask(stand, sound="متى تفتحون؟".encode(), confidence=0.95)
    assert unsure.note == "not-understood"
    assert "لم أفهم" in unsure.answer
    assert unsure.passages == []


async def test_a_broken_recording_is_answered_as_a_customers_would_be(stand: Stand) -> None:
    cast("Any", stand.engines).fail["asr"] = [Impossible("media-unreadable")]
    came = await ask(stand, sound=b"noise")
    assert came.note == "media-unreadable"
    assert "اكتب" in came.answer


async def test_why_there_is_no_answer(stand: Stand) -> None:
    words = {"handed": {"en": "A colleague comes."}, "unknown": {"en": "No idea."}}
    strange = await ask(stand, "How many moons has Jupiter?", phrases=words, answerable=0.9)
    assert (strange.note, strange.answer, strange.sure) == ("unknown", "No idea.", False)
    person = await ask(stand, "I want to talk to a human", phrases=words)
    assert (person.note, person.answer) == ("handoff", "A colleague comes.")
    rule = await ask(stand, "I want a refund", phrases=words, handoff={"words": ["refund"]})
    assert (rule.note, rule.answer) == ("words", "A colleague comes.")
    shut: dict[str, Any] = {"hours": {"week": {"mon": []}}, "handoff": {"when_closed": False}}
    closed = await ask(stand, "I want to talk to a human", phrases={"closed_note": {"en": "Closed."}}, **shut)
    assert (closed.note, closed.answer) == ("closed", "Closed.")


async def test_unsaved_values_are_tried(stand: Stand) -> None:
    tenant = await shop(stand)
    policy = Policy.model_validate({"answers_in": "en", "phrases": {"handed": {"en": "Call {phone}."}}})
    like = unsaved(tenant, policy, {"phone": "0199"})
    came = await tried(stand, like, policy, Asked("عايز اكلم موظف", speak=False))
    assert (came.language, came.answer, came.sound) == ("en", "Call 0199.", None)
    assert tenant.facts != {"phone": "0199"}


async def test_a_voice_that_fails_is_told_and_the_answer_stays(stand: Stand) -> None:
    cast("Any", stand.engines).fail["tts"] = [Impossible("no-words")]
    came = await ask(stand, "بكام التوصيل؟")
    assert (came.sound, came.no_sound) == (None, "no-words")
    assert came.answer


async def test_no_question_is_none(stand: Stand) -> None:
    for text in ("", " \0 "):
        with pytest.raises(Impossible, match="type a question"):
            await ask(stand, text)
