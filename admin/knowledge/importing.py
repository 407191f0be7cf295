"""Facts to and from a spreadsheet: what a file would change is shown before anything is changed."""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import UploadFile
from starlette.responses import Response

from admin.frame.doors import Door
from admin.frame.guard import refusal
from admin.knowledge.saying import fault, field_name, why
from core_pipeline.knowledge.sheets import importing, table
from core_pipeline.knowledge.sheets.fields import columns, record_of
from core_pipeline.telling import status_of
from errors import Impossible, SawtakError
from tenants import facts
from tenants.people.roles import May

if TYPE_CHECKING:
    from collections.abc import Sequence

    from admin.frame.visit import Visit
    from core_pipeline.knowledge.sheets.importing import Plan
    from core_pipeline.knowledge.sheets.table import Line
    from tenants.facts import Shape

SHOWN = 200
BATCH = 1000
MOST_BODY = 2 * table.MOST_BYTES


@dataclass(frozen=True)
class Importing:
    """The spreadsheet of one table."""

    shape: Shape

    def doors(self, here: str) -> tuple[Door, ...]:
        """Its addresses."""
        base = f"{here}/{self.shape.name}"
        return (
            Door("GET", f"{base}/csv", May.SEE, self.exported),
            Door("GET", f"{base}/import", May.EDIT, self.offered),
            Door("POST", f"{base}/import", May.EDIT, self.previewed),
            Door("POST", f"{base}/import/apply", May.EDIT, self.applied),
        )

    async def exported(self, visit: Visit) -> Response:
        """All rows as a file for spreadsheets; with `empty` the names of the columns only."""
        records: list[dict[str, str]] = []
        last = ""
        while "empty" not in visit.request.query_params:
            async with visit.work(reads=True) as session:
                found = await facts.page(session, self.shape, facts.Asked(), last, BATCH)
            records += [record_of(self.shape, fact) for fact in found]
            if len(found) < BATCH:
                break
            last = found[-1].key
        named = {"Content-Disposition": f'attachment; filename="{self.shape.name}.csv"'}
        written = table.write(columns(self.shape), records)
        return Response(written, headers=named, media_type="text/csv; charset=utf-8")

    async def offered(self, visit: Visit) -> Response:
        """The form for a file."""
        return self._page(visit)

    async def previewed(self, visit: Visit) -> Response:
        """Show what a file would change."""
        if int(visit.request.headers.get("content-length") or 0) > MOST_BODY:
            return refusal(visit, 413, "csv-large")
        file = (await visit.form()).get("file")
        try:
            data = await file.read() if isinstance(file, UploadFile) else b""
            lines = table.read(self.shape, data)
            plan = await self._plan(visit, lines)
        except SawtakError as error:
            return self._page(visit, status_of(error), error=why(visit, error))
        return self._page(visit, plan=plan, packed=self._packed(lines))

    async def applied(self, visit: Visit) -> Response:
        """Do what was shown, in one unit; where anything has changed meanwhile, show anew what would be done."""
        fields = await visit.fields()
        try:
            lines = table.read_text(self.shape, _unpacked(fields.get("packed", "")))
            async with visit.work() as session:
                plan = await importing.plan(session, self.shape, lines)
                if plan.seen == fields.get("seen") and plan.worth:
                    done = await importing.apply(session, self.shape, plan)
                    visit.note(session, f"knowledge.{self.shape.name}.import", after=done)
                    return visit.go(f"/knowledge/{self.shape.name}", "Imported.")
        except SawtakError as error:
            return self._page(visit, status_of(error), error=why(visit, error))
        news = visit._("Rows were changed meanwhile: this is what the file would do now.")
        return self._page(visit, 409, plan=plan, packed=self._packed(lines), error=news)

    async def _plan(self, visit: Visit, lines: Sequence[Line]) -> Plan:
        async with visit.work(reads=True) as session:
            return await importing.plan(session, self.shape, lines)

    def _page(
        self, visit: Visit, status: int = 200, *, plan: Plan | None = None, packed: str = "", error: str = ""
    ) -> Response:
        lines = sorted(plan.lines, key=lambda one: one.outcome != importing.WRONG) if plan else []
        faults = {
            one.line.number: [(field_name(visit, each.field), fault(visit, each)) for each in one.faults]
            for one in lines
        }
        return visit.page(
            "knowledge/import.html",
            status=status,
            shape=self.shape.name,
            columns=columns(self.shape),
            first=self.shape.said[0],
            plan=plan,
            lines=sorted(lines[:SHOWN], key=lambda one: one.line.number),
            faults=faults,
            left_out=max(0, len(lines) - SHOWN),
            packed=packed,
            error=error,
        )

    def _packed(self, lines: Sequence[Line]) -> str:
        """The rows as they travel through the browser, so that nothing of them is kept before they are wanted."""
        names = [name for name in columns(self.shape) if any(name in line.record for line in lines)]
        written = table.write(names, [line.record for line in lines])
        return base64.b64encode(zlib.compress(written)).decode()


def _unpacked(packed: str) -> str:
    """The rows again; what no browser had from us is refused."""
    try:
        unpack = zlib.decompressobj()
        text = unpack.decompress(base64.b64decode(packed, validate=True), 2 * table.MOST_BYTES)
        if unpack.unconsumed_tail:
            raise Impossible("csv-large")
        return text.decode()
    except (zlib.error, binascii.Error, ValueError):
        raise Impossible("csv-broken") from None
