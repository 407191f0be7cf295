"""Avatars of a tenant's own come in checked, are the tenant's alone, and go with all that was made of them."""

from __future__ import annotations

import asyncio
import io
import zipfile
from datetime import timedelta

import pytest

from avatars.catalogue import find
from avatars.sheet import read
from core_pipeline.portraits.craft import pixels_of
from core_pipeline.portraits.packing import packed
from core_pipeline.portraits.preview import fingerprint
from core_pipeline.portraits.revoking import tidy
from core_pipeline.portraits.use import face_of
from core_pipeline.portraits.workshop import Workshop
from errors import Impossible, NeedsOwner, Retryable
from tenants import avatars, films
from tenants.models import AvatarState, OwnAvatar
from tests.factories import make_tenant
from tests.portraits.files import MANIFEST, art, corners, pack, png_file, seen
from tests.portraits.house import POINTS, House, Tools


async def test_a_drawn_avatar_is_ready_once_it_was_drawn(house: House) -> None:
    avatar = await house.gallery.take_in(house.tenant.id, pack(), by="owner")
    assert (avatar.kind, avatar.state, avatar.slug, avatar.name_ar) == ("illustrated", AvatarState.READY, "huda", "هدى")
    face = await face_of(house.db, house.blobs, house.tenant.id, avatar.id)
    assert (face.id, face.kind, set(face.files)) == (avatar.id, "illustrated", {"avatar.toml", "art.svg"})
    assert read(face.files["avatar.toml"].decode()) == read(MANIFEST)
    assert [drawn.files for drawn in house.engines.drawn] == [face.files]
    again = await house.gallery.take_in(house.tenant.id, await house.gallery.hand_out(house.tenant.id, avatar.id))
    copy = await face_of(house.db, house.blobs, house.tenant.id, again.id)
    assert copy.files == face.files
    assert fingerprint(copy) != fingerprint(face)


async def test_an_avatar_of_the_shelf_goes_out_and_comes_in_as_the_tenants_own(small_house: House) -> None:
    house = small_house
    avatar = await house.gallery.take_in(house.tenant.id, packed(find("salma").files))
    face = await face_of(house.db, house.blobs, house.tenant.id, avatar.id)
    assert read(face.files["avatar.toml"].decode()) == find("salma").manifest


async def test_what_is_refused_leaves_nothing_behind(small_house: House) -> None:
    house, tenant_id = small_house, small_house.tenant.id
    for code, data in {
        "svg-element": pack(svg=art("<script/>")),
        "avatar-manifest": pack(toml=MANIFEST.replace("adult", "ancient").encode()),
        "pack-kind": b"nothing",
    }.items():
        with pytest.raises(Impossible) as refused:
            await house.gallery.take_in(tenant_id, data)
        assert refused.value.code == code
    for film in (b"", Impossible("avatar-art"), TimeoutError()):
        house.engines.film = film
        with pytest.raises(Impossible, match="avatar-undrawable"):
            await house.gallery.take_in(tenant_id, pack())
    house.engines.film = Retryable("engine-busy")
    with pytest.raises(Retryable, match="engine-busy"):
        await house.gallery.take_in(tenant_id, pack())
    with pytest.raises(Impossible, match="avatar-names"):
        await house.gallery.photo(tenant_id, " ", "x", png_file(corners()))
    async with house.db.tenant(tenant_id, reads=True) as session:
        assert await avatars.listing(session) == []
    assert house.stored() == []


async def test_a_photograph_waits_for_points_and_consent(small_house: House) -> None:
    house, tenant_id = small_house, small_house.tenant.id
    avatar = await house.gallery.photo(tenant_id, "خالد", "Khalid", png_file(corners(), turned=6), by="owner")
    assert (avatar.state, avatar.slug, avatar.checks["size"]) == (AvatarState.DRAFT, "khalid", [80, 120])
    with pytest.raises(Impossible, match="points-needed"):
        await house.ask(avatar.id)
    with pytest.raises(Impossible, match="points-missing"):
        await house.gallery.place(tenant_id, avatar.id, {"nose": (1.0, 1.0)})
    house.engines.problems = ("turned",)
    assert (await house.gallery.place(tenant_id, avatar.id, POINTS)).problems == ("turned",)
    assert seen(house.engines.seen[0][0]) == "BR-G"
    with pytest.raises(Impossible, match="points-needed"):
        await house.ask(avatar.id)
    house.engines.problems = ()
    await house.gallery.place(tenant_id, avatar.id, POINTS)
    assert "خالد يوسف" in await house.ask(avatar.id)
    with pytest.raises(NeedsOwner, match="avatar-not-ready"):
        await face_of(house.db, house.blobs, tenant_id, avatar.id)
    with pytest.raises(NeedsOwner, match="avatar-not-ready"):
        await house.gallery.hand_out(tenant_id, avatar.id)


