"""What the basis of a thin plate spline may be: B(p) of a point p, with the spline B(p) theta (Bookstein 1989).

B(p) = phi(p)^T C, phi(p) = (U(|p - c_1|), ..., U(|p - c_K|), 1, X, Y), U(r) = r^2 log r^2, and C = L^-1 [I; 0] of the system
L = [U(|c_i - c_k|) P; P^T 0]. An implementation solves it for C, or for each theta, or multiplies by an inverse.

Gaussian elimination with partial pivoting solves a system whose entries are off by at most SOLVE n u |Q||R|, n = K + 3, with
the factors Q R that it finds (Higham 2002, theorem 9.4; n u for gamma_n by Rump and Jeannerod, 2014); orthogonal methods, in
the norm, are within that. With z = L^-1 phi(p) and C_k a column of C, whatever is solved for, be it the coefficients of a
theta, z, or each column of C or of the inverse with a dL of its own, B_k moves by z^T dL C_k to first order: by |z| |dL| |C_k|
at most, in the norm, and in all orders by that over 1 - |L^-1| |dL|. An entry's size times those of the inverse's on either
side would be a bound too, of elimination alone; it knows nothing of what cancels in z and C, and is 4 to 20 times as large for
9 to 25 points.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from stn_reference.generators import square_lattice
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.rounded import Rounding
from stn_verify.bounds.uncertain import Uncertain
from stn_verify.formats import Array

SOLVE = 3.0
"""Roundings of size |Q||R| for each of the n rows of the system: the factors' own, and those of two triangular solutions."""

LATTICE = 2.0
"""Roundings, of size 1, of a control point's coordinate: 2 k / (K - 1) - 1, or a linspace."""

KERNEL = 4.0
"""Roundings of size |U| in r^2 log r^2 beyond those of r^2: the logarithm's two, the product's one, and one of 2 log r."""

LEAST = np.exp(-1.0)
"""r^2 where U is least, -1/e; it falls before and rises after."""


@dataclass(frozen=True)
class Basis:
    """B(p) of M points, and what its terms are."""

    value: Array
    """[M, K]"""
    radius: Array
    """[M, K]"""
    terms: Array
    """[M, K]: |phi(p)|^T |C|."""
    count: int
    """n = K + 3, the length of its sums."""
    u: float

    @property
    def uncertain(self) -> Uncertain:
        """[1, M, K]."""
        return Uncertain(self.value[None], self.radius[None])

    def applied(self, theta: Array) -> Array:
        """[N, M, 2]: the bound of B(p) theta [N, K, 2], in any order of the two products, of n and K terms."""
        size = np.abs(theta)
        rounded = 2 * self.count * self.u * self.terms
        with np.errstate(invalid="ignore"):
            return np.asarray(np.matmul(self.radius + rounded, size))


def basis(control: int, base: Uncertain, arithmetic: Arithmetic) -> Basis:
    """Of the square lattice of so many control points, at target coordinates [M, 3] (X, Y, 1)."""
    u = arithmetic.u
    points = square_lattice(control)
    positions = Uncertain(points, np.full_like(points, LATTICE * u))
    inverse, stray = lattice_inverse(control, u)
    near = _kernel(_squared(_columns(base, None), _columns(positions, 0), u), u)
    phi = np.concatenate([near.value, base.value[:, [2, 0, 1]]], axis=1)
    radius = np.concatenate([near.radius, base.radius[:, [2, 0, 1]]], axis=1)
    weights = inverse[:, :control]
    terms = np.abs(phi) @ np.abs(weights)
    multipliers = np.linalg.norm(np.abs(phi @ inverse) + radius @ np.abs(inverse), axis=1)
    solved = stray * np.outer(multipliers, np.linalg.norm(weights, axis=0))
    bound = radius @ np.abs(weights) + solved + len(inverse) * u * terms
    return Basis(phi @ weights, bound, terms, len(inverse), u)


@lru_cache(maxsize=64)
def lattice_inverse(control: int, u: float) -> tuple[Array, float]:
    """L^-1 [K + 3, K + 3], and |dL| with all orders of what it does; infinite where the arithmetic cannot solve for it."""
    points = square_lattice(control)
    positions = Uncertain(points, np.full_like(points, LATTICE * u))
    bending = _kernel(_squared(_columns(positions, 1), _columns(positions, 0), u), u)
    affine = np.column_stack([np.ones(control), points])
    system = np.block([[bending.value, affine], [affine.T, np.zeros((3, 3))]])
    own = np.zeros_like(system)
    own[:control, :control] = bending.radius
    own[:control, control:] = LATTICE * u
    own[control:, :control] = LATTICE * u
    inverse = np.linalg.inv(system)
    stray = float(np.linalg.norm(own) + SOLVE * len(system) * u * np.linalg.norm(_factors(system)))
    series = stray * float(np.linalg.norm(inverse, 2))
    # The oracle's own inverse is off by no more than one in float64 may be, which `u` holds beside the claim's roundoff.
    return inverse, stray / (1 - series) if series < 1 else np.inf


def _factors(system: Array) -> Array:
    """|Q||R| of an elimination with partial pivoting, in the order of the system's rows."""
    left, order = system.copy(), np.arange(len(system))
    for k in range(len(left) - 1):
        pivot = k + int(np.argmax(np.abs(left[k:, k])))
        left[[k, pivot]], order[[k, pivot]] = left[[pivot, k]], order[[pivot, k]]
        left[k + 1 :, k] /= left[k, k]
        left[k + 1 :, k + 1 :] -= np.outer(left[k + 1 :, k], left[k, k + 1 :])
    product = np.empty_like(left)
    product[order] = np.abs(np.tril(left, -1) + np.eye(len(left))) @ np.abs(np.triu(left))
    return product


def _columns(points: Uncertain, axis: int | None) -> tuple[Uncertain, Uncertain]:
    """x and y, as rows (axis 0) or columns."""
    index = (None, slice(None)) if axis == 0 else (slice(None), None)
    x, y = (Uncertain(points.value[:, k][index], points.radius[:, k][index]) for k in (0, 1))
    return x, y


def _squared(a: tuple[Uncertain, Uncertain], b: tuple[Uncertain, Uncertain], u: float) -> Uncertain:
    """The squared distance of every pair."""
    rounding = Rounding(u)
    steps = [rounding.sum(p, Uncertain(-q.value, q.radius)) for p, q in zip(a, b, strict=True)]
    return rounding.sum(*(rounding.product(step, step) for step in steps))


def _kernel(squared: Uncertain, u: float) -> Uncertain:
    """U where r^2 is uncertain: monotone on both sides of its least value."""
    low, high = np.maximum(squared.value - squared.radius, 0.0), squared.value + squared.radius
    value = _bending(squared.value)
    radius = np.maximum(np.abs(_bending(low) - value), np.abs(_bending(high) - value))
    radius = np.where((low < LEAST) & (high > LEAST), np.maximum(radius, np.abs(value + LEAST)), radius)
    return Uncertain(value, radius + KERNEL * u * (np.abs(value) + radius))


def _bending(squared: Array) -> Array:
    return np.asarray(squared * np.log(squared, where=squared > 0, out=np.zeros_like(squared)))
