"""The matrices that resize."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.engines.enlarging.resampling import resized, weights

LENGTHS = st.integers(2, 200)


@given(LENGTHS, LENGTHS)
def test_an_even_shade_stays_what_it_is(before: int, after: int) -> None:
    matrix = resized(before, after)
    assert matrix.shape == (after, before)
    assert np.allclose(matrix @ np.full(before, 0.7, np.float32), 0.7, atol=1e-5)


@given(LENGTHS)
def test_the_same_length_changes_nothing(length: int) -> None:
    assert np.allclose(resized(length, length), np.eye(length), atol=1e-6)


@given(st.integers(24, 200), st.integers(24, 200))
def test_what_rises_evenly_rises_evenly_afterwards(before: int, after: int) -> None:
    rising = (np.arange(before) + 0.5) / before
    found = resized(before, after) @ rising
    inner = slice(after // 6, after - after // 6)
    assert np.allclose(found[inner], ((np.arange(after) + 0.5) / after)[inner], atol=0.02)


@given(st.integers(8, 100))
def test_a_start_moves_the_samples(length: int) -> None:
    row = np.sin(np.arange(length))
    assert np.allclose(weights(length, length - 2, 1.0, 2.0) @ row, row[2:], atol=1e-5)
    assert np.allclose(weights(length, 3, 1.0, -3.0) @ row, row[0], atol=1e-5), "beyond the end its sample goes on"
