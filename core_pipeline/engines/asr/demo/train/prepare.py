"""Makes the training material: `python -m core_pipeline.engines.asr.demo.train.prepare FOLDER`.

Writes `tokens.txt`, `voices.json`, `dev.npz` (held-out sentences in held-out voices) and shards
`train-RENDERING-NUMBER.npz`: `frames` (sum of lengths, 80) float16, `lengths`, `texts`. Finished shards are kept.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core_pipeline.engines.asr.demo.features import SAMPLE_RATE, Samples, log_mel
from core_pipeline.engines.asr.demo.train.augment import noise, spoil, surround
from core_pipeline.engines.asr.demo.train.grammar import Lexicon, lines, sentences
from core_pipeline.engines.asr.demo.train.synth import (
    HELD_OUT_VOICES,
    Reading,
    Speaker,
    training_voices,
)

log = logging.getLogger(__name__)
SEED = 7
RANDOM_SENTENCES = 4500
RENDERINGS = 3
_PER_SHARD = 400
_SPEECHLESS, _SPEECHLESS_SEED = 500, 5
_WORKERS = 2
_ALPHABET = "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي"


@dataclass(frozen=True)
class _Shard:
    path: Path
    texts: Sequence[str]
    voices: list[str]
    seed: int


def tokens() -> list[str]:
    """Return the recogniser's tokens: letters, «@@» after one says that the word goes on."""
    return ["<blank>", "<s>", "</s>", *(letter + "@@" for letter in _ALPHABET), *_ALPHABET, "<unk>"]


def prepare(folder: Path, renderings: Iterable[int]) -> None:
    """Write everything that is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokens.txt").write_text("\n".join(tokens()) + "\n", encoding="utf-8")
    with Speaker() as speaker:
        voices = training_voices(speaker.variants())
    _write_dev(folder / "dev.npz")
    _write_speechless(folder / "train-n-000.npz")
    lexicon = Lexicon.load()
    shards = [shard for rendering in renderings for shard in _shards(folder, lexicon, rendering, voices)]
    todo = [shard for shard in shards if not shard.path.exists()]
    with multiprocessing.get_context("spawn").Pool(_WORKERS) as pool:
        for number, _ in enumerate(pool.imap_unordered(_write_shard, todo), 1):
            log.info("%d of %d shards", number, len(todo))


def rendering_texts(lexicon: Lexicon, rendering: int) -> list[str]:
    """Return the sentences of one rendering: each has sentences of its own."""
    return sentences(lexicon, RANDOM_SENTENCES, SEED + rendering)


def _shards(folder: Path, lexicon: Lexicon, rendering: int, voices: list[str]) -> list[_Shard]:
    texts = rendering_texts(lexicon, rendering)
    log.info("%d sentences, %d voices", len(texts), len(voices))
    return [
        _Shard(folder / f"train-{rendering}-{number:03}.npz", texts[start : start + _PER_SHARD], voices, seed)
        for number, start in enumerate(range(0, len(texts), _PER_SHARD))
        for seed in (1000 * (rendering + 1) + number,)
    ]


def _write_shard(shard: _Shard) -> None:
    draw = random.Random(shard.seed)  # noqa: S311  speech data, no secret
    rng = np.random.default_rng(shard.seed)
    with Speaker() as speaker:
        waves = [spoil(speaker.say_somehow(text, shard.voices, draw), rng) for text in shard.texts]
    _save(shard.path, waves, shard.texts)


def _write_dev(path: Path) -> None:
    texts = [text for text in lines("heldout.txt") for _ in HELD_OUT_VOICES]
    rng = np.random.default_rng(SEED)
    with Speaker() as speaker:
        voices = list(HELD_OUT_VOICES) * (len(texts) // len(HELD_OUT_VOICES))
        waves = [surround(speaker.say(text, Reading(voice)), rng) for text, voice in zip(texts, voices, strict=True)]
    _save(path, waves, texts)


def _write_speechless(path: Path) -> None:
    """Silence and noise of all kinds, so that the network learns to hear nothing in them."""
    if path.exists():
        return
    rng = np.random.default_rng(_SPEECHLESS_SEED)
    waves = []
    for _ in range(_SPEECHLESS):
        silence = np.zeros(int(rng.integers(SAMPLE_RATE // 5, 5 * SAMPLE_RATE)), dtype=np.float32)
        hum = noise(silence, 0.0, rng)
        loudness = rng.choice([0.0, 1.0], p=[0.3, 0.7]) * 10 ** rng.uniform(0.5, 3.7)
        waves.append(spoil(hum * np.float32(loudness / np.abs(hum).max()), rng))
    _save(path, waves, [""] * _SPEECHLESS)


def _save(path: Path, waves: Sequence[Samples], texts: Sequence[str]) -> None:
    frames = [log_mel(wave.round()) for wave in waves]
    unfinished = path.with_suffix(".part.npz")
    np.savez(
        unfinished,
        frames=np.concatenate(frames).astype(np.float16),
        lengths=np.array([len(each) for each in frames]),
        texts=np.array(list(texts)),
    )
    unfinished.rename(path)


def main() -> None:
    """Read the arguments and prepare."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--renderings", type=int, nargs="+", default=list(range(RENDERINGS)))
    given = parser.parse_args()
    prepare(given.folder, given.renderings)


if __name__ == "__main__":
    main()
