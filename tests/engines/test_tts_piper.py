"""Piper speaks in a process of its own, times its words, says what is missing and fetches it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.contracts.engines import Clone, Pcm, Saying, Speech, Tts
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.tts.piper import SPEC, PiperConfig
from core_pipeline.engines.tts.piper.durations import with_durations
from core_pipeline.engines.tts.piper.engine import PiperTts
from core_pipeline.engines.tts.piper.timing import Spoken, phoneme_spans, symbol_spans, word_spans
from core_pipeline.engines.tts.piper.tiny import SAMPLE_RATE, make_voice
from errors import Impossible, NeedsOwner, Retryable

GREETING = "مرحبا بكم في مطعم اللؤلؤة. كيف نساعدكم اليوم؟"
NAME = "ar_JO-tiny-low"


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("voices")
    return {
        "ar": str(make_voice(folder / f"{NAME}.onnx", "ar")),
        "en": str(make_voice(folder / "en_US-tiny-low.onnx", "en-us", speakers=2)),
    }


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with httpx.AsyncClient() as http:
        yield Bench(tmp_path, http)


@pytest.fixture
async def piper(voices: dict[str, str], tmp_path: Path) -> AsyncIterator[PiperTts]:
    engine = PiperTts(PiperConfig(voices=voices), tmp_path)
    yield engine
    await engine.close()


async def said(engine: Tts, saying: Saying) -> list[Speech]:
    return [part async for part in engine.speak(saying)]


def seconds(parts: list[Speech]) -> float:
    return sum(part.pcm.seconds for part in parts)


def pitch_at(parts: list[Speech], start: float, end: float) -> float:
    """The loudest frequency between two moments, in Hz."""
    sound = np.frombuffer(b"".join(part.pcm.data for part in parts), "<i2").astype(float)
    cut = sound[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
    spectrum = np.abs(np.fft.rfft(cut * np.hanning(cut.size), 16_384))
    return float(np.argmax(spectrum)) * SAMPLE_RATE / 16_384


async def test_the_rehearsal_opens_through_the_real_library(bench: Bench, tmp_path: Path) -> None:
    async with SPEC.rehearsal(tmp_path) as config:  # type: ignore[misc]  # it has one
        assert SPEC.languages_of(config) == {"ar", "en"}
        engine = await SPEC.open(config, bench)
        (part,) = await said(engine, Saying("Welcome to our shop.", "en"))
        await engine.close()
    assert part.pcm.sample_rate == SAMPLE_RATE
    assert 0.5 < part.pcm.seconds < 4


async def test_sentences_come_one_by_one_with_a_pause_between(piper: PiperTts) -> None:
    first, second = await said(piper, Saying(GREETING, "ar"))
    assert not any(first.pcm.data[-2 * int(0.2 * SAMPLE_RATE) :])
    assert (
        seconds(await said(piper, Saying(GREETING.split(". ", maxsplit=1)[0] + ".", "ar"))) == first.pcm.seconds - 0.2
    )
    assert second.pcm.seconds > 0.5


async def test_times_are_given_when_asked_for(piper: PiperTts) -> None:
    assert all(not (part.words or part.phonemes) for part in await said(piper, Saying(GREETING, "ar")))
    parts = await said(piper, Saying(GREETING, "ar", timed=True))
    words = [word for part in parts for word in part.words]
    assert [word.text for word in words] == GREETING.split()
    assert all(one.end <= other.start for one, other in pairwise(words))
    assert words[4].end < parts[0].pcm.seconds < words[5].start
    assert words[-1].end < seconds(parts)


async def test_a_phoneme_is_heard_when_its_time_says(piper: PiperTts, voices: dict[str, str]) -> None:
    parts = await said(piper, Saying(GREETING, "ar", timed=True))
    ids = json.loads(Path(f"{voices['ar']}.json").read_text(encoding="utf-8"))["phoneme_id_map"]
    phonemes = [phoneme for part in parts for phoneme in part.phonemes if len(phoneme.text) == 1]
    assert len(phonemes) > 15
    for phoneme in phonemes:
        assert pitch_at(parts, phoneme.start, phoneme.end) == pytest.approx(150 + 20 * ids[phoneme.text][0], abs=12)


async def test_a_number_is_one_word_and_merged_words_keep_their_own_times(piper: PiperTts) -> None:
    (part,) = await said(piper, Saying("It is 25 dollars of the day", "en", timed=True))
    assert [word.text for word in part.words] == ["It", "is", "25", "dollars", "of", "the", "day"]
    longest = max(part.words, key=lambda word: word.end - word.start)
    assert longest.text == "25"


async def test_the_speed_is_heard(piper: PiperTts) -> None:
    normal = seconds(await said(piper, Saying("مرحبا بكم في المطعم", "ar")))
    assert seconds(await said(piper, Saying("مرحبا بكم في المطعم", "ar", rate=2.0))) < 0.7 * normal


async def test_a_speaker_of_several_is_chosen_by_name_or_number(piper: PiperTts, voices: dict[str, str]) -> None:
    default = await said(piper, Saying("moon", "en"))
    named = await said(piper, Saying("moon", "en", voice=f"{voices['en']}#speaker1"))
    assert named == await said(piper, Saying("moon", "en", voice=f"{voices['en']}#1"))
    assert named[0].pcm.data != default[0].pcm.data
    high = PiperTts(PiperConfig(voices={"en": f"{voices['en']}#speaker1"}), Path())
    assert await said(high, Saying("moon", "en")) == named
    await high.close()
    for nobody in ("speaker7", "2", "²", "-1"):
        with pytest.raises(NeedsOwner, match="no such speaker"):
            await said(piper, Saying("moon", "en", voice=f"{voices['en']}#{nobody}"))


async def test_a_voice_in_our_folder_is_called_by_its_name(tmp_path: Path) -> None:
    make_voice(tmp_path / "piper" / "en_GB-other-low.onnx", "en-gb-x-rp")
    make_voice(tmp_path / "piper" / f"{NAME}.onnx", "ar")
    engine = PiperTts(PiperConfig(voices={"ar": NAME, "en": "en_US-absent-low"}), tmp_path)
    assert await said(engine, Saying("Good morning", "en", voice="en_GB-other-low"))
    assert await said(engine, Saying("نعم", "ar"))
    with pytest.raises(Impossible, match=f"en_GB-other-low does not speak ar; {NAME} does"):
        await said(engine, Saying("نعم", "ar", voice="en_GB-other-low"))
    for unknown in ("../../etc/passwd.onnx", "ar+f3"):
        with pytest.raises(NeedsOwner, match="unknown-voice"):
            await said(engine, Saying("نعم", "ar", voice=unknown))
    await engine.close()


async def test_what_cannot_be_spoken_is_refused(piper: PiperTts) -> None:
    with pytest.raises(Impossible, match=r"no Piper voice is set for fr; these are: ar, en"):
        await said(piper, Saying("oui", "fr"))
    with pytest.raises(Impossible, match="text-too-long"):
        await said(piper, Saying("نعم " * 2000, "ar"))
    with pytest.raises(Impossible, match="cannot-clone"):
        await said(piper, Saying("نعم", "ar", clone=Clone("v", Pcm(b"", 16_000), "نعم")))


async def test_a_missing_voice_says_how_to_get_it(bench: Bench) -> None:
    with pytest.raises(NeedsOwner, match=r"voice-missing: .*kareem-medium.onnx is not there: .*doctor --pull"):
        await SPEC.open(PiperConfig(), bench)
    with pytest.raises(NeedsOwner, match="no-voice"):
        await SPEC.open(PiperConfig(voices={}), bench)
    with pytest.raises(NeedsOwner, match="unknown-voice"):
        await SPEC.open(PiperConfig(voices={"ar": "../kareem"}), bench)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda model, _: model.write_bytes(model.read_bytes()[:-200]),
        lambda model, _: model.write_bytes(os.urandom(4096)),
        lambda _, described: described.write_text('{"audio": {"sample_rate": 16000}, "phoneme_id_map": {"a": [1]}}'),
        lambda _, described: described.write_text(described.read_text().replace('"ar"', '"klingon-b"')),
        lambda model, _: model.unlink(),
    ],
    ids=["cut", "noise", "wrong description", "unknown alphabet", "gone"],
)
async def test_a_broken_voice_is_named_and_the_others_go_on(
    spoil: object, piper: PiperTts, voices: dict[str, str], tmp_path: Path
) -> None:
    model = make_voice(tmp_path / "piper" / "ar_XX-broken-low.onnx", "ar")
    spoil(model, model.with_name(f"{model.name}.json"))  # type: ignore[operator]  # one of the above
    assert await said(piper, Saying("نعم", "ar"))
    with pytest.raises(NeedsOwner, match=r"voice-(corrupt|missing): .*broken-low.onnx .*doctor --pull"):
        await said(piper, Saying("نعم", "ar", voice="ar_XX-broken-low"))
    before = piper.pid
    assert await said(piper, Saying("نعم", "ar"))
    assert before is None or piper.pid == before


async def test_a_broken_description_is_found_by_the_probe(bench: Bench) -> None:
    model = make_voice(bench.var / "piper" / f"{NAME}.onnx", "ar")
    model.with_name(f"{model.name}.json").write_text("{")
    with pytest.raises(NeedsOwner, match="voice-corrupt"):
        await SPEC.probe(PiperConfig(voices={"ar": NAME}), bench)  # type: ignore[misc]  # it has one


async def test_a_killed_process_is_retryable_and_replaced(piper: PiperTts) -> None:
    await said(piper, Saying("نعم", "ar"))
    first = piper.pid
    assert first
    os.kill(first, signal.SIGSTOP)
    pending = asyncio.create_task(said(piper, Saying("نعم نعم", "ar")))
    await asyncio.sleep(0.05)
    os.kill(first, signal.SIGKILL)
    with pytest.raises(Retryable, match="voice-process-ended"):
        await pending
    assert await said(piper, Saying("نعم نعم", "ar"))
    assert piper.pid != first


@pytest.mark.parametrize(
    "text",
    [
        "🎉❤\u200e👍",
        "[[ab]] [[",
        "ج٧ع .٧ !ٰ ٌَ ل ًسذُ",
        "\x00\x1b\r نعم \x00",
        "漢字 かな",
        "<b>&amp;</b>",
        "9" * 300,
        " \n",
    ],
)
async def test_wild_text_is_survived(piper: PiperTts, text: str) -> None:
    parts = await said(piper, Saying(text, "ar", timed=True))
    assert all(word.start <= word.end for part in parts for word in part.words)
    before = piper.pid
    assert await said(piper, Saying("نعم", "ar"))
    assert piper.pid == before


def test_only_a_voice_that_shows_its_lengths_tells_them(voices: dict[str, str]) -> None:
    model = Path(voices["ar"]).read_bytes()
    telling = with_durations(model)
    assert telling.startswith(model)
    assert len(telling) > len(model)
    assert with_durations(telling) == telling
    silent = model.replace(b"Ceil", b"Relu")
    assert with_durations(silent) == silent


@given(st.binary(max_size=200))
def test_bytes_that_are_no_model_do_no_harm(data: bytes) -> None:
    try:
        assert with_durations(data).startswith(data)
    except ValueError:
        return


def test_lengths_of_other_symbols_are_not_believed() -> None:
    ids = {"^": [1], "$": [2], "_": [0], "a": [3], "b": [4]}
    fitting = Spoken("aξb", [1, 0, 3, 0, 4, 0, 2], [1, 1, 4, 1, 3, 1, 1])
    spans = symbol_spans(fitting, ids, 100)
    assert spans == [("^", 100, 102), ("a", 102, 107), ("b", 107, 111), ("$", 111, 112)]
    assert symbol_spans(Spoken("ba", fitting.ids, fitting.samples), ids, 0) is None
    assert symbol_spans(Spoken("ab", fitting.ids[:-1], fitting.samples), ids, 0) is None
    assert symbol_spans(Spoken("ab", fitting.ids, fitting.samples[:-1]), ids, 0) is None


def test_signs_join_their_phoneme() -> None:
    spans = [("ˈ", 0, 1), ("a", 1, 5), ("ː", 5, 6), (" ", 6, 7), ("t", 7, 9), ("\u032a", 9, 10), (".", 10, 12)]
    assert phoneme_spans(spans) == [("ˈaː", 0, 6), ("t\u032a", 7, 10)]
    assert word_spans(["آ", "ت."], ["aː", "t"], phoneme_spans(spans)) == [("آ", 0, 6), ("ت.", 7, 10)]
