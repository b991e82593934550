"""Exact differences of volumes agree with the closed form, cost what they say, and expose what is wrong along the depth."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_suites import checks
from stn_verify.cases import volumes
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.contract.implementation import implementation
from stn_verify.judging.arithmetics import claimed
from stn_verify.workers.evaluator import InProcessTarget

# The right trilinear sampler is that which faults are planted in.
HERE = str(Path(__file__).parents[1] / "mutants")
if HERE not in sys.path:
    sys.path.append(HERE)

from volume_sampler import VolumeSampler  # noqa: E402  the folder of mutants is no package

RIGHT = implementation("numpy", spatial=(3,), dtypes=("float64",))(VolumeSampler())
CONVENTIONS = st.builds(Convention, st.sampled_from(PADDINGS), st.booleans())


@given(data=st.data(), convention=CONVENTIONS)
def test_sampler(data: st.DataObject, convention: Convention) -> None:
    case = data.draw(volumes.samples("float64", convention, volumes.ALL_GRIDS))
    target = InProcessTarget(RIGHT)
    for comparison in checks.sample_differences(target, case):
        assert comparison.budget_used(claimed(target.description, "float64")) <= 1
    # Two along each axis, eight lattices.
    assert (target.evaluations.forwards, target.evaluations.backwards) == (6 + 8, 1)


@given(data=st.data(), convention=CONVENTIONS)
def test_fused_transformer(data: st.DataObject, convention: Convention) -> None:
    case = data.draw(volumes.transforms("float64", convention, volumes.ALL_THETAS))
    target = InProcessTarget(RIGHT)
    for comparison in checks.transform_differences(target, case):
        assert comparison.budget_used(claimed(target.description, "float64")) <= 1
    # Two steps both ways for each of the twelve parameters, eight lattices.
    assert (target.evaluations.forwards, target.evaluations.backwards) == (12 * 4 + 8, 1)


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("padding", PADDINGS)
def test_exact_volumes_lie_on_integers(padding: str, aligned: bool) -> None:
    for case in volumes.exact_volumes("float64", Convention(padding, aligned)):
        for number, axis in enumerate(case.scene.axes):
            inside = (axis.position > 0) & (axis.position < axis.size - 1)
            whole = axis.position == axis.cell
            # One volume for each axis.
            assert np.array_equal(whole & inside, (case.scene.batch == number) & inside)
            assert (whole & inside).any()
