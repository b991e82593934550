"""A target's second gradients and tangents against their closed forms and the bounds of its arithmetic."""

from stn_verify.bounds.comparison import Comparison, Expectation
from stn_verify.cases.case import TransformCase
from stn_verify.cases.directions import Directed
from stn_verify.contract.target import Call, Reply
from stn_verify.formats import Array

SECOND_SUBJECTS = {
    "image": "grad2_input",
    "grid": "grad2_grid",
    "theta": "grad2_theta",
    "cotangent": "grad2_cotangent",
}
"""Of the gradients of sum <first gradient, direction>, by what it is differentiated by."""


def compare_second(
    directions: Directed, call: Call, reply: Reply, subgradient: str | None
) -> list[Comparison]:
    """Every second gradient of a reply to `call`; `subgradient="zero"` allows zero at kinks."""
    return [
        Comparison(
            SECOND_SUBJECTS[name], values, _expected(directions, name, subgradient), (call,), f"second_{name}"
        )
        for name, values in reply.seconds.items()
    ]


def compare_tangent(directions: Directed, call: Call, values: Array) -> Comparison:
    """The output's tangent, along those of the directions that the call asks for."""
    image, points = (
        direction if name in call.tangents else 0.0 * direction
        for name, direction in directions.by_name.items()
    )
    pairing = directions.along(image, points)
    return Comparison("tangent", values, pairing.tangent, (call,), "tangent")


def _expected(directions: Directed, name: str, subgradient: str | None) -> Expectation:
    case, pairing = directions.case, directions.pairing
    zero = subgradient == "zero"
    if name == "cotangent":
        return pairing.tangent
    if name == "image":
        return lambda arithmetic: pairing.image(case.cotangent, arithmetic)
    if isinstance(case, TransformCase):
        return lambda arithmetic: pairing.theta(case.base, case.cotangent, arithmetic, zero=zero)
    return lambda arithmetic: pairing.grid(case.cotangent, arithmetic, zero=zero)
