"""The embedding engines that ask a server."""

import json
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.embed import ollama, openai_compatible, sentence_transformers
from core_pipeline.engines.emulation.faults import Fault
from core_pipeline.engines.emulation.ollama import OllamaEmulator
from core_pipeline.engines.emulation.openai_chat import KEY, OpenAiEmulator
from core_pipeline.engines.unit_vectors import unit_vectors
from errors import Impossible, NeedsOwner, Retryable, SawtakError
from tests.factories import bench

TEXTS = ["متى تفتحون المطعم؟", "متى يفتح المطعم", "order a taxi", "", "  \n", "x" * 5000]


@pytest.fixture
async def ready(tmp_path: Path) -> AsyncIterator[Bench]:
    made = bench(tmp_path)
    async with made.http:
        yield made


@pytest.fixture(params=["ollama", "openai_compatible"])
async def pair(request: pytest.FixtureRequest, ready: Bench) -> AsyncIterator[tuple[Any, Any]]:
    """An embedder that takes three texts at once, and the emulator behind it."""
    if request.param == "ollama":
        emulator = OllamaEmulator()
        async with emulator.served() as address:
            engine = await ollama.SPEC.open(ollama.OllamaEmbedConfig(host=address, batch=3), ready)
            yield engine, emulator
            await engine.close()
    else:
        other = OpenAiEmulator("small")
        async with other.served() as address:
            config = openai_compatible.OpenAiEmbedConfig(
                base_url=address, api_key=SecretStr(KEY), model="small", batch=3
            )
            yield await openai_compatible.SPEC.open(config, ready), other


def likeness(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


async def test_each_text_gets_a_vector_of_unit_length(pair: tuple[Any, Any]) -> None:
    vectors = await pair[0].embed(TEXTS)
    assert len(vectors) == len(TEXTS)
    assert len({len(vector) for vector in vectors}) == 1
    assert all(math.hypot(*vector) == pytest.approx(1) for vector in vectors)


async def test_texts_keep_their_places_over_batches(pair: tuple[Any, Any]) -> None:
    engine, emulator = pair
    together = await engine.embed(TEXTS)
    assert [len(asked["input"]) for asked in emulator.model.asked] == [3, 3]
    for text, vector in zip(TEXTS, together, strict=True):
        (alone,) = await engine.embed([text])
        assert alone == pytest.approx(vector)
    assert likeness(together[0], together[1]) > likeness(together[0], together[2]) + 0.2


async def test_no_texts_ask_nothing(pair: tuple[Any, Any]) -> None:
    assert await pair[0].embed([]) == []
    assert pair[1].faults.calls == []


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(500, body=b'{"error": "boom"}'), Retryable),
        (Fault(429, body=b'{"error": "slow"}'), Retryable),
        (Fault(401, body=b'{"error": "who"}'), NeedsOwner),
        (Fault(404, body=b'{"error": "model not found"}'), NeedsOwner),
        (Fault(400, body=b'{"error": "too long"}'), Impossible),
        (Fault(200, body=b"<html>"), Retryable),
        (Fault(200, body=b'{"data": [], "embeddings": []}'), Retryable),
        (Fault(200, body=b'{"data": [{"embedding": 3}], "embeddings": [3]}'), Retryable),
        (Fault(cut_after=20), Retryable),
    ],
)
async def test_failures_are_ours(pair: tuple[Any, Any], fault: Fault, kind: type[SawtakError]) -> None:
    pair[1].faults.next(fault)
    with pytest.raises(kind):
        await pair[0].embed(["a text"])
    assert len(await pair[0].embed(["a text"])) == 1


async def test_a_model_without_direction_needs_the_owner(pair: tuple[Any, Any]) -> None:
    zeros = [0.0, 0.0]
    body = json.dumps({"data": [{"index": 0, "embedding": zeros}], "embeddings": [zeros]}).encode()
    pair[1].faults.next(Fault(200, body=body))
    with pytest.raises(NeedsOwner, match="embed-vectors"):
        await pair[0].embed(["a text"])


def test_vectors_must_be_of_one_dimension_and_finite() -> None:
    with pytest.raises(Retryable):
        unit_vectors([[1.0], [1.0, 2.0]], 2, "it")
    with pytest.raises(NeedsOwner):
        unit_vectors([[math.inf, 1.0]], 1, "it")
    assert unit_vectors([[3, 4]], 1, "it") == [[0.6, 0.8]]


async def test_the_probes_tell_a_wrong_model(ready: Bench) -> None:
    async with OllamaEmulator().served() as address:
        assert ollama.SPEC.probe
        await ollama.SPEC.probe(ollama.OllamaEmbedConfig(host=address), ready)
        with pytest.raises(NeedsOwner, match="doctor --pull"):
            await ollama.SPEC.probe(ollama.OllamaEmbedConfig(host=address, model="nope"), ready)
    async with OpenAiEmulator("small").served() as address:
        assert openai_compatible.SPEC.probe
        given = {"base_url": address, "api_key": SecretStr(KEY)}
        await openai_compatible.SPEC.probe(openai_compatible.OpenAiEmbedConfig(model="small", **given), ready)
        with pytest.raises(NeedsOwner, match="vendor-lacks"):
            await openai_compatible.SPEC.probe(openai_compatible.OpenAiEmbedConfig(model="nope", **given), ready)


async def test_missing_weights_say_how_to_fetch_them(ready: Bench) -> None:
    spec = sentence_transformers.SPEC
    assert spec.probe
    with pytest.raises(NeedsOwner, match=r"hf download BAAI/bge-m3 --local-dir .*models/BAAI--bge-m3"):
        await spec.probe(spec.config(), ready)
    with pytest.raises(NeedsOwner, match="weights-missing"):
        await spec.open(spec.config(), ready)
    assert spec.memory(spec.config()) == 3 << 30
