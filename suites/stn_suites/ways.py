"""Checks of a function that is not called as it is: mapped over the batch, or compiled."""

from collections.abc import Iterable
from dataclasses import replace

from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.contract.features import Way
from stn_verify.contract.target import Call, Reply, Target
from stn_verify.judging.reference import GRADIENTS, compare_gradients, compare_output
from stn_verify.judging.repetition import repetitions


def vmapped(target: Target, case: SampleCase | TransformCase) -> list[Comparison]:
    """Forward alone, and with every gradient, against the oracle and the plain call: 1 forward and 2 backwards."""
    forward = replace(case.call(), way="vmapped")
    output = compare_output(case, target.call(forward).output)
    return [*_named([output], forward), *_against_plain(target, case, "vmapped")]


def compiled(target: Target, case: SampleCase | TransformCase) -> list[Comparison]:
    """With every gradient, against the oracle and the plain call, and for a cotangent that is not contiguous: 3 backwards."""
    found = _against_plain(target, case, "compiled")
    if "layouts" not in target.description.features:
        return found
    strided = replace(
        case.call(GRADIENTS[case.function]), way="compiled", layouts={"cotangent": "transposed"}
    )
    return [*found, *_right(target, case, strided, target.call(strided))]


def _against_plain(target: Target, case: SampleCase | TransformCase, way: Way) -> list[Comparison]:
    plain = case.call(GRADIENTS[case.function])
    call = replace(plain, way=way)
    first, reply = target.call(plain), target.call(call)
    subgradient = target.description.subgradient
    agreement = repetitions(case, (first, reply), (plain, call), subgradient=subgradient, exact=False)
    return [*_right(target, case, call, reply), *(each.comparison for each in agreement)]


def _right(target: Target, case: SampleCase | TransformCase, call: Call, reply: Reply) -> list[Comparison]:
    gradients = compare_gradients(case, reply, target.description.subgradient)
    return _named([compare_output(case, reply.output), *gradients], call)


def _named(comparisons: Iterable[Comparison], call: Call) -> list[Comparison]:
    return [replace(each, calls=(call,), formula=each.subject) for each in comparisons]
