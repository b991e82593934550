"""Cases whose points lie on whole pixels: what comes out are pixels of the image, found by index arithmetic alone."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from hypothesis import strategies as st

from stn_reference import pixel_scale, to_normalised
from stn_verify.bounds.extension import Indices
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.cases.images import cotangents, images
from stn_verify.cases.strategies import SEVERAL
from stn_verify.contract.convention import Convention
from stn_verify.formats import Array, named

Size = tuple[int, int]
"""(H, W)"""

_FILLS: dict[tuple[str, bool], Literal["constant", "edge", "reflect", "symmetric"]] = {
    ("zeros", False): "constant",
    ("zeros", True): "constant",
    ("border", False): "edge",
    ("border", True): "edge",
    ("reflection", False): "symmetric",
    ("reflection", True): "reflect",
}
"""NumPy's names for the paddings, by align_corners."""


@dataclass(frozen=True)
class Move:
    """Which pixel each output shows: row and column of the extended image, [Ho, Wo], and the theta that says the same."""

    size: Size
    """(H, W) of the image."""
    rows: Indices
    columns: Indices
    theta: Array


Mover = Callable[[Size, Convention, np.random.Generator], Move]
"""Makes a move of an image of that size; a resize, one to that size."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SampleMove(SampleCase):
    """A case of `sample`, and the move that its grid makes."""

    move: Move


@dataclass(frozen=True, eq=False, kw_only=True)
class TransformMove(TransformCase):
    """A case of `transform`, and the move that its theta makes."""

    move: Move


MovedCase = SampleMove | TransformMove


def moved(case: MovedCase) -> Array:
    """[N, C, Ho, Wo]: the pixels that the move shows, the image being padded as the convention has it."""
    rows, columns = case.move.rows, case.move.columns
    height, width = case.image.shape[2:]
    beyond = [
        max(0, -int(k.min()), int(k.max()) - size + 1) for k, size in ((rows, height), (columns, width))
    ]
    mode = _FILLS[case.convention.padding, case.convention.align_corners]
    padded = np.pad(case.image, [(0, 0), (0, 0), (beyond[0],) * 2, (beyond[1],) * 2], mode=mode)
    return np.asarray(padded[:, :, rows + beyond[0], columns + beyond[1]])


def identity(size: Size, convention: Convention, random: np.random.Generator) -> Move:
    """Every pixel where it is."""
    return _move(size, *_places(size), [[1, 0, 0], [0, 1, 0]])


def shift(size: Size, convention: Convention, random: np.random.Generator) -> Move:
    """By up to three pixels along each axis."""
    rows, columns = _places(size)
    down, across = random.integers(-3, 4, 2)
    scales = [pixel_scale(length, convention.align_corners) for length in size]
    theta = [[1, 0, across / scales[1]], [0, 1, down / scales[0]]]
    return _move(size, rows + down, columns + across, theta)


def flip(size: Size, convention: Convention, random: np.random.Generator) -> Move:
    """Rows, columns or both in reverse: mirrored, or turned by 180 degrees."""
    rows, columns = _places(size)
    down, across = [(1, -1), (-1, 1), (-1, -1)][random.integers(3)]
    return _move(size, rows[::down], columns[:, ::across], [[across, 0, 0], [0, down, 0]])


def turn(size: Size, convention: Convention, random: np.random.Generator) -> Move:
    """By 90 or 270 degrees, or mirrored in a diagonal: rows become columns, and an H x W image one of W x H."""
    rows, columns = (places.T for places in _places(size))
    down, across = [(1, -1), (-1, 1), (1, 1), (-1, -1)][random.integers(4)]
    return _move(size, rows[:, ::down], columns[::across], [[0, across, 0], [down, 0, 0]])


def every_nth(size: Size, convention: Convention, random: np.random.Generator) -> Move:
    """A resize that leaves out pixels: to every m-th of an axis, m being odd where edges and not centres are aligned."""
    step = 1 if convention.align_corners else 2
    down, across = [(1, 1 + step), (1 + step, 1), (1 + step, 1 + step)][random.integers(3)]
    if convention.align_corners:
        image, first = (down * (size[0] - 1) + 1, across * (size[1] - 1) + 1), (0, 0)
    else:
        image, first = (down * size[0], across * size[1]), (down // 2, across // 2)
    rows, columns = _places(size)
    return _move(image, first[0] + down * rows, first[1] + across * columns, [[1, 0, 0], [0, 1, 0]])


MOVES: Mapping[str, Mover] = {
    "every n-th pixel": every_nth,
    "flip": flip,
    "identity": identity,
    "turn": turn,
    "whole-pixel shift": shift,
}

EXACT = {True: (2, 3, 5, 9, 17), False: (2, 4, 8, 16)}
"""By align_corners: sizes whose scale, (S-1)/2 or S/2, is a power of two, so that coordinates are exact in every formula."""


@dataclass(frozen=True)
class Plan:
    """What a case of a move is made from."""

    kind: str
    size: Size
    batch: int
    channels: int
    seed: int


def sample_move(plan: Plan, dtype: str, convention: Convention) -> SampleMove:
    """A move through a grid of the pixels' coordinates, as the dtype stores them."""
    random, storage = np.random.default_rng(plan.seed), named(dtype)
    move = MOVES[plan.kind](plan.size, convention, random)
    parts = ((move.columns, move.size[1]), (move.rows, move.size[0]))
    points = np.stack([to_normalised(k, length, convention.align_corners) for k, length in parts], axis=-1)
    grid = storage.round(np.repeat(points[None], plan.batch, axis=0))
    image = images(plan.batch, plan.channels, move.size, storage, random)
    cotangent = cotangents((plan.batch, plan.channels, *move.rows.shape), storage, random)
    return SampleMove(image, grid, cotangent, dtype, convention, plan.kind, move=move)


