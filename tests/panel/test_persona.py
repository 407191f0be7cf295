"""The persona pages: values are kept as versions, wrong ones come back with words, tries answer without a trace."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import func, select

from admin.persona.fields import SECTIONS, shown, spans, taken
from tenants import personas
from tenants.actions import actions
from tenants.models import Conversation, Tenant
from tenants.people.roles import Role
from tenants.policy import Policy
from tests.panel.house import Panel, Visitor

PAGES = (
    "/t/demo/persona",
    "/t/demo/persona/words",
    "/t/demo/persona/hours",
    "/t/demo/persona/rules",
    "/t/demo/persona/tools",
    "/t/demo/persona/templates",
    "/t/demo/persona/templates/clinic",
    "/t/demo/persona/versions",
    "/t/demo/try",
)


async def form_of(panel: Panel, section: str, **changes: str) -> dict[str, str]:
    """What a browser would send of a section that was only changed so."""
    async with panel.db.tenant(panel.tenant.id, reads=True) as session:
        now = await personas.current(session)
    held = {name: value for name, value in shown(SECTIONS[section], now).items() if value}
    return {**held, "began": str(now.number), **{name.replace("__", "."): value for name, value in changes.items()}}


async def policy_of(panel: Panel) -> Policy:
    async with panel.db.tenant(panel.tenant.id, reads=True) as session:
        return (await personas.current(session)).policy


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_every_page_opens_for_who_may_only_look(small_panel: Panel, language: str) -> None:
    async with small_panel.visitor(Role.VIEWER, language=language) as viewer:
        for page in PAGES:
            opened = await viewer.get(page)
            assert opened.status_code == 200, page
            assert "<h1" in opened.text
        refused = await viewer.post("/t/demo/persona", await form_of(small_panel, "who"))
        tried = await viewer.post("/t/demo/try", {"question": "؟"})
        assert (refused.status_code, tried.status_code) == (403, 403)
        assert (await viewer.get("/t/demo/persona/tools/new")).status_code == 403


@pytest.mark.parametrize("section", sorted(SECTIONS))
async def test_a_form_sent_back_as_it_came_changes_nothing(small_panel: Panel, section: str) -> None:
    before = (await policy_of(small_panel)).model_dump()
    async with small_panel.visitor(Role.EDITOR) as editor:
        answer = await editor.post(f"/t/demo{SECTIONS[section].path}", await form_of(small_panel, section))
    assert answer.status_code == 303
    assert (await policy_of(small_panel)).model_dump() == before


async def test_what_is_saved_is_a_version_with_its_differences(panel: Panel) -> None:
    async with panel.visitor(Role.EDITOR) as editor:
        changed = {"persona.ar": "أنت مضيف {business}.", "tone": "warm", "facts.phone": "0100", "note": "أول تعديل"}
        answer = await editor.post("/t/demo/persona", {**await form_of(panel, "who"), **changed})
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/t/demo/persona")
        again = {"persona.ar": "أنت مضيف {business}.\nكن لطيفا."}
        await editor.post("/t/demo/persona", {**await form_of(panel, "who"), **again})
        versions = text_of((await editor.get("/t/demo/persona/versions")).text)
        assert "أول تعديل" in versions
        differing = text_of((await editor.get("/t/demo/persona/versions/2")).text)
        assert "Tone Neutral Warm" in differing
        assert "Telephone – 0100" in differing
        lines = (await editor.get("/t/demo/persona/versions/3")).text
        assert "<ins>كن لطيفا.</ins>" in lines
        assert "<del>" not in lines
        back = await editor.post("/t/demo/persona/versions/1/restore", {"began": "3"})
        assert back.status_code == 303
        assert "Version 1 brought back" in (await editor.get("/t/demo/persona/versions")).text
        assert (await editor.get("/t/demo/persona/versions/99")).status_code == 404
    assert (await policy_of(panel)).tone == "neutral"


async def test_wrong_values_come_back_with_words_and_what_was_typed(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.EDITOR, language="ar") as editor:
        typed = {"persona.ar": "أهلا {busines}", "longest_answer": "3"}
        answer = await editor.post("/t/demo/persona", {**await form_of(small_panel, "who"), **typed})
        assert answer.status_code == 422
        said = text_of(answer.text)
        assert "لا يوجد متغير باسم {busines}. هل تقصد {business}؟" in said
        assert "أهلا {busines}" in said
        assert answer.text.count('aria-invalid="true"') == 2
        hours = {**await form_of(small_panel, "hours"), "hours.week.mon": "whenever", "holiday-0-date": "2026-13-01"}
        wrong = await editor.post("/t/demo/persona/hours", hours)
        assert wrong.status_code == 422
        assert wrong.text.count('aria-invalid="true"') == 2
        assert "whenever" in wrong.text


async def test_two_editors_at_once_lose_nothing(panel: Panel) -> None:
    async with panel.visitor(Role.EDITOR) as one, panel.visitor(Role.EDITOR) as other:
        mine, theirs = await form_of(panel, "who", tone="warm"), await form_of(panel, "words")
        theirs["phrases.greeting.en"] = "Good day!"
        assert (await other.post("/t/demo/persona/words", theirs)).status_code == 303
        refused = await one.post("/t/demo/persona", mine)
        assert refused.status_code == 409
        said = text_of(refused.text)
        assert "Somebody saved while you were editing" in said
        assert "Greeting (English)" in said
        assert "Good day!" in said
        began = re.search(r'name="began" value="(\d+)"', refused.text)
        assert began is not None
        assert '<option value="warm" selected>' in refused.text
        assert (await one.post("/t/demo/persona", {**mine, "began": began[1]})).status_code == 303
    kept = await policy_of(panel)
    assert (kept.tone, kept.phrases["greeting"]["en"]) == ("warm", "Good day!")


async def test_hours_are_kept_and_previewed_without_saving(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.EDITOR) as editor:
        typed = {f"hours.week.{day}": "9-17، 18:30-23" for day in ("sun", "mon", "tue", "wed", "thu", "fri", "sat")}
        pauses = {"hours.pauses.minutes.maghrib": "20", "hours.ramadan.active": "yes", "hours.ramadan.correction": "1"}
        holiday = {"holiday-0-date": "2030-01-07", "holiday-0-en": "Christmas", "holiday-0-yearly": "yes"}
        form = {**await form_of(small_panel, "hours"), **typed, **pauses, **holiday}
        before = await policy_of(small_panel)
        part = await editor.post("/t/demo/persona/hours/preview", form, headers={"hx-request": "true"})
        assert "09:00–17:00 and 18:30–23:00" in part.text
        assert "<html" not in part.text
        whole = await editor.post("/t/demo/persona/hours/preview", form)
        assert "<html" in whole.text
        assert await policy_of(small_panel) == before
        assert (await editor.post("/t/demo/persona/hours", form)).status_code == 303
        page = (await editor.get("/t/demo/persona/hours")).text
    hours = (await policy_of(small_panel)).hours
    assert hours.week["mon"] == ["09:00-17:00", "18:30-23:00"]
    assert (hours.pauses.minutes, hours.ramadan.correction) == ({"maghrib": 20}, 1)
    assert [(one.name, one.yearly, one.days) for one in hours.holidays] == [({"en": "Christmas"}, True, 1)]
    assert "Ramadan:" in page


def test_hours_are_read_as_people_type_them() -> None:
    assert spans("9-17، 18:30 – 23") == ["09:00-17:00", "18:30-23:00"]
    assert spans("٩-١٧") == ["09:00-17:00"]
    assert spans("later") == ["later"]
    assert spans(" , ") == []


def test_taking_a_flag_away_takes_it_away() -> None:
    now = personas.Current(1, Policy(), {})
    policy, _ = taken(SECTIONS["rules"], now, {"reply": "voice", "video": "never", "disclosure": "never"})
    assert (policy.remember, policy.cache, policy.handoff.when_closed) == (False, False, False)
    assert policy.memory_messages == Policy().memory_messages


async def test_a_template_is_looked_at_and_taken_over(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.EDITOR) as editor:
        looked = await editor.get("/t/demo/persona/templates/restaurant")
        assert "a Restaurant in" not in looked.text  # the city is not known: that sentence is left out
        began = re.search(r'name="began" value="(\d+)"', looked.text)
        assert began is not None
        assert (await editor.post("/t/demo/persona/templates/restaurant", {"began": began[1]})).status_code == 303
        stale = await editor.post("/t/demo/persona/templates/clinic", {"began": began[1]})
        assert stale.headers["location"].endswith("/templates/clinic")
        assert (await editor.get("/t/demo/persona/templates/barber")).status_code == 404
    kept = await policy_of(small_panel)
    assert kept.persona["ar"].startswith("أنت من يرد")
    assert kept.tone == "warm"


TOOL = {
    "name": "order_status",
    "description": "Look up an order.",
    "method": "GET",
    "url": "https://shop.example/orders/{order}",
    "timeout": "5",
    "active": "yes",
    "headers": "Accept: application/json",
    "p-0-name": "order",
    "p-0-type": "string",
    "p-0-what": "the number of the order",
    "p-0-required": "yes",
    "p-1-name": "kind",
    "p-1-type": "string",
    "p-1-choices": "new, old",
    "secret-name": "Authorization",
    "secret-value": "Bearer hush",
}


async def made(owner: Visitor, **changes: str) -> Any:
    return await owner.post("/t/demo/persona/tools/new", {**TOOL, **changes})


async def test_a_tool_is_written_switched_and_removed_and_its_secret_never_shown(panel: Panel) -> None:
    async with panel.visitor(Role.OWNER) as owner, panel.visitor(Role.EDITOR) as editor:
        place = (await made(owner)).headers["location"].removeprefix("/admin")
        page = (await owner.get(place)).text
        assert "hush" not in page
        assert "Authorization" in page
        async with panel.db.tenant(panel.tenant.id, reads=True) as session:
            (row,) = await actions(session)
        assert row.parameters == {
            "type": "object",
            "properties": {
                "order": {"type": "string", "description": "the number of the order"},
                "kind": {"type": "string", "enum": ["new", "old"]},
            },
            "required": ["order"],
        }
        kept = {**TOOL, "secret-name": "", "secret-value": "", "description": "Look up one order."}
        assert (await owner.post(place, kept)).status_code == 303
        moved = await owner.post(place, {**kept, "url": "https://other.example/{order}"})
        assert moved.status_code == 422
        assert "Enter the secret headers again" in text_of(moved.text)
        assert (await editor.post(place, kept)).status_code == 403
        assert (await editor.post(f"{place}/switch", {"on": ""})).status_code == 303
        async with panel.db.tenant(panel.tenant.id, reads=True) as session:
            (row,) = await actions(session)
        assert (row.active, row.description, list(row.sealed)) == (False, "Look up one order.", ["Authorization"])
        assert (await owner.post(f"{place}/remove")).status_code == 303
        assert (await owner.get(place)).status_code == 404


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "Bad Name"}, "small Latin letters"),
        ({"url": "http://shop.example"}, "must begin with https://"),
        ({"url": "https://shop.example/{unknown}"}, "plain parameter"),
        ({"headers": "Host: x"}, "header"),
        ({"timeout": "999"}, "20 seconds"),
        ({"p-0-name": "an order"}, "parameters"),
        ({"schema": "{"}, "parameters"),
    ],
)
async def test_a_wrong_tool_comes_back_with_words(small_panel: Panel, changes: dict[str, str], said: str) -> None:
    async with small_panel.visitor(Role.OWNER) as owner:
        answer = await made(owner, **changes)
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    assert "hush" not in answer.text


async def test_a_call_by_hand_goes_through_the_guard(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.OWNER) as owner:
        place = (await made(owner, url="https://localhost/{order}", changes="yes")).headers["location"][6:]
        unsure = await owner.post(f"{place}/call", {"arg-order": "1"})
        assert unsure.status_code == 422
        called = await owner.post(f"{place}/call", {"arg-order": "1", "sure": "yes"})
        assert 'class="alert bad"' in called.text
        assert "Your system answered" not in called.text
        missing = await owner.post(f"{place}/call", {"sure": "yes"})
        assert "order is missing" in text_of(missing.text)


async def test_trying_answers_from_what_the_business_knows(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.AGENT, language="ar") as agent:
        page = await agent.post("/t/demo/try", {"question": "كم رسوم التوصيل؟", "speak": "yes"})
        part = await agent.post("/t/demo/try", {"question": "كم رسوم التوصيل؟"}, headers={"hx-request": "true"})
        none = await agent.post("/t/demo/try", {"question": " "})
    assert page.status_code == 200
    said = text_of(page.text)
    assert "رسوم التوصيل 30 جنيه" in said
    assert 'data-sound="T2dnU' in page.text
    assert part.text.strip().startswith('<div id="answer"')
    assert "data-sound" not in part.text
    assert none.status_code == 422
    async with small_panel.db.platform(reads=True) as session:
        assert await session.scalar(select(func.count()).select_from(Conversation)) == 0


async def test_trying_with_unsaved_words_leaves_the_saved_ones(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.EDITOR) as editor:
        typed = await form_of(small_panel, "who", answers_in="ar")
        page = await editor.post("/t/demo/try/with", typed)
        assert "These values are not saved." in page.text
        draft = {"question": "How much is delivery?", "draft": "yes", "answers_in": "ar", "tone": "neutral"}
        came = await editor.post("/t/demo/try", {**draft, "dialect": "customer", "longest_answer": "600"})
        assert "رسوم التوصيل" in came.text
        wrong = await editor.post("/t/demo/try", {**draft, "persona.en": "{nobody}"})
        assert wrong.status_code == 422
    async with small_panel.db.platform(reads=True) as session:
        assert (await session.get_one(Tenant, small_panel.tenant.id)).policy.get("answers_in") is None


async def test_a_film_that_cannot_be_had_says_why(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.AGENT) as agent:
        answer = await agent.post("/t/demo/try/film", {"text": "", "language": "ar"})
    assert answer.status_code == 422
    assert answer.json()["error"]
