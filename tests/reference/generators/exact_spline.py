"""Thin plate splines in decimal arithmetic of 60 digits, and what float64 may do to them.

Points are the float64 numbers that the reference takes: nothing but its arithmetic is bounded.
"""

from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

import numpy as np

from stn_reference.generators.spline import coefficients

DIGITS = 60
U = Decimal(2) ** -53


def gamma(roundings: int) -> Decimal:
    """k u / (1 - k u) (Higham 2002, lemma 3.1)."""
    return roundings * U / (1 - roundings * U)


def decimals(values: Any) -> Any:
    """An array of the very numbers, as Decimal."""
    array = np.asarray(values, dtype=np.float64)
    flat = np.empty(array.size, dtype=object)
    flat[:] = [Decimal(float(v)) for v in array.ravel()]
    return flat.reshape(array.shape)


def terms(points: Any, control: Any) -> tuple[Any, Any]:
    """(U(|p - c_k|) ..., 1, x, y) of each point [P, K + 3], and the error of its float64 result."""
    values, errors = [], []
    for x, y in points:
        row, off = [], []
        for cx, cy in control:
            squared = (x - cx) ** 2 + (y - cy) ** 2
            log = squared.ln() if squared else Decimal(0)
            row.append(squared * log)
            # r^2: difference (squared: twice), square, sum. The logarithm takes their 4 roundings as an
            # absolute error, and adds 4 ulp of its own, 8 u (NumPy's limit); then a product.
            off.append(gamma(16) * squared * (abs(log) + 1))
        values.append([*row, Decimal(1), x, y])
        errors.append([*off, Decimal(0), Decimal(0), Decimal(0)])
    return np.array(values, dtype=object), np.array(errors, dtype=object)


def inverse(matrix: Any) -> Any:
    """By Gauss-Jordan elimination with the largest pivots."""
    count = len(matrix)
    work = np.concatenate([matrix.copy(), decimals(np.eye(count))], axis=1)
    for k in range(count):
        pivot = k + max(range(count - k), key=lambda row: abs(work[k + row, k]))
        work[[k, pivot]] = work[[pivot, k]]
        work[k] = work[k] / work[k, k]
        for row in set(range(count)) - {k}:
            work[row] = work[row] - work[row, k] * work[k]
    return work[:, count:]


@dataclass(frozen=True)
class Spline:
    """B [P, K] at given points, and a bound of the error of the reference's."""

    basis: Any
    error: Any

    @classmethod
    def of(cls, control: Any, points: Any) -> "Spline":
        with localcontext(prec=DIGITS):
            places, centres = decimals(points), decimals(control)
            count = len(centres)
            bending, off = terms(centres, centres)
            corner = decimals(np.zeros((3, 3)))
            system = np.block([[bending], [bending[:, count:].T, corner]])
            off = np.block([[off], [off[:, count:].T, corner]])
            inverted = inverse(system)
            exact = inverted[:, :count]
            found = abs(decimals(coefficients(np.asarray(control, dtype=np.float64))))
            # (M + D) W^ = I + R: the entries of M are off by D, and R is what the reference's step of refinement leaves,
            # at most 2 gamma_(n+1) (|M| |W^| + 1) in the norm of each column (Higham 2002, section 12.2). So
            # W^ - W = M^-1 (R - D W^).
            norm = (abs(system) + off).sum(axis=1).max()
            column = 2 * gamma(count + 4) * (norm * found.max(axis=0) + 1)
            residual = np.broadcast_to(column, found.shape)
            moved = abs(inverted) @ (off @ found + residual)
            values, value_errors = terms(places, centres)
            product = gamma(count + 3) * ((abs(values) + value_errors) @ found)
            return cls(values @ exact, abs(values) @ moved + value_errors @ found + product)

    def grid_used(self, grid: Any, theta: Any) -> float:
        """Error over bound of B theta, [P, 2]."""
        return self._used(grid, self.basis, self.error, theta)

    def gradient_used(self, gradient: Any, cotangent: Any) -> float:
        """Error over bound of B^T cotangent, [K, 2]."""
        return self._used(gradient, self.basis.T, self.error.T, cotangent)

    @staticmethod
    def _used(result: Any, matrix: Any, error: Any, right: Any) -> float:
        with localcontext(prec=DIGITS):
            exact = matrix @ decimals(right)
            size = abs(decimals(right))
            bound = error @ size + gamma(len(right)) * ((abs(matrix) + error) @ size)
            off = abs(decimals(result) - exact)
            return max(
                float(o / b) if b else float(o > 0) for o, b in zip(off.ravel(), bound.ravel(), strict=True)
            )
