"""How exact a target is: the finest arithmetic that explains every error, for each dtype and result."""

from collections.abc import Iterator
from dataclasses import replace

from stn_verify.bounds.comparison import Comparison
from stn_verify.cases import grids, thetas
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.cases.strategies import Frame, sample_case, transform_case
from stn_verify.contract.convention import Convention
from stn_verify.contract.target import Target
from stn_verify.judging.arithmetics import LADDER, claimed
from stn_verify.judging.reference import GRADIENTS, compare_gradients, compare_output

CASES = 3


def found_precision(target: Target, function: str, convention: Convention, dtype: str) -> dict[str, str]:
    """Result -> effective precision, of a target that takes the harness' dialect; a few calls.

    Raises: TargetFailure: one brought no result.
    """
    arithmetic = claimed(target.description, dtype)
    rungs: dict[str, int] = {}
    for comparison in _comparisons(target, function, convention, dtype):
        rung = rungs.get(comparison.subject, 0)
        while rung < len(LADDER) and comparison.budget_used(replace(arithmetic, compute=LADDER[rung])) > 1:
            rung += 1
        rungs[comparison.subject] = rung
    return {
        # tf32 and float16 round alike: where either explains, the claimed one is named.
        subject: "none"
        if rung == len(LADDER)
        else arithmetic.compute.name
        if LADDER[rung].precision == arithmetic.compute.precision
        else LADDER[rung].name
        for subject, rung in rungs.items()
    }


def _comparisons(target: Target, function: str, convention: Convention, dtype: str) -> Iterator[Comparison]:
    gradients = GRADIENTS[function] if function in target.description.differentiable else ()
    frame = Frame(2, 3, (7, 9), (8, 5), convention, dtype)
    for seed in range(CASES):
        case: SampleCase | TransformCase
        if function == "sample":
            case = sample_case(frame, "around", grids.around, seed)
        else:
            case = transform_case(frame, "general", thetas.general, seed)
        reply = target.call(case.call(gradients))
        yield compare_output(case, reply.output)
        yield from compare_gradients(case, reply, target.description.subgradient)
