"""Other people's films come back as ours: upright, filling the shape, in time; broken ones are refused by name."""

import asyncio
import contextlib
import time
from pathlib import Path

import av
import numpy as np
import pytest

from core_pipeline.contracts.faces import Clip, Shape
from core_pipeline.media import refilm
from core_pipeline.media.film.facts import facts
from core_pipeline.media.film.stitch import stitch
from core_pipeline.media.sandbox import Sandbox, _clip
from core_pipeline.media.wire import Refused
from errors import Impossible, Retryable
from tests.film.files import SMALL, clip, foreign, lively, mutant, pixels, seen, sideways, with_sound
from tests.media.test_hostile import TEXTS

pytestmark = pytest.mark.asyncio(loop_scope="module")

RED, BLUE, GREEN = (200, 0, 0), (0, 0, 200), (0, 200, 0)


def _near(picture: np.ndarray, x: float, y: float) -> tuple[int, ...]:
    """Return the mean colour around a place given in parts of the picture."""
    row, column = int(y * picture.shape[0]), int(x * picture.shape[1])
    return tuple(picture[row - 3 : row + 4, column - 3 : column + 4].reshape(-1, 3).mean(axis=0).round().astype(int))


@pytest.mark.parametrize(
    ("codec", "container", "pix_fmt"),
    [
        ("libx264", "mp4", "yuv420p"),
        ("libx264", "matroska", "yuv444p"),
        ("libx265", "mp4", "yuv420p10le"),
        ("libvpx", "webm", "yuv420p"),
        ("libvpx-vp9", "webm", "yuv420p"),
    ],
)
async def test_films_of_others_become_ours(sandbox: Sandbox, codec: str, container: str, pix_fmt: str) -> None:
    made = await sandbox.film(foreign(codec, container, pix_fmt=pix_fmt), SMALL)
    found = facts(made.data)
    assert found.phones
    assert (found.profile, found.width, found.height, found.frames, found.audio) == ("Main", 128, 128, 10, None)
    picture = pixels(made.data, 5)
    assert _near(picture, 0.2, 0.6) == pytest.approx(RED, abs=25)
    assert _near(picture, 0.8, 0.6) == pytest.approx(BLUE, abs=25)
    assert _near(picture, 0.5, 0.06) == pytest.approx(GREEN, abs=25)


async def test_they_can_be_joined_with_our_own(sandbox: Sandbox) -> None:
    theirs, ours = await sandbox.film(foreign(), SMALL, most_bits=400_000), lively(5)
    film = await stitch([ours, theirs, ours], with_sound(0.8, 440))
    assert facts(film).frames == 20
    assert ours.data[-400:] in film  # still untouched


@pytest.mark.parametrize("shape", [Shape(64, 192), Shape(192, 64)], ids=str)
async def test_what_does_not_fit_is_cut_off_on_both_sides(sandbox: Sandbox, shape: Shape) -> None:
    picture = pixels((await sandbox.film(foreign(size=(160, 120)), shape)).data)
    assert _near(picture, 0.25, 0.5) == pytest.approx(RED, abs=25)
    assert _near(picture, 0.75, 0.5) == pytest.approx(BLUE, abs=25)
    stripe = _near(picture, 0.5, 0.05) == pytest.approx(GREEN, abs=40)
    assert stripe == (shape.height > shape.width)


async def test_a_film_on_its_side_is_put_upright(sandbox: Sandbox) -> None:
    picture = pixels((await sandbox.film(sideways(foreign(size=(160, 120))), Shape(120, 160))).data)
    assert picture.shape == (160, 120, 3)
    # Turned clockwise, what was left is on top and what was on top is at the right.
    assert _near(picture, 0.3, 0.2) == pytest.approx(RED, abs=25)
    assert _near(picture, 0.3, 0.8) == pytest.approx(BLUE, abs=25)
    assert _near(picture, 0.94, 0.5) == pytest.approx(GREEN, abs=40)


async def test_pictures_stand_where_their_times_say(sandbox: Sandbox) -> None:
    thirty = await sandbox.film(foreign(times=[number / 30 for number in range(60)]), SMALL)
    assert thirty.frames == pytest.approx(50, abs=1)
    uneven = await sandbox.film(foreign(times=[0.0, 0.04, 0.5, 0.54, 1.0]), SMALL)
    assert uneven.frames == 26


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "film-unreadable"),
        (b"\0" * 5_000, "film-unreadable"),
        (foreign("mpeg4"), "film-unreadable"),
        (foreign("libx264", "avi"), "film-unreadable"),
        (foreign(size=(16, 16)), "film-unreadable"),
        (foreign(size=(4_200, 64), times=[0.0]), "film-too-large"),
        (foreign(times=[0.0, 0.04, 11.0]), "film-too-long"),
        (foreign(times=[0.0, 0.04, 9_000.0]), "film-too-long"),
        (foreign(times=[number / 400 for number in range(1_300)], size=(32, 32)), "film-too-long"),
    ],
    ids=["empty", "zeros", "codec", "container", "tiny", "pixels", "long", "gap", "pictures"],
)
async def test_what_is_too_much_or_no_film_is_refused_by_name(sandbox: Sandbox, data: bytes, code: str) -> None:
    with pytest.raises(Impossible) as refusal:
        await sandbox.film(data, SMALL, max_seconds=10.0)
    assert refusal.value.code == code


