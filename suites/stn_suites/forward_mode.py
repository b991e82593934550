"""The check of forward mode: the output's tangent along its inputs' tangents, together and each alone."""

from dataclasses import replace

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.inner_product import known, paired, total
from stn_verify.bounds.input_gradient import input_gradient
from stn_verify.bounds.interval import Interval
from stn_verify.bounds.theta_gradient import theta_gradient
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.cases.directions import Directed, directed
from stn_verify.contract.target import Call, Reply, Target
from stn_verify.differences.second_order import ChannelDifferences
from stn_verify.formats import Array
from stn_verify.judging.arithmetics import claimed
from stn_verify.judging.reference import GRADIENTS, compare_output
from stn_verify.judging.second_order import compare_tangent


def tangents(target: Target, case: SampleCase | TransformCase) -> list[Comparison]:
    """Against the closed form and the target's own reverse mode: 3 forwards with tangents.

    `sample`: entry by entry, 1 forward and C backwards more. `transform`: <tangent, v> = <grad_input, a> + <grad_theta, b>,
    1 backward more.
    """
    directions = directed(case, claimed(target.description, case.dtype))
    found = []
    for names in (("image",), (directions.other,), ("image", directions.other)):
        asked = {name: directions.by_name[name] for name in names}
        call = replace(directions.case.call(), tangents=asked)
        reply = target.call(call)
        output = compare_output(directions.case, reply.output)
        found.append(replace(output, calls=(call,), formula="output"))
        found.append(compare_tangent(directions, call, _tangent(reply)))
    if isinstance(directions.case, SampleCase):
        own = ChannelDifferences(target, directions.case, directions)
        return [*found, Comparison("tangent", _tangent(reply), own.expected, (call,), "tangent")]
    return [*found, _adjoint(target, directions.case, directions, call, _tangent(reply))]


def _tangent(reply: Reply) -> Array:
    if reply.tangent is None:
        raise TypeError("a reply without the tangent that was asked for")
    return reply.tangent


def _adjoint(
    target: Target, case: TransformCase, directions: Directed, call: Call, tangent: Array
) -> Comparison:
    """Forward against reverse mode: <J d, v> = <d, J^T v>."""
    backward = case.call(GRADIENTS["transform"])
    gradients = target.call(backward).gradients

    def expected(arithmetic: Arithmetic) -> Interval:
        by_image = input_gradient(case.scene, case.cotangent, arithmetic)
        by_theta = theta_gradient(case.scene, case.base, case.cotangent, arithmetic)
        parts = total(
            paired(known(gradients["image"], by_image), directions.image),
            paired(known(gradients["theta"], by_theta), directions.points),
        )
        own = paired(directions.pairing.tangent(arithmetic), case.cotangent)
        return parts.widened(own.bound)

    value = np.asarray((tangent * case.cotangent).sum())
    return Comparison("tangent", value, expected, (backward, call), "(tangent * cotangent).sum()")
