"""Stand-ins for EchoMimicV3's checkout at 7e89489c, `infer_flash`: its signatures, and grey pictures as films."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core_pipeline.media.wav import unpacked
from tests.worker.standins_tensors import Module, calls, tensor


class Wav2Vec2Model(Module):
    pass


class Wav2Vec2FeatureExtractor(Module):
    pass


class WanTransformer(Module):
    def load_state_dict(self, state: Any, strict: bool = True) -> None:
        calls.append(("state", state, strict))

    def enable_teacache(
        self,
        coefficients: Any,
        num_steps: int,
        rel_l1_thresh: float,
        num_skip_start_steps: int = 0,
        offload: bool = True,
    ) -> None:
        calls.append(("teacache", coefficients, num_steps, rel_l1_thresh, offload))


class AutoencoderKLWan(Module):
    pass


class CLIPModel(Module):
    pass


class WanT5EncoderModel(Module):
    pass


class AutoTokenizer(Module):
    pass


class FlowUniPCMultistepScheduler:
    def __init__(self, num_train_timesteps: int = 1000, shift: float | None = 1.0) -> None:
        calls.append(("scheduler", num_train_timesteps, shift))


class WanFunInpaintAudioPipeline:
    """Its films are black and white: a first picture as it is given, and each later one white by its number."""

    def __init__(
        self, tokenizer: Any, text_encoder: Any, vae: Any, transformer: Any, clip_image_encoder: Any, scheduler: Any
    ) -> None:
        assert all((tokenizer, text_encoder, vae, transformer, clip_image_encoder, scheduler))

    def enable_model_cpu_offload(self, gpu_id: Any = None, device: Any = "cuda") -> None:
        calls.append(("offload", device))

    def to(self, *, device: Any) -> None:
        calls.append(("to", device))

    def __call__(self, prompt: str, *, num_frames: int, audio_embeds: Any, **given: Any) -> Any:
        assert audio_embeds.shape == (1, num_frames, 5, 1)
        assert {given[name] for name in ("num_inference_steps", "guidance_scale", "audio_guidance_scale")} == {
            8,
            6.0,
            3.0,
        }
        heard = (int(audio_embeds[0, 0, 2, 0]), int(audio_embeds[0, -1, 2, 0]))
        calls.append(("film", prompt, num_frames, heard, given["generator"].seed, (given["width"], given["height"])))
        film = np.full((1, 3, num_frames, given["height"], given["width"]), 0.5, np.float32)
        film[0, :, 0] = np.asarray(given["clip_image"].pixels, np.float32).transpose(2, 0, 1) / 255
        return SimpleNamespace(videos=tensor(film))


class OmegaConf:
    @staticmethod
    def load(path: str) -> str:
        assert Path(path).is_file()
        return path

    @staticmethod
    def to_container(config: str) -> dict[str, Any]:
        del config
        return {
            "transformer_additional_kwargs": {"transformer_subpath": "./"},
            "vae_kwargs": {"vae_subpath": "Wan2.1_VAE.pth"},
            "text_encoder_kwargs": {"text_encoder_subpath": "t5.pth", "tokenizer_subpath": "google/umt5-xxl"},
            "image_encoder_kwargs": {"image_encoder_subpath": "clip.pth"},
            "scheduler_kwargs": {"num_train_timesteps": 1000, "shift": 5.0, "unknown": 1},
        }


def filter_kwargs(cls: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    names = cls.__init__.__code__.co_varnames
    return {name: value for name, value in kwargs.items() if name in names}


def get_teacache_coefficients(model_name: str) -> list[float]:
    assert "wan2.1-fun-v1.1-1.3b" in model_name.lower()
    return [1.0]


def get_image_to_video_latent2(
    validation_image_start: Any, validation_image_end: Any, video_length: int, sample_size: list[int]
) -> tuple[Any, Any, Any]:
    assert validation_image_end is None
    assert validation_image_start.pixels.shape[:2] == tuple(sample_size)
    return f"video of {video_length}", "mask", validation_image_start


def get_audio_embed(
    mel_input: Any, wav2vec_feature_extractor: Any, audio_encoder: Any, video_length: int, sr: int = 16000,
    fps: int = 25, device: str = "cpu",
) -> Any:  # fmt: skip
    assert len(mel_input) / sr * fps == pytest.approx(video_length, abs=0.01)
    return tensor(np.arange(video_length)[:, None])


def loudness_norm(audio_array: Any, sr: int = 16000, lufs: float = -23) -> Any:
    calls.append(("loudness", len(audio_array) / sr))
    return audio_array


def color_transfer(sc: Any, dc: Any) -> Any:
    assert sc.dtype == dc.dtype == np.uint8
    return sc


class Picture:
    """PIL's."""

    def __init__(self, pixels: Any) -> None:
        self.pixels = pixels

    def convert(self, mode: str) -> Picture:
        assert mode == "RGB"
        return self


def _load(path: str, sr: int) -> tuple[Any, int]:
    pcm = unpacked(Path(path).read_bytes())
    return np.zeros(round(pcm.seconds * sr), np.float32), sr


SCRIPT = (
    *(Wav2Vec2Model, Wav2Vec2FeatureExtractor, WanTransformer, AutoencoderKLWan, CLIPModel, WanT5EncoderModel),
    *(AutoTokenizer, FlowUniPCMultistepScheduler, WanFunInpaintAudioPipeline, OmegaConf, filter_kwargs),
    *(get_teacache_coefficients, get_image_to_video_latent2, get_audio_embed, loudness_norm),
)

MODULES: dict[str, dict[str, Any]] = {
    "infer_flash": {each.__name__: each for each in SCRIPT} | {"librosa": SimpleNamespace(load=_load)},
    "src": {},
    "src.utils": {"color_transfer": color_transfer},
    "safetensors": {},
    "safetensors.torch": {"load_file": lambda path: {"weights of": Path(path).name}},
    "PIL": {},
    "PIL.Image": {"fromarray": Picture},
}
