"""Cases with a few numbers that no pixel answers to: coordinates and thetas, pixels, cotangents.

The first image is poisoned, the last of several is clean.
"""

import zlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from stn_verify.bounds.arithmetic import COORDINATE, REFLECTION, THETA
from stn_verify.cases.case import GenerateCase, SampleCase, TransformCase
from stn_verify.cases.grids import around
from stn_verify.cases.strategies import Frame, GridMaker, ThetaMaker
from stn_verify.cases.thetas import general, identity_of
from stn_verify.formats import Array, Format, named

Mask = npt.NDArray[np.bool_]

Sampling = SampleCase | TransformCase

TOO_FAR = 1e4
"""Normalised coordinates and coefficients beyond this are told as poison; every other kind stays well within."""


HEADROOM = COORDINATE + REFLECTION + THETA


def not_a_number(frame: Frame) -> Array:
    """NaN."""
    return np.array([np.nan])


def infinite(frame: Frame) -> Array:
    """Both infinities."""
    return np.array([-np.inf, np.inf])


def large(frame: Frame) -> Array:
    """Huge, but finite, as far as the dtype goes."""
    largest = named(frame.dtype).largest
    magnitudes = np.minimum(np.array([1e10, 1e20, largest]), largest)
    return np.concatenate([-magnitudes, magnitudes])


Poison = Callable[[Frame], Array]
"""The values to choose from."""

KINDS: dict[str, Poison] = {"nan": not_a_number, "infinite": infinite, "large": large}


def grids(poison: Poison) -> GridMaker:
    """A grid around the image with a fifth of the coordinates poisoned."""

    def made(frame: Frame, random: np.random.Generator) -> Array:
        grid = around(frame, random)
        bad = random.random(grid.shape) < 0.2
        if grid[:1].size:
            bad[0].flat[random.integers(grid[0].size)] = True
        return _spoiled(grid, bad, poison(frame), random)

    return made


def thetas(poison: Poison) -> ThetaMaker:
    """A general theta with a third of the coefficients poisoned."""

    def made(frame: Frame, random: np.random.Generator) -> Array:
        theta = general(frame, random)
        bad = random.random(theta.shape) < 0.3
        if len(bad):
            bad[0].flat[random.integers(bad[0].size)] = True
        return _spoiled(theta, bad, poison(frame), random)

    return made


def pixels(case: Sampling) -> Sampling:
    """The case with up to four pixels of each image NaN or infinite, all alike.

    In half of the images the first one is among them: an index that is out of bounds is often made to read it.
    """
    random = _random(case)
    value = random.choice([np.nan, np.inf, -np.inf])
    spoilt = _sprinkled(case.image, value, random)
    for image in spoilt:
        if not np.isfinite(image).all() and random.random() < 0.5:
            image[random.integers(len(image))].flat[0] = value
    return replace(case, image=spoilt)


def cotangents(case: Sampling) -> Sampling:
    """The case with up to three numbers of each image's cotangent NaN or infinite, all alike."""
    random = _random(case)
    value = random.choice([np.nan, np.inf, -np.inf])
    return replace(case, cotangent=_sprinkled(case.cotangent, value, random))


def undecided_points(case: SampleCase, compute: Format) -> tuple[Mask, SampleCase]:
    """Which points have a coordinate that is not finite or overflows in that arithmetic, and the case without them."""
    bad = _overflowing(np.abs(case.grid), _sizes(case), compute)
    return bad, replace(case, grid=np.where(bad[..., None], 0.0, case.grid))


def undecided_images(case: TransformCase, compute: Format) -> tuple[Mask, TransformCase]:
    """Which images have such a theta, [N], and the case with the identity in its place."""
    bad = _overflowing(_extent(case.theta), _sizes(case), compute)
    return bad, replace(
        case, theta=np.where(bad[:, None, None], identity_of(case.theta.shape[1]), case.theta)
    )


def undecided_grids(case: GenerateCase, compute: Format) -> tuple[Mask, GenerateCase]:
    """The same where only a grid is made, which must be stored as well."""
    narrower = min(compute, named(case.dtype), key=lambda held: held.largest)
    bad = _overflowing(_extent(case.theta), np.ones(case.theta.shape[1]), narrower)
    return bad, replace(
        case, theta=np.where(bad[:, None, None], identity_of(case.theta.shape[1]), case.theta)
    )


def told(values: Array, dtype: str) -> str | None:
    """The poison among some coordinates or coefficients, for a person; None where there are several kinds, or none."""
    names = {_named(float(value), named(dtype)) for value in values.ravel() if not abs(value) <= TOO_FAR}
    return names.pop() if len(names) == 1 else None


def _named(value: float, storage: Format) -> str:
    if np.isnan(value):
        return "nan"
    sign = "-" if value < 0 else "+"
    if np.isinf(value):
        return f"{sign}inf"
    return f"{sign}largest" if abs(value) == storage.largest else f"{value:+.0e}"


def _sizes(case: Sampling) -> Array:
    """(W, H) or (W, H, D)."""
    return np.array(case.image.shape[:1:-1])


def _extent(theta: Array) -> Array:
    """[N, 2] or [N, 3]: the largest normalised coordinates."""
    with np.errstate(over="ignore"):
        return np.asarray(np.abs(theta).sum(axis=2))


def _overflowing(magnitude: Array, sizes: Array, compute: Format) -> Mask:
    """Along any axis: a sampler meets (x + 1) W, the bounds of its results add up HEADROOM times that."""
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(np.any(~(HEADROOM * (magnitude + 1) * sizes <= compute.largest), axis=-1))


def _spoiled(values: Array, bad: Mask, poison: Array, random: np.random.Generator) -> Array:
    if len(values) > 1:
        bad[-1] = False
    return np.where(bad, random.choice(poison, values.shape), values)


def _sprinkled(values: Array, value: float, random: np.random.Generator) -> Array:
    spoilt = values.copy()
    for image in spoilt[: max(1, len(spoilt) - 1)]:
        if image.size:
            image.flat[random.integers(image.size, size=random.integers(1, 4))] = value
    return spoilt


def _random(case: SampleCase | TransformCase) -> np.random.Generator:
    """Another sequence for each case, and the same each time."""
    return np.random.default_rng(zlib.crc32(case.image.tobytes() + case.cotangent.tobytes()))
