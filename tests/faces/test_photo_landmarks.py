"""Twelve points, and whether a portrait can be animated."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core_pipeline.engines.landmarks.checking import FAULTS, checked, explain
from core_pipeline.engines.landmarks.points import POINTS, features
from core_pipeline.engines.landmarks.proposing import proposed, views
from core_pipeline.engines.landmarks.wording import point_name
from errors import Impossible
from tests.faces.photo_drawn import AT, Look, portrait

PLAIN = portrait()


def test_there_are_twelve_points_with_names_in_both_languages() -> None:
    assert len(set(POINTS)) == 12
    assert len({point_name(name, language) for name in POINTS for language in ("ar", "en")}) == 24


@pytest.mark.parametrize("roll", [-0.4, 0.0, 0.2])
def test_the_axes_of_a_face_know_where_its_points_are(roll: float) -> None:
    _, points = portrait(Look(roll=roll, width=300, height=300, unit=60))
    found = features(points)
    assert math.isclose(found.axes.roll, roll, abs_tol=0.001)
    for name, (u, v) in AT.items():
        assert found.at[name] == pytest.approx((u, v - 0.005), abs=0.01)
        assert found.axes.outside(*found.at[name]) == pytest.approx(points[name], abs=1e-6)


@pytest.mark.parametrize("change", ["missing", "more", "nan", "swapped", "one place", "upside down"])
def test_points_of_no_face_are_refused(change: str) -> None:
    points = dict(PLAIN[1])
    if change == "missing":
        del points["chin"]
    elif change == "more":
        points["ear"] = (1.0, 1.0)
    elif change == "nan":
        points["chin"] = (math.nan, 4.0)
    elif change == "swapped":
        points["mouth_left"], points["mouth_right"] = points["mouth_right"], points["mouth_left"]
    elif change == "one place":
        points = dict.fromkeys(points, (5.0, 5.0))
    else:
        points = {name: (x, -y) for name, (x, y) in points.items()}
    with pytest.raises(Impossible):
        features(points)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(), st.floats()), min_size=12, max_size=12))
def test_any_numbers_are_a_face_or_refused(spots: list[tuple[float, float]]) -> None:
    try:
        found = features(dict(zip(POINTS, spots, strict=True)))
    except Impossible:
        return
    assert found.axes.unit > 0
    assert found.mouth_width > 0


@pytest.mark.parametrize("roll", [-0.2, 0.0, 0.15])
def test_three_spots_propose_twelve_points_near_the_true_ones(roll: float) -> None:
    _, points = portrait(Look(roll=roll, width=300, height=300, unit=60))
    found = features(points).axes
    near = proposed(found.outside(-0.5, 0.0), found.outside(0.5, 0.0), found.outside(0.0, 1.07))
    assert set(near) == set(POINTS)
    assert max(math.dist(near[name], points[name]) for name in POINTS) < 0.15 * 60


def test_three_spots_of_no_face_are_refused() -> None:
    for spots in [((0, 0), (0, 0), (0, 9)), ((0, 0), (100, 0), (50, -100)), ((0, 0), (math.nan, 0), (5, 5))]:
        with pytest.raises(Impossible):
            proposed(*spots)


@pytest.mark.parametrize(("width", "height"), [(900, 1100), (1600, 900), (520, 520)])
def test_views_hold_the_head_and_stay_inside_where_they_can(width: int, height: int) -> None:
    _, points = portrait(Look(width=width, height=height, unit=110))
    chin = points["chin"]
    for name, (left, top, across) in views(points, width, height).items():
        down = across * (16 / 9 if name == "portrait" else 1)
        assert left < chin[0] < left + across
        assert top < chin[1] < top + down
        assert across > width or (left >= 0 and left + across <= width + 0.1)
        assert down > height or (top >= 0 and top + down <= height + 0.1)


def test_a_good_portrait_is_fine() -> None:
    for look in (Look(), Look(skin=(112, 74, 54)), Look(scarf=(120, 44, 70)), Look(roll=0.1), Look(unit=90)):
        verdict = checked(*portrait(look))
        assert verdict.fine, verdict


@pytest.mark.parametrize(
    ("look", "problem"),
    [
        (Look(light=0.22), "dark"),
        (Look(light=1.7), "bright"),
        (Look(unit=60), "small"),
        (Look(unit=370), "cut"),
        (Look(roll=0.35), "tilted"),
        (Look(gap=0.06), "mouth-open"),
    ],
)
def test_what_is_wrong_is_named(look: Look, problem: str) -> None:
    assert problem in checked(*portrait(look)).problems


def moved(by: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """The plain portrait's points, some of them moved by units of the face."""
    unit = Look().unit
    points = PLAIN[1]
    return {
        name: (x + unit * by.get(name, (0, 0))[0], y + unit * by.get(name, (0, 0))[1])
        for name, (x, y) in points.items()
    }


@pytest.mark.parametrize(
    ("by", "problem"),
    [
        ({"nose_tip": (0.2, 0.0)}, "turned"),
        ({"nose_tip": (0.0, -0.2)}, "tipped"),
        ({"eye_left_top": (0.0, 0.09), "eye_right_top": (0.0, 0.09)}, "eyes-closed"),
        ({"lip_bottom": (0.0, 0.3)}, "mouth-open"),
        ({"chin": (0.0, -1.0)}, "points"),
    ],
)
def test_what_the_points_tell_is_named(by: dict[str, tuple[float, float]], problem: str) -> None:
    assert problem in checked(PLAIN[0], moved(by)).problems


def test_a_shadow_on_one_side_and_blur_are_named() -> None:
    rgb, points = PLAIN
    shaded = (rgb * np.where(np.arange(rgb.shape[1]) < rgb.shape[1] / 2, 0.3, 1.0)[:, None]).astype(np.uint8)
    assert "one-sided" in checked(shaded, points).problems
    small = rgb.reshape(110, 10, 90, 10, 3).mean(axis=(1, 3))
    smooth = np.stack(
        [np.interp(np.arange(900), np.arange(90) * 10 + 4.5, row) for row in np.moveaxis(small, 2, 1).reshape(-1, 90)]
    )
    enlarged = np.repeat(np.moveaxis(smooth.reshape(110, 3, 900), 1, 2), 10, axis=0).astype(np.uint8)
    even = np.mean([np.roll(enlarged, shift, axis=0) for shift in range(-7, 8)], axis=0).astype(np.uint8)
    assert "blurred" in checked(even, points).problems


def test_points_outside_the_picture_are_a_problem_of_their_own() -> None:
    rgb, points = PLAIN
    assert checked(rgb[:600], points).problems == ("points",)


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_problem_says_what_to_do(language: str) -> None:
    words = [explain(code, language) for code in (*FAULTS, "points")]
    assert len(set(words)) == len(FAULTS) + 1
    assert all(len(one) > 25 for one in words)
    assert explain("unheard-of", language) == "unheard-of"
