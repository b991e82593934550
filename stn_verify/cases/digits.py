"""Handwritten digits, turned, scaled and moved on a larger canvas: what a transformer has to undo.

The digits are the 1797 images of 8x8 pixels that scikit-learn brings with it; nothing is fetched.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from stn_reference import transform
from stn_verify.formats import Array

Labels = npt.NDArray[np.int64]

HELD_OUT = 400
"""Digits that nothing is learnt from."""

GREYS = 256
"""Pixels are whole multiples of 1 / GREYS: every storage dtype holds them."""

SIDES = (0.4, 0.55)
"""The shortest and the longest side of a digit, of the canvas'."""

TURN = np.pi / 6
SHIFT = 0.5
"""Of the room that is left on either side of a digit."""


@dataclass(frozen=True, eq=False)
class Digits:
    """Images [K, 1, S, S] and what they show; the last HELD_OUT are for testing."""

    images: Array
    labels: Labels

    @property
    def learnt(self) -> int:
        """How many there are to learn from."""
        return len(self.labels) - HELD_OUT

    @property
    def held_out(self) -> tuple[Array, Labels]:
        """The others."""
        return self.images[self.learnt :], self.labels[self.learnt :]


@cache
def digits(side: int) -> Digits:
    """Each digit once, in an order and with transformations that a fixed seed gives, on a canvas of side S.

    Raises:
        ImportError: scikit-learn is not installed.
    """
    from sklearn.datasets import load_digits

    loaded = load_digits()
    random = np.random.default_rng(0)
    order = random.permutation(len(loaded.target))
    small = np.asarray(loaded.images, dtype=np.float64)[order, None] / 16
    theta = _thetas(len(order), random)
    placed = [
        transform(small[some], theta[some], (side, side), padding="zeros", align_corners=False)
        for some in np.array_split(np.arange(len(order)), 20)
    ]
    images = np.rint(np.concatenate(placed) * (GREYS - 1)) / GREYS
    return Digits(images, np.asarray(loaded.target, dtype=np.int64)[order])


def _thetas(count: int, random: np.random.Generator) -> Array:
    """[N, 2, 3] from the canvas to the digit: the inverse of what happened to it."""
    scale = 1 / random.uniform(*SIDES, count)
    turn = random.uniform(-TURN, TURN, count)
    moved = random.uniform(-SHIFT, SHIFT, (count, 2, 1)) * (1 - 1 / scale)[:, None, None]
    cosine, sine = scale * np.cos(turn), scale * np.sin(turn)
    linear = np.stack([np.stack([cosine, -sine], axis=1), np.stack([sine, cosine], axis=1)], axis=1)
    return np.concatenate([linear, -linear @ moved], axis=2)
