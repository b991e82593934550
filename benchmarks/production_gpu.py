"""The CUDA transformer against torch: correctness first, then times and shares of the roofline, a JSON line for each.

    python benchmarks/production_gpu.py --output records.jsonl
    python benchmarks/production_gpu.py --dry-run

Three times a work: cold (CUDA graph replay over inputs that rotate through four times the L2: the claim), warm (a graph over one
input) and wall (calls from Python, launches included). Contestants alternate within one run, copies of the same size among them;
medians, with the 20th and 80th percentile. The roofline is 2S forward and 3S more with both gradients, S being the bytes of one
activation, at the speed of that copy. --dry-run takes tiny sizes on the CPU through Triton's interpreter: its times mean nothing.
"""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn.functional import affine_grid, grid_sample

Run = Callable[[int], object]
"""One call on the input of a number."""


@dataclass(frozen=True)
class Work:
    """Image and output of one shape (N, C, H, W); the goals' ratio against eager, forward and forward + backward."""

    shape: tuple[int, int, int, int]
    channels_last: bool
    dtype: torch.dtype
    goals: tuple[float, float]

    def __str__(self) -> str:
        kind = str(self.dtype).removeprefix("torch.")
        return f"{self.shape} {kind} {'channels-last' if self.channels_last else 'NCHW'}"


@dataclass(frozen=True)
class Inputs:
    """One set: image and cotangent [N, C, H, W], theta [N, 2, 3] float32."""

    image: torch.Tensor
    theta: torch.Tensor
    cotangent: torch.Tensor


def works(dry: bool) -> Iterator[Work]:
    """The goals' table."""
    if dry:
        yield from (Work((2, 3, 9, 8), last, torch.float32, (2, 2)) for last in (False, True))
        return
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        for shape in ((64, 3, 224, 224), (1, 3, 4096, 4096)):
            yield Work(shape, False, dtype, (2, 2))
        yield Work((8, 256, 64, 64), False, dtype, (2.5, 2))
        yield Work((32, 64, 56, 56), True, dtype, (2.5, 3 if dtype == torch.float32 else 2))
        yield Work((8, 256, 64, 64), True, dtype, (2.5, 3 if dtype == torch.float32 else 2))
        yield Work((256, 1, 28, 28), False, dtype, (4, 5 if dtype == torch.float32 else 2))


def inputs(work: Work, device: str, seed: int) -> Inputs:
    """Thetas near a rotation by up to a quarter of a radian, as networks learn them."""
    generator = torch.Generator(device).manual_seed(seed)
    layout = torch.channels_last if work.channels_last else torch.contiguous_format
    image, cotangent = (
        torch.randn(work.shape, generator=generator, device=device)
        .to(work.dtype)
        .contiguous(memory_format=layout)
        for _ in range(2)
    )
    theta = torch.eye(2, 3, device=device) + 0.1 * torch.randn(
        (work.shape[0], 2, 3), generator=generator, device=device
    )
    return Inputs(image, theta, cotangent)


