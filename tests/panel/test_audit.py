"""What was done, as a page and as a table."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

from tenants import audit
from tenants.audit import Actor
from tenants.people.roles import Role
from tests.panel.house import Panel


async def test_the_audit_is_filtered_paged_and_downloaded(panel: Panel) -> None:
    async with panel.db.platform() as session:
        for number in range(60):
            was, became = {"text": f"before {number}"}, {"text": f"after {number}"}
            actor = Actor("=HYPERLINK(1)" if number == 7 else "Mona")
            audit.record(session, actor, "persona.save", "v", before=was, after=became, tenant_id=panel.tenant.id)
            await session.flush()
    async with panel.visitor(Role.OWNER) as owner:
        first = await owner.get("/t/demo/audit")
        assert "after 59" in first.text
        assert "after 5<" not in first.text
        following = re.search(r'rel="next" href="/admin([^"]+)"', first.text)
        assert following
        second = await owner.get(unescape(following[1]))
        assert "after 5<" in second.text
        found = await owner.get("/t/demo/audit?who=Mona&action=persona.&from=2020-01-01&to=2100-01-01")
        assert "after 59" in found.text
        for none in ("?who=Nobody", "?to=2020-01-01", "?from=2100-01-01", "?action=people."):
            assert "Nothing of this kind" in (await owner.get(f"/t/demo/audit{none}")).text
        for odd in ("?from=x&to=9999-12-31&before=-1", "?before=99999999999999999999", "?who=%00"):
            assert (await owner.get(f"/t/demo/audit{odd}")).status_code == 200
        told = await owner.get("/t/demo/audit.csv")
        rows = list(csv.DictReader(io.StringIO(told.text.removeprefix("\ufeff"))))
        assert (len(rows), told.headers["content-type"]) == (60, "text/csv; charset=utf-8")
        assert {row["who"] for row in rows} == {"Mona", "'=HYPERLINK(1)"}
