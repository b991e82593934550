"""Grid generators of every family of transformations: values, gradients, and the gradients against exact differences.

Affine grids are judged with the sampler too, in values, gradients, sizes, robustness and determinism; here against differences.
"""

from collections.abc import Callable
from functools import partial

import pytest

from stn_suites.checks import generator
from stn_verify.cases.families import family_cases, horizon_cases
from stn_verify.differences.families import compare_differences
from stn_verify.exploration.examination import Examination

judged: Callable[..., pytest.MarkDecorator] = partial(
    pytest.mark.stn_check, "generate", ("grid", "grad_theta"), padded=False
)
differenced: Callable[..., pytest.MarkDecorator] = partial(
    pytest.mark.stn_check, "generate", ("grad_theta",), padded=False, differentiated=True, alike="nearly"
)

FEW = (1, 2, 3, 5, 8)
"""Lengths of outputs where each parameter takes a forward."""


def _explore(examination: Examination, family: str) -> None:
    """1 backward: against the oracle."""
    examination.explore(family_cases(family, examination.dtype, examination.convention), generator)


def _differences(examination: Examination, family: str) -> None:
    """A forward for each parameter, and 1 backward."""
    # Affine generators treat a single row or column apart; the suite sizes looks at them.
    lengths = FEW[1:] if family == "affine" else FEW
    cases = family_cases(family, examination.dtype, examination.convention, lengths)
    examination.explore(cases, compare_differences, most=10)


@judged(family="translation")
def test_translation(examination: Examination) -> None:
    """2 parameters."""
    _explore(examination, "translation")


@judged(family="attention")
def test_attention(examination: Examination) -> None:
    """Isotropic scale and translation: 3 parameters."""
    _explore(examination, "attention")


@judged(family="similarity")
def test_similarity(examination: Examination) -> None:
    """Turn, scale and translation: 4 parameters."""
    _explore(examination, "similarity")


@judged(family="projective")
def test_projective(examination: Examination) -> None:
    """8 parameters; both signs of the denominator."""
    _explore(examination, "projective")


@judged(alike="wholly", family="projective")
def test_horizon(examination: Examination) -> None:
    """The line at infinity in the output: points on it may be anything, those beyond are like others, and none harms another."""
    examination.explore(horizon_cases(examination.dtype, examination.convention), generator)


@judged(family="thin_plate")
def test_thin_plate(examination: Examination) -> None:
    """Splines with 4, 9, 16 or 25 control points."""
    _explore(examination, "thin_plate")


@judged(family="displacement")
def test_displacement(examination: Examination) -> None:
    """A vector for each output."""
    _explore(examination, "displacement")


@differenced(family="affine")
def test_affine_differences(examination: Examination) -> None:
    """6 parameters."""
    _differences(examination, "affine")


@differenced(family="translation")
def test_translation_differences(examination: Examination) -> None:
    """2 parameters."""
    _differences(examination, "translation")


@differenced(family="attention")
def test_attention_differences(examination: Examination) -> None:
    """Isotropic scale and translation: 3 parameters."""
    _differences(examination, "attention")


@differenced(family="similarity")
def test_similarity_differences(examination: Examination) -> None:
    """Turn, scale and translation: 4 parameters."""
    _differences(examination, "similarity")


@differenced(family="projective")
def test_projective_differences(examination: Examination) -> None:
    """8 parameters; both signs of the denominator."""
    _differences(examination, "projective")


@differenced(family="thin_plate")
def test_thin_plate_differences(examination: Examination) -> None:
    """Splines with 4, 9, 16 or 25 control points."""
    _differences(examination, "thin_plate")


@differenced(family="displacement")
def test_displacement_differences(examination: Examination) -> None:
    """A vector for each output."""
    _differences(examination, "displacement")
