"""Enlarging clips: lanczos alone, and networks against plain spandrel, in the same run, with the roofline.

Run: .venv/bin/python -m bench.upscale                                     lanczos, in the platform's own environment
     .venv-engines/bin/python -m bench.upscale                             and networks on this processor
     .venv-engines/bin/python -m bench.upscale --device cuda               on a GPU, the sizes of the real networks
     … --weights RealESRGAN_x4plus.pth --size 512 --frames 50              with weights of yours

Without `--weights` they are random, in the shape of the real ones: what is drawn is noise, what it costs is true.
Plain spandrel is its descriptor asked in fp32, one picture after the other, between PyAV's RGB pictures, as its own
manual shows. Both begin with a clip's bytes and end with the enlarged clip's.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from av.video.frame import VideoFrame

from core_pipeline.contracts.faces import Clip, Shape
from core_pipeline.engines.enlarging.reading import Fitting, bits_for, pictures
from core_pipeline.engines.upscale.lanczos import LanczosConfig
from core_pipeline.engines.upscale.lanczos.engine import LanczosUpscale
from core_pipeline.media.film.reel import Reel

ROUNDS = 5
LOOP_PERIOD = 0.002
Run = Callable[[], Awaitable[bytes]]


@dataclass(frozen=True)
class Case:
    """A network to measure: its weights, the clip and the shape it is to get."""

    name: str
    file: Path
    clip: Clip
    shape: Shape


def moving(size: int, frames: int) -> Clip:
    """A clip with shades, texture and motion, which costs a codec what a face costs it."""
    rng = np.random.default_rng(5)
    texture = rng.normal(size=(size, size)).cumsum(0).cumsum(1)
    texture = 40 * texture / np.abs(texture).max()
    rows, columns = np.mgrid[0:size, 0:size]
    reel = Reel(Shape(size, size))
    for number in range(frames):
        picture = np.full((size, size, 4), 255, np.uint8)
        for colour in range(3):
            waves = 50 * np.sin((columns + rows * (colour + 1) + 4 * number) / size * 12)
            picture[..., colour] = np.clip(120 + waves + np.roll(texture, 2 * number, axis=1), 0, 255)
        reel.add(picture.tobytes())
    return Clip(reel.end(), Shape(size, size), frames)


async def enlarged(engine: Any, clip: Clip, shape: Shape) -> bytes:
    """Return the enlarged clip's data."""
    return b"".join([part async for part in engine.upscale(clip, shape) if isinstance(part, bytes)])


async def lanczos(frames: int) -> None:
    """Print what a second of video costs, and how long the event loop was kept from the others meanwhile."""
    print("\n| lanczos | wall s per s | CPU s per s | loop late p99 / worst, ms | KiB per s |\n|---|---|---|---|---|")
    engine = LanczosUpscale(LanczosConfig())
    for small, large in ((512, 640), (512, 1080), (640, 1080)):
        clip, shape = moving(small, frames), Shape(large, large)
        await enlarged(engine, clip, shape)
        figures, late, size = [], list[float](), 0
        for _ in range(ROUNDS):
            watching = asyncio.create_task(_watch(late))
            wall, cpu = time.perf_counter(), time.process_time()
            size = len(await enlarged(engine, clip, shape))
            figures.append((time.perf_counter() - wall, time.process_time() - cpu))
            watching.cancel()
        wall, cpu = (statistics.median(column) / clip.seconds for column in zip(*figures, strict=True))
        p99, worst = 1_000 * float(np.quantile(late, 0.99)), 1_000 * max(late)
        kept = size / 1024 / clip.seconds
        print(f"| {small} → {large} | {wall:.2f} | {cpu:.2f} | {p99:.1f} / {worst:.1f} | {kept:.0f} |")


async def _watch(late: list[float]) -> None:
    while True:
        start = time.perf_counter()
        await asyncio.sleep(LOOP_PERIOD)
        late.append(time.perf_counter() - start - LOOP_PERIOD)


