"""A target's results against the float64 oracle and the bounds of its arithmetic."""

from stn_verify.bounds.comparison import Comparison, Expectation
from stn_verify.bounds.families import claimed_alone
from stn_verify.bounds.interpolated import grid_gradient, input_gradient, output, theta_gradient
from stn_verify.bounds.interval import Interval
from stn_verify.cases.case import GenerateCase, SampleCase, TransformCase
from stn_verify.contract.target import Reply
from stn_verify.formats import Array

GRADIENTS = {"sample": ("image", "grid"), "transform": ("image", "theta"), "generate": ("theta",)}
SUBJECTS = {"image": "grad_input", "grid": "grad_grid", "theta": "grad_theta"}


def compare_output(case: SampleCase | TransformCase, values: Array) -> Comparison:
    """The output against equation 5, or that of the convention's own kernel."""
    return Comparison("output", values, lambda arithmetic: output(case.scene, values, arithmetic))


def compare_grid(case: GenerateCase, values: Array) -> Comparison:
    """A generated grid against equation 1, or against what another family means."""
    return Comparison(
        "grid", values, lambda arithmetic: _claimed(case, case.allowed_grid(arithmetic), values)
    )


def compare_gradients(
    case: SampleCase | TransformCase | GenerateCase, reply: Reply, subgradient: str | None
) -> list[Comparison]:
    """Every gradient of a reply against equations 6 and 7; `subgradient="zero"` allows zero at kinks."""
    return [
        Comparison(SUBJECTS[name], values, _expected(case, name, values, subgradient))
        for name, values in reply.gradients.items()
    ]


def _expected(
    case: SampleCase | TransformCase | GenerateCase, name: str, values: Array, subgradient: str | None
) -> Expectation:
    if isinstance(case, GenerateCase):
        return lambda arithmetic: _claimed(case, case.allowed_gradient(arithmetic), values)
    if name == "image":
        return lambda arithmetic: input_gradient(case.scene, case.cotangent, arithmetic)
    if isinstance(case, TransformCase):
        return lambda arithmetic: theta_gradient(
            case.scene, case.base, case.cotangent, arithmetic, zero=subgradient == "zero"
        )
    return lambda arithmetic: grid_gradient(
        case.scene, case.cotangent, arithmetic, zero=subgradient == "zero"
    )


def _claimed(case: GenerateCase, expected: Interval, values: Array) -> Interval:
    """An affine grid is claimed wherever theta is: it has no line at infinity."""
    return expected if case.family == "affine" else claimed_alone(expected, values)
