"""Kinds of grids, [N, Ho, Wo, 2] (or [N, Do, Ho, Wo, 3]) normalised, each made from what it means in pixels."""

import numpy as np

from stn_reference import to_normalised, to_pixels
from stn_verify.bounds.affine import affine_grid
from stn_verify.cases.strategies import Frame, GridMaker
from stn_verify.cases.thetas import KINK_THETAS
from stn_verify.formats import Array, named


def inside(frame: Frame, random: np.random.Generator) -> Array:
    """Anywhere in the image."""
    return random.uniform(-1.0, 1.0, (*frame.grid_shape, frame.axes))


def around(frame: Frame, random: np.random.Generator) -> Array:
    """Inside and up to half an image outside."""
    return random.uniform(-2.0, 2.0, (*frame.grid_shape, frame.axes))


def outside(frame: Frame, random: np.random.Generator) -> Array:
    """Several images away: reflections fold more than once."""
    return random.uniform(-7.0, 7.0, (*frame.grid_shape, frame.axes))


def integers(frame: Frame, random: np.random.Generator) -> Array:
    """Every sample on an integer coordinate, the image's own and those just outside."""
    return normalised(
        frame, [random.integers(-2, size + 2, frame.grid_shape).astype(np.float64) for size in _axes(frame)]
    )


def single_integers(frame: Frame, random: np.random.Generator) -> Array:
    """A few samples on an integer along one axis only, the others anywhere."""
    grid = around(frame, random)
    integer = integers(frame, random)
    return np.where(random.random(grid.shape) < 0.25, integer, grid)


def exact_borders(frame: Frame, random: np.random.Generator) -> Array:
    """Samples on exactly -1 and +1, and on the first and last pixel."""
    grid = around(frame, random)
    sides = random.choice([-1.0, 1.0], grid.shape)
    pixels = [random.choice([0.0, size - 1.0], frame.grid_shape) for size in _axes(frame)]
    grid = np.where(random.random(grid.shape) < 0.5, sides, grid)
    return np.where(random.random(grid.shape) < 0.3, normalised(frame, pixels), grid)


def one_ulp_beside(frame: Frame, random: np.random.Generator) -> Array:
    """One unit in the last place left or right of integers and of -1 and +1."""
    storage = named(frame.dtype)
    exact = np.where(
        random.random((*frame.grid_shape, frame.axes)) < 0.7,
        integers(frame, random),
        exact_borders(frame, random),
    )
    exact = storage.round(exact)
    up = random.random(exact.shape) < 0.5
    return np.where(up, storage.neighbour(exact, 1.0), storage.neighbour(exact, -1.0))


def beside_integers(frame: Frame, random: np.random.Generator) -> Array:
    """At every order of magnitude beside an integer, from what rounding still tells apart to half a pixel."""
    smallest = 4 * named(frame.dtype).unit_roundoff
    pixels = []
    for size in _axes(frame):
        nearest = random.integers(-1, size + 1, frame.grid_shape).astype(np.float64)
        exponent = random.uniform(np.log(min(smallest * size, 0.4)), np.log(0.5), frame.grid_shape)
        pixels.append(nearest + np.exp(exponent) * np.where(random.random(frame.grid_shape) < 0.5, -1.0, 1.0))
    return normalised(frame, pixels)


def beside_kinks(frame: Frame, random: np.random.Generator) -> Array:
    """Beside integers and borders, at one unit in the last place and at every order of magnitude above it."""
    ulp, wider = one_ulp_beside(frame, random), beside_integers(frame, random)
    return np.where(random.random(ulp.shape) < 0.5, ulp, wider)


def just_outside(frame: Frame, random: np.random.Generator) -> Array:
    """Less than a pixel and a half beyond the first or last pixel: where zeros fade and mirrors turn."""
    pixels = []
    for size in _axes(frame):
        beyond = random.uniform(0.0, 1.5, frame.grid_shape)
        low = random.random(frame.grid_shape) < 0.5
        pixels.append(np.where(low, -beyond, size - 1 + beyond))
    grid = normalised(frame, pixels)
    return np.where(random.random(grid.shape) < 0.7, grid, inside(frame, random))


def far_outside(frame: Frame, random: np.random.Generator) -> Array:
    """Tens to thousands of images away, or where a narrow index wraps around into the image."""
    far, aliased = very_far(frame, random), wrapping(frame, random)
    return np.where(random.random(frame.grid_shape)[..., None] < 0.5, far, aliased)


def very_far(frame: Frame, random: np.random.Generator) -> Array:
    """Tens to thousands of images away."""
    magnitude = np.exp(random.uniform(np.log(8.0), np.log(2000.0), (*frame.grid_shape, frame.axes)))
    return magnitude * np.where(random.random(magnitude.shape) < 0.5, -1.0, 1.0)


def wrapping(frame: Frame, random: np.random.Generator) -> Array:
    """Points inside the image, moved by 2^8, 2^16 or 2^32 pixels as far as the dtype still tells their fractions."""
    u = named(frame.dtype).unit_roundoff
    shifts = [2.0**bits for bits in (8, 16, 32) if 4 * u * 2.0**bits < 0.25]
    grid = inside(frame, random)
    if not shifts:
        return grid
    pixels = []
    for axis, size in enumerate(_axes(frame)):
        moved = random.random(frame.grid_shape) < 0.5
        shift = random.choice(shifts, frame.grid_shape) * random.choice([-1.0, 1.0], frame.grid_shape)
        inner = to_pixels(grid[..., axis], size, frame.convention.align_corners)
        pixels.append(inner + np.where(moved, shift, 0.0))
    return normalised(frame, pixels)


def affine(frame: Frame, random: np.random.Generator) -> Array:
    """Grids of the thetas that lie on kinks: identity, quarter turns, flips, shifts, degenerate ones."""
    maker = KINK_THETAS[sorted(KINK_THETAS)[random.integers(len(KINK_THETAS))]]
    return affine_grid(maker(frame, random), frame.output_size, align_corners=frame.convention.align_corners)


GENERIC: dict[str, GridMaker] = {"around": around, "inside": inside, "outside": outside}

ALL: dict[str, GridMaker] = {
    **GENERIC,
    "affine": affine,
    "beside kinks": beside_kinks,
    "exact borders": exact_borders,
    "integers": integers,
    "just outside": just_outside,
    "single integers": single_integers,
}


def _axes(frame: Frame) -> tuple[int, ...]:
    """(W, H) or (W, H, D), in the order of a grid's last axis."""
    return frame.image_size[::-1]


def normalised(frame: Frame, pixels: list[Array]) -> Array:
    """The grid of points given in pixels, a coordinate each, x first."""
    aligned = frame.convention.align_corners
    parts = [to_normalised(part, size, aligned) for part, size in zip(pixels, _axes(frame), strict=True)]
    return np.stack(parts, axis=-1)
