"""Trains the demo recogniser: `python -m core_pipeline.engines.asr.demo.train.train FOLDER --steps N`.

Reads what `prepare` wrote to FOLDER/data, keeps FOLDER/checkpoint.pt and goes on from it. The learning rate follows
the steps, so that a busy machine changes nothing but the time. Shards that appear later join at the next round.
"""

from __future__ import annotations

import argparse
import logging
import math
import random
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pad_sequence

from core_pipeline.engines.asr.demo.features import BANDS, STACK, stack
from core_pipeline.engines.asr.demo.train.model import Codec, build
from core_pipeline.engines.asr.demo.train.score import errors
from core_pipeline.engines.asr.demo.train.warp import another_throat

log = logging.getLogger(__name__)
_DRAW = random.Random(0)  # noqa: S311  augmentation, no secret
STEPS, THREADS = 10_500, 2
_BATCH = 24
_PEAK_RATE, _LOWEST_SHARE, _WARM_UP = 2e-3, 0.02, 200
_EASY_STEPS, _EASY_FRAMES, _PLAIN_STEPS = 400, 330, 700
_SAVE_SECONDS, _REPORT_SECONDS = 180.0, 120.0
_DEV_SHARE = 5  # every fifth dev utterance while training


@dataclass
class Material:
    """Utterances as (T, 80) float16 energies with their texts."""

    frames: list[NDArray[np.float16]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    read: set[Path] = field(default_factory=set)

    def add_new(self, folder: Path) -> None:
        """Read the shards that were not there before."""
        for path in sorted(set(folder.glob("train-?-???.npz")) - self.read):
            self.add(path)

    def add(self, path: Path) -> None:
        """Read one file of `prepare`."""
        loaded = np.load(path)
        self.frames += np.split(loaded["frames"], np.cumsum(loaded["lengths"])[:-1])
        self.texts += loaded["texts"].tolist()
        self.read.add(path)

    def rounds(self, *, easy: bool) -> list[list[int]]:
        """Return batches of utterances of like length in random order."""
        chosen = [index for index, each in enumerate(self.frames) if not easy or len(each) < _EASY_FRAMES]
        chosen.sort(key=lambda index: len(self.frames[index]) + _DRAW.random() * 8)
        batches = [chosen[start : start + _BATCH] for start in range(0, len(chosen), _BATCH)]
        _DRAW.shuffle(batches)
        return batches


@dataclass
class Batch:
    """Padded inputs and joined targets, as CTC wants them."""

    inputs: torch.Tensor
    input_lengths: torch.Tensor
    targets: torch.Tensor
    target_lengths: torch.Tensor


class Trainer:
    """Owns the network, the optimiser and their checkpoint."""

    def __init__(self, folder: Path, steps: int) -> None:
        self._folder, self._steps = folder, steps
        self._codec = Codec((folder / "data" / "tokens.txt").read_text(encoding="utf-8").split())
        self._material, self._dev = Material(), Material()
        self._material.add_new(folder / "data")
        self._dev.add(folder / "data" / "dev.npz")
        self._network = build(len(self._codec.tokens))
        self._optimiser = torch.optim.AdamW(
            self._network.parameters(), lr=_PEAK_RATE, betas=(0.9, 0.98), weight_decay=1e-3
        )
        self._step = 0
        self._shift, self._scale = _statistics(self._material.frames)
        self._stopping = False
        self._resume()
        log.info("%d parameters", sum(each.numel() for each in self._network.parameters()))

    def run(self) -> None:
        """Train until the last step or until the process is asked to stop."""
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "_stopping", True))
        saved = reported = time.monotonic()
        losses: list[float] = []
        for batch in self._batches():
            losses.append(self._learn(batch))
            if time.monotonic() - reported > _REPORT_SECONDS:
                self._report(losses)
                reported, losses = time.monotonic(), []
            if time.monotonic() - saved > _SAVE_SECONDS:
                self._save()
                saved = time.monotonic()
        self._report(losses)
        self._save()

    @property
    def done(self) -> bool:
        """Whether the last step was made."""
        return self._step >= self._steps

    def _batches(self) -> Iterator[Batch]:
        while not self._finished():
            self._material.add_new(self._folder / "data")
            for indices in self._material.rounds(easy=self._step < _EASY_STEPS):
                yield self._batch(indices)
                if self._finished():
                    return

    def _finished(self) -> bool:
        return self._stopping or self.done

    def _learn(self, batch: Batch) -> float:
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate()
        with torch.autocast("cpu", dtype=torch.bfloat16):  # halves the time of a step on processors that know it
            encoded, lengths = self._network.encode(batch.inputs, batch.input_lengths)
            letters = self._network.ctc.ctc_lo(encoded)
        scores = letters.float().log_softmax(-1).transpose(0, 1)
        loss = functional.ctc_loss(scores, batch.targets, lengths, batch.target_lengths, blank=0, zero_infinity=True)
        self._optimiser.zero_grad()
        loss.backward()
        clip_grad_norm_(self._network.parameters(), 5.0)
        self._optimiser.step()
        self._step += 1
        return float(loss)

    def _rate(self) -> float:
        falling = 0.5 * (1 + math.cos(math.pi * min(1.0, self._step / self._steps)))
        return _PEAK_RATE * min(1.0, (self._step + 1) / _WARM_UP) * max(_LOWEST_SHARE, falling)

    def _batch(self, indices: Sequence[int]) -> Batch:
        heard = [self._material.frames[index].astype(np.float32) for index in indices]
        inputs = [self._input(another_throat(each, _DRAW)) for each in heard]
        if self._step > _PLAIN_STEPS:
            for each in inputs:
                _hide(each)
        texts = [self._codec.encode(self._material.texts[index]) for index in indices]
        targets = [torch.tensor(text, dtype=torch.long) for text in texts]
        return Batch(
            pad_sequence(inputs, batch_first=True),
            torch.tensor([len(each) for each in inputs]),
            torch.cat(targets),
            torch.tensor([len(each) for each in targets]),
        )

    def _input(self, frames: NDArray[np.float32]) -> torch.Tensor:
        return torch.from_numpy((stack(frames) + self._shift) * self._scale)

    def _report(self, losses: Sequence[float]) -> None:
        wrong = length = 0
        self._network.eval()
        with torch.no_grad():
            for frames, text in list(zip(self._dev.frames, self._dev.texts, strict=True))[::_DEV_SHARE]:
                each = self._input(frames.astype(np.float32))
                encoded, _ = self._network.encode(each[None], torch.tensor([len(each)]))
                heard = self._codec.decode(self._network.ctc.argmax(encoded)[0].tolist())
                wrong, length = wrong + errors(heard, text), length + len(text)
        self._network.train()
        log.info(
            "step %d of %d, %d utterances, loss %.3f, dev CER %.2f %%, %.0f CPU s",
            self._step, self._steps, len(self._material.texts), np.mean(losses), 100 * wrong / length,
            time.process_time(),
        )  # fmt: skip

    def _save(self) -> None:
        unfinished = self._folder / "checkpoint.part"
        torch.save(
            {
                "network": self._network.state_dict(),
                "optimiser": self._optimiser.state_dict(),
                "step": self._step,
                "tokens": self._codec.tokens,
                "shift": torch.from_numpy(self._shift),
                "scale": torch.from_numpy(self._scale),
            },
            unfinished,
        )
        unfinished.rename(self._folder / "checkpoint.pt")

    def _resume(self) -> None:
        path = self._folder / "checkpoint.pt"
        if not path.exists():
            return
        saved: dict[str, Any] = torch.load(path)
        self._network.load_state_dict(saved["network"])
        self._optimiser.load_state_dict(saved["optimiser"])
        self._step = saved["step"]
        self._shift, self._scale = saved["shift"].numpy(), saved["scale"].numpy()


def _statistics(frames: Sequence[NDArray[np.float16]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    sample = np.concatenate([stack(each.astype(np.float32)) for each in frames[::7]]).astype(np.float64)
    deviation = np.clip(sample.std(0), 1e-3, None)
    return (-sample.mean(0)).astype(np.float32), (1 / deviation).astype(np.float32)


def _hide(each: torch.Tensor) -> None:
    """Blank out two stripes of bands and two of time (SpecAugment), in place."""
    slots = each.view(-1, STACK, BANDS)
    for _ in range(2):
        width = _DRAW.randint(0, 12)
        start = _DRAW.randint(0, BANDS - width)
        slots[:, :, start : start + width] = 0
        length = _DRAW.randint(0, min(5, len(each) // 8))
        start = _DRAW.randint(0, len(each) - length)
        each[start : start + length] = 0


def main() -> None:
    """Read the arguments and train."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--threads", type=int, default=THREADS)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    Trainer(given.folder, given.steps).run()


if __name__ == "__main__":
    main()
