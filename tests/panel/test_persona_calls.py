"""How calls are led, set in the panel: kept as a version, told to the calls, and refused with what to do."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlmodel import col

from admin.persona.calling import dialled, key_rows, menu_shown, menu_taken
from core_pipeline.calls.menu import announced
from tenants.models import AuditEntry
from tenants.people.roles import Role
from tests import factories
from tests.panel.house import Panel
from tests.panel.test_persona import form_of, policy_of, text_of

PAGE = "/t/demo/persona/calls"
ROWS = {
    "key-0-keys": "٠",
    "key-0-deed": "person",
    "key-1-keys": "",
    "key-1-deed": "repeat",
    "key-2-keys": "2",
    "key-2-deed": "question",
    "key-2-question": "أين الفرع؟",
    "key-7-keys": "*",
    "key-7-deed": "language:en",
}
CHANGED = {
    "calls.person": "+20 (100) 123-4567",
    "calls.hours.sun": "9-17، 20:00-02:00",
    "calls.zone": "Asia/Riyadh",
    "calls.most": "3",
    "calls.record": "yes",
    "calls.announce": "yes",
    "calls.longest": "600",
    "calls.pause": "0.8",
    "calls.voicemail": "",
    **ROWS,
}


async def test_what_is_set_is_a_version_reaches_the_calls_and_can_be_brought_back(panel: Panel) -> None:
    async with panel.visitor(Role.EDITOR) as editor:
        answer = await editor.post(PAGE, {**await form_of(panel, "calls"), **CHANGED})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/admin{PAGE}")
        policy = await policy_of(panel)
        shown = (await editor.get(PAGE)).text
        differing = text_of((await editor.get("/t/demo/persona/versions/2")).text)
        assert (await editor.post("/t/demo/persona/versions/1/restore", {"began": "2"})).status_code == 303
    calls = policy.calls
    assert (calls.person, calls.zone, calls.most, calls.pause) == ("+201001234567", "Asia/Riyadh", 3, 0.8)
    assert calls.menu == {"0": "person", "2": "أين الفرع؟", "*": "language:en"}
    assert calls.hours == {"sun": ["09:00-17:00", "20:00-02:00"]}
    assert (calls.record, calls.announce, calls.voicemail, calls.interrupts) == (True, True, False, True)
    assert announced(policy, "en", calls.person)[0] == "To talk to one of our team, press 0."
    assert 'value="+201001234567"' in shown
    assert 'value="أين الفرع؟"' in shown
    assert "Number of the person – +201001234567" in differing
    assert "What keys do (9) Says the last answer again –" in differing
    assert (await policy_of(panel)).calls.person == ""
    async with panel.db.tenant(panel.tenant.id, reads=True) as session:
        noted = (await session.scalars(select(AuditEntry).where(col(AuditEntry.action) == "persona.save"))).all()
    assert any((one.after or {}).get("policy.calls.person") == "+201001234567" for one in noted)


WRONG: tuple[tuple[dict[str, str], str], ...] = (
    ({"calls.person": "call me"}, "اكتب الرقم بعلامة + ورمز الدولة"),
    ({"calls.person": "+2010012345678901"}, "اكتب الرقم بعلامة + ورمز الدولة"),
    ({"calls.longest": "10"}, "اكتب رقما من 30 إلى 14400."),
    ({"calls.hours.mon": "whenever"}, "اكتب المواعيد هكذا"),
    ({"calls.zone": "Mars/Base"}, "لا توجد منطقة زمنية"),
    ({"key-3-keys": "1.2", "key-3-question": "Where?"}, "من خانة إلى أربع من الأرقام"),
    ({"key-3-keys": "0", "key-3-deed": "bye"}, "هذا الزر مكرر هنا"),
    ({"key-3-keys": "5", "key-3-question": ""}, "اكتب السؤال الذي يجيب عنه هذا الزر."),
    ({"key-3-keys": "", "key-3-question": "Where?"}, "اكتب الزر الذي يخص هذا السؤال"),
    ({"key-3-keys": "5", "key-3-question": "x" * 201}, "200"),
)


async def test_what_is_wrong_comes_back_in_arabic_beside_its_field(small_panel: Panel) -> None:
    before = await policy_of(small_panel)
    form = await form_of(small_panel, "calls")
    async with small_panel.visitor(Role.EDITOR, language="ar") as editor:
        for typed, said in WRONG:
            answer = await editor.post(PAGE, {**form, **typed})
            assert answer.status_code == 422, typed
            assert said in text_of(answer.text), typed
            assert answer.text.count('aria-invalid="true"') == 1, typed
            kept = [value for value in typed.values() if value not in {"", "bye", "Mars/Base"}]
            assert [value for value in kept if f'value="{value}"' not in answer.text] == []
        every = {**WRONG[0][0], **WRONG[2][0], **WRONG[3][0], "key-5-keys": "abc", "key-5-question": "x"}
        at_once = await editor.post(PAGE, {**form, **every, "key-6-keys": "", "key-6-question": "y"})
    assert at_once.text.count('aria-invalid="true"') == 5
    assert await policy_of(small_panel) == before


async def test_who_may_not_edit_looks_only(small_panel: Panel) -> None:
    form = {**await form_of(small_panel, "calls"), **CHANGED}
    for role in (Role.VIEWER, Role.AGENT):
        async with small_panel.visitor(role) as visitor:
            assert "You may look at this, not change it." in text_of((await visitor.get(PAGE)).text)
            assert (await visitor.post(PAGE, form)).status_code == 403
    assert (await policy_of(small_panel)).calls.person == ""


async def test_the_page_of_a_line_that_puts_callers_through_leads_here(small_panel: Panel) -> None:
    for channel, leads in (("phone", True), ("web", False)):
        account = await factories.make_account(small_panel.db, small_panel.tenant, channel=channel)
        async with small_panel.visitor(Role.OWNER) as owner:
            page = (await owner.get(f"/t/demo/connect/account/{account.id}")).text
        assert (f'href="/admin{PAGE}"' in page) is leads


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("\u2066+20 100-123 45 67\u2069", "+201001234567"),
        ("٠١٠٠ ١٢٣ ٤٥٦٧", "01001234567"),
        (" sip:desk@pbx.example ", "sip:desk@pbx.example"),
        ("call-me", "call-me"),
        (" ", ""),
    ],
)
def test_numbers_are_read_as_people_write_them(typed: str, kept: str) -> None:
    assert dialled(typed) == kept


def test_a_menu_comes_back_from_its_rows_as_it_was() -> None:
    menu = {"0": "person", "21": "How much is delivery?", "#": "language:fr", "9": "bye"}
    rows = menu_shown(menu)
    assert menu_taken(rows) == (menu, [])
    assert key_rows(rows) == [0, 1, 2, 3, 4, 5]
    assert key_rows({}) == [0, 1]
