"""The regular target grid, and cotangents of the grids that are made from it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_real, as_size, check_shape
from stn_reference.coordinates import target_axis


def target_axes(size: Sequence[int], align_corners: bool) -> tuple[Array, Array]:
    """x^t [Wo] and y^t [Ho, 1], normalised: together they broadcast to the output (Ho, Wo).

    Raises:
        ReferenceArgumentError: a negative size, an align_corners that is no bool.
    """
    rows, columns = as_size("size", size, least=0)
    return target_axis(columns, align_corners), target_axis(rows, align_corners)[:, None]


def as_points(x: Array, y: Array) -> Array:
    """Planes x and y [N, Ho, Wo] as a grid [N, Ho, Wo, 2]."""
    return np.stack([x, y], axis=-1)


def as_planes(cotangent: npt.ArrayLike, count: int, size: Sequence[int]) -> Array:
    """The cotangent [N, Ho, Wo, 2] of a grid as [N, 2, Ho, Wo].

    Planes in memory order, so that NumPy sums pairwise: the error grows with log(Ho Wo), not with Ho Wo.

    Raises:
        ReferenceArgumentError: a cotangent that is not of the grid's shape.
    """
    received = as_real("cotangent", cotangent)
    check_shape("cotangent", received, (count, *as_size("size", size, least=0), 2))
    return np.ascontiguousarray(np.moveaxis(received, -1, 1))


def over_points(terms: Sequence[Array]) -> Array:
    """The sum over the points of each of k terms [..., Ho, Wo], as [..., k]."""
    sums = []
    for term in terms:
        *lead, rows, columns = term.shape
        sums.append(term.reshape(*lead, rows * columns).sum(axis=-1))
    return np.stack(sums, axis=-1)
