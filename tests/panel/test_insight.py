"""Figures as people see them: in their words, by their week, and as files."""

from __future__ import annotations

from tenants.models import now
from tenants.people.roles import Role
from tests.factories import make_account, make_conversation, make_message
from tests.panel.house import Panel

EMPTY = "Most messages come on"


async def test_a_period_in_either_language(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.VIEWER) as viewer:
        nothing = await viewer.get("/t/demo/insight")
        wrong = await viewer.get("/t/demo/insight?from=2026-03-02&to=2026-03-01")
    assert (nothing.status_code, EMPTY in nothing.text) == (200, False)
    assert (wrong.status_code, "Choose a first day before the last" in wrong.text) == (422, True)
    talk = await make_conversation(small_panel.db, await make_account(small_panel.db, small_panel.tenant))
    await make_message(small_panel.db, talk, created_at=now())
    async with small_panel.visitor(Role.VIEWER, language="ar") as viewer:
        arabic = (await viewer.get("/t/demo/insight?days=7")).text
        table = await viewer.get("/t/demo/insight/channels.csv?days=7")
    assert "أكثر الرسائل تأتي يوم" in arabic
    # "Days" are another word in another subject: each has its own.
    assert "الأيام" in arabic
    assert "عدد الأيام" not in arabic
    assert table.text.splitlines()[1:] == ["web,1,0"]
