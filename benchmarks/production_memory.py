"""Peak memory of stn_production's forward and backward pass on the CPU, and eager torch's beside it.

What the process holds at most while both run, beyond what it held before: read from Linux' resident set, whose peak is reset
before. Shown against what has to be there: image, output and the gradients of both.

    python benchmarks/production_memory.py
"""

import ctypes
from collections.abc import Callable
from pathlib import Path

import torch
from torch.nn import functional

from stn_production import spatial_transform

SHAPES = (
    (1, 3, 224, 224),
    (8, 3, 224, 224),
    (64, 1, 28, 28),
    (32, 64, 56, 56),
    (1, 1, 1024, 1024),
    (4, 256, 32, 32),
    (1, 3, 2048, 2048),
    (64, 3, 512, 512),
)
LAYOUTS = {"NCHW": torch.contiguous_format, "channels-last": torch.channels_last}
Transform = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def eager(image: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
    """affine_grid and grid_sample."""
    grid = functional.affine_grid(theta, list(image.shape), align_corners=False)
    return functional.grid_sample(image, grid, align_corners=False)


def ours(image: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
    """One operator."""
    return spatial_transform(image, theta, (image.shape[2], image.shape[3]))


def _kibibytes(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise RuntimeError(f"/proc/self/status tells no {name}")


def grown(transform: Transform, shape: tuple[int, int, int, int], layout: str) -> float:
    """Return the peak over what was there before, in bytes."""
    image = torch.randn(shape).contiguous(memory_format=LAYOUTS[layout]).requires_grad_()
    cotangent = torch.randn(shape).contiguous(memory_format=LAYOUTS[layout])
    theta = (torch.eye(2, 3) + 0.1 * torch.randn(shape[0], 2, 3)).requires_grad_()

    def both() -> None:
        torch.autograd.grad(transform(image, theta), (image, theta), cotangent)

    both()  # compiles
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    before = _kibibytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    both()
    return 1024.0 * (_kibibytes("VmHWM") - before)


def main() -> None:
    """Print a row for each shape and layout."""
    torch.manual_seed(0)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, float32")
    print(f"{'shape':22}{'layout':15}{'needed MB':>10}{'ours':>8}{'eager':>8}   peak over needed")
    for shape in SHAPES:
        for layout in LAYOUTS:
            tensor = 4.0 * shape[0] * shape[1] * shape[2] * shape[3]
            # Image and cotangent are there before; output and grad_image come.
            ratios = [(2 * tensor + grown(each, shape, layout)) / (4 * tensor) for each in (ours, eager)]
            print(f"{shape!s:22}{layout:15}{4e-6 * tensor:10.1f}{ratios[0]:8.3f}{ratios[1]:8.3f}", flush=True)


if __name__ == "__main__":
    main()
