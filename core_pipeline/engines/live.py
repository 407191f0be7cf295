"""Which engine draws a face in a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core_pipeline.contracts.faces import Face, Shape
    from core_pipeline.contracts.legs import TalkingFace
    from core_pipeline.engines.router import Engines


async def live_face(engines: Engines, face: Face, shape: Shape, language: str, tenant_id: str) -> TalkingFace | None:
    """A face that moves as it is told; None where none of the tenant's video engines can draw it live."""
    for one in await engines.configurations(tenant_id):
        able = (
            one.spec.kind == "video" and face.kind in one.spec.faces and language in one.spec.languages_of(one.config)
        )
        if able and one.spec.live is not None:
            return one.spec.live(face, shape)
    return None
