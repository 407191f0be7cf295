"""Agencies: their businesses, and how their panel looks."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import av
import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from admin.agency.sheet import CONTRAST, against_white, readable, sheet
from core_pipeline.portraits.logo import small
from core_pipeline.portraits.parcel import Picture
from core_pipeline.portraits.png import png
from tenants.models import Tenant, Turn, TurnStage, TurnState
from tenants.people.roles import Role
from tests.factories import make_account, make_conversation, make_message, make_tenant
from tests.panel.house import Panel


def picture(width: int = 400, height: int = 200) -> bytes:
    """A PNG file, half of it clear."""
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[:, : width // 2] = (200, 30, 60, 255)
    return png(Picture(width, height, 4, pixels.tobytes()))


def size(data: bytes) -> tuple[int, int]:
    with av.open(BytesIO(data), "r") as opened:
        frame = next(opened.decode(video=0))
    return frame.width, frame.height


async def test_the_platform_adds_and_renames_agencies(panel: Panel) -> None:
    async with panel.visitor(Role.PLATFORM_ADMIN) as admin:
        added = await admin.post("/platform/agencies", {"slug": "nile", "name": "Nile Media"})
        assert added.headers["location"] == "/admin/agency/nile"
        assert (await admin.post("/platform/agencies", {"slug": "nile", "name": "Another"})).status_code == 422
        kept = await admin.post("/platform/agencies", {"slug": "Not Plain", "name": "Kept"})
        assert kept.status_code == 422
        assert 'value="Kept"' in kept.text
        await admin.post("/agency/nile/name", {"name": "Nile & Sons"})
        assert "Nile &amp; Sons" in (await admin.get("/platform/agencies")).text
    async with panel.visitor(Role.AGENCY_ADMIN) as other:
        assert (await other.get("/agency/nile")).status_code == 404
        assert (await other.get("/platform/agencies")).status_code == 404
        assert (await other.post("/agency/demo/name", {"name": "Mine"})).status_code == 403


async def test_an_agency_that_is_switched_off_lets_nobody_in(panel: Panel) -> None:
    async with (
        panel.visitor(Role.PLATFORM_ADMIN) as admin,
        panel.visitor(Role.AGENCY_ADMIN) as theirs,
        panel.visitor(Role.OWNER) as owner,
    ):
        await admin.post("/agency/demo/switch", {"active": "no"})
        assert "not let in" in (await admin.get("/platform/agencies")).text
        assert [(await theirs.get(path)).status_code for path in ("/agency/demo", "/t/demo")] == [404, 404]
        assert (await owner.get("/t/demo")).status_code == 200
        await admin.post("/agency/demo/switch", {"active": "yes"})
        assert (await theirs.get("/agency/demo")).status_code == 200
        assert (await owner.post("/agency/demo/switch", {"active": "no"})).status_code == 404
        assert (await theirs.post("/agency/demo/switch", {"active": "no"})).status_code == 403


async def spent(panel: Panel, cost: int) -> None:
    """Let the demo tenant, and a business of another agency, have had one message and its answer at this cost."""
    for tenant in (panel.tenant, await make_tenant(panel.db)):
        talk = await make_conversation(panel.db, await make_account(panel.db, tenant))
        await make_message(panel.db, talk)
        own: dict[str, Any] = {"tenant_id": tenant.id}
        turn = Turn(
            id=f"spent-{tenant.id}", conversation_id=talk.id, state=TurnState.ANSWERED, reply_kind="voice", **own
        )
        async with panel.db.platform() as session:
            session.add(turn)
            await session.flush()
            session.add(TurnStage(turn_id=turn.id, name="answer", ms=1.0, cost=cost, **own))


async def test_an_agency_adds_businesses_and_switches_them(panel: Panel) -> None:
    async with panel.visitor(Role.AGENCY_ADMIN) as admin:
        data = {"slug": "pearl-two", "name_ar": "اللؤلؤة الثانية", "name_en": "Second Pearl"}
        assert (await admin.post("/agency/demo", data)).headers["location"] == "/admin/t/pearl-two/start"
        assert (await admin.get("/t/pearl-two")).status_code == 200
        assert (await admin.post("/agency/demo", data)).status_code == 422
        assert (await admin.post("/agency/demo", {**data, "slug": "x2", "name_ar": ""})).status_code == 422
        assert "Second Pearl" in (await admin.get("/agency/demo")).text
        await spent(panel, 1_500_000)
        page, table = await admin.get("/agency/demo"), await admin.get("/agency/demo/costs.csv")
        assert page.text.count("$1.50") == 2
        assert table.text.splitlines()[1:] == ["demo,Pearl Restaurant,1,1,1.5", "pearl-two,Second Pearl,0,0,0.0"]
        await admin.post("/agency/demo/businesses/pearl-two/switch", {"active": "no"})
        assert "not served" in (await admin.get("/agency/demo")).text
        await admin.post("/agency/demo/businesses/pearl-two/switch", {"active": "yes"})
        assert "not served" not in (await admin.get("/agency/demo")).text
        assert (await admin.post("/agency/demo/businesses/nobody/switch", {"active": "no"})).status_code == 404
    async with panel.visitor(Role.OWNER) as owner:
        assert (await owner.post("/agency/demo", data)).status_code == 404


async def test_a_foreign_agencys_business_is_not_switched(panel: Panel) -> None:
    async with panel.visitor(Role.PLATFORM_ADMIN) as admin:
        await admin.post("/platform/agencies", {"slug": "nile", "name": "Nile"})
        assert (await admin.post("/agency/nile/businesses/demo/switch", {"active": "no"})).status_code == 404
    async with panel.db.platform(reads=True) as session:
        assert (await session.get_one(Tenant, panel.tenant.id)).active


async def test_the_panel_looks_as_the_agency_wants(panel: Panel) -> None:
    async with panel.visitor(Role.AGENCY_ADMIN) as admin:
        look = {"name_ar": "وكالة النيل", "name_en": "Nile", "coloured": "yes", "colour": "#FFE000"}
        assert (await admin.post("/agency/demo/brand", look)).status_code == 303
        assert (await admin.post("/agency/demo/brand", {**look, "colour": "red;}"})).status_code == 422
        home = await admin.get("/t/demo")
        assert "· Nile</title>" in home.text
        found = re.search(r'href="(/admin/brand\.css\?ffe000)"', home.text)
        assert found
        css = await admin.http.get(found[1])
        assert css.headers["content-type"].startswith("text/css")
        assert re.fullmatch(r":root\{--brand:#[0-9a-f]{6}\}\n", css.text)
        await admin.post("/agency/demo/domain", {"domain": "Panel.Nile.Example"})
        for wrong in ("https://x.example", "panel.test", "nile", "a b.example"):
            assert (await admin.post("/agency/demo/domain", {"domain": wrong})).status_code == 422
    transport = httpx.ASGITransport(panel.web)
    async with httpx.AsyncClient(transport=transport, base_url="http://panel.nile.example") as http:
        stranger = await http.get("/admin/sign-in")
        assert "وكالة النيل" in stranger.text
        assert "--brand" in (await http.get("/admin/brand.css")).text
    async with panel.stranger() as http:
        assert "وكالة النيل" not in (await http.get("/admin/sign-in")).text


async def test_a_logo_is_drawn_anew(panel: Panel) -> None:
    uploaded = picture() + b"and words that must not stay"
    async with panel.visitor(Role.AGENCY_ADMIN) as admin, panel.stranger() as http:

        async def hang(data: bytes) -> httpx.Response:
            return await admin.post("/agency/demo/logo", files={"logo": ("logo.png", data, "image/png")})

        assert (await hang(uploaded)).status_code == 303
        page = await admin.get("/agency/demo/brand")
        found = re.search(r'src="(/admin/brand/logo\?[^"]+)"', page.text)
        assert found
        shown = await http.get(found[1])
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/png")
        assert b"words that" not in shown.content
        assert size(shown.content) == (200, 100)
        for wrong in (b"", b"<svg/>", b"\x89PNG\r\n\x1a\nbroken", picture(20, 20), b"x" * (3 << 20)):
            refused = await hang(wrong)
            assert refused.status_code in {413, 422}
            assert 'aria-invalid="true"' in refused.text
        await hang(picture(64, 64))
        assert (await http.get(found[1])).status_code == 404
        await admin.post("/agency/demo/logo/remove")
        assert "/admin/brand/logo" not in (await admin.get("/agency/demo/brand")).text


async def test_logos_are_no_way_to_other_files(panel: Panel) -> None:
    blobs, agency_id = panel.house.blobs, panel.tenant.agency_id
    theirs = await blobs.put(panel.tenant.id, "voices", b"secret", ".png")
    unshown = await blobs.put(agency_id, "brand", b"secret", ".png")
    async with panel.stranger() as http:
        for key in (theirs, unshown, "../../etc/passwd", "%00", "", f"{agency_id}/brand/../x.png"):
            answer = await http.get(f"/admin/brand/logo?{key}")
            assert (answer.status_code, b"secret" in answer.content) == (404, False)


@pytest.mark.parametrize("wrong", ["", "x", "#12345", "#1234567", "#12345g", "red", "#FFFFFF", "#ffffff}"])
def test_only_colours_get_into_a_sheet(wrong: str) -> None:
    assert sheet(wrong) == ""


@given(st.integers(min_value=0, max_value=0xFFFFFF))
def test_white_words_can_be_read_on_any_colour(number: int) -> None:
    colour = f"#{number:06x}"
    shade = readable(colour)
    assert against_white([int(shade[at : at + 2], 16) for at in (1, 3, 5)]) >= CONTRAST
    if against_white([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) >= CONTRAST:
        assert shade == colour


@settings(deadline=None)
@given(st.integers(min_value=64, max_value=700), st.integers(min_value=64, max_value=700))
def test_a_logo_becomes_small_and_keeps_its_colour(width: int, height: int) -> None:
    one = Picture(width, height, 4, bytes((10, 20, 30, 255)) * (width * height))
    made = small(one)
    assert max(made.width, made.height) <= 256
    assert set(np.frombuffer(made.data, np.uint32)) == set(np.frombuffer(bytes((10, 20, 30, 255)), np.uint32))