def transform_move(plan: Plan, dtype: str, convention: Convention) -> TransformMove:
    """A move through theta."""
    random, storage = np.random.default_rng(plan.seed), named(dtype)
    move = MOVES[plan.kind](plan.size, convention, random)
    theta = storage.round(np.repeat(move.theta[None], plan.batch, axis=0))
    image = images(plan.batch, plan.channels, move.size, storage, random)
    output: Size = (move.rows.shape[0], move.rows.shape[1])
    cotangent = cotangents((plan.batch, plan.channels, *output), storage, random)
    return TransformMove(image, theta, output, cotangent, dtype, convention, plan.kind, move=move)


def every_kind(convention: Convention) -> Iterator[Plan]:
    """Each kind of move once, of an image that is not square and whose coordinates are exact."""
    for seed, kind in enumerate(sorted(MOVES)):
        yield Plan(kind, (5, 9) if convention.align_corners else (4, 8), 2, 2, seed)


def plans(convention: Convention) -> st.SearchStrategy[Plan]:
    """Any move of any size."""
    exact = st.sampled_from(EXACT[convention.align_corners])
    sizes = st.one_of(st.tuples(exact, exact), SEVERAL)
    kinds = st.sampled_from(sorted(MOVES))
    return st.builds(Plan, kinds, sizes, st.integers(1, 2), st.integers(1, 3), st.integers(0, 2**16))


def sample_moves(dtype: str, convention: Convention) -> st.SearchStrategy[SampleMove]:
    """Moves of `sample`."""
    return plans(convention).map(lambda plan: sample_move(plan, dtype, convention))


def transform_moves(dtype: str, convention: Convention) -> st.SearchStrategy[TransformMove]:
    """Moves of `transform`."""
    return plans(convention).map(lambda plan: transform_move(plan, dtype, convention))


def _places(size: Size) -> tuple[Indices, Indices]:
    """Row and column of every pixel, [H, W] each."""
    rows, columns = np.indices(size)
    return rows, columns


def _move(size: Size, rows: Indices, columns: Indices, theta: list[list[float]]) -> Move:
    return Move(size, rows, columns, np.array(theta, dtype=np.float64))
