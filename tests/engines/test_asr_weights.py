"""Recognisers with weights of their own, as far as they can be known without the weights and without their packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from core_pipeline.engines.asr.faster_whisper import SPEC as WHISPER
from core_pipeline.engines.asr.faster_whisper import FasterWhisperConfig
from core_pipeline.engines.asr.funasr import SPEC as FUNASR
from core_pipeline.engines.asr.funasr import FunAsrConfig
from core_pipeline.engines.asr.funasr.card import check, kind_of
from core_pipeline.engines.weights.place import expect, folder_of, installed, size_of
from core_pipeline.engines.whisper import LANGUAGES, code_of, confidence
from errors import NeedsOwner
from tests.factories import bench


def folder(where: Path, name: str, configuration: str) -> Path:
    made = where / name
    made.mkdir(parents=True)
    (made / "config.yaml").write_text(configuration, encoding="utf-8")
    (made / "model.pt").write_bytes(b"x" * 1000)
    return made


def test_a_package_that_is_not_installed_is_named_with_the_command() -> None:
    installed(("pytest",))
    with pytest.raises(NeedsOwner, match=r"no_such_thing.*make engines"):
        installed(("pytest", "no_such_thing"))


async def test_weights_lie_in_a_folder_or_under_the_name_of_the_hub(tmp_path: Path) -> None:
    ready = bench(tmp_path)
    async with ready.http:
        assert folder_of("owner/model", ready) == tmp_path / "models" / "owner--model"
        assert folder_of(str(tmp_path), ready) == tmp_path
        assert folder_of("~/models/x", ready).is_absolute()
    with pytest.raises(NeedsOwner, match="doctor --pull"):
        expect(tmp_path / "models" / "owner--model", ["model.bin"], "owner/model")
    with pytest.raises(NeedsOwner, match=r"has no model\.bin"):
        expect(tmp_path, ["model.bin"], str(tmp_path))
    assert size_of(tmp_path / "nowhere") == 0


@pytest.mark.parametrize(
    ("name", "configuration", "asked", "able"),
    [
        ("Fun-ASR-MLT-Nano-2512", "model: FunASRNano", (), frozenset(FUNASR.languages)),
        ("Fun-ASR-MLT-Nano-2512", "model: FunASRNano", ("ar", "en"), {"ar", "en"}),
        ("Fun-ASR-Nano-2512", "model: FunASRNano", (), {"zh", "en", "ja"}),
        ("Fun-ASR-Nano-2512", "model: FunASRNano", ("ar",), set()),
        ("renamed", "# card\nmodel:   'FunASRNano'\n", ("ar", "ja"), {"ja"}),
        ("ours", '{\n  "model": "CTC"}', (), set()),
        ("ours", '{\n  "model": "CTC"}', ("ar",), {"ar"}),
    ],
)
def test_arabic_is_for_models_that_know_it(
    tmp_path: Path, name: str, configuration: str, asked: tuple[str, ...], able: set[str]
) -> None:
    made = folder(tmp_path, name, configuration)
    assert FUNASR.languages_of(FunAsrConfig(model=str(made), languages=asked)) == able


def test_a_network_that_we_cannot_run_or_that_lacks_a_part_is_refused(tmp_path: Path) -> None:
    check(folder(tmp_path, "ctc", "model: CTC"))
    with pytest.raises(NeedsOwner, match="Paraformer"):
        check(folder(tmp_path, "other", "model: Paraformer"))
    with pytest.raises(NeedsOwner, match=r"Qwen3-0\.6B"):
        check(folder(tmp_path, "half", "model: FunASRNano\nllm_conf:\n  init_param_path: Qwen3-0.6B\n"))
    assert kind_of(tmp_path / "nowhere") == ""


def test_memory_is_known_before_anything_is_loaded(tmp_path: Path) -> None:
    assert 1.3e9 < WHISPER.memory(FasterWhisperConfig()) < 1.7e9
    assert WHISPER.memory(FasterWhisperConfig(compute_type="float16")) > 2e9
    assert FUNASR.memory(FunAsrConfig()) >= 3 << 30
    assert 1 << 30 < FUNASR.memory(FunAsrConfig(model=str(folder(tmp_path, "x", "model: CTC")))) < 2 << 30
    assert WHISPER.languages_of(FasterWhisperConfig(languages=("ar", "en"))) == {"ar", "en"}


def test_whispers_languages_have_codes_and_its_doubt_a_measure() -> None:
    assert [code_of(name) for name in ("Arabic", "ar", " haitian creole ", "klingon")] == ["ar", "ar", "ht", None]
    assert {"ar", "en", "fa"} <= LANGUAGES
    assert confidence(0.0, 0.0) == 1.0
    assert confidence(-0.2, 0.1) > confidence(-0.9, 0.1) > confidence(-0.9, 0.8)
    assert all(0 <= confidence(one, other) <= 1 for one in (3.0, -50.0) for other in (-1.0, 2.0))
