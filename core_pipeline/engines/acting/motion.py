"""How a face moves besides its lips: the same for the same seed and time of the film, wherever it is cut."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, pi, sin

from core_pipeline.contracts.faces import Emotion

_MASK = (1 << 64) - 1
_BLINK_EVERY, _BLINK_LASTS, _SHUTTING = 3.3, 0.26, 0.34
_GLANCE_EVERY, _GLANCE_TAKES = 1.7, 0.07
_BOW_EVERY, _BOW_LASTS = 4.6, 1.5


@dataclass(frozen=True)
class Manner:
    """How a feeling moves: `energy` of head and brows, `calm` between blinks, where the eyes rest, bows of thanks."""

    energy: float = 1.0
    calm: float = 1.0
    down: float = 0.0
    wander: float = 1.0
    bows: float = 0.0


MANNERS: dict[Emotion, Manner] = {
    "neutral": Manner(),
    "happy": Manner(energy=1.3),
    "sad": Manner(energy=0.55, calm=0.85, down=0.8, wander=0.5),
    "worried": Manner(energy=0.9, calm=0.7, wander=1.5),
    "angry": Manner(energy=0.8, calm=1.6, wander=0.15),
    "thankful": Manner(energy=0.8, down=0.3, bows=1.0, wander=0.3),
}


@dataclass(frozen=True)
class Moment:
    """How all that moves by itself is held at one time; as `Pose`, with `bow` in 0..1."""

    lid: float
    look: tuple[float, float]
    x: float
    y: float
    roll: float
    yaw: float
    breath: float
    sway: float
    brow: float
    bow: float


def moment(seed: int, seconds: float, manner: Manner) -> Moment:
    """Return how a face is held this long after the film's beginning."""
    bow = _bow(seed, seconds) * manner.bows
    energy = manner.energy
    return Moment(
        lid=max(_blink(seed, seconds / manner.calm) if manner.calm else 0.0, 0.85 * bow),
        look=_look(seed, seconds, manner),
        x=energy * (2.6 * _wave(seed, 1, 0.17, seconds) + 1.1 * _wave(seed, 2, 0.41, seconds)),
        y=energy * (1.2 * _wave(seed, 3, 0.23, seconds) + 0.6 * _wave(seed, 4, 0.57, seconds)),
        roll=energy * (1.3 * _wave(seed, 5, 0.13, seconds) + 0.6 * _wave(seed, 6, 0.37, seconds)),
        yaw=energy * (0.3 * _wave(seed, 7, 0.19, seconds) + 0.14 * _wave(seed, 8, 0.47, seconds)),
        breath=0.5 + 0.5 * _wave(seed, 9, 0.26, seconds),
        sway=1.3 * _wave(seed, 10, 0.11, seconds),
        brow=0.1 * energy * _wave(seed, 11, 0.29, seconds),
        bow=bow,
    )


def chance(seed: int, kind: int, number: int) -> float:
    """Return a number in 0..1 that only depends on these three."""
    mixed = (seed * 0x9E3779B97F4A7C15 + kind * 0xD1B54A32D192ED03 + number * 0x8CB92BA72F3D8DD7 + 1) & _MASK
    for _ in range(2):
        mixed = ((mixed ^ (mixed >> 31)) * 0xBF58476D1CE4E5B9) & _MASK
    return ((mixed ^ (mixed >> 29)) & _MASK) / (_MASK + 1)


def bump(share: float) -> float:
    """Return a soft hill over 0..1, 0 outside of it."""
    return sin(pi * share) ** 2 if 0 < share < 1 else 0.0


def _wave(seed: int, kind: int, hertz: float, seconds: float) -> float:
    return sin(2 * pi * (hertz * seconds + chance(seed, kind, 0)))


def _blink(seed: int, seconds: float) -> float:
    """Return how far the eyes are shut; a blink in five is a double one."""
    shut, slot = 0.0, floor(seconds / _BLINK_EVERY)
    for number in (slot - 1, slot):
        since = seconds - (number + 0.15 + 0.65 * chance(seed, 20, number)) * _BLINK_EVERY
        shut = max(shut, _lid(since))
        if chance(seed, 21, number) < 0.2:
            shut = max(shut, _lid(since - _BLINK_LASTS * 1.15))
    return shut


def _lid(since: float) -> float:
    share = since / _BLINK_LASTS
    if not 0 < share < 1:
        return 0.0
    moved = share / _SHUTTING if share < _SHUTTING else (1 - share) / (1 - _SHUTTING)
    return min(1.0, 1.25 * moved)


def _look(seed: int, seconds: float, manner: Manner) -> tuple[float, float]:
    """Return where the eyes look: mostly at the viewer, now and then aside, in quick glances."""
    slot = floor(seconds / _GLANCE_EVERY)
    started = (slot + 0.5 * chance(seed, 30, slot)) * _GLANCE_EVERY
    share = min(1.0, max(0.0, (seconds - started) / _GLANCE_TAKES))
    before, now = _aim(seed, slot - 1), _aim(seed, slot)
    x, y = (a + (b - a) * share for a, b in zip(before, now, strict=True))
    return x * manner.wander, y * manner.wander + manner.down


def _aim(seed: int, slot: int) -> tuple[float, float]:
    drawn = chance(seed, 31, slot)
    if drawn < 0.62:
        return 0.0, 0.0
    side = -1.0 if drawn < 0.81 else 1.0
    return side * (0.3 + 0.25 * chance(seed, 32, slot)), 0.5 * chance(seed, 33, slot) - 0.3


def _bow(seed: int, seconds: float) -> float:
    """Return how far a bow of thanks has gone: slow, the first soon after the beginning."""
    slot = floor(seconds / _BOW_EVERY)
    return bump((seconds - (slot + 0.06 + 0.2 * chance(seed, 40, slot)) * _BOW_EVERY) / _BOW_LASTS)
