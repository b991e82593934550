"""SciPy's `map_coordinates`, one channel at a time: forward only, and in float64 within."""

from typing import Any

import numpy as np
from scipy import ndimage

from stn_reference import affine_grid, to_pixels
from stn_verify.contract.implementation import Implementation

_MODES = {
    ("zeros", False): "grid-constant",
    ("zeros", True): "grid-constant",
    ("border", False): "nearest",
    ("border", True): "nearest",
    # About the edges of the outer pixels, or about their centres.
    ("reflection", False): "reflect",
    ("reflection", True): "mirror",
}


def sample(image: Any, grid: Any, *, padding: str, align_corners: bool) -> Any:
    """[N,C,H,W], [N,Ho,Wo,2] -> [N,C,Ho,Wo]; with volumes trilinear. Raises: ValueError: shapes that do not go together."""
    sizes = image.shape[2:]
    if grid.shape[0] != image.shape[0] or grid.shape[-1] != len(sizes) or grid.ndim != image.ndim:
        raise ValueError(f"a grid of shape {grid.shape} for an image of shape {image.shape}")
    output = np.empty((*image.shape[:2], *grid.shape[1:-1]), image.dtype)
    for number, points in enumerate(grid.astype(np.float64)):
        # SciPy counts rows first.
        pixels = [to_pixels(points[..., -1 - axis], size, align_corners) for axis, size in enumerate(sizes)]
        for channel in range(image.shape[1]):
            ndimage.map_coordinates(
                image[number, channel],
                pixels,
                output=output[number, channel],
                order=1,
                mode=_MODES[padding, align_corners],
                prefilter=False,
            )
    return output


def transform(image: Any, theta: Any, size: tuple[int, ...], *, padding: str, align_corners: bool) -> Any:
    """[N,C,H,W], [N,2,3], (Ho, Wo) -> [N,C,Ho,Wo], and likewise of volumes."""
    if theta.shape != (image.shape[0], len(size), len(size) + 1):
        raise ValueError(f"a theta of shape {theta.shape} for an image of shape {image.shape}")
    grid = affine_grid(theta, size, align_corners=align_corners)
    return sample(image, grid, padding=padding, align_corners=align_corners)


SCIPY = Implementation(
    name="scipy",
    framework="numpy",
    functions={"sample": sample, "transform": transform},
    spatial=(2, 3),
    dtypes=("float64", "float32"),
)
