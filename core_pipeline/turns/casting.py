"""Who is shown in a film, and how: the tenant's choice as far as the network, the quota and the load allow."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlmodel import col

from core_pipeline.contracts.faces import Face, Shape
from core_pipeline.media.film.fit import most_bits
from core_pipeline.portraits.use import chosen_face
from errors import Impossible
from tenants.models import Turn, TurnStage

if TYPE_CHECKING:
    from core_pipeline.contracts.channel import Limits, VideoFormat
    from core_pipeline.turns.deps import Deps, Here
    from tenants.policy import Policy

HD_LINES = 1080


@dataclass(frozen=True)
class Cast:
    """How a film is to be: whom it shows, in which format, and all that tells one film of a text from another.

    `part` says that the first part of a longer answer will do; `own_id` is the tenant's own avatar; `enlarged` the
    shape after upscaling, None for as it was drawn.
    """

    face: Face
    format: VideoFormat
    longest: float
    captions: bool
    part: bool
    look: str
    own_id: str | None = None
    enlarged: Shape | None = None

    @property
    def shape(self) -> Shape:
        """The shape in which it is drawn."""
        return Shape(self.format.width, self.format.height)

    @property
    def most_bits(self) -> int:
        """How many bits a second its pictures may take so that the longest film is not too large."""
        return most_bits(self.format.most, self.longest)


async def cast_of(deps: Deps, here: Here, policy: Policy, limits: Limits, language: str) -> Cast:
    """Cast the tenant's film in this language; raises `Impossible` or `NeedsOwner` with why there can't be one now."""
    if policy.video_minutes and await _filmed(deps, here) >= policy.video_minutes * 60:
        raise Impossible("video-quota", f"this month's {policy.video_minutes:g} minutes of video are used up")
    way = _format(policy, limits)
    face, own_id = await chosen_face(deps.db, deps.blobs, here.tenant_id, policy, language)
    wait = deps.engines.wait(face.kind)
    if wait > policy.video_wait:
        raise Impossible("video-queue", f"{wait:.0f} s of films are waiting")
    enlarged = _enlarged(way) if policy.video_hd and way.view != "note" else None
    look = _digest(face, way, enlarged, policy.captions)
    longest = min(policy.video_seconds, way.longest)
    return Cast(face, way, longest, policy.captions, policy.video_long == "part", look, own_id, enlarged)


def _format(policy: Policy, limits: Limits) -> VideoFormat:
    ways = [way for way in limits.videos if way.view == policy.video_view] or list(limits.videos)
    if not ways:
        raise Impossible("no-video-here", "this network carries no video")
    return ways[0]


def _digest(face: Face, *shown: object) -> str:
    """What changes with anything that is to be seen."""
    files = [(name, hashlib.sha256(data).digest()) for name, data in sorted(face.files.items())]
    seen = (face.id, files, sorted(face.colours.items()), face.logo, *shown)
    return hashlib.sha256(repr(seen).encode()).hexdigest()


def _enlarged(way: VideoFormat) -> Shape:
    """The same picture with a shorter side of 1080 lines."""
    scale = HD_LINES / min(way.width, way.height)
    return Shape(round(way.width * scale / 2) * 2, round(way.height * scale / 2) * 2)


async def _filmed(deps: Deps, here: Here) -> float:
    """How many seconds were drawn for this tenant since the calendar month began (UTC)."""
    month = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    drawn = (
        select(func.coalesce(func.sum(col(TurnStage.units)), 0.0))
        .join(Turn, col(Turn.id) == col(TurnStage.turn_id))
        .where(col(TurnStage.name) == "animate", col(Turn.started_at) >= month)
    )
    async with deps.db.tenant(here.tenant_id, reads=True) as session:
        return float(await session.scalar(drawn) or 0.0)
