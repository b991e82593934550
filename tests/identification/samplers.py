"""A sampler of which everything can be chosen: kernel, ties, padding, map from coordinates to pixels, layout, axis order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]

ROUND: dict[str, Callable[[Array], Array]] = {
    "half to even": np.round,
    "half up": lambda x: np.floor(x + 0.5),
    "half down": lambda x: -np.floor(0.5 - x),
    "half away from zero": lambda x: np.trunc(x + np.where(x < 0, -0.5, 0.5)),
}

MAPS: dict[str, Callable[[Array, int], Array]] = {
    "normalised half-pixel": lambda g, size: ((g + 1) * size - 1) / 2,
    "normalised aligned": lambda g, size: (g + 1) / 2 * (size - 1),
    "pixels": lambda g, size: g,
    "unit half-pixel": lambda g, size: g * size - 0.5,
    "unit aligned": lambda g, size: g * (size - 1),
    "W/2 about the centres' middle plus a half": lambda g, size: (g + 1) * (size / 2),
    "(W-2)/2": lambda g, size: (g + 1) * ((size - 2) / 2),
}


@dataclass(frozen=True)
class Anything:
    """`sample(image, grid)` in the layout, order and units that it was made with."""

    kernel: str = "bilinear"
    ties: str = "half to even"
    a: float = -0.75
    padding: str = "zeros"
    fill: float = 0.0
    map: str = "normalised half-pixel"
    layout: str = "NCHW"
    axis_order: str = "xy"

    def __call__(self, image: Array, grid: Array) -> Array:
        """The image at the points."""
        if self.layout == "NHWC":
            image = np.moveaxis(image, -1, 1)
        if self.axis_order == "yx":
            grid = grid[..., ::-1]
        height, width = image.shape[2:]
        across = self.taps(MAPS[self.map](grid[..., 0], width), width)
        down = self.taps(MAPS[self.map](grid[..., 1], height), height)
        output = np.zeros((*grid.shape[:3], image.shape[1]), image.dtype)
        batch = np.arange(len(image))[:, None, None]
        for row, row_there, row_weight in down:
            for column, column_there, column_weight in across:
                pixel = image[batch, :, row, column]
                pixel = np.where((row_there & column_there)[..., None], pixel, image.dtype.type(self.fill))
                output += pixel * (row_weight * column_weight)[..., None]
        return output if self.layout == "NHWC" else np.moveaxis(output, -1, 1)

    def taps(self, x: Array, size: int) -> list[tuple[Any, Any, Array]]:
        """Pixels of one axis, whether there are such, and their weights."""
        if self.kernel == "nearest":
            near = [(ROUND[self.ties](x), np.ones_like(x))]
        else:
            left = np.floor(x)
            steps = (0, 1) if self.kernel == "bilinear" else (-1, 0, 1, 2)
            near = [(left + step, self.weight(np.abs(x - left - step))) for step in steps]
        found = []
        for k, weight in near:
            index, there = self.extended(np.clip(k, -1e6, 1e6).astype(np.int64), size)
            found.append((index, there, weight))
        return found

    def weight(self, t: Array) -> Array:
        """The kernel at a distance."""
        if self.kernel == "bilinear":
            return np.maximum(1 - t, 0)
        a = self.a
        inner = (a + 2) * t**3 - (a + 3) * t**2 + 1
        outer = a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a
        return np.where(t <= 1, inner, np.where(t < 2, outer, 0)).astype(t.dtype)

    def extended(self, k: Any, size: int) -> tuple[Any, Any]:
        """What stands at an integer."""
        there = np.ones(k.shape, dtype=np.bool_)
        match self.padding:
            case "zeros":
                there = (k >= 0) & (k < size)
                k = np.where(there, k, 0)
            case "border":
                k = np.minimum(np.maximum(k, 0), size - 1)
            case "wrap":
                k = k % size
            case "centres":
                k = np.abs((k + size - 1) % (2 * size - 2) - (size - 1)) if size > 1 else k * 0
            case "edges":
                k = k % (2 * size)
                k = np.where(k < size, k, 2 * size - 1 - k)
        return k, there


TOLD = {
    "border": "border",
    "wrap": "wrap",
    "centres": "reflection about pixel centres",
    "edges": "reflection about edges",
}


def told_padding(sampler: Anything) -> str:
    """The words of Findings."""
    if sampler.padding != "zeros":
        return TOLD[sampler.padding]
    fades = {"bilinear": ", fades over one pixel", "bicubic": ", fades over two pixels", "nearest": ""}
    name = "zeros" if sampler.fill == 0 else f"constant fill with {sampler.fill:g}"
    return name + fades[sampler.kernel]
