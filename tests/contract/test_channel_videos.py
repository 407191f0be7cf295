"""Every channel that carries videos keeps the same promises for every form in which it shows them."""

from __future__ import annotations

import contextlib

import pytest

from channels import discover
from core_pipeline.contracts.channel import ChannelSpec, VideoFormat
from core_pipeline.contracts.messages import ReplyKind
from errors import Impossible
from tests.channels.bench import Stage, film, first_message, reply_to, shown

SPECS = {name: spec for name, spec in discover().items() if spec.emulator}
FORMS = [(spec, form) for spec in SPECS.values() for form in spec.limits.videos]
each_form = pytest.mark.parametrize(("spec", "form"), FORMS, ids=[f"{spec.name}-{form.view}" for spec, form in FORMS])


@each_form
async def test_a_video_arrives_in_every_form_that_the_network_shows(
    stage: Stage, spec: ChannelSpec, form: VideoFormat
) -> None:
    content = shown(form)
    message_id = await stage.channel.send(reply_to(await first_message(stage), ReplyKind.VIDEO, **content))
    [delivery] = await stage.emulator.wait_delivery(1)
    assert (delivery.kind, delivery.message_id, delivery.mime) == ("video", message_id, "video/mp4")
    assert (delivery.data, delivery.text, delivery.faults) == (content["data"], None, ())
    assert delivery.seconds == pytest.approx(0.4)


@each_form
async def test_a_film_that_no_phone_would_play_is_found_out(stage: Stage, spec: ChannelSpec, form: VideoFormat) -> None:
    wrong = film(form.width, form.height, bf="2", preset="medium", flags="")
    reply = reply_to(await first_message(stage), ReplyKind.VIDEO, **shown(form, data=wrong))
    with contextlib.suppress(Impossible):
        await stage.channel.send(reply)
    [delivery] = stage.emulator.deliveries
    assert {"6 B-frames", "the table of contents comes last: nothing shows until all has arrived"} <= set(
        delivery.faults
    )


@each_form
async def test_a_film_of_no_or_too_many_bytes_is_never_tried(
    stage: Stage, spec: ChannelSpec, form: VideoFormat
) -> None:
    inbound = await first_message(stage)
    for data in (b"", bytes(form.most + 1)):
        with pytest.raises(Impossible) as refused:
            await stage.channel.send(reply_to(inbound, ReplyKind.VIDEO, **shown(form, data=data)))
        assert refused.value.code == "video-size"
    assert stage.emulator.calls == []
