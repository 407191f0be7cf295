"""A website's account: who may begin, what is refused and how, and what can be sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from pydantic import SecretStr

from channels.web.channel import WebChannel
from channels.web.config import LIMITS, WebConfig, WebPlatform
from channels.web.ice import for_browsers, ice_servers
from core_pipeline.contracts.channel import Admitted, WebhookRequest
from core_pipeline.contracts.messages import Identity, MediaRef, Reply, ReplyKind
from errors import Forged, Impossible, NeedsOwner
from tests.channels.bench import client
from tests.channels.web.paper import SPEC, PaperBoard, PaperSocket, channel, talking

ADDRESS = {"visitor": "v-1"}


async def refused(web: WebChannel, *messages: Any, board: PaperBoard | None = None) -> PaperSocket:
    """The socket of somebody who is not served."""
    socket = PaperSocket()
    socket.send_in(*messages)
    with pytest.raises(Forged):
        await web.connect(socket, board or PaperBoard())
    return socket


async def test_a_visitor_rings_with_who_they_are(web: WebChannel) -> None:
    async with talking(web, visitor="v-1", name="منى", language="en", voice="calm") as talk:
        [ring] = talk.board.rings
        assert ring.sender.identities == (Identity(kind="visitor", value="~v-1"),)
        assert (ring.account, ring.chat, ring.wants, ring.sender.name) == ("site.example", "~v-1", "en", "منى")
        assert ring.address == {"visitor": "~v-1", "voice": "calm"}
        assert ring.provider_id == talk.started["session"]
        assert talk.started["resumed"] is False
        assert talk.started["language"] == "en"
        assert talk.leg.ticket.call_id == "call-1"


@pytest.mark.parametrize(("more", "name"), [({"visitor": "proven"}, "proven"), ({"unproven": ""}, "claimed")])
async def test_who_is_vouched_for_needs_no_mark(web: WebChannel, more: dict[str, str], name: str) -> None:
    socket, board = PaperSocket(Admitted("GET", {}, {}, b"", **more)), PaperBoard()
    socket.send_in({"type": "start", "visitor": "claimed"})
    _, leg = await web.connect(socket, board)
    assert board.rings[0].sender.identities[0].value == name
    await leg.hang_up()


async def test_a_nameless_visitor_is_a_new_person_each_time(web: WebChannel) -> None:
    async with talking(web) as one, talking(web) as other:
        assert one.board.rings[0].chat != other.board.rings[0].chat


async def test_nobody_comes_in_past_the_door(web: WebChannel) -> None:
    stranger = PaperSocket(WebhookRequest("GET", {}, {}, b""))
    with pytest.raises(Forged):
        await web.connect(stranger, PaperBoard())
    with pytest.raises(Forged):
        await web.signal("ice", stranger.request, PaperBoard())
    assert not stranger.accepted


async def test_a_page_from_elsewhere_is_refused_before_it_is_accepted() -> None:
    async with client() as http:
        web = channel(http, origins="https://shop.example, https://www.shop.example")
        stranger = PaperSocket(Admitted("GET", {"origin": "https://other.example"}, {}, b""))
        with pytest.raises(Forged):
            await web.connect(stranger, PaperBoard())
        assert not stranger.accepted
        own = PaperSocket(Admitted("GET", {"origin": "https://shop.example"}, {}, b""))
        own.send_in({"type": "start"})
        _, leg = await web.connect(own, PaperBoard())
        await leg.hang_up()


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (b"\x00\x00", "start-missing"),
        ({"type": "text", "text": "hello"}, "start-missing"),
        ("nonsense", "message-unknown"),
        ({"type": "start", "sample_rate": 1}, "value-unknown"),
        ({"type": "start", "session": "none", "resume": "none"}, "session-unknown"),
    ],
)
async def test_a_wrong_beginning_is_answered_and_closed(web: WebChannel, first: Any, code: str) -> None:
    socket = await refused(web, first)
    assert [one["code"] for one in socket.of("error")] == [code]
    assert socket.closed == 1008


async def test_who_says_nothing_is_not_waited_for(web: WebChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.web.channel.START_SECONDS", 0.05)
    socket = await refused(web)
    assert socket.of("error")[0]["code"] == "start-late"


@pytest.mark.parametrize(("kind", "code"), [("message", "leave-message"), ("refuse", "busy")])
async def test_a_call_that_is_not_taken_is_told_why(web: WebChannel, kind: Any, code: str) -> None:
    socket = await refused(web, {"type": "start"}, board=PaperBoard(kind))
    assert [(one["code"], one["text"]) for one in socket.of("error")] == [(code, "كل الخطوط مشغولة")]
    assert socket.closed == 1013


async def test_a_session_belongs_to_who_has_its_secret(web: WebChannel) -> None:
    async with talking(web) as talk:
        wrong = {"type": "start", "session": talk.started["session"], "resume": "x" * 32}
        socket = await refused(web, wrong)
        assert socket.of("error")[0]["code"] == "session-secret"
        assert talk.socket.closed is None
        resume = {**wrong, "resume": talk.started["resume"]}
    over = await refused(web, resume)
    assert over.of("error")[0]["code"] == "session-unknown"


async def test_there_are_only_so_many_conversations() -> None:
    async with client() as http:
        web = channel(http, most=1)
        async with talking(web):
            socket = await refused(web, {"type": "start"})
            assert socket.of("error")[0]["code"] == "sessions-full"
        async with talking(web) as next_one:
            assert next_one.started["session"]


async def test_what_a_page_can_show_is_kept_for_it_and_nothing_else(web: WebChannel) -> None:
    fine = [
        Reply(kind=ReplyKind.TEXT, key="k", address=ADDRESS, text="أهلا"),
        Reply(kind=ReplyKind.VOICE, key="k", address=ADDRESS, data=b"mp3"),
        Reply(kind=ReplyKind.VIDEO, key="k", address=ADDRESS, data=b"mp4", text="أهلا"),
    ]
    ids = [await web.send(reply) for reply in fine]
    assert len(set(ids)) == 3
    wrong = [
        fine[0].model_copy(update={"text": " "}),
        fine[0].model_copy(update={"text": "أ" * (LIMITS.text_chars + 1)}),
        fine[0].model_copy(update={"address": {}}),
        fine[1].model_copy(update={"data": b""}),
        fine[2].model_copy(update={"data": None}),
    ]
    for reply in wrong:
        with pytest.raises(Impossible):
            await web.send(reply)


async def test_there_is_no_vendor(web: WebChannel) -> None:
    request = WebhookRequest("POST", {}, {}, b"{}")
    with pytest.raises(Forged):
        web.verify(request)
    assert web.read(request) == []
    with pytest.raises(Impossible):
        web.fetch(MediaRef(id="1"))
    with pytest.raises(Impossible):
        web.listen()


async def test_servers_for_webrtc_come_with_credentials_that_do_not_last() -> None:
    platform = WebPlatform(
        ice_servers=SecretStr('[{"urls": ["stun:stun.example:3478"]}]'),
        turn_urls="turn:turn.example:3478,turns:turn.example:5349",
        turn_secret=SecretStr("north"),
        turn_seconds=600,
    )
    stun, turn = for_browsers(ice_servers(platform, "v", now=1_700_000_000))
    password = base64.b64encode(hmac.new(b"north", b"1700000600:v", hashlib.sha1).digest()).decode()
    assert stun == {"urls": ("stun:stun.example:3478",)}
    assert turn == {
        "urls": ("turn:turn.example:3478", "turns:turn.example:5349"),
        "username": "1700000600:v",
        "credential": password,
    }
    assert ice_servers(WebPlatform(), "v") == ()
    with pytest.raises(NeedsOwner):
        ice_servers(WebPlatform(ice_servers=SecretStr("http://x")), "v")


async def test_a_page_may_ask_for_those_servers() -> None:
    async with client() as http:
        web = channel(http, platform={"ice_servers": "stun:stun.example"})
        answer = await web.signal("ice", Admitted("GET", {}, {}, b""), PaperBoard())
        assert json.loads(answer.body) == {"ice_servers": [{"urls": ["stun:stun.example"]}]}
        for event, body in (("offer", b"{}"), ("offer", b'{"sdp": "v=0"}'), ("other", b"")):
            with pytest.raises(Impossible):
                await web.signal(event, Admitted("POST", {}, {}, body), PaperBoard())


def test_a_site_needs_a_name_to_be_connected_by_hand() -> None:
    assert SPEC.identify(WebConfig(site="shop.example"), {}) == "shop.example"
    with pytest.raises(NeedsOwner):
        SPEC.identify(WebConfig(), {})
