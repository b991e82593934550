"""Grid generators of every family of transformations: values, gradients, and the gradients against exact differences.

Affine grids are judged with the sampler too, in values, gradients, sizes, robustness and determinism; here against differences.
"""

import pytest

from stn_suites.checks import generator
from stn_verify.cases.families import family_cases, horizon_cases
from stn_verify.differences.families import compare_differences
from stn_verify.exploration.examination import Examination

JUDGED = ("grid", "grad_theta")
GRADIENT = ("grad_theta",)
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


@pytest.mark.stn_check("generate", JUDGED, padded=False, family="translation")
def test_translation(examination: Examination) -> None:
    """2 parameters."""
    _explore(examination, "translation")


@pytest.mark.stn_check("generate", JUDGED, padded=False, family="attention")
def test_attention(examination: Examination) -> None:
    """Isotropic scale and translation: 3 parameters."""
    _explore(examination, "attention")


@pytest.mark.stn_check("generate", JUDGED, padded=False, family="similarity")
def test_similarity(examination: Examination) -> None:
    """Turn, scale and translation: 4 parameters."""
    _explore(examination, "similarity")


@pytest.mark.stn_check("generate", JUDGED, padded=False, family="projective")
def test_projective(examination: Examination) -> None:
    """8 parameters; both signs of the denominator."""
    _explore(examination, "projective")


@pytest.mark.stn_check("generate", JUDGED, padded=False, alike="wholly", family="projective")
def test_horizon(examination: Examination) -> None:
    """The line at infinity in the output: points on it may be anything, those beyond are like others, and none harms another."""
    examination.explore(horizon_cases(examination.dtype, examination.convention), generator)


@pytest.mark.stn_check("generate", JUDGED, padded=False, family="thin_plate")
def test_thin_plate(examination: Examination) -> None:
    """Splines with 4, 9, 16 or 25 control points."""
    _explore(examination, "thin_plate")


@pytest.mark.stn_check("generate", JUDGED, padded=False, family="displacement")
def test_displacement(examination: Examination) -> None:
    """A vector for each output."""
    _explore(examination, "displacement")


@pytest.mark.stn_check(
    "generate", GRADIENT, padded=False, differentiated=True, alike="nearly", family="affine"
)
def test_affine_differences(examination: Examination) -> None:
    """6 parameters."""
    _differences(examination, "affine")


@pytest.mark.stn_check(
    "generate", GRADIENT, padded=False, differentiated=True, alike="nearly", family="translation"
)
def test_translation_differences(examination: Examination) -> None:
    """2 parameters."""
    _differences(examination, "translation")


@pytest.mark.stn_check(
    "generate", GRADIENT, padded=False, differentiated=True, alike="nearly", family="attention"
)
def test_attention_differences(examination: Examination) -> None:
    """Isotropic scale and translation: 3 parameters."""
    _differences(examination, "attention")


@pytest.mark.stn_check(
    "generate", GRADIENT, padded=False, differentiated=True, alike="nearly", family="similarity"
)
def test_similarity_differences(examination: Examination) -> None:
    """Turn, scale and translation: 4 parameters."""
    _differences(examination, "similarity")


@pytest.mark.stn_check(
    "generate", GRADIENT, padded=False, differentiated=True, alike="nearly", family="projective"
)
def test_projective_differences(examination: Examination) -> None:
    """8 parameters; both signs of the denominator."""
    _differences(examination, "projective")


@pytest.mark.stn_check(
    "generate", GRADIENT, padded=False, differentiated=True, alike="nearly", family="thin_plate"
)
def test_thin_plate_differences(examination: Examination) -> None:
    """Splines with 4, 9, 16 or 25 control points."""
    _differences(examination, "thin_plate")


@pytest.mark.stn_check(
    "generate", GRADIENT, padded=False, differentiated=True, alike="nearly", family="displacement"
)
def test_displacement_differences(examination: Examination) -> None:
    """A vector for each output."""
    _differences(examination, "displacement")
