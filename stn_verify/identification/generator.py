"""The grid generator, alone or inside a fused transformer: its align_corners, and the order of theta's rows and columns."""

from dataclasses import dataclass

import numpy as np

from stn_reference import target_axis
from stn_verify.bounds.theta_gradient import generated
from stn_verify.contract.dialect import AXIS_ORDERS, AxisOrder
from stn_verify.contract.target import Call
from stn_verify.formats import Array
from stn_verify.identification.model import Model
from stn_verify.identification.probe import Probe

SIZE = (4, 6)
"""(Ho, Wo)"""

THETA = np.array([[0.5, -0.1875, 0.0625], [0.21875, 0.375, -0.03125]])
"""Inside the image for the most part, and no two coefficients alike."""


@dataclass(frozen=True)
class Generator:
    """How target coordinates enter: the columns of theta's linear part are for (X, Y) or for (Y, X)."""

    align_corners: bool
    columns: AxisOrder
    rows: AxisOrder


def found_fused(model: Model) -> list[Generator]:
    """The generators that explain a fused transformer of a known sampler; one call.

    Raises: TargetFailure: it brought no result.
    """
    geometry = model.geometry
    probe = geometry.probe
    random = np.random.default_rng(13)
    image = probe.stored(random.uniform(-8.0, 8.0, (2, *geometry.size)))
    theta = probe.stored(THETA)
    values = probe.transformed(image, theta, SIZE).reshape(len(image), -1)
    rows = geometry.ramps.axis_order
    for number, arithmetic in enumerate(probe.arithmetics()):
        found = []
        for aligned, columns in ((a, c) for a in (False, True) for c in AXIS_ORDERS):
            grid = _grid(theta, aligned, columns)
            across, down = (grid[0], grid[1]) if rows == "xy" else (grid[1], grid[0])
            points = geometry.reading(across, down)
            if model.explains(values, image, points, arithmetic):
                found.append(Generator(aligned, columns, rows))
        if found:
            # A coarse arithmetic that explains several explains nothing.
            return found if number == 0 or len(found) == 1 else []
    return []


def found_generator(probe: Probe) -> list[Generator]:
    """The generators that explain the grids of a target that makes nothing else; one call.

    Raises: TargetFailure: it brought no result.
    """
    theta = probe.stored(THETA)[None]
    call = Call("generate", {"theta": theta}, probe.dtype, probe.asked, size=SIZE, free=True)
    grid = probe.target.call(call).output
    if grid.shape != (1, *SIZE, 2):
        return []
    for number, arithmetic in enumerate(probe.arithmetics()):
        found = []
        for aligned, columns in ((a, c) for a in (False, True) for c in AXIS_ORDERS):
            expected = np.moveaxis(_grid(theta[0], aligned, columns), 0, -1).reshape(1, *SIZE, 2)
            allowed = generated(theta, expected, arithmetic)
            if np.all(allowed.budget_used(grid) <= 1):
                # Rows and columns are in one order, in either.
                found.append(Generator(aligned, columns, columns))
        if found:
            # A coarse arithmetic that explains several explains nothing.
            return found if number == 0 or len(found) == 1 else []
    return []


def _grid(theta: Array, aligned: bool, columns: AxisOrder) -> Array:
    """[2, Ho Wo]: theta's rows at every target point."""
    y, x = (target_axis(length, aligned) for length in SIZE)
    across, down = (part.ravel() for part in np.meshgrid(x, y))
    basis = (across, down) if columns == "xy" else (down, across)
    return np.asarray(theta[:, :2] @ np.stack(basis) + theta[:, 2:])
