# %% [markdown]
# # Port a transformer between frameworks without changing its numbers
#
# A model was trained in torch and is to run elsewhere: here in NumPy, on a function like `scipy.ndimage.map_coordinates`, which
# takes rows and columns in pixels. The weights are the same, the formula is the same, and yet the output may differ: by half a
# pixel, by a scale of (W - 1) / W, by a transposition. `stn-verify` says which, and says when nothing differs any more.

# %%
import inspect
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

import stn_verify

Array = npt.NDArray[np.floating[Any]]
Size = tuple[int, int]

# %% [markdown]
# ## What the model does


# %%
@stn_verify.implementation(framework="torch")
def model(image: Tensor, theta: Tensor, size: Size) -> Tensor:
    """[N,C,H,W], [N,2,3], (Ho, Wo) -> [N,C,Ho,Wo]."""
    grid = F.affine_grid(theta, [len(theta), 1, *size], align_corners=False)
    return F.grid_sample(image, grid, padding_mode="border", align_corners=False)


# %% [markdown]
# ## What the other framework has
#
# Linear interpolation at rows and columns; outside, the nearest pixel. It stands here in plain NumPy, so that this page needs
# nothing else. These calls give the same numbers:
#
# - SciPy: `scipy.ndimage.map_coordinates(channel, [rows, columns], order=1, mode="nearest")`
# - JAX: `jax.scipy.ndimage.map_coordinates(channel, [rows, columns], order=1, mode="nearest")`
#
# For `padding_mode="zeros"` take `mode="constant"` in JAX, and `mode="grid-constant"` in SciPy: its `constant` reads nothing
# between an outermost pixel and the zeros beyond it.


# %%
def neighbours(position: Array, length: int) -> list[tuple[npt.NDArray[np.int64], Array, float]]:
    """Index, weight and slope of the two pixels around each position; outside, both are the outermost one."""
    low = np.floor(position)
    first, second = (np.clip(low + step, 0, length - 1).astype(np.int64) for step in (0, 1))
    return [(first, low + 1 - position, -1.0), (second, position - low, 1.0)]


def map_coordinates(image: Array, rows: Array, columns: Array) -> Array:
    """[C,H,W] at rows and columns [Ho,Wo], in pixels -> [C,Ho,Wo]."""
    height, width = image.shape[1:]
    terms = [
        down * across * image[:, row, column]
        for row, down, _ in neighbours(rows, height)
        for column, across, _ in neighbours(columns, width)
    ]
    return np.asarray(np.sum(terms, axis=0))


@stn_verify.implementation(framework="numpy")
def other(image: Array, grid: Array) -> Array:
    """[N,C,H,W], [N,Ho,Wo,2] in rows and columns -> [N,C,Ho,Wo]."""
    pairs = zip(image, grid, strict=True)
    return np.stack([map_coordinates(one, points[..., 0], points[..., 1]) for one, points in pairs])


# %% [markdown]
# ## Identify both
#
# `stn-verify` runs what it looks at in a process of its own, and therefore takes it from a file. In a project of yours that file
# is there already; here one is written of what stands above.

# %%
IMPORTS = """
from collections.abc import Callable
from typing import Any
import numpy as np
import numpy.typing as npt
import torch.nn.functional as F
from torch import Tensor
import stn_verify

Array = npt.NDArray[np.floating[Any]]
Size = tuple[int, int]
"""


def asked(
    command: str, target: stn_verify.Implementation, *parts: Callable[..., Any], needs_torch: bool
) -> int:
    """The exit status of a command of stn-verify on a target, which calls other functions."""
    functions = [*parts, *target.functions.values(), *target.vjps.values()]
    imports = [line for line in IMPORTS.splitlines() if needs_torch or "torch" not in line]
    source = "\n".join([*imports, *map(inspect.getsource, functions)])
    verb, *options = command.split()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "mine.py").write_text(source, encoding="utf-8")
        call = [sys.executable, "-m", "stn_verify", verb, f"mine.py:{target.name}", *options]
        done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)
    print(done.stdout)
    return done.returncode


assert asked("identify", model, needs_torch=True) == 0
assert asked("identify", other, neighbours, map_coordinates, needs_torch=False) == 0

# %% [markdown]
# Both are bilinear and repeat the border. They differ in the order of the axes, (x, y) against (row, column), and in units: where
# torch says u, NumPy says u W / 2 + (W - 1) / 2. That is all there is to convert.
#
# ## Ports that look right
#
# The grid generator is three lines. What follows it, from normalised units to pixels, is where ports go wrong. Each of these
# gives an image that one would not question by eye.


# %%
def ported(image: Array, theta: Array, size: Size, pixels: Callable[[Array, int], Array]) -> Array:
    """The transformer over `map_coordinates`, with this conversion from normalised coordinates to pixels."""
    y, x = ((2 * np.arange(length) + 1) / length - 1 for length in size)
    target = np.stack([*np.meshgrid(x, y), np.ones(size)])
    height, width = image.shape[2:]
    warped = []
    for one, matrix in zip(image, theta, strict=True):
        u, v = np.tensordot(matrix, target, axes=1)
        warped.append(map_coordinates(one, pixels(v, height), pixels(u, width)))
    return np.stack(warped).astype(image.dtype)


