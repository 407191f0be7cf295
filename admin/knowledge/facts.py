"""Questions with their answers, and what is sold, as rows that are edited where they stand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from admin.frame.doors import Door
from admin.knowledge.row import Row, empty_row, longest, row_of, typed_row
from admin.knowledge.saying import why
from core_pipeline.knowledge.sheets.fields import draft_of
from errors import Impossible, NeedsOwner
from tenants import facts
from tenants.facts import LANGUAGES, LONGEST_FACT, PRODUCTS, Asked
from tenants.people.roles import May

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncSession
    from starlette.responses import Response

    from admin.frame.visit import Visit
    from tenants.facts import Fact, Shape

PAGE = 50
LONGEST_SEARCH = 200
AVAILABLE = {"yes": True, "no": False}
NEWS_SAID = {"saved": "Saved.", "changed": "Somebody changed it meanwhile."}


@dataclass(frozen=True)
class Facts:
    """The pages of one table."""

    shape: Shape

    def doors(self, here: str) -> tuple[Door, ...]:
        """Its addresses."""
        base = f"{here}/{self.shape.name}"
        own = (
            Door("GET", base, May.SEE, self.listed),
            Door("GET", f"{base}/edit", May.EDIT, self.edited),
            Door("POST", f"{base}/save", May.EDIT, self.saved),
            Door("POST", f"{base}/delete", May.EDIT, self.deleted),
        )
        return (*own, Door("POST", f"{base}/available", May.EDIT, self.switched)) if self.shape is PRODUCTS else own

    async def listed(self, visit: Visit) -> Response:
        """A page of rows: those that are asked for."""
        return await self._page(visit)

    async def edited(self, visit: Visit) -> Response:
        """A row to be edited (or, with `cancel`, as it is): in its place, or on a page of its own."""
        if not visit.request.query_params.get("key"):
            return visit.go(f"/knowledge/{self.shape.name}")
        key = _key(visit.request.query_params["key"])
        async with visit.work(reads=True) as session:
            row = row_of(self.shape, await facts.find(session, self.shape, key))
        block = "row" if "cancel" in visit.request.query_params else "form"
        return self._row(visit, row, block)

    async def saved(self, visit: Visit) -> Response:
        """Write a row; what somebody else changed meanwhile is shown beside what was typed."""
        fields = await visit.fields()
        draft = draft_of(self.shape, fields)
        key = _key(draft.key) if draft.key else facts.new_key(self.shape)
        if draft.faults:
            return await self._refused(visit, typed_row(visit, self.shape, fields, draft.faults), 422)
        shown = fields.get("shown", "")
        try:
            async with visit.work() as session:
                before, after = await facts.save(session, self.shape, key, draft.versions, shown)
                self._note(visit, session, "save", key, before, after)
        except Impossible:
            return await self._conflict(visit, fields, key)
        except NeedsOwner as error:
            return await self._refused(visit, typed_row(visit, self.shape, fields), 409, why(visit, error))
        if visit.partial and after is not None:
            return self._row(visit, row_of(self.shape, after), "row", news=NEWS_SAID["saved"])
        return visit.go(f"/knowledge/{self.shape.name}", "Saved.")

    async def deleted(self, visit: Visit) -> Response:
        """Take a row out; it can be had back from what this answers."""
        fields = await visit.fields()
        key = _key(fields.get("key", ""))
        try:
            async with visit.work() as session:
                gone = await facts.remove(session, self.shape, key, fields.get("shown"))
                self._note(visit, session, "delete", key, gone, None)
        except Impossible as error:
            if error.code != "fact-changed":
                raise
            return await self._conflict(visit, {}, key)
        row = replace(row_of(self.shape, gone), mark="")
        if visit.partial:
            return self._row(visit, row, "gone")
        return await self._page(visit, gone=row)

    async def switched(self, visit: Visit) -> Response:
        """Say of the ticked products, or of all that are asked for, whether they can be had."""
        form = await visit.form()
        available = AVAILABLE.get(str(form.get("available", "")))
        if available is None:
            raise Impossible("invalid", "say yes or no")
        everything = form.get("everything") == "yes"
        keys = None if everything else [_key(str(one)) for one in form.getlist("key")]
        async with visit.work() as session:
            changed = await facts.set_available(session, available, keys, _asked(visit.request.query_params))
            visit.note(session, "knowledge.products.available", after={"available": available, "rows": changed})
        query = visit.link().partition("?")[2]
        return visit.go(f"/knowledge/{self.shape.name}" + (f"?{query}" if query else ""), "Saved.")

    async def _page(self, visit: Visit, status: int = 200, **given: Any) -> Response:
        query = visit.request.query_params
        asked, after = _asked(query), query.get("after", "").replace("\0", "")
        async with visit.work(reads=True) as session:
            found = await facts.page(session, self.shape, asked, after, PAGE + 1)
            total = await facts.count(session, self.shape)
            lacking = {one: await facts.count(session, self.shape, Asked(missing=one)) for one in LANGUAGES}
        rows = [row_of(self.shape, fact) for fact in found[:PAGE]]
        following = visit.link(after=rows[-1].key) if len(found) > PAGE else ""
        counted = {"total": total, "lacking": lacking, "next": following, "first": visit.link(after=None)}
        shown = {"rows": rows, "asked": asked, "after": after, "new": empty_row(self.shape), "gone": None, "error": ""}
        drawn: dict[str, Any] = {**self._given(), **shown, **counted, **given}
        return visit.page("knowledge/facts.html", status=status, **drawn)

    async def _conflict(self, visit: Visit, fields: Mapping[str, str], key: str) -> Response:
        """Show what stands there now beside what was typed; where the row is gone, what was typed as a new one."""
        async with visit.work(reads=True) as session:
            fact = (await facts.read(session, self.shape, [key])).get(key)
        if fact is None:
            return self._row(visit, typed_row(visit, self.shape, {**fields, "shown": ""}), "form", 409, lost=True)
        if not fields:
            return self._row(visit, row_of(self.shape, fact), "row", 409, news=NEWS_SAID["changed"])
        return self._row(visit, typed_row(visit, self.shape, fields, fact=fact), "form", 409)

    async def _refused(self, visit: Visit, row: Row, status: int, error: str = "") -> Response:
        if row.key or visit.partial:
            return self._row(visit, row, "form", status, error=error)
        return await self._page(visit, status, new=row, error=error)

    def _row(self, visit: Visit, row: Row, block: str, status: int = 200, **given: Any) -> Response:
        """One row in its place; to a browser without script a page with that row."""
        name = f"knowledge/fact_{block}.html" if visit.partial else "knowledge/fact.html"
        shown = {**self._given(), "row": row, "part": block, "news": "", "lost": False, "error": "", **given}
        return visit.page(name, status=status, **shown)

    def _given(self) -> dict[str, Any]:
        return {"shape": self.shape.name, "longest": longest()}

    def _note(
        self, visit: Visit, session: AsyncSession, deed: str, key: str, before: Fact | None, after: Fact | None
    ) -> None:
        was, became = (dict(one.versions) if one is not None else None for one in (before, after))
        visit.note(session, f"knowledge.{self.shape.name}.{deed}", key, before=was, after=became)


def _key(text: str) -> str:
    """A key that a fact may have."""
    key = text.replace("\0", "").strip()
    if not key or len(key) > LONGEST_FACT:
        raise Impossible("fact-missing")
    return key


def _asked(query: Mapping[str, str]) -> Asked:
    """Which rows the address asks for."""
    missing, document = query.get("missing", ""), query.get("document", "").replace("\0", "")
    return Asked(
        query.get("q", "").replace("\0", "")[:LONGEST_SEARCH],
        missing if missing in LANGUAGES else "",
        document[:64],
        AVAILABLE.get(query.get("available", "")),
    )
