"""Kinks: integer coordinates, borders and what lies one ulp beside them, and the rule that is followed there."""

import pytest

from stn_suites import checks, kernels
from stn_suites.rules import name_rules
from stn_suites.ties import name_ties
from stn_verify.cases import grids, thetas
from stn_verify.cases.exact import exact_cases
from stn_verify.cases.halves import beside_half_integers, half_integers, tie_cases
from stn_verify.cases.strategies import GridMaker, ThetaMaker, sample_cases, transform_cases
from stn_verify.exploration.examination import Examination

SAMPLE = ("output", "grad_input", "grad_grid")
TRANSFORM = ("output", "grad_input", "grad_theta")


@pytest.mark.stn_check("sample", ("grad_grid",))
def test_rule(examination: Examination) -> None:
    """The derivative at exactly integer coordinates lies between the one-sided ones, and is named."""
    examination.judge(exact_cases(examination.dtype, examination.convention), name_rules(examination))


@pytest.mark.stn_check("sample", ("output",), interpolations=("nearest",))
def test_ties(examination: Examination) -> None:
    """Exactly half-way between two pixels one of them is taken, and the rule is named."""
    examination.judge(tie_cases(examination.dtype, examination.convention), name_ties(examination))


def _explore_grids(examination: Examination, kind: str, maker: GridMaker) -> None:
    cases = sample_cases(examination.dtype, examination.convention, {kind: maker})
    examination.explore(cases, checks.everything, share=kernels.share(examination))


def _explore_thetas(
    examination: Examination, kind: str, maker: ThetaMaker, *, same_size: bool = False
) -> None:
    cases = transform_cases(examination.dtype, examination.convention, {kind: maker}, same_size=same_size)
    examination.explore(cases, checks.everything, share=kernels.share(examination))


@pytest.mark.stn_check("sample", SAMPLE, alike="nearly", interpolations=kernels.SMOOTH)
def test_all_integers(examination: Examination) -> None:
    """Every sample on an integer."""
    _explore_grids(examination, "integers", grids.integers)


@pytest.mark.stn_check("sample", SAMPLE, alike="nearly")
def test_single_integers(examination: Examination) -> None:
    """Some samples on an integer along one axis."""
    _explore_grids(examination, "single integers", grids.single_integers)


@pytest.mark.stn_check("sample", SAMPLE, alike="nearly", interpolations=kernels.EVERY)
def test_exact_borders(examination: Examination) -> None:
    """Samples on exactly -1 and +1 and on the first and last pixel."""
    _explore_grids(examination, "exact borders", grids.exact_borders)


@pytest.mark.stn_check("sample", SAMPLE, interpolations=kernels.SMOOTH)
def test_beside_kinks(examination: Examination) -> None:
    """One unit in the last place, and every order of magnitude above, on either side of integers and borders."""
    _explore_grids(examination, "beside kinks", grids.beside_kinks)


@pytest.mark.stn_check("sample", SAMPLE, alike="nearly", interpolations=("nearest",))
def test_half_integers(examination: Examination) -> None:
    """Some samples half-way between two pixels along one axis or both."""
    _explore_grids(examination, "half-integers", half_integers)


@pytest.mark.stn_check("sample", SAMPLE, interpolations=("nearest",))
def test_beside_half_integers(examination: Examination) -> None:
    """One unit in the last place, and every order of magnitude above, on either side of these."""
    _explore_grids(examination, "beside half-integers", beside_half_integers)


@pytest.mark.stn_check("sample", SAMPLE, alike="nearly", interpolations=kernels.EVERY)
def test_just_outside(examination: Examination) -> None:
    """Less than a pixel and a half outside."""
    _explore_grids(examination, "just outside", grids.just_outside)


@pytest.mark.stn_check("sample", SAMPLE, interpolations=kernels.EVERY)
def test_far_outside(examination: Examination) -> None:
    """Tens to thousands of images outside, and where a narrow index wraps around."""
    _explore_grids(examination, "far outside", grids.far_outside)


@pytest.mark.stn_check("sample", SAMPLE, unless="transform", alike="nearly")
def test_affine_grids(examination: Examination) -> None:
    """Grids of the thetas below, for samplers that take no theta."""
    _explore_grids(examination, "affine", grids.affine)


@pytest.mark.stn_check("transform", TRANSFORM, alike="nearly", interpolations=kernels.EVERY)
def test_identity(examination: Examination) -> None:
    """The identity at sizes 2 to 64: where every STN starts."""
    cases = thetas.identity_cases(examination.dtype, examination.convention)
    examination.explore(cases, checks.everything, share=kernels.share(examination, many=True))


@pytest.mark.stn_check("transform", TRANSFORM, alike="nearly", interpolations=kernels.EVERY)
def test_whole_pixel_shift(examination: Examination) -> None:
    """The identity moved by whole pixels."""
    _explore_thetas(examination, "whole-pixel shift", thetas.whole_pixel_shift, same_size=True)


@pytest.mark.stn_check("transform", TRANSFORM, alike="nearly", interpolations=kernels.EVERY)
def test_half_pixel_shift(examination: Examination) -> None:
    """The identity moved by odd multiples of half a pixel."""
    _explore_thetas(examination, "half-pixel shift", thetas.half_pixel_shift, same_size=True)


@pytest.mark.stn_check("transform", TRANSFORM, alike="nearly")
def test_quarter_turn(examination: Examination) -> None:
    """Turns by 90, 180 and 270 degrees."""
    _explore_thetas(examination, "quarter turn", thetas.quarter_turn)


@pytest.mark.stn_check("transform", TRANSFORM, alike="nearly")
def test_flip(examination: Examination) -> None:
    """Mirrored in x, in y and in the diagonal."""
    _explore_thetas(examination, "flip", thetas.flip)


@pytest.mark.stn_check("transform", TRANSFORM, alike="nearly")
def test_degenerate(examination: Examination) -> None:
    """Thetas of rank one and zero: many outputs read one point."""
    _explore_thetas(examination, "degenerate", thetas.degenerate)
