"""Stand-ins for MuseTalk's checkout at 0a89dec4: its signatures, and plain colours as faces; puts all in place."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core_pipeline.media.wav import unpacked
from tests.worker import standins_echo
from tests.worker.standins_tensors import TORCH, Module, Tensor, calls, tensor


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
}


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stand-ins where the libraries would be, for one test."""
    calls.clear()
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name, things in (MODULES | standins_echo.MODULES).items():
        module = ModuleType(name)
        for key, thing in things.items():
            setattr(module, key, thing)
        monkeypatch.setitem(sys.modules, name, module)
