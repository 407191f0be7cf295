"""Blobs stay with their tenant, whole or not at all."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import Impossible, Retryable
from tenants.blobs import Blobs, _checked


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(f"file://{tmp_path}/my%20blobs")


def files(folder: Path) -> dict[str, bytes]:
    """Every file below, by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_bytes_come_back_as_they_were(blobs: Blobs, tmp_path: Path) -> None:
    key = await blobs.put("t1", "voice", b"\0opus", ".ogg")
    tenant, kind, name = key.split("/")
    assert (tenant, kind, name[-4:]) == ("t1", "voice", ".ogg")
    assert await blobs.get("t1", key) == b"\0opus"
    assert (tmp_path / "my blobs" / key).read_bytes() == b"\0opus"
    empty = await blobs.put("t1", "voice", b"")
    assert await blobs.get("t1", empty) == b""


async def test_every_put_has_its_own_key_and_leaves_no_other_file(blobs: Blobs, tmp_path: Path) -> None:
    keys = await asyncio.gather(*(blobs.put("t1", "voice", bytes([n])) for n in range(20)))
    assert len(set(keys)) == 20
    assert files(tmp_path / "my blobs") == {key: bytes([n]) for n, key in enumerate(keys)}


async def test_a_missing_blob_is_impossible_and_deleting_twice_is_not(blobs: Blobs) -> None:
    key = await blobs.put("t1", "voice", b"x")
    await blobs.delete("t1", key)
    await blobs.delete("t1", key)
    with pytest.raises(Impossible, match="blob-missing"):
        await blobs.get("t1", key)


async def test_keys_of_another_tenant_are_refused(blobs: Blobs) -> None:
    key = await blobs.put("t1", "voice", b"x")
    for act in (blobs.get, blobs.delete):
        with pytest.raises(Impossible, match="blob-key"):
            await act("t2", key)
    assert await blobs.get("t1", key) == b"x"


async def test_erasing_takes_one_tenants_bytes_only(blobs: Blobs, tmp_path: Path) -> None:
    gone = [await blobs.put("t1", kind, b"secret") for kind in ("voice", "document", "voice")]
    kept = await blobs.put("t11", "voice", b"kept")
    assert await blobs.erase("t1") == len(gone)
    assert await blobs.erase("t1") == 0
    assert await blobs.get("t11", kept) == b"kept"
    assert files(tmp_path / "my blobs") == {kept: b"kept"}
    for wild in ("", "..", "t1/voice", "."):
        with pytest.raises(Impossible):
            await blobs.erase(wild)


@pytest.mark.parametrize("suffix", ["/../x", "x/y", ".a/b", ".toolongsuffix", "\0", ".\n"])
async def test_wild_suffixes_are_refused(blobs: Blobs, suffix: str) -> None:
    with pytest.raises(Impossible, match="blob-key"):
        await blobs.put("t1", "voice", b"x", suffix)


@given(st.text(), st.text(), st.text())
def test_only_plain_keys_of_the_tenant_pass(tenant: str, kind: str, name: str) -> None:
    key = f"{tenant}/{kind}/{name}"
    passed = ""
    with suppress(Impossible):
        passed = _checked(tenant, key)
    assert passed in {"", key}
    if passed:
        assert not {".", "..", ""} & set(key.split("/"))
        assert key.isascii()
        assert key.isprintable()


@pytest.mark.parametrize(
    "key", ["t1/../t2", "t1/voice/..", "t1/voice/a/b", "t1//a", "/t1/voice/a", "t1/voice/a.", "t1"]
)
def test_known_tricks_do_not_pass(key: str) -> None:
    with pytest.raises(Impossible, match="blob-key"):
        _checked("t1", key)


async def test_a_full_or_forbidden_disk_is_worth_another_try(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "t1").write_text("a file where a folder should be")
    with pytest.raises(Retryable, match="blobs-down"):
        await Blobs(f"file://{tmp_path}/blobs").put("t1", "voice", b"x")


async def test_a_bucket_that_does_not_answer_is_worth_another_try() -> None:
    options = {
        "endpoint": "http://127.0.0.1:9",
        "region": "us-east-1",
        "access_key_id": "id",
        "secret_access_key": "key",
        "client_options": {"allow_http": True, "timeout": "2s"},
        "retry_config": {"max_retries": 0},
    }
    with pytest.raises(Retryable, match="blobs-down"):
        await Blobs("s3://bucket/prefix", options).put("t1", "voice", b"x")
