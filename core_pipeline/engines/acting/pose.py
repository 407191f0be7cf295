"""How a face is held in one picture."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from core_pipeline.engines.acting.visemes import Lips


@dataclass(frozen=True, slots=True)
class Mood:
    """What a feeling does to a face; 0 is neutral, and every part is in −1..1.

    `smile` lifts the corners of the mouth (negative: draws them down), `raised` the brows, `inner` their inner ends
    (worry, grief), `furrow` draws them down and together, `squint` lifts the lower lids, `wide` opens the eyes beyond
    their rest, `droop` lets the upper lids hang, `flush` colours the cheeks, `tight` thins the lips, `parted` opens
    them a little so that teeth show. `bow` tips the head forward, `lean` to the side, in shares of what it can do.
    """

    smile: float = 0.0
    raised: float = 0.0
    inner: float = 0.0
    furrow: float = 0.0
    squint: float = 0.0
    wide: float = 0.0
    droop: float = 0.0
    flush: float = 0.0
    tight: float = 0.0
    parted: float = 0.0
    bow: float = 0.0
    lean: float = 0.0

    def plus(self, other: Mood, share: float = 1.0) -> Mood:
        """Return this mood with a share of another on top."""
        return Mood(*(getattr(self, part) + share * getattr(other, part) for part in MOOD_PARTS))


_MOVED = ("lid", "x", "y", "roll", "yaw", "breath", "sway")
MOOD_PARTS = tuple(part.name for part in fields(Mood))
_AT_REST, _NEUTRAL = Lips(), Mood()


def _between(one: float, other: float, share: float) -> float:
    return one + (other - one) * share


@dataclass(frozen=True, slots=True)
class Pose:
    """One picture's face: `lips` and `mood`, and how eyes, head and body are held.

    `lid` shuts the eyes (0 open, 1 shut); `look` is where they look, right and down, in −1..1. The head is moved by
    `x`, `y` units of the art, tilted by `roll` degrees clockwise and turned by `yaw` in −1..1 to the viewer's right;
    `breath` in 0..1 lifts the shoulders and `sway` moves the body by units.
    """

    lips: Lips = _AT_REST
    mood: Mood = _NEUTRAL
    lid: float = 0.0
    look: tuple[float, float] = (0.0, 0.0)
    x: float = 0.0
    y: float = 0.0
    roll: float = 0.0
    yaw: float = 0.0
    breath: float = 0.0
    sway: float = 0.0

    @property
    def mouth(self) -> Lips:
        """The lips as the mood leaves them: parted in a smile, but shut where a sound shuts them."""
        lips, parted = self.lips, max(0.0, self.mood.parted)
        part = parted * (1 - lips.press) * (1 - lips.tuck) * (1 - 0.7 * lips.pucker)
        opening = lips.open + 0.2 * part * (1 - lips.open)
        return replace(lips, open=opening, teeth=max(lips.teeth, min(1.0, part * 1.4)))

    def towards(self, other: Pose, share: float) -> Pose:
        """Return the pose this far, 0..1, on the way to another; the lips are the other's."""
        if share >= 1:
            return other
        moved = [_between(getattr(self, part), getattr(other, part), share) for part in _MOVED]
        look = (_between(self.look[0], other.look[0], share), _between(self.look[1], other.look[1], share))
        mood = Mood(*(_between(getattr(self.mood, part), getattr(other.mood, part), share) for part in MOOD_PARTS))
        return Pose(other.lips, mood, moved[0], look, *moved[1:])

    def saying(self, lips: Lips) -> Pose:
        """Return the same pose with other lips."""
        return replace(self, lips=lips)
