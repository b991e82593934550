"""The regular target grid, and cotangents of the grids that are made from it."""

from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_real, as_size, check_shape
from stn_reference.coordinates import target_axis


def target_axes(size: Sequence[int], align_corners: bool, axes: int = 2) -> tuple[Array, ...]:
    """x^t [Wo], y^t [Ho, 1] and, of 3 axes, z^t [Do, 1, 1], normalised: together they broadcast to the output.

    Raises:
        ReferenceArgumentError: a negative size, one of another length, an align_corners that is no bool.
    """
    lengths = as_size("size", size, least=0, axes=axes)
    return tuple(
        target_axis(length, align_corners).reshape(-1, *[1] * place)
        for place, length in enumerate(reversed(lengths))
    )


def as_points(x: Array, y: Array) -> Array:
    """Planes x and y [N, Ho, Wo] as a grid [N, Ho, Wo, 2]."""
    return np.stack([x, y], axis=-1)


def as_planes(cotangent: npt.ArrayLike, count: int, size: Sequence[int], axes: int = 2) -> Array:
    """The cotangent [N, Ho, Wo, 2] of a grid as [N, 2, Ho, Wo], and of 3 axes likewise.

    Planes in memory order, so that NumPy sums pairwise: the error grows with log(Ho Wo), not with Ho Wo.

    Raises:
        ReferenceArgumentError: a cotangent that is not of the grid's shape.
    """
    received = as_real("cotangent", cotangent)
    check_shape("cotangent", received, (count, *as_size("size", size, least=0, axes=axes), axes))
    return np.ascontiguousarray(np.moveaxis(received, -1, 1))


def over_points(terms: Sequence[Array], axes: int = 2) -> Array:
    """The sum over the points of each of k terms [..., Ho, Wo] or, of 3 axes, [..., Do, Ho, Wo], as [..., k]."""
    sums = []
    for term in terms:
        lead, size = term.shape[:-axes], term.shape[-axes:]
        sums.append(term.reshape(*lead, prod(size)).sum(axis=-1))
    return np.stack(sums, axis=-1)
