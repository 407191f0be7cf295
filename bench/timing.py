"""Word times laid over from the embedded voice: their error, which readings are refused, and what it takes.

Espeak's variants read sentences in turn; what each says of its own words and phonemes is the truth. Other texts and
readings cut short must be refused. Run: .venv/bin/python -m bench.timing
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from core_pipeline.contracts.engines import Pcm, Saying, Speech, Word
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.engines.wrap.aligned import laid_over
from core_pipeline.engines.wrap.warping import align, listen, top_of
from core_pipeline.media.pcm import add_noise, join, resample

TEXTS = [
    ("ar", "مرحبا بكم في مطعم اللؤلؤة، كيف نستطيع أن نساعدكم اليوم؟"),
    ("ar", "نفتح كل يوم من الساعة العاشرة صباحا حتى منتصف الليل."),
    ("ar", "نعم."),
    ("ar", "سعر طبق الدجاج المشوي خمسة وثلاثون ريالا مع الأرز والسلطة."),
    ("ar", "وصل الطلب، وسنتصل بكم خلال ساعة. شكرا جزيلا لكم!"),
    ("ar", "عندنا WiFi مجاني لجميع الزبائن في الطابق الثاني"),
    ("ar", "السلام عليكم ورحمة الله وبركاته"),
    ("ar", "للأسف لا أعرف الجواب، سأحول سؤالك إلى زميلي في خدمة العملاء."),
    ("en", "We open at ten o'clock every day except Friday."),
    ("en", "Your order number is four five seven, and it will arrive tomorrow morning."),
]
MANNERS = [(v, 1.0) for v in ("f3", "m8", "f5", "klatt4", "Annie", "steph3", "croak", "whisper", "m1", "f2")]
MANNERS += [("f3", 1.3), ("f3", 0.8), ("m3", 1.3), ("m3", 0.8)]
CUTS = (0.5, 0.6, 0.7, 0.8, 0.9)

Reading = list[Speech]


def cut(pcm: Pcm, share: float) -> Pcm:
    """The first part of it."""
    return Pcm(pcm.data[: int(len(pcm.data) * share) // 2 * 2], pcm.sample_rate)


def paused(pcm: Pcm) -> Pcm:
    """With 0.7 seconds of silence in the middle."""
    half = cut(pcm, 0.5).data
    return Pcm(half + bytes(2 * int(0.7 * pcm.sample_rate)) + pcm.data[len(half) :], pcm.sample_rate)


SPOILT: dict[str, Callable[[Pcm], Pcm]] = {
    "hiss at 20 dB": lambda pcm: add_noise(pcm, 20, 1),
    "8 kHz": lambda pcm: resample(pcm, 8_000),
    "a pause of 0.7 s": paused,
}


def sound(reading: Reading) -> Pcm:
    """The whole of a reading."""
    return join([part.pcm for part in reading])


def words(reading: Reading) -> list[Word]:
    """The words as espeak timed them."""
    return [word for part in reading for word in part.words]


def phonemes(reading: Reading) -> list[Word]:
    """The phonemes as espeak timed them."""
    return [phoneme for part in reading for phoneme in part.phonemes]


def errors(told: Sequence[Word], found: Sequence[Word]) -> list[float]:
    """Milliseconds between the starts."""
    return [1e3 * abs(a.start - b.start) for a, b in zip(told, found, strict=True)]


async def readings() -> dict[tuple[int, str, float], Reading]:
    """Every text in every manner, and plainly."""
    engine, found = EspeakTts(EspeakConfig()), {}
    for (place, (language, text)), (variant, rate) in product(enumerate(TEXTS), [("", 1.0), *MANNERS]):
        saying = Saying(text, language, voice=f"ar+{variant}", rate=rate)
        found[place, variant, rate] = [part async for part in engine.speak(saying)]
    await engine.close()
    return found


def summary(values: list[float]) -> str:
    """Median, 90 % and the worst."""
    return f"{np.median(values):5.1f} {np.quantile(values, 0.9):6.1f} {max(values):6.1f}"


def report_errors(read: dict[tuple[int, str, float], Reading]) -> None:
    """Print one line per manner."""
    print("manner        words: median, 90 %, worst ms   phonemes: median, 90 %, worst ms   refused")
    for variant, rate in MANNERS:
        of_words: list[float] = []
        of_phonemes: list[float] = []
        refused = 0
        for place in range(len(TEXTS)):
            told = read[place, variant, rate]
            found = laid_over(sound(told), read[place, "", 1.0])
            refused += not found.words
            if found.words:
                of_words += errors(words(told), found.words)
                of_phonemes += errors(phonemes(told), found.phonemes)
        print(f"{variant:8} {rate:3.1f}  {summary(of_words):>28}   {summary(of_phonemes):>33}   {refused:9}")


def doubt(speech: Pcm, guide: Pcm) -> tuple[float, bool]:
    """How little the guide fits, and whether one of the two is torn."""
    top = top_of(speech, guide)
    heard, read = listen(speech, top), listen(guide, top)
    way = align(heard, read) if heard and read else None
    return (way.doubt, way.torn) if way else (float("inf"), True)


def report_refusals(read: dict[tuple[int, str, float], Reading]) -> None:
    """Print what is accepted of what fits and of what doesn't."""
    plain = {place: read[place, "", 1.0] for place in range(len(TEXTS))}
    own = [doubt(sound(told), sound(plain[place])) for (place, *_), told in read.items()]
    others = [
        doubt(sound(told), sound(plain[other])) for (place, _, rate), told in read.items()
        for other in plain if other != place and rate == 1.0
    ]  # fmt: skip
    print(f"same text: {len(own)} readings, doubt at most {max(d for d, _ in own):.3f}, torn {sum(t for _, t in own)}")
    whole = sorted(d for d, torn in others if not torn)
    print(f"other text: {len(others)} readings, {len(others) - len(whole)} torn, doubt of the rest {whole[:3]} …")
    long = [(place, variant) for place in plain if len(TEXTS[place][1]) > 10 for variant in ("f3", "m8", "steph3")]
    for name, spoil in SPOILT.items():
        kept = sum(bool(laid_over(spoil(sound(read[p, v, 1.0])), plain[p]).words) for p, v in long)
        print(f"{name}: {kept} of {len(long)} accepted")
    for share in CUTS:
        pairs = [(sound(read[p, v, 1.0]), plain[p]) for p, v in long]
        speech = sum(bool(laid_over(cut(pcm, share), guide).words) for pcm, guide in pairs)
        guide = sum(bool(laid_over(p, [Speech(cut(sound(g), share), tuple(words(g)))]).words) for p, g in pairs)
        print(f"first {share:.0%} of the speech: {speech} of {len(long)} accepted; of the guide: {guide}")


def report_time(read: dict[tuple[int, str, float], Reading]) -> None:
    """Print milliseconds for ten seconds of speech: CPU time of the one thread, for the machine may be busy."""

    def ten(variant: str) -> Pcm:
        whole = join([sound(read[place, variant, 1.0]) for place in range(4)])
        return Pcm(whole.data[: 20 * whole.sample_rate], whole.sample_rate)

    speech, guide, spent = ten("f3"), ten(""), []
    for _ in range(15):
        start = time.thread_time()
        laid_over(speech, [Speech(guide)])
        spent.append(1e3 * (time.thread_time() - start))
    took = f"p50 {np.median(spent):.1f} ms, best {min(spent):.1f}, worst {max(spent):.1f}"
    print(f"{speech.seconds:.0f} s of speech: {took} of the thread's CPU time")


def main() -> None:
    """Measure and print."""
    read = asyncio.run(readings())
    report_errors(read)
    report_refusals(read)
    report_time(read)


if __name__ == "__main__":
    main()
