"""A full entrywise check at (2,3,224,224) against torch's slow gradcheck at (2,3,32,32), interleaved in one run.

python benchmarks/against_gradcheck.py [--rounds N]
"""

import argparse
import statistics
import time

import torch
from torch.nn.functional import grid_sample

from stn_adapters.torch import TORCH
from stn_suites.checks import sample_differences
from stn_verify.cases import grids
from stn_verify.cases.strategies import Frame, sample_case
from stn_verify.contract.convention import Convention
from stn_verify.contract.target import Target
from stn_verify.judging.arithmetics import claimed
from stn_verify.workers.client import WorkerTarget
from stn_verify.workers.evaluator import InProcessTarget


def ours(target: Target, size: int, seed: int) -> tuple[float, float]:
    """Seconds and the largest budget used of one check: every entry of both Jacobians."""
    frame = Frame(2, 3, (size, size), (size, size), Convention(), "float64")
    case = sample_case(frame, "inside", grids.inside, seed)
    arithmetic = claimed(target.description, case.dtype)
    started = time.perf_counter()
    used = max(comparison.budget_used(arithmetic) for comparison in sample_differences(target, case))
    return time.perf_counter() - started, used


def gradcheck(size: int, seed: int, counts: dict[str, int]) -> tuple[float, bool]:
    """Seconds and the verdict of torch's slow mode on the same kind of case."""
    generator = torch.Generator().manual_seed(seed)
    image = torch.randn(2, 3, size, size, dtype=torch.float64, generator=generator).requires_grad_()
    grid = (torch.rand(2, size, size, 2, dtype=torch.float64, generator=generator) * 2 - 1).requires_grad_()

    def sample(image: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
        counts["forwards"] = counts.get("forwards", 0) + 1
        return grid_sample(image, grid, align_corners=False)

    started = time.perf_counter()
    verdict = torch.autograd.gradcheck(sample, (image, grid), raise_exception=False)
    return time.perf_counter() - started, verdict


def main() -> None:
    """Print the medians, their ratio, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    targets: dict[str, Target] = {
        "in process": InProcessTarget(TORCH),
        "in a worker": WorkerTarget("torch", deadline=60),
    }
    for target in targets.values():
        ours(target, 224, 0)
    times: dict[str, list[float]] = {"gradcheck": []} | {name: [] for name in targets}
    counts: dict[str, int] = {}
    for seed in range(rounds):
        for name, target in targets.items():
            seconds, used = ours(target, 224, seed)
            times[name].append(seconds)
            print(f"ours, {name:12} (2,3,224,224): {seconds:8.3f} s, largest budget used {used:.3g}")
        seconds, verdict = gradcheck(32, seed, counts)
        times["gradcheck"].append(seconds)
        print(f"gradcheck          (2,3,32,32):   {seconds:8.3f} s, verdict {verdict}")
    slow = statistics.median(times["gradcheck"])
    entries = 2 * 3 * 32 * 32 * (2 * 3 * 32 * 32 + 2 * 32 * 32 * 2)
    large = 2 * 3 * 224 * 224 * (2 * 3 * 224 * 224 + 2 * 224 * 224 * 2)
    print(f"gradcheck: {counts['forwards'] // rounds} forwards each; ours: 8 forwards and 1 backward each")
    for name in targets:
        ratio = slow / statistics.median(times[name])
        print(
            f"ours, {name}: {ratio:.0f} times faster, {ratio * large / entries:.2g} times per Jacobian entry"
        )
    for target in targets.values():
        target.close()


if __name__ == "__main__":
    main()
