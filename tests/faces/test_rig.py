"""Drawing an avatar: layers and colours, the jaw, what each viseme and feeling looks like, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core_pipeline.contracts.faces import EMOTIONS, Face, Shape
from core_pipeline.engines.acting.emotions import mood_of
from core_pipeline.engines.acting.pose import Pose
from core_pipeline.engines.acting.visemes import VISEMES, Lips
from core_pipeline.engines.video.illustrated import sheet
from core_pipeline.engines.video.illustrated.art import Piece, read
from core_pipeline.engines.video.illustrated.chin import Jaw, bendable
from core_pipeline.engines.video.illustrated.colours import mixed, shade
from core_pipeline.engines.video.illustrated.frame import Lens, Stage
from errors import Impossible

PLAIN = Path(__file__).parent / "plain"
AVATARS = sorted(path.parent.name for path in (Path(__file__).parents[2] / "avatars").glob("*/art.svg"))
SHAPE = Shape(256, 256)
FACE = sheet.face_of(str(PLAIN))
ART = FACE.files["art.svg"].decode()
JAW = Jaw(320, 391, 13)

Picture = NDArray[np.uint8]


def drawn(face: Face, *poses: Pose, shape: Shape = SHAPE, view: str = "square") -> list[Picture]:
    stage = Stage(read(face), view, shape, face.logo)  # type: ignore[arg-type] # a view by its name
    try:
        return [stage.draw(pose)[..., :3].copy() for pose in poses]
    finally:
        stage.close()


def with_art(change: Callable[[str], str]) -> Face:
    return replace(FACE, files={**FACE.files, "art.svg": change(ART).encode()})


def apart(one: Picture, other: Picture) -> float:
    return float(np.abs(one.astype(int) - other).mean())


@pytest.mark.parametrize("slug", [*AVATARS, str(PLAIN)], ids=lambda slug: Path(slug).name)
def test_every_viseme_feeling_and_look_of_every_avatar_can_be_told_apart(slug: str) -> None:
    face = sheet.face_of(slug)
    manifest = read(face).manifest
    box = Lens.of(manifest, "square", SHAPE).pixels(manifest.mouth.box)
    rows, columns = slice(box[1], box[1] + box[3]), slice(box[0], box[0] + box[2])
    said = drawn(face, *(Pose(lips=lips) for lips in VISEMES.values()))
    for one, other in combinations(said, 2):
        assert apart(one[rows, columns], other[rows, columns]) > 0.35
    felt = drawn(face, *(Pose(mood=mood_of(emotion)) for emotion in EMOTIONS))
    for one, other in combinations(felt, 2):
        assert apart(one, other) > 0.3
    open_, shut, left, right = drawn(face, Pose(), Pose(lid=1.0), Pose(look=(-1, 0)), Pose(look=(1, 0)))
    assert min(apart(open_, shut), 4 * apart(left, right)) > 0.3


@pytest.mark.parametrize("slug", AVATARS)
@pytest.mark.parametrize("view", ["square", "note", "portrait"])
def test_no_view_shows_an_edge_when_the_head_moves(slug: str, view: str) -> None:
    shape = Shape(192, 344) if view == "portrait" else Shape(192, 192)
    for pose in (Pose(x=-10, roll=-6, y=-8, yaw=-1), Pose(x=10, roll=6, y=10, yaw=1, breath=1, sway=2)):
        (picture,) = drawn(sheet.face_of(slug), pose, shape=shape, view=view)
        assert not (picture.reshape(-1, 3).max(axis=1) == 0).any()


def test_a_tenants_colours_are_worn() -> None:
    own = {"clothes": "#aa2211", "background": "#2244cc"}
    (plain,), (dressed,) = drawn(FACE, Pose()), drawn(replace(FACE, colours=own), Pose())
    assert plain[4, 4, 1] > 150
    assert int(dressed[4, 4, 2]) > int(dressed[4, 4, 0]) + 40
    assert int(dressed[-3, 60, 0]) > int(dressed[-3, 60, 2]) + 40
    assert int(plain[-3, 60, 0]) < int(plain[-3, 60, 2])


def test_colours_that_are_none_of_ours_are_not_let_into_the_art() -> None:
    wrong = replace(FACE, colours={"clothes": '#fff"/><script>', "hair": "#000000"})
    assert np.array_equal(drawn(wrong, Pose())[0], drawn(FACE, Pose())[0])


def test_shades_of_a_colour_grow_darker_and_keep_their_hue() -> None:
    shades = [shade("#1f6570", name) for name in ("light", "", "dark", "deep")]
    lights = [sum(int(colour[place : place + 2], 16) for place in (1, 3, 5)) for colour in shades]
    assert lights == sorted(lights, reverse=True)
    assert shades[1] == "#1f6570"
    assert all(int(colour[5:], 16) > int(colour[1:3], 16) for colour in shades)
    assert mixed("#000000", "#ffffff", 1.0) == "#ffffff"


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True), st.sampled_from(["light", "dark", "deep", ""]))
def test_any_colour_has_its_shades(colour: str, name: str) -> None:
    assert len(shade(colour, name)) == 7
    assert shade(colour, "") == colour


def test_a_logo_hangs_on_the_wall_where_the_manifest_says() -> None:
    red = np.zeros((40, 80, 3), np.uint8)
    red[..., 0] = 255
    (bare,), (hung,) = drawn(FACE, Pose()), drawn(replace(FACE, logo=sheet.png(red)), Pose())
    changed = np.argwhere(np.abs(bare.astype(int) - hung).max(axis=2) > 40)
    x, y, width, height = 400 - 64, 60 - 24, 90, 60
    (top, left), (bottom, right) = changed.min(axis=0) * 2, changed.max(axis=0) * 2
    assert x - 3 <= left <= right <= x + width + 3
    assert y - 3 <= top <= bottom <= y + height + 3
    assert right - left > 60


@pytest.mark.parametrize(
    "logo",
    [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\xff" * 60, b"\x89PNG" * 999_999],
)
def test_a_logo_that_is_no_small_png_is_refused(logo: bytes) -> None:
    with pytest.raises(Impossible, match="avatar-logo"):
        drawn(replace(FACE, logo=logo or b"\0"), Pose())


def test_a_png_that_breaks_off_is_refused_and_not_half_drawn() -> None:
    whole = sheet.png(np.full((40, 80, 3), 99, np.uint8))
    with pytest.raises(Impossible, match="avatar-logo"):
        drawn(replace(FACE, logo=whole[:45]), Pose())


def test_the_jaw_takes_the_chin_along_and_nothing_above_the_mouth() -> None:
    shut, wide = drawn(FACE, Pose(), Pose(lips=Lips(open=1.0)))
    changed = np.abs(shut.astype(int) - wide).max(axis=2) > 24
    rows = np.flatnonzero(changed.any(axis=1)) * 2 + 24
    assert rows.min() > 391 - 60
    assert rows.max() > 457 + 4


def test_paths_bend_under_the_mouth_only() -> None:
    text, moving = bendable("M320,300 C320,391 320,430 320,457 L90,457 Q320,640 320,700 Z", JAW)
    assert text.count("%.2f") == len(moving) == 3
    assert [rest for rest, _ in moving] == [391, 430, 457]
    assert moving[0][1] < 2
    assert 12 < moving[1][1] <= moving[2][1] <= 13
    assert text.endswith("Z")


@pytest.mark.parametrize("path", ["m0,0 l1,1", "M0,0 H5", "M0,0 A1,1 0 0 0 2,2", "M0,0 %s"])
def test_a_chin_in_other_letters_is_refused(path: str) -> None:
    with pytest.raises(Impossible, match="avatar-art"):
        bendable(path, JAW)


def test_a_percent_sign_in_the_art_stays_one() -> None:
    pieces = read(with_art(lambda art: art.replace('class="chin"', 'class="chin" opacity="100%"'))).layers["face"]
    assert b'opacity="100%"' in pieces[0].drawn(0.5)
    assert isinstance(pieces[0], Piece)
    assert any(b'cx="50%"' in piece.drawn(0) for piece in read(FACE).layers["background"])


HOSTILE = {
    "nothing": lambda art: art[:0],
    "no xml": lambda art: art[:300],
    "script": lambda art: art.replace("<defs>", "<defs/><script>alert(1)</script><defs>"),
    "picture": lambda art: art.replace('<g id="back">', '<g id="back"><image href="file:///etc/passwd"/>'),
    "handler": lambda art: art.replace('<g id="body">', '<g id="body" onload="x()">'),
    "style": lambda art: art.replace('<g id="body">', '<g id="body" style="fill:url(//x)">'),
    "elsewhere": lambda art: art.replace("url(#skin)", "url(http://example.com/a#skin)"),
    "dangling": lambda art: art.replace("url(#skin)", "url(#none)"),
    "ring": lambda art: art.replace(
        '<stop offset="0" stop-color="#f6d3b5"/>', '<stop offset="0" stop-color="url(#skin)"/>'
    ),
    "entities": lambda art: '<!DOCTYPE a [<!ENTITY b "bbbb">]>' + art,
    "many": lambda art: art.replace("</svg>", "<g/>" * 401 + "</svg>"),
    "large": lambda art: art.replace("</svg>", "<g/>" + " " * 262_144 + "</svg>"),
    "layers missing": lambda art: art.replace('id="body"', 'id="bodies"'),
    "other elements": lambda art: art.replace("<defs>", "<defs><filter/>"),
    "foreign names": lambda art: art.replace("<svg ", '<svg xmlns:x="y" x:z="1" '),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_art_that_is_not_as_the_shelf_says_is_refused(change: Callable[[str], str]) -> None:
    with pytest.raises(Impossible, match="avatar-art"):
        read(with_art(change))


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-32"])
def test_art_in_another_coding_hides_nothing(coding: str) -> None:
    hidden = ('<!DOCTYPE a [<!ENTITY b "b">]>' + ART).encode(coding)
    with pytest.raises(Impossible, match="avatar-art"):
        read(replace(FACE, files={**FACE.files, "art.svg": hidden}))


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"kind = 1", b"kind = 'illustrated'", b"=", b"a=" + b"[" * 5000])
def test_a_manifest_that_is_none_is_refused(text: bytes) -> None:
    with pytest.raises(Impossible, match="avatar-manifest"):
        read(replace(FACE, files={**FACE.files, "avatar.toml": text}))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.integers(0, len(ART) - 1), cut=st.integers(0, 60), put=st.binary(max_size=30))
def test_mutated_art_is_drawn_or_refused(place: int, cut: int, put: bytes) -> None:
    data = ART.encode()
    face = replace(FACE, files={**FACE.files, "art.svg": data[:place] + put + data[place + cut :]})
    with suppress(Impossible):
        (picture,) = drawn(face, Pose(lips=VISEMES["AA"]), shape=Shape(64, 64))
        assert picture.shape == (64, 64, 3)


@settings(max_examples=60, deadline=None)
@given(
    lips=st.builds(Lips, *[st.floats(0, 1)] * 8),
    emotion=st.sampled_from(EMOTIONS),
    lid=st.floats(0, 1),
    look=st.tuples(st.floats(-1, 1), st.floats(-1, 1)),
)
def test_any_pose_can_be_drawn(lips: Lips, emotion: str, lid: float, look: tuple[float, float]) -> None:
    mood = mood_of(emotion)  # type: ignore[arg-type] # one of EMOTIONS
    (picture,) = drawn(FACE, Pose(lips=lips, mood=mood, lid=lid, look=look), shape=Shape(64, 64))
    assert picture.std() > 10


def test_the_sheet_of_an_avatar_is_a_png_with_all_its_poses(tmp_path: Path) -> None:
    pictures = sheet.cells(read(FACE), "note", 64)
    assert len(pictures) == len(sheet.poses()) >= 15 + 6 + 4
    whole = sheet.grid(pictures)
    assert whole.shape == (-(-len(pictures) // 6) * 64, 6 * 64, 3)
    assert sheet.png(whole).startswith(b"\x89PNG")


def test_the_command_draws_a_sheet_and_says_what_is_in_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "sheet.png"
    monkeypatch.setattr("sys.argv", ["sheet", str(PLAIN), str(out), "--size", "48", "--mouth", "--clothes", "#aa2211"])
    sheet.main()
    assert out.read_bytes().startswith(b"\x89PNG")
    assert "row 1: viseme rest | viseme AA" in capsys.readouterr().out


@pytest.mark.parametrize("slug", AVATARS)
def test_what_moved_looks_as_if_it_had_never_been_elsewhere(slug: str) -> None:
    art, shape, shown = read(sheet.face_of(slug)), Shape(256, 256), sheet.poses()
    moved = Stage(art, "square", shape)
    moved.draw(shown["emotion neutral"])
    for name in ("head left", "head right", "nod", "wide open"):
        fresh = Stage(art, "square", shape)
        apart = np.abs(moved.draw(shown[name]).astype(int) - fresh.draw(shown[name])).max(axis=-1)
        fresh.close()
        assert (apart > 3).sum() == 0
    moved.close()
