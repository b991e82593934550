"""The whole Jacobian with respect to the grid, from two forwards of the target per axis."""

import numpy as np

from stn_reference import to_normalised
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.interval import Interval
from stn_verify.bounds.vicinity import vicinity
from stn_verify.cases.case import SampleCase, storage
from stn_verify.contract.target import Target
from stn_verify.differences.stencil import stencil
from stn_verify.formats import Array


class GridDifferences:
    """Forwards of a target at moved grids, and what they say of its gradient.

    Points are independent of each other's sample point, so that all x coordinates move in one call, all y in another, and so on.
    """

    def __init__(self, target: Target, case: SampleCase, arithmetic: Arithmetic, base: Array, seed: int):
        """`base` is the target's output at the case itself."""
        self.case = case
        self._base = case.scene.rows(base)
        self._zero = target.description.subgradient == "zero"
        random = np.random.default_rng(seed)
        self._axes = []
        for number, axis in enumerate(case.scene.axes):
            plan = stencil(axis, arithmetic, random)
            low, high = (moved(case, number, pixels) for pixels in (plan.low, plan.high))
            replies = tuple(case.scene.rows(target.call(case.call(grid=grid)).output) for grid in (low, high))
            ends = (low[..., number].ravel(), high[..., number].ravel())
            self._axes.append((number, plan, ends, (replies[0], replies[1])))

    def compare(self, gradient: Array) -> Comparison:
        """grad_grid, in the grid's shape, against the target's own differences."""
        return Comparison("grad_grid", gradient, self.expected)

    def expected(self, arithmetic: Arithmetic) -> Interval:
        """dL/dgrid from differences: (V(b) - V(a)) / (b - a), contracted with the cotangent.

        Both values carry the bound of an output, the gradient its own.
        """
        scene = self.case.scene
        around = vicinity(scene, arithmetic)
        cotangent = scene.rows(self.case.cotangent)
        size = np.abs(cotangent)
        margin = 2 * np.einsum("cm,cm->m", size, around.value_margin())
        shape = self.case.grid.shape
        low, high, bound = np.empty(shape), np.empty(shape), np.empty(shape)
        for number, plan, ends, replies in self._axes:
            slope, step = _slope(cotangent, ends, replies)
            least, most, shortest = slope, slope.copy(), np.abs(step)
            if plan.kink.any():
                at = plan.kink
                here = self.case.grid[..., number].ravel()[at]
                for end, reply in zip(ends, replies, strict=True):
                    side, reach = _slope(cotangent[:, at], (here, end[at]), (self._base[:, at], reply[:, at]))
                    shortest[at] = np.minimum(shortest[at], np.abs(reach))
                    least[at] = side if end is ends[0] else np.minimum(least[at], side)
                    most[at] = side if end is ends[0] else np.maximum(most[at], side)
            if self._zero:
                # Declared: both neighbours coincide at a kink.
                least = np.where(plan.kink, np.minimum(least, 0.0), least)
                most = np.where(plan.kink, np.maximum(most, 0.0), most)
            error = np.where(
                plan.usable_under(scene.axes[number], arithmetic),
                margin / shortest + around.slope_margin(number, size),
                np.inf,
            )
            for result, part in ((low, least), (high, most), (bound, error)):
                result[..., number] = part.reshape(shape[:-1])
        return Interval(low, high, bound)


def _slope(cotangent: Array, ends: tuple[Array, Array], values: tuple[Array, Array]) -> tuple[Array, Array]:
    """[M]: the slope of L between two coordinates, and their distance (1 where they are one and the same)."""
    step = ends[1] - ends[0]
    step = np.where(step == 0, 1.0, step)
    return np.einsum("cm,cm->m", cotangent, values[1] - values[0]) / step, step


def moved(case: SampleCase, number: int, pixels: Array) -> Array:
    """The case's grid with one coordinate moved to these pixels, as stored."""
    axis = case.scene.axes[number]
    grid = case.grid.copy()
    coordinates = to_normalised(pixels, axis.size, case.convention.align_corners)
    if axis.scale == 0.0:
        # One pixel under align_corners: every coordinate means that pixel, and any step serves.
        coordinates = case.grid[..., number].ravel() + np.where(pixels > axis.position, 0.5, -0.5)
    grid[..., number] = storage(case).round(coordinates).reshape(grid.shape[:-1])
    return grid
