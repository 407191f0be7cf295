"""Scenes and clips go over the wire whole, and what is wrong with them is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.contracts.engines import Pcm, Word
from core_pipeline.contracts.faces import EMOTIONS, Clip, Face, Scene, Shape
from core_pipeline.engines.worker import scenes
from errors import Impossible

FACE = Face("salma", "illustrated", {"avatar.toml": b"a", "art.svg": b"\xff\x00"}, {"clothes": "#102030"}, b"\x89PNG")
WORDS = (Word("مرحبا", 0.0, 0.4, 0.5), Word("بكم", 0.4, 0.8))
SCENE = Scene(FACE, "note", Shape(640, 640), Pcm(b"\1\0" * 8000, 16_000), WORDS, WORDS, "happy", 50, 7, WORDS, "ar", 9)


def laid(folder: Path, files: dict[str, bytes]) -> dict[str, Path]:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return {name: folder / name for name in files}


def test_a_scene_arrives_as_it_was_told(tmp_path: Path) -> None:
    order, files = scenes.scene_told(SCENE)
    assert scenes.scene_from(order, laid(tmp_path, files)) == SCENE


@given(emotion=st.sampled_from(EMOTIONS), first=st.integers(0, 10**6), seed=st.integers(0, 2**32 - 1))
def test_any_scene_is_told_in_plain_json(emotion: Any, first: int, seed: int) -> None:
    order, files = scenes.scene_told(Scene(FACE, "square", Shape(64, 64), SCENE.speech, (), (), emotion, first, seed))
    assert (order["emotion"], order["first"], order["seed"]) == (emotion, first, seed)
    assert set(files) == {"speech", "logo", "face0", "face1"}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"view": "round"}, "view"),
        ({"rate": 0}, "rate"),
        ({"emotion": "smug"}, "emotion"),
        ({"shape": {"width": 1}}, "shape"),
        ({"face": {"id": "x", "kind": "cartoon", "names": []}}, "face.kind"),
        ({"face": {"id": "x", "kind": "photo", "names": ["a"] * 6}}, "face.names"),
        ({"face": {"id": "x", "kind": "photo", "names": ["a", "b", "c"]}}, "face2"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, changes: dict[str, Any], named: str) -> None:
    order, files = scenes.scene_told(SCENE)
    with pytest.raises(Impossible, match=named):
        scenes.scene_from({**order, **changes}, laid(tmp_path, files))


def test_half_a_sample_is_refused(tmp_path: Path) -> None:
    order, files = scenes.scene_told(SCENE)
    with pytest.raises(Impossible, match="half a sample"):
        scenes.scene_from(order, laid(tmp_path, {**files, "speech": b"123"}))


def test_a_clip_to_enlarge_arrives_as_it_was_told(tmp_path: Path) -> None:
    clip = Clip(b"moving", Shape(64, 48), 12)
    order, files = scenes.enlarging_told(clip, Shape(128, 96))
    assert scenes.enlarging_from(order, laid(tmp_path, files)) == (clip, Shape(128, 96))
    with pytest.raises(Impossible, match="frames"):
        scenes.enlarging_from({**order, "frames": -1}, laid(tmp_path, {}))
