"""What a business knows: entries, products, and what the bot did not know; documents are in `papers`."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, File, Form, Path, Query, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from core_pipeline.knowledge import trying
from core_pipeline.knowledge.answering import answer_question
from core_pipeline.knowledge.sheets import importing, table
from core_pipeline.knowledge.sheets.fields import columns, draft_of, record_of
from core_pipeline.telling import told
from tenants import audit, facts, open_questions
from tenants.audit import Actor
from tenants.facts import SHAPES, Asked
from webhooks.api import known, schemas
from webhooks.api.access import Caller, allowed
from webhooks.api.papers import Papers
from webhooks.api.problems import Refusal, language_of

if TYPE_CHECKING:
    from fastapi import FastAPI
    from pydantic import BaseModel
    from sqlalchemy.ext.asyncio import AsyncSession

    from core_pipeline.knowledge.sheets.fields import Fault
    from core_pipeline.knowledge.sheets.importing import Plan
    from tenants.facts import Fact
    from webhooks.api.desk import Desk

Keeper = Annotated[Caller, Depends(allowed("knowledge", secret=True))]
Key = Annotated[str, Path(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f/]+$")]
QuestionId = Annotated[str, Path(pattern=schemas.ID)]
After = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$", description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=200)]
Search = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]
BATCH = 1000


@dataclass(frozen=True)
class Knowledge:
    """The routes that need the scope "knowledge"."""

    desk: Desk

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        row = known.FactRow
        entries, products = "/knowledge/entries", "/knowledge/products"
        app.add_api_route(entries, self.entry_added, methods=["POST"], response_model=row, status_code=201)
        app.add_api_route(f"{entries}/{{key}}", self.entry_written, methods=["PUT"], response_model=row)
        app.add_api_route(products, self.product_added, methods=["POST"], response_model=row, status_code=201)
        app.add_api_route(f"{products}/{{key}}", self.product_written, methods=["PUT"], response_model=row)
        app.add_api_route("/knowledge/available", self.switched, methods=["POST"], response_model=known.Switched)
        app.add_api_route("/knowledge/search", self.tried, methods=["POST"], response_model=known.Tried)
        questions = "/knowledge/questions"
        one = known.OpenQuestionRow
        app.add_api_route(questions, self.asked, methods=["GET"], response_model=known.OpenQuestionPage)
        app.add_api_route(f"{questions}/{{question_id}}/answer", self.answered, methods=["POST"], response_model=row)
        app.add_api_route(f"{questions}/{{question_id}}", self.put, methods=["PUT"], response_model=one)
        Papers(self.desk).add_to(app)
        app.add_api_route("/knowledge/{kind}", self.listed, methods=["GET"], response_model=known.FactPage)
        csv: Any = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
        path = "/knowledge/{kind}/csv"
        app.add_api_route(path, self.exported, methods=["GET"], response_class=Response, responses=csv)
        app.add_api_route(path, self.imported, methods=["POST"], response_model=known.Imported)
        app.add_api_route("/knowledge/{kind}/{key}", self.read, methods=["GET"], response_model=row)
        app.add_api_route("/knowledge/{kind}/{key}", self.removed, methods=["DELETE"], status_code=204)

    async def listed(
        self,
        caller: Keeper,
        kind: known.Kind,
        q: Search = "",
        missing: schemas.Language | None = None,
        after: After = "",
        limit: Limit = 50,
    ) -> known.FactPage:
        """List entries or products: those with all words of `q`, those that are not told in a language."""
        shape, wanted = SHAPES[kind], Asked(q, missing or "")
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            found = await facts.page(session, shape, wanted, after, limit + 1)
            total = await facts.count(session, shape, wanted)
        rows = [_row(fact) for fact in found[:limit]]
        return known.FactPage(rows=rows, total=total, next=rows[-1].key if len(found) > limit else None)

    async def read(self, caller: Keeper, kind: known.Kind, key: Key) -> known.FactRow:
        """Read one with all its languages."""
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            return _row(await facts.find(session, SHAPES[kind], key))

    async def entry_added(self, caller: Keeper, asked: known.EntryDraft) -> known.FactRow:
        """Add an entry."""
        return await self._save(caller, "entries", None, asked, asked.mark)

    async def entry_written(self, caller: Keeper, key: Key, asked: known.EntryDraft) -> known.FactRow:
        """Write the entry of this key, whether or not it is there."""
        return await self._save(caller, "entries", key, asked, asked.mark)

    async def product_added(self, caller: Keeper, asked: known.ProductDraft) -> known.FactRow:
        """Add a product."""
        return await self._save(caller, "products", None, asked, asked.mark)

    async def product_written(self, caller: Keeper, key: Key, asked: known.ProductDraft) -> known.FactRow:
        """Write the product of this key, whether or not it is there."""
        return await self._save(caller, "products", key, asked, asked.mark)

    async def removed(self, caller: Keeper, kind: known.Kind, key: Key) -> Response:
        """Delete one in all its languages."""
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            gone = await facts.remove(session, SHAPES[kind], key)
            _note(session, caller, f"{kind}.delete", key, before=dict(gone.versions))
        return Response(status_code=204)

    async def switched(self, caller: Keeper, asked: known.Switching) -> known.Switched:
        """Say which products can be had, or not."""
        keys = [key.replace("\0", "") for key in asked.keys]
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            changed = await facts.set_available(session, asked.available, keys)
            _note(session, caller, "products.available", after={"available": asked.available, "rows": changed})
        return known.Switched(changed=changed)

    async def exported(self, caller: Keeper, kind: known.Kind) -> Response:
        """All of them as a file for spreadsheets."""
        shape, records, last = SHAPES[kind], list[dict[str, str]](), ""
        while True:
            async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
                found = await facts.page(session, shape, Asked(), last, BATCH)
            records += [record_of(shape, fact) for fact in found]
            if len(found) < BATCH:
                break
            last = found[-1].key
        return Response(table.write(columns(shape), records), media_type="text/csv; charset=utf-8")

    async def imported(
        self,
        request: Request,
        caller: Keeper,
        kind: known.Kind,
        file: Annotated[UploadFile, File(description="CSV with the names of the columns in the first row.")],
        apply: Annotated[bool, Form(description="Do it; else it is only told what would be done.")] = False,
    ) -> known.Imported:
        """Take in a file of entries or products, all in one go; nothing is deleted, wrong lines are left out."""
        shape = SHAPES[kind]
        lines = table.read(shape, await file.read())
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=not apply) as session:
            plan = await importing.plan(session, shape, lines)
            if apply and plan.worth:
                _note(session, caller, f"{kind}.import", after=await importing.apply(session, shape, plan))
        return _told(plan, language_of(request), applied=apply and plan.worth)

    async def tried(self, caller: Keeper, asked: known.Trying) -> known.Tried:
        """Try the search with a question: how it is understood, what is found, and what would answer."""
        needs = self.desk.needs
        _, policy = await self.desk.tenant(caller.tenant_id)
        trial = await trying.tried(needs.shelf, needs.db, caller.tenant_id, asked.question, policy, asked.language)
        understood = trial.understood
        return known.Tried(
            language=understood.language,
            arabizi=understood.arabizi,
            questions=list(understood.questions),
            words=[word.read for word in understood.words],
            threshold=trial.threshold,
            floor=trial.floor,
            answered=trial.answered,
            passages=[_passage(one) for one in trial.found],
        )

    async def asked(
        self,
        caller: Keeper,
        state: known.State = "open",
        after: Annotated[str | None, Query(pattern=schemas.ID)] = None,
        limit: Limit = 50,
    ) -> known.OpenQuestionPage:
        """List what customers asked and the bot did not know."""
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            found = await open_questions.page(session, state, after or "", limit + 1)
            counts = await open_questions.counts(session)
        rows = [_question(one.question, one.conversation_id) for one in found[:limit]]
        following = rows[-1].id if len(found) > limit else None
        return known.OpenQuestionPage(questions=rows, counts=counts, next=following)

    async def answered(self, caller: Keeper, question_id: QuestionId, asked: known.Answering) -> known.FactRow:
        """Answer a question: an entry is made of it, and it is closed."""
        draft = draft_of(facts.ENTRIES, _record(asked, "entries"))
        _refuse(draft.faults)
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            done = await answer_question(session, question_id, draft.versions, asked.also)
            _note(session, caller, "question.answer", done.fact.key, after=dict(done.fact.versions))
        return _row(done.fact)

    async def put(self, caller: Keeper, question_id: QuestionId, asked: known.Putting) -> known.OpenQuestionRow:
        """Dismiss a question, or open it again."""
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            question = await open_questions.put(session, question_id, asked.state)
            _note(session, caller, "question.put", question_id, after={"state": asked.state})
        return _question(question, None)

    async def _save(
        self, caller: Caller, kind: str, key: str | None, asked: BaseModel, mark: str | None
    ) -> known.FactRow:
        shape = SHAPES[kind]
        draft = draft_of(shape, _record(asked, kind))
        # One language of a fact that is there may be taken away by itself.
        taking = key is not None and bool(draft.versions)
        _refuse(tuple(one for one in draft.faults if not (taking and one.code == "needed-any")))
        name = key or facts.new_key(shape)
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            before, after = await facts.save(session, shape, name, draft.versions, mark if key else "")
            if after is None:
                raise Refusal(422, "invalid", faults=["fact-needed-any"])
            was = dict(before.versions) if before else None
            _note(session, caller, f"{kind}.save", name, before=was, after=dict(after.versions))
        return _row(after)


def _record(asked: BaseModel, kind: str) -> dict[str, str]:
    """What was sent as a record: a language that was left out is missing there, too."""
    given = asked.model_dump(exclude_unset=True)
    record: dict[str, str] = {}
    for language in facts.LANGUAGES:
        if language in given:
            said = given[language] or {}
            for name in SHAPES[kind].said:
                value = said.get(name, "")
                record[f"{name}_{language}"] = "\n".join(value) if isinstance(value, list) else value
    if SHAPES[kind].shared:
        whole = asked.model_dump()
        record |= {"price": whole["price"], "currency": whole["currency"]}
        record["available"] = "yes" if whole["available"] else "no"
    return record


def _refuse(found: tuple[Fault, ...]) -> None:
    if found:
        raise Refusal(422, "invalid", faults=[(one.field, one.told) for one in found])


def _note(session: AsyncSession, caller: Caller, deed: str, thing: str = "", **changed: Any) -> None:
    audit.record(session, Actor(f"api:{caller.id}"), f"knowledge.{deed}", thing, **changed)


def _row(fact: Fact) -> known.FactRow:
    versions = {language: dict(said) for language, said in fact.versions.items()}
    return known.FactRow(key=fact.key, mark=fact.mark, document_id=fact.document_id, versions=versions)


def _question(row: Any, conversation: str | None) -> known.OpenQuestionRow:
    names = ("id", "question", "language", "asked", "state", "first_at", "last_at")
    said = {name: getattr(row, name) for name in names}
    return known.OpenQuestionRow(**said, entry=row.entry_id, conversation=conversation)


def _passage(one: trying.Found) -> known.TriedPassage:
    origin, passage = one.origin, one.passage
    return known.TriedPassage(
        id=passage.id,
        kind=origin.kind if origin else None,
        key=origin.fact if origin else "",
        document_id=origin.document_id if origin else None,
        page=origin.page if origin else None,
        question=passage.question,
        text=passage.extract or passage.answer,
        score=passage.score,
        answers=one.answers,
        counts=one.counts,
    )


def _told(plan: Plan, language: str, *, applied: bool) -> known.Imported:
    lines = [
        known.ImportLine(
            line=one.line.number,
            outcome=one.outcome,
            key=one.key,
            errors=[_wrong(each, language) for each in one.faults],
        )
        for one in plan.lines
    ]
    return known.Imported(applied=applied, counts=plan.counts, lines=lines)


def _wrong(fault: Fault, language: str) -> known.LineFault:
    words = told(fault.told, HTTPStatus.UNPROCESSABLE_ENTITY, language)
    return known.LineFault(where=fault.field, what=words, code=fault.code)
