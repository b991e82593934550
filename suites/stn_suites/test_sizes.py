"""Sizes where index arithmetic and number formats run out: 8, 15, 16 and 24 bits of pixels, outputs and coordinates."""

import pytest

from stn_suites import checks
from stn_verify.cases import sizes, thetas
from stn_verify.cases.strategies import SINGLE, generate_cases, transform_cases
from stn_verify.exploration.examination import Examination

SAMPLE = ("output", "grad_input", "grad_grid")
TRANSFORM = ("output", "grad_input", "grad_theta")


@pytest.mark.stn_check("sample", SAMPLE)
def test_long_axes(examination: Examination) -> None:
    """Image and output axes of 255, 256 and 257."""
    examination.judge(sizes.long_axes(examination.dtype, examination.convention), checks.everything)


@pytest.mark.stn_check("sample", SAMPLE, dtypes=("float32", "float16", "bfloat16"))
def test_area_of_65536(examination: Examination) -> None:
    """An image of 256 x 256 pixels, whose offsets 16 bits do not hold."""
    examination.judge(sizes.ordinary_area(examination.dtype, examination.convention), checks.everything)


@pytest.mark.stn_check("sample", SAMPLE, large=True)
def test_large_areas(examination: Examination) -> None:
    """H W just below and above 2^15 and 2^16."""
    examination.judge(sizes.large_areas(examination.dtype, examination.convention), checks.everything)


@pytest.mark.stn_check("sample", SAMPLE, large=True)
def test_many_outputs(examination: Examination) -> None:
    """More than 65,535 outputs of one image."""
    examination.judge(sizes.many_outputs(examination.dtype, examination.convention), checks.everything)


@pytest.mark.stn_check("sample", SAMPLE, large=True)
def test_many_channels(examination: Examination) -> None:
    """1,100 channels."""
    examination.judge(sizes.many_channels(examination.dtype, examination.convention), checks.everything)


@pytest.mark.stn_check("sample", SAMPLE, large=True)
def test_batch_of_1025(examination: Examination) -> None:
    """One image more than a block has threads."""
    examination.judge(sizes.more_images(examination.dtype, examination.convention), checks.everything)


@pytest.mark.stn_check("transform", TRANSFORM, large=True)
def test_fused_batch_of_1025(examination: Examination) -> None:
    """The same through theta."""
    examination.judge(sizes.more_fused_images(examination.dtype, examination.convention), checks.everything)


@pytest.mark.stn_check("sample", SAMPLE, dtypes=("float32",), large=True)
def test_many_images(examination: Examination) -> None:
    """A batch of 65,600."""
    examination.judge(sizes.many_images(examination.dtype, examination.convention), checks.everything)


@pytest.mark.stn_check("transform", TRANSFORM, large=True)
def test_many_fused_outputs(examination: Examination) -> None:
    """More than 65,535 outputs of one theta."""
    examination.judge(sizes.many_fused_outputs(examination.dtype, examination.convention), checks.everything)


@pytest.mark.stn_check("sample", SAMPLE)
def test_past_2048(examination: Examination) -> None:
    """An image of more than 2^11 columns: past them float16 no longer tells neighbours apart, nor does 11-bit arithmetic."""
    examination.judge(sizes.wide(examination.dtype, examination.convention, 2100), checks.everything)


@pytest.mark.stn_check("sample", ("output",), dtypes=("float32",), large=True)
def test_past_16777216(examination: Examination) -> None:
    """Coordinates past 2^24 pixels, where float32 no longer tells neighbours apart."""
    examination.judge(sizes.wide(examination.dtype, examination.convention, 2**24 + 16), checks.values)


@pytest.mark.stn_check("transform", TRANSFORM, alike="nearly")
def test_single_row_or_column(examination: Examination) -> None:
    """Outputs of one row or one column, where a grid generator divides by nothing."""
    cases = transform_cases(examination.dtype, examination.convention, thetas.ALL, outputs=SINGLE)
    examination.explore(cases, checks.everything)


@pytest.mark.stn_check("generate", ("grid", "grad_theta"), padded=False, alike="nearly")
def test_single_row_or_column_grid(examination: Examination) -> None:
    """The same for the generator alone."""
    cases = generate_cases(examination.dtype, examination.convention, thetas.ALL, outputs=SINGLE)
    examination.explore(cases, checks.generator)
