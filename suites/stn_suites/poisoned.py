"""The check that poisoned coordinates spoil no output and no gradient but their own."""

from dataclasses import replace

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.case import SampleCase
from stn_verify.cases.poison import Mask, poisoned
from stn_verify.contract.target import Target
from stn_verify.formats import named
from stn_verify.judging.reference import compare_gradients, compare_output


def others_unharmed(target: Target, case: SampleCase) -> list[Comparison]:
    """Output and grad_grid of all other points against the oracle; what a poisoned point returns is its own affair."""
    bad, clean = poisoned(case)
    differentiable = "sample" in target.description.differentiable
    reply = target.call(case.call(("grid",) if differentiable else ()))
    comparisons = [compare_output(clean, reply.output)]
    comparisons += compare_gradients(clean, reply, target.description.subgradient)
    return [_without(comparison, bad, case.dtype) for comparison in comparisons]


def _without(comparison: Comparison, bad: Mask, dtype: str) -> Comparison:
    """The comparison with the oracle's own values where points are poisoned."""
    mask = bad[:, None] if comparison.subject == "output" else bad[..., None]
    right = comparison.expected(Arithmetic(named(dtype), named(dtype))).low
    return replace(comparison, values=np.where(mask, right, comparison.values))
