"""EchoMimicV3 (Flash) as a worker: a photographed person speaks and moves, made by diffusion in windows of 81 pictures.

`python deploy/workers/echomimic/worker.py --config config.json --token-file token --host 0.0.0.0`
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from core_pipeline.contracts.faces import Emotion, Scene
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.worker.scenes import Animator
from core_pipeline.engines.worker.server import About
from core_pipeline.engines.worker.standalone import Loaded, run
from core_pipeline.media.film.reel import Reel
from deploy.workers.portrait import (
    FPS,
    Drawn,
    Picture,
    Sitting,
    check_files,
    opaque,
    pieces,
    scaled,
    sound_of,
    still_of,
)

SAMPLE_RATE = 16_000
SHORTEST_METERED = 0.4  # seconds: the loudness of less can't be measured
AROUND = 2  # pictures of sound before and after each that the model hears
GRID = 16  # the model's sizes are multiples of it
BASE = "Wan2.1-Fun-V1.1-1.3B-InP"  # the project finds its settings for this model by the folder's name
WEIGHTS = (
    f"{BASE}/Wan2.1_VAE.pth",
    "chinese-wav2vec2-base/config.json",
    "transformer/diffusion_pytorch_model.safetensors",
)
MOODS: dict[Emotion, str] = {
    "happy": "happily, with a smile",
    "thankful": "gratefully, with a smile",
    "sad": "sadly",
    "worried": "with concern",
    "angry": "sternly",
}


class EchoConfig(BaseModel):
    """Where the project's checkout and the weights lie, and how it draws; figures as in the project's script.

    `window` pictures are made at a time (4n+1); `offload` keeps only the part of the model at work on the GPU;
    `teacache` 0 turns that shortcut off.
    """

    model_config = ConfigDict(extra="forbid")

    source: Path
    weights: Path
    device: str = "cuda"
    offload: bool = True
    window: int = Field(default=81, ge=5, le=137)
    steps: int = Field(default=8, ge=1, le=50)
    guidance: float = Field(default=6.0, ge=1)
    audio_guidance: float = Field(default=3.0, ge=1)
    teacache: float = Field(default=0.1, ge=0, le=1)
    longest: float = Field(default=20.0, gt=0)


@dataclass(frozen=True)
class Models:
    """The project's script as a module, and what it makes: pipeline, ear and the ear's features, colours' keeper."""

    script: Any
    torch: Any
    pipeline: Any
    ear: Any
    features: Any
    recolour: Any
    device: Any