async def test_bytes_are_capped_and_shapes_checked_before_anything_is_read() -> None:
    idle = Sandbox()
    with pytest.raises(Impossible, match="film-too-large"):
        await idle.film(bytes((64 << 20) + 1), SMALL)
    with pytest.raises(Impossible, match="film-shape"):
        await idle.film(foreign(), Shape(127, 128))
    assert idle._films.pid is None
    await idle.close()
    with pytest.raises(Retryable, match="sandbox-down"):
        await idle.film(foreign(), SMALL)


@pytest.mark.parametrize("name", TEXTS)
async def test_texts_that_name_an_address_are_no_films(sandbox: Sandbox, name: str) -> None:
    text = TEXTS[name].format(port=9).encode()
    with pytest.raises(Impossible, match="film-unreadable"):
        await sandbox.film(text, SMALL)
    wanted = refilm.Wanted(64, 64, 25, 100_000, 1.0)
    with pytest.raises((Refused, av.error.FFmpegError)):
        refilm.refilm(text, wanted)  # the lists alone hold as well


async def test_a_child_that_films_is_locked_up(sandbox: Sandbox) -> None:
    film = lively(250, Shape(256, 256), 4_000_000).data
    task = asyncio.create_task(sandbox.film(film, Shape(512, 512)))
    limits, status = await _locked_child(sandbox)
    await task
    for what, value in {
        "Max open files": 3, "Max file size": 0, "Max processes": 0, "Max cpu time": 120, "Max address space": 1 << 30,
    }.items():  # fmt: skip
        assert limits[what] == str(value), what
    assert status["Threads"] == "1"
    home = Path(f"/proc/{sandbox._films.pid}/task")
    assert len(list(home.iterdir())) == 1


@pytest.mark.timeout(100)
async def test_three_hundred_broken_films(sandbox: Sandbox) -> None:
    await sandbox.film(foreign(), SMALL)
    zygote, slowest = sandbox._films.pid, 0.0
    outcomes: list[str] = []
    for seed in range(300):
        start = time.monotonic()
        try:
            made = await sandbox.film(mutant(seed), Shape(64, 64), max_seconds=20.0)
        except Impossible as refusal:
            outcomes.append(refusal.code)
        else:
            outcomes.append("filmed")
            assert isinstance(made, Clip)
            assert facts(made.data).phones
        slowest = max(slowest, time.monotonic() - start)
    assert set(outcomes) <= {"filmed", "film-unreadable", "film-too-long", "film-too-large", "film-too-slow"}
    assert outcomes.count("filmed") > 50
    assert outcomes.count("film-unreadable") > 50
    assert slowest < 20
    assert sandbox._films.pid == zygote
    assert (await sandbox.film(foreign(), SMALL)).frames == 10


async def test_films_of_two_customers_never_mix(sandbox: Sandbox) -> None:
    colours = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (200, 200, 40)]
    made = await asyncio.gather(*(sandbox.film(clip([colour] * 12).data, SMALL) for colour in colours))
    for colour, film in zip(colours, made, strict=True):
        assert all(found == pytest.approx(colour, abs=8) for _, found in seen(film.data))


@pytest.mark.parametrize(
    "answer",
    [b"", b"\0", b"\0\0\0\5no film", b"\0\0\0\5" + lively(4).data, b"\0\0\0\5" + clip([RED] * 5, Shape(64, 64)).data],
)
async def test_a_child_that_answers_nonsense_is_not_believed(answer: bytes) -> None:
    with pytest.raises(Impossible, match="nonsense"):
        _clip(answer, SMALL, lambda: None)


async def _locked_child(sandbox: Sandbox) -> tuple[dict[str, str], dict[str, str]]:
    """Return limits and status of the zygote's child once it is locked up."""
    for _ in range(1_000):
        await asyncio.sleep(0.005)
        zygote = sandbox._films.pid
        with contextlib.suppress(OSError):
            for child in Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split():
                lines = Path(f"/proc/{child}/limits").read_text().splitlines()
                limits = {line[:26].strip(): line[26:].split()[0] for line in lines[1:]}
                pairs = (line.split(":", 1) for line in Path(f"/proc/{child}/status").read_text().splitlines())
                status = {key: value.strip() for key, value in pairs}
                if limits["Max open files"] == "3" and status["Seccomp"] != "0":
                    return limits, status
    raise AssertionError("no child seen")
