"""What the grids of families of transformations may be, and the gradients of their thetas.

Of every family beside affine (bounds/theta_gradient.py): translation, attention and similarity are affine with fewer
parameters; projective is a quotient of two of those; thin plates are linear in theta with a basis that a linear system gives
(bounds/splines.py); a displacement is added.

The bound of a quotient n / d grows with 1 / d^2. Where the rounding of d reaches |d| the point may lie on the line at infinity:
of it, and of a gradient that it enters, nothing is claimed, and the bound is infinite.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from stn_verify.bounds.affine import target_base
from stn_verify.bounds.arithmetic import THETA, Arithmetic
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.rounded import Rounding
from stn_verify.bounds.splines import basis
from stn_verify.bounds.uncertain import Uncertain, known
from stn_verify.formats import Array

TARGET = 4.0
"""Roundings of size at most 1 in a target coordinate: three, and one for forming linspace from both ends (THETA)."""

TERM = 6.0
"""Roundings of one term of a gradient's sum beyond those of the grid's derivative: the product with the cotangent (1), the
order in which a chain of derivatives multiplies (a quotient for a product with the reciprocal: 2 more), the sum of both
coordinates' parts (1), a store and a reload (1), one to spare for the sum's first addend."""

LINEAR: Mapping[str, tuple[Array, Array]] = MappingProxyType(
    {
        # [P, 2, 3]: what each parameter adds to an affine theta, and what is there without any.
        "translation": (
            np.array([[[0, 0, 1], [0, 0, 0]], [[0, 0, 0], [0, 0, 1]]], dtype=float),
            np.array([[1.0, 0, 0], [0, 1, 0]]),
        ),
        "attention": (
            np.array([[[1, 0, 0], [0, 1, 0]], [[0, 0, 1], [0, 0, 0]], [[0, 0, 0], [0, 0, 1]]], dtype=float),
            np.zeros((2, 3)),
        ),
        "similarity": (
            np.array(
                [
                    [[1, 0, 0], [0, 1, 0]],
                    [[0, -1, 0], [1, 0, 0]],
                    [[0, 0, 1], [0, 0, 0]],
                    [[0, 0, 0], [0, 0, 1]],
                ],
                dtype=float,
            ),
            np.zeros((2, 3)),
        ),
    }
)


def family_grid(
    family: str, theta: Array, grid: Array, size: tuple[int, ...], align_corners: bool, arithmetic: Arithmetic
) -> Interval:
    """The grid [N, Ho, Wo, 2] that theta means, given exactly, and its bound."""
    base = _base(size, align_corners, arithmetic)
    if family in LINEAR:
        added, constant = LINEAR[family]
        terms = np.abs(np.tensordot(theta, added, 1) + constant).sum(axis=2)
        bound = np.broadcast_to((THETA * arithmetic.u * terms)[:, None], (len(theta), len(base.value), 2))
    elif family == "projective":
        bound = np.stack([part.radius for part in _projected(theta, base, arithmetic)[:2]], axis=-1)
    elif family == "thin_plate":
        bound = basis(theta.shape[1], base, arithmetic).applied(theta)
    else:
        # One sum of a displacement and a target coordinate.
        placed = np.abs(theta).reshape(len(theta), -1, 2) + np.abs(base.value[:, :2])
        bound = base.radius[:, :2] + arithmetic.u * placed
    return _stored(point(grid, bound.reshape(grid.shape)), arithmetic)


def family_gradient(
    family: str,
    theta: Array,
    cotangent: Array,
    size: tuple[int, ...],
    align_corners: bool,
    arithmetic: Arithmetic,
) -> Interval:
    """dL/dtheta, of theta's shape, for a cotangent [N, Ho, Wo, 2]: the sum over points of the cotangent with the derivative."""
    base = _base(size, align_corners, arithmetic)
    received = cotangent.reshape(len(theta), -1, 2)
    if family == "displacement":
        # Each parameter moves one coordinate of one point as it is.
        return _stored(point(cotangent, arithmetic.u * np.abs(cotangent)), arithmetic)
    if family == "thin_plate":
        weights = basis(theta.shape[1], base, arithmetic).uncertain
        parts = [_contracted(received[:, :, None, k], weights, arithmetic) for k in (0, 1)]
        return _stored(_stacked(parts), arithmetic)
    derivatives = _projective(theta, base, arithmetic) if family == "projective" else _linear(family, base)
    found = [
        Rounding(arithmetic.u).sum(
            *(_contracted(received[..., k], each, arithmetic) for k, each in enumerate(pair))
        )
        for pair in derivatives
    ]
    return _stored(_stacked(found), arithmetic)


