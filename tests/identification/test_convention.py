"""A target that declares no convention: it is found out, or said to follow none."""

from typing import Any

import pytest

from stn_adapters.reference import REFERENCE
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.contract.errors import ContractError
from stn_verify.contract.implementation import undeclared
from stn_verify.identification.convention import identified
from stn_verify.workers.evaluator import InProcessTarget

EVERY = [Convention(padding, aligned) for padding in PADDINGS for aligned in (False, True)]


@pytest.mark.parametrize("convention", EVERY, ids=str)
@pytest.mark.parametrize("function", ["sample", "transform"])
def test_found_out(convention: Convention, function: str) -> None:
    held = REFERENCE.functions[function]
    choices = {"padding": convention.padding, "align_corners": convention.align_corners}

    def sample(image: Any, grid: Any) -> Any:
        return held(image, grid, **choices)

    def transform(image: Any, theta: Any, size: Any) -> Any:
        return held(image, theta, size, **choices)

    subject = sample if function == "sample" else transform
    found = identified(InProcessTarget(undeclared(subject, "unknown", "numpy")))
    assert found.conventions() == (convention,)


def test_no_known_convention() -> None:
    def sample(image: Any, grid: Any) -> Any:
        return REFERENCE.functions["sample"](image, -grid, padding="zeros", align_corners=False)

    with pytest.raises(
        ContractError,
        match=r"identified as bilinear, .*scale -4\.5 ± .*: no convention has it\); the suites check",
    ):
        identified(InProcessTarget(undeclared(sample, "unknown", "numpy")))
