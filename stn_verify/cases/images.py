"""Images and cotangents to check with."""

import numpy as np

from stn_verify.formats import Array, Format


def images(
    batch: int, channels: int, size: tuple[int, ...], storage: Format, random: np.random.Generator
) -> Array:
    """[N, C, H, W] (or [N, C, D, H, W]) of independent numbers, in some cases small integers or on top of a constant.

    No two pixels are alike, so that a swapped axis, a shifted row or a neighbouring channel shows.
    """
    shape = (batch, channels, *size)
    style = random.integers(0, 4)
    if style == 0:
        values = random.integers(-8, 9, shape).astype(np.float64)
    elif style == 1:
        values = 4.0 + random.standard_normal(shape)
    else:
        values = random.standard_normal(shape)
    return storage.round(values)


def cotangents(shape: tuple[int, ...], storage: Format, random: np.random.Generator) -> Array:
    """Independent numbers of both signs, none of them small: every output takes part."""
    values = random.uniform(0.25, 2.0, shape) * np.where(random.random(shape) < 0.5, -1.0, 1.0)
    return storage.round(values)


def contrasts(shape: tuple[int, ...], random: np.random.Generator) -> Array:
    """Pixels of both signs and no small ones: slopes jump by more than a narrow format can blur."""
    return random.uniform(4.0, 8.0, shape) * np.where(random.random(shape) < 0.5, -1.0, 1.0)
