"""A target's results in a network against the reference's network, and the bounds of its arithmetic."""

from collections.abc import Callable
from functools import cache

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.networks import loss_gradients
from stn_verify.bounds.uncertain import Uncertain
from stn_verify.cases.case import NetworkCase
from stn_verify.cases.networks import reference_name, reference_network, reference_parameters
from stn_verify.contract.target import Reply


def compare_network(case: NetworkCase, reply: Reply, subgradient: str | None) -> list[Comparison]:
    """Output, grad_input, and the gradients of every parameter in one row, in the order of the case."""
    network, parameters = reference_network(case, subgradient or "right"), reference_parameters(case)

    @cache
    def bounds(arithmetic: Arithmetic) -> tuple[Uncertain, Uncertain, Uncertain]:
        output, image, gradients = loss_gradients(network, parameters, case.image, case.cotangent, arithmetic)
        ordered = [gradients[reference_name(name)] for name in case.parameters]
        row = Uncertain(
            np.concatenate([each.value.ravel() for each in ordered]),
            np.concatenate([each.radius.ravel() for each in ordered]),
        )
        return output, image, row

    def expected(number: int) -> Callable[[Arithmetic], Interval]:
        def interval(arithmetic: Arithmetic) -> Interval:
            result = bounds(arithmetic)[number]
            return point(result.value, result.radius)

        return interval

    row = np.concatenate([reply.gradients[name].ravel() for name in case.parameters])
    return [
        Comparison("output", reply.output, expected(0)),
        Comparison("grad_input", reply.gradients["image"], expected(1)),
        Comparison("grad_parameters", row, expected(2)),
    ]
