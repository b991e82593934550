"""Thetas of every family of transformations, and how Hypothesis draws cases of them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from hypothesis import strategies as st

from stn_reference.generators import FAMILIES
from stn_verify.bounds.affine import target_base
from stn_verify.cases.case import GenerateCase
from stn_verify.cases.images import cotangents
from stn_verify.cases.strategies import SIZES
from stn_verify.contract.convention import Convention
from stn_verify.formats import Array, Format, named

BESIDE_AFFINE = tuple(name for name in FAMILIES if name != "affine")

CONTROL_POINTS = (4, 9, 16, 25)
"""Of thin plates: square lattices."""

CLEAR = 1 / 8
"""How far denominators of projective transformations stay from 0 at every output: within it coordinates are huge."""

Spread = Callable[[np.random.Generator, tuple[int, ...]], Array]

KINDS: Mapping[str, Spread] = MappingProxyType(
    {
        "identity": lambda random, shape: np.zeros(shape),
        "near identity": lambda random, shape: 0.05 * random.standard_normal(shape),
        "general": lambda random, shape: random.uniform(-1.0, 1.0, shape),
    }
)
"""What is added to the identity's theta."""


@st.composite
def family_cases(
    draw: st.DrawFn, family: str, dtype: str, convention: Convention, sizes: tuple[int, ...] = SIZES
) -> GenerateCase:
    """Outputs of any size, single rows and columns among them."""
    count, size = draw(st.integers(1, 3)), (draw(st.sampled_from(sizes)), draw(st.sampled_from(sizes)))
    kind = draw(st.sampled_from(sorted(KINDS)))
    points = draw(st.sampled_from(CONTROL_POINTS)) if family == "thin_plate" else 4
    random = np.random.default_rng(draw(st.integers(0, 2**16)))
    storage = named(dtype)
    neutral = FAMILIES[family].identity(count, size, points)
    theta = storage.round(neutral + KINDS[kind](random, neutral.shape))
    if family == "projective":
        theta = cleared(theta, size, convention.align_corners, storage)
    cotangent = cotangents((count, *size, 2), storage, random)
    return GenerateCase(theta, size, cotangent, dtype, convention, kind, family)


@st.composite
def horizon_cases(draw: st.DrawFn, dtype: str, convention: Convention) -> GenerateCase:
    """Projective thetas with the line at infinity in the output: in the first one through a pixel, or its row or column."""
    count, size = draw(st.integers(1, 3)), (draw(st.sampled_from(SIZES)), draw(st.sampled_from(SIZES)))
    random = np.random.default_rng(draw(st.integers(0, 2**16)))
    storage = named(dtype)
    theta = random.uniform(-1.5, 1.5, (count, 8))
    theta[:, 6:] *= 2
    base = target_base(size, convention.align_corners)
    point = base[random.integers(size[0]), random.integers(size[1]), :2]
    share = random.choice([0.0, 0.5, 1.0])
    weights = np.array([share, 1.0 - share]) * (point != 0)
    if weights.any():
        # h31 X + h32 Y = -1, as far as the dtype has such numbers; the middle of an output lies on no such line.
        theta[0, 6:] = [-w / weights.sum() / x if w else 0.0 for w, x in zip(weights, point, strict=True)]
    cotangent = cotangents((count, *size, 2), storage, random)
    return GenerateCase(
        storage.round(theta), size, cotangent, dtype, convention, "horizon", family="projective"
    )


def depths(theta: Array, size: tuple[int, ...], align_corners: bool) -> Array:
    """[N, Ho, Wo]: |h31 X + h32 Y + 1|, the size of projective denominators."""
    base = target_base(size, align_corners)
    return np.abs((theta[:, 6:] @ base[..., :2].reshape(-1, 2).T).reshape(len(theta), *size) + 1)


def cleared(theta: Array, size: tuple[int, int], align_corners: bool, storage: Format) -> Array:
    """Projective thetas whose denominators are clear of 0 at every output, of one sign or both."""
    while True:
        near = depths(theta, size, align_corners).min(axis=(1, 2), initial=1.0) < CLEAR
        if not near.any():
            return theta
        theta = theta.copy()
        theta[near, 6:] = storage.round(0.75 * theta[near, 6:])
