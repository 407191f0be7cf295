"""What customers asked and the bot did not know: answered here, dismissed, or opened again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from admin.knowledge.row import empty_row, longest, typed_row
from admin.knowledge.saying import why
from core_pipeline.knowledge.answering import answer_question
from core_pipeline.knowledge.sheets.fields import draft_of
from core_pipeline.knowledge.trying import known_by_now
from core_pipeline.telling import status_of
from errors import Impossible, NeedsOwner
from tenants import open_questions
from tenants.facts import ENTRIES

if TYPE_CHECKING:
    from starlette.responses import Response

    from admin.frame.visit import Visit
    from admin.knowledge.row import Row

PAGE = 20
ANSWER_SAID = {
    True: "Saved: the bot answers this from now on.",
    False: "Saved, but the search is not sure of it yet: add the customer’s words as another way to ask.",
}
_ID = re.compile(r"[0-9a-f]{32}")


async def listed(visit: Visit) -> Response:
    """Questions in one state, the most asked first; those that would be answered by now are marked."""
    query = visit.request.query_params
    state = query.get("state", "") if query.get("state", "") in open_questions.STATES else open_questions.OPEN
    after = query.get("after", "") if _ID.fullmatch(query.get("after", "")) else ""
    async with visit.work(reads=True) as session:
        found = await open_questions.page(session, state, after, PAGE + 1)
        counts = await open_questions.counts(session)
    shown = found[:PAGE]
    asked = {one.question.id: (one.question.question, one.question.language) for one in shown}
    since = set[str]()
    if state == open_questions.OPEN and asked:
        since = await known_by_now(visit.rooms.shelf, visit.the_tenant.id, asked, visit.policy)
    following = visit.link(after=shown[-1].question.id) if len(found) > PAGE else ""
    return visit.page("knowledge/questions.html", listed=shown, state=state, counts=counts, since=since, next=following)


async def asked(visit: Visit) -> Response:
    """A question with a form to answer it, and others like it."""
    async with visit.work(reads=True) as session:
        question = await open_questions.find(session, _id(visit))
    language = "en" if question.language == "en" else "ar"
    return await _form(visit, empty_row(ENTRIES, **{f"question_{language}": question.question}))


async def answered(visit: Visit) -> Response:
    """Make an entry of the answer, and close the question with those ticked beside it."""
    fields, form = await visit.fields(), await visit.form()
    also = [str(one) for one in form.getlist("also") if _ID.fullmatch(str(one))]
    draft = draft_of(ENTRIES, {**fields, "key": ""})
    if draft.faults:
        return await _form(visit, typed_row(visit, ENTRIES, fields, draft.faults), 422, ticked=also)
    try:
        async with visit.work() as session:
            done = await answer_question(session, _id(visit), draft.versions, also)
            after = {**done.fact.versions, "questions": [one.id for one in done.closed]}
            visit.note(session, "knowledge.question.answer", done.fact.key, after=after)
    except NeedsOwner as error:
        row = typed_row(visit, ENTRIES, fields)
        return await _form(visit, row, status_of(error), ticked=also, error=why(visit, error))
    first = done.closed[0]
    by_now = {first.id: (first.question, first.language)}
    known = await known_by_now(visit.rooms.shelf, visit.the_tenant.id, by_now, visit.policy)
    return visit.go("/knowledge/questions", ANSWER_SAID[bool(known)])


async def put(visit: Visit) -> Response:
    """Dismiss a question, or open it again."""
    state = (await visit.fields()).get("state", "")
    async with visit.work() as session:
        before = (await open_questions.find(session, _id(visit))).state
        question = await open_questions.put(session, _id(visit), state)
        visit.note(session, "knowledge.question.put", question.id, before={"state": before}, after={"state": state})
    return visit.go(f"/knowledge/questions?state={before}", "Saved.")


async def _form(
    visit: Visit, row: Row, status: int = 200, *, ticked: list[str] | None = None, error: str = ""
) -> Response:
    async with visit.work(reads=True) as session:
        question = await open_questions.find(session, _id(visit))
        near = await open_questions.near(session, question.id)
    ticks = [one.id for one in near] if ticked is None else ticked
    given: dict[str, Any] = {
        "question": question,
        "near": near,
        "ticked": ticks,
        "row": row,
        "longest": longest(),
        "error": error,
    }
    return visit.page("knowledge/question.html", status=status, shape="entries", **given)


def _id(visit: Visit) -> str:
    given = visit.path("question")
    if not _ID.fullmatch(given):
        raise Impossible("question-missing")
    return given
