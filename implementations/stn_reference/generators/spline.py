"""The linear algebra of thin plate splines (Bookstein 1989): from control points to coefficients and a basis."""

import numpy as np

from stn_reference.arguments import Array
from stn_reference.errors import ReferenceArgumentError
from stn_reference.generators.control_points import ROUNDOFF


def coefficients(control: Array) -> Array:
    """(w_1 ... w_K, a0, a1, a2) of one coordinate, per row of theta: [K + 3, K], linear in theta.

    Raises:
        ReferenceArgumentError: control points so close, so near one line or so far out that float64 keeps no digit.
    """
    count = len(control)
    system = _system(control)
    condition = float(np.linalg.cond(system)) if np.isfinite(system).all() else np.inf
    limit = 1 / ((count + 3) * ROUNDOFF)
    if not condition < limit:
        raise ReferenceArgumentError(
            f"control with {count} points gives a system of condition {condition:.1e}, which float64 cannot solve: "
            f"points are too close, too near one line or too far out; known: below {limit:.1e}"
        )
    right = np.eye(count + 3, count)
    solved = np.linalg.solve(system, right)
    # One step of refinement makes it backward stable, whatever growth the pivots bring (Higham 2002, section 12.2).
    return np.asarray(solved + np.linalg.solve(system, right - system @ solved))


def basis(control: Array, xt: Array, yt: Array) -> Array:
    """B(p) of every point (xt, yt) of [Wo] and [Ho, 1], [Ho Wo, K]: the spline is B(p) theta."""
    # First, because it refuses what would overflow below.
    weights = coefficients(control)
    squared = (xt[:, None] - control[:, 0]) ** 2 + (yt[:, :, None] - control[:, 1]) ** 2
    shape = squared.shape[:2]
    affine = np.stack([np.ones(shape), np.broadcast_to(xt, shape), np.broadcast_to(yt, shape)], axis=-1)
    # (U(|p - c_1|) ... U(|p - c_K|), 1, x^t, y^t).
    terms = np.concatenate([_kernel(squared), affine], axis=-1)
    return np.asarray(terms.reshape(shape[0] * shape[1], len(control) + 3) @ weights)


def _system(control: Array) -> Array:
    affine = np.column_stack([np.ones(len(control)), control])
    with np.errstate(over="ignore"):
        step = control[:, None] - control
        bending = _kernel(step[..., 0] ** 2 + step[..., 1] ** 2)
    # sum_k w_k U(|c_i - c_k|) + a0 + a1 x_i + a2 y_i = theta_i; sum w = sum w x = sum w y = 0.
    return np.block([[bending, affine], [affine.T, np.zeros((3, 3))]])


def _kernel(squared: Array) -> Array:
    """U of r^2: r^2 log r^2, and 0 at 0."""
    return np.asarray(squared * np.log(squared, where=squared > 0, out=np.zeros_like(squared)))
