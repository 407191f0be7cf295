"""The dictionary of pronunciation: words as they are written and spoken, one by one or as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, File, Path, UploadFile
from pydantic import AfterValidator, BaseModel, Field
from starlette.responses import Response

from core_pipeline.thinking import pronouncing
from tenants import pronunciations
from tenants.audit import Actor
from tenants.models import Pronunciation
from webhooks.api import schemas
from webhooks.api.access import Caller, allowed

if TYPE_CHECKING:
    from fastapi import FastAPI

    from webhooks.api.desk import Desk

Editor = Annotated[Caller, Depends(allowed("voices", secret=True))]
WordId = Annotated[str, Path(pattern=schemas.ID)]
CSV = "text/csv"


def _plain(text: str) -> str:
    return text.replace("\0", "")


class WordGiven(schemas.Asking):
    """A word as it stands in answers, and as it is to be spoken, in answers of this language."""

    language: schemas.Language
    written: Annotated[str, Field(min_length=1, max_length=pronouncing.LONGEST_WRITTEN), AfterValidator(_plain)]
    spoken: Annotated[str, Field(min_length=1, max_length=pronouncing.LONGEST_SPOKEN), AfterValidator(_plain)]


class Word(BaseModel):
    """A word of the dictionary."""

    id: str
    language: str
    written: str
    spoken: str


class Words(BaseModel):
    """The whole dictionary, in the order of its letters."""

    words: list[Word]


class TakenIn(BaseModel):
    """How many words of a table are new, and how many of those that were there are spoken otherwise now."""

    new: int
    changed: int


@dataclass(frozen=True)
class Pronunciations:
    """The routes on pronunciation, which need the scope "voices" and a secret key."""

    desk: Desk

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        path, one = "/pronunciations", "/pronunciations/{word_id}"
        app.add_api_route(path, self.listed, methods=["GET"], response_model=Words)
        app.add_api_route(path, self.added, methods=["POST"], response_model=Word, status_code=201)
        table = {"content": {CSV: {"schema": {"type": "string"}}}}
        app.add_api_route(f"{path}/table", self.table, methods=["GET"], responses={200: table}, response_class=Response)
        app.add_api_route(f"{path}/table", self.taken_in, methods=["POST"], response_model=TakenIn)
        app.add_api_route(one, self.changed, methods=["PUT"], response_model=Word)
        app.add_api_route(one, self.dropped, methods=["DELETE"], status_code=204)

    async def listed(self, caller: Editor) -> Words:
        """List the words that are spoken otherwise than they are written."""
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            rows = await pronunciations.listing(session)
        return Words(words=[_told(row) for row in rows])

    async def added(self, caller: Editor, word: WordGiven) -> Word:
        """Have a word spoken so from the next answer on."""
        return await self._kept(caller, word)

    async def changed(self, caller: Editor, word_id: WordId, word: WordGiven) -> Word:
        """Change a word of the dictionary."""
        return await self._kept(caller, word, word_id)

    async def dropped(self, caller: Editor, word_id: WordId) -> Response:
        """Have a word spoken as it is written again."""
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            await pronouncing.drop(session, actor_of(caller), word_id)
        return Response(status_code=204)

    async def table(self, caller: Editor) -> Response:
        """The dictionary as a CSV file of three columns: language, written, spoken."""
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            rows = await pronunciations.listing(session)
        return Response(pronouncing.table(rows), media_type=CSV)

    async def taken_in(
        self, caller: Editor, table: Annotated[UploadFile, File(description="CSV (UTF-8): language, written, spoken.")]
    ) -> TakenIn:
        """Add all words of a table; those that are there already are spoken as it says."""
        words = pronouncing.read_table(await table.read())
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            new, changed = await pronouncing.take_in(session, actor_of(caller), words)
        return TakenIn(new=new, changed=changed)

    async def _kept(self, caller: Caller, word: WordGiven, word_id: str = "") -> Word:
        given = (word.language, word.written, word.spoken)
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            row = await pronouncing.keep(session, actor_of(caller), *given, pronunciation_id=word_id)
        return _told(row)


def actor_of(caller: Caller) -> Actor:
    """Who calls, for the audit."""
    return Actor(f"api:{caller.id}")


def _told(row: Pronunciation) -> Word:
    return Word(id=row.id, language=row.language, written=row.written, spoken=row.spoken)
