"""The persona pages: values are kept as versions, wrong ones come back with words, tries answer without a trace."""

from __future__ import annotations

import pytest

from tenants.people.roles import Role
from tests.panel.house import Panel

PAGES = (
    "/t/demo/persona",
    "/t/demo/persona/words",
    "/t/demo/persona/hours",
    "/t/demo/persona/rules",
    "/t/demo/persona/tools",
    "/t/demo/persona/tools/new",
    "/t/demo/persona/templates",
    "/t/demo/persona/templates/clinic",
    "/t/demo/persona/versions",
    "/t/demo/try",
)


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_every_page_opens(small_panel: Panel, language: str) -> None:
    async with small_panel.visitor(Role.OWNER, language=language) as owner:
        for page in PAGES:
            opened = await owner.get(page)
            assert opened.status_code == 200, page
