"""Somebody who only writes: answered aloud, but never spoken to while they think."""

from __future__ import annotations

from core_pipeline.calls.equipment import Equipment
from core_pipeline.contracts.legs import Key, Typed
from tests.calls.loop.scene import Opened
from tests.calls.loop.virtual import run


def test_who_writes_is_never_asked_whether_they_are_there(equipment: Equipment) -> None:
    async def doing() -> None:
        async with Opened(equipment, silence=5.0) as scene:
            scene.leg.send(Typed("سؤال"))
            await scene.until(scene.running.done, 60.0)
            ended = scene.leg.now
        assert [text for _, text, _ in scene.host.lines] == ["جواب سؤال"]
        assert scene.running.result().reason == "silence"
        assert 15 < ended < 20

    run(doing())


def test_who_wrote_and_then_presses_a_key_is_asked_again(equipment: Equipment) -> None:
    async def doing() -> None:
        async with Opened(equipment, silence=5.0, keys=frozenset({"1"})) as scene:
            scene.leg.send(Typed("سؤال"))
            await scene.until(lambda: scene.host.minutes)
            scene.leg.send(Key("1"))
            await scene.until(lambda: len(scene.host.lines) == 3)
        assert [text for _, text, _ in scene.host.lines][1:] == ["مفتاح 1", "هل ما زلت معي؟"]

    run(doing())
