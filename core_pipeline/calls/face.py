"""The faces that are seen in calls: the tenant's avatar, as far as it can be drawn live and the load allows."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from core_pipeline.contracts.faces import Face, Shape
from core_pipeline.engines.live import live_face
from core_pipeline.portraits.use import chosen_face
from errors import SawtakError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy import uint8
    from numpy.typing import NDArray

    from core_pipeline.contracts.legs import Spoken, TalkingFace
    from core_pipeline.engines.router import Engines
    from tenants.blobs import Blobs
    from tenants.db import Database
    from tenants.policy import Policy

log = logging.getLogger(__name__)

LARGE, SMALL = Shape(512, 512), Shape(256, 256)


class LiveFaces:
    """The live faces of one process: the first `large` at once are drawn in full, others smaller, `most` in all."""

    def __init__(self, db: Database, blobs: Blobs, engines: Engines, large: int = 3, most: int = 10) -> None:
        self._db, self._blobs, self._engines = db, blobs, engines
        self._large, self._most = large, most
        self._told: set[str] = set()
        self.count = 0

    async def of(self, tenant_id: str, policy: Policy, language: str) -> TalkingFace | None:
        """A face for one call, to be closed by who shows it; None where only sound can be had, which is logged once."""
        if self.count >= self._most:
            log.info("%d faces are drawn already: a call goes on with sound only", self.count)
            return None
        try:
            face = await self.chosen(tenant_id, policy, language)
            shape = LARGE if self.count < self._large else SMALL
            live = await live_face(self._engines, face, shape, language, tenant_id)
        except SawtakError as error:
            self._tell(tenant_id, str(error))
            return None
        if live is None:
            self._tell(tenant_id, f"no engine draws {face.kind} avatars live in {language}")
            return None
        self.count += 1
        return _Counted(live, self._released)

    async def chosen(self, tenant_id: str, policy: Policy, language: str) -> Face:
        """The face that the tenant chose for this language; `NeedsOwner` or `Impossible` where there is none."""
        face, _ = await chosen_face(self._db, self._blobs, tenant_id, policy, language)
        return face

    def _tell(self, tenant_id: str, why: str) -> None:
        if tenant_id not in self._told:
            self._told.add(tenant_id)
            log.info("tenant %s: calls go on with sound only: %s", tenant_id, why)

    def _released(self) -> None:
        self.count -= 1


class _Counted:
    """A face that tells when it is closed."""

    def __init__(self, face: TalkingFace, closed: Callable[[], None]) -> None:
        self._face, self._closed = face, closed
        self.shape = face.shape

    def say(self, spoken: Spoken, starts: float) -> None:
        """As the face's own."""
        self._face.say(spoken, starts)

    def cut(self, at: float) -> None:
        """As the face's own."""
        self._face.cut(at)

    def picture(self, played: float) -> NDArray[uint8]:
        """As the face's own."""
        return self._face.picture(played)

    def close(self) -> None:
        """Release the face, once."""
        closed, self._closed = self._closed, _nothing
        closed()
        self._face.close()


def _nothing() -> None:
    return
