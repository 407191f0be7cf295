"""Avatars in the panel: seen, coloured, chosen; drawn ones brought in, people shown with consent, and gone again."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from core_pipeline.engines.landmarks.points import POINTS
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from errors import Impossible
from tenants import avatars
from tenants.models import AuditEntry, Film, OwnAvatar, Tenant
from tenants.people.roles import Role
from tests.cloning.people import MAN, note, say
from tests.faces.photo_drawn import png, portrait
from tests.panel.house import Panel, Visitor
from tests.portraits.files import art, pack

HERE = "/t/demo/avatars"
SCRIPT = {"Accept": "application/json"}
SENTENCE = re.compile(r'<blockquote class="sentence"[^>]*>(.*?)</blockquote>', re.DOTALL)
NAMES = {"name_ar": "خالد", "name_en": "Khalid"}


@pytest.fixture
async def tts() -> AsyncIterator[EspeakTts]:
    engine = EspeakTts(EspeakConfig())
    yield engine
    await engine.close()


async def policy(panel: Panel) -> dict[str, Any]:
    async with panel.db.tenant(panel.tenant.id, reads=True) as session:
        return (await session.get_one(Tenant, panel.tenant.id)).policy


async def own(panel: Panel) -> list[OwnAvatar]:
    async with panel.db.tenant(panel.tenant.id, reads=True) as session:
        return list(await avatars.listing(session))


async def deeds(panel: Panel) -> list[str]:
    async with panel.db.tenant(panel.tenant.id, reads=True) as session:
        rows = (await session.scalars(select(AuditEntry).order_by("id"))).all()
    return [row.action for row in rows if row.action.startswith("avatar.")]


async def photographed(editor: Visitor) -> tuple[str, dict[str, tuple[float, float]]]:
    """A picture that was brought in: its page, and where its points are."""
    picture, points = portrait()
    files = {"picture": ("p.png", png(picture))}
    brought = await editor.post(f"{HERE}/new/photo", NAMES, files=files, headers=SCRIPT)
    return brought.json()["go"].removeprefix("/admin"), points


def placed(points: dict[str, tuple[float, float]]) -> dict[str, str]:
    return {f"{axis}-{name}": str(spot[at]) for name, spot in points.items() for at, axis in enumerate("xy")}


async def test_the_shelf_is_seen_still_and_moving(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.VIEWER) as viewer:
        page = (await viewer.get(HERE)).text
        film = await viewer.get(f"{HERE}/film/salma")
        again = await viewer.get(f"{HERE}/film/salma")
        still, red = [await viewer.get(f"{HERE}/still/salma{more}") for more in ("", "?clothes=%23ff0000")]
        nobody = await viewer.get(f"{HERE}/film/nobody")
    assert film.content == again.content
    assert (film.headers["content-type"], film.content[4:8]) == ("video/mp4", b"ftyp")
    assert still.content[:2] == red.content[:2] == b"\xff\xd8"
    assert still.content != red.content
    assert nobody.status_code == 422
    assert len(list((small_panel.settings.var / "previews").glob("salma-*.mp4"))) == 1
    assert "<form" not in page.partition("<main")[2]


async def test_avatars_are_chosen_and_dressed(panel: Panel) -> None:
    async with panel.visitor(Role.EDITOR) as editor:
        await editor.post(f"{HERE}/choose", {"language": "ar", "choice": "omar"})
        wrong = await editor.post(f"{HERE}/choose", {"language": "ar", "choice": "nobody"})
        await editor.post(f"{HERE}/colours", {"clothes": "#AA0000", "background": "#00aa00"})
        assert (await policy(panel))["avatar_colours"] == {"clothes": "#aa0000", "background": "#00aa00"}
        bad = await editor.post(f"{HERE}/colours", {"clothes": "red"})
        await editor.post(f"{HERE}/colours", {"clothes": "#aa0000", "usual": "yes"})
    assert (wrong.status_code, bad.status_code) == (422, 422)
    assert "#1f6570" in bad.text
    assert (await policy(panel))["avatar"]["ar"] == "omar"
    assert "avatar_colours" not in await policy(panel)


async def test_a_drawing_is_brought_in_and_goes_with_its_films(panel: Panel) -> None:
    async with panel.visitor(Role.EDITOR, language="ar") as editor:
        hostile = pack(svg=art("<script/>"))
        refused = [
            await editor.post(f"{HERE}/new/pack", files={"pack": ("a.zip", hostile)}, headers=headers)
            for headers in (SCRIPT, {})
        ]
        brought = await editor.post(f"{HERE}/new/pack", files={"pack": ("a.zip", pack())}, headers=SCRIPT)
        page = brought.json()["go"].removeprefix("/admin")
        [avatar] = await own(panel)
        choice = f"own:{avatar.id}"
        film = await editor.get(f"{HERE}/film/{choice}")
        await editor.get(f"{HERE}/film/{choice}")
        async with panel.db.tenant(panel.tenant.id, reads=True) as session:
            [kept] = (await session.scalars(select(Film))).all()
        await editor.post(f"{HERE}/choose", {"language": "ar", "choice": choice})
        assert (await policy(panel))["avatar"]["ar"] == choice
        out = await editor.get(f"{page}/pack")
        gone = await editor.post(f"{page}/revoke", follow_redirects=True)
        silent = await editor.get(f"{HERE}/film/{choice}")
    assert [one.status_code for one in refused] == [422, 422]
    assert "عنصر" in refused[0].json()["error"]
    assert "عنصر" in refused[1].text
    assert (film.status_code, film.headers["cache-control"], out.content[:2]) == (200, "no-store", b"PK")
    assert (gone.status_code, silent.status_code) == (200, 404)
    assert await own(panel) == []
    for blob in (kept.blob, *avatar.files.values()):
        with pytest.raises(Impossible):
            await panel.house.blobs.get(panel.tenant.id, blob)
    assert "avatar" not in await policy(panel)
    assert await deeds(panel) == ["avatar.bring", "avatar.revoke"]


async def test_a_person_is_shown_with_consent_and_gone_when_taken_back(panel: Panel, tts: EspeakTts) -> None:
    async with panel.visitor(Role.EDITOR) as editor:
        page, points = await photographed(editor)
        [avatar] = await own(panel)
        usual = (await editor.get(page)).text
        good = await editor.post(f"{page}/judge", placed(points))
        chin = {**placed(points), "y-chin": "1"}
        bad = await editor.post(f"{page}/judge", chin)
        few = await editor.post(f"{page}/judge", {"x-chin": "1"})
        assert (await own(panel))[0].manifest == {}
        kept = await editor.post(f"{page}/points", placed(points), follow_redirects=True)
        drawn = await editor.post(
            f"{page}/sentence", {"person": "خالد يوسف", "scope": "everything", "language": "ar"}, follow_redirects=True
        )
        found = SENTENCE.search(drawn.text)
        assert found is not None
        early = await editor.get(f"{HERE}/film/own:{avatar.id}")
        junk = await editor.post(f"{page}/consent", files={"recording": ("r.ogg", b"junk")}, headers=SCRIPT)
        read = note(await say(tts, html.unescape(found[1]), MAN))
        heard = await editor.post(f"{page}/consent", files={"recording": ("r.ogg", read)}, follow_redirects=True)
        gone = await editor.post(f"{page}/revoke", follow_redirects=True)
        record = (await editor.get(page)).text
        picture = await editor.get(f"{page}/portrait")
    assert all(f'data-point="{name}"' in usual for name in POINTS)
    assert good.json() == {"problems": []}
    assert (len(bad.json()["problems"]), len(few.json()["problems"])) == (1, 1)
    assert "can be animated by these points" in kept.text
    assert (early.status_code, junk.status_code) == (409, 422)
    assert "The avatar is ready" in heard.text
    assert gone.status_code == 200
    assert "خالد يوسف" in record
    assert picture.status_code == 409
    [row] = await own(panel)
    assert (row.state, row.files, row.consent_blob, row.manifest) == ("revoked", {}, None, {})
    for blob in avatar.files.values():
        with pytest.raises(Impossible):
            await panel.house.blobs.get(panel.tenant.id, blob)
    told = await deeds(panel)
    assert told == [f"avatar.{one}" for one in ("bring", "points", "sentence", "consent", "revoke")]


async def test_three_spots_give_twelve_points(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.EDITOR) as editor:
        page, points = await photographed(editor)
        eyes = {
            side: [(points[f"eye_{side}_outer"][at] + points[f"eye_{side}_inner"][at]) / 2 for at in (0, 1)]
            for side in ("left", "right")
        }
        mouth = [(points["mouth_left"][at] + points["mouth_right"][at]) / 2 for at in (0, 1)]
        spots = {**eyes, "mouth": mouth}
        given = {f"{axis}-{name}": str(spot[at]) for name, spot in spots.items() for at, axis in enumerate("xy")}
        found = (await editor.post(f"{page}/three", given)).json()["points"]
        wrong = await editor.post(f"{page}/three", {**given, "x-left": "nan"})
    assert set(found) == set(POINTS)
    assert abs(found["chin"][0] - points["chin"][0]) < 30
    assert (wrong.status_code, bool(wrong.json()["error"])) == (422, True)


async def test_pictures_that_are_none_are_refused_with_what_to_do(small_panel: Panel) -> None:
    picture, _ = portrait()
    async with small_panel.visitor(Role.EDITOR) as editor:
        for data, fields in ((b"junk" * 20, NAMES), (png(picture), {**NAMES, "name_ar": ""}), (b"", NAMES)):
            files = {"picture": ("p.png", data)}
            script = await editor.post(f"{HERE}/new/photo", fields, files=files, headers=SCRIPT)
            plain = await editor.post(f"{HERE}/new/photo", fields, files=files)
            assert (script.status_code, plain.status_code) == (422, 422)
            assert html.escape(script.json()["error"], quote=False) in plain.text
            assert 'value="Khalid"' in plain.text
    assert await own(small_panel) == []


async def test_who_may_see_may_not_change(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.EDITOR) as editor:
        page, points = await photographed(editor)
    async with small_panel.visitor(Role.VIEWER) as viewer:
        seen = (await viewer.get(page)).text
        done = [await viewer.post(f"{page}/{one}", placed(points)) for one in ("points", "judge", "consent", "revoke")]
        picture = await viewer.get(f"{page}/portrait")
    assert "<form" not in seen.partition("<main")[2]
    assert [one.status_code for one in (*done, picture)] == [403] * 5
