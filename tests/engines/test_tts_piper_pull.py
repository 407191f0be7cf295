"""Piper's voices are fetched from a hub, checked, and there only when they are whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core_pipeline.contracts.engines import Saying
from core_pipeline.contracts.specs import Bench, Progress
from core_pipeline.engines.emulation.faults import Fault, Faults
from core_pipeline.engines.emulation.server import serving
from core_pipeline.engines.tts.piper import SPEC, PiperConfig
from core_pipeline.engines.tts.piper.tiny import make_voice
from errors import NeedsOwner, Retryable

NAME = "ar_JO-tiny-low"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_voice(tmp_path_factory.mktemp("voices") / f"{NAME}.onnx", "ar")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with httpx.AsyncClient() as http:
        yield Bench(tmp_path, http)


class Hub:
    """A hub with the tiny Arabic voice on it, whose large files lie at another address."""

    def __init__(self, model: Path) -> None:
        described = model.with_name(f"{model.name}.json")
        self.files = {f"ar/ar_JO/tiny/low/{NAME}{end}": f.read_bytes() for end, f in
                      ((".onnx", model), (".onnx.json", described))}  # fmt: skip
        self.listed = {NAME: {"files": {path: self.facts(body) for path, body in self.files.items()}}}

    @staticmethod
    def facts(body: bytes) -> dict[str, object]:
        return {"size_bytes": len(body), "md5_digest": hashlib.md5(body).hexdigest()}  # noqa: S324 - the hub's own sum

    async def resolve(self, request: Request) -> Response:
        path = request.path_params["path"]
        if path == "voices.json":
            return Response(json.dumps(self.listed))
        if path.endswith(".onnx"):
            return RedirectResponse(f"/elsewhere/{path}")
        return Response(self.files[path])

    async def elsewhere(self, request: Request) -> Response:
        return Response(self.files[request.path_params["path"]])

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/rhasspy/piper-voices/resolve/main/{path:path}", self.resolve),
                Route("/elsewhere/{path:path}", self.elsewhere),
            ]
        )


async def pulled(config: PiperConfig, bench: Bench) -> list[Progress]:
    return [step async for step in SPEC.pull(config, bench)]  # type: ignore[misc]  # it has one


async def test_a_voice_is_fetched_checked_and_spoken_with(model: Path, bench: Bench) -> None:
    hub = Hub(model)
    faults = Faults()
    async with serving(faults.around(hub.app())) as base_url:
        config = PiperConfig(voices={"ar": NAME}, hub=base_url)
        with pytest.raises(NeedsOwner, match="voice-missing"):
            await SPEC.open(config, bench)
        steps = await pulled(config, bench)
        assert steps[-1].done == steps[-1].total == sum(map(len, hub.files.values()))
        assert [step.done for step in steps] == sorted(step.done for step in steps)
        asked = len(faults.calls)
        assert await pulled(config, bench) == []
        assert len(faults.calls) == asked
    engine = await SPEC.open(config, bench)
    assert [part async for part in engine.speak(Saying("نعم", "ar"))]
    await engine.close()


async def test_what_the_hub_does_not_have_is_said(model: Path, bench: Bench) -> None:
    async with serving(Hub(model).app()) as base_url:
        with pytest.raises(NeedsOwner, match=f"the hub has no voice ar_JO-other-low; for its language: {NAME}"):
            await pulled(PiperConfig(voices={"ar": "ar_JO-other-low"}, hub=base_url), bench)
        with pytest.raises(NeedsOwner, match="voice-missing"):
            await pulled(PiperConfig(voices={"ar": "/nowhere/own.onnx"}, hub=base_url), bench)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(cut_after=100), "vendor-garbled"),
        (Fault(status=503), "vendor-down"),
        (Fault(status=200, body=b"something else"), "vendor-garbled"),
        (Fault(status=429, headers={"retry-after": "3"}), "vendor-busy"),
    ],
)
async def test_a_download_that_fails_leaves_nothing_and_can_be_repeated(
    fault: Fault, expected: str, model: Path, bench: Bench
) -> None:
    hub, faults = Hub(model), Faults()
    async with serving(faults.around(hub.app())) as base_url:
        config = PiperConfig(voices={"ar": NAME}, hub=base_url)
        faults.next(fault, path=f"/elsewhere/ar/ar_JO/tiny/low/{NAME}.onnx")
        with pytest.raises(Retryable, match=expected):
            await pulled(config, bench)
        assert not (bench.var / "piper" / f"{NAME}.onnx").exists()
        assert (await pulled(config, bench))[-1].what == NAME
        await SPEC.probe(config, bench)  # type: ignore[misc]  # it has one


async def test_a_list_that_makes_no_sense_is_retryable(model: Path, bench: Bench) -> None:
    hub = Hub(model)
    hub.listed = {NAME: {"files": {"x.onnx": {"size_bytes": "many"}}}}
    async with serving(hub.app()) as base_url:
        with pytest.raises(Retryable, match="makes no sense"):
            await pulled(PiperConfig(voices={"ar": NAME}, hub=base_url), bench)
