"""Durable acknowledgements: signed webhook calls at 32-way, against the same front door without the inbox's disk.

Run: .venv/bin/python -m bench.ack
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import uvloop
from starlette.applications import Starlette

from channels import discover
from tenants import demo, directory
from tenants.accounts import AccountBook
from tenants.db import Database
from tenants.inbox import Inbox, NewRow
from tenants.schema import migrate
from tenants.seed import seed
from tenants.vault import Vault
from webhooks.lines import OpenLines
from webhooks.receive import FrontDoor
from webhooks.server import listening, until_told
from webhooks.simulate import connect_demo, free_port

WAYS, CALLS, ROUNDS, WARM = 32, 6000, 3, 500
SPEC = discover()["whatsapp"]
SECRET = SPEC.demo.platform["app_secret"].encode()


class NoDisk(Inbox):
    """The floor: takes rows and forgets them, as an app without durability would."""

    async def put(self, rows: Sequence[NewRow]) -> list[int | None]:
        """Answer at once."""
        return [None] * len(rows)


def urls(folder: Path) -> tuple[str, str]:
    """Main and inbox database in this folder."""
    return f"sqlite+aiosqlite:///{folder}/main.db", f"sqlite+aiosqlite:///{folder}/inbox.db"


async def serve(kind: str, folder: Path, port: int) -> None:
    """The front door alone, in a process of its own."""
    main_url, inbox_url = urls(folder)
    inbox_class = Inbox if kind == "durable" else NoDisk
    async with Database(main_url) as db, httpx.AsyncClient() as http, inbox_class(inbox_url) as inbox:
        book = AccountBook(db, Vault.from_text("k:" + "A" * 43 + "="))
        lines = OpenLines(book, http, lambda _: SPEC.demo.platform)
        front = FrontDoor(lines, book, inbox, 4 << 20)
        async with listening(Starlette(routes=front.routes()), "127.0.0.1", port):
            await until_told()


def request(number: int) -> bytes:
    """One customer's text as Meta would send it: about 600 bytes, signed."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "20100", "phone_number_id": SPEC.demo.external_id},
        "contacts": [{"profile": {"name": "عميل"}, "wa_id": f"2010{number:08}"}],
        "messages": [
            {
                "from": f"2010{number:08}",
                "id": f"wamid.{number}",
                "timestamp": "1760000000",
                "type": "text",
                "text": {"body": "ما هي ساعات العمل يوم الجمعة؟"},
            }
        ],
    }
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
    sign = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    head = f"POST /webhooks/whatsapp HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256={sign}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def knock(port: int, calls: list[bytes], took: list[float]) -> None:
    """One connection: call, wait for 200, call again."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while calls:
        call = calls.pop()
        start = time.perf_counter()
        writer.write(call)
        answer = await reader.readuntil(b"\r\n\r\n")
        took.append(time.perf_counter() - start)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(answer[:80].decode())
    writer.close()


async def measure(kind: str, folder: Path, first: int) -> tuple[float, list[float]]:
    """Calls a second and every call's seconds."""
    port = free_port()
    command = [sys.executable, "-m", "bench.ack", "--serve", kind, "--folder", str(folder), "--port", str(port)]
    process = await asyncio.create_subprocess_exec(*command)
    try:
        async with asyncio.timeout(30):
            while not await _listens(port):
                await asyncio.sleep(0.05)
        warm: list[float] = []
        await _all(port, [request(first + n) for n in range(WARM)], warm)
        took: list[float] = []
        start = time.perf_counter()
        await _all(port, [request(first + WARM + n) for n in range(CALLS)], took)
        return CALLS / (time.perf_counter() - start), took
    finally:
        process.terminate()
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def _all(port: int, calls: list[bytes], took: list[float]) -> None:
    await asyncio.gather(*(knock(port, calls, took) for _ in range(WAYS)))


async def prepare(folder: Path) -> None:
    """A migrated database with the demo tenant and its account."""
    main_url, inbox_url = urls(folder)
    migrate(main_url, inbox_url)
    async with Database(main_url) as db:
        await seed(db, demo.load())
        book = AccountBook(db, Vault.from_text("k:" + "A" * 43 + "="))
        await connect_demo(book, SPEC, await directory.id_of(db, "demo"))


def row(name: str, rate: float, took: list[float]) -> str:
    """One line of the table; milliseconds."""
    ms = sorted(one * 1000 for one in took)
    return f"| {name} | {rate:,.0f} | {statistics.median(ms):.1f} | {ms[int(len(ms) * 0.99)]:.1f} |"


async def bench() -> None:
    """Durable and bare take turns; the median round of each counts."""
    folder = Path(tempfile.mkdtemp(prefix="sawtak-ack-", dir=Path.cwd() / "var"))
    try:
        await prepare(folder)
        rounds: dict[str, list[tuple[float, list[float]]]] = {"durable": [], "bare": []}
        for number in range(ROUNDS * 2):
            kind = "durable" if number % 2 == 0 else "bare"
            rounds[kind].append(await measure(kind, folder, number * (CALLS + WARM)))
    finally:
        shutil.rmtree(folder)
    middle = {kind: sorted(found, key=lambda one: one[0])[ROUNDS // 2] for kind, found in rounds.items()}
    print("| | calls/s | p50 ms | p99 ms |\n|---|---|---|---|")
    for kind, found in middle.items():
        print(row(kind, *found))
    print(f"ratio durable/bare: {middle['durable'][0] / middle['bare'][0]:.2f}")


def main() -> None:
    """Serve in the child, measure in the parent."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", choices=["durable", "bare"])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--port", type=int)
    given = parser.parse_args()
    if given.serve:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(given.serve, given.folder, given.port))
    else:
        Path("var").mkdir(exist_ok=True)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(bench())


if __name__ == "__main__":
    main()