def _base(size: tuple[int, ...], align_corners: bool, arithmetic: Arithmetic) -> Uncertain:
    """[M, 3]: target coordinates (X, Y, 1)."""
    base = target_base(size, align_corners).reshape(-1, 3)
    radius = np.full_like(base, TARGET * arithmetic.u)
    radius[:, 2] = 0.0
    return Uncertain(base, radius)


def _linear(family: str, base: Uncertain) -> list[list[Uncertain]]:
    """Of each parameter: dx and dy by it, [1, M] each."""
    added, _ = LINEAR[family]
    return [
        [Uncertain((base.value @ row)[None], (base.radius @ np.abs(row))[None]) for row in parameter]
        for parameter in added
    ]


def _projected(
    theta: Array, base: Uncertain, arithmetic: Arithmetic
) -> tuple[Uncertain, Uncertain, Uncertain]:
    """x, y and the denominator, [N, M] each."""
    rounding = Rounding(arithmetic.u)
    x, y = Uncertain(base.value[:, 0], base.radius[:, 0]), Uncertain(base.value[:, 1], base.radius[:, 1])
    h = [known(theta[:, k, None]) for k in range(8)]
    one = known(np.ones((1, 1)))
    # (x, y, 1) ~ H (X, Y, 1), H = [h11 h12 h13; h21 h22 h23; h31 h32 1].
    rows = [
        rounding.sum(rounding.product(a, x), rounding.product(b, y), c)
        for a, b, c in ((h[0], h[1], h[2]), (h[3], h[4], h[5]), (h[6], h[7], one))
    ]
    return rounding.quotient(rows[0], rows[2]), rounding.quotient(rows[1], rows[2]), rows[2]


def _projective(theta: Array, base: Uncertain, arithmetic: Arithmetic) -> list[list[Uncertain]]:
    """Likewise, [N, M] each: d x / d (h11, h12, h13) = (X, Y, 1) / d, and d (x, y) / d (h31, h32) = -(x, y) (X, Y) / d."""
    rounding = Rounding(arithmetic.u)
    x, y, denominator = _projected(theta, base, arithmetic)
    over = [rounding.quotient(Uncertain(base.value[:, k], base.radius[:, k]), denominator) for k in range(3)]
    none = known(np.zeros_like(denominator.value))
    by_depth = [
        [rounding.product(Uncertain(-part.value, part.radius), each) for part in (x, y)] for each in over[:2]
    ]
    return [*([each, none] for each in over), *([none, each] for each in over), *by_depth]


def _contracted(received: Array, derivative: Uncertain, arithmetic: Arithmetic) -> Uncertain:
    """The sum over points, axis 1, of the cotangent with a derivative by which it is broadcast."""
    size = np.abs(received)
    with np.errstate(invalid="ignore"):
        summed = (size * derivative.largest).sum(axis=1)
        # n u sum|term| for the sum.
        radius = (size * derivative.radius).sum(axis=1) + arithmetic.u * (received.shape[1] + TERM) * summed
        # Partial sums may be as large, though the sum is not.
        radius = np.where(summed <= _largest(arithmetic), radius, np.inf)
        return Uncertain((received * derivative.value).sum(axis=1), radius)


def _stacked(parts: Sequence[Uncertain]) -> Interval:
    """Along a last axis."""
    value, radius = (
        np.stack([getattr(part, name) for part in parts], axis=-1) for name in ("value", "radius")
    )
    return point(value, radius)


def _stored(interval: Interval, arithmetic: Arithmetic) -> Interval:
    """With one rounding to the storage dtype."""
    # Nothing is claimed where a bound is infinite, or infinite times zero, nor of what the formats do not hold.
    held = np.abs(interval.low) + interval.bound <= _largest(arithmetic)
    bound = np.where(held, interval.bound, np.inf)
    stored = arithmetic.s * np.where(held, np.abs(interval.low) + interval.bound, 0.0) + arithmetic.tiny
    return Interval(interval.low, interval.high, bound + stored)


def _largest(arithmetic: Arithmetic) -> float:
    """Up to which numbers are held, and the products on the way to them, a few times larger."""
    return min(arithmetic.compute.largest, arithmetic.storage.largest) / 4


def claimed_alone(expected: Interval, values: Array) -> Interval:
    """The same; where nothing is claimed any value is right, NaN too."""
    free = np.isinf(expected.bound)
    if not free.any():
        return expected
    low, high = (np.where(free, values, end) for end in (expected.low, expected.high))
    return Interval(low, high, expected.bound)
