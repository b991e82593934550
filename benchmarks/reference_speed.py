"""The float64 reference against torch in float64: forward and backward, theta to gradients of image and theta.

The ratio of times is the median over rounds that run both, one after the other; on a busy machine it says little. torch runs in
as many threads as the machine has cores, and so does the reference.

    python benchmarks/reference_speed.py [--rounds 15]
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

from stn_reference import transform, transform_vjp

SHAPE = (8, 3, 224, 224)
CONVENTION = {"padding": "zeros", "align_corners": False}


class Problem:
    """Near-identity thetas with all entries drawn, for either side."""

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        self.image, self.cotangent = random.standard_normal((2, *SHAPE))
        self.theta = np.eye(2, 3) + 0.1 * random.standard_normal((SHAPE[0], 2, 3))

    def ours(self) -> None:
        transform(self.image, self.theta, SHAPE[2:], **CONVENTION)
        transform_vjp(self.image, self.theta, SHAPE[2:], self.cotangent, **CONVENTION)

    def torchs(self) -> None:
        image = torch.from_numpy(self.image).requires_grad_()
        theta = torch.from_numpy(self.theta).requires_grad_()
        grid = functional.affine_grid(theta, list(SHAPE), align_corners=False)
        output = functional.grid_sample(image, grid, align_corners=False)
        torch.autograd.grad(output, (image, theta), torch.from_numpy(self.cotangent))


def seconds(work: Callable[[], None]) -> float:
    """Of one run."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    """Print the ratio and both times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    problem = Problem()
    problem.ours()
    problem.torchs()
    pairs = [(seconds(problem.ours), seconds(problem.torchs)) for _ in range(rounds)]
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    ours, theirs = (statistics.median(times) * 1e3 for times in zip(*pairs, strict=True))
    print(
        f"{SHAPE}, float64, forward and backward, {torch.get_num_threads()} threads: {ratio:.2f} times torch's"
    )
    print(f"reference {ours:.1f} ms, torch {theirs:.1f} ms")


if __name__ == "__main__":
    main()
