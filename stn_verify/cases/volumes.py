"""Cases of volumes: [N, C, D, H, W], grids [N, Do, Ho, Wo, 3] and thetas [N, 3, 4], small enough for exhaustive differences."""

from collections.abc import Iterator, Mapping
from itertools import permutations, product

import numpy as np
from hypothesis import strategies as st

from stn_verify.cases import grids, thetas
from stn_verify.cases.case import GenerateCase, SampleCase, TransformCase
from stn_verify.cases.grids import normalised
from stn_verify.cases.halves import beside_half_integers, half_integers
from stn_verify.cases.images import contrasts, cotangents
from stn_verify.cases.strategies import (
    Frame,
    GridMaker,
    Size,
    ThetaMaker,
    generate_cases,
    sample_cases,
    transform_cases,
)
from stn_verify.contract.convention import Convention
from stn_verify.formats import Array, named


def _sizes(least: int) -> st.SearchStrategy[Size]:
    length = st.integers(least, 6)
    return st.tuples(length, length, length)


ANY, SEVERAL = _sizes(1), _sizes(2)

SINGLE = ANY.filter(lambda size: 1 in size)
"""Outputs of one slice, row or column."""


def samples(
    dtype: str, convention: Convention, kinds: Mapping[str, GridMaker]
) -> st.SearchStrategy[SampleCase]:
    """Cases of `sample` whose grids are of one of these kinds."""
    return sample_cases(dtype, convention, kinds, images=ANY, outputs=ANY)


def transforms(
    dtype: str,
    convention: Convention,
    kinds: Mapping[str, ThetaMaker],
    *,
    same_size: bool = False,
    outputs: st.SearchStrategy[Size] = SEVERAL,
) -> st.SearchStrategy[TransformCase]:
    """Cases of `transform` whose thetas are of one of these kinds."""
    return transform_cases(dtype, convention, kinds, same_size=same_size, images=ANY, outputs=outputs)


def generates(
    dtype: str,
    convention: Convention,
    kinds: Mapping[str, ThetaMaker],
    *,
    outputs: st.SearchStrategy[Size] = SEVERAL,
) -> st.SearchStrategy[GenerateCase]:
    """Cases of `generate` whose thetas are of one of these kinds."""
    return generate_cases(dtype, convention, kinds, images=ANY, outputs=outputs)


def turn(frame: Frame, random: np.random.Generator) -> Array:
    """One of the 48 ways in which a cube lies in itself: quarter turns, mirrors, and both."""
    orders, signs = list(permutations(range(3))), list(product((-1.0, 1.0), repeat=3))
    linear = np.eye(3)[list(orders[random.integers(len(orders))])]
    linear = linear * np.array(signs[random.integers(len(signs))])[:, None]
    return np.repeat(np.concatenate([linear, np.zeros((3, 1))], axis=1)[None], frame.batch, axis=0)


def degenerate(frame: Frame, random: np.random.Generator) -> Array:
    """Rank two, one or zero: many outputs read one point."""
    theta = thetas.general(frame, random)
    for row in random.permutation(3)[: random.integers(1, 4)]:
        theta[:, row, :3] = random.choice([0.0, 0.5]) * theta[:, (row + 1) % 3, :3]
    return theta


KINK_GRIDS: dict[str, GridMaker] = {
    "beside kinks": grids.beside_kinks,
    "exact borders": grids.exact_borders,
    "far outside": grids.far_outside,
    "integers": grids.integers,
    "just outside": grids.just_outside,
    "single integers": grids.single_integers,
}

HALVES: dict[str, GridMaker] = {
    "beside half-integers": beside_half_integers,
    "half-integers": half_integers,
}

ALL_GRIDS: dict[str, GridMaker] = {**grids.GENERIC, **KINK_GRIDS}

KINK_THETAS: dict[str, ThetaMaker] = {
    "degenerate": degenerate,
    "half-pixel shift": thetas.half_pixel_shift,
    "identity": thetas.identity,
    "turn": turn,
    "whole-pixel shift": thetas.whole_pixel_shift,
}

ALL_THETAS: dict[str, ThetaMaker] = {**thetas.GENERIC, **KINK_THETAS}


def exact_volumes(dtype: str, convention: Convention, count: int = 3) -> Iterator[SampleCase]:
    """Grids of integers along one axis and quarters along the others, over sizes whose scale is a power of two."""
    # None of 2, which has no integer between its outer pixels.
    size = (3, 9, 5) if convention.align_corners else (4, 8, 4)
    storage = named(dtype)
    frame = Frame(3, 1, size, size, convention, dtype)
    for seed in range(count):
        random = np.random.default_rng(seed)
        lines = [np.arange(-2.0, length + 2) for length in reversed(size)]
        points = np.stack(np.meshgrid(*lines, indexing="ij"))[None].repeat(3, axis=0)
        # The first volume has its integers along x, the next along y, the last along z.
        points += (0.25 * random.integers(1, 4, (3, 3)) * (1 - np.eye(3))).reshape(3, 3, 1, 1, 1)
        grid = storage.round(normalised(frame, list(np.moveaxis(points, 1, 0))))
        image = storage.round(contrasts((3, 1, *size), random))
        cotangent = cotangents((3, 1, *grid.shape[1:-1]), storage, random)
        yield SampleCase(image, grid, cotangent, dtype, convention, "exact integers")
