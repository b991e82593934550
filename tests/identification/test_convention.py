"""A target that declares no convention: it is found out, or said to follow none."""

from dataclasses import replace
from typing import Any

import pytest
from samplers import Anything

from stn_adapters.reference import REFERENCE
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.contract.errors import ContractError
from stn_verify.contract.implementation import Implementation, undeclared
from stn_verify.identification.convention import identified, settled
from stn_verify.identification.whole import identification
from stn_verify.judging.arithmetics import claimed
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


def _volume(image: Any, grid: Any) -> Any:
    """A wrong sampler of volumes: it reads the first slice alone."""
    count, channels = image.shape[:2]
    flat = grid[..., :2].reshape(count, -1, grid.shape[3], 2)
    read = REFERENCE.functions["sample"](image[:, :, 0], flat, padding="border", align_corners=True)
    return read.reshape(count, channels, *grid.shape[1:4])


def test_volumes_only_and_undeclared() -> None:
    held = replace(undeclared(_volume, "deep", "numpy"), spatial=(3,))
    with pytest.raises(ContractError, match="takes volumes only; of those no convention is identified"):
        identified(InProcessTarget(held))
    with pytest.raises(ContractError, match="takes volumes only, and of those nothing is identified"):
        identification(InProcessTarget(held), "deep")


def test_a_wrong_declaration_of_volumes_is_judged_by_its_numbers() -> None:
    held = Implementation(
        "deep", "numpy", {"sample": _volume}, padding="border", align_corners=True, spatial=(3,)
    )
    found = settled(InProcessTarget(held))
    convention = Convention("border", True)
    assert found.conventions == {"sample": [convention]}
    judgement = found.judgements["sample", convention]
    assert judgement.contradiction is None
    assert judgement.comparison is not None
    assert judgement.comparison.budget_used(claimed(found.description, judgement.dtype)) > 1
