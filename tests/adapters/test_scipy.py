"""SciPy's sampler follows every convention that its adapter says it follows."""

import numpy as np
import pytest

from stn_verify.cases import grids
from stn_verify.cases.strategies import Frame, sample_case
from stn_verify.contract.target import Call, TargetRaised
from stn_verify.judging.arithmetics import claimed
from stn_verify.judging.reference import compare_output
from stn_verify.workers.evaluator import InProcessTarget

pytest.importorskip("scipy", reason="the extra `peers` is not installed")

from stn_adapters.scipy import SCIPY

TARGET = InProcessTarget(SCIPY)


@pytest.mark.parametrize("convention", SCIPY.conventions() or (), ids=str)
@pytest.mark.parametrize("dtype", SCIPY.dtypes)
@pytest.mark.parametrize("kind", ["around", "integers", "exact borders"])
def test_values_are_right(convention, dtype, kind):
    for size, output in (((5, 7), (4, 3)), ((4, 5, 6), (3, 2, 4))):
        case = sample_case(Frame(2, 3, size, output, convention, dtype), kind, grids.ALL[kind], 1)
        values = compare_output(case, TARGET.call(case.call()).output)
        assert values.budget_used(claimed(TARGET.description, dtype)) <= 1


@pytest.mark.parametrize("shape", [(1, 2, 2, 2), (2, 2, 2, 3), (2, 2, 2, 2, 3)])
def test_shapes_that_do_not_go_together_are_refused(shape):
    (convention, *_) = SCIPY.conventions()
    call = Call(
        "sample",
        {"image": np.ones((2, 1, 3, 3)), "grid": np.zeros(shape)},
        "float64",
        convention,
        free=True,
    )
    with pytest.raises(TargetRaised, match="a grid of shape"):
        TARGET.call(call)
