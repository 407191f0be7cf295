"""What workers around blocking libraries are made with."""

from __future__ import annotations

import asyncio
import threading
import wave
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.contracts.engines import Clone, Pcm, Saying
from core_pipeline.engines.worker.blocking import Voices, pcm_of, stepped, write_wav
from core_pipeline.engines.worker.named import Named, example_for
from core_pipeline.engines.worker.texts import cut
from errors import NeedsOwner


@given(st.text(st.sampled_from("اب cd.،,؟!\n ")), st.integers(5, 40))
def test_pieces_fit_and_lose_nothing_but_space(text: str, longest: int) -> None:
    pieces = cut(text, longest)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(piece == piece.strip() != "" for piece in pieces)
    assert all(len(piece) <= longest or len(piece.split()) == 1 for piece in pieces)


def test_texts_are_cut_where_one_breathes() -> None:
    assert cut("أهلا بكم. نفتح العاشرة، ونغلق الخامسة؟ نعم", 30) == ["أهلا بكم.", "نفتح العاشرة، ونغلق الخامسة؟", "نعم"]
    assert cut("نفتح العاشرة، ونغلق الخامسة", 20) == ["نفتح العاشرة،", "ونغلق الخامسة"]
    assert cut("one two three four", 9) == ["one two", "three", "four"]


async def test_a_blocking_generator_runs_in_its_thread_and_is_closed_there() -> None:
    threads: list[int] = []

    def blocking() -> Generator[int, None, None]:
        try:
            for number in range(1000):
                threads.append(threading.get_ident())
                yield number
        finally:
            threads.append(-threading.get_ident())

    with ThreadPoolExecutor(1) as thread:
        async with aclosing(stepped(thread, blocking())) as parts:
            assert [await anext(parts), await anext(parts)] == [0, 1]
    assert len(set(threads)) == 2
    assert threads[-1] == -threads[0] != -threading.get_ident()


async def test_a_step_under_way_ends_before_the_generator_is_closed() -> None:
    begun, go, closed = threading.Event(), threading.Event(), threading.Event()

    def blocking() -> Generator[int, None, None]:
        try:
            begun.set()
            go.wait(5)
            yield 1
        finally:
            closed.set()

    async def read() -> None:
        async with aclosing(stepped(thread, blocking())) as parts:
            await anext(parts)

    with ThreadPoolExecutor(1) as thread:
        reading = asyncio.create_task(read())
        await asyncio.to_thread(begun.wait, 5)
        reading.cancel()
        await asyncio.sleep(0)
        assert not closed.is_set()
        go.set()
        await asyncio.wait([reading])
        assert closed.is_set()


def test_floats_become_pcm() -> None:
    pcm = pcm_of(np.array([[0.0, 1.0, -1.0, 7.0]]), 8000)
    assert np.frombuffer(pcm.data, "<i2").tolist() == [0, 32767, -32767, 32767]


def test_voices_are_learnt_once_and_forgotten_with_their_samples(tmp_path: Path) -> None:
    learnt: list[tuple[Path, int, str]] = []

    def learn(path: Path, text: str) -> str:
        with wave.open(str(path)) as file:
            learnt.append((path, file.getnframes(), text))
        return f"{text}!"

    def clone(name: str, size: int = 10) -> Clone:
        return Clone(name, Pcm(bytes(2 * size), 8000), name)

    voices = Voices(learn, most=2)
    assert [voices.of(clone("a")), voices.of(clone("a")), voices.of(clone("b"))] == ["a!", "a!", "b!"]
    assert [(frames, text) for _, frames, text in learnt] == [(10, "a"), (10, "b")]
    assert learnt[0][0].exists()
    assert learnt[0][0].parent.stat().st_mode & 0o777 == 0o700
    voices.of(clone("c"))
    assert not learnt[0][0].exists()
    voices.forget("b")
    assert not learnt[1][0].exists()
    voices.of(clone("b", 5))
    assert len(learnt) == 4
    voices.close()
    assert not learnt[3][0].parent.exists()


def test_whose_voice_is_meant(tmp_path: Path) -> None:
    write_wav(Pcm(b"\1\0" * 10, 8000), tmp_path / "s.wav")
    reception = Named(sample=tmp_path / "s.wav", text="نعم").clone("reception")
    assert (reception.sample, reception.text) == (Pcm(b"\1\0" * 10, 8000), "نعم")
    sent = Clone("sent", Pcm(b"", 8000), "")
    named = {"reception": reception}
    assert example_for(Saying("x", "ar", clone=sent, voice="reception"), named, "") is sent
    assert example_for(Saying("x", "ar", voice="reception"), named, "") is reception
    assert example_for(Saying("x", "ar"), named, "reception") is reception
    assert example_for(Saying("x", "ar"), named, "") is None
    with pytest.raises(NeedsOwner, match="there are: reception"):
        example_for(Saying("x", "ar", voice="nobody"), named, "")
    for content in (None, b"no wav", b"RIFF"):
        if content is not None:
            (tmp_path / "t.wav").write_bytes(content)
        with pytest.raises(NeedsOwner, match="voice-sample"):
            Named(sample=tmp_path / "t.wav").clone("t")
