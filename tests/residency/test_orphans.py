"""Nothing outlives the platform: no process, no socket."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import pytest

from core_pipeline.engines.residency.folder import SocketFolder

ROOT = Path(__file__).parents[2]
PARENT = """
import asyncio, os, sys
from pathlib import Path
from tests.residency.house import house

async def main():
    async with house(Path(sys.argv[1])) as at:
        call = at.begin("a", "sleep", seconds=30.0)
        await at.ask("b")
        await at.until(lambda: sum(one.busy for one in at.here))
        at.begin("c", load_seconds=30.0)
        await asyncio.sleep(0)
        print(*(one.pid for one in at.here), flush=True)
        os.kill(os.getpid(), 9)

asyncio.run(main())
"""


@pytest.fixture
def near(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a short name: a socket's path may hold 107 bytes."""
    return tmp_path_factory.mktemp("o")


async def test_children_die_with_a_killed_parent_and_the_next_one_clears_up(
    near: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, str(near)),
        cwd=ROOT,
        env={"TMPDIR": str(near), "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    pids = said.split()
    assert len(pids) == 2
    async with asyncio.timeout(5):
        while any(alive(int(pid)) for pid in pids):
            await asyncio.sleep(0.01)
    monkeypatch.setattr(tempfile, "tempdir", str(near))
    left = list(near.glob("sawtak-residency-*"))
    assert len(left) == 1
    with SocketFolder() as one, SocketFolder() as other:
        assert {*near.glob("sawtak-residency-*")} == {one.path, other.path}
        assert one.path.stat().st_mode & 0o777 == 0o700
    assert not list(near.glob("sawtak-residency-*"))


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "\nState:\tZ" not in status.read_text(encoding="ascii")
