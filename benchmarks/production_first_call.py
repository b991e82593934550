"""What the first call of stn_production costs on the CPU: importing it, and its kernels compiled, or found in the cache.

Each figure is a median of fresh processes, in seconds: of a clock, and of the processor, which tells what an idle machine would
take where this one is in use (compiling is one thread's work). Cold: the cache is empty. Warm: another process has filled it.
`both` is forward and backward (image and theta, or grid). The cache of each case is a folder of its own.

    python benchmarks/production_first_call.py [--cold 1] [--warm 3] [--imports 9]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from typing import NamedTuple

MEASURE = """
import json, sys, time
def now():
    return time.perf_counter(), time.process_time()
def since(start):
    return [end - begin for end, begin in zip(now(), start)]
"""
IMPORT = """
start = now()
import torch
{also}
print(json.dumps([since(start)]))
"""
CALL = """
import torch, stn_production
dtype, layout = getattr(torch, {dtype!r}), getattr(torch, {layout!r})
image = torch.ones(2, {C}, 32, 32, dtype=dtype).contiguous(memory_format=layout).requires_grad_()
theta = torch.eye(2, 3).repeat(2, 1, 1)
{places}
def forward():
    return {call}
start = now()
with torch.no_grad():
    forward()
first = since(start)
output = forward()
torch.autograd.grad(output, (image, places), torch.ones_like(output))
print(json.dumps([first, since(start)]))
"""
TRANSFORM = (
    "places = theta.requires_grad_()",
    "stn_production.spatial_transform(image, places, (32, 32), padding={padding!r})",
)
SAMPLE = (
    "places = torch.nn.functional.affine_grid(theta, (2, 1, 32, 32), align_corners=False).requires_grad_()",
    "stn_production.grid_sample(image, places, padding={padding!r})",
)


class Case(NamedTuple):
    """A call that has kernels, or machine code, of its own."""

    name: str
    written: tuple[str, str]
    dtype: str = "float32"
    layout: str = "contiguous_format"
    C: int = 3
    padding: str = "zeros"

    def program(self) -> str:
        """Python that makes the call and prints what it took."""
        places, call = self.written
        call = call.format(padding=self.padding)
        return CALL.format(dtype=self.dtype, layout=self.layout, C=self.C, places=places, call=call)


CASES = (
    Case("transform, C = 1", TRANSFORM, C=1),
    Case("transform, C = 3", TRANSFORM),
    Case("transform, C = 64", TRANSFORM, C=64),
    Case("transform, C = 64, channels-last", TRANSFORM, layout="channels_last", C=64),
    Case("transform, C = 64, float64", TRANSFORM, "float64", C=64),
    Case("transform, C = 64, float16", TRANSFORM, "float16", C=64),
    Case("transform, C = 64, bfloat16", TRANSFORM, "bfloat16", C=64),
    Case("transform, C = 3, reflection", TRANSFORM, padding="reflection"),
    Case("grid_sample, C = 3", SAMPLE),
    Case("grid_sample, C = 64, channels-last", SAMPLE, layout="channels_last", C=64),
)


def seconds(program: str, cache: str) -> list[tuple[float, float]]:
    """What a fresh process prints: (clock, processor) of each thing that it measures."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE + program],
        env=os.environ | {"NUMBA_CACHE_DIR": cache},
        capture_output=True,
        text=True,
        check=True,
    )
    return [(clock, processor) for clock, processor in json.loads(done.stdout.splitlines()[-1])]


def medians(runs: list[list[tuple[float, float]]]) -> str:
    """Of each thing measured, the median over runs of both its times."""
    columns = []
    for things in zip(*runs, strict=True):
        clocks, processors = zip(*things, strict=True)
        columns.append(f"{statistics.median(clocks):10.2f}{statistics.median(processors):10.2f}")
    return "".join(columns)


def report_imports(rounds: int) -> None:
    """Print what importing takes, torch alone and with more beside it, in turn."""
    kinds = {
        "torch": "",
        "torch, stn_production": "import stn_production",
        "torch, numba": "import numba",
        "torch, stn_production.cpu": "import stn_production.cpu",
    }
    with tempfile.TemporaryDirectory() as cache:
        runs: dict[str, list[list[tuple[float, float]]]] = {name: [] for name in kinds}
        for _ in range(rounds):
            for name, also in kinds.items():
                runs[name].append(seconds(IMPORT.format(also=also), cache))
    print(f"{'import':36}{'clock':>10}{'processor':>10}   s, median of {rounds}")
    for name, found in runs.items():
        print(f"{name:36}{medians(found)}", flush=True)
    beyond = [
        own[0][0] - torch[0][0]
        for own, torch in zip(runs["torch, stn_production"], runs["torch"], strict=True)
    ]
    print(
        f"stn_production beyond torch, clock, median of the rounds' differences: {statistics.median(beyond):.3f} s"
    )


def report_calls(cold: int, warm: int) -> None:
    """Print what first calls take, with an empty cache and with a full one."""
    print(f"{'':38}{'cold forward':>18}{'cold both':>20}{'warm forward':>20}{'warm both':>20}")
    print(f"{'first call':36}{('     clock processor') * 4}")
    for case in CASES:
        found: dict[str, list[list[tuple[float, float]]]] = {"cold": [], "warm": []}
        for _ in range(cold):
            with tempfile.TemporaryDirectory() as cache:
                found["cold"].append(seconds(case.program(), cache))
                found["warm"].extend(seconds(case.program(), cache) for _ in range(warm))
        print(f"{case.name:36}{medians(found['cold'])}{medians(found['warm'])}", flush=True)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cold", type=int, default=1, help="processes with an empty cache, for each call")
    parser.add_argument("--warm", type=int, default=3, help="processes that follow each of those")
    parser.add_argument("--imports", type=int, default=9, help="processes for each import")
    arguments = parser.parse_args()
    report_imports(arguments.imports)
    report_calls(arguments.cold, arguments.warm)


if __name__ == "__main__":
    main()
