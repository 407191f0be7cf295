"""Where somebody lands."""

from __future__ import annotations

from tenants.people.roles import Role
from tests.panel.house import Panel


async def test_somebody_with_one_business_lands_there(panel: Panel) -> None:
    async with panel.visitor(Role.OWNER) as owner:
        landed = await owner.get("/", follow_redirects=True)
    assert (landed.status_code, landed.url.path) == (200, "/admin/t/demo")
    assert "Overview" in landed.text


async def test_arabic_is_the_language_unless_another_is_chosen(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.OWNER, language="ar") as owner:
        arabic, english = await owner.get("/t/demo"), await owner.get("/t/demo?lang=en")
    assert '<html lang="ar" dir="rtl">' in arabic.text
    assert "نظرة عامة" in arabic.text
    assert '<html lang="en" dir="ltr">' in english.text


async def test_a_stranger_is_asked_to_sign_in(small_panel: Panel) -> None:
    async with small_panel.stranger() as stranger:
        asked = await stranger.get("/admin/t/demo")
    assert (asked.status_code, asked.headers["location"]) == (303, "/admin/sign-in")
