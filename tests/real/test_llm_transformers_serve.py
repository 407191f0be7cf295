"""The OpenAI-compatible engine against a real server of that protocol: `transformers serve`, in its own process."""

import asyncio
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from core_pipeline.contracts.engines import Ask, Passage, Piece, Tool
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.llm.openai_compatible import SPEC, OpenAiLlmConfig
from core_pipeline.engines.wrap.flowing import flowing
from errors import NeedsOwner, Retryable
from tests.real import tiny_chat
from tests.real.weights import kept

MODEL = "tiny/chat"
ASK = Ask("متى تفتحون؟", "ar", (Passage("1", "متى تفتحون؟", "نفتح من العاشرة.", "ar", 0.9),), longest=120)
TOOL = Tool("handoff", "Ask a colleague to take over", {"type": "object", "properties": {}})


@dataclass
class Server:
    base_url: str
    process: subprocess.Popen[bytes]

    @property
    def config(self) -> OpenAiLlmConfig:
        return OpenAiLlmConfig(base_url=self.base_url, model=MODEL, temperature=1.0)


def _home(folder: Path) -> Path:
    weights = kept("chat", tiny_chat.__file__, tiny_chat.write)
    tiny_chat.cached(weights, folder, MODEL)
    return folder


@contextmanager
def _serving(home: Path) -> Iterator[Server]:
    """A server with the tiny model in its cache, told to stay offline."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("transformers")), "serve", "--host", "127.0.0.1", "--port", str(port)]
    told = {**os.environ, "HF_HOME": str(home), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}  # noqa: TID251 - a child's
    with (home / "log").open("wb") as log:
        process = subprocess.Popen([*command, "--device", "cpu"], env=told, stdout=log, stderr=log)
        try:
            _wait(f"http://127.0.0.1:{port}/health", process)
            yield Server(f"http://127.0.0.1:{port}/v1", process)
        finally:
            process.kill()
            process.wait()


def _wait(health: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, "the server ended by itself"
        try:
            with urlopen(health, timeout=1):  # noqa: S310 - our own server
                return
        except (URLError, OSError):
            time.sleep(0.1)
    pytest.fail("the server did not start")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with _serving(_home(tmp_path_factory.mktemp("hub"))) as running:
        yield running


async def test_the_probe_knows_the_model_and_a_wrong_one(server: Server, ready: Bench) -> None:
    assert SPEC.probe
    await SPEC.probe(server.config, ready)
    with pytest.raises(NeedsOwner, match="vendor-lacks"):
        await SPEC.probe(server.config.model_copy(update={"model": "tiny/other"}), ready)


async def test_it_streams_words_of_the_model(server: Server, ready: Bench) -> None:
    llm = await SPEC.open(server.config, ready)
    found: list[Piece] = [piece async for piece in llm.answer(ASK)]
    said = "".join(piece for piece in found if isinstance(piece, str))
    assert set(re.findall(r"\w+", said)) <= set(tiny_chat.WORDS)
    assert 20 < len(said) <= 240


async def test_it_answers_several_at_once_with_tools_offered(server: Server, ready: Bench) -> None:
    llm = await SPEC.open(server.config, ready)

    async def say() -> str:
        return "".join([p async for p in llm.answer(replace(ASK, tools=(TOOL,))) if isinstance(p, str)])

    assert all(await asyncio.gather(say(), say()))


async def test_who_leaves_does_not_disturb_the_next(server: Server, ready: Bench) -> None:
    llm = await SPEC.open(server.config, ready)
    async with flowing(llm.answer(replace(ASK, longest=4000))) as stream:
        assert await anext(stream)
    assert [piece async for piece in llm.answer(ASK)]


async def test_a_model_that_it_lacks_is_an_error_of_ours(server: Server, ready: Bench) -> None:
    """This server answers 500 to a name that it does not know, so only the probe can tell the cause."""
    llm = await SPEC.open(server.config.model_copy(update={"model": "tiny/other"}), ready)
    with pytest.raises(Retryable, match="vendor-down"):
        [piece async for piece in llm.answer(ASK)]


async def test_a_server_that_dies_midway_is_retryable(tmp_path: Path, ready: Bench) -> None:
    with _serving(_home(tmp_path / "hub")) as mortal:
        llm = await SPEC.open(mortal.config, ready)
        async with flowing(llm.answer(replace(ASK, longest=4000))) as stream:
            assert await anext(stream)
            mortal.process.kill()
            with pytest.raises(Retryable, match="vendor-garbled"):
                [piece async for piece in stream]
        await asyncio.to_thread(mortal.process.wait)
        with pytest.raises(Retryable, match="vendor-down"):
            [piece async for piece in llm.answer(ASK)]
