"""Weights are pulled with the hub's own library, from an emulated hub: whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from core_pipeline.contracts.specs import Bench, Progress
from core_pipeline.engines.asr.faster_whisper import SPEC, FasterWhisperConfig, tiny
from core_pipeline.engines.emulation.faults import Fault
from core_pipeline.engines.weights.pull import pull
from errors import NeedsOwner, Retryable, SawtakError
from tests.real.hub import EmulatedHub
from tests.real.weights import kept


@pytest.fixture
def hub() -> EmulatedHub:
    return EmulatedHub(kept("whisper", tiny.__file__, tiny.write))


async def all_of(model: str, folder: Path, url: str) -> list[Progress]:
    return [one async for one in pull(model, folder, ["*.json", "model.bin"], url)]


async def test_a_pulled_model_opens(hub: EmulatedHub, ready: Bench) -> None:
    assert SPEC.pull
    async with hub.serving() as url:
        config = FasterWhisperConfig(model="owner/model", hub=url, device="cpu")
        with pytest.raises(NeedsOwner, match="doctor --pull"):
            await SPEC.open(config, ready)
        told = [one async for one in SPEC.pull(config, ready)]
        calls = len(hub.faults.calls)
        again = [one async for one in SPEC.pull(config, ready)]
    size = sum(path.stat().st_size for path in hub.folder.iterdir())
    assert (told[-1].done, told[-1].total) == (size, size)
    assert [one.done for one in told] == sorted(one.done for one in told)
    assert len(hub.faults.calls) == calls, "what is there is not fetched again"
    assert len(again) == 1
    engine = await SPEC.open(config, ready)
    await engine.close()


@pytest.mark.parametrize(
    ("model", "fault", "kind"),
    [
        ("owner/other", None, NeedsOwner),
        ("owner/model", Fault(401, {"x-error-code": "GatedRepo"}), NeedsOwner),
        ("owner/model", Fault(500), Retryable),
        ("owner/model", Fault(cut_after=10), Retryable),
    ],
)
async def test_a_failed_pull_leaves_no_model(
    hub: EmulatedHub, tmp_path: Path, model: str, fault: Fault | None, kind: type[SawtakError]
) -> None:
    if fault:
        hub.faults.next(fault, times=20, path="/api/models/owner/model")
    async with hub.serving() as url:
        with pytest.raises(kind):
            await all_of(model, tmp_path / "model", url)
    assert not (tmp_path / "model").exists()


async def test_a_hub_that_is_down_may_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(Retryable):
        await all_of("owner/model", tmp_path / "model", "http://127.0.0.1:9")


async def test_a_pull_that_is_given_up_ends_and_the_next_one_finishes(hub: EmulatedHub, tmp_path: Path) -> None:
    hub.faults.next(Fault(delay=3.0), path="/owner/model/resolve/0123456789abcdef0123456789abcdef01234567/model.bin")
    async with hub.serving() as url:
        pulling = pull("owner/model", tmp_path / "model", ["*"], url)
        async for told in pulling:
            assert told.done < told.total
            break
        await pulling.aclose()
        assert not (tmp_path / "model").exists()
        assert (await all_of("owner/model", tmp_path / "model", url))[-1].done > 0
    assert (tmp_path / "model" / "model.bin").is_file()
