"""stn_production's CPU kernels against eager torch, and with --compiled against torch.compile of it.

Each figure is a ratio of times, torch's over ours: the median over rounds that run both, one after the other. Above 1 is faster.
Forward is affine_grid + grid_sample; with backward, the gradients of input and theta. float32, zeros, align_corners=False.
Ours is what a user calls, spatial_transform under autograd, or with --kernels the kernels alone. With --grids both sample at a
given grid, and the gradients are those of input and grid.

    python benchmarks/production_cpu.py [--rounds 15] [--compiled] [--kernels] [--grids] [--one-thread] [--errors DRAWS]
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch.nn import functional

from stn_production import grid_sample, spatial_transform
from stn_production.cpu import transform_backward, transform_forward

SHAPES = (
    (1, 3, 224, 224),
    (8, 3, 224, 224),
    (64, 1, 28, 28),
    (32, 64, 56, 56),
    (1, 1, 1024, 1024),
    (4, 256, 32, 32),
)
LAYOUTS = {"NCHW": torch.contiguous_format, "channels-last": torch.channels_last}
Work = Callable[[], object]
Transform = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Clock = Callable[[], float]


def _transform(image: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
    grid = functional.affine_grid(theta, list(image.shape), align_corners=False)
    return functional.grid_sample(image, grid, align_corners=False)


def _sample(image: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    return functional.grid_sample(image, grid, align_corners=False)


def _own_transform(image: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
    return spatial_transform(image, theta, (image.shape[2], image.shape[3]))


class Problem:
    """One shape in one layout: near-identity thetas with all entries drawn, or their grids."""

    def __init__(self, shape: tuple[int, int, int, int], layout: str, kernels: bool, grids: bool) -> None:
        generator = torch.Generator().manual_seed(0)

        def drawn() -> torch.Tensor:
            return torch.randn(shape, generator=generator).contiguous(memory_format=LAYOUTS[layout])

        self.kernels, self.size = kernels, (shape[2], shape[3])
        self.image, self.cotangent = drawn(), drawn()
        self.places = torch.eye(2, 3) + 0.1 * torch.randn(shape[0], 2, 3, generator=generator)
        self.theirs: Transform = _transform
        self.own: Transform = _own_transform
        if grids:
            self.places = functional.affine_grid(self.places, list(shape), align_corners=False)
            self.theirs, self.own = _sample, grid_sample

    def eager(self) -> torch.Tensor:
        with torch.no_grad():
            return self.theirs(self.image, self.places)

    def ours(self) -> torch.Tensor:
        if self.kernels:
            return transform_forward(self.image, self.places, self.size, False, "zeros")
        with torch.no_grad():
            return self.own(self.image, self.places)

    def eager_both(self, transform: Callable[..., torch.Tensor] | None = None) -> None:
        image, places = self.image.detach().requires_grad_(), self.places.detach().requires_grad_()
        output = (transform or self.theirs)(image, places)
        torch.autograd.grad(output, (image, places), self.cotangent)

    def ours_both(self) -> None:
        if not self.kernels:
            self.eager_both(self.own)
            return
        self.ours()
        transform_backward(self.cotangent, self.image, self.places, self.size, False, "zeros", True, True)


def seconds(work: Work, clock: Clock) -> float:
    """Return the time of one call."""
    start = clock()
    work()
    return clock() - start


def ratio(theirs: Work, ours: Work, rounds: int, clock: Clock) -> tuple[float, float]:
    """Return the median over rounds of theirs / ours, and our median time in ms."""
    for work in (theirs, ours, theirs, ours):
        work()
    pairs = [(seconds(theirs, clock), seconds(ours, clock)) for _ in range(rounds)]
    return statistics.median(a / b for a, b in pairs), 1e3 * statistics.median(b for _, b in pairs)


def report_times(rounds: int, compiled: bool, kernels: bool, grids: bool, clock: Clock) -> None:
    """Print a row for each shape and layout, and the geometric means."""
    print(
        f"torch {torch.__version__}, {torch.get_num_threads()} threads, against {'compiled' if compiled else 'eager'}"
    )
    print(f"{'shape':22}{'layout':15}{'forward':>9}{'ms':>9}{'both':>9}{'ms':>9}")
    ratios = []
    for shape in SHAPES:
        for layout in LAYOUTS:
            problem = Problem(shape, layout, kernels, grids)
            theirs, theirs_both = problem.eager, problem.eager_both
            if compiled:
                torch._dynamo.reset()  # its limit on recompilations falls back to eager silently
                transform = torch.compile(problem.theirs)

                def theirs(
                    problem: Problem = problem, transform: Callable[..., torch.Tensor] = transform
                ) -> torch.Tensor:
                    with torch.no_grad():
                        return transform(problem.image, problem.places)

                def theirs_both(
                    problem: Problem = problem, transform: Callable[..., torch.Tensor] = transform
                ) -> None:
                    problem.eager_both(transform)

            forward, ms = ratio(theirs, problem.ours, rounds, clock)
            both, both_ms = ratio(theirs_both, problem.ours_both, rounds, clock)
            ratios.append((forward, both))
            print(f"{shape!s:22}{layout:15}{forward:9.2f}{ms:9.3f}{both:9.2f}{both_ms:9.3f}", flush=True)
    means = [statistics.geometric_mean(column) for column in zip(*ratios, strict=True)]
    print(f"{'geometric mean':37}{means[0]:9.2f}{'':9}{means[1]:9.2f}")


def _gradients(image: torch.Tensor, theta: torch.Tensor, cotangent: torch.Tensor) -> tuple[torch.Tensor, ...]:
    image, theta = image.detach().requires_grad_(), theta.detach().requires_grad_()
    output = _transform(image, theta)
    return output.detach(), *torch.autograd.grad(output, (image, theta), cotangent)


def report_errors(draws: int) -> None:
    """Print the largest errors against float64, of eager torch and ours, relative to the largest value; thetas as given."""
    print(f"{'theta':16}{'shape':22}{'of':12}{'eager':>10}{'ours':>10}{'ratio':>8}")
    for kind, spread in (("identity-like", 1e-3), ("random", 0.5)):
        for shape in SHAPES:
            small = (min(shape[0], 2), min(shape[1], 16), *shape[2:])
            worst = [[0.0, 0.0] for _ in range(3)]
            for draw in range(draws):
                generator = torch.Generator().manual_seed(draw)
                image, cotangent = (torch.randn(small, generator=generator) for _ in range(2))
                theta = torch.eye(2, 3) + spread * torch.randn(small[0], 2, 3, generator=generator)
                exact = _gradients(image.double(), theta.double(), cotangent.double())
                eager = _gradients(image, theta, cotangent)
                ours = (
                    transform_forward(image, theta, small[2:], False, "zeros"),
                    *transform_backward(cotangent, image, theta, small[2:], False, "zeros", True, True),
                )
                for k in range(3):
                    for who, result in enumerate((eager[k], ours[k])):
                        error = (result.double() - exact[k]).abs().max() / exact[k].abs().max()
                        worst[k][who] = max(worst[k][who], float(error))
            for name, (theirs, own) in zip(("output", "grad_image", "grad_theta"), worst, strict=True):
                print(
                    f"{kind:16}{small!s:22}{name:12}{theirs:10.1e}{own:10.1e}{theirs / own:8.1f}", flush=True
                )


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "--compiled", action="store_true", help="against torch.compile of the eager transform"
    )
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--kernels", action="store_true", help="our kernels alone, without autograd")
    ways.add_argument("--grids", action="store_true", help="grid_sample at a grid instead of a theta")
    parser.add_argument("--errors", type=int, metavar="DRAWS", help="only the errors, over so many draws")
    parser.add_argument(
        "--one-thread",
        action="store_true",
        help="processor time of one thread: what a machine in use can still tell",
    )
    arguments = parser.parse_args()
    if arguments.errors:
        report_errors(arguments.errors)
        return
    if arguments.one_thread:
        torch.set_num_threads(1)
    clock = time.process_time if arguments.one_thread else time.perf_counter
    report_times(arguments.rounds, arguments.compiled, arguments.kernels, arguments.grids, clock)


if __name__ == "__main__":
    main()
