"""The wizard: from a new business to an assistant to talk to, step by step, each of which can be skipped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from channels import discover
from tenants import facts, personas
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.people.roles import Role
from tenants.trades import trades
from tests.panel.house import Panel, Visitor, opened

BUSINESS = {
    "name_ar": "عيادة النور",
    "name_en": "Al Nour Clinic",
    "trade": "clinic",
    "phone": "+20 2 1234 5678",
    "city": "القاهرة",
    "language": "ar",
    "answers_in": "customer",
}
TELEGRAM = discover()["telegram"]


async def fresh(panel: Panel) -> Tenant:
    """A business that has just been added."""
    async with panel.db.platform() as session:
        tenant = Tenant(agency_id=panel.tenant.agency_id, slug="nour", name_ar="النور", name_en="Nour")
        session.add(tenant)
    return tenant


async def steps(owner: Visitor) -> list[bool]:
    """Which steps the overview calls done."""
    page = (await owner.get("/t/nour/start?lang=en")).text
    return [word == "done" for word in re.findall(r'<span class="tag \w+">(done|open)</span>', page)]


async def test_each_step_counts_as_done_when_it_is_and_leads_to_the_next(panel: Panel) -> None:
    tenant = await fresh(panel)
    async with panel.visitor(Role.OWNER, tenant) as owner:
        seen = [await steps(owner)]
        moved = [await owner.post("/t/nour/start/business", BUSINESS)]
        seen.append(await steps(owner))
        moved.append(await owner.post("/t/nour/start/voice", {"choice": "embedded-woman"}))
        moved.append(await owner.post("/t/nour/start/avatar", {"choice": "nour"}))
        asked = {f"question{row}": f"سؤال {row}؟" for row in range(3)}
        moved.append(
            await owner.post("/t/nour/start/knowledge", {**asked, **{f"answer{row}": "نعم" for row in range(3)}})
        )
        seen.append(await steps(owner))
        form = {"mode": "polling", "start": "1", **TELEGRAM.demo.secrets}
        moved.append(await owner.post("/t/nour/connect/new/telegram", form))
        seen.append(await steps(owner))
        talk = await owner.get("/t/nour/start/talk")
    assert [one.status_code for one in moved] == [303] * 5
    onward = [one.headers["location"].rpartition("/start")[2] for one in moved[:4]]
    assert onward == ["/voice", "/avatar", "/knowledge", "/channel"]
    assert moved[4].headers["location"].endswith("?start=1")
    assert [sum(one) for one in seen] == [0, 1, 4, 5]
    assert talk.status_code == 200


async def test_a_trade_brings_its_persona_once_and_what_was_changed_stays(small_panel: Panel) -> None:
    tenant = await fresh(small_panel)
    async with small_panel.visitor(Role.OWNER, tenant) as owner:
        await owner.post("/t/nour/start/business", BUSINESS)
        async with small_panel.db.tenant(tenant.id) as session:
            first = await personas.current(session)
        async with small_panel.db.tenant(tenant.id) as session:
            await personas.change(session, Actor("test"), {"persona": {"ar": "شخصيتنا"}})
        await owner.post("/t/nour/start/business", {**BUSINESS, "phone": "19777"})
        async with small_panel.db.tenant(tenant.id, reads=True) as session:
            second = await personas.current(session)
            kept = await session.get_one(Tenant, tenant.id)
    assert first.policy.persona == trades()["clinic"].persona
    assert second.policy.persona == {"ar": "شخصيتنا"}
    assert second.facts["phone"] == "19777"
    assert second.facts["trade"] == "clinic"
    assert (kept.name_ar, kept.name_en) == ("عيادة النور", "Al Nour Clinic")


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"name_ar": ""}, "name_ar"), ({"trade": "piracy"}, "trade"), ({"language": "fr"}, "language")],
)
async def test_what_is_missing_is_marked_and_what_was_typed_stays(
    small_panel: Panel, changed: dict[str, str], field: str
) -> None:
    tenant = await fresh(small_panel)
    async with small_panel.visitor(Role.OWNER, tenant) as owner:
        answer = await owner.post("/t/nour/start/business", {**BUSINESS, **changed})
    assert answer.status_code == 422
    assert f'id="d-{field}"' in answer.text
    assert "+20 2 1234 5678" in answer.text


async def test_a_trade_of_one_s_own_is_kept_in_its_words(small_panel: Panel) -> None:
    tenant = await fresh(small_panel)
    async with small_panel.visitor(Role.OWNER, tenant) as owner:
        await owner.post("/t/nour/start/business", {**BUSINESS, "trade": "other", "other": "ورشة سيارات"})
        page = await owner.get("/t/nour/start/business")
    assert "ورشة سيارات" in page.text
    async with small_panel.db.tenant(tenant.id, reads=True) as session:
        assert (await personas.current(session)).facts["trade"] == "ورشة سيارات"


async def test_questions_without_answers_are_not_kept(small_panel: Panel) -> None:
    tenant = await fresh(small_panel)
    async with small_panel.visitor(Role.OWNER, tenant) as owner:
        half = await owner.post("/t/nour/start/knowledge", {"question0": "Where?", "answer1": "Here."})
        none = await owner.post("/t/nour/start/knowledge")
    assert (half.status_code, none.status_code) == (422, 422)
    assert half.text.count("aria-invalid") >= 2
    async with small_panel.db.tenant(tenant.id, reads=True) as session:
        assert await facts.count(session, facts.ENTRIES) == 0


async def test_unknown_voices_and_faces_are_refused_and_known_ones_are_played(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.OWNER) as owner:
        voice = await owner.post("/t/demo/start/voice", {"choice": "nobody"})
        face = await owner.post("/t/demo/start/avatar", {"choice": "nobody"})
        voices, faces = await owner.get("/t/demo/start/voice"), await owner.get("/t/demo/start/avatar")
    assert (voice.status_code, face.status_code) == (422, 422)
    assert "/voices/heard/embedded-woman/ar" in voices.text
    assert "/avatars/film/nour" in faces.text


async def test_talking_needs_no_public_page_and_no_looser_policy(
    sqlite_url_pair: tuple[str, str], tmp_path: Path
) -> None:
    async with (
        opened(sqlite_url_pair, tmp_path) as panel,
        panel.visitor(Role.OWNER, await fresh(panel)) as owner,
        panel.stranger() as stranger,
    ):
        page = await owner.get("/t/nour/start/talk")
        public = await stranger.get("/try/nour")
        [token] = re.findall(r'token="([^"]+)"', page.text) or [""]
        asked = await stranger.post(
            "/api/v1/complete-flow", json={"text": "hello"}, headers={"Authorization": f"Bearer {token}"}
        )
    assert public.status_code == 404
    assert "unsafe" not in page.headers["content-security-policy"]
    assert asked.status_code in {200, 202}


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_every_step_is_shown_in_both_languages(small_panel: Panel, language: str) -> None:
    async with small_panel.visitor(Role.EDITOR, language=language) as editor:
        pages = [
            await editor.get(f"/t/demo/start{part}")
            for part in ("", "/business", "/voice", "/avatar", "/knowledge", "/channel", "/talk")
        ]
    assert {one.status_code for one in pages} == {200}
    assert all(one.text.count("<h1") == 1 for one in pages)
    # an editor goes through all of it but the channel, which is an owner's
    assert "/connect/new/" not in pages[5].text


async def test_viewers_have_no_wizard(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.VIEWER) as viewer:
        shown, sent = await viewer.get("/t/demo/start"), await viewer.post("/t/demo/start/business", BUSINESS)
    assert (shown.status_code, sent.status_code) == (403, 403)
