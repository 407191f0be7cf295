"""What dynamic batching gains: eight notes that arrive together, heard in one batch and one by one, in the same run.

Run: .venv-engines/bin/python -m bench.batching        (made by `make test-engines`)

The weights are random, in sizes of real models, so what is heard is noise but what it costs is true: as many tokens are
written as a note of this length would need. Each engine is asked through the same queue, once with batches of eight
and once with batches of one.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
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


def whisper(folder: Path, threads: int) -> ManyAsr:
    """Whisper of base size in int8: 6 + 6 layers of 512, 51,000 tokens."""
    from core_pipeline.engines.asr.faster_whisper import FasterWhisperConfig  # noqa: PLC0415 - its packages may be absent
    from core_pipeline.engines.asr.faster_whisper.engine import load  # noqa: PLC0415 - likewise
    from core_pipeline.engines.asr.faster_whisper.tiny import Size, write  # noqa: PLC0415 - likewise

    write(folder, Size(width=512, heads=8, layers=6, fill=48_700))
    config = FasterWhisperConfig(
        model=str(folder), device="cpu", beam_size=1, most_tokens=TOKENS, threads=threads, word_times=False
    )
    return load(config, folder)


def nano(folder: Path, threads: int) -> ManyAsr:
    """Fun-ASR-Nano's layout, 8 + 8 layers of 512 in fp32: a fortieth of the real one."""
    from core_pipeline.engines.asr.funasr import SPEC, FunAsrConfig  # noqa: PLC0415 - its packages may be absent
    from core_pipeline.engines.asr.funasr.engine import ManyFunAsr  # noqa: PLC0415 - likewise
    from core_pipeline.engines.asr.funasr.loading import load  # noqa: PLC0415 - likewise
    from core_pipeline.engines.asr.funasr.networks import Nano  # noqa: PLC0415 - likewise
    from core_pipeline.engines.asr.funasr.tiny import write  # noqa: PLC0415 - likewise

    write(folder, 512, 8)
    config = FunAsrConfig(model=str(folder), device="cpu", threads=threads, most_tokens=TOKENS)
    return ManyFunAsr(Nano(load(config, folder), config), SPEC.languages_of(config), "ar")


BUILDERS = (whisper, nano)


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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", choices=[one.__name__ for one in BUILDERS], help="measure this engine alone")
    given = parser.parse_args()
    speech = await note()
    print(
        f"{PARALLEL} notes of {speech.seconds:.1f} s at once, {given.threads} threads, median of {given.rounds} rounds"
    )
    print("| engine | notes/s one by one | notes/s batched | gain | s until all are heard |\n|---|---|---|---|---|")
    with TemporaryDirectory() as scratch:
        for build in [one for one in BUILDERS if given.only in {None, one.__name__}]:
            folder = Path(scratch) / f"MLT-Nano-{build.__name__}"
            inner = await asyncio.to_thread(build, folder, given.threads)
            await compare((build.__doc__ or "").partition(":")[0], inner, speech, given.rounds)
            inner.close()


if __name__ == "__main__":
    if find_spec("faster_whisper") is None or find_spec("funasr") is None:
        print("needs the engines' environment: .venv-engines/bin/python -m bench.batching")
    else:
        asyncio.run(main())
