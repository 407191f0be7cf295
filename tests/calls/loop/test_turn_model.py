"""The network that hears turns: its picture of the sound, an operator's file of it, and what it decides."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from core_pipeline.calls.equipment import Equipment
from core_pipeline.calls.turn_model import SECONDS, TurnModel, features
from core_pipeline.contracts.engines import Pcm
from core_pipeline.media.pcm import samples
from errors import NeedsOwner
from tests.calls.loop.scene import Opened, RoteHost, tone
from tests.calls.loop.virtual import run

Speech = Callable[..., bytes]
SHAPE = [1, 80, 800]


def network(path: Path, weight: float, bias: float) -> Path:
    """Tiny weights of our own: the mean of the picture, times a weight, squeezed into 0..1."""
    steps = [
        helper.make_node("ReduceMean", ["input_features"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "weight"], ["scaled"]),
        helper.make_node("Add", ["scaled", "bias"], ["sum"]),
        helper.make_node("Sigmoid", ["sum"], ["logits"]),
    ]
    graph = helper.make_graph(
        steps,
        "turns",
        [helper.make_tensor_value_info("input_features", TensorProto.FLOAT, SHAPE)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [])],
        [
            helper.make_tensor(name, TensorProto.FLOAT, [], [value])
            for name, value in (("weight", weight), ("bias", bias))
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(path))
    return path


def test_the_picture_shows_pitch_and_time() -> None:
    sound = samples(tone(2.0, 16_000, pitch=1000.0))
    picture = features(sound)
    assert picture.shape == (80, SECONDS * 100)
    assert picture.dtype == np.float32
    loudest = picture[:, -100]
    assert 24 <= int(loudest.argmax()) <= 29  # 1 kHz is the 15th of 45.2 mels, seen by 80 bands
    assert picture[:, 100].max() < loudest.max() - 1.5
    assert loudest.max() == pytest.approx(picture.max(), abs=0.05)


def test_the_picture_is_the_same_however_loud_the_sound_is() -> None:
    sound = np.random.default_rng(1).normal(0, 0.1, 40_000).astype(np.float32)
    assert np.abs(features(sound) - features(sound * 0.25)).max() < 1e-3
    assert np.isfinite(features(np.zeros(0, np.float32))).all()


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(NeedsOwner, match="no-turn-model"):
        Equipment(tmp_path / "none.onnx")


def test_any_rate_and_length_is_judged(tmp_path: Path) -> None:
    model = TurnModel(network(tmp_path / "turns.onnx", 1.0, 0.0))
    for seconds, rate in ((0.0, 8_000), (0.3, 8_000), (9.5, 8_000), (20.0, 16_000)):
        assert 0.0 < model.finished(Pcm(tone(seconds, rate).data, rate)) < 1.0


@pytest.mark.parametrize(("bias", "least", "most"), [(50.0, 200, 420), (-50.0, 1200, 1400)])
def test_the_model_decides_how_long_a_caller_is_waited_for(
    tmp_path: Path, speech: Speech, bias: float, least: float, most: float
) -> None:
    equipment = Equipment(network(tmp_path / "turns.onnx", 0.0, bias))
    host = RoteHost()

    async def doing() -> None:
        async with equipment, Opened(equipment, host, turn="model") as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: host.minutes)

    run(doing())
    assert least <= host.minutes[0].times["first_audio"] <= most


def test_a_model_that_fails_only_costs_time(tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: TurnModel, said: Pcm) -> float:
        raise RuntimeError

    monkeypatch.setattr(TurnModel, "finished", fails)
    equipment = Equipment(network(tmp_path / "turns.onnx", 0.0, 0.0))

    async def doing() -> None:
        async with Opened(equipment, RoteHost(), turn="model") as scene:
            await scene.say(speech("question"))
            await scene.until(lambda: scene.host.minutes)
        assert 1200 <= scene.host.minutes[0].times["first_audio"] <= 1400

    run(doing())
