"""A sound that comes late does not claim to be on time."""

from __future__ import annotations

import time

from channels.rtc.outgoing import Outgoing


async def test_a_stall_counts_on_the_clock_of_the_packets() -> None:
    track = Outgoing(lambda: None, lambda _: None)
    first, began = await track.recv(), time.monotonic()
    time.sleep(0.3)  # noqa: ASYNC251 - the stall
    late, after = await track.recv(), time.monotonic() - began
    assert late.pts is not None
    assert first.pts is not None
    assert abs((late.pts - first.pts) / 48_000 - after) < 0.1
    following = await track.recv()
    assert following.pts == late.pts + 960
    track.stop()
