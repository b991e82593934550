"""Right, if simple: bilinear sampling with zeros outside, in NumPy and with its own products."""

import numpy as np

import stn_verify.contract.implementation as contract


def _corners(image, grid, align_corners):
    sizes = np.array([image.shape[3], image.shape[2]], dtype=np.float64)
    points = (grid + 1) / 2 * (sizes - 1) if align_corners else ((grid + 1) * sizes - 1) / 2
    low = np.floor(points).astype(int)
    share = points - low
    for dy in (0, 1):
        for dx in (0, 1):
            x, y = low[..., 0] + dx, low[..., 1] + dy
            inside = (x >= 0) & (x < sizes[0]) & (y >= 0) & (y < sizes[1])
            wx = share[..., 0] if dx else 1 - share[..., 0]
            wy = share[..., 1] if dy else 1 - share[..., 1]
            x, y = np.clip(x, 0, int(sizes[0]) - 1), np.clip(y, 0, int(sizes[1]) - 1)
            yield x, y, inside, wx, wy, 2 * dx - 1, 2 * dy - 1


def _sample(image, grid, *, align_corners):
    batch = np.arange(image.shape[0])[:, None, None]
    output = 0
    for x, y, inside, wx, wy, _, _ in _corners(image, grid, align_corners):
        output = output + image[batch, :, y, x] * (inside * wx * wy)[..., None]
    return np.moveaxis(output, 3, 1).astype(image.dtype)


def _sample_vjp(image, grid, cotangent, *, align_corners):
    batch = np.arange(image.shape[0])[:, None, None]
    cotangent = np.moveaxis(cotangent, 1, 3)
    grad_image, grad_grid = np.zeros(image.shape), np.zeros(grid.shape)
    scale = np.array([image.shape[3], image.shape[2]]) - int(align_corners)
    for x, y, inside, wx, wy, sx, sy in _corners(image, grid, align_corners):
        np.add.at(np.moveaxis(grad_image, 1, 3), (batch, y, x), cotangent * (inside * wx * wy)[..., None])
        along = (image[batch, :, y, x] * cotangent).sum(axis=-1) * inside
        grad_grid[..., 0] += along * sx * wy * scale[0] / 2
        grad_grid[..., 1] += along * sy * wx * scale[1] / 2
    return grad_image.astype(image.dtype), grad_grid.astype(grid.dtype)


SAMPLER = contract.Implementation(
    name="simple",
    framework="numpy",
    functions={"sample": _sample},
    vjps={"sample": _sample_vjp},
    padding="zeros",
    dtypes=("float64", "float32"),
    compute_dtype="float64",
)
