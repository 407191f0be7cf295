"""A manifest is read, checked and written the same way; a choice of avatar means one thing."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatars.catalogue import DEFAULT, Chosen, catalogue, find, is_own, load, resolve
from avatars.manifest import Photo
from avatars.sheet import checked, fields, read, written
from errors import Impossible, NeedsOwner
from tests.portraits.files import MANIFEST

PHOTO: dict[str, Any] = {
    "name": {"ar": "خالد", "en": "Khalid"},
    "about": {"ar": "صورة", "en": "A picture"},
    "kind": "photo",
    "licence": "Private",
    "points": {"chin": [10.5, 20]},
    "views": {view: [0, 0, 100] for view in ("square", "note", "portrait")},
}


def test_what_is_written_is_read_again() -> None:
    for manifest in (read(MANIFEST), checked(PHOTO), *(one.manifest for one in catalogue().values())):
        assert read(written(manifest)) == manifest
        assert checked(fields(manifest)) == manifest


@given(st.text(min_size=1, max_size=30), st.dictionaries(st.text(max_size=12), st.tuples(st.just(1.5), st.just(-2.0))))
def test_any_words_and_names_survive(name: str, points: dict[str, tuple[float, float]]) -> None:
    clean = name.encode("utf-8", "ignore").decode() or "x"
    spots = {key.encode("utf-8", "ignore").decode(): spot for key, spot in points.items()}
    manifest = checked({**PHOTO, "name": {"en": clean}, "points": spots})
    assert isinstance(manifest, Photo)
    assert read(written(manifest)) == manifest


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('kind = "illustrated"', 'kind = "film"', "kind"),
        ('age = "adult"', 'age = "ancient"', "age"),
        ('age = "adult"', 'age = "adult"\nsecret = 1', "secret"),
        ("at = [320, 391]", "at = [320, nan]", "mouth.at"),
        ("at = [320, 391]", "at = [320, 1e300]", "mouth.at"),
        ("at = [320, 391]", "at = [320, 1999]", "mouth.at"),
        ("box = [260, 350, 120, 90]", "box = [600, 350, 120, 90]", "mouth.box"),
        ("logo = [470, 40, 120, 80]", "logo = [470, -90, 120, 80]", "logo"),
        ("portrait = [40, -40, 560]", "portrait = [0, 100, 640]", "views.portrait"),
        ("left = [260, 290]", "left = [-5, 290]", "eyes.left"),
        ("pivot = [320, 500]", "pivot = [320, 1200]", "pivot"),
        ("#2f6f62", "url(#a)", "colours.clothes"),
        ("kind =", "kind", "TOML"),
        ("logo = [", "logo = " + "[" * 3_000, "TOML"),
    ],
)
def test_what_is_wrong_with_a_manifest_is_named(old: str, new: str, named: str) -> None:
    assert old in MANIFEST
    with pytest.raises(Impossible, match="avatar-manifest") as refused:
        read(MANIFEST.replace(old, new, 1))
    assert named in refused.value.detail


def test_strange_names_are_not_repeated() -> None:
    with pytest.raises(Impossible) as refused:
        checked({**PHOTO, "<script>": 1})
    assert "script" not in refused.value.detail


@pytest.mark.parametrize(
    ("choice", "means"),
    [(None, Chosen(DEFAULT)), ("", Chosen(DEFAULT)), ("salma", Chosen("salma")), ("own:4f", Chosen(own_id="4f"))],
)
def test_what_a_choice_means(choice: str | None, means: Chosen) -> None:
    assert resolve(choice) == means
    assert is_own(choice) == (means.own_id is not None)


def test_an_unknown_avatar_names_those_there_are() -> None:
    with pytest.raises(NeedsOwner, match="salma"):
        resolve("nobody")
    with pytest.raises(Impossible, match="salma"):
        find("nobody")


def test_a_folder_with_a_wrong_name_or_a_photograph_is_no_avatar_of_the_shelf(tmp_path: Any) -> None:
    for name, text in (("No Slug", MANIFEST), ("slug", written(checked(PHOTO)))):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "avatar.toml").write_text(text, encoding="utf-8")
        (folder / "art.svg").write_text("<svg/>", encoding="utf-8")
        with pytest.raises(Impossible, match=r"avatar-(slug|manifest)"):
            load(folder)
    assert tomllib.loads(written(checked(PHOTO)))["points"]["chin"] == [10.5, 20.0]
