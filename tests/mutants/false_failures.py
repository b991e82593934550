"""Judges right cases of a right target and counts those that fail: `python false_failures.py --cases 10000 --target torch`.

Every kind of grid and theta, six conventions, every dtype that the target takes; sizes and numbers from a seed.
"""

import argparse
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from stn_suites.checks import everything
from stn_verify.cases import grids, thetas
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.cases.strategies import SIZES, Frame, sample_case, transform_case
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.contract.loading import load
from stn_verify.contract.target import Target, TargetFailure
from stn_verify.judging.arithmetics import claimed
from stn_verify.workers.evaluator import InProcessTarget

CONVENTIONS = tuple(Convention(padding, aligned) for padding in PADDINGS for aligned in (False, True))


@dataclass
class Count:
    """What was judged."""

    cases: int = 0
    failures: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    """Calls that raised, by message: no result, so none that could be failed wrongly."""
    largest: dict[tuple[str, str], float] = field(default_factory=dict)
    """(dtype, subject) -> budget used."""
    kinds: Counter[str] = field(default_factory=Counter)


def frame(dtype: str, convention: Convention, kind: str, random: np.random.Generator) -> Frame:
    """A shape; the image is as large as the output in half of the cases on which that matters."""
    rows, columns, height, width = (int(size) for size in random.choice(SIZES, 4))
    if kind in ("identity", "whole-pixel shift", "half-pixel shift", "affine") and random.random() < 0.5:
        height, width = rows, columns
    batch, channels = int(random.integers(1, 4)), int(random.integers(1, 5))
    return Frame(batch, channels, (height, width), (rows, columns), convention, dtype)


def cases(
    dtypes: tuple[str, ...], functions: frozenset[str], seed: int = 0
) -> Iterator[SampleCase | TransformCase]:
    """Without end: every combination in turn, with other sizes and numbers each time."""
    for number in itertools.count(seed):
        for convention, dtype in itertools.product(CONVENTIONS, dtypes):
            random = np.random.default_rng([number, CONVENTIONS.index(convention), dtypes.index(dtype)])
            if "sample" in functions:
                for kind, grid in {**grids.ALL, "far outside": grids.far_outside}.items():
                    shape = frame(dtype, convention, kind, random)
                    yield sample_case(shape, kind, grid, int(random.integers(2**32)))
            if "transform" in functions:
                for kind, theta in thetas.ALL.items():
                    shape = frame(dtype, convention, kind, random)
                    yield transform_case(shape, kind, theta, int(random.integers(2**32)))


def judge(target: Target, count: int, seed: int = 0) -> Count:
    """That many cases against the oracle."""
    described = target.description
    dtypes = tuple(dtype for dtype in described.dtypes if dtype not in described.unsupported)
    counted = Count()
    for case in itertools.islice(cases(dtypes, frozenset(described.functions), seed), count):
        counted.cases += 1
        counted.kinds[f"{case.function}: {case.kind}"] += 1
        arithmetic = claimed(described, case.dtype)
        try:
            comparisons = everything(target, case)
        except TargetFailure as failure:
            told = f"{str(failure).splitlines()[0]} ({case.function} {case.dtype})"
            if failure.status == "raised":
                counted.refused[told] += 1
            else:
                counted.failures.append(told)
            continue
        for comparison in comparisons:
            used = comparison.budget_used(arithmetic)
            key = case.dtype, comparison.subject
            counted.largest[key] = max(used, counted.largest.get(key, 0.0))
            if used > 1:
                counted.failures.append(f"{comparison.worst(arithmetic)} in {case!r}")
    return counted


def main() -> int:
    """Exit status 1 where anything failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--target", default="torch")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    counted = judge(InProcessTarget(load(asked.target)), asked.cases, asked.seed)
    print(
        f"{len(counted.failures)} false failures in {counted.cases} cases of {len(counted.kinds)} kinds of {asked.target}"
    )
    for (dtype, subject), used in sorted(counted.largest.items()):
        print(f"{dtype:10} {subject:12} largest budget used {used:.3g}")
    for message, times in counted.refused.most_common():
        print(f"refused {times} times: {message}")
    for failure in counted.failures[:20]:
        print(failure)
    return 1 if counted.failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
