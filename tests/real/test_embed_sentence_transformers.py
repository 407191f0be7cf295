"""sentence-transformers on tiny weights in its real layout."""

import asyncio
import math
from pathlib import Path

import pytest

from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.embed.sentence_transformers import SPEC, SentenceTransformersConfig, tiny
from errors import NeedsOwner
from tests.real.weights import copied, kept


@pytest.fixture
def weights() -> Path:
    return kept("embed", tiny.__file__, lambda folder: tiny.write(folder / "model")) / "model"


def config(folder: Path, **fields: object) -> SentenceTransformersConfig:
    return SentenceTransformersConfig.model_validate({"model": str(folder), "device": "cpu", "batch": 2, **fields})


async def test_each_text_gets_a_vector_of_unit_length_that_does_not_depend_on_its_batch(
    weights: Path, ready: Bench
) -> None:
    engine = await SPEC.open(config(weights), ready)
    texts = ["متى تفتحون؟", "when do you open", "", "س" * 5000, "هل عندكم توصيل إلى البيت"]
    vectors = await engine.embed(texts)
    assert [len(vector) for vector in vectors] == [32] * 5
    assert all(math.hypot(*vector) == pytest.approx(1, abs=1e-6) for vector in vectors)
    (alone,) = await engine.embed([texts[1]])
    assert alone == pytest.approx(vectors[1], abs=1e-5)
    assert await engine.embed([]) == []
    await engine.close()


async def test_several_ask_at_once(weights: Path, ready: Bench) -> None:
    engine = await SPEC.open(config(weights), ready)
    one, other, again = await asyncio.gather(*(engine.embed([text]) for text in ("نعم", "لا", "نعم")))
    assert one[0] == pytest.approx(again[0], abs=1e-6)
    assert one[0] != pytest.approx(other[0], abs=1e-3)
    await engine.close()


async def test_weights_are_found_by_their_name_among_our_files(weights: Path, ready: Bench) -> None:
    copied(weights, ready.var / "models" / "someone--tiny")
    engine = await SPEC.open(config(Path("someone/tiny"), before="query: "), ready)
    assert len(await engine.embed(["a"])) == 1
    await engine.close()


async def test_missing_and_broken_weights_need_the_owner(weights: Path, ready: Bench, tmp_path: Path) -> None:
    with pytest.raises(NeedsOwner, match="weights-missing"):
        await SPEC.open(config(tmp_path / "nowhere"), ready)
    spoilt = copied(weights, tmp_path / "spoilt")
    data = (spoilt / "model.safetensors").read_bytes()
    (spoilt / "model.safetensors").write_bytes(data[: len(data) // 2])
    with pytest.raises(NeedsOwner, match="weights-broken"):
        await SPEC.open(config(spoilt), ready)
    (spoilt / "model.safetensors").unlink()
    with pytest.raises(NeedsOwner, match="weights-broken"):
        await SPEC.open(config(spoilt), ready)
