"""Links to media: good for a while, whole or in part, and only as we made them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.links import Links
from tenants.models import now
from tenants.signing import Signer
from tests.api.town import ADDRESS, Town
from tests.factories import make_tenant

DATA = bytes(range(256)) * 4


async def linked(town: Town) -> str:
    blob = await town.needs.blobs.put(town.tenant.id, "spoken", DATA)
    return town.local(town.needs.links.media(town.tenant.id, blob, "audio/mpeg"))


async def test_a_whole_file(small_town: Town) -> None:
    response = await small_town.http.get(await linked(small_town))
    assert (response.status_code, response.content) == (200, DATA)
    headers = response.headers
    assert headers["content-type"] == "audio/mpeg"
    assert headers["accept-ranges"] == "bytes"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-disposition"] == "inline"
    assert headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("asked", "status", "part", "range_"),
    [
        ("bytes=0-9", 206, DATA[:10], "bytes 0-9/1024"),
        ("bytes=1000-", 206, DATA[1000:], "bytes 1000-1023/1024"),
        ("bytes=-24", 206, DATA[-24:], "bytes 1000-1023/1024"),
        ("bytes=0-99999", 206, DATA, "bytes 0-1023/1024"),
        ("bytes=-99999", 206, DATA, "bytes 0-1023/1024"),
        ("bytes=1024-", 416, None, "bytes */1024"),
        ("bytes=5000-6000", 416, None, "bytes */1024"),
        ("bytes=-0", 416, None, "bytes */1024"),
        ("bytes=0-1,4-5", 200, DATA, None),
        ("bytes=9-3", 200, DATA, None),
        ("bytes=-", 200, DATA, None),
        ("lines=1-2", 200, DATA, None),
    ],
)
async def test_a_part(small_town: Town, asked: str, status: int, part: bytes | None, range_: str | None) -> None:
    response = await small_town.http.get(await linked(small_town), headers={"Range": asked})
    assert (response.status_code, response.headers.get("content-range")) == (status, range_)
    if part is not None:
        assert response.content == part
        assert int(response.headers["content-length"]) == len(part)


@given(header=st.text(alphabet="bytes=-0123456789,; ", max_size=30))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_range_is_the_whole_a_part_or_none(small_town: Town, header: str) -> None:
    response = await small_town.http.get(await linked(small_town), headers={"Range": header})
    assert response.status_code in {200, 206, 416}
    if response.status_code != 416:
        assert response.content in DATA


async def test_the_head_tells_the_same_without_the_bytes(small_town: Town) -> None:
    url = await linked(small_town)
    head = await small_town.http.head(url, headers={"Range": "bytes=0-9"})
    assert (head.status_code, head.content, head.headers["content-length"]) == (206, b"", "10")


async def test_a_file_that_is_known_is_not_sent_again(small_town: Town) -> None:
    url = await linked(small_town)
    etag = (await small_town.http.get(url)).headers["etag"]
    again = await small_town.http.get(url, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    changed = await small_town.http.get(url, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (changed.status_code, len(changed.content)) == (200, len(DATA))


async def test_a_link_that_is_over(small_town: Town) -> None:
    blob = await small_town.needs.blobs.put(small_town.tenant.id, "spoken", DATA)
    past = Signer(small_town.vault, lambda: now() - timedelta(hours=2))
    url = small_town.local(Links(past, ADDRESS).media(small_town.tenant.id, blob, "audio/mpeg"))
    response = await small_town.http.get(url, headers={"Accept-Language": "ar"})
    assert (response.status_code, response.json()["code"]) == (410, "link-expired")
    assert "انتهت" in response.json()["detail"]


async def test_a_link_that_somebody_changed(small_town: Town) -> None:
    url = await linked(small_town)
    other = await make_tenant(small_town.db)
    theirs = await small_town.needs.blobs.put(other.id, "spoken", DATA)
    for wrong in (url[:-1], url + "x", url.replace(".", "", 1), "/media/x", f"/media/{theirs}"):
        response = await small_town.http.get(wrong)
        assert response.status_code == 404, wrong


async def test_a_link_to_what_was_deleted(small_town: Town) -> None:
    blob = await small_town.needs.blobs.put(small_town.tenant.id, "spoken", DATA)
    url = small_town.local(small_town.needs.links.media(small_town.tenant.id, blob, "audio/mpeg"))
    await small_town.needs.blobs.delete(small_town.tenant.id, blob)
    assert (await small_town.http.get(url)).status_code == 404


async def test_pages_may_ask_for_parts(small_town: Town) -> None:
    headers = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
    response = await small_town.http.options(await linked(small_town), headers=headers)
    assert response.status_code == 204
    assert "Range" in response.headers["access-control-allow-headers"]
