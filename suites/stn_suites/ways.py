"""Checks of a function that is not called as it is: mapped over the batch, or compiled."""

from collections.abc import Iterable
from dataclasses import replace

from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.contract.features import Way
from stn_verify.contract.target import Call, Target
from stn_verify.judging.reference import GRADIENTS, compare_gradients, compare_output
from stn_verify.judging.repetition import repetitions


def vmapped(target: Target, case: SampleCase | TransformCase) -> list[Comparison]:
    """Forward alone, and with every gradient, against the oracle and the plain call: 1 forward and 2 backwards."""
    forward = replace(case.call(), way="vmapped")
    output = compare_output(case, target.call(forward).output)
    return [*_named([output], forward), *_against_plain(target, case, "vmapped")]


def compiled(target: Target, case: SampleCase | TransformCase) -> list[Comparison]:
    """With every gradient, against the oracle and the plain call: 2 backwards."""
    return _against_plain(target, case, "compiled")


def _against_plain(target: Target, case: SampleCase | TransformCase, way: Way) -> list[Comparison]:
    plain = case.call(GRADIENTS[case.function])
    call = replace(plain, way=way)
    subgradient = target.description.subgradient
    first, reply = target.call(plain), target.call(call)
    agreement = repetitions(case, (first, reply), (plain, call), subgradient=subgradient, exact=False)
    right = [compare_output(case, reply.output), *compare_gradients(case, reply, subgradient)]
    return [*_named(right, call), *(each.comparison for each in agreement)]


def _named(comparisons: Iterable[Comparison], call: Call) -> list[Comparison]:
    return [replace(each, calls=(call,), formula=each.subject) for each in comparisons]
