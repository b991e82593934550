"""Kinds of affine thetas, [N, 2, 3] normalised; those of any number of axes also [N, 3, 4]."""

import numpy as np
from hypothesis import strategies as st

from stn_reference import pixel_scale
from stn_verify.cases.case import TransformCase
from stn_verify.cases.strategies import Frame, ThetaMaker, transform_case
from stn_verify.contract.convention import Convention
from stn_verify.formats import Array


def identity_of(axes: int) -> Array:
    """[D, D + 1]: the identity."""
    return np.eye(axes, axes + 1)


IDENTITY = identity_of(2)


def general(frame: Frame, random: np.random.Generator) -> Array:
    """Any coefficients of order one."""
    return random.uniform(-1.5, 1.5, _shape(frame))


def near_identity(frame: Frame, random: np.random.Generator) -> Array:
    """The identity and a little noise, as after the first steps of training."""
    return identity_of(frame.axes) + 0.05 * random.standard_normal(_shape(frame))


def zoom(frame: Frame, random: np.random.Generator) -> Array:
    """A resize about a point: scales between an eighth and four."""
    scale = np.exp2(random.uniform(-3.0, 2.0, (frame.batch, frame.axes)))
    theta = identity_of(frame.axes) * scale[..., None]
    theta[:, :, -1] = random.uniform(-0.5, 0.5, (frame.batch, frame.axes))
    return theta


def identity(frame: Frame, random: np.random.Generator) -> Array:
    """The identity."""
    return _all(frame, identity_of(frame.axes))


def whole_pixel_shift(frame: Frame, random: np.random.Generator) -> Array:
    """The identity moved by whole pixels: what the identity alone hides, this shows."""
    return _shifted(frame, random.integers(-3, 4, (frame.batch, frame.axes)).astype(np.float64))


def half_pixel_shift(frame: Frame, random: np.random.Generator) -> Array:
    """The identity moved by odd multiples of half a pixel."""
    return _shifted(frame, random.integers(-3, 3, (frame.batch, frame.axes)).astype(np.float64) + 0.5)


def quarter_turn(frame: Frame, random: np.random.Generator) -> Array:
    """Turns by 90, 180 and 270 degrees."""
    turns = [
        np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]),
        np.array([[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]),
        np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]]),
    ]
    return _all(frame, turns[random.integers(3)])


def flip(frame: Frame, random: np.random.Generator) -> Array:
    """Mirrored in x, y or the diagonal."""
    flips = [
        np.array([[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
        np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]),
        np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]),
    ]
    return _all(frame, flips[random.integers(3)])


def degenerate(frame: Frame, random: np.random.Generator) -> Array:
    """Rank one (a line of the image for every output) or zero (one point)."""
    theta = np.zeros((frame.batch, 2, 3))
    if random.random() < 0.6:
        theta[:, :, :2] = random.choice([-1.0, 0.5, 1.0], (2, 1)) * random.choice([-1.0, 0.0, 1.0], (1, 2))
    theta[:, :, 2] = random.choice([0.0, 0.25, -1.0, 1.0], (frame.batch, 2))
    return theta


GENERIC: dict[str, ThetaMaker] = {"general": general, "near identity": near_identity, "zoom": zoom}

KINK_THETAS: dict[str, ThetaMaker] = {
    "degenerate": degenerate,
    "flip": flip,
    "half-pixel shift": half_pixel_shift,
    "identity": identity,
    "quarter turn": quarter_turn,
    "whole-pixel shift": whole_pixel_shift,
}

ALL: dict[str, ThetaMaker] = {**GENERIC, **KINK_THETAS}


def _shape(frame: Frame) -> tuple[int, int, int]:
    return frame.batch, frame.axes, frame.axes + 1


def _all(frame: Frame, theta: Array) -> Array:
    return np.repeat(theta[None], frame.batch, axis=0)


def _shifted(frame: Frame, pixels: Array) -> Array:
    """The identity and a translation given in pixels of the image."""
    theta = _all(frame, identity_of(frame.axes))
    for axis, size in enumerate(reversed(frame.image_size)):
        scale = pixel_scale(size, frame.convention.align_corners)
        # A single pixel under align_corners has no scale; it moves nowhere.
        theta[:, axis, -1] = pixels[:, axis] / scale if scale else 0.0
    return theta


IDENTITY_SIZES = st.integers(2, 64)


@st.composite
def identity_cases(draw: st.DrawFn, dtype: str, convention: Convention) -> TransformCase:
    """The identity on images of every size from 2 to 64, square and not, to an output of the same size."""
    size = draw(st.tuples(IDENTITY_SIZES, IDENTITY_SIZES))
    frame = Frame(draw(st.integers(1, 2)), draw(st.integers(1, 3)), size, size, convention, dtype)
    return transform_case(frame, "identity", identity, draw(st.integers(0, 2**16)))
