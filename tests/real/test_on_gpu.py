"""Engines on a GPU: they answer as on the processor and leave nothing there. Collected where there is one."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import ctranslate2
import httpx
import pytest
import torch
from pydantic import SecretStr

from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.faces import Shape
from core_pipeline.contracts.specs import Bench, EngineSpec, Priority
from core_pipeline.engines.asr import faster_whisper, funasr
from core_pipeline.engines.asr.faster_whisper import tiny as tiny_whisper
from core_pipeline.engines.asr.funasr import tiny as tiny_nano
from core_pipeline.engines.embed import sentence_transformers
from core_pipeline.engines.embed.sentence_transformers import tiny as tiny_embed
from core_pipeline.engines.residency import Residency
from core_pipeline.engines.upscale import codeformer, realesrgan
from core_pipeline.engines.upscale.realesrgan import tiny as tiny_upscale
from core_pipeline.engines.worker.line import Line
from core_pipeline.engines.worker.server import About, worker_app
from tests.real import demo_ctc
from tests.real.weights import kept
from tests.upscale.clips import clip, error, made

GPU = "cuda"
LARGE = Shape(240, 160)
TEXTS = ["متى تفتحون؟", "when do you open", "", "هل عندكم توصيل إلى البيت"]
Ask = Callable[[Any], Awaitable[Any]]


def enlarging(kind: str, device: str = GPU, **fields: object) -> realesrgan.RealEsrganConfig:
    file = kept("realesrgan", tiny_upscale.__file__, tiny_upscale.write) / kind
    return realesrgan.RealEsrganConfig.model_validate({"weights": str(file), "device": device, "crf": 12} | fields)


def hearing(folder: Path, device: str = GPU, **fields: object) -> funasr.FunAsrConfig:
    return funasr.FunAsrConfig.model_validate({"model": str(folder), "device": device, "most_tokens": 8} | fields)


def nano(device: str = GPU, **fields: object) -> funasr.FunAsrConfig:
    return hearing(kept("MLT-Nano", tiny_nano.__file__, tiny_nano.write), device, **fields)


def ctc(device: str = GPU) -> funasr.FunAsrConfig:
    return hearing(kept("demo-ctc", demo_ctc.__file__, demo_ctc.write), device, languages=["ar"])


def placing(device: str = GPU, **fields: object) -> sentence_transformers.SentenceTransformersConfig:
    folder = kept("embed", tiny_embed.__file__, lambda made_in: tiny_embed.write(made_in / "model")) / "model"
    given = {"model": str(folder), "device": device}
    return sentence_transformers.SentenceTransformersConfig.model_validate(given | fields)


async def asked(spec: EngineSpec[Any], config: Any, ready: Bench, ask: Ask) -> Any:
    """What an engine answers in a life of its own."""
    engine = await spec.open(config, ready)
    try:
        return await ask(engine)
    finally:
        await engine.close()


def held() -> int:
    gc.collect()
    return int(torch.cuda.memory_allocated())


@pytest.mark.parametrize("kind", ["tiny-x4plus.pth", "tiny-x2plus.pth", "tiny-x4v3.pth"])
@pytest.mark.parametrize(
    ("fields", "most"),
    [
        ({"dtype": "fp32", "compile": "off"}, 0.5),
        ({"compile": "off", "tile": 64, "overlap": 16, "batch": 3}, 0.7),
        ({"dtype": "bf16", "compile": "off"}, 1.5),
        ({}, 0.7),
    ],
    ids=["fp32", "fp16 in tiles", "bf16", "as it comes"],
)
async def test_pictures_are_those_of_the_processor(
    ready: Bench, kind: str, fields: dict[str, Any], most: float
) -> None:
    async def enlarged(engine: Any) -> Any:
        return (await made(engine, clip(frames=3), LARGE)).pictures

    wanted = await asked(realesrgan.SPEC, enlarging(kind, "cpu"), ready, enlarged)
    found = await asked(realesrgan.SPEC, enlarging(kind, **fields), ready, enlarged)
    assert error(found, wanted) < most


async def test_a_trained_network_hears_the_same(ready: Bench, notes: list[Pcm]) -> None:
    async def heard(engine: Any) -> Any:
        return await asyncio.gather(*(engine.transcribe(note, "ar") for note in notes))

    wanted = await asked(funasr.SPEC, ctc("cpu"), ready, heard)
    found = await asked(funasr.SPEC, ctc(), ready, heard)
    assert [one.text for one in found] == [one.text for one in wanted]
    assert [one.confidence for one in found] == pytest.approx([one.confidence for one in wanted], abs=0.03)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
async def test_a_language_model_hears_in_batches(ready: Bench, notes: list[Pcm], precision: str) -> None:
    async def heard(engine: Any) -> Any:
        return await asyncio.gather(*(engine.transcribe(note, "ar") for note in notes))

    found = await asked(funasr.SPEC, nano(precision=precision), ready, heard)
    assert all(one.text and one.language == "ar" for one in found)


@pytest.mark.parametrize(("half", "least"), [(False, 0.9999), (True, 0.99)])
async def test_texts_get_the_same_places(ready: Bench, half: bool, least: float) -> None:
    wanted = await asked(sentence_transformers.SPEC, placing("cpu"), ready, lambda engine: engine.embed(TEXTS))
    found = await asked(sentence_transformers.SPEC, placing(half=half), ready, lambda engine: engine.embed(TEXTS))
    likeness = [sum(a * b for a, b in zip(one, other, strict=True)) for one, other in zip(found, wanted, strict=True)]
    assert min(likeness) > least


LIVES: dict[str, tuple[EngineSpec[Any], Callable[[], Any], Ask]] = {
    "enlarging": (
        realesrgan.SPEC,
        lambda: enlarging("tiny-x4plus.pth", compile="off"),
        lambda engine: made(engine, clip(), LARGE),
    ),
    "hearing": (funasr.SPEC, nano, lambda engine: engine.transcribe(Pcm(b"\x00\x10\x00\xf0" * 8_000, 16_000), "ar")),
    "placing": (sentence_transformers.SPEC, placing, lambda engine: engine.embed(TEXTS)),
}


@pytest.mark.parametrize("name", LIVES)
async def test_closing_gives_the_memory_back(ready: Bench, name: str) -> None:
    spec, config, ask = LIVES[name]
    within, after = [], []
    for _ in range(4):  # the libraries keep room of their own from the first time on

        async def measured(engine: Any) -> None:
            await ask(engine)
            within.append(held())

        await asked(spec, config(), ready, measured)
        after.append(held())
    assert within[-1] > after[-1]
    assert after[-1] <= after[-2]


async def test_a_worker_tells_what_it_holds(ready: Bench) -> None:
    token = SecretStr("a-token-of-this-test-only-and-long-enough")

    async def told(engine: Any) -> int:
        await made(engine, clip(), LARGE)
        app = worker_app({"upscale": engine}, About("realesrgan"), token)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            return (await Line(client, "http://worker", token).health()).gpu_memory

    config = enlarging("tiny-x4plus.pth", compile="off")
    weights = 4 * sum(value.numel() for value in tiny_upscale.rrdb(8, 1).values())
    assert await asked(realesrgan.SPEC, config, ready, told) > weights


async def test_the_end_of_a_process_is_the_end_of_its_memory(tmp_path: Path) -> None:
    torch.zeros(1, device=GPU)  # what this process takes is taken
    torch.cuda.empty_cache()
    free = [torch.cuda.mem_get_info()[0]]
    async with Residency(8 << 30, tmp_path) as residency:
        config = enlarging("tiny-x4v3.pth", compile="off")
        await made(residency.upscale(realesrgan.SPEC, config, "t", Priority.VIDEO), clip(), LARGE)
        free.append(torch.cuda.mem_get_info()[0])
    free.append(torch.cuda.mem_get_info()[0])
    assert free[0] - free[1] > 64 << 20, "a process has its own room there"
    assert free[0] - free[2] < 32 << 20


class TestWhisper:
    """Run where CTranslate2 finds the GPU, too."""

    __test__ = ctranslate2.get_cuda_device_count() > 0

    async def test_it_hears_in_batches(self, ready: Bench, notes: list[Pcm]) -> None:
        folder = kept("whisper", tiny_whisper.__file__, tiny_whisper.write)
        given = {"model": str(folder), "device": GPU, "beam_size": 1, "most_tokens": 12}

        async def heard(engine: Any) -> Any:
            return await asyncio.gather(*(engine.transcribe(note, "ar") for note in notes))

        config = faster_whisper.FasterWhisperConfig.model_validate(given)
        found = await asked(faster_whisper.SPEC, config, ready, heard)
        assert all(one.text and one.words and one.language == "ar" for one in found)


class TestCodeFormer:
    """Run where the operator's package is."""

    __test__ = find_spec(codeformer.OWN_PACKAGE) is not None

    @pytest.mark.parametrize("dtype", ["fp32", "bf16"])
    async def test_it_draws(self, ready: Bench, tmp_path: Path, dtype: str) -> None:
        assert codeformer.SPEC.rehearsal
        async with codeformer.SPEC.rehearsal(tmp_path) as config:
            on_gpu = config.model_copy(update={"device": GPU, "dtype": dtype, "compile": "off"})
            found = await asked(
                codeformer.SPEC, on_gpu, ready, lambda engine: made(engine, clip(64, 64, 2), Shape(128, 128))
            )
            assert found.pictures.shape == (2, 128, 128, 3)
