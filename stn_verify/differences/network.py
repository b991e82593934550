"""Exact differences of a network of the target's own, along one array of parameters.

Along it theta of its own transformer is linear, as ReLU and sampler are piecewise polynomials; the output then has degree 2, by x
and y. The next one's theta has degree 2 likewise, and its output 2 + 2 * 2. So six points on one piece give the derivative
without truncation error, and the step is the widest that leaves all of them on the piece of the case.
"""

from dataclasses import replace

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.networks import Network, loss_gradients
from stn_verify.bounds.uncertain import known
from stn_verify.cases.case import NetworkCase
from stn_verify.cases.networks import FINEST, reference_name, reference_network, reference_parameters
from stn_verify.contract.target import Reply, Target
from stn_verify.formats import FLOAT64, Array
from stn_verify.workers.networks import identifier

WEIGHTS = {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}
"""f'(0) = sum of weight (f(k h) - f(-k h)) / h, for polynomials of degree up to 6."""

# As `_direction` makes it.
_DIRECTION = "np.sign(np.sin(np.arange(1.0, 1.0 + np.prod({shape})) ** 2)).reshape({shape})"

STEPS = tuple(2.0**-k for k in range(5, 17) if 2.0**-k * FINEST >= 1)


def compare_differences(
    target: Target, case: NetworkCase, reply: Reply, name: str, arithmetic: Arithmetic
) -> Comparison | None:
    """<gradient, direction> of one array of parameters against differences of the target's own forward: 6 forwards.

    None where no step leaves the points on one piece: at kinks, and where the arithmetic is too coarse to tell.
    """
    if np.isnan(_piece(case, arithmetic)).any():
        return None
    direction = _direction(case.parameters[name].shape)
    step = next((step for step in STEPS if _on_one_piece(case, name, step * direction, arithmetic)), None)
    if step is None:
        return None
    moved = {k: _moved(case, name, k * step * direction) for k in (-3, -2, -1, 1, 2, 3)}
    calls = tuple(each.call() for each in moved.values())
    outputs = [target.call(call).output for call in calls]
    weights = [float(np.sign(k)) * WEIGHTS[abs(k)] / step for k in moved]
    pairs = list(zip(weights, outputs, strict=True))
    found = np.sum(reply.gradients[name] * direction)
    for weight, output in pairs:
        found -= weight * np.sum(case.cotangent * output)
    size = np.abs(case.cotangent)
    summed = sum(abs(weight) * float((size * np.abs(output)).sum()) for weight, output in pairs)
    # The harness' own sums of so many terms, in float64, and that of the gradient with the direction.
    own = FLOAT64.unit_roundoff * (case.cotangent.size + len(weights) + 2) * summed

    def expected(claimed: Arithmetic) -> Interval:
        bounds = Network(claimed)
        bound = own
        for weight, each in zip(weights, moved.values(), strict=True):
            network = reference_network(each, "right")
            output = bounds.forward(network, reference_parameters(each), known(each.image))
            bound += abs(weight) * float((size * output.radius).sum())
        *_, gradients = loss_gradients(
            reference_network(case, "right"), reference_parameters(case), case.image, case.cotangent, claimed
        )
        gradient = gradients[reference_name(name)]
        rounding = (direction.size + len(weights)) * FLOAT64.unit_roundoff * gradient.largest
        bound += float((gradient.radius + rounding).sum())
        return point(np.zeros(()), np.array(bound))

    along = f"np.sum(grad_{identifier(name)} * {_DIRECTION.format(shape=direction.shape)})"
    terms = [
        f" {'-' if weight > 0 else '+'} {abs(weight)!r} * np.sum(cotangent * earlier[{k}].output)"
        for k, weight in enumerate(weights)
    ]
    formula = along + "".join(terms)
    law = (
        f"the gradient of {name}, along a direction, equals exact differences of the network's own output:"
        " nothing remains of one less the other"
    )
    calls = (*calls, case.call(tuple(case.arrays)))
    return Comparison("grad_parameters", np.array(found), expected, calls, formula, law)


def _direction(shape: tuple[int, ...]) -> Array:
    """Ones and minus ones without a pattern; no sine of a whole number is near 0."""
    return np.asarray(np.sign(np.sin(np.arange(1.0, 1.0 + np.prod(shape)) ** 2)).reshape(shape))


def _moved(case: NetworkCase, name: str, by: Array) -> NetworkCase:
    return replace(case, parameters={**case.parameters, name: case.parameters[name] + by})


def _on_one_piece(case: NetworkCase, name: str, step: Array, arithmetic: Arithmetic) -> bool:
    # NaN equals nothing: what rounding leaves open is on no piece.
    own = _piece(case, arithmetic)
    return all(
        np.array_equal(own, _piece(_moved(case, name, k * step), arithmetic)) for k in (3, -3, 2, -2, 1, -1)
    )


def _piece(case: NetworkCase, arithmetic: Arithmetic) -> Array:
    decisions: list[Array] = []
    Network(arithmetic, decisions).forward(
        reference_network(case, "right"), reference_parameters(case), known(case.image)
    )
    return np.concatenate([decision.ravel() for decision in decisions])
