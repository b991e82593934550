"""Bad arguments of the generators: one exception class, whose message names the value and the known choices."""

import numpy as np
import pytest

from stn_reference import (
    FAMILIES,
    ReferenceArgumentError,
    projective_grid,
    square_lattice,
    thin_plate_family,
    thin_plate_grid,
    transform,
    transform_vjp,
    translation_pixels,
)

KEYWORDS = {"padding": "zeros", "align_corners": False}
IMAGE, COTANGENT = np.zeros((1, 1, 2, 2)), np.zeros((1, 1, 2, 2))
FAMILY = r"family='spline'; known: 'translation', 'attention', 'similarity', 'affine', 'projective', "

NEEDS = {
    "translation": r"\[N, 2\]",
    "attention": r"\[N, 3\]",
    "similarity": r"\[N, 4\]",
    "affine": r"\[N, 2, 3\], \[N, 2\]",
    "projective": r"\[N, 8\]",
    "thin_plate": r"\[N, K, 2\]",
    "displacement": r"\[N, Ho, Wo, 2\]",
}


@pytest.mark.parametrize("name", FAMILIES)
def test_every_generator_names_what_is_wrong(name):
    family = FAMILIES[name]
    theta = family.identity(2, (3, 4))
    calls = {
        "grid": lambda t, size, aligned: family.grid(t, size, align_corners=aligned),
        "vjp": lambda t, size, aligned: family.vjp(t, size, np.zeros((2, 3, 4, 2)), align_corners=aligned),
    }
    for call in calls.values():
        with pytest.raises(ReferenceArgumentError, match=rf"theta has shape \(5,\); known: {NEEDS[name]}"):
            call(np.zeros(5), (3, 4), False)
        with pytest.raises(ReferenceArgumentError, match="theta has dtype complex128"):
            call(theta + 1j, (3, 4), False)
        with pytest.raises(ReferenceArgumentError, match="size=-1; known: integers from 0"):
            call(theta, (3, -1), False)
        with pytest.raises(ReferenceArgumentError, match="align_corners=1; known: True, False"):
            call(theta, (3, 4), 1)
    with pytest.raises(ReferenceArgumentError, match=r"cotangent has shape .*; known: \(2, 3, 4, 2\)"):
        family.vjp(theta, (3, 4), np.zeros((2, 4, 3, 2)), align_corners=False)
    with pytest.raises(ReferenceArgumentError, match="cotangent has dtype bool"):
        family.vjp(theta, (3, 4), np.zeros((2, 3, 4, 2), dtype=bool), align_corners=False)
    with pytest.raises(ReferenceArgumentError, match="count=-1; known: integers from 0"):
        family.shape(-1, (3, 4))


def spline(control, points=None):
    """The call with these control points."""
    theta = np.zeros((1, len(control) if points is None else points, 2))
    return lambda: thin_plate_grid(theta, (2, 2), align_corners=False, control=control)


TENTHS = [[0.1, 0.3], [0.2, 0.6], [0.3, 0.9], [0.7, 2.1]]

CASES = {
    "size of a displacement": (
        lambda: FAMILIES["displacement"].grid(np.zeros((1, 3, 4, 2)), (4, 3), align_corners=False),
        r"theta has shape \(1, 3, 4, 2\); known: \(1, 4, 3, 2\)",
    ),
    "image_size of a translation": (
        lambda: translation_pixels(np.zeros((1, 2)), (2, 2), (0, 3), align_corners=False),
        "image_size=0; known: integers from 1",
    ),
    "horizon": (
        lambda: projective_grid(np.zeros((1, 8)), (2, 2), align_corners=False, horizon="error"),
        "horizon='error'; known: 'allowed', 'refused'",
    ),
    "points that are no square": (
        lambda: thin_plate_grid(np.zeros((1, 5, 2)), (2, 2), align_corners=False),
        "5 control points make no square lattice; known: 4, 9, 16 and so on, or control",
    ),
    "one point": (lambda: square_lattice(1), "1 control points make no square lattice"),
    "control of triples": (spline(np.zeros((4, 3))), r"control has shape \(4, 3\); known: \[K, 2\]"),
    "two control points": (spline([[0, 0], [1, 1]]), "control has 2 points; known: 3 or more"),
    "a control point that is not finite": (
        spline([[0, 0], [1, np.nan], [1, 1]]),
        r"control\[1\] is \(1.0, nan\); known: finite coordinates",
    ),
    "coincident control points": (
        spline([[0, 0], [1, 0.5], [0, 1], [1, 0.5]]),
        r"control\[1\] and control\[3\] coincide at \(1.0, 0.5\); known: distinct points",
    ),
    "control points that coincide but for rounding": (
        spline([[0, 0], [1, 0.1 + 0.2], [0, 1], [1, 0.3]]),
        r"control\[1\] and control\[3\] coincide at \(1.0, 0.3",
    ),
    "collinear control points": (
        spline([[-1, -1], [0, 0], [1, 1]]),
        r"control has all 3 points on one line, from \(-1.0, -1.0\) through \(0.0, 0.0\); known: .* not collinear",
    ),
    "control points that are collinear but for rounding": (
        spline(TENTHS),
        r"all 4 points on one line, from \(0.1, 0.3\) through \(0.2, 0.6\)",
    ),
    "control points too close for float64": (
        spline([[0, 0], [1, 0], [0, 1], [1e-13, 0]]),
        "control with 4 points gives a system of condition .* float64 cannot solve: points are too close",
    ),
    "control points that overflow": (
        spline([[0, 0], [1e200, 0], [0, 1e200]]),
        "control with 3 points gives a system of condition inf",
    ),
    "control points whose distances overflow": (
        spline([[-1.7e308, -1.7e308], [1.7e308, 0], [0, 1.7e308]]),
        "control with 3 points gives a system of condition inf",
    ),
    "control points all in one place": (
        spline(np.zeros((3, 2))),
        r"control\[0\] and control\[1\] coincide at \(0.0, 0.0\)",
    ),
    "theta that does not fit its control points": (
        spline([[0, 0], [1, 0], [0, 1]], points=4),
        r"theta has shape \(1, 4, 2\); known: \(1, 3, 2\)",
    ),
    "control points of a family": (
        lambda: thin_plate_family([[0, 0], [1, 1], [2, 2]]),
        "all 3 points on one line",
    ),
    "control points of a family, too close": (
        lambda: thin_plate_family([[0, 0], [1, 0], [0, 1], [1e-13, 0]]),
        "float64 cannot solve",
    ),
    "family of transform": (
        lambda: transform(IMAGE, np.zeros((1, 2)), (2, 2), family="spline", **KEYWORDS),
        FAMILY,
    ),
    "family of transform_vjp": (
        lambda: transform_vjp(IMAGE, np.zeros((1, 2)), (2, 2), COTANGENT, family="spline", **KEYWORDS),
        FAMILY,
    ),
    "theta of another family": (
        lambda: transform(IMAGE, np.zeros((1, 2, 3)), (2, 2), family="translation", **KEYWORDS),
        r"theta has shape \(1, 2, 3\); known: \[N, 2\]",
    ),
    "theta of another batch": (
        lambda: transform(IMAGE, np.zeros((2, 3)), (2, 2), family="attention", **KEYWORDS),
        r"x has shape \(2, 2, 2\); known: \(1, 2, 2\)",
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("error")
def test_a_bad_argument_is_named_with_the_known_choices(name):
    call, message = CASES[name]
    with pytest.raises(ReferenceArgumentError, match=message):
        call()
