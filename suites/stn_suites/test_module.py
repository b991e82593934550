"""The gradient of every parameter of localisation networks, through two transformers: from end to end, in one graph.

`transform` alone may be right and still not stand in a network: theta is no leaf there, the image is another transformer's
output, and both lead back to the same pixels.
"""

import pytest

from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.case import NetworkCase
from stn_verify.cases.networks import network_cases
from stn_verify.contract.target import Target
from stn_verify.exploration.examination import Examination
from stn_verify.judging.networks import compare_network


def _judged(target: Target, case: NetworkCase) -> list[Comparison]:
    """1 backward through the whole network."""
    return compare_network(case, target.call(case.call(tuple(case.arrays))), target.description.subgradient)


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