async def test_a_photograph_from_a_pack_begins_without_consent(house: House, tools: Tools) -> None:
    first = await house.consented(tools)
    handed = await house.gallery.hand_out(house.tenant.id, first)
    with zipfile.ZipFile(io.BytesIO(handed)) as archive:
        assert archive.namelist() == ["avatar.toml", "portrait.png"]
    copy = await house.gallery.take_in(house.tenant.id, handed)
    assert (copy.state, copy.consented_at, copy.person) == (AvatarState.DRAFT, None, "")
    assert copy.manifest == (await house.row(first)).manifest
    with pytest.raises(NeedsOwner, match="avatar-not-ready"):
        await face_of(house.db, house.blobs, house.tenant.id, copy.id)


async def test_points_of_a_ready_avatar_stay_when_new_ones_are_no_good(small_house: House, tools: Tools) -> None:
    house, tenant_id = small_house, small_house.tenant.id
    avatar_id = await house.consented(tools)
    before = (await house.row(avatar_id)).manifest
    house.engines.problems = ("tilted",)
    with pytest.raises(Impossible, match="points-refused"):
        await house.gallery.place(tenant_id, avatar_id, {**POINTS, "chin": (61.0, 72.0)})
    assert (await house.row(avatar_id)).manifest == before
    drawn = await house.gallery.take_in(tenant_id, pack())
    with pytest.raises(Impossible, match="avatar-state"):
        await house.gallery.place(tenant_id, drawn.id, POINTS)


async def test_an_avatar_is_dressed_and_films_in_old_clothes_are_not_shown_again(house: House) -> None:
    tenant_id = house.tenant.id
    avatar = await house.gallery.take_in(tenant_id, pack())
    async with house.db.tenant(tenant_id) as session:
        assert await films.keep(session, await house.film(avatar.id, "greeting"))
    for turn, colour in enumerate(("#102030", "#405060")):
        await house.gallery.dress(tenant_id, avatar.id, {"clothes": colour}, png_file(corners(100 + turn, 80)))
        face = await face_of(house.db, house.blobs, tenant_id, avatar.id)
        assert face.colours == {"clothes": colour}
        assert face.logo is not None
        assert face.logo.startswith(b"\x89PNG")
    assert len([file for file in house.stored() if file.suffix == ".png"]) == 1
    async with house.db.tenant(tenant_id) as session:
        assert await films.find(session, "greeting", house.clock.at) is None
    for wrong in ({"hair": "#000000"}, {"clothes": "red"}, {"clothes": "#12345g"}):
        with pytest.raises(Impossible, match="avatar-colours"):
            await house.gallery.dress(tenant_id, avatar.id, wrong)
    with pytest.raises(Impossible, match="picture-kind"):
        await house.gallery.dress(tenant_id, avatar.id, {}, art())
    await house.gallery.revoke(tenant_id, avatar.id)
    with pytest.raises(Impossible, match="avatar-state"):
        await house.gallery.dress(tenant_id, avatar.id, {}, png_file(corners()))
    assert house.stored() == []


async def test_revoking_deletes_files_and_films_and_keeps_the_record(house: House, tools: Tools) -> None:
    tenant_id, avatar_id = house.tenant.id, await house.consented(tools)
    sentence = (await house.row(avatar_id)).sentence
    shelf = await house.film(None, "shelf")
    async with house.db.tenant(tenant_id) as session:
        for film in (await house.film(avatar_id, "hello"), await house.film(avatar_id), shelf):
            await films.keep(session, film)
    gone = await house.gallery.revoke(tenant_id, avatar_id)
    assert len(gone) == 4
    assert [file.name for file in house.stored()] == [shelf.blob.rpartition("/")[2]]
    left = await house.row(avatar_id)
    assert (left.state, left.files, left.manifest, left.consent_blob, left.consent_text) == (
        AvatarState.REVOKED, {}, {}, None, "",
    )  # fmt: skip
    assert (left.person, left.scope, left.sentence) == ("خالد يوسف", "answers", sentence)
    assert left.consented_at is not None
    assert set(left.checks) == {"attempts"}
    with pytest.raises(NeedsOwner, match="avatar-revoked"):
        await face_of(house.db, house.blobs, tenant_id, avatar_id)
    assert await house.gallery.revoke(tenant_id, avatar_id) == []
    assert await house.gallery.delete(tenant_id, avatar_id) is False
    assert (await house.row(avatar_id)).person == "خالد يوسف"
    with pytest.raises(Impossible, match="avatar-state"):
        await house.gallery.place(tenant_id, avatar_id, POINTS)


async def test_what_nobody_consented_to_is_deleted_altogether(house: House) -> None:
    tenant_id = house.tenant.id
    for avatar_id in (await house.photo(), (await house.gallery.take_in(tenant_id, pack())).id):
        assert await house.gallery.delete(tenant_id, avatar_id) is True
        with pytest.raises(Impossible, match="avatar-missing"):
            await house.row(avatar_id)
    assert house.stored() == []


