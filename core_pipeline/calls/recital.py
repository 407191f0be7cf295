"""Words that a vendor plays to a caller whom we don't talk to: spoken once, then fetched from us."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from core_pipeline.calls.reciting import recite
from core_pipeline.media.wav import wav

if TYPE_CHECKING:
    from core_pipeline.calls.lobby import Lobby
    from tenants.links import Links

MIME = "audio/wav"
MOST = 500


class Recital:
    """Keeps where the spoken words of tenants lie, `most` of them, and gives a link to them."""

    def __init__(self, lobby: Lobby, links: Links, most: int = MOST) -> None:
        self._lobby, self._links, self._most = lobby, links, most
        self._kept: OrderedDict[tuple[str, str, str], str] = OrderedDict()

    async def __call__(self, tenant_id: str, words: str, language: str) -> str:
        """The address of these words as a WAV file of 8 kHz, good for an hour."""
        key = (tenant_id, words, language)
        blob = self._kept.get(key)
        if blob is None:
            spoken = await recite(self._lobby, tenant_id, words, language)
            blob = self._kept[key] = await self._lobby.blobs.put(tenant_id, "recited", wav(spoken), ".wav")
            if len(self._kept) > self._most:
                (owner, _, _), old = self._kept.popitem(last=False)
                await self._lobby.blobs.delete(owner, old)
        return self._links.media(tenant_id, blob, MIME)
