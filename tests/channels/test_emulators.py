"""Emulators as processes of their own, and what their ledgers keep."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from channels import discover
from channels.emulation.ledger import Ledger
from core_pipeline.contracts.channel import ChannelSpec, CustomerMessage, Delivery
from core_pipeline.contracts.messages import ReplyKind
from tests.channels.bench import client, hooked, opening, reply_to, staged, voice_note

ROOT = Path(__file__).parents[2]
SPECS = {name: spec for name, spec in discover().items() if spec.emulator}
each_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)


@asynccontextmanager
async def process(spec: ChannelSpec, *arguments: str) -> AsyncIterator[str]:
    """Run the channel's emulator by itself and give its url; it ends by SIGKILL."""
    command = ["-m", f"channels.{spec.name}.emulator", *arguments]
    running = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert running.stdout is not None
    try:
        yield (await running.stdout.readline()).decode().strip()
    finally:
        running.kill()
        await running.communicate()


@each_spec
async def test_an_emulator_runs_as_its_own_process_and_keeps_its_ledger(spec: ChannelSpec, tmp_path: Path) -> None:
    async with (
        hooked() as hook,
        process(spec, "--webhook", hook.url, "--record", str(tmp_path)) as url,
        client() as http,
    ):
        channel = spec.open(opening(spec, http, api_url=url))
        origin = url.partition("//")[0] + "//" + url.partition("//")[2].partition("/")[0]
        data = base64.b64encode(voice_note()).decode()
        said = {"customer": spec.demo_customer, "data": data, "mime": "audio/ogg"}
        answer = await http.post(f"{origin}/emulator/say", json=said)
        [inbound] = hook.inbound(channel)
        assert answer.json() == {"provider_id": inbound.provider_id}
        await channel.send(reply_to(inbound, ReplyKind.VOICE))
        await channel.send(reply_to(inbound, ReplyKind.TEXT))
        listed = (await http.get(f"{origin}/emulator/deliveries")).json()
        if spec.close:
            await spec.close()
    lines = [json.loads(line) for line in (tmp_path / "deliveries.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["kind"] for line in lines] == [each["kind"] for each in listed] == ["voice", "text"]
    assert (tmp_path / lines[0]["file"]).read_bytes() == voice_note()
    assert lines[1]["text"] == "أهلًا بك"


@each_spec
async def test_customers_do_not_wait_for_one_another(spec: ChannelSpec) -> None:
    async with hooked() as hook, staged(spec, webhook=hook.url) as stage:
        hook.lag = 0.2
        customers = [str(201000000000 + number) for number in range(20)]
        async with asyncio.timeout(3):
            await asyncio.gather(*(stage.emulator.customer_says(CustomerMessage(one, text="hi")) for one in customers))
        assert len(hook.inbound(stage.channel)) == 20


async def test_waiting_in_vain_tells_what_is_there() -> None:
    ledger = Ledger()
    ledger.add(Delivery("201000000001", ReplyKind.TEXT, "1", text="hi", faults=("odd",)))
    with pytest.raises(TimeoutError, match=r"1 of 2 deliveries.*odd"):
        await ledger.wait(2, timeout=0.01)
