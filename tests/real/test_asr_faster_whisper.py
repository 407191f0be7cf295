"""Whisper through the real faster-whisper and CTranslate2, on random weights: everything but the sense of the words."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import ctranslate2
import numpy as np
import pytest

from core_pipeline.contracts.engines import Asr, Pcm
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.asr.faster_whisper import SPEC, FasterWhisperConfig, tiny
from core_pipeline.engines.asr.faster_whisper.engine import ManyWhisper, load
from core_pipeline.engines.asr.faster_whisper.windows import LONGEST, RATE, packed
from core_pipeline.engines.whisper import LANGUAGES
from errors import Impossible, NeedsOwner, SawtakError
from tests.real.weights import copied, kept


@pytest.fixture(scope="session")
def folder() -> Path:
    return kept("whisper", tiny.__file__, tiny.write)


def config(folder: Path, **changed: object) -> FasterWhisperConfig:
    given = {"model": str(folder), "device": "cpu", "beam_size": 1, "most_tokens": 12, "threads": 2}
    return FasterWhisperConfig.model_validate(given | changed)


@pytest.fixture
async def whisper(folder: Path, ready: Bench) -> AsyncIterator[Asr]:
    engine = await SPEC.open(config(folder), ready)
    yield engine
    await engine.close()


@pytest.fixture
def many(folder: Path) -> ManyWhisper:
    return load(config(folder), folder)


def together(notes: list[Pcm], pause: float) -> Pcm:
    silence = bytes(2 * int(16_000 * pause))
    return Pcm(silence.join(note.data for note in notes), 16_000)


async def test_it_hears_a_note_in_the_language_it_is_told(whisper: Asr, note: Pcm) -> None:
    heard = await whisper.transcribe(note, "ar")
    assert heard.language == "ar"
    assert heard.text
    assert heard.confidence is not None
    assert 0 <= heard.confidence < 0.5, "random weights deserve no trust"
    assert heard.words
    assert "".join(heard.text.split()) == "".join("".join(word.text for word in heard.words).split())
    assert all(0 <= word.start <= word.end <= note.seconds + 0.01 for word in heard.words)
    assert all(one.start <= other.start for one, other in pairwise(heard.words))


async def test_the_language_is_found_among_those_that_are_expected(folder: Path, ready: Bench, note: Pcm) -> None:
    engine = await SPEC.open(config(folder, languages=["fa", "ur"]), ready)
    assert (await engine.transcribe(note)).language in {"fa", "ur"}
    with pytest.raises(Impossible):
        await engine.transcribe(note, "ar")
    await engine.close()


async def test_silence_says_nothing(whisper: Asr) -> None:
    for seconds in (0.0, 0.01, 3.0, 40.0):
        heard = await whisper.transcribe(Pcm(bytes(2 * int(16_000 * seconds)), 16_000))
        assert (heard.text, heard.words, heard.confidence, heard.language) == ("", (), 0.0, "ar")


async def test_noise_and_other_sample_rates_do_no_harm(whisper: Asr, note: Pcm) -> None:
    noise = np.random.default_rng(1).normal(0, 8000, 48_000).astype("<i2").tobytes()
    for speech in (Pcm(noise, 16_000), Pcm(noise, 8_000), Pcm(note.data, 22_050), Pcm(b"\x01\x00", 48_000)):
        assert (await whisper.transcribe(speech)).language in LANGUAGES


def test_a_batch_says_what_each_says_alone(many: ManyWhisper, notes: list[Pcm]) -> None:
    batch = many.transcribe_many(notes, ["ar", "en"] * 4)
    alone = [
        many.transcribe_many([note], [language])[0] for note, language in zip(notes, ["ar", "en"] * 4, strict=True)
    ]
    assert batch == alone
    assert len({one.text for one in batch if not isinstance(one, SawtakError)}) > 1
    many.close()


def test_one_wrong_language_in_a_batch_is_its_own_affair(many: ManyWhisper, notes: list[Pcm]) -> None:
    heard = many.transcribe_many(notes[:3], ["ar", "xx", None])
    assert isinstance(heard[1], Impossible)
    assert not isinstance(heard[0], SawtakError)
    assert not isinstance(heard[2], SawtakError)
    many.close()


def test_long_speech_is_heard_to_its_end(many: ManyWhisper, notes: list[Pcm]) -> None:
    speech = together(notes * 4, 1.0)
    heard = many.transcribe_many([speech], ["ar"])[0]
    assert not isinstance(heard, SawtakError)
    assert speech.seconds > 60
    assert heard.words[-1].end > speech.seconds - 30
    assert all(one.start <= other.start for one, other in pairwise(heard.words))
    many.close()


async def test_eight_at_once_share_batches(whisper: Asr, notes: list[Pcm]) -> None:
    heard = await asyncio.gather(*(whisper.transcribe(note, "ar") for note in notes))
    alone = await whisper.transcribe(notes[3], "ar")
    assert heard[3] == alone


async def test_a_cancelled_request_leaves_the_engine_well(whisper: Asr, notes: list[Pcm]) -> None:
    late = [asyncio.create_task(whisper.transcribe(note, "ar")) for note in notes]
    await asyncio.sleep(0.01)
    late[0].cancel()
    heard = await asyncio.gather(*late, return_exceptions=True)
    assert isinstance(heard[0], asyncio.CancelledError)
    assert not any(isinstance(one, BaseException) for one in heard[1:])


async def test_a_model_that_is_not_there_says_what_to_run(ready: Bench, tmp_path: Path) -> None:
    assert SPEC.probe
    for model, hint in (("large-v3-turbo", "doctor --pull"), (str(tmp_path / "nowhere"), "does not exist")):
        for use in (SPEC.open, SPEC.probe):
            with pytest.raises(NeedsOwner, match=hint):
                await use(FasterWhisperConfig(model=model), ready)


@pytest.mark.parametrize("file", ["config.json", "model.bin", "tokenizer.json"])
async def test_a_folder_without_one_of_its_files_names_it(
    folder: Path, ready: Bench, tmp_path: Path, file: str
) -> None:
    broken = copied(folder, tmp_path / "broken")
    (broken / file).unlink()
    with pytest.raises(NeedsOwner, match=file):
        await SPEC.open(config(broken), ready)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("model.bin", b""),
        ("model.bin", None),
        ("model.bin", b"\xff" * 4096),
        ("config.json", b"{"),
        ("tokenizer.json", b"{}"),
        ("vocabulary.json", b"nonsense"),
        ("preprocessor_config.json", b'{"feature_size": 128}'),
    ],
)
async def test_a_corrupt_file_is_no_crash(
    folder: Path, ready: Bench, tmp_path: Path, file: str, content: bytes | None
) -> None:
    broken = copied(folder, tmp_path / "broken")
    whole = (broken / file).read_bytes()
    (broken / file).write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(NeedsOwner, match=r"can't be loaded"):
        await SPEC.open(config(broken), ready)


async def test_a_gpu_that_is_not_there_is_said_plainly(
    folder: Path, ready: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)
    with pytest.raises(NeedsOwner, match="GPU"):
        await SPEC.open(config(folder, device="cuda"), ready)


def test_the_spec_tells_languages_and_memory(folder: Path, tmp_path: Path) -> None:
    assert SPEC.languages_of(FasterWhisperConfig()) == LANGUAGES
    assert SPEC.languages_of(FasterWhisperConfig(model="Systran/faster-whisper-base.en")) == {"en"}
    assert 1.3e9 < SPEC.memory(FasterWhisperConfig()) < 1.7e9
    assert SPEC.memory(FasterWhisperConfig(model="base")) < SPEC.memory(FasterWhisperConfig(model="large-v3"))
    assert SPEC.memory(config(folder)) < SPEC.memory(FasterWhisperConfig(model="tiny"))
    shutil.copyfile(folder / "model.bin", tmp_path / "model.bin")
    assert SPEC.memory(config(tmp_path)) > (folder / "model.bin").stat().st_size


def test_windows_hold_all_speech_and_no_long_pause() -> None:
    second = RATE
    assert packed([]) == []
    assert packed([(0, 5 * second), (6 * second, 20 * second)]) == [slice(0, 20 * second)]
    assert len(packed([(0, 5 * second), (9 * second, 20 * second)])) == 2
    many = packed([(n * 10 * second, (n * 10 + 9) * second) for n in range(9)])
    assert [each.start for each in many] == [0, 30 * second, 60 * second]
    assert all(each.stop - each.start <= LONGEST for each in many)
