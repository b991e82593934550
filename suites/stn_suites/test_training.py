"""Training: a classifier of turned, scaled and moved digits learns through the target's transformer as through the reference's.

The networks and the descent are the harness' own, in float64; the target reads, and gives the gradient of theta or of the grid.
"""

from collections.abc import Callable
from functools import partial

import pytest

from stn_suites.trainings import follows, learns_from_the_identity, lowers_the_error
from stn_verify.cases.training import Function, identity_start, moved_digits
from stn_verify.exploration.examination import Examination
from stn_verify.exploration.profiles import PROFILES

trained: Callable[..., pytest.MarkDecorator] = partial(
    pytest.mark.stn_check,
    padded=False,
    large=True,
    differentiated=True,
    dtypes=("float64", "float32"),
    extra="training",
)

COMPARED, LEARNT, STARTED = 60, 200, 150
"""Steps until trajectories are compared, until errors are, and from the identity."""

LONGER = 5
"""Times as many in the full profile."""


def _steps(examination: Examination, count: int) -> int:
    longer = examination.profile.examples >= PROFILES["full"].examples
    return count * LONGER if longer else count


def _follow(examination: Examination, function: Function) -> None:
    steps = _steps(examination, COMPARED)
    case = moved_digits(function, steps, examination.dtype, examination.convention)
    examination.judge([case], follows(examination))


def _lower(examination: Examination, function: Function) -> None:
    steps = _steps(examination, LEARNT)
    case = moved_digits(function, steps, examination.dtype, examination.convention)
    examination.judge([case], lowers_the_error(examination))


def _start(examination: Examination, function: Function) -> None:
    case = identity_start(function, STARTED, examination.dtype, examination.convention)
    examination.judge([case], learns_from_the_identity(examination))


@trained("transform", ("parameters",))
def test_trajectory(examination: Examination) -> None:
    """Every step changes every parameter as the reference's does, and after many the trainings are no further apart."""
    _follow(examination, "transform")


@trained("transform", ("error",), alike="wholly")
def test_error_lowered(examination: Examination) -> None:
    """With the transformer fewer digits are mistaken than without, where that is so with the reference's."""
    _lower(examination, "transform")


@trained("transform", ("loss",), alike="wholly")
def test_identity_start(examination: Examination) -> None:
    """From the identity at equal sizes, every point on a kink: by the rule zero nothing is learnt."""
    _start(examination, "transform")


@trained("sample", ("parameters",), unless="transform")
def test_trajectory_of_grids(examination: Examination) -> None:
    """The same of a sampler that takes no theta."""
    _follow(examination, "sample")


@trained("sample", ("error",), unless="transform", alike="wholly")
def test_error_lowered_of_grids(examination: Examination) -> None:
    """The same of a sampler that takes no theta."""
    _lower(examination, "sample")


@trained("sample", ("loss",), unless="transform", alike="wholly")
def test_identity_start_of_grids(examination: Examination) -> None:
    """The same of a sampler that takes no theta."""
    _start(examination, "sample")