@stn_verify.implementation(framework="numpy", align_corners=False, padding="border")
def corners(image: Array, theta: Array, size: Size) -> Array:
    """-1 and 1 taken for the centres of the outermost pixels."""
    return ported(image, theta, size, lambda u, length: (u + 1) / 2 * (length - 1))


@stn_verify.implementation(framework="numpy", align_corners=False, padding="border")
def no_half_pixel(image: Array, theta: Array, size: Size) -> Array:
    """A pixel taken to lie at its left edge."""
    return ported(image, theta, size, lambda u, length: (u + 1) / 2 * length)


@stn_verify.implementation(framework="numpy", align_corners=False, padding="border")
def rows_first(image: Array, theta: Array, size: Size) -> Array:
    """theta's first row taken for that of the image's rows."""
    return ported(image, theta[:, ::-1], size, lambda u, length: (u * length + length - 1) / 2)


NAIVE = (corners, no_half_pixel, rows_first)

random = np.random.default_rng(0)
image, size = random.standard_normal((4, 3, 20, 24)), (16, 18)
theta = np.array([[0.9, 0.2, 0.1], [-0.2, 0.8, -0.1]]) + 0.05 * random.standard_normal((4, 2, 3))
wanted = model(torch.from_numpy(image), torch.from_numpy(theta), size).numpy()
for naive in NAIVE:
    print(f"{naive.name}: off by up to {np.abs(naive(image, theta, size) - wanted).max():.2f}")

# %% [markdown]
# The suite `convention` holds what a target declares against what it follows, from a handful of calls, and names what is wrong:
# one verdict instead of a failure of everything.

# %%
check = "check --quick --suite convention --dtype float64"
for naive in NAIVE:
    assert asked(check, naive, neighbours, map_coordinates, ported, needs_torch=False) == 1

# %% [markdown]
# ## The port
#
# The conversion that `identify` has told, and the gradients: NumPy does not differentiate, so the port gives its own
# vector-Jacobian product, which a model that goes on training needs. In JAX `jax.vjp` does this part.


# %%
def pixels(u: Array, length: int) -> Array:
    """Normalised coordinates to pixels: -1 and 1 are the outer edges of the image."""
    return (u * length + length - 1) / 2


@stn_verify.implementation(
    framework="numpy",
    align_corners=False,
    padding="border",
    subgradient="right",
    dtypes=("float64", "float32"),
)
def port(image: Array, theta: Array, size: Size) -> Array:
    """[N,C,H,W], [N,2,3], (Ho, Wo) -> [N,C,Ho,Wo], the model's numbers."""
    return ported(image, theta, size, pixels)


@port.vjp
def port_vjp(image: Array, theta: Array, size: Size, cotangent: Array) -> tuple[Array, Array]:
    """The gradients of image and theta, for a cotangent [N,C,Ho,Wo]."""
    y, x = ((2 * np.arange(length) + 1) / length - 1 for length in size)
    target = np.stack([*np.meshgrid(x, y), np.ones(size)])
    height, width = image.shape[2:]
    grad_image, grad_theta = np.zeros(image.shape), np.zeros(theta.shape)
    for number, received in enumerate(cotangent.astype(np.float64)):
        u, v = np.tensordot(theta[number], target, axes=1)
        slopes = np.zeros((2, *size))
        for row, down, down_slope in neighbours(pixels(v, height), height):
            for column, across, across_slope in neighbours(pixels(u, width), width):
                place = slice(None), row, column
                np.add.at(grad_image[number], place, received * down * across)  # type: ignore[arg-type]  # no stub for slices
                pulled = np.sum(received * image[number][:, row, column], axis=0)
                slopes += pulled * np.stack(
                    [across_slope * down * width / 2, down_slope * across * height / 2]
                )
        grad_theta[number] = np.tensordot(slopes, target, axes=([1, 2], [1, 2]))
    return grad_image.astype(image.dtype), grad_theta.astype(theta.dtype)


# %% [markdown]
# The numbers are the same but for rounding, forward and backward. How much rounding may be is not guessed: the suites derive a
# bound for every number, and `budget` is the largest error as a share of it.

# %%
leaves = [torch.from_numpy(array).requires_grad_() for array in (image, theta)]
cotangent = random.standard_normal(wanted.shape)
expected = torch.autograd.grad(model(*leaves, size), leaves, torch.from_numpy(cotangent))
print(f"output: off by up to {np.abs(port(image, theta, size) - wanted).max():.0e}")
for name, mine, its in zip(
    ("image", "theta"), port_vjp(image, theta, size, cotangent), expected, strict=True
):
    print(f"gradient of {name}: off by up to {np.abs(mine - its.numpy()).max():.0e}")

# %%
suites = " ".join(f"--suite {suite}" for suite in ("convention", "values", "gradients", "kinks"))
conversion = (neighbours, map_coordinates, ported, pixels)
assert asked(f"check --quick {suites}", port, *conversion, needs_torch=False) == 0

# %% [markdown]
# It conforms. Check the model in the same way, and what holds for the one holds for the other: any difference between them is
# rounding. `stn-verify check mine.py:port` without `--quick` and `--suite` looks at everything there is.
