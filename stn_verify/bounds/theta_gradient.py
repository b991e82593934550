"""What the gradient with respect to theta may be: the sum of what every point's may be."""

from collections.abc import Sequence

import numpy as np

from stn_verify.bounds.arithmetic import THETA, Arithmetic
from stn_verify.bounds.grid_gradient import point_gradient
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.scene import Scene
from stn_verify.formats import Array


def theta_gradient(
    scene: Scene, base: Array, cotangent: Array, arithmetic: Arithmetic, *, zero: bool = False
) -> Interval:
    """dL/dtheta [N, 2, 3] or [N, 3, 4] of a fused transformer: sum over points of dL/d(x, y, ...) times (X, Y, ..., 1).

    Points on kinks contribute intervals; their sum is the interval of all that right implementations may return.

    Args:
        base: [Ho, Wo, 3] or [Do, Ho, Wo, 4], the normalised target coordinates and 1.
    """
    gradient = point_gradient(scene, cotangent, arithmetic, zero=zero)
    return contracted(gradient.axes, scene.image.shape[0], base, arithmetic)


def contracted(gradients: Sequence[Interval], count: int, base: Array, arithmetic: Arithmetic) -> Interval:
    """[M] intervals of dL/dx, dL/dy, ..., contracted with the Jacobian of the affine generator."""
    basis = base.reshape(-1, base.shape[-1])
    size = np.abs(basis)
    rows = []
    for gradient in gradients:
        low, high = gradient.low.reshape(count, -1), gradient.high.reshape(count, -1)
        bound = gradient.bound.reshape(count, -1)
        positive, negative = np.maximum(basis, 0.0), np.minimum(basis, 0.0)
        largest = np.maximum(np.abs(low), np.abs(high)) + bound
        # n u sum|term| for the sum; the target coordinates carry THETA roundings of numbers no larger than 1.
        rounding = arithmetic.u * (len(basis) * (largest @ size) + THETA * largest.sum(axis=1, keepdims=True))
        rows.append(
            Interval(
                low @ positive + high @ negative, high @ positive + low @ negative, bound @ size + rounding
            )
        )
    low = np.stack([row.low for row in rows], axis=1)
    high = np.stack([row.high for row in rows], axis=1)
    bound = np.stack([row.bound for row in rows], axis=1)
    bound += arithmetic.s * (np.maximum(np.abs(low), np.abs(high)) + bound) + arithmetic.tiny
    return Interval(low, high, bound)


def generator_gradient(cotangent: Array, base: Array, arithmetic: Arithmetic) -> Interval:
    """dL/dtheta of a grid generator, for a cotangent of the grid's shape: the chain grad_theta = J^T grad_grid."""
    axes = [cotangent[..., number].ravel() for number in range(cotangent.shape[-1])]
    exact = [point(values, np.zeros(values.size)) for values in axes]
    return contracted(exact, cotangent.shape[0], base, arithmetic)


def generated(theta: Array, grid: Array, arithmetic: Arithmetic) -> Interval:
    """The grid [N, Ho, Wo, 2] that theta [N, 2, 3] means (or those of a volume), and its bound: u times the terms of the sum."""
    terms = THETA * arithmetic.u * np.abs(theta).sum(axis=2)
    bound = np.broadcast_to(terms.reshape(len(terms), *(1 for _ in grid.shape[1:-1]), -1), grid.shape)
    return point(grid, bound + arithmetic.s * (np.abs(grid) + bound) + arithmetic.tiny)
