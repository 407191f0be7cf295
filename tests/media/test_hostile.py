"""Files made to hurt: they are refused, reach nobody, and leave the zygote standing."""

import asyncio
import contextlib
import io
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest

from core_pipeline.contracts.engines import Pcm
from core_pipeline.media import decoder
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.media.wire import Refused
from errors import Impossible
from tests.media.files import long_silence, mutant, sample

pytestmark = pytest.mark.asyncio(loop_scope="module")

SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {port} RTP/AVP 0\na=rtpmap:0 PCMU/8000\n"
HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:{port}/a.ts\n#EXT-X-ENDLIST\n"
TEXTS = {
    "sdp": SDP,
    "hls": HLS,
    "hls-key": HLS.replace("#EXTINF", '#EXT-X-KEY:METHOD=AES-128,URI="http://127.0.0.1:{port}/k"\n#EXTINF'),
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>http://127.0.0.1:{port}/</BaseURL>'
    "<Period><AdaptationSet><Representation id='1'/></AdaptationSet></Period></MPD>",
    "concat": "ffconcat version 1.0\nfile http://127.0.0.1:{port}/a.wav\nfile /etc/passwd\n",
    "ffmetadata": ";FFMETADATA1\ntitle=http://127.0.0.1:{port}/\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=9\n",
    "subtitles": "1\n00:00:00,000 --> 00:00:09,000\nhttp://127.0.0.1:{port}/\n",
    "webvtt": "WEBVTT\n\n00:00.000 --> 00:09.000\nhttp://127.0.0.1:{port}/\n",
    "ass": "[Script Info]\nScriptType: v4.00+\n[Events]\nDialogue: 0,0:00:00.00,0:00:09.00,x,,0,0,0,,x\n",
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:{port}/a.png"/></svg>',
    "redirector": "RTSPtext\nrtsp://127.0.0.1:{port}/a\n",
    "playlist": "[playlist]\nFile1=http://127.0.0.1:{port}/a.mp3\n",
    "html": "<html><audio src='http://127.0.0.1:{port}/a.ogg'></html>",
}


class Listener:
    """A local TCP and UDP server on one port that counts who comes."""

    def __init__(self) -> None:
        self.visits = 0
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self._threads = [threading.Thread(target=self._accept), threading.Thread(target=self._receive)]
        for thread in self._threads:
            thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                visitor, _ = self.tcp.accept()
                self.visits += 1
                visitor.close()

    def _receive(self) -> None:
        with contextlib.suppress(OSError):
            while self.udp.recv(2_048):
                self.visits += 1

    def close(self) -> None:
        """Stop both threads."""
        for server in (self.tcp, self.udp):
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self.tcp.close()
        self.udp.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.close()


@pytest.mark.parametrize("name", TEXTS)
async def test_texts_that_name_an_address_reach_nobody(sandbox: Sandbox, listener: Listener, name: str) -> None:
    text = TEXTS[name].format(port=listener.port).encode()
    for data in (text, b"\xef\xbb\xbf" + text, text + bytes(2_000)):
        with pytest.raises(Impossible, match="media-unreadable"):
            await sandbox.decode(data)
        # The lists alone hold as well: here nothing but them stands between the text and the network.
        with pytest.raises((Refused, av.error.FFmpegError)):
            decoder.decode(data, 16_000, 10.0)
    await asyncio.sleep(0.02)
    assert listener.visits == 0


async def test_sdp_opens_a_port_without_our_lists_and_none_with_them() -> None:
    sdp = SDP.format(port=_free_port()).encode()
    assert _udp_ports_while(lambda: av.open(io.BytesIO(sdp), timeout=0.5).close())
    assert not _udp_ports_while(lambda: av.open(io.BytesIO(sdp), timeout=0.5, options=decoder.OPTIONS).close())


