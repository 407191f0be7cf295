"""FunASR's own library: a Nano of random weights in the real layout, and our trained network, which hears Arabic."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from core_pipeline.contracts.engines import Asr, Pcm
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.asr.demo.train.score import errors
from core_pipeline.engines.asr.funasr import SPEC, FunAsrConfig, tiny
from core_pipeline.engines.asr.funasr.loading import load
from core_pipeline.engines.asr.funasr.networks import Nano
from core_pipeline.media.pcm import samples
from errors import Impossible, NeedsOwner
from tests.real import demo_ctc
from tests.real.conftest import NOTES
from tests.real.weights import copied, kept


@pytest.fixture(scope="session")
def nano_folder() -> Path:
    return kept("MLT-Nano", tiny.__file__, tiny.write)


@pytest.fixture(scope="session")
def ctc_folder() -> Path:
    return kept("demo-ctc", demo_ctc.__file__, demo_ctc.write)


def config(folder: Path, **changed: object) -> FunAsrConfig:
    return FunAsrConfig.model_validate({"model": str(folder), "device": "cpu", "most_tokens": 8} | changed)


@pytest.fixture
async def nano(nano_folder: Path, ready: Bench) -> AsyncIterator[Asr]:
    engine = await SPEC.open(config(nano_folder), ready)
    yield engine
    await engine.close()


@pytest.fixture
async def ctc(ctc_folder: Path, ready: Bench) -> AsyncIterator[Asr]:
    engine = await SPEC.open(config(ctc_folder, languages=["ar"]), ready)
    yield engine
    await engine.close()


async def test_the_trained_network_hears_arabic(ctc: Asr, notes: list[Pcm]) -> None:
    heard = await asyncio.gather(*(ctc.transcribe(note, "ar") for note in notes[:3]))
    for one, note, text in zip(heard, notes, NOTES, strict=False):
        assert errors(one.text, text) <= 2, one.text
        assert one.confidence is not None
        assert one.confidence > 0.7
        assert " ".join(word.text for word in one.words) == one.text
        assert all(word.confidence is not None and 0 < word.confidence <= 1 for word in one.words)
        assert all(first.end <= second.start + 1e-6 for first, second in pairwise(one.words))
        assert 0.5 * note.seconds < one.words[-1].end <= note.seconds + 0.1


async def test_what_is_heard_in_a_batch_is_what_is_heard_alone(ctc: Asr, notes: list[Pcm]) -> None:
    together = await asyncio.gather(*(ctc.transcribe(note) for note in notes))
    alone = [await ctc.transcribe(note) for note in notes]
    assert [one.text for one in together] == [one.text for one in alone]
    assert {one.language for one in together} == {"ar"}


async def test_long_speech_is_heard_to_its_end(ctc: Asr, notes: list[Pcm]) -> None:
    speech = Pcm(b"".join(note.data + bytes(16_000) for note in notes[:3] * 5), 16_000)
    heard = await ctc.transcribe(speech, "ar")
    assert speech.seconds > 40
    assert errors(heard.text.split(), " ".join(NOTES[:3] * 5).split()) <= 10
    assert heard.words[-1].end > 0.9 * speech.seconds


async def test_the_language_model_answers_in_batches(nano: Asr, notes: list[Pcm]) -> None:
    heard = await asyncio.gather(
        *(nano.transcribe(note, language) for note, language in zip(notes, ["ar", "en", None, "ar"] * 2, strict=True))
    )
    assert [one.language for one in heard][:2] == ["ar", "en"]
    assert all(one.text for one in heard)
    assert {one.confidence for one in heard} == {None}


def test_the_prompt_asks_for_arabic(nano_folder: Path, note: Pcm, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load(config(nano_folder), nano_folder)
    asked: list[str] = []
    template = model.model.generate_chatml

    def noted(prompt: str, data: torch.Tensor) -> object:
        asked.append(prompt)
        return template(prompt, data)

    monkeypatch.setattr(model.model, "generate_chatml", noted)
    Nano(model, config(nano_folder)).hear([samples(note)] * 2, ["ar", None])
    assert asked == ["语音转写成阿拉伯语：", "语音转写："]


async def test_silence_says_nothing(nano: Asr, ctc: Asr) -> None:
    for engine in (nano, ctc):
        for speech in (Pcm(b"", 16_000), Pcm(bytes(100), 16_000), Pcm(bytes(64_000), 8_000)):
            heard = await engine.transcribe(speech)
            assert (heard.text, heard.confidence, heard.language) == ("", 0.0, "ar")


async def test_a_language_that_it_does_not_hear_is_refused(nano: Asr, ctc: Asr, note: Pcm) -> None:
    for engine, language in ((nano, "xx"), (nano, "fa"), (ctc, "en")):
        with pytest.raises(Impossible):
            await engine.transcribe(note, language)


async def test_arabic_is_refused_by_models_that_lack_it(nano_folder: Path, ready: Bench, tmp_path: Path) -> None:
    other = copied(nano_folder, tmp_path / "Fun-ASR-Nano-2512")
    assert SPEC.languages_of(config(other)) == {"zh", "en", "ja"}
    assert SPEC.languages_of(config(other, languages=["ar", "en"])) == {"en"}
    assert "ar" in SPEC.languages_of(FunAsrConfig())
    assert "ar" not in SPEC.languages_of(FunAsrConfig(model="FunAudioLLM/Fun-ASR-Nano-2512"))
    engine = await SPEC.open(config(other), ready)
    with pytest.raises(Impossible):
        await engine.transcribe(Pcm(bytes(64_000), 16_000), "ar")
    await engine.close()


async def test_a_model_whose_languages_nobody_knows_asks_for_them(ctc_folder: Path, ready: Bench) -> None:
    with pytest.raises(NeedsOwner, match="languages"):
        await SPEC.open(config(ctc_folder), ready)


async def test_a_model_that_is_not_there_says_what_to_run(ready: Bench, tmp_path: Path) -> None:
    with pytest.raises(NeedsOwner, match="doctor --pull"):
        await SPEC.open(FunAsrConfig(), ready)
    with pytest.raises(NeedsOwner, match="does not exist"):
        await SPEC.open(config(tmp_path / "MLT-Nano"), ready)


@pytest.mark.parametrize("name", ["model.pt", "config.yaml", "Qwen3-tiny"])
async def test_a_missing_part_is_named_and_looked_for_nowhere(
    nano_folder: Path, ready: Bench, tmp_path: Path, name: str
) -> None:
    broken = copied(nano_folder, tmp_path / "MLT-Nano")
    (broken / name).rename(tmp_path / "elsewhere")
    with pytest.raises(NeedsOwner, match=name):
        await SPEC.open(config(broken), ready)


@pytest.mark.parametrize("other_shape", [False, True])
async def test_a_missing_weight_is_no_warning(
    nano_folder: Path, ready: Bench, tmp_path: Path, other_shape: bool
) -> None:
    broken = copied(nano_folder, tmp_path / "MLT-Nano")
    state = dict(torch.load(broken / "model.pt")["state_dict"])
    name = "audio_adaptor.linear1.weight"
    state.pop(name)
    torch.save({"state_dict": state | ({name: torch.zeros(3)} if other_shape else {})}, broken / "model.pt")
    with pytest.raises(NeedsOwner, match=name):
        await SPEC.open(config(broken), ready)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("model.pt", b"nonsense"),
        ("model.pt", b""),
        ("configuration.json", b"{"),
        ("Qwen3-tiny/tokenizer.json", b"{}"),
        ("Qwen3-tiny/config.json", b"["),
        ("config.yaml", json.dumps({"model": "Paraformer"}).encode()),
        ("config.yaml", json.dumps({"model": "CTC"}).encode()),
    ],
)
async def test_a_corrupt_file_is_no_crash(
    nano_folder: Path, ready: Bench, tmp_path: Path, file: str, content: bytes
) -> None:
    broken = copied(nano_folder, tmp_path / "MLT-Nano")
    (broken / file).write_bytes(content)
    with pytest.raises(NeedsOwner):
        await SPEC.open(config(broken), ready)


async def test_a_gpu_that_is_not_there_is_said_plainly(
    nano_folder: Path, ready: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(NeedsOwner, match="GPU"):
        await SPEC.open(config(nano_folder, device="cuda"), ready)


def test_the_spec_tells_memory(nano_folder: Path) -> None:
    assert SPEC.memory(FunAsrConfig()) >= 3 << 30
    assert SPEC.memory(config(nano_folder)) < SPEC.memory(FunAsrConfig())
