"""What the owner must do before the heavy engines work, told without loading anything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.enlarging.setup import NetworkConfig, file_of
from core_pipeline.engines.upscale import codeformer, realesrgan
from errors import NeedsOwner
from tests.factories import bench


@pytest.fixture
async def ready(tmp_path: Path) -> AsyncIterator[Bench]:
    made = bench(tmp_path)
    async with made.http:
        yield made


async def test_codeformer_is_off_until_its_licence_is_accepted(ready: Bench) -> None:
    for act in (codeformer.SPEC.open, codeformer.SPEC.probe):
        assert act
        with pytest.raises(NeedsOwner, match=r"S-Lab License 1\.0.*non-commercial.*`accept_licence`") as refused:
            await act(codeformer.CodeFormerConfig(), ready)
        assert refused.value.code == "licence"


def test_weights_lie_among_ours_or_where_a_path_says(ready: Bench, tmp_path: Path) -> None:
    ours, theirs = ready.var / "models" / "one.pth", tmp_path / "elsewhere" / "two.safetensors"
    for file in (ours, theirs):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")
    assert file_of(NetworkConfig(weights="one.pth"), ready) == ours
    assert file_of(NetworkConfig(weights=str(theirs)), ready) == theirs


@pytest.mark.parametrize(
    ("weights", "code"),
    [("three.pth", "weights-missing"), ("/nowhere/four.pth", "weights-missing"), ("five.pt", "weights-wrong")],
)
def test_missing_weights_are_said_to_be(ready: Bench, weights: str, code: str) -> None:
    with pytest.raises(NeedsOwner, match=r"`weights`") as refused:
        file_of(NetworkConfig(weights=weights), ready)
    assert refused.value.code == code


def test_memory_grows_with_what_goes_through_together() -> None:
    few, many = (realesrgan.SPEC.memory(realesrgan.RealEsrganConfig(batch=batch)) for batch in (1, 4))
    assert 1 << 30 < few < many
    faces = [codeformer.SPEC.memory(codeformer.CodeFormerConfig(batch=batch)) for batch in (1, 4)]
    assert faces[0] < faces[1]


@pytest.mark.parametrize("wrong", [{"tile": 1}, {"overlap": 0}, {"batch": 0}, {"dtype": "int8"}, {"unknown": 1}])
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        realesrgan.RealEsrganConfig.model_validate(wrong)
