"""A page's WebRTC offer becomes a call, with a real peer."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription

from channels.rtc.leg import RtcLeg
from channels.web.channel import WebChannel
from core_pipeline.contracts.calls import CallState
from core_pipeline.contracts.channel import Admitted
from core_pipeline.contracts.legs import Told
from errors import Impossible, Retryable
from tests.channels.web.paper import Events, PaperBoard


def asking(**body: Any) -> Admitted:
    return Admitted("POST", {}, {}, json.dumps(body).encode())


async def test_an_offer_is_answered_and_its_call_carried(web: WebChannel) -> None:
    page, board, said = RTCPeerConnection(), PaperBoard(), asyncio.Queue[str]()
    page.addTransceiver("audio")
    page.createDataChannel("events").on("message", said.put_nowait)
    await page.setLocalDescription(await page.createOffer())
    offer = asking(sdp=page.localDescription.sdp, visitor="v-1", language="en", avatar=False)
    answer = json.loads((await web.signal("offer", offer, board)).body)
    [ring], [leg] = board.rings, board.legs
    assert isinstance(leg, RtcLeg)
    events = Events(leg)
    await page.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
    await leg.wait_connected()
    while said.empty():
        await leg.told(Told("notice", "hello"))
        await asyncio.sleep(0.02)
    assert json.loads(await said.get())["text"] == "hello"
    assert answer | {"sdp": ""} == {"sdp": "", "session": ring.provider_id, "language": "en"}
    assert ring.sender.identities[0].value == "~v-1"
    assert leg.screen == "text"
    await leg.hang_up()
    await events.over()
    await page.close()


async def test_an_offer_that_is_none_leaves_no_call_behind(web: WebChannel) -> None:
    board = PaperBoard()
    with pytest.raises(Impossible):
        await web.signal("offer", asking(sdp="v=0\r\nnonsense"), board)
    assert [news.state for news in board.told] == [CallState.FAILED]
    assert board.legs == []


async def test_when_nobody_can_talk_an_offer_is_not_even_read(web: WebChannel) -> None:
    board = PaperBoard("message")
    with pytest.raises(Retryable) as refused:
        await web.signal("offer", asking(sdp="v=0"), board)
    assert refused.value.code == "leave-message"
    assert board.told == []
