"""A tenant's archive holds all of theirs, nothing of others, and no secret."""

from __future__ import annotations

import json
from io import BytesIO
from zipfile import ZipFile

from core_pipeline.erasing.archive import packed
from tenants.agents import parsed
from tests.erasing.conftest import Place
from tests.factories import make_account, make_conversation, make_entry, make_message, make_tenant


async def test_all_of_theirs_and_nothing_of_others(place: Place) -> None:
    await place.customer("mine")
    await make_entry(place.floor.db, place.tenant, question="When do you open?")
    other = await make_account(place.floor.db, await make_tenant(place.floor.db), sealed={"token": "SEALED"})
    await make_message(place.floor.db, await make_conversation(place.floor.db, other), text="OTHERS")
    sealed = await make_account(place.floor.db, place.tenant, sealed={"token": "SEALED"})
    lost = await place.blobs.put(place.tenant.id, "heard", b"lost")
    await make_message(place.floor.db, await make_conversation(place.floor.db, sealed), blob=lost)
    await place.blobs.delete(place.tenant.id, lost)
    out = BytesIO()
    counted = await packed(place.floor.db, place.blobs, place.tenant.id, out)
    assert (counted["contact"], counted["message"], counted["files"]) == (2, 2, 2)
    with ZipFile(out) as archive:
        whole = {name: archive.read(name) for name in archive.namelist()}
    assert [entry.question for entry in parsed(whole["agent.yaml"].decode()).entries] == ["When do you open?"]
    messages = [json.loads(line) for line in whole["message.jsonl"].splitlines()]
    assert {one["text"] for one in messages} == {"mine", "مرحبا"}
    assert whole["missing.txt"].decode() == lost
    everything = b"".join(whole.values())
    assert b"OTHERS" not in everything
    assert b"SEALED" not in everything
    [sound, *_] = [name for name in whole if name.startswith("files/heard/")]
    assert whole[sound] == b"mine"
