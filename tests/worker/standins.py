"""Stand-ins for libraries that can't be run here: their signatures, and tones instead of speech."""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

calls: list[tuple[Any, ...]] = []


def seconds(count: float, rate: int) -> Any:
    return np.full((1, int(count * rate)), 0.25, dtype=np.float32)


class ChatterboxMultilingualTTS:
    """chatterbox-tts 0.1.7, `chatterbox.mtl_tts`."""

    sr = 24_000

    def __init__(self, conds: Any) -> None:
        self.conds = conds

    @classmethod
    def get_supported_languages(cls) -> dict[str, str]:
        return {"ar": "Arabic", "en": "English"}

    @classmethod
    def from_local(cls, ckpt_dir: Path, device: str) -> ChatterboxMultilingualTTS:  # noqa: ARG003 - their signature
        return cls("own" if (ckpt_dir / "conds.pt").exists() else None)

    def prepare_conditionals(self, wav_fpath: str, exaggeration: float = 0.5) -> None:
        calls.append(("prepare", Path(wav_fpath).exists()))
        self.conds = f"learnt {len(calls)}"

    def generate(
        self,
        text: str,
        language_id: str,
        audio_prompt_path: str | None = None,
        exaggeration: float = 0.5,
        cfg_weight: float = 0.5,
        temperature: float = 0.8,
    ) -> Any:
        assert self.conds
        calls.append(("generate", text, language_id, self.conds))
        return seconds(0.5, self.sr)


class CosyVoice3:
    """CosyVoice's checkout, `cosyvoice.cli.cosyvoice`."""

    sample_rate = 24_000

    def __init__(self, model_dir: str, load_trt: bool = False, load_vllm: bool = False, fp16: bool = False) -> None:
        assert Path(model_dir).is_dir()

    def inference_zero_shot(
        self, tts_text: str, prompt_text: str, prompt_wav: str, zero_shot_spk_id: str = "", stream: bool = False,
        speed: float = 1.0, text_frontend: bool = True,
    ) -> Generator[dict[str, Any], None, None]:  # fmt: skip
        calls.append(("zero shot", tts_text, prompt_text, Path(prompt_wav).exists(), stream, speed))
        for _ in range(3):
            yield {"tts_speech": seconds(0.2, self.sample_rate)}

    def inference_cross_lingual(
        self, tts_text: str, prompt_wav: str, zero_shot_spk_id: str = "", stream: bool = False, speed: float = 1.0,
        text_frontend: bool = True,
    ) -> Generator[dict[str, Any], None, None]:  # fmt: skip
        calls.append(("cross lingual", tts_text, Path(prompt_wav).exists(), stream, speed))
        yield {"tts_speech": seconds(0.2, self.sample_rate)}


class ToneColorConverter:
    """OpenVoice's checkout, `openvoice.api`."""

    def __init__(self, config_path: str, device: str = "cuda:0", enable_watermark: bool = True) -> None:
        self.hps = SimpleNamespace(data=SimpleNamespace(sampling_rate=22_050))
        calls.append(("watermark", enable_watermark))

    def load_ckpt(self, ckpt_path: str) -> None:
        assert Path(ckpt_path).is_file()

    def extract_se(self, ref_wav_list: list[str], se_save_path: str | None = None) -> Any:
        return f"colour of {sum(Path(name).stat().st_size for name in ref_wav_list)}"

    def convert(
        self, audio_src_path: str, src_se: Any, tgt_se: Any, output_path: str | None = None, tau: float = 0.3,
        message: str = "default",
    ) -> Any:  # fmt: skip
        calls.append(("convert", src_se, tgt_se, message))
        return seconds(0.5, 22_050)[0]


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stand-ins where the libraries would be, for one test."""
    calls.clear()
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name, thing in (
        ("chatterbox.mtl_tts", ChatterboxMultilingualTTS),
        ("cosyvoice.cli.cosyvoice", CosyVoice3),
        ("openvoice.api", ToneColorConverter),
    ):
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            module = ModuleType(".".join(parts[:end]))
            monkeypatch.setitem(sys.modules, module.__name__, module)
        setattr(module, thing.__name__, thing)
