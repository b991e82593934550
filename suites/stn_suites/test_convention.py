"""Convention: what the target declares, against what it was measured to follow; the other suites go by the latter."""

import pytest

from stn_verify.exploration.examination import Examination


@pytest.mark.stn_check("sample", ("convention",), declared=True)
def test_sample(examination: Examination) -> None:
    """Layout, axis order, units, align_corners, kernel and padding of a sampler."""
    examination.confirm()


@pytest.mark.stn_check("transform", ("convention",), declared=True)
def test_transform(examination: Examination) -> None:
    """The same of a fused transformer, with its grid generator."""
    examination.confirm()
