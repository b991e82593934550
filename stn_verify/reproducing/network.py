"""Localisation networks in a script: pixels, hidden values, theta and the target's transform, one transformer after another."""

from collections.abc import Callable
from dataclasses import replace
from itertools import groupby

import numpy as np

from stn_verify.contract.target import Call
from stn_verify.workers.networks import PARTS, identifier

Applied = Callable[[str], str]
"""A function's call, of its positional arguments."""


def spelt(call: Call) -> Call:
    """The call with names that Python has, `hidden_weight_0` for `0.hidden.weight`; any other call as it is."""
    if call.function != "network":
        return call
    return replace(
        call,
        arrays={identifier(name): array for name, array in call.arrays.items()},
        gradients=tuple(identifier(name) for name in call.gradients),
    )


def entry(call: Call, number: int) -> tuple[str, tuple[int, ...]]:
    """Whose gradient an entry of `grad_parameters` is, the row of all of them: the parameter's name and the index in it."""
    for name, array in call.arrays.items():
        if name == "image":
            continue
        if number < array.size:
            return name, tuple(int(place) for place in np.unravel_index(number, array.shape))
        number -= array.size
    raise IndexError(f"{number} numbers beyond all parameters of a {call.function}")


def forward(call: Call, transform: Applied) -> list[str]:
    """From the image to the output."""
    lines = []
    for number, (image, result, size) in enumerate(_stages(call)):
        lines += [
            f"# Transformer {number}: its theta is predicted from the image that it reads.",
            f"pixels_{number} = {image}.reshape(len({image}), -1)",
            f"hidden_{number} = pixels_{number} @ hidden_weight_{number}.T + hidden_bias_{number}",
            f"hidden_{number} = hidden_{number} * (hidden_{number} > 0)",
            f"theta_{number} = hidden_{number} @ regression_weight_{number}.T + regression_bias_{number}",
            f"theta_{number} = theta_{number}.reshape(len({image}), 2, 3)",
            f"{result} = {transform(f'{image}, theta_{number}, {size}')}",
        ]
    return lines


def backward(call: Call, product: Applied) -> list[str]:
    """From the cotangent to the gradient of the image and of every parameter, by the target's own product."""
    lines, received = [], "cotangent"
    for number, (image, _, size) in reversed(list(enumerate(_stages(call)))):
        passed = "grad_input" if image == "image" else f"grad_{image}"
        lines += [
            f"# Back through transformer {number}: its image is read, and theta is predicted from it.",
            f"read, by_theta = {product(f'{image}, theta_{number}, {size}, {received}')}",
            f"by_theta = by_theta.reshape(len({image}), 6)",
            f"grad_regression_weight_{number} = by_theta.T @ hidden_{number}",
            f"grad_regression_bias_{number} = by_theta.sum(0)",
            f"by_hidden = (by_theta @ regression_weight_{number}) * (hidden_{number} > 0)",
            f"grad_hidden_weight_{number} = by_hidden.T @ pixels_{number}",
            f"grad_hidden_bias_{number} = by_hidden.sum(0)",
            f"{passed} = read + (by_hidden @ hidden_weight_{number}).reshape({image}.shape)",
        ]
        received = passed
    return lines


def rows(names: list[str]) -> list[str]:
    """Names inside brackets: those of each transformer on a line of their own."""
    grouped = groupby(names, key=lambda name: name.rpartition("_")[2])
    return [f"    {', '.join(group)}," for _, group in grouped]


def _stages(call: Call) -> list[tuple[str, str, tuple[int, ...]]]:
    """What each transformer reads, what it makes and the size of that; all but the last keep the image's size."""
    count = (len(call.arrays) - 1) // len(PARTS)
    images = ["image", *(f"image_{number}" for number in range(1, count)), "output"]
    kept = tuple(map(int, call.arrays["image"].shape[2:]))
    sizes = [kept] * (count - 1) + [tuple(map(int, call.size or ()))]
    return list(zip(images[:-1], images[1:], sizes, strict=True))