def eager(image: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
    """torch's own two calls; its grid is in the image's dtype, as grid_sample wants it."""
    grid = affine_grid(theta.to(image.dtype), list(image.shape), align_corners=False)
    return grid_sample(image, grid, align_corners=False)


def both_gradients(
    function: Callable[..., torch.Tensor], one: Inputs
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Output, grad_image and grad_theta by autograd."""
    image, theta = one.image.detach().requires_grad_(), one.theta.detach().requires_grad_()
    output = function(image, theta)
    return (output, *torch.autograd.grad(output, (image, theta), one.cotangent.to(output.dtype)))


def contestants(sets: list[Inputs], backward: bool, dry: bool) -> dict[str, Run]:
    """What is timed, by name."""
    from stn_production.cuda import transform_backward, transform_forward

    size = (sets[0].image.shape[2], sets[0].image.shape[3])

    def production(k: int) -> object:
        one = sets[k]
        output = transform_forward(one.image, one.theta, size, False, "zeros")
        if not backward:
            return output
        return output, *transform_backward(
            one.cotangent, one.image, one.theta, size, False, "zeros", True, True
        )

    def by_torch(function: Callable[..., torch.Tensor]) -> Run:
        if backward:
            return lambda k: both_gradients(function, sets[k])
        return lambda k: function(sets[k].image, sets[k].theta)

    copies = [torch.empty_like(one.image) for one in sets]
    runs = {
        "copy": lambda k: copies[k].copy_(sets[k].image),
        "production": production,
        "eager": by_torch(eager),
    }
    if not dry:
        torch._dynamo.reset()
        runs["compiled"] = by_torch(torch.compile(eager))
    return runs


def errors(work: Work, one: Inputs) -> dict[str, tuple[float, float]]:
    """Largest error against float64 of (production, eager), of each result, over its largest value."""
    double = Inputs(one.image.double(), one.theta.double(), one.cotangent.double())
    exact = both_gradients(eager, double)
    ours = contestants([one], True, dry=True)["production"](0)
    theirs = both_gradients(eager, one)
    found = {}
    for name, right, mine, other in zip(
        ("output", "grad_image", "grad_theta"), exact, ours, theirs, strict=True
    ):
        scale = right.abs().max()
        found[name] = tuple(((value.double() - right).abs().max() / scale).item() for value in (mine, other))
    return found


def graph(run: Run, numbers: list[int]) -> torch.cuda.CUDAGraph:
    """One replay runs it on these inputs in turn."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for number in (*numbers[:1] * 3, *numbers):
            run(number)
    torch.cuda.current_stream().wait_stream(side)
    captured = torch.cuda.CUDAGraph()
    with torch.cuda.graph(captured):
        # Held until the end, so that every call writes to memory of its own, cold as its input.
        kept = [run(number) for number in numbers]
    del kept
    return captured


def replayed(captured: torch.cuda.CUDAGraph) -> float:
    """Seconds on the device of one replay."""
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    captured.replay()
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / 1e3


def called(run: Run, numbers: list[int], dry: bool) -> float:
    """Seconds of calls from Python."""
    started = time.perf_counter()
    for number in numbers:
        run(number)
    if not dry:
        torch.cuda.synchronize()
    return time.perf_counter() - started


def timed(runs: dict[str, Run], sets: int, rounds: int, dry: bool) -> dict[str, dict[str, list[float]]]:
    """Seconds per call, [mode][contestant], one entry a round; contestants alternate."""
    numbers = {"cold": list(range(sets)), "warm": [0] * min(sets, 20), "wall": list(range(sets))}
    seconds: dict[str, dict[str, list[float]]] = {}
    for mode, those in numbers.items():
        graphs = {} if dry or mode == "wall" else {name: graph(run, those) for name, run in runs.items()}
        seconds[mode] = {name: [] for name in runs}
        # The first round warms up.
        for turn in range(rounds + 1):
            for name, run in runs.items():
                took = replayed(graphs[name]) if graphs else called(run, those, dry)
                if turn:
                    seconds[mode][name].append(took / len(those))
    return seconds


def summary(values: list[float]) -> dict[str, float]:
    """Median, 20th and 80th percentile."""
    ordered = sorted(values)
    last = len(ordered) - 1
    return {
        "median_s": statistics.median(ordered),
        "p20_s": ordered[round(0.2 * last)],
        "p80_s": ordered[round(0.8 * last)],
    }


def record(work: Work, backward: bool, seconds: dict[str, dict[str, list[float]]]) -> dict[str, object]:
    """Figures of one work."""
    told = {mode: {name: summary(v) for name, v in found.items()} for mode, found in seconds.items()}
    ratios = {
        mode: {name: found[name]["median_s"] / found["production"]["median_s"] for name in found}
        for mode, found in told.items()
    }
    # A copy moves 2S; forward 2S; with both gradients 3S more.
    passes = 5 if backward else 2
    roofline = told["cold"]["copy"]["median_s"] * passes / 2
    return {
        "work": str(work),
        "what": "forward + backward" if backward else "forward",
        "seconds": told,
        "times_as_fast_as": ratios,
        "share_of_roofline": roofline / told["cold"]["production"]["median_s"],
        "goal": work.goals[backward],
        "reached": ratios["cold"]["eager"] >= work.goals[backward],
    }


def deterministic_eager(work: Work, device: str) -> str:
    """What torch's own backward says in deterministic mode."""
    torch.use_deterministic_algorithms(True)
    try:
        both_gradients(eager, inputs(work, device, 0))
    except RuntimeError as error:
        return str(error).splitlines()[0]
    finally:
        torch.use_deterministic_algorithms(False)
    return "no error"


def set_count(work: Work, dry: bool) -> int:
    """Inputs that together are four times the L2, 256 at most."""
    if dry:
        return 2
    cache = torch.cuda.get_device_properties(0).L2_cache_size
    one = 2 * torch.Size(work.shape).numel() * work.dtype.itemsize
    return max(2, min(256, -(-4 * cache // one)))


def main() -> None:
    """Prints a record a line, and writes them too."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, help="file that the records are appended to")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--dry-run", action="store_true")
    options = parser.parse_args()
    dry, device = options.dry_run, "cpu" if options.dry_run else "cuda"
    if dry:
        # Before Triton's first import.
        os.environ["TRITON_INTERPRET"] = "1"

    def tell(found: dict[str, object]) -> None:
        line = json.dumps(found)
        print(line, flush=True)
        if options.output:
            with options.output.open("a") as file:
                file.write(line + "\n")

    name = "interpreter" if dry else torch.cuda.get_device_name(0)
    tell(
        {
            "device": name,
            "torch": torch.__version__,
            "python": platform.python_version(),
            "rounds": options.rounds,
        }
    )
    for work in works(dry):
        sets = [inputs(work, device, seed) for seed in range(set_count(work, dry))]
        found = errors(work, sets[0])
        tell({"work": str(work), "errors_production_eager": found})
        wrong = [name for name, (mine, other) in found.items() if not mine <= other]
        if wrong:
            raise SystemExit(f"{work}: {', '.join(wrong)} less exact than eager torch; nothing is timed")
        tell({"work": str(work), "eager_deterministic": deterministic_eager(work, device)})
        for backward in (False, True):
            runs = contestants(sets, backward, dry)
            tell(record(work, backward, timed(runs, len(sets), 2 if dry else options.rounds, dry)))


if __name__ == "__main__":
    main()
