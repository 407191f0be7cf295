"""The platform's administrator sees the installation, and nobody else does."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from admin.commands.logs import Lines
from core_pipeline.operating import logbook
from tenants import choices, directory, processes
from tenants.models import Tenant, Turn, TurnState, now
from tenants.people.roles import Role
from tests.factories import make_account, make_conversation
from tests.panel.house import Panel

PAGES = ("", "/letters", "/costs", "/doctor", "/logs", "/settings")


async def test_the_administrator_sees_every_page_in_both_languages(panel: Panel) -> None:
    async with panel.db.platform() as session:
        await processes.beat(session, "host-1", "serve", {}, now())
    talk = await make_conversation(panel.db, await make_account(panel.db, panel.tenant))
    async with panel.db.platform() as session:
        dead: dict[str, Any] = {"state": TurnState.DEAD, "failed_step": "send_voice", "cause": "vendor said 500"}
        session.add(Turn(id="dead", tenant_id=panel.tenant.id, conversation_id=talk.id, **dead))
    for language, word in (("ar", "التشغيل"), ("en", "Operations")):
        async with panel.visitor(Role.PLATFORM_ADMIN, language=language) as admin:
            pages = {page: await admin.get(f"/platform{page}") for page in PAGES}
        assert {page: one.status_code for page, one in pages.items()} == dict.fromkeys(PAGES, 200)
        assert all(word in one.text for one in pages.values())
        assert "host-1" in pages[""].text
        assert "vendor said 500" in pages["/letters"].text
        assert "demo" in pages["/costs"].text


@pytest.mark.parametrize("role", [Role.AGENCY_ADMIN, Role.OWNER, Role.VIEWER])
async def test_nobody_else_learns_that_there_are_such_pages(small_panel: Panel, role: Role) -> None:
    async with small_panel.visitor(role) as somebody:
        assert {(await somebody.get(f"/platform{page}")).status_code for page in PAGES} == {404}


async def test_a_dead_letter_that_is_none(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.PLATFORM_ADMIN) as admin:
        assert (await admin.post("/platform/letters", {"turn": "nobody"})).status_code == 422


async def test_a_quota_is_set_and_noted(panel: Panel) -> None:
    async with panel.visitor(Role.PLATFORM_ADMIN) as admin:
        done = await admin.post("/platform/costs", {"tenant": "demo", "messages": "500", "stop": "yes"})
        wrong = await admin.post("/platform/costs", {"tenant": "demo", "messages": "-1"})
        nobody = await admin.post("/platform/costs", {"tenant": "no\0body", "messages": "1"})
    assert (done.status_code, wrong.status_code, nobody.status_code) == (303, 422, 404)
    async with panel.db.platform(reads=True) as session:
        assert (await session.get_one(Tenant, panel.tenant.id)).quota == {"messages": 500, "stop": True}


async def test_choices_for_the_installation_are_kept_or_explained(panel: Panel) -> None:
    async with panel.visitor(Role.PLATFORM_ADMIN) as admin:
        given = {"media_days": "30", "words_days": "x", "quota": "0", "notice": "Back at nine"}
        refused = await admin.post("/platform/settings", given)
        kept = await admin.post("/platform/settings", {**given, "words_days": "90", "quota": "200"})
        anywhere = await admin.get("/t/demo")
    assert "Back at nine" in anywhere.text
    fresh = await directory.add(panel.db, "fresh", "جديد", "Fresh")
    async with panel.db.platform(reads=True) as session:
        assert (await session.get_one(Tenant, fresh)).quota == {"messages": 200, "stop": False}
    assert (refused.status_code, kept.status_code) == (422, 303)
    assert "Give a whole number" in refused.text
    assert "Back at nine" in refused.text  # what was typed is kept
    async with panel.db.platform(reads=True) as session:
        assert (await choices.read(session)).model_dump() == {
            "media_days": 30,
            "words_days": 90,
            "quota": 200,
            "notice": "Back at nine",
        }


async def test_logs_of_every_process_are_shown_newest_first(small_panel: Panel) -> None:
    folder = small_panel.settings.var / logbook.FOLDER
    folder.mkdir(exist_ok=True)
    record = logging.LogRecord("core", logging.WARNING, __file__, 1, "the vendor is away", (), None)
    record.created = now().timestamp() + 3600
    (folder / "1.jsonl").write_text("torn line\n" + Lines().format(record) + "\n")
    older = {"at": "2020-01-01T00:00:00+00:00", "level": "DEBUG", "name": "core", "text": "details"}
    (folder / "2.jsonl").write_text(json.dumps(older))
    found = logbook.latest(small_panel.settings.var, "DEBUG")
    assert [found[0].text, found[-1].text] == ["the vendor is away", "details"]
    async with small_panel.visitor(Role.PLATFORM_ADMIN) as admin:
        page = await admin.get("/platform/logs?level=WARNING&words=VENDOR")
        part = await admin.get("/platform/logs", headers={"HX-Request": "true"})
    assert ("the vendor is away" in page.text, "details" in page.text) == (True, False)
    assert "<html" not in part.text
