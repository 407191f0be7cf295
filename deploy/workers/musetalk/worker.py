"""MuseTalk 1.5 as a worker: the mouth of a photographed face moves with the sound, in one step, 25 pictures a second.

`python deploy/workers/musetalk/worker.py --config config.json --token-file token --host 0.0.0.0`
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from core_pipeline.contracts.faces import Scene
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
from errors import Impossible

SIDE = 256  # pixels of the face that the model sees and makes
WEIGHTS = (
    "musetalkV15/unet.pth",
    "musetalkV15/musetalk.json",
    "sd-vae/config.json",
    "whisper/config.json",
    "face-parse-bisent/79999_iter.pth",
    "face-parse-bisent/resnet18-5c106cde.pth",
)
AROUND = 2  # pictures of sound before and after each that the model hears
CHIN = 10  # pixels below the chin that the project's scripts add for version 1.5
CHEEKS = 90  # their width of the cheeks that are blended

Box = tuple[int, int, int, int]


class MuseConfig(BaseModel):
    """Where the project's checkout and the weights lie; `batch` pictures are made at a time, in `half` precision."""

    model_config = ConfigDict(extra="forbid")

    source: Path
    weights: Path
    device: str = "cuda"
    batch: int = Field(default=8, ge=1, le=64)
    half: bool = True
    longest: float = Field(default=60.0, gt=0)


@dataclass(frozen=True)
class Models:
    """The project's objects, loaded: of each what its scripts use."""

    torch: Any
    vae: Any
    unet: Any
    pe: Any
    whisper: Any
    audio: Any
    parsing: Any
    blending: Any
    datagen: Any
    dtype: Any


class Muse:
    """One set of models: the portrait with a moving mouth, no blinks."""

    def __init__(self, models: Models, config: MuseConfig) -> None:
        self._models, self._config = models, config

    def drawn(self, scene: Scene) -> Drawn:
        """Make the clip, telling how far it is after each batch; `Impossible` for a face that is no photo."""
        still, models = still_of(scene), self._models
        canvas = _turned(still.picture)
        box = face_box(still.points, scene.shape.width, scene.shape.height)
        left, top, right, bottom = box
        latents = models.vae.get_latents_for_unet(_turned(scaled(still.picture[top:bottom, left:right], SIDE, SIDE)))
        mask, around = models.blending.get_image_prepare_material(canvas, box, fp=models.parsing, mode="jaw")
        reel = Reel(scene.shape, scene.most_bits)
        yield Progress("MuseTalk", 0, scene.frames)
        for faces in self._faces(scene, latents):
            for face in faces[: scene.frames - reel.frames]:
                fitting = _turned(scaled(_turned(face), right - left, bottom - top))
                drawn = models.blending.get_image_blending(canvas.copy(), fitting, box, mask, around)
                reel.add(opaque(_turned(drawn)))
            yield Progress("MuseTalk", reel.frames, scene.frames)
        if reel.frames < scene.frames:
            raise Impossible("film-too-short", f"MuseTalk made {reel.frames} pictures of {scene.frames}")
        yield from pieces(reel.end())

    def _faces(self, scene: Scene, latents: Any) -> Generator[Any, None, None]:
        """The moving face, BGR of 256 x 256, some pictures at a time."""
        models, device = self._models, self._config.device
        timesteps = models.torch.tensor([0], device=device)
        chunks = self._heard(scene)
        for heard, seen in models.datagen(chunks, [latents], self._config.batch, device=device):
            sounds, face = models.pe(heard.to(device)), seen.to(device=device, dtype=models.dtype)
            made = models.unet.model(face, timesteps, encoder_hidden_states=sounds).sample
            yield models.vae.decode_latents(made.to(dtype=models.dtype))

    def _heard(self, scene: Scene) -> Any:
        models = self._models
        # Half a picture beyond the last: the project rounds down.
        with sound_of(scene, scene.frames + 0.5) as file:
            features, length = models.audio.get_audio_feature(file, weight_dtype=models.dtype)
        return models.audio.get_whisper_chunk(
            features,
            self._config.device,
            models.dtype,
            models.whisper,
            length,
            fps=FPS,
            audio_padding_length_left=AROUND,
            audio_padding_length_right=AROUND,
        )


