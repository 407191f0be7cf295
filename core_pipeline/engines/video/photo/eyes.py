"""Lids and brows: the upper lid is skin drawn down over the eye with its lashes; brows rise, fall and draw together."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core_pipeline.engines.acting.pose import Mood, Pose
from core_pipeline.engines.video.photo.framing import Stage
from core_pipeline.engines.video.photo.gather import Floats, Packed, unpacked
from core_pipeline.engines.video.photo.patch import Curve, bump, patch, ramp
from core_pipeline.engines.video.photo.tracing import arch, lid_line

Doubles: TypeAlias = NDArray[np.float64]
# In units of the distance between the eyes.
LASHES = 0.014  # how much of what lies below a lid's edge goes with it
FOLD = 0.27  # how far above the edge the lid's skin comes from
LOWER_LID = 0.5  # depth of the lower lid below the corners in shares of the upper lid's height
BEYOND_LID = 0.012  # lids that shut overlap: nothing of the eye is to be left between them
BROW, RAISE, INNER, FURROW = -0.36, 0.075, 0.055, 0.045
LASH, LASH_SHARE = (44.0, 32.0, 28.0), 0.85
STEPS, SIDE = 2048, 1.1


class Eyes:
    """Both eyes and brows of one stage: what can be worked out before they move."""

    def __init__(self, stage: Stage) -> None:
        self.patch = patch(stage, (-SIDE, SIDE), (-0.85, 0.32))
        u = np.linspace(-SIDE, SIDE, STEPS)
        edge, opening = np.zeros(STEPS), np.zeros(STEPS)
        for side in ("left", "right"):
            _open(u, edge, opening, side, stage)
        self._edge = Curve(-SIDE, SIDE, edge)
        self._opening = Curve(-SIDE, SIDE, opening)
        self._dark = self._darkest(stage)
        self._brows()

    def _darkest(self, stage: Stage) -> NDArray[np.float32]:
        """Return the colour of the lashes: the darkest there is along the lids' edges."""
        patch = self.patch
        near = (np.abs(patch.v - self._edge(patch.u)) < LASHES) & (self._opening(patch.u) > 0.05)
        colours = stage.picture[patch.rows, patch.columns][near].astype(np.float32)
        if not colours.size:  # eyes a few pixels wide
            return np.array(LASH, np.float32)
        dark = colours[colours.sum(axis=1) <= np.percentile(colours.sum(axis=1), 25)]
        return np.asarray(dark.mean(axis=0), np.float32)

    def _brows(self) -> None:
        u, v = np.abs(self.patch.u), self.patch.v
        fade = ramp(v, -0.12, -0.26) * ramp(v, -0.85, -0.6)
        self._whole = fade * bump((u - 0.52) / 0.45, (v - BROW) / 0.4)
        self._inner = fade * bump((u - 0.24) / 0.22, (v - BROW) / 0.3)
        self._together = self._inner * np.sign(self.patch.u)

    def draw(self, source: Packed, pose: Pose, onto: Packed) -> None:
        """Draw the upper face of the still `source` so held into `onto`."""
        u, v = self._browed(pose.mood)
        places = self._edge.places(u)
        edge = self._edge.look(places)
        drop = self._opening.look(places) * np.float32(_shut(pose))
        # Nearest the lashes the skin comes along whole; it is stretched where the lid folds away when open.
        share = (v - edge + np.float32(FOLD)) / (drop + np.float32(FOLD + LASHES))
        on_lid = v < edge + drop + np.float32(LASHES)
        np.clip(share, 0, 1, out=share)
        share *= share * (3 - 2 * share)
        drawn = self.patch.read(source, u, v - drop * share * on_lid)
        self._lash(drawn, drop, v - edge - drop)
        onto[self.patch.rows, self.patch.columns] = drawn

    def _lash(self, drawn: Packed, drop: Floats, above: Floats) -> None:
        """Darken the edge of a lid that has come down, over what of the eye came along with its lashes."""
        cover = ramp(drop, 0.02, 0.09) * ramp(np.abs(above - np.float32(0.004)), 0.02, 0.006)
        seen = np.flatnonzero(cover)
        if seen.size:
            pixels = unpacked(drawn).reshape(-1, 4)
            under = pixels[seen, :3].astype(np.float32)
            pixels[seen, :3] = under + (self._dark - under) * (LASH_SHARE * cover.ravel()[seen])[:, None]

    def _browed(self, mood: Mood) -> tuple[Floats, Floats]:
        up = np.float32(RAISE * mood.raised) * self._whole
        up += np.float32(INNER * mood.inner - FURROW * mood.furrow) * self._inner
        return self.patch.u + np.float32(0.6 * FURROW * mood.furrow) * self._together, self.patch.v + up


def _shut(pose: Pose) -> float:
    """Return how far the upper lids have come down: a smile narrows the eyes, too."""
    resting = 0.3 * max(0.0, pose.mood.droop) + 0.14 * max(0.0, pose.mood.squint)
    return min(1.0, max(0.0, resting + pose.lid * (1 - resting)))


def _open(u: Doubles, edge: Doubles, opening: Doubles, side: str, stage: Stage) -> None:
    """Write one eye's upper edge and how far it is to the lower one, by u."""
    lid_u, lid_v = (part.astype(np.float64) for part in lid_line(stage.picture, stage.found, side))
    share = np.clip((u - lid_u[0]) / (lid_u[-1] - lid_u[0]), 0, 1)
    corners = lid_v[0] + share * (lid_v[-1] - lid_v[0])
    traced = np.interp(u, lid_u, lid_v)
    height = max(0.03, float(np.max(corners - traced)))
    lower = corners + (LOWER_LID * height + BEYOND_LID) * arch(share)
    here = (u > lid_u[0] - 0.2) & (u < lid_u[-1] + 0.2)
    edge[here] = traced[here]
    opening[here] = (np.maximum(lower - traced, 0) * (arch(share) > 0))[here]
