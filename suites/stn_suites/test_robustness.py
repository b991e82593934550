"""Robustness: coordinates that are not finite, or too large for any index, neither crash nor spoil other outputs."""

import pytest

from stn_suites.poisoned import others_unharmed
from stn_verify.cases import poison
from stn_verify.cases.strategies import sample_cases
from stn_verify.exploration.examination import Examination

SUBJECTS = ("output", "grad_grid")


@pytest.mark.stn_check("sample", SUBJECTS)
def test_nan_coordinates(examination: Examination) -> None:
    """A few coordinates are NaN."""
    cases = sample_cases(examination.dtype, examination.convention, {"nan": poison.nan})
    examination.explore(cases, others_unharmed)


@pytest.mark.stn_check("sample", SUBJECTS)
def test_infinite_coordinates(examination: Examination) -> None:
    """A few coordinates are infinite."""
    cases = sample_cases(examination.dtype, examination.convention, {"infinite": poison.infinite})
    examination.explore(cases, others_unharmed)


@pytest.mark.stn_check("sample", SUBJECTS)
def test_large_coordinates(examination: Examination) -> None:
    """A few coordinates are 1e10, 1e20 or the largest finite number, as far as the dtype goes."""
    cases = sample_cases(examination.dtype, examination.convention, {"large": poison.large})
    examination.explore(cases, others_unharmed)
