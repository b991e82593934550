"""Thetas that a shift of the output by whole pixels turns into other thetas, exactly."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from stn_reference import pixel_scale
from stn_verify.cases.case import TransformCase
from stn_verify.cases.reproduced import EXACT
from stn_verify.cases.strategies import ANY, Frame, transform_case
from stn_verify.contract.convention import Convention
from stn_verify.formats import Array


def quarters(frame: Frame, random: np.random.Generator) -> Array:
    """Multiples of a quarter: their products with the distance of two outputs, a power of two, keep to a few bits."""
    theta = random.integers(-6, 7, (frame.batch, 2, 3)) / 4
    theta[:, :, 2] = random.integers(-4, 5, (frame.batch, 2)) / 4
    return theta


@st.composite
def shiftable_cases(draw: st.DrawFn, dtype: str, convention: Convention) -> TransformCase:
    """Outputs of sizes whose target coordinates are a power of two apart."""
    output = st.sampled_from(EXACT[convention.align_corners])
    frame = Frame(
        draw(st.integers(1, 2)),
        draw(st.integers(1, 3)),
        draw(ANY),
        (draw(output), draw(output)),
        convention,
        dtype,
    )
    return transform_case(frame, "multiples of a quarter", quarters, draw(st.integers(0, 2**16)))


def shifted(case: TransformCase, rows: int, columns: int) -> TransformCase:
    """The case whose output (i, j) is the case's own (i + rows, j + columns): theta composed with that shift of the target."""
    aligned = case.convention.align_corners
    down, across = (
        steps / pixel_scale(length, aligned) for steps, length in zip((rows, columns), case.size, strict=True)
    )
    theta = case.theta.copy()
    theta[:, :, 2] += case.theta[:, :, 0] * across + case.theta[:, :, 1] * down
    return replace(case, theta=theta)