class Echo:
    """One model, which moves the whole picture."""

    def __init__(self, models: Models, config: EchoConfig) -> None:
        self._models, self._config = models, config

    def drawn(self, scene: Scene) -> Drawn:
        """Make the clip, telling how far it is after each window; `Impossible` for a face that is no photo."""
        first = still_of(scene).picture
        sound = self._heard(scene)
        reel, last = Reel(scene.shape, scene.most_bits), first
        yield Progress("EchoMimic", 0, scene.frames)
        for number, (start, count) in enumerate(windows(scene.frames, self._config.window)):
            made = self._window(scene, last, sound[around(start, count, len(sound))], scene.seed + number)
            # A later window begins with the picture that the one before ended with.
            for picture in made[1 if number else 0 :][: scene.frames - reel.frames]:
                last = scaled(self._models.recolour(picture, first), scene.shape.width, scene.shape.height)
                reel.add(opaque(last))
            yield Progress("EchoMimic", reel.frames, scene.frames)
        yield from pieces(reel.end())

    def _window(self, scene: Scene, start: Picture, sound: Any, seed: int) -> list[Picture]:
        """Make the pictures that go with this stretch of sound, the first of them as given."""
        models, config, count = self._models, self._config, sound.shape[0]
        height, width = (side // GRID * GRID for side in (scene.shape.height, scene.shape.width))
        still = import_module("PIL.Image").fromarray(start).convert("RGB")
        video, mask, shown = models.script.get_image_to_video_latent2(
            still, None, video_length=count, sample_size=[height, width]
        )
        made = models.pipeline(
            prompt_for(scene.emotion),
            num_frames=count,
            negative_prompt="",
            audio_embeds=sound.unsqueeze(0).to(device=models.device, dtype=models.torch.bfloat16),
            audio_scale=1.0,
            ip_mask=None,
            use_un_ip_mask=False,
            height=height,
            width=width,
            generator=models.torch.Generator(device=models.device).manual_seed(seed),
            neg_scale=1.0,
            neg_steps=0,
            use_dynamic_cfg=False,
            use_dynamic_acfg=False,
            guidance_scale=config.guidance,
            audio_guidance_scale=config.audio_guidance,
            num_inference_steps=config.steps,
            video=video,
            mask_video=mask,
            clip_image=shown,
            cfg_skip_ratio=0.0,
            shift=5.0,
        ).videos
        return [_bytes(made[0, :, number]) for number in range(count)]

    def _heard(self, scene: Scene) -> Any:
        """What the model hears, one row for each picture of the scene."""
        script, models = self._models.script, self._models
        with sound_of(scene, scene.frames) as file:
            sound, rate = script.librosa.load(file, sr=SAMPLE_RATE)
        if scene.speech.seconds > SHORTEST_METERED:
            sound = script.loudness_norm(sound, rate)
        return script.get_audio_embed(sound, models.features, models.ear, scene.frames, sr=SAMPLE_RATE, fps=FPS)


def windows(frames: int, most: int) -> list[tuple[int, int]]:
    """Return first picture and number of each window: 4n+1 pictures, overlapping by one, together all `frames`."""
    found: list[tuple[int, int]] = []
    start = 0
    while not found or start + 1 < frames:
        left = frames - start
        count = min(-(-max(left - 1, 4) // 4) * 4 + 1, (most - 1) // 4 * 4 + 1)
        found.append((start, count))
        start += count - 1
    return found


def around(start: int, count: int, known: int) -> Any:
    """Return for each picture of a window the rows of sound that the model hears with it, the last ones repeated."""
    centre = np.arange(start, start + count)[:, None]
    return np.clip(centre + np.arange(-AROUND, AROUND + 1), 0, known - 1)


def prompt_for(emotion: Emotion) -> str:
    """Tell the model the mood."""
    return " ".join(["A person is speaking", MOODS.get(emotion, "calmly")]) + "."


def _bytes(picture: Any) -> Picture:
    """A picture of 3 x height x width in 0..1 as RGB bytes."""
    values = np.asarray(picture, np.float32).transpose(1, 2, 0)
    return np.asarray((values.clip(0, 1) * 255).round(), np.uint8)


async def load(config: EchoConfig) -> Loaded:
    """Load the weights; `NeedsOwner` when they or the project's checkout are not there."""
    check_files("EchoMimicV3", config.weights, WEIGHTS, config.source, "infer_flash.py")
    sys.path.append(str(config.source))
    models = await asyncio.to_thread(_models, config)
    sitting = Sitting("EchoMimic", models.torch, Echo(models, config).drawn, config.longest)
    return Loaded({"video": Animator(sitting)}, About("echomimic-v3-flash", "2026.01"))


def _models(config: EchoConfig) -> Models:
    script, torch = import_module("infer_flash"), import_module("torch")
    ear_folder = str(config.weights / "chinese-wav2vec2-base")
    ear = script.Wav2Vec2Model.from_pretrained(ear_folder, local_files_only=True).to("cpu")
    pipeline = _pipeline(script, torch, config)
    if config.offload:
        pipeline.enable_model_cpu_offload(device=config.device)
    else:
        pipeline.to(device=config.device)
    return Models(
        script=script,
        torch=torch,
        pipeline=pipeline,
        ear=ear,
        features=script.Wav2Vec2FeatureExtractor.from_pretrained(ear_folder, local_files_only=True),
        recolour=import_module("src.utils").color_transfer,
        device=config.device,
    )


def _pipeline(script: Any, torch: Any, config: EchoConfig) -> Any:
    base, dtype = config.weights / BASE, torch.bfloat16
    told = script.OmegaConf.to_container(script.OmegaConf.load(str(config.source / "config" / "config.yaml")))
    parts = {name: told[f"{name}_kwargs"] for name in ("text_encoder", "vae", "image_encoder", "scheduler")}
    extra = told["transformer_additional_kwargs"]
    transformer = script.WanTransformer.from_pretrained(
        str(base / extra.get("transformer_subpath", "transformer")),
        transformer_additional_kwargs=extra,
        low_cpu_mem_usage=True,
        torch_dtype=dtype,
    )
    flash = import_module("safetensors.torch").load_file(str(config.weights / WEIGHTS[-1]))
    transformer.load_state_dict(flash.get("state_dict", flash), strict=False)
    if config.teacache:
        found = script.get_teacache_coefficients(BASE)
        transformer.enable_teacache(found, config.steps, config.teacache, num_skip_start_steps=1, offload=False)
    vae = script.AutoencoderKLWan.from_pretrained(
        str(base / parts["vae"]["vae_subpath"]), additional_kwargs=parts["vae"]
    )
    text = script.WanT5EncoderModel.from_pretrained(
        str(base / parts["text_encoder"]["text_encoder_subpath"]),
        additional_kwargs=parts["text_encoder"],
        low_cpu_mem_usage=True,
        torch_dtype=dtype,
    )
    eyes = script.CLIPModel.from_pretrained(str(base / parts["image_encoder"]["image_encoder_subpath"]))
    solver = script.FlowUniPCMultistepScheduler
    return script.WanFunInpaintAudioPipeline(
        transformer=transformer,
        vae=vae.to(dtype),
        tokenizer=script.AutoTokenizer.from_pretrained(str(base / parts["text_encoder"]["tokenizer_subpath"])),
        text_encoder=text.eval(),
        scheduler=solver(**script.filter_kwargs(solver, parts["scheduler"] | {"shift": 1})),
        clip_image_encoder=eyes.to(dtype).eval(),
    )


if __name__ == "__main__":
    run(EchoConfig, load)
