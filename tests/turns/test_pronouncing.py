"""A tenant's own words are spoken as it wants in every note and film, also where the answer was given before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from core_pipeline.answers import NOTE
from core_pipeline.contracts.channel import VideoFormat
from core_pipeline.contracts.engines import Ask, Cited, Pcm, Piece, Saying, Speech
from core_pipeline.contracts.messages import ReplyKind
from core_pipeline.thinking import pronouncing
from tenants import pronunciations
from tenants.audit import Actor
from tenants.models import Film
from tests.conftest import Floor
from tests.turns.paper import PaperEngines
from tests.turns.plant import Plant, planted

QUESTION = "متى يفتح كافيه نور؟"
BY = Actor("test")


@dataclass
class Citing(PaperEngines):
    """Answers from a passage, and notes what was spoken."""

    spoken: list[str] = field(default_factory=list)

    async def answer(self, ask: Ask) -> AsyncIterator[Piece]:
        self.asked.append(ask)
        yield "يفتح كافيه نور الساعة العاشرة."
        yield Cited(("e1",))

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        self.spoken.append(saying.text)
        yield Speech(Pcm(b"\0\1" * 8000, 16_000))


async def pronounce(plant: Plant, written: str, spoken: str) -> None:
    async with plant.floor.db.tenant(plant.tenant.id) as session:
        await pronouncing.keep(session, BY, "ar", written, spoken)


def citing(plant: Plant) -> Citing:
    plant.engines.__class__ = Citing
    engines = plant.engines
    assert isinstance(engines, Citing)
    engines.spoken = []
    return engines


async def test_a_note_says_the_word_as_the_tenant_wants(database: Floor, tmp_path: Path) -> None:
    async with planted(database, tmp_path) as plant:
        engines = citing(plant)
        await pronounce(plant, "كافيه نور", "كافِيه نُور")
        async with plant.working():
            turn = await plant.turn(await plant.says(QUESTION))
    assert turn.answer == "يفتح كافيه نور الساعة العاشرة."
    assert [one.strip(".") for one in engines.spoken] == ["يفتح كافِيه نُور الساعة العاشرة"]


async def test_an_answer_given_before_is_spoken_anew_when_a_word_changes(database: Floor, tmp_path: Path) -> None:
    async with planted(database, tmp_path) as plant:
        engines = citing(plant)
        async with plant.working():
            notes = [(await plant.turn(await plant.says(QUESTION, chat))).note for chat in ("c1", "c2")]
            await pronounce(plant, "نور", "نُورْ")
            notes.append((await plant.turn(await plant.says(QUESTION, "c3"))).note)
            notes.append((await plant.turn(await plant.says(QUESTION, "c4"))).note)
    assert notes == [None, NOTE, None, NOTE]
    assert len(engines.spoken) == 2
    assert ["نُورْ" in one for one in engines.spoken] == [False, True]


async def test_a_kept_film_is_shown_again_until_a_word_changes(database: Floor, tmp_path: Path) -> None:
    square = VideoFormat("square", 64, 64, longest=10.0, most=1 << 20)
    ladder = (ReplyKind.VIDEO, ReplyKind.VOICE, ReplyKind.TEXT)
    async with planted(database, tmp_path, video="always") as plant:
        engines = citing(plant)
        plant.channel.limits = replace(plant.channel.limits, degrade=ladder, videos=(square,))
        async with plant.working():
            for chat in ("c1", "c2", "c3"):
                await plant.turn(await plant.says(QUESTION, chat))
            drawn = len(engines.scenes)
            await pronounce(plant, "نور", "نُورْ")
            for chat in ("c4", "c5"):
                await plant.turn(await plant.says(QUESTION, chat))
            kept = [row for row in await plant.rows(Film) if row.key]
    assert [reply.kind for reply in plant.channel.sent] == [ReplyKind.VIDEO] * 5
    assert (drawn, len(engines.scenes), len(kept)) == (2, 4, 2)
    assert ["نُورْ" in one for one in engines.spoken] == [False, False, True, True]


async def test_a_business_has_its_own_words_in_its_own_language(database: Floor, tmp_path: Path) -> None:
    async with planted(database, tmp_path) as plant, planted(database, tmp_path / "other") as other:
        await pronounce(plant, "نور", "نُورْ")
        db = plant.floor.db
        mine = await pronouncing.pronouncing_of(db, plant.tenant.id, "ar")
        assert mine.said("نور") == "نُورْ"
        for tenant_id, language in ((plant.tenant.id, "en"), (other.tenant.id, "ar")):
            assert (await pronouncing.pronouncing_of(db, tenant_id, language)).said("نور") == "نور"
        async with db.tenant(other.tenant.id, reads=True) as session:
            assert await pronunciations.listing(session) == []
