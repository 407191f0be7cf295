"""What a colleague answers reaches the customer once, as a text, spoken or recorded, or says why it did not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core_pipeline.contracts.messages import ReplyKind, Status
from errors import Impossible, NeedsOwner, Retryable
from tenants.models import AuditEntry, Conversation, Direction, Message, now
from tests.desk.counter import MONA, OMAR, Counter, until


async def test_a_reply_takes_over_and_is_sent_once_with_its_receipts(counter: Counter) -> None:
    plant = counter.plant
    conversation = await counter.asked("كم السعر؟")
    first = await counter.reply(conversation, "أهلا، معك منى")
    again = await counter.reply(conversation, "أهلا، معك منى")
    assert first.id == again.id
    [shown] = await counter.shown(conversation, "sent")
    assert shown.message is not None
    assert (shown.message.author_id, shown.message.text) == ("mona", "أهلا، معك منى")
    assert plant.texts() == ["[كم السعر؟]", "أهلا، معك منى"]
    assert plant.channel.sent[-1].kind is ReplyKind.TEXT
    await plant.receipt(shown.message.provider_id or "", Status.READ, shown.message.key)
    await counter.shown(conversation, "read")
    taken = await counter.conversation()
    assert (taken.mode, taken.agent_id, taken.last_direction) == ("human", "mona", "out")
    assert {one.action for one in await plant.rows(AuditEntry)} == {"inbox.take", "inbox.reply"}


async def test_a_reply_leaves_window_language_and_contact_alone(counter: Counter) -> None:
    conversation = await counter.asked("كم السعر؟")
    await counter.reply(conversation, "An English answer")
    await counter.shown(conversation, "sent")
    after = await counter.conversation()
    same = ("last_in_at", "language", "contact_id", "address", "chat", "unread")
    assert [getattr(after, name) for name in same] == [getattr(conversation, name) for name in same]


async def test_typed_words_are_spoken_by_the_bots_voice(counter: Counter) -> None:
    conversation = await counter.asked("كم السعر؟")
    await counter.reply(conversation, "بمئة جنيه", spoken=True)
    [shown] = await counter.shown(conversation, "sent")
    sent = counter.plant.channel.sent[-1]
    assert (sent.kind, sent.text, (sent.data or b"")[:4]) == (ReplyKind.VOICE, "بمئة جنيه", b"OggS")
    assert shown.message is not None
    assert shown.message.blob
    assert len(shown.message.peaks or []) == 64


async def test_a_recording_is_sent_as_the_channels_voice_note_and_heard(counter: Counter) -> None:
    conversation = await counter.asked("كم السعر؟")
    await counter.reply(conversation, "", sound="عندنا عرض".encode() * 400)
    [shown] = await counter.shown(conversation, "sent")
    sent = counter.plant.channel.sent[-1]
    assert (sent.kind, (sent.data or b"")[:4]) == (ReplyKind.VOICE, b"OggS")
    assert shown.message is not None
    assert (shown.message.text or "").startswith("عندنا عرض")


async def test_a_recording_goes_out_though_nobody_can_hear_it(counter: Counter) -> None:
    conversation = await counter.asked("كم السعر؟")
    counter.plant.engines.fail["asr"] = [Retryable("down") for _ in range(9)]
    await counter.reply(conversation, "", sound=b"sound" * 1000)
    await counter.shown(conversation, "sent")
    assert counter.plant.channel.sent[-1].kind is ReplyKind.VOICE


async def test_a_recording_that_is_none_fails_with_its_cause_and_no_apology(counter: Counter) -> None:
    plant = counter.plant
    conversation = await counter.asked("كم السعر؟")
    broken = plant.deps.sandbox.decode

    async def unreadable(*_: object, **__: object) -> object:
        raise Impossible("media-unreadable")

    plant.deps.sandbox.decode = unreadable  # type: ignore[assignment,method-assign]  # a sandbox that refuses
    await counter.reply(conversation, "", sound=b"noise")
    [failed] = await counter.shown(conversation, "failed")
    assert "media-unreadable" in failed.cause
    assert plant.texts() == ["[كم السعر؟]"]
    plant.deps.sandbox.decode = broken  # type: ignore[method-assign]  # and works again
    assert failed.order is not None
    assert failed.order.id is not None
    await counter.desk.again(counter.tenant_id, MONA, failed.order.id)
    await counter.shown(conversation, "sent")


async def test_what_the_network_refused_can_be_tried_again_once(counter: Counter) -> None:
    plant = counter.plant
    conversation = await counter.asked("كم السعر؟")
    plant.channel.trouble = lambda _: NeedsOwner("token-revoked")
    await counter.reply(conversation, "سنتصل بك")
    [failed] = await counter.shown(conversation, "failed")
    assert "token-revoked" in failed.cause
    plant.channel.trouble = lambda _: None
    assert failed.order is not None
    assert failed.order.id is not None
    await counter.desk.again(counter.tenant_id, MONA, failed.order.id)
    shown = await until(lambda: _arrived(counter, conversation))
    assert shown == "سنتصل بك"
    with pytest.raises(Impossible, match="reply-alive"):
        await counter.desk.again(counter.tenant_id, MONA, (await newest_order(counter)).id or 0)
    assert plant.texts().count("سنتصل بك") == 1


async def _arrived(counter: Counter, conversation: Conversation) -> str | None:
    entries = await counter.entries(conversation)
    sent = [one.message.text for one in entries if one.state == "sent" and one.message]
    return sent[0] if sent else None


async def newest_order(counter: Counter) -> Message:
    orders = [one for one in await counter.plant.rows(Message, direction=Direction.IN) if one.author_id]
    newest = orders[-1]
    assert isinstance(newest, Message)
    return newest


async def test_two_replies_at_once_are_not_both_sent(counter: Counter) -> None:
    plant = counter.plant
    conversation = await counter.asked("كم السعر؟")
    saw = max(one.id for one in await plant.rows(Message))
    await counter.reply(conversation, "الأول", MONA, saw=saw)
    await counter.reply(conversation, "الثاني", OMAR, saw=saw, over=True)
    entries = await counter.shown(conversation, "sent", "crossed")
    assert plant.texts() == ["[كم السعر؟]", "الأول"]
    [crossed] = [one.order for one in entries if one.state == "crossed"]
    assert crossed is not None
    assert crossed.id is not None
    await counter.desk.again(counter.tenant_id, OMAR, crossed.id)
    await counter.desk.again(counter.tenant_id, OMAR, crossed.id)
    await counter.shown(conversation, "sent", "sent")
    assert plant.texts() == ["[كم السعر؟]", "الأول", "الثاني"]


async def test_a_crossed_reply_can_be_dropped(small_counter: Counter) -> None:
    counter = small_counter
    conversation = await counter.asked("كم السعر؟")
    saw = max(one.id for one in await counter.plant.rows(Message))
    await counter.reply(conversation, "الأول", MONA, saw=saw)
    order = await counter.reply(conversation, "الثاني", OMAR, saw=saw, over=True)
    await counter.desk.drop(counter.tenant_id, OMAR, order.id or 0)
    await counter.shown(conversation, "sent")
    with pytest.raises(Impossible):
        await counter.desk.drop(counter.tenant_id, MONA, (await counter.plant.rows(Message, author_id="mona"))[0].id)


async def test_a_closed_window_lets_nobody_write(small_counter: Counter) -> None:
    counter = small_counter
    channel = counter.plant.channel
    channel.limits = replace(channel.limits, window=3600.0)
    conversation = await counter.asked("كم السعر؟")
    await counter.reply(conversation, "بمئة")
    await counter.shown(conversation, "sent")
    async with counter.plant.floor.db.platform() as session:
        (await session.get_one(Conversation, conversation.id)).last_in_at = now() - timedelta(hours=2)
    with pytest.raises(Impossible, match="window-closed"):
        await counter.reply(conversation, "ما زلت هنا؟")


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        ({"text": "  "}, "reply-empty"),
        ({"text": "a" * 4001}, "reply-long"),
        ({"text": "a", "nonce": "short"}, "reply-name"),
        ({"sound": b""}, "media-too-large"),
    ],
)
async def test_what_cannot_be_said_is_refused(small_counter: Counter, draft: dict[str, Any], code: str) -> None:
    conversation = await small_counter.asked("كم السعر؟")
    given = {"text": "", **draft}
    with pytest.raises(Impossible, match=code):
        await small_counter.reply(conversation, str(given.pop("text")), **given)
