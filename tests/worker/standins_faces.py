"""Stand-ins for the libraries of the workers that animate photographs: their signatures, and plain colours as faces."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core_pipeline.media.wav import unpacked

calls: list[tuple[Any, ...]] = []


class Tensor(np.ndarray):
    """An array with the few methods of torch's that the workers call."""

    def to(self, *_: Any, **__: Any) -> Tensor:
        return self

    def unsqueeze(self, axis: int) -> Tensor:
        return tensor(np.expand_dims(self, axis))


def tensor(values: Any, device: Any = None) -> Tensor:
    del device
    return np.asarray(values).view(Tensor)


class Module:
    """A network: it can be moved about."""

    def to(self, *_: Any, **__: Any) -> Module:
        return self

    def eval(self) -> Module:
        return self

    @classmethod
    def from_pretrained(cls, path: str, **given: Any) -> Module:
        calls.append(("load", cls.__name__, Path(path).name, sorted(given)))
        return cls()


class Generator:
    def __init__(self, device: Any) -> None:
        self.seed = 0

    def manual_seed(self, seed: int) -> Generator:
        self.seed = seed
        return self


TORCH = {
    "float16": "half",
    "float32": "single",
    "bfloat16": "brain",
    "tensor": tensor,
    "Generator": Generator,
    "set_grad_enabled": lambda enabled: calls.append(("grad", enabled)),
    "no_grad": nullcontext,
}


# MuseTalk's checkout at 0a89dec4.


class VAE:
    def __init__(self) -> None:
        self.vae = Module()

    def get_latents_for_unet(self, img: Any) -> Tensor:
        assert img.shape == (256, 256, 3)
        calls.append(("latents", tuple(img.mean((0, 1)).round().astype(int).tolist())))
        return tensor(np.zeros((1, 8, 32, 32)))

    def decode_latents(self, latents: Any) -> Any:
        """Faces in BGR: the blue tells the picture's number."""
        return np.stack([np.full((256, 256, 3), (number, 40, 80), np.uint8) for number in latents])


class UNet:
    def __init__(self) -> None:
        self.model = self
        self.moved: list[Any] = []

    def to(self, *given: Any, **named: Any) -> UNet:
        self.moved.append((given, named))
        return self

    def __call__(self, latents: Any, timesteps: Any, *, encoder_hidden_states: Any) -> Any:
        assert len(latents) == len(encoder_hidden_states)
        return SimpleNamespace(sample=tensor(encoder_hidden_states[:, 0]))


class PositionalEncoding(Module):
    def __call__(self, heard: Any) -> Any:
        return heard


def load_all_model(unet_model_path: str, vae_type: str, unet_config: str, device: Any = None) -> tuple[Any, Any, Any]:
    calls.append(("load all", Path(unet_model_path).name, Path(vae_type).is_absolute(), Path(unet_config).name, device))
    return VAE(), UNet(), PositionalEncoding()


def datagen(
    whisper_chunks: Any, vae_encode_latents: Any, batch_size: int = 8, delay_frame: int = 0, device: str = "cuda:0"
) -> Iterator[tuple[Any, Any]]:
    del delay_frame, device
    for start in range(0, len(whisper_chunks), batch_size):
        heard = whisper_chunks[start : start + batch_size]
        yield heard, tensor(np.concatenate([vae_encode_latents[0]] * len(heard)))


class AudioProcessor:
    def __init__(self, feature_extractor_path: str = "") -> None:
        assert Path(feature_extractor_path).name == "whisper"

    def get_audio_feature(self, wav_path: str, start_index: int = 0, weight_dtype: Any = None) -> tuple[Any, int]:
        del start_index, weight_dtype
        return ["features"], round(unpacked(Path(wav_path).read_bytes()).seconds * 16_000)

    def get_whisper_chunk(
        self,
        whisper_input_features: Any,
        device: Any,
        weight_dtype: Any,
        whisper: Any,
        librosa_length: int,
        fps: int = 25,
        audio_padding_length_left: int = 2,
        audio_padding_length_right: int = 2,
    ) -> Any:
        assert (audio_padding_length_left, audio_padding_length_right) == (2, 2)
        return tensor(np.arange(int(librosa_length / 16_000 * fps))[:, None])


class FaceParsing:
    def __init__(self, left_cheek_width: int = 80, right_cheek_width: int = 80) -> None:
        assert (left_cheek_width, right_cheek_width) == (90, 90)
        self.net = self.model_init()

    def model_init(self, resnet_path: str = "./models/r.pth", model_pth: str = "./models/m.pth") -> Any:
        assert Path(resnet_path).is_file()
        assert Path(model_pth).is_file()
        return "net"


def get_image_prepare_material(
    image: Any, face_box: Any, upper_boundary_ratio: float = 0.5, expand: float = 1.5, fp: Any = None, mode: str = "raw"
) -> tuple[Any, Any]:
    assert fp.net == "net"
    calls.append(("mask", tuple(face_box), mode))
    return "mask", "around"


def get_image_blending(image: Any, face: Any, face_box: Any, mask_array: Any, crop_box: Any) -> Any:
    assert (mask_array, crop_box) == ("mask", "around")
    left, top, right, bottom = face_box
    image[top:bottom, left:right] = face
    return image


# EchoMimicV3's checkout at 7e89489c, `infer_flash`.


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


ECHO = (
    *(Wav2Vec2Model, Wav2Vec2FeatureExtractor, WanTransformer, AutoencoderKLWan, CLIPModel, WanT5EncoderModel),
    *(AutoTokenizer, FlowUniPCMultistepScheduler, WanFunInpaintAudioPipeline, OmegaConf, filter_kwargs),
    *(get_teacache_coefficients, get_image_to_video_latent2, get_audio_embed, loudness_norm),
)
MODULES: dict[str, dict[str, Any]] = {
    "torch": TORCH,
    "transformers": {"WhisperModel": Module},
    "musetalk": {},
    "musetalk.utils": {},
    "musetalk.utils.utils": {"load_all_model": load_all_model, "datagen": datagen},
    "musetalk.utils.blending": {
        "get_image_prepare_material": get_image_prepare_material,
        "get_image_blending": get_image_blending,
    },
    "musetalk.utils.audio_processor": {"AudioProcessor": AudioProcessor},
    "musetalk.utils.face_parsing": {"FaceParsing": FaceParsing},
    "infer_flash": {each.__name__: each for each in ECHO} | {"librosa": SimpleNamespace(load=_load)},
    "src": {},
    "src.utils": {"color_transfer": color_transfer},
    "safetensors": {},
    "safetensors.torch": {"load_file": lambda path: {"weights of": Path(path).name}},
    "PIL": {},
    "PIL.Image": {"fromarray": Picture},
}


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stand-ins where the libraries would be, for one test."""
    calls.clear()
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name, things in MODULES.items():
        module = ModuleType(name)
        for key, thing in things.items():
            setattr(module, key, thing)
        monkeypatch.setitem(sys.modules, name, module)
