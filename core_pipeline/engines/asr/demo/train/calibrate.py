"""Fits the confidence curve and writes it into the ONNX file; run it after `export`.

`python -m core_pipeline.engines.asr.demo.train.calibrate`. The material is fresh: new sentences of the grammar and
sentences of words the network never saw, in training voices, spoilt at random and some of it drowned in noise. The
held-out sentences and voices stay untouched for the test.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from core_pipeline.engines.asr.demo.confidence import SIGNS
from core_pipeline.engines.asr.demo.engine import MODEL, Recogniser
from core_pipeline.engines.asr.demo.train.augment import noise, spoil
from core_pipeline.engines.asr.demo.train.export import write_properties
from core_pipeline.engines.asr.demo.train.grammar import Lexicon, lines, sentences
from core_pipeline.engines.asr.demo.train.prepare import RANDOM_SENTENCES, RENDERINGS, rendering_texts
from core_pipeline.engines.asr.demo.train.synth import Speaker, training_voices

log = logging.getLogger(__name__)
_FRESH_SEED = 99
_FRESH, _PER_FOREIGN = 500, 3
_DROWNED_SHARE, _DROWNED_DECIBELS = 0.25, (-5.0, 5.0)
_ROUNDS, _PENALTY = 30, 0.5

Signs = NDArray[np.float64]


def collect(recogniser: Recogniser) -> tuple[Signs, Signs]:
    """Return the signs (utterances, 4) and whether each was heard without error."""
    draw = random.Random(_FRESH_SEED)  # noqa: S311  speech data, no secret
    rng = np.random.default_rng(_FRESH_SEED)
    rows, right = [], []
    with Speaker() as speaker:
        voices = training_voices(speaker.variants())
        for text in _texts():
            samples = spoil(speaker.say_somehow(text, voices, draw), rng)
            if rng.random() < _DROWNED_SHARE:
                samples = noise(samples, rng.uniform(*_DROWNED_DECIBELS), rng)
            heard = recogniser.hear(samples.round())
            if heard.words:
                rows.append(heard.signs)
                right.append(" ".join(word.text for word in heard.words) == text)
    return np.array(rows), np.array(right, dtype=np.float64)


def fit(signs: Signs, right: Signs) -> tuple[list[float], float]:
    """Return weights and bias of a logistic curve (Newton's method with a small penalty)."""
    inputs = np.column_stack([signs, np.ones(len(signs))])
    weights = np.zeros(inputs.shape[1])
    penalty = _PENALTY * np.eye(inputs.shape[1])
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        slope = inputs.T @ (chance - right) + penalty @ weights
        bend = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + penalty
        weights -= np.linalg.solve(bend, slope)
    return weights[:-1].tolist(), float(weights[-1])


def _texts() -> Sequence[str]:
    lexicon = Lexicon.load()
    trained = {text for rendering in range(RENDERINGS) for text in rendering_texts(lexicon, rendering)}
    fresh = [text for text in sentences(lexicon, RANDOM_SENTENCES // 3, _FRESH_SEED) if text not in trained]
    return [*fresh[:_FRESH], *lines("foreign.txt") * _PER_FOREIGN]


def calibrate(path: Path) -> None:
    """Fit the curve of the ONNX file and write it into it."""
    signs, right = collect(Recogniser(path))
    weights, bias = fit(signs, right)
    named = dict(zip(SIGNS, weights, strict=True))
    log.info("%d utterances, %.0f %% right; %s, bias %.2f", len(right), 100 * right.mean(), named, bias)
    model = onnx.load(path)
    write_properties(model, {"confidence": json.dumps({"signs": SIGNS, "weights": weights, "bias": bias})})
    onnx.save(model, path)


def main() -> None:
    """Read the arguments and calibrate."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=MODEL)
    calibrate(parser.parse_args().model)


if __name__ == "__main__":
    main()
