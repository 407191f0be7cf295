"""A painted portrait moves as a face does: lips part and close, lids come down, the head moves before its wall."""

from __future__ import annotations

import numpy as np
import pytest

from core_pipeline.contracts.faces import Shape, View
from core_pipeline.engines.acting.emotions import MOODS
from core_pipeline.engines.acting.pose import Pose
from core_pipeline.engines.acting.visemes import VISEMES, Lips
from core_pipeline.engines.landmarks.proposing import views
from core_pipeline.engines.video.photo.framing import staged
from core_pipeline.engines.video.photo.gather import gathered, packed, unpacked
from core_pipeline.engines.video.photo.puppet import Puppet
from errors import Impossible
from tests.faces.photo_drawn import Look, portrait

SHAPE = Shape(320, 320)
STILL = Pose()


def puppet_of(look: Look | None = None, view: View = "square", shape: Shape = SHAPE) -> Puppet:
    rgb, points = portrait(look)
    return Puppet(staged(rgb, points, views(points, rgb.shape[1], rgb.shape[0])[view], shape))


@pytest.fixture(scope="module")
def puppet() -> Puppet:
    return puppet_of()


def shown(puppet: Puppet, pose: Pose) -> np.ndarray:
    return puppet.picture(pose, puppet.stage())[..., :3].astype(int)


def mouth_of(puppet: Puppet, pose: Pose) -> np.ndarray:
    left, top, width, height = (round(side) for side in puppet.keep_clear)
    return shown(puppet, pose)[top : top + height, left : left + width]


def hollow(mouth: np.ndarray) -> int:
    """How many pixels are as dark as the inside of a mouth."""
    return int((mouth.sum(axis=2) < 170).sum())


def teeth(mouth: np.ndarray) -> int:
    """How many pixels are pale and light."""
    return int(((mouth.max(axis=2) - mouth.min(axis=2) < 45) & (mouth.min(axis=2) > 130)).sum())


def test_reading_between_pixels_mixes_the_four_around() -> None:
    grey = np.repeat(np.array([[0, 160, 0], [80, 240, 0], [0, 0, 0]], np.uint8)[..., None], 3, axis=2)
    x, y = np.array([[0.0, 8.0, 16.0, 8.0]], np.float32), np.array([[0.0, 0.0, 16.0, 8.0]], np.float32)
    read = unpacked(gathered(packed(grey), x, y))
    assert read[0, :, 0].tolist() == [0, 80, 240, 120]
    assert read[0, :, 3].tolist() == [255] * 4


def test_at_rest_it_is_the_photograph(puppet: Puppet) -> None:
    rgb, points = portrait()
    left, top, width = views(points, rgb.shape[1], rgb.shape[0])["square"]
    places = [(int(top + (row + 0.5) * width / 320), int(left + (row + 0.5) * width / 320)) for row in range(0, 320, 8)]
    seen = shown(puppet, STILL)
    apart = [np.abs(seen[8 * n, 8 * n] - rgb[place].astype(int)).max() for n, place in enumerate(places)]
    assert np.median(apart) < 8


