"""The bug collection (`bugzoo.csv`) row by row: what the mutants that rebuild it leave out, or why there is none."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from faults import Mutant

FILE = Path(__file__).with_name("bugzoo.csv")

NOT_FINITE = "No value is prescribed where a coordinate is not finite"

REASONS: dict[str, str] = {
    "Z21": f"{NOT_FINITE}: what a target reads there is told (`observed`), not judged; that it harms no other point is.",
    "Z41": f"{NOT_FINITE}, and on finite ones the two clips agree: border is checked, its ends included, and the pull request"
    " names no wrong value.",
    "Z62": "3-D is not checked yet; the runtime is a phone's.",
    "Z88": "Needs CUDA, and nothing is wrong: a target that lacks a padding declares the others, one that lacks a device does"
    " not start.",
    "Z91": "Needs TensorRT, and the issue does not say how the values differ; any that do are found by `values: sample` in that"
    " convention, as those of WideScale are.",
    "Z95": "The sampler does what it declares; which value is background, the network's data and its padding have to agree on.",
}
"""Rows without a mutant: why."""

REMARKS: dict[str, str] = {
    "Z18": "The refusal, without cuDNN.",
    "Z20": "In bilinear. Offsets past 2^31 take an image of 8 GiB.",
    "Z22": "Without Metal: the cache by shape alone, and the layout that comes back.",
    "Z23": "In 2-D, without Metal.",
    "Z27": "Scaled down: an image of 2^31 elements takes 8 GiB, so the offset has 16 bits.",
    "Z40": "A tile that is too small for the shape, without ROCm; the pull request does not say what was wrong.",
    "Z45": "The bounds test on floats is NoFade's.",
    "Z49": "The slope to the right is a right gradient: it passes and is named `right`. What fails is the central difference"
    " that it was held against.",
    "Z60": "In float32 on a CPU. align_corners ignored is AlignCornersIgnored.",
    "Z69": "With 16 bits.",
    "Z71": "Wrap is no padding here.",
    "Z78": "The image frozen and the grid trained, in torch.",
    "Z85": "Without CUDA.",
    "Z29": "Without the damage to the heap: the call must be refused.",
    "Z30": "The call must be refused: an answer fails, as would the end of the process.",
}
"""Rows with a mutant: what it leaves out or stands for."""


@dataclass(frozen=True)
class Row:
    """A defect of released software."""

    id: str
    implementation: str
    source: str
    defect: str
    cheapest_check: str


def rows() -> list[Row]:
    """The collection, in its order."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        return [Row(**row) for row in csv.DictReader(lines)]


def rebuilt(row: Row, mutants: Iterable[Mutant]) -> list[Mutant]:
    """The mutants that rebuild a row's defect."""
    return [mutant for mutant in mutants if row.id in mutant.sources]
