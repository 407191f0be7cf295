"""Uploads made to hurt: refused with a word that people understand, and nobody is reached, nothing written."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from core_pipeline.portraits.faults import sentences
from core_pipeline.portraits.workshop import REFUSALS, Workshop
from errors import Impossible
from tests.media.test_hostile import Listener
from tests.portraits.files import MANIFEST, art, corners, jpeg_file, pack, png_file, webp_file

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROUNDS = 500
SPLICES = (
    '<!DOCTYPE svg [<!ENTITY x SYSTEM "http://127.0.0.1:{port}/x">]>', "&x;", "<script>x</script>", "../../../tmp/",
    '<image href="http://127.0.0.1:{port}/a.png"/>', "url(http://127.0.0.1:{port}/#a)", "<![CDATA[", "]]>", "<!--",
    '<?xml-stylesheet href="http://127.0.0.1:{port}/a.css"?>', "file:///etc/passwd", "1e308", "-", "<g>" * 40,
    "M0,0 " * 200, "\0", "/absolute", "PK\3\4", "PK\1\2", "\xff\xd8\xff\xe1\xff\xff", "IHDR\x7f\xff\xff\xff",
)  # fmt: skip


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.close()


def uploads() -> list[tuple[str, bytes]]:
    photo = {"avatar.toml": b'kind = "photo"', "portrait.png": png_file(corners())}
    return [
        ("art", art('<path class="chin" d="M1,1 C2,2 3,3 4,4 Z"/><g transform="rotate(2)"/>')),
        ("picture", png_file(corners(), 6)),
        ("picture", jpeg_file(corners(), 8)),
        ("picture", webp_file(corners(), 3)),
        ("pack", pack()),
        ("pack", pack(photo)),
        ("pack", pack({"huda/avatar.toml": MANIFEST.encode(), "huda/art.svg": art()})),
    ]


def mutant(data: bytes, dice: random.Random, port: int) -> bytes:
    """The upload with some of it changed, doubled, left out or spliced with something nasty."""
    broken = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 5, 20))):
        place, length = dice.randrange(len(broken) + 1), dice.choice((1, 1, 4, 40))
        match dice.randrange(5):
            case 0:
                broken[place : place + 1] = bytes([dice.randrange(256)])
            case 1:
                del broken[place : place + length]
            case 2:
                broken[place:place] = broken[place : place + length]
            case 3:
                broken[place:place] = dice.choice(SPLICES).replace("{port}", str(port)).encode("latin-1")
            case _:
                broken[place : place + length] = dice.choice((b"\0", b"\xff", b"<", b'"')) * length
        if not broken:
            return b"x"
    return bytes(broken)


async def _tried(workshop: Workshop, verb: str, data: bytes) -> str:
    try:
        doors: dict[str, Callable[[bytes], Awaitable[object]]] = {
            "art": workshop.art,
            "picture": workshop.picture,
            "pack": workshop.pack,
        }
        found = await doors[verb](data)
    except Impossible as refusal:
        return refusal.code
    assert found
    return "read"


@pytest.mark.timeout(200)
async def test_five_hundred_broken_uploads(listener: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(11)  # noqa: S311 - the same uploads every time
    monkeypatch.chdir(tmp_path)
    whole, outcomes = uploads(), list[str]()
    async with Workshop(concurrency=2) as workshop:
        assert [await _tried(workshop, *one) for one in whole] == ["read"] * len(whole)
        zygote, threads = workshop.pid, threading.active_count()
        for number in range(ROUNDS):
            verb, data = whole[number % len(whole)]
            if number % 5:
                data = mutant(data, dice, listener.port)
            else:  # broken before it was packed, so that it is reached
                toml, svg = (mutant(part, dice, listener.port) for part in (MANIFEST.encode(), art()))
                verb, data = "pack", pack(toml=toml if number % 2 else MANIFEST.encode(), svg=svg)
            outcomes.append(await _tried(workshop, verb, data))
        assert workshop.pid == zygote
        assert threading.active_count() == threads
    assert set(outcomes) <= set(sentences()) | {"read"}
    assert outcomes.count("read") > 20
    assert len(set(outcomes)) > 12
    await asyncio.sleep(0.02)
    assert listener.visits == 0
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("splice", [splice for splice in SPLICES if "{port}" in splice])
async def test_addresses_in_drawings_are_not_visited(bench: Workshop, listener: Listener, splice: str) -> None:
    nasty = splice.replace("{port}", str(listener.port))
    for data in (art(nasty), nasty.encode() + art(), art(defs=nasty), art(f'<rect fill="{nasty}"/>')):
        assert (await _tried(bench, "art", data)).startswith("svg-")
    await asyncio.sleep(0.02)
    assert listener.visits == 0


async def test_a_child_is_locked_up(bench: Workshop) -> None:
    assert [entry.name for entry in Path(f"/proc/{bench.pid}/task").iterdir()] == [str(bench.pid)]
    large = png_file(corners(6_000, 4_000))
    work, seen = asyncio.create_task(bench.picture(large)), set[str]()
    while not work.done():
        for child in Path(f"/proc/{bench.pid}/task/{bench.pid}/children").read_text().split():
            try:
                status = Path(f"/proc/{child}/status").read_text()
            except OSError:
                continue
            if "Seccomp:\t2" in status:
                seen.add(status.partition("Threads:\t")[2].split()[0])
        await asyncio.sleep(0.002)
    await work
    assert seen == {"1"}


async def test_every_refusal_is_a_sentence_in_both_languages() -> None:
    known = sentences()
    assert set(known) >= REFUSALS | {f"avatar-{fault}" for fault in ("unreadable", "too-large", "too-slow", "manifest")}
    for code, told in known.items():
        assert told.keys() == {"ar", "en"}, code
        assert all(len(sentence) > 15 and sentence.endswith(".") for sentence in told.values()), code
        assert any("؀" <= letter <= "ۿ" for letter in told["ar"]), code
        assert told["en"].isascii(), code
