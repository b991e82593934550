"""How all sample points move along one direction, and which of them lie where a second derivative is not one number."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stn_verify.bounds.arithmetic import THETA, Arithmetic
from stn_verify.bounds.scene import Scene
from stn_verify.formats import Array


@dataclass(frozen=True)
class Motion:
    """Of every point, [M] each: pixels per unit of the direction, and how many u of a pixel they are uncertain by."""

    x: Array
    y: Array
    x_roundings: Array
    y_roundings: Array

    @property
    def moves(self) -> npt.NDArray[np.bool_]:
        """The points that move at all."""
        parts = np.stack([self.x, self.y, self.x_roundings, self.y_roundings])
        return np.asarray(parts.any(axis=0))


def of_grid(scene: Scene, direction: Array) -> Motion:
    """Along a direction [N, Ho, Wo, 2] of the grid."""
    x, y = direction[..., 0].ravel() * scene.x.scale, direction[..., 1].ravel() * scene.y.scale
    return Motion(x, y, np.zeros_like(x), np.zeros_like(y))


def of_theta(scene: Scene, direction: Array, base: Array) -> Motion:
    """Along a direction [N, 2, 3] of theta; base [Ho, Wo, 3]. Its sums round as those of a grid do."""
    moved = np.einsum("hwk,nak->nahw", base, direction)
    points = base.shape[0] * base.shape[1]
    parts = []
    for number, axis in ((0, scene.x), (1, scene.y)):
        parts.append(moved[:, number].ravel() * axis.scale)
        parts.append(np.repeat(THETA * axis.scale * np.abs(direction[:, number]).sum(axis=1), points))
    return Motion(parts[0], parts[2], parts[1], parts[3])


def near_kinks(scene: Scene, arithmetic: Arithmetic) -> npt.NDArray[np.bool_]:
    """[M]: the points that rounding may carry into another cell."""
    x0, x1 = scene.x.window(arithmetic)
    y0, y1 = scene.y.window(arithmetic)
    return np.asarray((x0 != x1) | (y0 != y1))
