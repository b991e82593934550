"""The derivative of a polynomial from its values: exact where there are as many places as it has coefficients."""

import numpy as np

from stn_verify.formats import Array


def derivative_weights(places: Array, at: Array) -> Array:
    """[T, M]: factors of the values at `places` [T, M] whose sum is the derivative at `at` [M] of the polynomial through them.

    That of Lagrange's form. Not finite where two places coincide.
    """
    count = len(places)
    found = np.zeros_like(places)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for j in range(count):
            others = [k for k in range(count) if k != j]
            below = np.prod([places[j] - places[k] for k in others], axis=0)
            for i in others:
                found[j] += np.prod([at - places[k] for k in others if k != i], axis=0)
            found[j] /= below
    return found
