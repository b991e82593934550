"""What is told of a subject: whatever else befell the check, a wrong number is told first, and only what is claimed is owed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Worst
from stn_verify.cases import grids
from stn_verify.cases.strategies import Frame, sample_case
from stn_verify.contract.convention import Convention
from stn_verify.contract.target import TargetCrashed, TargetRaised
from stn_verify.exploration.subject import Subject
from stn_verify.exploration.telling import Circumstances, precision, status
from stn_verify.formats import FORMATS, named
from stn_verify.judging.arithmetics import LADDER
from stn_verify.verdicts.results import Status

CASE = sample_case(
    Frame(1, 1, (2, 2), (1, 1), Convention("zeros", False), "float32"), "inside", grids.inside, 0
)
WORST = Worst("output", (0, 0, 0, 0), np.nan, 0.0, 0.0, 1e-9, 2.0, 1, 1)

FAILURES = st.sampled_from((None, TargetRaised("ValueError: no"), TargetCrashed("SIGSEGV\nlast words")))


@given(
    worst=st.sampled_from((None, WORST)),
    untrue=st.sampled_from((None, "the output is blue")),
    contradiction=st.sampled_from((None, "answered all the same")),
    failure=FAILURES,
    claimed=st.booleans(),
    held=st.booleans(),
)
def test_the_first_that_applies_is_told(
    worst: Worst | None,
    untrue: str | None,
    contradiction: str | None,
    failure: TargetRaised | TargetCrashed | None,
    claimed: bool,
    held: bool,
) -> None:
    record = Subject("output", budget_used=2.0 if worst else None, worst=worst, untrue=untrue, held=held)
    among = Circumstances(
        Arithmetic(named("float32"), named("float32")),
        contradiction,
        failure,
        CASE if failure else None,
        "vmap",
        ["vmap"] if claimed else [],
    )
    found, reason = status(record, among)
    if worst or untrue or contradiction:
        told = str(worst) if worst else untrue or contradiction
        assert found is Status.FAILED
        assert (reason or "").startswith(told or "nothing is told")
    elif failure:
        lacks = isinstance(failure, TargetRaised) and not claimed
        assert found is (Status.UNSUPPORTED if lacks else Status(failure.status))
        assert "last words" not in (reason or "")
    else:
        assert found is (Status.PASSED if held else Status.UNDECIDED)
        assert (reason is None) == held


@given(ladder=st.integers(0, len(LADDER)), claim=st.sampled_from(sorted(FORMATS)))
def test_precision_is_of_the_finest_that_explains(ladder: int, claim: str) -> None:
    arithmetic = Arithmetic(named(claim), named(claim))
    assert precision(Subject("output", ladder=ladder), arithmetic) is None
    found = precision(Subject("output", budget_used=0.5, ladder=ladder), arithmetic)
    if ladder == len(LADDER):
        assert found == "none"
    else:
        assert found is not None
        assert named(found).precision == LADDER[ladder].precision
