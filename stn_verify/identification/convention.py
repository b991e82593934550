"""The convention of a target that declares none: the one whose values explain it."""

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.contract.description import Description
from stn_verify.contract.errors import ContractError
from stn_verify.contract.target import Target, TargetFailure
from stn_verify.formats import named
from stn_verify.judging.reference import compare_output

IMAGE_SIZE, OUTPUT_SIZE = (5, 7), (6, 4)
"""Not square, and alike in no axis: a swapped axis shows."""


def identified(target: Target) -> Description:
    """The target's description with a convention in it.

    Raises:
        ContractError: no known convention explains the target's values.
    """
    description = target.description
    if description.conventions():
        return description
    candidates = [
        Convention(padding, aligned)
        for padding in description.paddings or PADDINGS
        for aligned in (description.alignments if description.alignments is not None else (False, True))
    ]
    dtype = next((d for d in description.dtypes if d not in description.unsupported), "float64")
    if not {"sample", "transform"} & description.functions.keys():
        aligned = description.alignments if description.alignments is not None else [False, True]
        return description.model_copy(update={"paddings": ["zeros"], "alignments": aligned})
    errors: dict[Convention, float] = {}
    for candidate in candidates:
        try:
            errors[candidate] = _error(target, candidate, dtype)
        except TargetFailure as failure:
            raise ContractError(f"{description.name}: the first call brought no result: {failure}") from None
    best = min(errors, key=lambda candidate: errors[candidate])
    if errors[best] > 1:
        raise ContractError(
            f"{description.name}: no known convention explains its values (nearest: {best}, {errors[best]:.3g} times the"
            " bound); declare padding and align_corners with @stn_verify.implementation to see each difference"
        )
    return description.model_copy(update={"paddings": [best.padding], "alignments": [best.align_corners]})


def _error(target: Target, convention: Convention, dtype: str) -> float:
    """The largest error of a small, asymmetric probe over its bound."""
    random = np.random.default_rng(7)
    storage = named(dtype)
    image = storage.round(random.standard_normal((2, 3, *IMAGE_SIZE)))
    cotangent = np.zeros((2, 3, *OUTPUT_SIZE))
    case: SampleCase | TransformCase
    if "sample" in target.description.functions:
        grid = storage.round(random.uniform(-2.5, 2.5, (2, *OUTPUT_SIZE, 2)))
        case = SampleCase(image, grid, cotangent, dtype, convention)
    else:
        theta = storage.round(random.uniform(-1.5, 1.5, (2, 2, 3)))
        case = TransformCase(image, theta, OUTPUT_SIZE, cotangent, dtype, convention)
    reply = target.call(case.call())
    comparison = compare_output(case, reply.output)
    return comparison.budget_used(Arithmetic(named(target.description.compute_dtype or dtype), storage))
