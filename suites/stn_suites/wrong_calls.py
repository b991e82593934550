"""Checks that a call which no sampler can answer brings an exception: neither an answer nor the end of the process."""

from collections.abc import Mapping
from dataclasses import replace

from stn_verify.cases.case import FunctionCase, GenerateCase, SampleCase, TransformCase
from stn_verify.contract.target import Call, Target, TargetRaised, TargetReplied
from stn_verify.formats import Array
from stn_verify.judging.statement import Statement


def refused(target: Target, case: FunctionCase) -> list[Statement]:
    """Every call with one thing wrong: 1 forward each. The case must have more than one image."""
    subject = "grid" if isinstance(case, GenerateCase) else "output"
    statements = []
    for what, arrays in _wrong(case).items():
        call = replace(case.call(), arrays={**case.arrays, **arrays}, free=True)
        told = _answered(target, call)
        statements.append(
            Statement(
                subject,
                told is None,
                f"{what} is answered{told}",
                (call,),
                "a call that fits nothing is refused",
            )
        )
    return statements


def _answered(target: Target, call: Call) -> str | None:
    """What came back, None for an exception."""
    shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in call.arrays.items())
    try:
        return f", by an output of shape {list(target.call(call).output.shape)} to {shapes}"
    except TargetRaised:
        return None
    except TargetReplied as failure:
        return f": {failure} to {shapes}"


def _wrong(case: FunctionCase) -> Mapping[str, Mapping[str, Array]]:
    """Arrays in place of the case's own, by what is wrong with them."""
    if isinstance(case, SampleCase):
        grid = case.grid
        return {
            "a grid of fewer images than the image": {"grid": grid[:-1]},
            "a grid of more images than the image": {"image": case.image[:-1]},
            "a grid with a single coordinate": {"grid": grid[..., :1]},
            "a grid with three coordinates": {"grid": grid.take([0, 1, 1], axis=-1)},
            "an image of three dimensions": {"image": case.image[0]},
        }
    theta = case.theta
    wrong: dict[str, Mapping[str, Array]] = {
        "a theta of [N, 3, 3]": {"theta": theta.take([0, 1, 1], axis=1)},
        "a theta of [N, 2, 2]": {"theta": theta[..., :2]},
    }
    if isinstance(case, TransformCase):
        wrong |= {
            "a theta of fewer images than the image": {"theta": theta[:-1]},
            "a theta of more images than the image": {"image": case.image[:-1]},
            "an image of three dimensions": {"image": case.image[0]},
        }
    return wrong
