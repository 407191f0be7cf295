"""Drawing an answer's film while it is being spoken: sentence by sentence, in order, by one engine."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

from core_pipeline.contracts.engines import Pcm, Word
from core_pipeline.contracts.faces import Scene
from core_pipeline.media.film.dress import dress
from core_pipeline.media.film.stitch import stitch
from core_pipeline.media.pcm import join
from core_pipeline.thinking.mood import mood_of
from core_pipeline.turns.subtitling import captions_of, worded
from errors import Impossible, Retryable, SawtakError

# So many pictures may lack at a sentence's end, where nothing is said.
_MISSING = 3

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core_pipeline.contracts.engines import Speech
    from core_pipeline.contracts.faces import Clip, Emotion
    from core_pipeline.engines.router import For
    from core_pipeline.engines.wrap.pictured import Makers
    from core_pipeline.turns.casting import Cast
    from core_pipeline.turns.deps import Deps


@dataclass(frozen=True)
class Film:
    """A finished film with its sound; `rest` is what of the answer did not fit into it."""

    data: bytes
    seconds: float
    rest: str


@dataclass
class _Sentence:
    text: str
    pcm: Pcm
    words: tuple[Word, ...]
    phonemes: tuple[Word, ...]


@dataclass
class _Reel:
    clips: list[Clip] = field(default_factory=list)
    sound: list[Pcm] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)
    frames: int = 0


class Filming:
    """Draws sentences in the background as they are added; `task` ends in the film, or in why there is none.

    `feeder` is who adds them, if it is the film's own.
    """

    def __init__(self, deps: Deps, order: For, cast: Cast, language: str, turn_id: str) -> None:
        self._deps, self.order, self.cast, self._language = deps, order, cast, language
        self._seed = int.from_bytes(hashlib.sha256(turn_id.encode()).digest()[:4], "big")
        self._added: asyncio.Queue[_Sentence | SawtakError | None] = asyncio.Queue()
        self._mood: Emotion | None = None
        self._made: int = 0
        self._drawing: int = 0
        self._known: int = 0
        self.feeder: asyncio.Task[None] | None = None
        self.task = asyncio.create_task(self._run())

    @property
    def percent(self) -> int:
        """How far it is, 0 to 99, of what is spoken so far."""
        return min(99, 100 * (self._made + self._drawing) // max(1, self._known))

    def add(self, text: str, spoken: Sequence[Speech]) -> None:
        """Show this sentence after what was added before."""
        if not spoken:
            return
        pcm = join([part.pcm for part in spoken])
        words = tuple(word for part in spoken for word in part.words)
        phonemes = tuple(sound for part in spoken for sound in part.phonemes)
        self._added.put_nowait(_Sentence(text, pcm, words, phonemes))
        self._known += ceil(pcm.seconds * self.cast.shape.fps)

    def over(self) -> None:
        """Nothing more is added."""
        self._added.put_nowait(None)

    def fail(self, error: SawtakError) -> None:
        """Give the film up, for what it was to show can't be spoken."""
        self._added.put_nowait(error)

    async def abandon(self) -> None:
        """Stop drawing; what was drawn is dropped."""
        tasks = [task for task in (self.feeder, self.task) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> Film:
        cast, reel = self.cast, _Reel()
        makers = await self._deps.engines.video(cast.face.kind, self._language, self.order)
        larger = await self._deps.engines.upscaler(self.order) if cast.enlarged else None
        while (sentence := await self._added.get()) is not None:
            if isinstance(sentence, SawtakError):
                raise sentence
            if reel.rest or self._too_long(reel, sentence):
                if not (cast.part and reel.clips):
                    raise Impossible("film-too-long", f"it would be longer than {cast.longest:g} s")
                reel.rest.append(sentence.text)
            else:
                await self._shoot(reel, sentence, makers, larger)
        if not reel.clips:
            raise Impossible("no-words", "there is nothing in this answer that can be spoken")
        with self.order.ledger.timed("film"):
            data = await stitch(reel.clips, join(reel.sound))
        return Film(data, reel.frames / cast.shape.fps, " ".join(reel.rest))

    def _too_long(self, reel: _Reel, sentence: _Sentence) -> bool:
        return reel.frames / self.cast.shape.fps + sentence.pcm.seconds > self.cast.longest

    async def _shoot(self, reel: _Reel, sentence: _Sentence, makers: Makers, larger: Makers | None) -> None:
        cast = self.cast
        self._mood = self._mood or mood_of(sentence.text)
        scene = Scene(
            face=cast.face,
            view=cast.format.view,
            shape=cast.shape,
            speech=_whole_pictures(sentence.pcm, cast.shape.fps),
            words=sentence.words,
            phonemes=sentence.phonemes,
            emotion=self._mood,
            first=reel.frames,
            seed=self._seed,
            captions=worded(sentence.text, sentence.words, sentence.pcm.seconds) if cast.captions else (),
            language=self._language,
            most_bits=cast.most_bits,
        )
        clip = await self._finished(await makers.animated(scene, self._told), scene, makers)
        if larger is not None and cast.enlarged is not None:
            clip = await larger.upscaled(clip, cast.enlarged)
        reel.clips.append(clip)
        reel.sound.append(_as_long_as(clip, scene.speech))
        reel.frames += clip.frames
        self._made, self._drawing = reel.frames, 0

    def _told(self, done: int) -> None:
        self._drawing = done

    async def _finished(self, clip: Clip, scene: Scene, makers: Makers) -> Clip:
        """A stranger's pictures are drawn anew within the sandbox; captions come on where the engine writes none."""
        engine = makers.served
        if engine is not None and engine.hosted:
            clip = await self._deps.sandbox.film(clip.data, scene.shape, most_bits=scene.most_bits)
            if clip.frames < scene.frames - _MISSING:
                raise Retryable("film-cut", f"{clip.frames} pictures came where {scene.frames} were asked for")
        if scene.captions and not (engine and engine.captions):
            clip = await dress(clip, captions_of(scene), most_bits=scene.most_bits)
        return clip


def _whole_pictures(pcm: Pcm, fps: int) -> Pcm:
    """The sound filled up with silence to a whole number of pictures."""
    samples = len(pcm.data) // 2
    pictures = ceil(round(samples * fps / pcm.sample_rate, 6))
    wanted = round(pictures * pcm.sample_rate / fps)
    return Pcm(pcm.data.ljust(wanted * 2, b"\0"), pcm.sample_rate)


def _as_long_as(clip: Clip, pcm: Pcm) -> Pcm:
    """The sound for just these pictures: others' engines draw a few more or fewer than they were asked for."""
    wanted = round(clip.seconds * pcm.sample_rate) * 2
    return Pcm(pcm.data[:wanted].ljust(wanted, b"\0"), pcm.sample_rate)