def cases(given: argparse.Namespace, folder: Path) -> Iterator[Case]:
    """Yield what is to be measured on this device."""
    import torch  # noqa: PLC0415 - only in the engines' environment

    from core_pipeline.engines.upscale.realesrgan import tiny  # noqa: PLC0415 - likewise

    on_gpu = given.device == "cuda"
    size = given.size or (512 if on_gpu else 128)
    clip = moving(size, given.frames or (50 if on_gpu else 8))
    shape = Shape(size * 2 + size // 8 // 2 * 2, size * 2 + size // 8 // 2 * 2)  # 512 → 1088, about 1080p
    if given.weights:
        yield Case(given.weights.name, given.weights, clip, shape)
        return
    makers: dict[str, Callable[[], Any]] = {
        "compact, 8 channels": lambda: tiny.compact(8, 2),
        "compact, as general-x4v3": lambda: tiny.compact(64, 32),
        "RRDB, as x4plus": lambda: tiny.rrdb(64, 23),
    }
    makers.pop("compact, 8 channels" if on_gpu else "RRDB, as x4plus")
    for name, make in makers.items():
        file = folder / f"{name.replace(' ', '-')}.pth"
        torch.save({"params": make()}, file)
        yield Case(name, file, clip, shape)


def settings(device: str) -> dict[str, dict[str, Any]]:
    """How ours is set up, row by row; the first on a GPU is what `auto` chooses."""
    if device == "cuda":
        return {
            "ours, auto (fp16, compiled)": {"batch": 4},
            "ours, fp16, not compiled": {"batch": 4, "compile": "off"},
            "ours, bf16, compiled": {"batch": 4, "dtype": "bf16"},
            "ours, fp32, not compiled": {"batch": 2, "dtype": "fp32", "compile": "off"},
        }
    return {
        "ours, auto (fp32)": {},
        "ours, fp32, compiled": {"compile": "on"},
        "ours, bf16": {"dtype": "bf16"},
        "ours, bf16, compiled": {"dtype": "bf16", "compile": "on"},
    }


async def compare(case: Case, given: argparse.Namespace) -> None:
    """Print a row for plain spandrel and one for each set-up of ours; all take turns, as the machine may be busy."""
    import torch  # noqa: PLC0415 - only in the engines' environment

    from core_pipeline.engines.upscale.realesrgan import RealEsrganConfig  # noqa: PLC0415 - likewise
    from core_pipeline.engines.upscale.realesrgan.engine import load  # noqa: PLC0415 - likewise

    torch.set_num_threads(given.threads)
    network = _descriptor(case.file).to(given.device)
    runs: dict[str, Run] = {"plain spandrel, fp32": lambda: asyncio.to_thread(plainly, network, case, given.device)}
    base = {"weights": str(case.file), "device": given.device, "threads": given.threads, "crf": 23}
    for name, fields in settings(given.device).items():
        engine = load(RealEsrganConfig.model_validate({**base, **fields}), case.file)
        runs[name] = _asking(engine, case)
    kinds = ("fp32", "fp16", "bf16") if given.device == "cuda" else ("fp32", "bf16")
    peaks = dict.fromkeys(kinds, 0.0)

    def climb() -> None:
        peaks.update({kind: max(high, peak(given.device, kind, given.threads)) for kind, high in peaks.items()})

    times = await _in_turn(runs, given.rounds, climb)
    flops = _flops(network, case.clip.shape, given.device)
    own, large = case.clip.shape, case.shape
    print(f"\n{case.name}: {own.width} → {large.width} px, {case.clip.frames} pictures, {flops / 1e9:.1f} GFLOP each")
    print("| set-up | pictures/s | × plain: median round, lowest | TFLOP/s | of the peak |\n|---|---|---|---|---|")
    for name, seconds in times.items():
        rate = case.clip.frames / statistics.median(seconds)
        gains = [plain / one for plain, one in zip(times["plain spandrel, fp32"], seconds, strict=True)]
        kind = next(one for one in ("bf16", "fp32", "fp16") if one in name)
        share = rate * flops / peaks[kind]
        gain = f"{statistics.median(gains):.2f}, {min(gains):.2f}"
        print(
            f"| {name} | {rate:.2f} | {gain} | {rate * flops / 1e12:.3f} | {share:.0%} of {peaks[kind] / 1e12:.2f} |",
            flush=True,
        )


def _asking(engine: Any, case: Case) -> Run:
    return lambda: enlarged(engine, case.clip, case.shape)


async def _in_turn(runs: dict[str, Run], rounds: int, after: Callable[[], None]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        await run()  # compiles, picks algorithms
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            await run()
            times[name].append(time.perf_counter() - start)
        after()
    return times


def _descriptor(file: Path) -> Any:
    from core_pipeline.engines.enlarging.architectures import spandrel  # noqa: PLC0415 - only in the engines' environment

    return spandrel().ModelLoader().load_from_file(file).eval()


def plainly(network: Any, case: Case, device: str) -> bytes:
    """Enlarge with spandrel as its manual shows: a picture at a time, fp32, colours in rows."""
    import torch  # noqa: PLC0415 - only in the engines' environment

    reel, fitting = Reel(case.shape, bits_for(case.clip, case.shape)), Fitting(case.shape.width, case.shape.height)
    for picture in pictures(case.clip):
        rgb = torch.from_numpy(picture.to_ndarray(format="rgb24")).to(device).permute(2, 0, 1)[None].float() / 255
        large = (network(rgb)[0].permute(1, 2, 0) * 255).round().byte().cpu().numpy()
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(large), format="rgb24")
        reel.add(fitting(frame))
    return reel.end()


def _flops(network: Any, shape: Shape, device: str) -> float:
    """Count the operations of one picture, a multiplication and an addition each as one."""
    import torch  # noqa: PLC0415 - only in the engines' environment
    from torch.utils.flop_counter import FlopCounterMode  # noqa: PLC0415 - likewise

    counter: Any = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        network.model(torch.zeros(1, 3, shape.height, shape.width, device=device))
    return float(counter.get_total_flops())


def peak(device: str, dtype: str, threads: int) -> float:
    """Return what the device reaches at its best in numbers of that kind, in operations a second.

    The better of a product of large matrices and a wide convolution: some processors' libraries are slow at the first.
    """
    import torch  # noqa: PLC0415 - only in the engines' environment

    torch.set_num_threads(threads)
    kind = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}[dtype]
    side = 8192 if device == "cuda" else 1536
    one = torch.rand(side, side, device=device).to(kind)
    wide, size = 256, side // 16
    kernel = torch.rand(wide, wide, 3, 3, device=device).to(kind).contiguous(memory_format=torch.channels_last)
    maps = torch.rand(1, wide, size, size, device=device).to(kind).contiguous(memory_format=torch.channels_last)
    works: dict[Callable[[], Any], float] = {
        lambda: one @ one: 2.0 * side**3,
        lambda: torch.nn.functional.conv2d(maps, kernel, padding=1): 18.0 * wide**2 * size**2,
    }
    best = 0.0
    for work, flops in list(works.items()) * (ROUNDS + 1):
        start = time.perf_counter()
        work().flatten()[0].item()
        best = max(best, flops / (time.perf_counter() - start))
    return best


async def main() -> None:
    """Measure what this environment can."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--weights", type=Path, help="a file of Real-ESRGAN's instead of random weights")
    parser.add_argument("--size", type=int, help="the clip's side in pixels")
    parser.add_argument("--frames", type=int, help="the clip's length")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    print(f"{_machine(given.device)}, {given.threads} threads, median of {given.rounds} rounds")
    await lanczos(50)
    if find_spec("spandrel") is None:
        print("\nnetworks: needs the engines' environment: .venv-engines/bin/python -m bench.upscale")
        return
    with TemporaryDirectory() as folder:
        for case in cases(given, Path(folder)):
            await compare(case, given)


def _machine(device: str) -> str:
    if device == "cpu":
        return platform.processor() or platform.machine()
    import torch  # noqa: PLC0415 - only in the engines' environment

    if not torch.cuda.is_available():
        raise SystemExit("no NVIDIA GPU is usable here: leave --device away")
    return f"{torch.cuda.get_device_name()}, {os.cpu_count()} cores, torch {torch.__version__}"


if __name__ == "__main__":
    asyncio.run(main())
