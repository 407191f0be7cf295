"""The Ollama engine, through the real client, against a server that speaks Ollama's protocol."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from core_pipeline.contracts.engines import Ask, Cited, Exchange, Passage, Piece, Tool, ToolCall, ToolResult, Usage
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.emulation.faults import Fault
from core_pipeline.engines.emulation.ollama import OllamaEmulator
from core_pipeline.engines.emulation.reader import Said
from core_pipeline.engines.llm.ollama import SPEC, OllamaLlmConfig
from errors import Impossible, NeedsOwner, Retryable, SawtakError
from tests.factories import bench

HOURS = Passage("hours", "متى تفتحون؟", "نفتح الساعة العاشرة صباحا. نغلق عند منتصف الليل.", "ar", 0.9)
STATUS = Tool(
    "order_status",
    "Where an order is",
    {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]},
)
ASK = Ask("متى تفتحون؟", "ar", (HOURS,), phrases={"unknown": "لا أعرف."})
ORDER = Ask("what is the status of my order 77", "en", tools=(STATUS,))


@pytest.fixture
async def server() -> AsyncIterator[tuple[OllamaEmulator, str]]:
    emulator = OllamaEmulator("qwen2.5:14b")
    async with emulator.served() as address:
        yield emulator, address


@pytest.fixture
async def ready(tmp_path: Path) -> AsyncIterator[Bench]:
    made = bench(tmp_path)
    async with made.http:
        yield made


@pytest.fixture
async def llm(server: tuple[OllamaEmulator, str], ready: Bench) -> AsyncIterator[Any]:
    engine = await SPEC.open(OllamaLlmConfig(host=server[1]), ready)
    yield engine
    await engine.close()


async def pieces(llm: Any, ask: Ask = ASK) -> list[Piece]:
    return [piece async for piece in llm.answer(ask)]


def text(found: list[Piece]) -> str:
    return "".join(piece for piece in found if isinstance(piece, str))


async def test_it_streams_sentences_citations_and_usage(llm: Any, server: Any) -> None:
    found = await pieces(llm)
    assert found[:-1] == ["نفتح الساعة العاشرة صباحا.", " نغلق عند منتصف الليل.", Cited(("hours",))]
    assert isinstance(found[-1], Usage)
    assert found[-1].read > 100
    assert found[-1].written == 9
    asked = server[0].model.asked[0]
    assert (asked["model"], asked["keep_alive"], asked["stream"]) == ("qwen2.5:14b", "30m", True)
    assert asked["options"] == {"num_ctx": 8192, "temperature": 0.2, "num_predict": 800}


async def test_a_model_that_thinks_gets_room_for_it(server: Any, ready: Bench) -> None:
    llm = await SPEC.open(OllamaLlmConfig(host=server[1], thinking=2000), ready)
    assert text(await pieces(llm))
    assert server[0].model.asked[0]["options"]["num_predict"] == 2800
    await llm.close()


async def test_the_first_sentence_comes_before_the_last_is_written(llm: Any, server: Any) -> None:
    server[0].endless = True
    async with aclosing(llm.answer(ASK)) as stream:
        assert await anext(stream) == "نفتح الساعة العاشرة صباحا."
        assert not server[0].left.is_set()


async def test_who_leaves_stops_the_model(llm: Any, server: Any) -> None:
    server[0].endless = True
    async with aclosing(llm.answer(ASK)) as stream:
        await anext(stream)
    await asyncio.wait_for(server[0].left.wait(), 5)


async def test_a_cancelled_task_stops_the_model(llm: Any, server: Any) -> None:
    server[0].endless = True
    begun = asyncio.Event()

    async def listen() -> None:
        async for _ in llm.answer(replace(ASK, longest=4000)):
            begun.set()

    task = asyncio.create_task(listen())
    await asyncio.wait_for(begun.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(server[0].left.wait(), 5)


async def test_a_tool_is_called_and_its_result_answered_with(llm: Any, server: Any) -> None:
    found = await pieces(llm, ORDER)
    call = found[-1]
    assert isinstance(call, ToolCall)
    assert (call.name, call.arguments) == ("order_status", {"number": 77})
    assert any(isinstance(piece, Usage) for piece in found)
    answered = await pieces(llm, replace(ORDER, results=(ToolResult(call, "It left this morning."),)))
    assert text(answered) == "It left this morning."
    told = server[0].model.asked[-1]["messages"]
    assert told[-2]["tool_calls"] == [{"function": {"name": "order_status", "arguments": {"number": 77}}}]
    assert (told[-1]["role"], told[-1]["tool_name"]) == ("tool", "order_status")


async def test_a_model_that_knows_no_tools_is_asked_without(llm: Any, server: Any) -> None:
    server[0].calls_tools = False
    for _ in range(2):
        assert "Sorry" in text(await pieces(llm, ORDER))
    assert [call for call in server[0].faults.calls if call == "POST /api/chat"] == ["POST /api/chat"] * 3


async def test_history_that_does_not_fit_is_left_out(server: Any, ready: Bench) -> None:
    talk = tuple(Exchange("customer" if n % 2 else "bot", f"n{n} " + "كلام " * 150) for n in range(20))
    engine = await SPEC.open(OllamaLlmConfig(host=server[1], num_ctx=4096), ready)
    assert text(await pieces(engine, replace(ASK, history=talk)))
    told = "".join(message["content"] for message in server[0].model.asked[0]["messages"])
    assert len(told) <= (4096 - 200 - 300) * 2
    assert "n19" in told
    assert "n1 " not in told
    await engine.close()


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        (Fault(500, body=b'{"error": "boom"}'), Retryable, "vendor-down"),
        (Fault(503, body=b'{"error": "server busy"}'), Retryable, "vendor-busy"),
        (Fault(429, body=b'{"error": "slow down"}'), Retryable, "vendor-busy"),
        (Fault(401, body=b"no"), NeedsOwner, "vendor-denied"),
        (Fault(404, body=b'{"error": "model not found"}'), NeedsOwner, "ollama-model"),
        (Fault(400, body=b'{"error": "invalid option"}'), Impossible, "vendor-refused"),
        (Fault(500, body=b'{"error": "model requires more system memory (9 GiB)"}'), NeedsOwner, "ollama-memory"),
        (Fault(200, body=b"<html>"), Retryable, "vendor-garbled"),
        (Fault(200, body=b""), Retryable, "vendor-garbled"),
        (Fault(302, headers={"location": "http://127.0.0.1:1/"}), NeedsOwner, "vendor-lacks"),
        (Fault(cut_after=150), Retryable, "vendor-garbled"),
    ],
)
async def test_failures_are_ours(llm: Any, server: Any, fault: Fault, kind: type[SawtakError], code: str) -> None:
    server[0].faults.next(fault)
    with pytest.raises(kind) as caught:
        await pieces(llm)
    assert caught.value.code == code
    assert "تفتحون" not in caught.value.detail
    assert text(await pieces(llm)).startswith("نفتح")


async def test_an_error_inside_the_stream_is_raised_after_what_was_said(llm: Any, server: Any) -> None:
    server[0].breaks = "llama runner process has terminated"
    with pytest.raises(Retryable, match="failed while answering"):
        await pieces(llm)


async def test_silence_is_left_to_the_next_engine(llm: Any, server: Any) -> None:
    server[0].model.rule = lambda *_: Said("<think>hm</think> **")
    with pytest.raises(Retryable, match="llm-silent"):
        await pieces(llm)


async def test_a_slow_server_is_given_up(server: Any, ready: Bench) -> None:
    server[0].faults.next(Fault(delay=2.0))
    engine = await SPEC.open(OllamaLlmConfig(host=server[1], seconds=0.05), ready)
    with pytest.raises(Retryable, match="vendor-slow"):
        await pieces(engine)
    await engine.close()


async def test_no_server_is_retryable_and_the_probe_says_what_to_do(ready: Bench, unused_tcp_port: int) -> None:
    config = OllamaLlmConfig(host=f"http://127.0.0.1:{unused_tcp_port}")
    engine = await SPEC.open(config, ready)
    with pytest.raises(Retryable, match="vendor-down"):
        await pieces(engine)
    await engine.close()
    assert SPEC.probe
    with pytest.raises(NeedsOwner, match="ollama serve"):
        await SPEC.probe(config, ready)


async def test_the_probe_knows_whether_the_model_is_there_and_pull_fetches_it(server: Any, ready: Bench) -> None:
    assert SPEC.probe
    assert SPEC.pull
    await SPEC.probe(OllamaLlmConfig(host=server[1]), ready)
    config = OllamaLlmConfig(host=server[1], model="new-model")
    with pytest.raises(NeedsOwner, match="doctor --pull"):
        await SPEC.probe(config, ready)
    steps = [step async for step in SPEC.pull(config, ready)]
    assert [(step.done, step.total) for step in steps] == [(0, 0), (4096, 8192), (8192, 8192), (0, 0), (0, 0)]
    assert steps[-1].what == "success"
    await SPEC.probe(config, ready)
    with pytest.raises(NeedsOwner, match="ollama-model"):
        [step async for step in SPEC.pull(OllamaLlmConfig(host=server[1], model="no-such"), ready)]


async def test_every_request_goes_through_the_benchs_client(server: Any, tmp_path: Path) -> None:
    """What guards that client guards this engine."""

    async def guard(request: httpx.Request) -> None:
        raise NeedsOwner("guarded", f"no way to {request.url.host}")

    async with httpx.AsyncClient(event_hooks={"request": [guard]}) as http:
        engine = await SPEC.open(OllamaLlmConfig(host=server[1]), Bench(tmp_path, http))
        with pytest.raises(NeedsOwner, match="guarded"):
            await pieces(engine)
        await engine.close()
        assert not http.is_closed
    assert server[0].faults.calls == []


async def test_only_the_key_that_was_set_is_sent(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", "of-the-operator")
    sent: list[str | None] = []

    async def note(request: httpx.Request) -> None:
        sent.append(request.headers.get("authorization"))

    async with httpx.AsyncClient(event_hooks={"request": [note]}) as http:
        for key in ("", "mine"):
            config = OllamaLlmConfig(host=server[1], api_key=SecretStr(key))
            engine = await SPEC.open(config, Bench(tmp_path, http))
            await pieces(engine)
            await engine.close()
    assert sent == [None, "Bearer mine"]
