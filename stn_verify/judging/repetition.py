"""Two replies of a target to the same question: how far they lie apart, and whether rounding explains it."""

from dataclasses import dataclass

import numpy as np

from stn_verify.bounds.agreement import apart, identical, within_bounds
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.interpolated import any_output
from stn_verify.cases.case import FunctionCase, GenerateCase
from stn_verify.contract.target import Call, Reply
from stn_verify.formats import named
from stn_verify.judging.reference import compare_gradients, compare_grid


@dataclass(frozen=True)
class Repetition:
    """One result of two replies."""

    comparison: Comparison
    """Of their difference, with what is allowed."""
    ulps: float
    """The most that an entry differs by, in steps of the storage dtype; 0: the same bits; infinite: NaN in one of them."""

    @property
    def told(self) -> str:
        """In words."""
        if self.ulps == 0:
            return "bitwise"
        if np.isinf(self.ulps):
            return "NaN in one of them"
        return f"spread of {self.ulps:.0f} ulp{'s' if self.ulps > 1 else ''}"


def repetitions(
    case: FunctionCase,
    replies: tuple[Reply, Reply],
    calls: tuple[Call, ...],
    *,
    subgradient: str | None,
    exact: bool,
) -> list[Repetition]:
    """Every result of the second reply against the first.

    Args:
        calls: first that of the first reply, last that of the second, in between what else was asked.
        subgradient: the declared rule at kinks.
        exact: whether the same bits are claimed.
    """
    storage = named(case.dtype)
    found = []
    one, other = (_compared(case, reply, subgradient) for reply in replies)
    for subject, first in one.items():
        second = other[subject]
        difference = apart(first.values, second.values)
        expectation = identical(difference) if exact else within_bounds(difference, first.expectation)
        result = "output" if first.subject == "grid" else first.subject
        comparison = Comparison(
            first.subject,
            difference,
            expectation,
            calls,
            f"{result} - earlier[0].{result}",
            "the same call gives the same result again, and this is the difference",
        )
        steps = storage.steps(first.values, second.values)
        found.append(Repetition(comparison, float(np.max(steps, initial=0.0))))
    return found


def _compared(case: FunctionCase, reply: Reply, subgradient: str | None) -> dict[str, Comparison]:
    """By subject: the gradients of two replies may come in different orders."""
    if isinstance(case, GenerateCase):
        output = compare_grid(case, reply.output)
    else:
        scene = case.scene
        output = Comparison("output", reply.output, lambda arithmetic: any_output(scene, arithmetic))
    return {each.subject: each for each in (output, *compare_gradients(case, reply, subgradient))}
