"""What the jail promises, tried from inside it, by a process of this test's own."""

import subprocess
import sys

import pytest

from core_pipeline.media import jail


@pytest.mark.parametrize(
    "deed",
    [
        "open('/etc/hostname')",
        "open('/tmp/sawtak-jail', 'w')",
        "socket.socket()",
        "socket.socketpair()",
        "os.pipe()",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "os.kill(os.getppid(), 0)",
        "threading.Thread(target=print).start()",
        "bytearray(2 << 30)",
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))",
    ],
)
def test_nothing_can_be_done_in_jail(deed: str) -> None:
    code = (
        "import os, resource, socket, threading\nfrom core_pipeline.media import jail\njail.enter(os.getppid())\n"
        f"try:\n    {deed}\nexcept (OSError, MemoryError, RuntimeError, ValueError):\n    os._exit(42)\nos._exit(7)"
    )
    done = subprocess.run([sys.executable, "-c", code], stdin=subprocess.DEVNULL, timeout=20, check=False)
    assert done.returncode == 42


def test_time_runs_out_in_jail() -> None:
    assert jail.CPU_SECONDS == 10
    code = (
        "import os\nfrom core_pipeline.media import jail\njail.CPU_SECONDS = 1\njail.enter(os.getppid())\n"
        "while True:\n    pass"
    )
    done = subprocess.run([sys.executable, "-c", code], stdin=subprocess.DEVNULL, timeout=20, check=False)
    assert done.returncode < 0
