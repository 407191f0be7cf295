"""Decode and encode times of voice notes: through the sandbox, bare PyAV in this process (the floor), and the ratio.

Run: python -m bench.media
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

import numpy as np

from core_pipeline.contracts.channel import VoiceFormat
from core_pipeline.contracts.engines import Pcm
from core_pipeline.media import decoder
from core_pipeline.media.encode import encode_voice
from core_pipeline.media.sandbox import Sandbox

OPUS = VoiceFormat("ogg", "libopus", 48_000, 24_000, "audio/ogg")
ROUNDS = 60


def babble(seconds: float, rate: int = 24_000) -> Pcm:
    """Return noise with the rhythm and spectrum of speech, which costs a codec what speech costs."""
    rng = np.random.default_rng(5)
    spectrum = np.fft.rfft(rng.normal(size=int(seconds * rate)))
    hertz = np.fft.rfftfreq(int(seconds * rate), 1 / rate)
    wave = np.fft.irfft(spectrum / (1 + (hertz / 500) ** 2), int(seconds * rate))
    wave *= 0.6 + 0.4 * np.sin(2 * np.pi * 4 * np.arange(wave.size) / rate)
    return Pcm((wave / np.abs(wave).max() * 20_000).astype("<i2").tobytes(), rate)


async def once(deed: Callable[[], Awaitable[object]]) -> float:
    """Return how long one call took, in milliseconds."""
    start = time.perf_counter()
    await deed()
    return (time.perf_counter() - start) * 1_000


async def compare(sandbox: Sandbox, seconds: float) -> None:
    """Print one line; sandbox and floor take turns, so that a busy machine slows both."""
    sound = babble(seconds)
    note = await encode_voice(sound, OPUS)

    async def bare() -> object:
        return decoder.decode(note, 16_000, 900.0)

    locked, floor, encoding = [], [], []
    for _ in range(ROUNDS):
        locked.append(await once(lambda: sandbox.decode(note)))
        floor.append(await once(bare))
        encoding.append(await once(lambda: encode_voice(sound, OPUS)))
    p50, base, encoded = (statistics.median(times) for times in (locked, floor, encoding))
    print(
        f"{seconds:4.0f} s note, {len(note) / 1024:5.1f} KiB: sandbox p50 {p50:6.1f} ms, bare PyAV p50 {base:6.1f} ms, "
        f"ratio {p50 / base:.2f}, sandbox costs {p50 - base:.1f} ms; encode p50 {encoded:6.1f} ms"
    )


async def main() -> None:
    """Measure a short and a long note in one run."""
    start = time.perf_counter()
    async with Sandbox() as sandbox:
        print(f"zygote warm in {(time.perf_counter() - start) * 1_000:.0f} ms")
        for seconds in (5.0, 30.0):
            await compare(sandbox, seconds)


if __name__ == "__main__":
    asyncio.run(main())
