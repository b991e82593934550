"""The Jacobian of a bicubic sampler with respect to the grid, from four forwards of the target per axis.

Inside a cell V is a polynomial of degree 3 along an axis: four points anywhere in it give the derivative without truncation
error. They are spread over the whole cell, each point's in an order of its own, so that crosstalk between points cannot cancel.
V is once continuously differentiable: a point beside an integer has the same derivative in either cell, within its own bound.
"""

import numpy as np

from stn_reference import to_pixels
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.cubic import nearby
from stn_verify.bounds.interpolated import grid_gradient
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.scene import Axis
from stn_verify.cases.case import SampleCase
from stn_verify.contract.target import Target
from stn_verify.differences.grid import moved
from stn_verify.differences.polynomial import derivative_weights
from stn_verify.differences.stencil import MARGIN, NARROWEST
from stn_verify.formats import Array

PLACES = (0.06, 0.36, 0.64, 0.94)
"""Of the four points in a cell; each may lie up to SPREAD to either side."""

SPREAD = 0.05


class CubicGridDifferences:
    """Forwards of a target at moved grids, and what they say of its gradient."""

    def __init__(self, target: Target, case: SampleCase, arithmetic: Arithmetic, seed: int):
        self.case = case
        random = np.random.default_rng(seed)
        self._axes: list[tuple[int, Array, Array]] = []
        for number, axis in ((0, case.scene.x), (1, case.scene.y)):
            if axis.scale == 0.0:
                # One pixel under align_corners: every coordinate means that pixel.
                continue
            grids = [moved(case, number, pixels) for pixels in _planned(axis, arithmetic, random)]
            replies = [case.scene.rows(target.call(case.call(grid=grid)).output) for grid in grids]
            stored = np.stack([grid[..., number].ravel() for grid in grids])
            places = to_pixels(stored, axis.size, case.convention.align_corners)
            self._axes.append((number, places, np.stack(replies)))

    def compare(self, gradient: Array) -> Comparison:
        """grad_grid [N, Ho, Wo, 2] against the target's own differences."""
        return Comparison("grad_grid", gradient, self.expected)

    def expected(self, arithmetic: Arithmetic) -> Interval:
        """dL/dgrid: the values' errors times the factors of the derivative, and the gradient's own bound."""
        scene = self.case.scene
        cotangent = scene.rows(self.case.cotangent)
        margin = np.einsum("cm,cm->m", np.abs(cotangent), nearby(scene, arithmetic))
        value = np.zeros(self.case.grid.shape)
        bound = grid_gradient(scene, self.case.cotangent, arithmetic).bound.copy()
        for number, places, replies in self._axes:
            axis = scene.x if number == 0 else scene.y
            factors = derivative_weights(places, axis.position)
            usable = _usable(axis, places, arithmetic) & np.isfinite(factors).all(axis=0)
            factors = np.where(usable, factors, 0.0)
            slope = np.einsum("tm,cm,tcm->m", factors, cotangent, replies, optimize=True)
            error = np.where(usable, np.abs(factors).sum(axis=0) * margin, np.inf)
            value[..., number] = (axis.scale * slope).reshape(value.shape[:-1])
            bound[..., number] += (axis.scale * error).reshape(value.shape[:-1])
        return point(value, bound)


def _planned(axis: Axis, arithmetic: Arithmetic, random: np.random.Generator) -> Array:
    """[4, M]: pixels, in the cell of each point."""
    places = np.array(PLACES)[:, None] + random.uniform(-SPREAD, SPREAD, (4, len(axis.cell)))
    edge = np.minimum(MARGIN * axis.uncertainty(arithmetic), 0.45)
    places = edge + (1 - 2 * edge) * places
    return np.asarray(axis.cell + random.permuted(places, axis=0))


def _usable(axis: Axis, places: Array, arithmetic: Arithmetic) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Points whose places, as they are stored, stay in the cell, and in this arithmetic too."""
    delta = axis.uncertainty_nearby(arithmetic)
    inside = (places - delta >= axis.cell) & (places + delta <= axis.cell + 1)
    return np.asarray(inside.all(axis=0) & (axis.uncertainty(arithmetic) < NARROWEST))
