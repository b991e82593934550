"""A target's results in a network against the reference's network, and the bounds of its arithmetic."""

from collections.abc import Callable
from functools import cache

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.interval import Interval
from stn_verify.bounds.networks import loss_intervals
from stn_verify.cases.case import NetworkCase
from stn_verify.cases.networks import reference_name, reference_network, reference_parameters
from stn_verify.contract.target import Reply


def compare_network(case: NetworkCase, reply: Reply, subgradient: str | None) -> list[Comparison]:
    """Output, grad_input, and the gradients of every parameter in one row, in the order of the case."""
    network, parameters = reference_network(case, subgradient or "right"), reference_parameters(case)

    @cache
    def bounds(arithmetic: Arithmetic) -> tuple[Interval, Interval, Interval]:
        output, image, gradients = loss_intervals(network, parameters, case.image, case.cotangent, arithmetic)
        ordered = [gradients[reference_name(name)] for name in case.parameters]
        low, high, bound = (
            np.concatenate([part.ravel() for part in parts])
            for parts in zip(*((each.low, each.high, each.bound) for each in ordered), strict=True)
        )
        return output, image, Interval(low, high, bound)

    def expected(number: int) -> Callable[[Arithmetic], Interval]:
        return lambda arithmetic: bounds(arithmetic)[number]

    row = np.concatenate([reply.gradients[name].ravel() for name in case.parameters])
    return [
        Comparison("output", reply.output, expected(0)),
        Comparison("grad_input", reply.gradients["image"], expected(1)),
        Comparison("grad_parameters", row, expected(2)),
    ]
