"""A document that is taken in rings for the librarian of its process: nobody waits for his next round."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core_pipeline.knowledge.documents import stacks
from core_pipeline.knowledge.documents.librarian import Librarian
from core_pipeline.turns.works import in_background
from tenants import api_keys
from tenants.models import DocumentState
from tenants.people.roles import Role
from tests.panel.house import opened

ROUND = 3600.0


class Watched(Librarian):
    """A librarian who says when nothing waits any more; then he sits by his bell."""

    def __init__(self, *rooms: Any, **terms: Any) -> None:
        super().__init__(*rooms, **terms)
        self.idle = asyncio.Event()

    async def once(self) -> bool:
        found = await super().once()
        if not found:
            self.idle.set()
        return found


async def sits(librarian: Watched) -> None:
    """Wait until he has nothing to do."""
    await asyncio.wait_for(librarian.idle.wait(), 30)
    librarian.idle.clear()


async def test_an_upload_rings(
    sqlite_url_pair: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stacks, "Librarian", partial(Watched, poll=ROUND))
    async with opened(sqlite_url_pair, tmp_path) as panel, panel.visitor(Role.EDITOR) as editor:
        librarian = panel.house.stacks.librarian
        assert isinstance(librarian, Watched)
        async with panel.db.tenant(panel.tenant.id) as session:
            key, _ = await api_keys.make(session, "test", ("knowledge",))
        async with in_background(librarian.run()):
            await sits(librarian)
            await editor.post("/t/demo/knowledge/documents", files={"file": ("a.md", "# أ\n\nأول".encode())})
            await sits(librarian)
            bearer = {"Authorization": f"Bearer {key}"}
            file = {"file": ("b.md", "# ب\n\nثان".encode())}
            sent = await editor.http.post("/api/v1/knowledge/documents", files=file, headers=bearer)
            assert sent.status_code in {201, 202}, sent.text
            await sits(librarian)
        states = [one.state for one in await panel.house.stacks.library.listing(panel.tenant.id)]
    assert states == [DocumentState.READY, DocumentState.READY]
