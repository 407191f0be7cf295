"""Learns the model from descriptions of recordings of known speakers; `bench/speaker.py --fit` brings them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core_pipeline.engines.speaker.spectral.model import Array, Model

_DIRECTIONS = 20
_SHRINKING = 0.02
_LEAST_VARIANCE = 0.05
_STEPS, _RATE = 4_000, 0.02

Index = NDArray[np.intp]


@dataclass(frozen=True)
class Recording:
    """A recording of a known speaker; `session` tells those apart that share words or conditions."""

    speaker: str
    session: int
    seconds: float
    description: NDArray[np.float32]


def learn(recordings: Sequence[Recording]) -> Model:
    """Return the model of these recordings, with a curve that says nothing yet."""
    given = np.stack([one.description for one in recordings]).astype(np.float64)
    mean, scale = given.mean(axis=0), given.std(axis=0) + 1e-6
    who = np.unique([one.speaker for one in recordings], return_inverse=True)[1]
    directions = _directions((given - mean) / scale, who)
    places = ((given - mean) / scale) @ directions.T
    centres = _centres(places, who)
    away = (places - centres[who]) ** 2
    seconds = np.array([one.seconds for one in recordings])
    constant, falling = np.linalg.lstsq(np.stack([np.ones(len(seconds)), 1 / seconds], axis=1), away, rcond=None)[0]
    within, short = np.maximum(constant, _LEAST_VARIANCE), np.maximum(falling, 0.0)
    return Model(mean, scale, directions, centres.var(axis=0), within, short, np.array([1.0, 0.0]))


def evidences(model: Model, recordings: Sequence[Recording]) -> tuple[Array, Array]:
    """Return the evidence for all pairs of one speaker's sessions, and for all pairs of two speakers."""
    places = model.place(np.stack([one.description for one in recordings]))
    same: list[float] = []
    other: list[float] = []
    for first, one in enumerate(recordings):
        for second in range(first + 1, len(recordings)):
            two = recordings[second]
            if one.speaker == two.speaker and one.session == two.session:
                continue
            found = model.evidence(places[first], places[second], one.seconds, two.seconds)
            (same if one.speaker == two.speaker else other).append(found)
    return np.array(same), np.array(other)


def calibrated(model: Model, same: Array, other: Array) -> Model:
    """Return the model with a logistic curve through these evidences, both kinds of pairs weighing alike."""
    evidence = np.concatenate([same, other])
    truth = np.concatenate([np.ones(len(same)), np.zeros(len(other))])
    weight = np.concatenate([np.full(len(same), 0.5 / len(same)), np.full(len(other), 0.5 / len(other))])
    spread = float(evidence.std())
    slope, offset = 1.0, 0.0
    for _ in range(_STEPS):
        wrong = (1 / (1 + np.exp(-np.clip(slope * evidence / spread + offset, -30, 30))) - truth) * weight
        slope -= _RATE * 50 * float((wrong * evidence / spread).sum())
        offset -= _RATE * 50 * float(wrong.sum())
    return Model(**{**vars(model), "curve": np.array([slope / spread, offset])})


def equal_error(same: Array, other: Array) -> tuple[float, float]:
    """Return the share of pairs judged wrongly where both kinds fail alike, and the value where that is."""
    values = np.sort(np.concatenate([same, other]))
    missed = np.searchsorted(np.sort(same), values) / len(same)
    let_in = 1 - np.searchsorted(np.sort(other), values) / len(other)
    place = int(np.argmin(np.abs(missed - let_in)))
    return float(missed[place] + let_in[place]) / 2, float(values[place])


def _directions(given: Array, who: Index) -> Array:
    """Return the directions in which speakers differ most for how much one speaker's recordings do."""
    centres = _centres(given, who)
    away = given - centres[who]
    within = away.T @ away / len(given)
    within += _SHRINKING * np.trace(within) / len(within) * np.eye(len(within))
    whitening = np.linalg.inv(np.linalg.cholesky(within))
    values, vectors = np.linalg.eigh(whitening @ np.cov(centres.T) @ whitening.T)
    order = np.argsort(-values)[:_DIRECTIONS]
    return np.asarray(vectors[:, order].T @ whitening)


def _centres(given: Array, who: Index) -> Array:
    centres = np.zeros((int(who.max()) + 1, given.shape[1]))
    np.add.at(centres, who, given)
    return np.asarray(centres / np.bincount(who)[:, None])
