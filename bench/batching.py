"""What dynamic batching gains: eight notes that arrive together, heard in one batch and one by one, in the same run.

Run: .venv-engines/bin/python -m bench.batching                    (made by `make test-engines`)
     .venv-engines/bin/python -m bench.batching --device cuda      on a GPU, larger networks in half precision
     … --only nano --width 256 --layers 4                          another size

The weights are random, in sizes of real models, so what is heard is noise but what it costs is true: as many tokens are
written as a note of this length would need. Each engine is asked through the same queue, once with batches of eight
and once with batches of one.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from core_pipeline.contracts.engines import Pcm, Saying
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.engines.wrap.batch import BatchedAsr, ManyAsr
from core_pipeline.media.pcm import join, resample

PARALLEL, ROUNDS = 8, 5
TEXT = "السلام عليكم أريد أن أحجز طاولة لأربعة أشخاص يوم الخميس القادم الساعة الثامنة مساء من فضلك"
TOKENS = 40  # Whisper's tokenizer needs about that many for the sentence above


async def note() -> Pcm:
    """A spoken Arabic sentence at 16 kHz."""
    voice = EspeakTts(EspeakConfig())
    try:
        return resample(join([part.pcm async for part in voice.speak(Saying(TEXT, "ar"))]), 16_000)
    finally:
        await voice.close()


@dataclass(frozen=True)
class Rig:
    """Where a network computes, and how large it is: `width` channels, `layers` on each side."""

    device: str
    threads: int
    width: int
    layers: int


def whisper(folder: Path, rig: Rig) -> ManyAsr:
    """Whisper, int8, 51,000 tokens."""
    from core_pipeline.engines.asr.faster_whisper import FasterWhisperConfig  # noqa: PLC0415 - its packages may be absent
    from core_pipeline.engines.asr.faster_whisper.engine import load  # noqa: PLC0415 - likewise
    from core_pipeline.engines.asr.faster_whisper.tiny import Size, write  # noqa: PLC0415 - likewise

    write(folder, Size(width=rig.width, heads=rig.width // 64, layers=rig.layers, fill=48_700))
    given = {"compute_type": "int8_float16" if rig.device == "cuda" else "int8", "beam_size": 1, "word_times": False}
    where = {"device": rig.device, "threads": rig.threads, "model": str(folder), "most_tokens": TOKENS}
    return load(FasterWhisperConfig.model_validate(given | where), folder)


def nano(folder: Path, rig: Rig) -> ManyAsr:
    """Fun-ASR-Nano's layout, fp32, its language model bf16 on a GPU."""
    from core_pipeline.engines.asr.funasr import SPEC, FunAsrConfig  # noqa: PLC0415 - its packages may be absent
    from core_pipeline.engines.asr.funasr.engine import ManyFunAsr  # noqa: PLC0415 - likewise
    from core_pipeline.engines.asr.funasr.loading import load  # noqa: PLC0415 - likewise
    from core_pipeline.engines.asr.funasr.networks import Nano  # noqa: PLC0415 - likewise
    from core_pipeline.engines.asr.funasr.tiny import write  # noqa: PLC0415 - likewise

    write(folder, rig.width, rig.layers)
    where = {"device": rig.device, "threads": rig.threads, "model": str(folder), "most_tokens": TOKENS}
    config = FunAsrConfig.model_validate(where | {"precision": "bf16" if rig.device == "cuda" else "fp32"})
    return ManyFunAsr(Nano(load(config, folder), config), SPEC.languages_of(config), "ar")


Builder = Callable[[Path, Rig], ManyAsr]
BUILDERS = (whisper, nano)
NEEDS = {whisper: "faster_whisper", nano: "funasr"}
SIZES = {  # width and layers: on a processor small; on a GPU Whisper medium's, and a good half of Nano's weights
    ("whisper", "cpu"): (512, 6),
    ("nano", "cpu"): (512, 8),
    ("whisper", "cuda"): (1024, 24),
    ("nano", "cuda"): (1024, 28),
}


async def seconds_for(inner: ManyAsr, notes: Sequence[Pcm], most: int) -> float:
    """Wall seconds until notes that arrive together are all heard."""
    engine = BatchedAsr(inner, most=most)
    start = time.perf_counter()
    await asyncio.gather(*(engine.transcribe(one, "ar") for one in notes))
    return time.perf_counter() - start


async def compare(name: str, inner: ManyAsr, speech: Pcm, rounds: int) -> float:
    """Print a line and return the gain; both ways take turns, so that a busy machine is busy for both."""
    notes = [speech] * PARALLEL
    await seconds_for(inner, notes, PARALLEL)
    alone, together = [], []
    for _ in range(rounds):
        alone.append(await seconds_for(inner, notes, 1))
        together.append(await seconds_for(inner, notes, PARALLEL))
    one, many = statistics.median(alone), statistics.median(together)
    print(f"| {name} | {PARALLEL / one:.2f} | {PARALLEL / many:.2f} | {one / many:.2f} | {many:.2f} |", flush=True)
    return one / many


async def main() -> None:
    """Measure every engine that batches."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", choices=[one.__name__ for one in BUILDERS], help="measure this engine alone")
    parser.add_argument("--width", type=int, help="channels of the networks")
    parser.add_argument("--layers", type=int, help="layers on each side of the networks")
    given = parser.parse_args()
    chosen = [one for one in BUILDERS if given.only in {None, one.__name__}]
    lacking = [NEEDS[one] for one in chosen if find_spec(NEEDS[one]) is None]
    if lacking:
        print(f"needs {lacking} of the engines' environment: .venv-engines/bin/python -m bench.batching")
        return
    speech = await note()
    print(f"{PARALLEL} notes of {speech.seconds:.1f} s at once, median of {given.rounds} rounds")
    print(f"{given.device}, {given.threads} threads of the processor\n")
    print("| engine | notes/s one by one | notes/s batched | gain | s until all are heard |\n|---|---|---|---|---|")
    with TemporaryDirectory() as scratch:
        for builder in chosen:
            await measure(builder, Path(scratch) / f"MLT-Nano-{builder.__name__}", speech, given)


async def measure(builder: Builder, folder: Path, speech: Pcm, given: argparse.Namespace) -> None:
    """Print an engine's line."""
    width, layers = SIZES[builder.__name__, given.device]
    rig = Rig(given.device, given.threads, given.width or width, given.layers or layers)
    inner = await asyncio.to_thread(builder, folder, rig)
    name = f"{(builder.__doc__ or '').rstrip('.')}, {rig.layers} + {rig.layers} layers of {rig.width}"
    await compare(name, inner, speech, given.rounds)
    inner.close()


if __name__ == "__main__":
    asyncio.run(main())