async def test_a_living_child_is_locked_up(sandbox: Sandbox) -> None:
    task = asyncio.create_task(sandbox.decode(long_silence(7_200)))
    limits, status, descriptors = await _locked_child(sandbox)
    with pytest.raises(Impossible, match="media-too-long"):
        await task
    for what, value in {
        "Max open files": 3, "Max file size": 0, "Max core file size": 0, "Max processes": 0,
        "Max cpu time": 10, "Max address space": 1 << 30,
    }.items():  # fmt: skip
        assert limits[what] == [str(value)] * 2, what
    assert descriptors == {"0", "1", "2"}
    assert status["Threads"] == "1"
    if os.uname().machine in {"x86_64", "aarch64"}:
        assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1")


async def test_the_zygote_has_one_thread_and_no_environment(sandbox: Sandbox) -> None:
    home = Path(f"/proc/{sandbox.pid}")
    assert [entry.name for entry in (home / "task").iterdir()] == [str(sandbox.pid)]
    names = {entry.split(b"=")[0] for entry in (home / "environ").read_bytes().split(b"\0") if entry}
    assert names <= {b"PYTHONPATH", b"LC_CTYPE"}


@pytest.mark.timeout(90)
async def test_five_hundred_broken_files(sandbox: Sandbox) -> None:
    zygote, slowest = sandbox.pid, 0.0

    async def attempt(seed: int) -> str:
        nonlocal slowest
        start = time.monotonic()
        try:
            pcm = await sandbox.decode(mutant(seed))
        except Impossible as refusal:
            return refusal.code
        finally:
            slowest = max(slowest, time.monotonic() - start)
        assert isinstance(pcm, Pcm)
        assert 0 < pcm.seconds <= 900
        return "heard"

    outcomes: list[str] = []
    for first in range(0, 500, 4):
        outcomes += await asyncio.gather(*(attempt(seed) for seed in range(first, first + 4)))
    assert set(outcomes) <= {"heard", "media-unreadable", "media-silent", "media-too-long", "media-too-slow"}
    assert outcomes.count("heard") > 100
    assert outcomes.count("media-unreadable") > 50
    assert slowest < 20
    assert sandbox.pid == zygote
    assert (await sandbox.decode(sample("opus-ogg"))).seconds > 1.9


async def _locked_child(sandbox: Sandbox) -> tuple[dict[str, list[str]], dict[str, str], set[str]]:
    """Return limits, status and descriptors of the zygote's child once it is locked up."""
    for _ in range(500):
        await asyncio.sleep(0.002)
        for child in _read(f"/proc/{sandbox.pid}/task/{sandbox.pid}/children").split():
            with contextlib.suppress(OSError):
                limits, status = _limits(child), _status(child)
                if limits["Max open files"][0] == "3" and status["Seccomp"] != "0":
                    return limits, status, {entry.name for entry in Path(f"/proc/{child}/fd").iterdir()}
    raise AssertionError("no child seen")


def _limits(pid: str) -> dict[str, list[str]]:
    return {line[:26].strip(): line[26:].split()[:2] for line in _read(f"/proc/{pid}/limits").splitlines()}


def _status(pid: str) -> dict[str, str]:
    pairs = (line.split(":", 1) for line in _read(f"/proc/{pid}/status").splitlines())
    return {key: value.strip() for key, value in pairs}


def _read(path: str) -> str:
    return Path(path).read_text()


def _udp_ports_while(deed: Callable[[], None]) -> set[int]:
    """Return the UDP ports that were newly open on this machine while `deed` ran, whether it raised or not."""
    before, seen, done = _udp_ports(), set[int](), threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            seen.update(_udp_ports() - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    with contextlib.suppress(av.error.FFmpegError):
        deed()
    done.set()
    watcher.join()
    return seen


def _udp_ports() -> set[int]:
    return {int(line.split()[1].split(":")[1], 16) for line in _read("/proc/net/udp").splitlines()[1:]}


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port & ~1
