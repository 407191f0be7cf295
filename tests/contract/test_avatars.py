"""Every folder on the shelf is an avatar that can be drawn: manifest, art, places, licence, names."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

import pytest
from lxml import etree

from avatars.catalogue import DEFAULT, SHELF, Avatar, catalogue, load
from avatars.manifest import Illustrated
from avatars.sheet import ART, MANIFEST
from core_pipeline.portraits.drawing import rules
from core_pipeline.portraits.drawing.paths import is_bendable
from core_pipeline.portraits.drawing.reader import clean

FOLDERS = sorted(entry for entry in SHELF.iterdir() if entry.is_dir() and entry.name != "__pycache__")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def avatar(request: pytest.FixtureRequest) -> Avatar:
    return load(request.param)


def layers(avatar: Avatar) -> dict[str, Element]:
    root = etree.fromstring(avatar.files[ART])
    return {group.get("id"): group for group in root.findall(f"{SVG}g")}


def test_every_folder_is_found_and_the_usual_one_is_there() -> None:
    assert {folder.name for folder in FOLDERS} == set(catalogue())
    assert DEFAULT in catalogue()


def test_its_folder_holds_manifest_and_art_only(avatar: Avatar) -> None:
    assert {file.name for file in (SHELF / avatar.slug).iterdir()} == {MANIFEST, ART}


def test_it_says_what_it_is_in_both_languages(avatar: Avatar) -> None:
    said = avatar.manifest
    for words in (said.name, said.about):
        assert words.keys() == {"ar", "en"}
        assert re.search("[\u0600-\u06ff]", words["ar"])
        assert words["en"].isascii()
    assert len(said.licence) > 5
    assert said.colours.keys() == {"clothes", "background"}


def test_its_art_passes_the_rules_for_strangers(avatar: Avatar) -> None:
    assert len(avatar.files[ART]) <= rules.MOST_BYTES
    assert clean(avatar.files[ART])


def test_its_background_fills_the_canvas(avatar: Avatar) -> None:
    left, top, width, height = rules.CANVAS
    first = layers(avatar)["background"][0]
    box = [float(first.get(name, "0")) for name in ("x", "y", "width", "height")]
    assert first.tag == f"{SVG}rect"
    assert box[0] <= left
    assert box[1] <= top
    assert box[0] + box[2] >= left + width
    assert box[1] + box[3] >= top + height


def test_its_chin_can_be_bent(avatar: Avatar) -> None:
    found = layers(avatar)
    bent = [path for name in ("face", "front") if name in found for path in found[name].iter(f"{SVG}path")]
    chins = [path for path in bent if rules.BENT in path.get("class", "").split()]
    assert chins
    assert all(is_bendable(path.get("d", "")) for path in chins)
    assert len(chins) == sum(
        rules.BENT in path.get("class", "").split() for group in found.values() for path in group.iter(f"{SVG}path")
    )


def test_its_colours_are_the_manifests(avatar: Avatar) -> None:
    text = avatar.files[ART].decode()
    for name, colour in avatar.manifest.colours.items():
        used = set(re.findall(rf"var\(--{name},\s?(#[0-9a-fA-F]{{6}})\)", text))
        assert {one.lower() for one in used} == {colour}


def test_its_face_is_where_the_views_look(avatar: Avatar) -> None:
    said: Illustrated = avatar.manifest
    left, top, width, height = said.mouth.box
    assert left <= said.mouth.at[0] - said.mouth.width
    assert said.mouth.at[0] + said.mouth.width <= left + width
    assert top <= said.mouth.at[1] <= top + height
    assert said.eyes.left[0] < said.eyes.right[0]
    assert max(said.brows.left[1], said.brows.right[1]) < min(said.eyes.left[1], said.eyes.right[1]) < said.mouth.at[1]
    for view, tall in (("square", 1.0), ("note", 1.0), ("portrait", 16 / 9)):
        x, y, wide = getattr(said.views, view)
        assert x <= left
        assert left + width <= x + wide
        assert y <= said.eyes.left[1] - 100
        assert top + height <= y + wide * tall


def test_avatars_are_told_apart(avatar: Avatar) -> None:
    others = [one.manifest for one in catalogue().values() if one.slug != avatar.slug]
    assert all(one.name["en"] != avatar.manifest.name["en"] for one in others)
    assert all(one.name["ar"] != avatar.manifest.name["ar"] for one in others)
