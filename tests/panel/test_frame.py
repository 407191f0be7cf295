"""What every page stands in: head and menu, the texts of two versions side by side, round figures beneath charts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.frame.assets import Assets
from admin.frame.drawing import Drawing
from admin.frame.shapes import LONGEST, changes, ticks
from admin.frame.words import words
from admin.panel import BUILT, menu
from tenants.people.roles import Role
from tests.panel.house import Panel

DRAWING = Drawing(Assets(Path("nowhere")))
SOURCE = Path(BUILT).parent / "src"


def drawn(part: str, language: str = "en") -> str:
    """A part as a page of this language has it."""
    environment = DRAWING._environments[language]
    return environment.from_string('{% import "parts.html" as parts with context %}{{ parts.' + part + " }}").render()


@given(st.text(max_size=80), st.text(max_size=80))
def test_the_pieces_of_a_change_make_both_texts(before: str, after: str) -> None:
    found = changes(before, after)
    assert "".join(text for sign, text in found if sign != "+") == before
    assert "".join(text for sign, text in found if sign != "-") == after


def test_a_change_is_told_by_words() -> None:
    assert changes("نفتح الساعة 9 صباحا", "نفتح الساعة 10 صباحا") == [
        ("=", "نفتح الساعة "),
        ("-", "9"),
        ("+", "10"),
        ("=", " صباحا"),
    ]


def test_long_texts_are_not_compared_word_by_word() -> None:
    before, after = "a " * LONGEST, "b " * LONGEST
    assert changes(before, after) == [("-", before), ("+", after)]


@given(st.floats(min_value=1e-6, max_value=1e12))
def test_a_charts_grid_is_round_and_reaches_above_everything(highest: float) -> None:
    lines = ticks(highest)
    assert lines[0] == 0
    assert lines[-1] >= highest * 0.999_999
    assert 2 <= len(lines) <= 6


def test_a_chart_of_nothing_has_a_grid() -> None:
    assert ticks(0) == [0.0, 1.0]


@pytest.mark.parametrize("kind", ["bar_chart", "column_chart", "line_chart"])
def test_charts_can_be_read_and_run_as_one_reads(kind: str) -> None:
    rows = '[("Mon", 3), ("Tue", 9, "nine")]'
    there, here = drawn(f"{kind}({rows}, 'Days')"), drawn(f"{kind}({rows}, 'Days')", "ar")
    for part in (
        "<title>Days</title>",
        "<desc>Mon: 3. Tue: nine.",
        '<th scope="row"><bdi>Tue</bdi></th>',
        ">nine</td>",
    ):
        assert part in there, part
    assert "style=" not in there + here
    assert there != here


def test_bars_begin_where_reading_begins() -> None:
    rows = '[("a", 4), ("b", 1)]'
    assert re.findall(r'class="bar" x="([\d.]+)%"', drawn(f"bar_chart({rows})")) == ["0", "0"]
    assert re.findall(r'class="bar" x="([\d.]+)%"', drawn(f"bar_chart({rows})", "ar")) == ["0.0", "75.0"]


@pytest.mark.parametrize("kind", ["bar_chart", "column_chart", "line_chart"])
@pytest.mark.parametrize("rows", ["[]", '[("a", 0)]', '[("a", 5)]'])
def test_charts_of_little_are_drawn(kind: str, rows: str) -> None:
    assert "<svg" in drawn(f"{kind}({rows})")


def test_what_users_wrote_is_never_markup() -> None:
    evil = "'<script>alert(1)</script>'"
    parts = (
        f"diff({evil}, '')",
        f"bar_chart([({evil}, 1)], {evil})",
        f"copyable({evil})",
        f"text_field('a', {evil}, {evil})",
    )
    for part in parts:
        assert "<script" not in drawn(part), part


def test_a_player_runs_from_the_left_in_every_language() -> None:
    player = drawn("player('/a.ogg', 65, 'Sound', [1, 99])", "ar")
    assert 'data-player dir="ltr"' in player
    assert ">1:05</output>" in player
    assert player.count("<rect") == 2


def test_drawings_that_point_are_mirrored_and_every_drawing_is_there() -> None:
    assert 'class="icon flip"' in drawn("icon('back')")
    assert 'class="icon"' in drawn("icon('clock')")
    there = set(re.findall(r'<symbol id="(\w+)"', (SOURCE / "icons.svg").read_text(encoding="utf-8")))
    templates = [place.read_text(encoding="utf-8") for place in BUILT.parents[1].glob("*/templates/*.html")]
    used = {name for text in templates for name in re.findall(r'\bicon\("(\w+)"', text)} | {nav.icon for nav in menu()}
    assert used - there == set()


def test_no_template_has_what_the_content_policy_forbids() -> None:
    for place in BUILT.parents[1].glob("*/templates/*.html"):
        text = place.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", text), place


async def test_the_menu_says_where_one_is_and_has_only_what_one_may(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.VIEWER) as viewer, small_panel.visitor(Role.PLATFORM_ADMIN) as admin:
        page, whole = (await viewer.get("/t/demo")).text, (await admin.get("/t/demo")).text
    assert page.count('aria-current="page"') == 1
    assert 'popovertarget="menu"' in page
    assert "/admin/platform" not in page
    assert "/admin/platform" in whole


async def test_what_breaks_is_told_in_the_visitors_language(
    small_panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("admin.home.routes.figures", lambda *_: 1 // 0)
    async with small_panel.visitor(Role.OWNER, language="ar") as owner:
        page = await owner.get("/t/demo")
    assert (page.status_code, "حدث خطأ من جهتنا" in page.text) == (500, True)


def test_a_word_means_what_it_means_where_it_stands() -> None:
    seen = {subject: words("ar", subject).gettext("Seen") for subject in ("inbox", "people")}
    assert seen["inbox"] != seen["people"]
    assert words("ar", "inbox").gettext("Menu") == words("ar").gettext("Menu") == "القائمة"


async def test_a_page_names_its_language_and_leads_to_the_other(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.OWNER, language="ar") as owner:
        page = (await owner.get("/t/demo?a=1")).text
    assert 'href="/admin/t/demo?a=1&amp;lang=en" lang="en" hreflang="en"' in page


async def test_what_a_page_loads_is_there_and_may_be_kept_for_good(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.OWNER) as owner:
        page = (await owner.get("/t/demo")).text
        for address in set(re.findall(r'(?:href|src)="(/admin/static/[^"#]+)', page)):
            found = await owner.http.get(address)
            assert found.status_code == 200, address
            assert "immutable" in found.headers["cache-control"], address
