"""What drawn faces cost: processor and wall seconds per second of video, memory, size, lips against the voice.

All-in: drawing, H.264, AAC and the finished MP4 file, of an Arabic answer of the embedded voice. Last, the memory of
this process over 200 clips made one after the other.

Run: .venv/bin/python -m bench.avatar
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from pathlib import Path

from core_pipeline.contracts.engines import Pcm, Saying, Speech, Word
from core_pipeline.contracts.faces import Clip, Face, Scene, Shape, Upscale, Video
from core_pipeline.engines.acting.performance import Performance
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.engines.upscale.lanczos import LanczosConfig
from core_pipeline.engines.upscale.lanczos.engine import LanczosUpscale
from core_pipeline.engines.video.illustrated import IllustratedConfig
from core_pipeline.engines.video.illustrated.art import read
from core_pipeline.engines.video.illustrated.engine import IllustratedVideo
from core_pipeline.engines.video.illustrated.frame import Lens
from core_pipeline.engines.video.illustrated.sheet import face_of
from core_pipeline.media.film.stitch import stitch
from tests.faces.lipsync import LipSync, Palette, lip_sync

SHELF = Path(__file__).parents[1] / "avatars"
ANSWER = (
    "أهلا وسهلا بكم في مطعم اللؤلؤة. نفتح أبوابنا كل يوم من الساعة العاشرة صباحا حتى منتصف الليل، "
    "ويسعدنا أن نحجز لكم طاولة هذا المساء."
)
SQUARE, NOTE, LARGE = Shape(512, 512), Shape(640, 640), Shape(1080, 1080)
CLIPS, SETTLED, ROUNDS = 200, 20, 3
LOUD = Pcm(bytes([0, 40, 0, 216] * 8_000), 16_000)


@dataclass(frozen=True)
class Cost:
    """Seconds of processor and of wall per second of video, and KiB per second."""

    cpu: float
    wall: float
    size: float

    def __str__(self) -> str:
        return f"{self.cpu:5.3f} CPU-s/s   {self.wall:5.3f} wall-s/s   {self.size:5.1f} KiB/s"


async def spoken() -> Speech:
    """The answer with its words and phonemes."""
    voice = EspeakTts(EspeakConfig())
    parts = [part async for part in voice.speak(Saying(ANSWER, "ar", timed=True))]
    await voice.close()
    sound = Pcm(b"".join(part.pcm.data for part in parts), parts[0].pcm.sample_rate)
    words, phonemes = (tuple(one for part in parts for one in getattr(part, name)) for name in ("words", "phonemes"))
    return Speech(sound, words, phonemes)


async def shot(engine: Video, scene: Scene) -> Clip:
    """The clip of a scene."""
    data = b"".join([part async for part in engine.animate(scene) if isinstance(part, bytes)])
    return Clip(data, scene.shape, scene.frames)


async def enlarged(engine: Upscale, clip: Clip, shape: Shape) -> Clip:
    """The clip in a larger shape."""
    data = b"".join([part async for part in engine.upscale(clip, shape) if isinstance(part, bytes)])
    return Clip(data, shape, clip.frames)


async def cost(engine: Video, scene: Scene, larger: Upscale | None = None) -> Cost:
    """The cheapest of some rounds: what else runs on the machine only makes it dearer."""
    rounds = []
    for _ in range(ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        clip = await shot(engine, scene)
        film = await stitch([await enlarged(larger, clip, LARGE) if larger else clip], scene.speech)
        length = scene.speech.seconds
        passed = (time.process_time() - cpu, time.perf_counter() - wall, len(film) / 1024)
        rounds.append(Cost(*(value / length for value in passed)))
    return min(rounds, key=lambda one: one.cpu)


async def synced(engine: Video, scene: Scene) -> LipSync:
    """How well the lips of a scene follow its voice."""
    manifest = read(scene.face).manifest
    said = replace(scene, speech=LOUD)
    hum, gape = [await shot(engine, replace(said, phonemes=(Word(one, 0.0, 1.0),))) for one in ("m", "ˈa")]
    palette = Palette(hum.data, gape.data, Lens.of(manifest, scene.view, scene.shape).pixels(manifest.mouth.box))
    clip = await shot(engine, scene)
    return lip_sync(clip.data, palette, Performance(scene).track, scene.speech, scene.shape.fps)


async def ready_after(engine: Video, scene: Scene) -> float:
    """Seconds until the film of a whole answer is there, its halves drawn at once."""
    start = time.perf_counter()
    frames = scene.frames // 2
    cut = 2 * round(frames / scene.shape.fps * scene.speech.sample_rate)
    sounds = (scene.speech.data[:cut], scene.speech.data[cut:])
    halves = [
        replace(scene, speech=replace(scene.speech, data=sound), first=first, phonemes=())
        for sound, first in zip(sounds, (0, frames), strict=True)
    ]
    await stitch(await asyncio.gather(*(shot(engine, half) for half in halves)), scene.speech)
    return time.perf_counter() - start


def resident() -> float:
    """What this process holds of the machine's memory now, in MiB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1024**2


async def flat(engine: Video, face: Face) -> tuple[float, float]:
    """The memory once settled and after all clips, in MiB."""
    settled = 0.0
    for number in range(CLIPS):
        await shot(engine, Scene(face, "square", Shape(256, 256), LOUD, seed=number))
        if number + 1 == SETTLED:
            settled = resident()
    return settled, resident()


async def main() -> None:
    """Measure every avatar of the shelf, then the shapes with the dearest of them, then memory."""
    print(f"before anything is drawn: {resident():.0f} MiB")
    speech, engine = await spoken(), IllustratedVideo(IllustratedConfig())
    print(f"an answer of {speech.pcm.seconds:.1f} s")
    scenes = {
        path.parent.name: Scene(face_of(path.parent.name), "square", SQUARE, speech.pcm, phonemes=speech.phonemes)
        for path in sorted(SHELF.glob("*/art.svg"))
    }
    costs = {slug: await cost(engine, scene) for slug, scene in scenes.items()}
    for slug, scene in scenes.items():
        print(f"{slug:12} 512 square            {costs[slug]}   lips: {await synced(engine, scene)}")
    slug = max(costs, key=lambda one: costs[one].cpu)
    scene, lanczos = scenes[slug], LanczosUpscale(LanczosConfig())
    print(f"{slug:12} 512 with captions      {await cost(engine, replace(scene, captions=speech.words))}")
    print(f"{slug:12} 640 round note         {await cost(engine, replace(scene, view='note', shape=NOTE))}")
    print(f"{slug:12} 512 to 1080 by lanczos {await cost(engine, scene, lanczos)}")
    print(f"{slug:12} 512, both halves drawn at once: ready {await ready_after(engine, scene):.2f} s after its sound")
    await lanczos.close()
    settled, after = await flat(engine, scene.face)
    print(f"memory after {SETTLED} clips {settled:.1f} MiB, after {CLIPS} {after:.1f} MiB ({after - settled:+.1f})")
    await engine.close()


if __name__ == "__main__":
    asyncio.run(main())
