"""The gradient of every parameter of localisation networks, through two transformers: from end to end, in one graph.

`transform` alone may be right and still not stand in a network: theta is no leaf there, the image is another transformer's
output, and both lead back to the same pixels.
"""

import zlib

import pytest

from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.case import NetworkCase
from stn_verify.cases.networks import network_cases
from stn_verify.contract.target import Target
from stn_verify.differences.network import compare_differences
from stn_verify.exploration.examination import Examination
from stn_verify.judging.arithmetics import claimed
from stn_verify.judging.networks import compare_network
from stn_verify.workers.networks import PARTS

FEW = (1, 3)
"""Channels of which a difference says much: the roundings of an output grow with the pixels that theta is predicted from."""


def _judged(target: Target, case: NetworkCase) -> list[Comparison]:
    """1 backward through the whole network."""
    return compare_network(case, target.call(case.call(tuple(case.arrays))), target.description.subgradient)


def _differences(target: Target, case: NetworkCase) -> list[Comparison]:
    """Along one array of parameters of each transformer: 12 forwards and 1 backward."""
    reply = target.call(case.call(tuple(case.arrays)))
    arithmetic = claimed(target.description, case.dtype)
    turn = zlib.crc32(case.image.tobytes()) % len(PARTS)
    names = (f"{number}.{PARTS[turn - number]}" for number in range(2))
    compared = (compare_differences(target, case, reply, name, arithmetic) for name in names)
    return [comparison for comparison in compared if comparison is not None]


@pytest.mark.stn_check(
    "transform",
    ("output", "grad_input", "grad_parameters"),
    feature="networks",
    differentiated=True,
    dtypes=("float64", "float32"),
)
def test_two_transformers(examination: Examination) -> None:
    """Against the reference's network: 1, 3 and 64 channels. In 16 bits a theta is too coarse to say anything of what follows."""
    examination.explore(network_cases(examination.dtype, examination.convention), _judged, most=20)


@pytest.mark.stn_check(
    "transform",
    ("grad_parameters",),
    feature="networks",
    differentiated=True,
    large=True,
    dtypes=("float64",),
)
def test_two_transformers_differences(examination: Examination) -> None:
    """Against exact differences of the target's own network, which need no oracle for values."""
    cases = network_cases(examination.dtype, examination.convention, FEW)
    examination.explore(cases, _differences, most=4)
