"""A target that declares no convention: it is found out, or said to follow none."""

from typing import Any

import pytest
from samplers import Anything

from stn_adapters.reference import REFERENCE
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.contract.errors import ContractError
from stn_verify.contract.implementation import Implementation, undeclared
from stn_verify.identification.convention import identified, settled
from stn_verify.workers.evaluator import InProcessTarget

EVERY = [Convention(padding, aligned) for padding in PADDINGS for aligned in (False, True)]

OTHERS = [
    Convention(padding, False, kernel, cubic)
    for padding in PADDINGS
    for kernel, cubic in (("nearest", -0.75), ("bicubic", -0.75), ("bicubic", -0.5), ("bicubic", -0.68))
]


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


@pytest.mark.parametrize("convention", OTHERS, ids=str)
def test_other_kernels_are_found_out(convention: Convention) -> None:
    sampler = Anything(
        convention.interpolation,
        a=convention.cubic,
        padding={"reflection": "edges"}.get(convention.padding, convention.padding),
    )
    found = identified(InProcessTarget(undeclared(sampler, "unknown", "numpy")))
    assert found.conventions() == (convention,)


@pytest.mark.parametrize(
    ("declared", "sampler", "told"),
    [
        ({"interpolation": "nearest"}, Anything(), "declares interpolation='nearest', follows bilinear"),
        ({}, Anything("nearest"), "declares interpolation='bilinear', follows nearest"),
        (
            {"interpolation": "bicubic", "cubic": -0.5},
            Anything("bicubic"),
            "declares cubic=-0.5, follows bicubic with a = -0.75",
        ),
    ],
)
def test_a_wrong_kernel_is_one_verdict_and_the_rest_goes_by_what_was_found(
    declared: dict[str, Any], sampler: Anything, told: str
) -> None:
    held = Implementation(
        "wrong",
        "numpy",
        {"sample": sampler},
        padding="zeros",
        align_corners=False,
        dtypes=("float64",),
        **declared,
    )
    found = settled(InProcessTarget(held))
    (judgement,) = found.judgements.values()
    assert judgement.contradiction is not None
    assert judgement.contradiction.startswith(told)
    (followed,) = found.conventions["sample"]
    assert followed == Convention("zeros", False, sampler.kernel)
