"""How far two descriptions of voices are of one speaker: learnt directions, and a ratio of two likelihoods.

Along each direction speakers lie around 0 with variance `between`; one speaker's recordings with T seconds of speech
lie around their own place with variance `within + short / T`. Both variances are known, so the evidence that two
recordings share a place is a closed formula; `curve` turns it into 0..1.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

MODEL = Path(__file__).parent / "model.npz"
_CERTAIN = 30.0

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Model:
    """The learnt figures: `scale` and `directions` act on descriptions, the rest on what comes out."""

    mean: Array
    scale: Array
    directions: Array
    between: Array
    within: Array
    short: Array
    curve: Array

    @classmethod
    def load(cls, file: Path = MODEL) -> Self:
        """Read the figures."""
        with np.load(file, allow_pickle=False) as kept:
            return cls(**{name: kept[name].astype(np.float64) for name in kept.files})

    def save(self, file: Path = MODEL) -> None:
        """Write the figures, in single precision."""
        np.savez_compressed(file, **{name: value.astype(np.float32) for name, value in asdict(self).items()})

    def place(self, description: NDArray[np.floating]) -> Array:
        """Return where descriptions (…, 69) lie along the learnt directions."""
        return np.asarray(((description - self.mean) / self.scale) @ self.directions.T)

    def evidence(self, one: Array, other: Array, seconds_one: float, seconds_other: float) -> float:
        """Return the log of how much likelier two places are for one speaker than for two."""
        own_one, own_other = (
            self.between + self.within + self.short / max(seconds, 0.1) for seconds in (seconds_one, seconds_other)
        )
        together = own_one * own_other - self.between**2
        same = np.log(together) + (own_other * one**2 + own_one * other**2 - 2 * self.between * one * other) / together
        apart = np.log(own_one * own_other) + one**2 / own_one + other**2 / own_other
        return float((apart - same).sum() / 2)

    def likeness(self, evidence: float) -> float:
        """Return evidence as 0..1; 0.5 where as many of one speaker's pairs lie below as of two speakers' above."""
        slope, offset = self.curve
        return float(1 / (1 + np.exp(-np.clip(slope * evidence + offset, -_CERTAIN, _CERTAIN))))
