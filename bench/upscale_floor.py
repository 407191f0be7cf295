"""What enlarging 512 → 1088 px by a network that makes 2048 takes of the processor beside that network.

Run: .venv/bin/python -m bench.upscale_floor

Plain spandrel (`bench.upscale`) does its parts one after the other, ours side by side, so that the slowest counts: what
ours gains where a GPU's network costs next to nothing is the sum of the former by the largest of the latter. What
passes between processor and GPU is not in it: 13.4 MB a picture plainly, 2.2 MB ours.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from av.video.frame import VideoFrame

from bench.upscale import moving
from core_pipeline.contracts.faces import Shape
from core_pipeline.engines.enlarging.reading import Fitting, bits_for, pictures
from core_pipeline.media.film.reel import Reel

ROUNDS, FRAMES, GIVEN, ENLARGED = 5, 15, 512, 4
WANTED = Shape(1088, 1088)


def works() -> dict[str, Callable[[], object]]:
    """Return what is done to all pictures, by name; each in one thread."""
    clip = moving(GIVEN, FRAMES)
    own, fitting = Fitting(GIVEN, GIVEN), Fitting(WANTED.width, WANTED.height)
    small = [one.to_ndarray(format="rgb24") for one in pictures(clip)]
    large = [one.repeat(ENLARGED, 0).repeat(ENLARGED, 1) for one in small]
    planes = [fitting(VideoFrame.from_ndarray(one, format="rgb24")).to_ndarray() for one in large]

    def encode() -> None:
        reel = Reel(WANTED, bits_for(clip, WANTED))
        for one in planes:
            reel.add(VideoFrame.from_ndarray(one, format="yuv420p"))
        reel.end()

    return {
        "ours: read": lambda: [own(one).to_ndarray() for one in pictures(clip)],
        "plainly: read as RGB": lambda: [one.to_ndarray(format="rgb24") for one in pictures(clip)],
        "plainly: from RGB of 2048 px": lambda: [
            fitting(VideoFrame.from_ndarray(one, format="rgb24")) for one in large
        ],
        "both: encode": encode,
    }


def milliseconds(work: Callable[[], object]) -> float:
    """CPU milliseconds a picture, the median of the rounds."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return 1_000 * statistics.median(times) / FRAMES


def main() -> None:
    """Measure, and say what that leaves to gain."""
    taken = {name: milliseconds(work) for name, work in works().items()}
    print("| beside the network | CPU ms a picture |\n|---|---|")
    for name, value in taken.items():
        print(f"| {name} | {value:.1f} |")
    plainly = sum(value for name, value in taken.items() if not name.startswith("ours"))
    ours = max(value for name, value in taken.items() if not name.startswith("plainly"))
    print(f"\nplainly {plainly:.1f}, ours {ours:.1f}: {plainly / ours:.2f} x with a network that costs nothing")


if __name__ == "__main__":
    main()