def face_box(points: Mapping[str, tuple[float, float]], width: int, height: int) -> Box:
    """Return left, top, right and bottom of the face that the model is to see, from the avatar's twelve points.

    The project takes it from 68 landmarks: as wide as the jaw, down to the chin, and as high above the nose's bridge
    as the chin is below. Raises `Impossible` when that is not in the picture.
    """
    try:
        eyes = [points[f"eye_{side}_{end}"] for side in ("left", "right") for end in ("outer", "inner")]
        nose, chin = points["nose_tip"][1], points["chin"][1]
    except KeyError as error:
        raise Impossible("points-missing", f"the avatar lacks the point {error.args[0]}") from None
    middle, level = (sum(eye[axis] for eye in eyes) / 4 for axis in (0, 1))
    unit = ((eyes[2][0] + eyes[3][0]) - (eyes[0][0] + eyes[1][0])) / 2
    bridge = level + (nose - level) * 2 / 3
    left, right = max(0, round(middle - 1.1 * unit)), min(width, round(middle + 1.1 * unit))
    top, bottom = max(0, round(2 * bridge - chin)), min(height, round(chin) + CHIN)
    if right - left < 32 or bottom - top < 32:
        raise Impossible("points-misplaced", "the avatar's points span no face in this view")
    return left, top, right, bottom


def _turned(picture: Picture) -> Picture:
    """RGB as BGR, or the other way round."""
    return np.ascontiguousarray(picture[..., ::-1])


async def load(config: MuseConfig) -> Loaded:
    """Load the weights; `NeedsOwner` when they or the project's checkout are not there."""
    check_files("MuseTalk", config.weights, WEIGHTS, config.source, "musetalk/utils")
    sys.path.append(str(config.source))
    models = await asyncio.to_thread(_models, config)
    sitting = Sitting("MuseTalk", models.torch, Muse(models, config).drawn, config.longest)
    return Loaded({"video": Animator(sitting)}, About("musetalk", "1.5"))


def _models(config: MuseConfig) -> Models:
    torch, transformers = import_module("torch"), import_module("transformers")
    library = {name: import_module(f"musetalk.utils.{name}") for name in ("utils", "blending", "audio_processor")}
    faces = import_module("musetalk.utils.face_parsing")
    weights, dtype = config.weights, torch.float16 if config.half else torch.float32
    vae, unet, pe = library["utils"].load_all_model(
        unet_model_path=str(weights / "musetalkV15" / "unet.pth"),
        vae_type=str((weights / "sd-vae").resolve()),  # joined to a folder by the project: an absolute path stays
        unet_config=str(weights / "musetalkV15" / "musetalk.json"),
        device=config.device,
    )
    vae.vae, unet.model = (model.to(config.device, dtype=dtype) for model in (vae.vae, unet.model))
    whisper = transformers.WhisperModel.from_pretrained(str(weights / "whisper"), local_files_only=True)
    return Models(
        torch=torch,
        vae=vae,
        unet=unet,
        pe=pe.to(config.device, dtype=dtype),
        whisper=whisper.to(device=config.device, dtype=dtype).eval(),
        audio=library["audio_processor"].AudioProcessor(feature_extractor_path=str(weights / "whisper")),
        parsing=_parsing(faces, weights / "face-parse-bisent"),
        blending=library["blending"],
        datagen=library["utils"].datagen,
        dtype=dtype,
    )


def _parsing(faces: Any, weights: Path) -> Any:
    """The project's parser of faces, which looks for its weights below the working directory if nobody tells it."""
    files = (str(weights / "resnet18-5c106cde.pth"), str(weights / "79999_iter.pth"))

    class Parsing(faces.FaceParsing):  # type: ignore[misc]  # a class of a library without types
        """Knows where its weights are."""

        def model_init(self) -> Any:
            return super().model_init(*files)

    return Parsing(left_cheek_width=CHEEKS, right_cheek_width=CHEEKS)


if __name__ == "__main__":
    run(MuseConfig, load)