async def test_a_revocation_that_broke_off_is_finished_later(house: House) -> None:
    tenant_id = house.tenant.id
    avatar = await house.gallery.take_in(tenant_id, pack())
    delete = house.blobs.delete

    async def failing(tenant_id: str, key: str) -> None:
        raise Retryable("blobs-down")

    house.blobs.delete = failing  # type: ignore[method-assign]  # the disk fails
    with pytest.raises(Retryable, match="blobs-down"):
        await house.gallery.revoke(tenant_id, avatar.id)
    with pytest.raises(NeedsOwner, match="avatar-revoked"):
        await face_of(house.db, house.blobs, tenant_id, avatar.id)
    house.blobs.delete = delete  # type: ignore[method-assign]  # it works again
    assert await tidy(house.db, house.blobs, tenant_id, house.clock.at) == 1
    assert house.stored() == []
    assert await tidy(house.db, house.blobs, tenant_id, house.clock.at) == 0


async def test_pictures_that_nobody_consented_to_are_swept_away(house: House, tools: Tools) -> None:
    kept, dropped = await house.consented(tools), await house.photo()
    assert await tidy(house.db, house.blobs, house.tenant.id, house.clock.at) == 0
    house.clock.at = (await house.row(dropped)).created_at + timedelta(days=8)
    assert await tidy(house.db, house.blobs, house.tenant.id, house.clock.at) == 1
    assert (await house.row(dropped)).state == AvatarState.REVOKED
    assert (await house.row(kept)).state == AvatarState.READY


async def test_another_tenant_finds_nothing_and_changes_nothing(house: House, tools: Tools) -> None:
    avatar_id = await house.consented(tools)
    stranger, before = (await make_tenant(house.db)).id, sorted(house.stored())
    with pytest.raises(NeedsOwner, match="avatar-missing"):
        await face_of(house.db, house.blobs, stranger, avatar_id)
    with pytest.raises(NeedsOwner, match="avatar-missing"):
        await house.gallery.hand_out(stranger, avatar_id)
    for doing in (
        house.gallery.place(stranger, avatar_id, POINTS),
        house.gallery.dress(stranger, avatar_id, {}, png_file(corners())),
        house.gallery.revoke(stranger, avatar_id),
        house.gallery.delete(stranger, avatar_id),
        house.permission.ask(stranger, avatar_id, "b", "p", "answers"),
        house.permission.hear(stranger, avatar_id, b"x", tools.asr, tools.speaker),
    ):
        with pytest.raises(Impossible, match="avatar-missing"):
            await doing
    assert await tidy(house.db, house.blobs, stranger, house.clock.at) == 0
    assert sorted(house.stored()) == before
    assert (await house.row(avatar_id)).state == AvatarState.READY


async def test_a_photograph_never_begins_ready(small_house: House) -> None:
    async with small_house.db.tenant(small_house.tenant.id) as session:
        row = OwnAvatar(tenant_id="", slug="x", name_ar="x", name_en="x", kind="photo", state=AvatarState.READY)
        with pytest.raises(Impossible, match="avatar-state"):
            await avatars.add(session, row)


async def test_a_tenant_keeps_so_many_and_no_more(small_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house = small_house
    monkeypatch.setattr(avatars, "MOST", 1)
    first = await house.gallery.take_in(house.tenant.id, pack())
    files = len(house.stored())
    with pytest.raises(NeedsOwner, match="avatar-quota"):
        await house.gallery.take_in(house.tenant.id, pack())
    assert len(house.stored()) == files
    await house.gallery.revoke(house.tenant.id, first.id)
    await house.gallery.take_in(house.tenant.id, pack())


async def test_films_made_at_the_moment_of_revocation_never_stay(house: House) -> None:
    tenant_id = house.tenant.id
    avatar = await house.gallery.take_in(tenant_id, pack())

    async def filmed(number: int) -> None:
        film = await house.film(avatar.id, f"key-{number}")
        try:
            async with house.db.tenant(tenant_id) as session:
                await films.keep(session, film)
        except NeedsOwner:
            await house.blobs.delete(tenant_id, film.blob)

    await asyncio.gather(*map(filmed, range(4)), house.gallery.revoke(tenant_id, avatar.id), *map(filmed, range(4, 8)))
    assert house.stored() == []


async def test_the_portrait_that_is_kept_is_what_was_seen(small_house: House, workshop: Workshop) -> None:
    avatar_id = await small_house.photo()
    row = await small_house.row(avatar_id)
    kept = await small_house.blobs.get(small_house.tenant.id, row.files["portrait.png"])
    assert (pixels_of(await workshop.picture(kept)) == corners()).all()
