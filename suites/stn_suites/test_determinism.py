"""Determinism: the same question has the same answer, or one that rounding explains; what was seen is told either way.

Where the target declares that it is deterministic, every bit must agree.
"""

from itertools import islice

import pytest

from stn_suites import kernels, repeats
from stn_verify.cases import repeats as cases
from stn_verify.exploration.examination import Examination

SAMPLE = ("output", "grad_input", "grad_grid")
TRANSFORM = ("output", "grad_input", "grad_theta")
GENERATE = ("grid", "grad_theta")


@pytest.mark.stn_check("sample", SAMPLE, alike="nearly", interpolations=kernels.EVERY)
def test_repeated(examination: Examination) -> None:
    """In one process, with other calls between."""
    given = cases.sample_repeats(examination.dtype, examination.convention)
    examination.judge(given, repeats.in_one_process(examination))


@pytest.mark.stn_check("transform", TRANSFORM, alike="nearly")
def test_repeated_transform(examination: Examination) -> None:
    """The same of fused transformers."""
    given = cases.transform_repeats(examination.dtype, examination.convention)
    examination.judge(given, repeats.in_one_process(examination))


@pytest.mark.stn_check("generate", GENERATE, padded=False, alike="nearly")
def test_repeated_grid(examination: Examination) -> None:
    """The same of grid generators."""
    given = cases.generate_repeats(examination.dtype, examination.convention)
    examination.judge(given, repeats.in_one_process(examination))


@pytest.mark.stn_check("sample", SAMPLE, feature="threads", large=True)
def test_threads(examination: Examination) -> None:
    """One thread and more, a thousand outputs reading each pixel."""
    given = cases.sample_split(examination.dtype, examination.convention)
    examination.judge(given, repeats.by_threads(examination))


@pytest.mark.stn_check("transform", TRANSFORM, feature="threads", large=True)
def test_threads_transform(examination: Examination) -> None:
    """The same of fused transformers."""
    given = cases.transform_split(examination.dtype, examination.convention)
    examination.judge(given, repeats.by_threads(examination))


@pytest.mark.stn_check("generate", GENERATE, padded=False, feature="threads", large=True)
def test_threads_grid(examination: Examination) -> None:
    """The same of grid generators."""
    given = cases.generate_split(examination.dtype, examination.convention)
    examination.judge(given, repeats.by_threads(examination))


@pytest.mark.stn_check("sample", SAMPLE, padded=False, alike="wholly")
def test_fresh_process(examination: Examination) -> None:
    """In processes of their own."""
    given = cases.sample_repeats(examination.dtype, examination.convention)
    examination.judge(islice(given, 1), repeats.in_fresh_processes(examination))


@pytest.mark.stn_check("transform", TRANSFORM, padded=False, alike="wholly")
def test_fresh_process_transform(examination: Examination) -> None:
    """The same of fused transformers."""
    given = cases.transform_repeats(examination.dtype, examination.convention)
    examination.judge(islice(given, 1), repeats.in_fresh_processes(examination))


@pytest.mark.stn_check("generate", GENERATE, padded=False, alike="wholly")
def test_fresh_process_grid(examination: Examination) -> None:
    """The same of grid generators."""
    given = cases.generate_repeats(examination.dtype, examination.convention)
    examination.judge(islice(given, 1), repeats.in_fresh_processes(examination))
