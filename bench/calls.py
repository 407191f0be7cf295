"""Live calls: N callers in real time against our loop and against pipecat, in one run on the same machine.

Both answer the same words at once ("stub-speed engines") over a Media Streams socket, both with Silero's voice detector
and the smart-turn model; every caller asks, breaks into the answer with another question and listens to the end. The
peer has an environment of its own (`.venv-pipecat`, made here), from whose wheel the smart-turn model comes.
Run: .venv/bin/python -m bench.calls [--callers 1,10,20,40,60] [--peer 1,10,20] [--turn model|pause] [--real 1,2,4]
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.calling import real
from bench.calling.answer import speak
from bench.calling.load import Heard, crowd

ROOT = Path(__file__).parents[1]
PEER_VENV = ROOT / ".venv-pipecat"
PEER = "pipecat-ai[silero,websocket]==1.14.0"
MODEL = "lib/python3.*/site-packages/pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx"
TICKS = 100.0
START_SECONDS = 60.0
TURNS = 2
HEAD = "          first audio ms  barge → clear   after barge     underruns         a call   server     MiB   late"


@dataclass
class Taken:
    """What a server took while so many called: CPU seconds a second, and its largest memory in MiB."""

    cpu: float
    memory: float


def peer_python() -> Path:
    """The peer's own Python, installed on first use."""
    python = PEER_VENV / "bin" / "python"
    if not (PEER_VENV / ".done").exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEER_VENV)], check=True)  # noqa: S603 - our own command
        subprocess.run([str(python), "-m", "pip", "install", "-q", PEER, "uvicorn"], check=True)  # noqa: S603 - our own command
        (PEER_VENV / ".done").touch()
    return python


def free_port() -> int:
    """A local port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server in a process of its own."""

    def __init__(self, command: Sequence[str], port: int, env: dict[str, str] | None = None) -> None:
        self.port, self.peak = port, 0.0
        self._process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command

    def ready(self) -> None:
        """Wait until it listens."""
        over = time.monotonic() + START_SECONDS
        while time.monotonic() < over:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise TimeoutError("the server did not start")

    def cpu(self) -> float:
        """CPU seconds so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> float:
        """The most memory so far, in MiB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024

    def stop(self) -> None:
        """End it."""
        self.peak = self.memory()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


async def measured(
    server: Server, callers: int, questions: tuple[NDArray[np.float32], ...]
) -> tuple[list[Heard], Taken]:
    """Let them call, and see what it takes."""
    await asyncio.to_thread(server.ready)
    before, begun = server.cpu(), time.monotonic()
    heard = await crowd(f"ws://127.0.0.1:{server.port}/stream", callers, questions, TURNS)
    return heard, Taken((server.cpu() - before) / (time.monotonic() - begun), server.memory())


def spread(values: Sequence[float | None]) -> str:
    """Median and 95 % in milliseconds, and how many never came."""
    came = [1e3 * value for value in values if value is not None]
    missing = f" ({len(values) - len(came)} missing)" if len(came) < len(values) else ""
    return f"{np.median(came):5.0f} {np.quantile(came, 0.95):5.0f}{missing}" if came else f"none{missing}"


def report(name: str, callers: int, heard: Sequence[Heard], taken: Taken) -> None:
    """One line of the table."""
    first = [value for one in heard for value in one.first]
    clears = [value for one in heard for value in one.clears]
    after = [value for one in heard for value in one.after_barge]
    gaps = [gap for one in heard for gap in one.gaps]
    late = [value for one in heard for value in one.late]
    print(
        f"{name:8} {callers:3}   {spread(first):>12}   {spread(clears):>12}   {spread(after):>12}   "
        f"{len(gaps):5} ({1e3 * sum(gaps):5.0f} ms)   {100 * taken.cpu / callers:5.1f} %   {100 * taken.cpu:5.0f} %   "
        f"{taken.memory:6.0f}   {1e3 * np.quantile(late, 0.99) if late else 0:4.0f}",
        flush=True,
    )


async def measure_real(callers: int) -> None:
    """One line: callers of the whole platform with its embedded engines."""
    with tempfile.TemporaryDirectory() as folder:
        port, vendor = free_port(), free_port()
        env = real.environment(Path(folder), port, vendor)
        real.prepare(env)
        account_id = await real.connect(Path(folder))
        server = Server([sys.executable, "cli.py", "serve"], port, env)
        try:
            await asyncio.to_thread(server.ready)
            before, begun = server.cpu(), time.monotonic()
            took = await real.crowd(f"http://127.0.0.1:{port}", vendor, account_id, callers)
            cpu = (server.cpu() - before) / (time.monotonic() - begun)
        finally:
            server.stop()
    print(f"real     {callers:3}   {spread(took):>12}   server {100 * cpu:4.0f} %   {server.peak:6.0f} MiB", flush=True)


async def main() -> None:
    """Run every number of callers against both."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--callers", default="1,10,20,40,60")
    asked.add_argument("--peer", default="1,10,20")
    asked.add_argument("--real", default="")
    asked.add_argument("--turn", choices=("model", "pause"), default="model")
    chosen = asked.parse_args()
    for callers in [int(one) for one in chosen.real.split(",") if one]:
        await measure_real(callers)
    python = peer_python()
    model = next(PEER_VENV.glob(MODEL))
    ours = [sys.executable, "-m", "bench.calling.ours"]
    sizes = {
        "ours": [int(one) for one in chosen.callers.split(",") if one],
        "pipecat": [int(one) for one in chosen.peer.split(",") if one],
    }
    with tempfile.TemporaryDirectory() as folder:
        questions = await speak(Path(folder))
        print(HEAD)
        for callers in sorted({*sizes["ours"], *sizes["pipecat"]}):
            for name in ("ours", "pipecat"):
                if callers not in sizes[name]:
                    continue
                port = free_port()
                own = [*ours, str(port), folder, chosen.turn, str(model)]
                server = Server(
                    own if name == "ours" else [str(python), "bench/calling/peer.py", str(port), folder], port
                )
                try:
                    report(name, callers, *await measured(server, callers, questions))
                finally:
                    server.stop()


if __name__ == "__main__":
    asyncio.run(main())
