"""The workers of `deploy/workers` that animate photographs, run against stand-ins with their libraries' signatures."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.contracts.faces import Face, Shape
from core_pipeline.contracts.specs import Progress
from core_pipeline.engines.worker.client import RemoteVideo
from core_pipeline.engines.worker.line import Line
from core_pipeline.engines.worker.server import worker_app
from core_pipeline.engines.worker.serving import Listen, serving
from core_pipeline.engines.worker.standalone import Loaded
from core_pipeline.media.film.facts import facts
from deploy.workers.echomimic import worker as echomimic
from deploy.workers.musetalk import worker as musetalk
from deploy.workers.portrait import Still, still_of
from errors import Impossible, NeedsOwner
from tests.engines.scenes import data_of, portrait, scene
from tests.faces.photo_drawn import painted
from tests.worker import standins_faces as standins
from tests.worker.standins_tensors import calls

SHAPE = Shape(128, 128)


@pytest.fixture(autouse=True)
def _libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    standins.install(monkeypatch)


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def muse_config(folder: Path, **fields: Any) -> musetalk.MuseConfig:
    touch(folder / "weights", *musetalk.WEIGHTS)
    touch(folder / "source", "musetalk/utils/x")
    return musetalk.MuseConfig(source=folder / "source", weights=folder / "weights", device="cpu", **fields)


def echo_config(folder: Path, **fields: Any) -> echomimic.EchoConfig:
    touch(folder / "weights", *echomimic.WEIGHTS)
    touch(folder / "source", "infer_flash.py", "config/config.yaml")
    return echomimic.EchoConfig(source=folder / "source", weights=folder / "weights", device="cpu", **fields)


@asynccontextmanager
async def behind_the_protocol(loaded: Loaded, folder: Path) -> AsyncIterator[RemoteVideo]:
    transport = httpx.AsyncHTTPTransport(uds=str(folder / "s"))
    app = worker_app(loaded.engines, loaded.about)
    async with serving(app, Listen(uds=folder / "s")), httpx.AsyncClient(transport=transport) as http:
        yield RemoteVideo(Line(http, "http://worker"))
    await loaded.engines["video"].close()


async def made(video: RemoteVideo, asked: Any) -> list[Progress | bytes]:
    return [part async for part in video.animate(asked)]


def pixels(film: bytes) -> list[Any]:
    with av.open(io.BytesIO(film), "r") as box:
        return [frame.to_ndarray(format="rgb24") for frame in box.decode(video=0)]


async def test_musetalk_moves_the_mouth_within_the_portrait(tmp_path: Path) -> None:
    asked = scene(0.81, 22_050, face=painted(), shape=SHAPE)
    async with behind_the_protocol(await musetalk.load(muse_config(tmp_path, batch=8)), tmp_path) as video:
        parts = await made(video, asked)
    film = facts(data_of(parts))
    assert (film.frames, film.width, film.height, film.audio) == (21, 128, 128, None)
    assert [part.done for part in parts if isinstance(part, Progress)] == [0, 8, 16, 21]
    [box] = [call[1] for call in calls if call[0] == "mask"]
    still, shown = still_of(asked).picture, pixels(data_of(parts))
    left, top, right, bottom = box
    middle = shown[5][(top + bottom) // 2, (left + right) // 2]
    assert middle.tolist() == pytest.approx([80, 40, 5], abs=12)
    away = np.abs(shown[5][: top - 4].astype(int) - still[: top - 4].astype(int)).mean()
    assert away < 12


async def test_musetalk_loads_what_the_projects_scripts_load(tmp_path: Path) -> None:
    await musetalk.load(muse_config(tmp_path))
    assert ("load all", "unet.pth", True, "musetalk.json", "cpu") in calls
    assert ("load", "Module", "whisper", ["local_files_only"]) in calls


async def test_musetalk_refuses_what_it_was_not_trained_for(tmp_path: Path) -> None:
    config = muse_config(tmp_path, longest=2.0)
    async with behind_the_protocol(await musetalk.load(config), tmp_path) as video:
        for asked, code in (
            (scene(face=painted(), shape=Shape(128, 128, 30)), "picture-rate"),
            (scene(2.5, face=painted()), "speech-too-long"),
            (scene(), "face-kind"),
            (scene(face=Face("a", "illustrated", {"art.svg": b""})), "face-kind"),
        ):
            with pytest.raises(Impossible) as refused:
                await made(video, asked)
            assert refused.value.code == code


async def test_echomimic_draws_in_windows_that_hang_together(tmp_path: Path) -> None:
    asked = scene(1.0, face=painted(), shape=SHAPE, emotion="sad", seed=70)
    async with behind_the_protocol(await echomimic.load(echo_config(tmp_path, window=13)), tmp_path) as video:
        parts = await made(video, asked)
    film = facts(data_of(parts))
    assert (film.frames, film.width, film.height) == (25, 128, 128)
    assert [part.done for part in parts if isinstance(part, Progress)] == [0, 13, 25]
    films = [call for call in calls if call[0] == "film"]
    said = "A person is speaking sadly."
    assert films == [("film", said, 13, (0, 12), 70, (128, 128)), ("film", said, 13, (12, 24), 71, (128, 128))]
    shown = pixels(data_of(parts))
    assert np.abs(shown[0].astype(int) - still_of(asked).picture.astype(int)).mean() < 12
    assert shown[20].mean() == pytest.approx(128, abs=3)


async def test_echomimic_loads_what_the_projects_script_loads(tmp_path: Path) -> None:
    await echomimic.load(echo_config(tmp_path))
    assert ("state", {"weights of": "diffusion_pytorch_model.safetensors"}, False) in calls
    assert ("teacache", [1.0], 8, 0.1, False) in calls
    assert ("scheduler", 1000, 1) in calls
    assert ("offload", "cpu") in calls
    loaded = [call[1:3] for call in calls if call[0] == "load"]
    assert ("AutoencoderKLWan", "Wan2.1_VAE.pth") in loaded
    assert ("WanT5EncoderModel", "t5.pth") in loaded
    await echomimic.load(echo_config(tmp_path, offload=False, teacache=0))
    assert ("to", "cpu") in calls


async def test_echomimic_takes_a_moment_of_sound(tmp_path: Path) -> None:
    async with behind_the_protocol(await echomimic.load(echo_config(tmp_path)), tmp_path) as video:
        assert facts(data_of(await made(video, scene(0.1, face=painted(), shape=SHAPE)))).frames == 3
    assert not [call for call in calls if call[0] == "loudness"]


@given(st.integers(min_value=1, max_value=600), st.integers(min_value=5, max_value=137))
def test_windows_cover_every_picture_once(frames: int, most: int) -> None:
    found = echomimic.windows(frames, most)
    assert found[0][0] == 0
    assert all(count % 4 == 1 and 5 <= count <= most for _, count in found)
    ends = [start + count - 1 for start, count in found]
    assert [start for start, _ in found[1:]] == ends[:-1]
    assert ends[-1] + 1 >= frames
    assert len(found) == 1 or ends[-2] + 1 < frames
    for start, count in found:
        rows = echomimic.around(start, count, frames)
        assert rows.shape == (count, 5)
        assert 0 <= rows.min() <= rows.max() < frames


def test_the_face_that_musetalk_sees_reaches_from_brow_to_chin() -> None:
    still: Still = still_of(scene(face=painted(), shape=Shape(512, 512)))
    left, top, right, bottom = musetalk.face_box(still.points, 512, 512)
    inside = {name for name, (x, y) in still.points.items() if left <= x <= right and top <= y <= bottom}
    assert inside == still.points.keys()
    assert 0.6 < (right - left) / (bottom - top) < 1.4
    with pytest.raises(Impossible, match="points-misplaced"):
        musetalk.face_box(dict.fromkeys(still.points, (5.0, 5.0)), 512, 512)
    with pytest.raises(Impossible, match=r"points-missing: .* chin"):
        musetalk.face_box({name: spot for name, spot in still.points.items() if name != "chin"}, 512, 512)


@pytest.mark.parametrize("shape", [Shape(512, 512), Shape(640, 640), Shape(576, 1024)])
@pytest.mark.parametrize("view", ["square", "note", "portrait"])
def test_a_still_has_the_wanted_size_whatever_the_view(shape: Shape, view: str) -> None:
    asked = replace(scene(face=painted(), shape=shape), view=view)  # type: ignore[arg-type]  # a name of a view
    assert still_of(asked).picture.shape == (shape.height, shape.width, 3)


def test_a_portrait_that_is_none_is_refused() -> None:
    face = painted()
    for files, code in (
        ({**face.files, "portrait.png": b"\x89PNG no"}, "avatar-picture"),
        ({**face.files, "portrait.png": portrait(4100)}, "avatar-picture"),
        ({**face.files, "avatar.toml": b"kind = 'photo'"}, "avatar-manifest"),
        ({**face.files, "avatar.toml": b"\xff"}, "avatar-manifest"),
    ):
        with pytest.raises(Impossible) as refused:
            still_of(scene(face=Face("a", "photo", files)))
        assert refused.value.code == code


@pytest.mark.parametrize("name", ["musetalk", "echomimic"])
async def test_missing_weights_and_sources_are_the_owners(tmp_path: Path, name: str) -> None:
    config: Any = muse_config(tmp_path) if name == "musetalk" else echo_config(tmp_path)
    load: Any = musetalk.load if name == "musetalk" else echomimic.load
    with pytest.raises(NeedsOwner, match="no-weights"):
        await load(config.model_copy(update={"weights": Path("/nowhere")}))
    with pytest.raises(NeedsOwner, match="no-source"):
        await load(config.model_copy(update={"source": Path("/nowhere")}))
