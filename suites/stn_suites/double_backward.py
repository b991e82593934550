"""Second gradients: what is asked of the target, and what its replies are compared with."""

from dataclasses import replace

from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.cases.directions import CLEARANCE, Directed, directed
from stn_verify.contract.target import Call, Reply, Target
from stn_verify.differences.second_order import sample_second_differences
from stn_verify.differences.second_theta import ThetaSecondDifferences, identities
from stn_verify.formats import Array
from stn_verify.judging.arithmetics import claimed
from stn_verify.judging.second_order import compare_second


def closed_form(target: Target, case: SampleCase | TransformCase) -> list[Comparison]:
    """Every second gradient against its closed form: 1 backward, differentiated once more."""
    directions = directed(case, claimed(target.description, case.dtype))
    call, reply = asked(target, directions)
    found = compare_second(directions, call, reply, target.description.subgradient)
    return found if directions.other == "grid" else [*found, *identities(directions, call, reply)]


def sample_differences(target: Target, case: SampleCase) -> list[Comparison]:
    """Every second gradient against differences of the target's own first: 5 (1 + C) backwards more, and 1 forward."""
    arithmetic = claimed(target.description, case.dtype)
    directions = directed(case, arithmetic)
    call, reply = asked(target, directions)
    return sample_second_differences(target, directions, call, reply, arithmetic)


def transform_differences(target: Target, case: TransformCase) -> list[Comparison]:
    """grad2_theta against differences of the target's own first gradients: 12 backwards more."""
    directions = directed(case, claimed(target.description, case.dtype), clearance=CLEARANCE)
    call, reply = asked(target, directions)
    moved = ThetaSecondDifferences(target, directions, reply)
    return [moved.compare(call, reply.seconds["theta"])]


def asked(target: Target, directions: Directed, **changed: Array) -> tuple[Call, Reply]:
    """Every first gradient, differentiated along the directions; of other arrays where `changed` gives them."""
    names = tuple(directions.by_name)
    call = replace(directions.case.call(names, **changed), seconds=directions.by_name)
    return call, target.call(call)
