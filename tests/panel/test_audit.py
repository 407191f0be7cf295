"""What was done, as a page and as a table; names are shown as they are and do nothing."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest
from sqlalchemy import select
from sqlmodel import col

from admin.people.wording import browser
from tenants import audit
from tenants.audit import Actor
from tenants.models import Person
from tenants.people.roles import Role
from tests.panel.house import Panel, Visitor


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
        assert "Persona: saved" in first.text
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


async def names_of(panel: Panel, visitor: Visitor) -> str:
    async with panel.db.platform(reads=True) as session:
        return str(await session.scalar(select(col(Person.name)).where(col(Person.id) == visitor.person.id)))


async def test_a_name_is_shown_as_it_is_and_does_nothing(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.OWNER) as owner:
        await owner.post("/me", {"name": '<img src=x onerror="alert(1)">', "language": "en"})
        assert await names_of(small_panel, owner) == '<img src=x onerror="alert(1)">'
        for path in ("/me", "/t/demo/people", "/t/demo/audit"):
            assert "<img src=x" not in (await owner.get(path)).text


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36", "Chrome · Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge · Windows"),
        ("curl/8.1", "curl/8.1"),
    ],
)
def test_browsers_are_called_as_people_call_them(agent: str, name: str) -> None:
    assert browser(agent) == name
