"""The OpenAI-compatible engine against a server with the habits that such servers have."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from core_pipeline.contracts.engines import Ask, Cited, Exchange, Passage, Piece, Tool, ToolCall, ToolResult, Usage
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.emulation.faults import Fault
from core_pipeline.engines.emulation.openai_chat import KEY, OpenAiEmulator
from core_pipeline.engines.emulation.reader import Said, honest
from core_pipeline.engines.llm.openai_compatible import SPEC, OpenAiLlmConfig
from core_pipeline.engines.llm.openai_compatible.stream import Reading
from errors import Impossible, NeedsOwner, Retryable, SawtakError
from tests.factories import bench

HOURS = Passage("hours", "When do you open?", "We open at ten in the morning. We close at midnight.", "en", 0.9)
STATUS = Tool(
    "order_status",
    "Where an order is",
    {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]},
)
ASK = Ask("When do you open?", "en", (HOURS,))
ORDER = Ask("what is the status of my order 77", "en", tools=(STATUS,))


@pytest.fixture
async def server() -> AsyncIterator[tuple[OpenAiEmulator, str]]:
    emulator = OpenAiEmulator()
    async with emulator.served() as address:
        yield emulator, address


@pytest.fixture
async def ready(tmp_path: Path) -> AsyncIterator[Bench]:
    made = bench(tmp_path)
    async with made.http:
        yield made


def config(server: tuple[OpenAiEmulator, str], **fields: Any) -> OpenAiLlmConfig:
    given = {"base_url": server[1], "api_key": SecretStr(KEY), "model": "emulated-chat", **fields}
    return OpenAiLlmConfig.model_validate(given)


@pytest.fixture
async def llm(server: tuple[OpenAiEmulator, str], ready: Bench) -> Any:
    return await SPEC.open(config(server), ready)


async def pieces(llm: Any, ask: Ask = ASK) -> list[Piece]:
    return [piece async for piece in llm.answer(ask)]


def text(found: list[Piece]) -> str:
    return "".join(piece for piece in found if isinstance(piece, str))


async def test_it_streams_sentences_citations_and_priced_usage(server: Any, ready: Bench) -> None:
    llm = await SPEC.open(config(server, usd_per_million_read=0.5, usd_per_million_written=2.0), ready)
    found = await pieces(llm)
    assert found[:-1] == ["We open at ten in the morning.", " We close at midnight.", Cited(("hours",))]
    used = found[-1]
    assert isinstance(used, Usage)
    assert used.cost == round(used.read * 0.5 + used.written * 2.0) > 0


async def test_without_usage_from_the_server_none_is_made_up(llm: Any, server: Any) -> None:
    server[0].without_usage = True
    assert [piece for piece in await pieces(llm) if isinstance(piece, Usage)] == []


async def test_a_call_is_put_together_and_its_result_answered_with(llm: Any, server: Any) -> None:
    found = await pieces(llm, ORDER)
    call = found[-1]
    assert isinstance(call, ToolCall)
    assert (call.id, call.name, call.arguments) == ("call_0", "order_status", {"number": 77})
    answered = await pieces(llm, replace(ORDER, results=(ToolResult(call, "It left this morning."),)))
    assert text(answered) == "It left this morning."
    told = server[0].model.asked[-1]["messages"]
    assert json.loads(told[-2]["tool_calls"][0]["function"]["arguments"]) == {"number": 77}
    assert told[-1]["tool_call_id"] == "call_0"


@pytest.mark.parametrize("arguments", ["{not json", "[1, 2]", "", "null", '"seven"'])
async def test_arguments_that_are_no_object_count_as_none(llm: Any, server: Any, arguments: str) -> None:
    server[0].arguments = arguments
    call = (await pieces(llm, ORDER))[-1]
    assert isinstance(call, ToolCall)
    assert call.arguments == {}


async def test_a_call_that_was_made_already_is_not_made_again(llm: Any, server: Any) -> None:
    call = (await pieces(llm, ORDER))[-1]
    assert isinstance(call, ToolCall)
    server[0].model.rule = stubborn
    found = await pieces(llm, replace(ORDER, results=(ToolResult(call, "It left this morning."),)))
    assert not [piece for piece in found if isinstance(piece, ToolCall)]
    assert text(found) == "It left this morning."


def stubborn(messages: Any, tools: Any) -> Any:
    return Said("", [("order_status", {"number": 77})]) if tools else honest(messages, tools)


@pytest.mark.parametrize("field", ["stream_options", "max_tokens", "temperature"])
async def test_a_field_that_the_server_refuses_is_left_out_from_then_on(llm: Any, server: Any, field: str) -> None:
    server[0].unknown = {field}
    for _ in range(2):
        assert text(await pieces(llm)).startswith("We open")
    assert len(server[0].faults.calls) == 3
    assert field not in server[0].model.asked[-1]
    assert ("max_completion_tokens" in server[0].model.asked[-1]) == (field == "max_tokens")


async def test_a_server_without_tools_is_asked_without_them(llm: Any, server: Any) -> None:
    server[0].unknown = {"tools"}
    assert "Sorry" in text(await pieces(llm, ORDER))


async def test_a_server_that_refuses_whatever_we_do_is_refused(llm: Any, server: Any) -> None:
    server[0].unknown = {"messages"}
    with pytest.raises(Impossible, match="vendor-refused"):
        await pieces(llm)
    server[0].unknown = {"max_tokens", "max_completion_tokens"}
    with pytest.raises(Impossible, match="vendor-refused"):
        await pieces(llm)


async def test_a_short_context_gets_less_history_once(llm: Any, server: Any) -> None:
    talk = tuple(Exchange("customer" if n % 2 else "bot", f"n{n} " + "word " * 60) for n in range(12))
    server[0].window = 800
    assert text(await pieces(llm, replace(ASK, history=talk))).startswith("We open")
    told = " ".join(message["content"] for message in server[0].model.asked[0]["messages"])
    assert "n11" in told
    assert "n9 " not in told
    server[0].window = 50
    with pytest.raises(NeedsOwner, match="llm-context"):
        await pieces(llm)


@pytest.mark.parametrize(
    ("fault", "kind", "code", "after"),
    [
        (Fault(401, body=b'{"error": {"code": "invalid_api_key"}}'), NeedsOwner, "vendor-denied", 0),
        (Fault(404, body=b'{"error": {"code": "model_not_found"}}'), NeedsOwner, "vendor-lacks", 0),
        (Fault(429, {"retry-after": "7"}, b'{"error": {"type": "requests"}}'), Retryable, "vendor-busy", 7),
        (Fault(429, body=b'{"error": {"code": "insufficient_quota"}}'), NeedsOwner, "vendor-unpaid", 0),
        (Fault(500, body=b"Internal Server Error"), Retryable, "vendor-down", 0),
        (Fault(400, body=b'{"error": {"message": "bad request"}}'), Impossible, "vendor-refused", 0),
        (Fault(200, {"content-type": "text/event-stream"}, b"data: {oops\n\n"), Retryable, "vendor-garbled", 0),
        (Fault(200, {"content-type": "text/html"}, b"<html>"), Retryable, "vendor-garbled", 0),
        (Fault(cut_after=400), Retryable, "vendor-garbled", 0),
    ],
)
async def test_failures_are_ours(
    llm: Any, server: Any, fault: Fault, kind: type[SawtakError], code: str, after: float
) -> None:
    server[0].faults.next(fault)
    with pytest.raises(kind) as caught:
        await pieces(llm)
    assert caught.value.code == code
    assert getattr(caught.value, "after", 0) == after
    assert text(await pieces(llm)).startswith("We open")


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        ({"message": "overloaded", "code": 503}, Retryable, "vendor-down"),
        ({"message": "slow down", "code": 429}, Retryable, "vendor-busy"),
        ({"message": "no credit", "code": "insufficient_quota"}, NeedsOwner, "vendor-unpaid"),
        ({"message": "hm"}, Retryable, "vendor-down"),
        ("plain words", Retryable, "vendor-down"),
    ],
)
async def test_an_error_inside_the_stream_is_ours(
    llm: Any, server: Any, error: Any, kind: type[SawtakError], code: str
) -> None:
    server[0].breaks = error
    with pytest.raises(kind) as caught:
        await pieces(llm)
    assert caught.value.code == code


async def test_a_stream_without_an_end_is_retryable(llm: Any, server: Any) -> None:
    server[0].unfinished = True
    with pytest.raises(Retryable, match="vendor-garbled"):
        await pieces(llm)


async def test_an_answer_that_is_no_stream_is_read_all_the_same(llm: Any, server: Any) -> None:
    choice = {"message": {"role": "assistant", "content": "We open at ten. ⟦p1⟧"}, "finish_reason": "stop"}
    body = json.dumps({"choices": [choice], "usage": {"prompt_tokens": 5, "completion_tokens": 4}}).encode()
    server[0].faults.next(Fault(200, {"content-type": "application/json"}, body))
    assert await pieces(llm) == ["We open at ten.", Cited(("hours",)), Usage(5, 4)]


async def test_who_leaves_ends_the_request(llm: Any, server: Any) -> None:
    server[0].endless = True
    async with aclosing(llm.answer(ASK)) as stream:
        assert await anext(stream) == "We open at ten in the morning."
    await asyncio.wait_for(server[0].left.wait(), 5)


async def test_the_probe_says_what_is_wrong(server: Any, ready: Bench, unused_tcp_port: int) -> None:
    assert SPEC.probe
    await SPEC.probe(config(server), ready)
    with pytest.raises(NeedsOwner, match="vendor-denied"):
        await SPEC.probe(config(server, api_key=SecretStr("wrong")), ready)
    with pytest.raises(NeedsOwner, match="vendor-lacks"):
        await SPEC.probe(config(server, model="no-such"), ready)
    with pytest.raises(Retryable, match="vendor-down"):
        await SPEC.probe(OpenAiLlmConfig(base_url=f"http://127.0.0.1:{unused_tcp_port}/v1"), ready)


def test_wild_events_are_read_without_harm() -> None:
    reading = Reading("it")
    wild: list[Any] = [
        {},
        {"choices": None},
        {"choices": [3]},
        {"choices": [{"delta": 7}]},
        {"choices": [{"delta": {"content": ["x"], "tool_calls": "y"}}]},
        {"choices": [{"delta": {"tool_calls": [None, {"function": None}, {"index": "z", "function": {"name": 4}}]}}]},
        {"usage": {"prompt_tokens": "many"}},
    ]
    assert [reading.take(event) for event in wild] == [[]] * len(wild)
    assert not reading.finished
    assert reading.usage == Usage(0, 0)


def test_calls_without_an_index_or_with_an_object_are_read() -> None:
    reading = Reading("it")
    call = {"function": {"name": "order_status", "arguments": {"number": 3}}}
    reading.take({"choices": [{"delta": {"tool_calls": [call]}}]})
    (found,) = reading.calls()
    assert (found.name, found.arguments) == ("order_status", {"number": 3})
    assert found.id