def test_the_mouth_opens_further_and_further(puppet: Puppet) -> None:
    rest = mouth_of(puppet, STILL)
    changed = [
        int((np.abs(mouth_of(puppet, Pose(lips=Lips(open=part))) - rest).max(axis=2) > 24).sum())
        for part in (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
    ]
    assert changed == sorted(changed)
    assert changed[0] == 0
    assert changed[-1] > 3 * changed[2] > 100


def test_closed_lips_show_no_inside(puppet: Puppet) -> None:
    rest = hollow(mouth_of(puppet, STILL))
    for pose in (Pose(lips=VISEMES["MBP"]), Pose(lips=Lips(open=0.9, press=1.0, teeth=1.0))):
        closed = mouth_of(puppet, pose)
        assert hollow(closed) <= rest * 1.2
        assert teeth(closed) == teeth(mouth_of(puppet, STILL))


def test_teeth_show_where_they_are_seen(puppet: Puppet) -> None:
    counts = {name: teeth(mouth_of(puppet, Pose(lips=lips))) for name, lips in VISEMES.items()}
    assert min(counts[name] for name in ("FV", "E", "I", "S")) > 40 + counts["rest"]
    assert max(counts[name] for name in ("W", "MBP")) <= counts["rest"] + 5


def test_teeth_are_one_shape(puppet: Puppet) -> None:
    for opening in (0.3, 0.6, 1.0):
        mouth = mouth_of(puppet, Pose(lips=Lips(open=opening, teeth=1.0)))
        pale = (mouth.max(axis=2) - mouth.min(axis=2) < 45) & (mouth.min(axis=2) > 130)
        runs = np.diff(np.pad(pale.astype(int), ((1, 1), (0, 0))), axis=0)
        assert ((runs == 1).sum(axis=0) <= 1).all()


@pytest.mark.parametrize("narrow", [VISEMES["U"], VISEMES["W"]], ids=["U", "W"])
def test_rounded_lips_are_narrower_and_spread_ones_wider(puppet: Puppet, narrow: Lips) -> None:
    def width(lips: Lips) -> int:
        mouth = mouth_of(puppet, Pose(lips=lips))
        red = (mouth[..., 0] - mouth[..., 1] > 0.34 * mouth[..., 0]) & (mouth[..., 1] - mouth[..., 2] < 12)
        return int(red.any(axis=0).sum())

    assert width(narrow) < width(Lips()) < width(Lips(spread=1.0))


def test_lids_hide_the_eyes_and_nothing_else(puppet: Puppet) -> None:
    rest, shut = shown(puppet, STILL), shown(puppet, Pose(lid=1.0))
    white = (rest.min(axis=2) > 195) & (np.arange(320) < 160)[None, :]
    assert white.sum() > 40
    assert (shut[white].min(axis=1) > 195).mean() < 0.03
    assert np.abs(shut - rest)[200:].max() == 0
    half = shown(puppet, Pose(lid=0.5))
    assert 0.1 < (half[white].min(axis=1) > 195).mean() < 0.8


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_points_set_by_a_careless_hand_still_shut_the_eyes(seed: int) -> None:
    rgb, points = portrait()
    random = np.random.default_rng(seed)
    near = {name: tuple(np.array(spot) + random.uniform(-0.025, 0.025, 2) * 190) for name, spot in points.items()}
    puppet = Puppet(staged(rgb, near, views(points, rgb.shape[1], rgb.shape[0])["square"], SHAPE))
    rest, shut = shown(puppet, STILL), shown(puppet, Pose(lid=1.0))
    white = (rest.min(axis=2) > 195) & (np.arange(320) < 160)[:, None]
    assert white.sum() > 80
    assert (shut[white].min(axis=1) > 195).mean() < 0.1


def test_every_feeling_is_another_face(puppet: Puppet) -> None:
    faces = [shown(puppet, Pose(mood=mood)) for mood in MOODS.values()]
    apart = [np.abs(one - other).mean() for at, one in enumerate(faces) for other in faces[:at]]
    assert min(apart) > 0.1
    assert max(apart) < 6


def test_the_head_moves_and_the_wall_stays(puppet: Puppet) -> None:
    rest = shown(puppet, STILL)
    for pose in (Pose(x=9), Pose(y=9), Pose(roll=3), Pose(yaw=1.0)):
        seen = shown(puppet, pose)
        assert np.abs(seen - rest)[100:220, 100:220].mean() > 0.8
        assert np.abs(seen - rest)[:40, :20].mean() < 1.0


@pytest.mark.parametrize("look", [Look(), Look(roll=0.12, skin=(112, 74, 54), light=0.85), Look(scarf=(120, 44, 70))])
def test_no_border_and_no_tear_however_it_is_held(look: Look) -> None:
    puppet = puppet_of(look)
    for x, y, roll, yaw in [(-40, -40, -9, -1), (40, 40, 9, 1), (40, -40, 9, -1)]:
        seen = shown(puppet, Pose(lips=VISEMES["AA"], x=x, y=y, roll=roll, yaw=yaw, breath=1.0, sway=9, lid=0.4))
        edges = np.concatenate([seen[0], seen[-1], seen[:, 0], seen[:, -1]])
        assert edges.max(axis=1).min() > 25
        beside = seen[:, [*range(30), *range(290, 320)]]
        assert np.abs(np.diff(beside[:200], axis=0)).max() < 40


@pytest.mark.parametrize(
    ("view", "shape"),
    [("square", Shape(512, 512)), ("note", Shape(384, 384)), ("portrait", Shape(288, 512))],
)
def test_every_view_fills_its_shape(view: View, shape: Shape) -> None:
    for look in (Look(), Look(width=700, height=460, unit=100), Look(width=400, height=900, unit=90)):
        puppet = puppet_of(look, view, shape)
        picture = puppet.picture(Pose(lips=VISEMES["AA"]), puppet.stage())
        assert picture.shape == (shape.height, shape.width, 4)
        edges = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])[:, :3]
        assert edges.max(axis=1).min() > 20
        left, top, width, height = puppet.keep_clear
        assert 0 <= left < left + width <= shape.width
        assert 0 <= top < top + height <= shape.height


@pytest.mark.parametrize(
    "view", [(0, 0, 100), (1900, 1900, 100), (-2000, -2000, 2000), (430, 480, 40), (-900, -900, 2000)]
)
def test_a_view_without_the_face_is_refused(view: tuple[float, float, float]) -> None:
    rgb, points = portrait(Look(unit=60))
    with pytest.raises(Impossible):
        staged(rgb, points, view, SHAPE)


@pytest.mark.parametrize("size", [16, 32, 64])
def test_the_smallest_pictures_move_too(size: int) -> None:
    puppet = puppet_of(shape=Shape(size, size))
    poses = (Pose(lips=VISEMES["AA"], lid=1.0), Pose(lips=VISEMES["FV"], lid=0.4))
    assert all(puppet.picture(pose, puppet.stage()).shape == (size, size, 4) for pose in poses)


def test_films_may_share_a_puppet(puppet: Puppet) -> None:
    one, other = puppet.stage(), puppet.stage()
    first = puppet.picture(Pose(lips=VISEMES["AA"]), one).copy()
    puppet.picture(Pose(lid=1.0), other)
    assert (puppet.picture(Pose(lips=VISEMES["AA"]), one) == first).all()
    assert (puppet.picture(Pose(lips=VISEMES["AA"]), other) == first).all()
