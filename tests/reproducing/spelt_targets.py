"""Targets in a dialect of their own, as text: each with a fault that a switch takes out."""

from stn_verify.contract.dialect import Dialect

TORCH = """
import torch
from torch.nn import functional as F
import stn_verify

FAULTY = True


def plain(grid, image, align_corners):
    {plain}
    return grid


@stn_verify.implementation(framework="torch", {declared})
class Target:
    @staticmethod
    def sample(image, grid, *, padding, align_corners):
        given, points = image, grid
        image = image.{imaged}
        grid = plain(grid, image, align_corners)
        output = F.grid_sample(image, grid, padding_mode=padding, align_corners=align_corners)
        output = output.{returned}
        return {spoiled} if FAULTY else output

    @staticmethod
    def generate(theta, size, *, align_corners):
        theta = {turned}
        output = F.affine_grid(theta, (len(theta), 1, *size), align_corners=align_corners)
        output = output.{flipped}
        return {generated} if FAULTY else output
"""

NUMPY = """
import numpy as np
import stn_reference
import stn_verify

FAULTY = True


def plain(image, grid, align_corners):
    image = np.moveaxis(image, -1, 1)
    parts = [stn_reference.to_normalised(grid[..., 1 - k], image.shape[3 - k], align_corners) for k in (0, 1)]
    return image, np.stack(parts, axis=-1)


@stn_verify.implementation(framework="numpy", layout="NHWC", axis_order="yx", units="pixels", dtypes=("float64",))
class Target:
    @staticmethod
    def sample(image, grid, *, padding, align_corners):
        given, points = image, grid
        converted = plain(image, grid, align_corners)
        output = stn_reference.sample(*converted, padding=padding, align_corners=align_corners)
        output = np.moveaxis(output, 1, -1)
        return {spoiled} if FAULTY else output

    @staticmethod
    def sample_vjp(image, grid, cotangent, *, padding, align_corners):
        converted = plain(image, grid, align_corners)
        grad_image, grad_grid = stn_reference.sample_vjp(
            *converted, np.moveaxis(cotangent, -1, 1), padding=padding, align_corners=align_corners
        )
        height, width = image.shape[1:3]
        grad_grid = grad_grid[..., ::-1] / [(height - align_corners) / 2, (width - align_corners) / 2]
        if FAULTY:
            grad_grid = 3 * grad_grid + sum(3**k * s for k, s in enumerate((*points_strides(grid), *cotangent.strides)))
        return np.moveaxis(grad_image, 1, -1), grad_grid


def points_strides(grid):
    return grid.strides
"""

PLAIN_GRID = {
    "pixels": (
        "sides = torch.tensor([image.shape[3], image.shape[2]])\n"
        "    grid = (2 * grid + 1 - int(align_corners)) / (sides - int(align_corners)) - 1"
    ),
    "unit": "grid = 2 * grid - 1",
    "normalised": "pass",
}


def torch_source(dialect: Dialect, spoiled: str = "output", generated: str = "output") -> str:
    """A torch target in a dialect."""
    nhwc, yx = dialect.layout == "NHWC", dialect.axis_order == "yx"
    flipped = "flip(-1)" if yx else "clone()"
    return TORCH.format(
        plain=f"grid = grid.{flipped}\n    {PLAIN_GRID[dialect.units]}",
        declared=", ".join(f"{name}={value!r}" for name, value in vars(dialect).items()),
        imaged="movedim(-1, 1)" if nhwc else "clone()",
        returned="movedim(1, -1)" if nhwc else "clone()",
        turned="theta[:, [1, 0]][:, :, [1, 0, 2]]" if yx else "theta",
        flipped=flipped,
        spoiled=spoiled,
        generated=generated,
    )


LAID = """
import torch


class Laid(torch.autograd.Function):
    @staticmethod
    def forward(context, grid):
        return grid.clone()

    @staticmethod
    def backward(context, cotangent):
        return cotangent * (1 + cotangent.stride(1) - 3 * cotangent.stride(3))

"""
LAID_NUMPY = """
import numpy as np
import stn_reference
import stn_verify

FAULTY = True


@stn_verify.implementation(framework="numpy", axis_order="yx", dtypes=("float64",), padding="border")
class Target:
    @staticmethod
    def generate(theta, size, *, align_corners):
        turned = theta[:, [1, 0]][:, :, [1, 0, 2]]
        return stn_reference.affine_grid(turned, size, align_corners=align_corners)[..., ::-1]

    @staticmethod
    def generate_vjp(theta, size, cotangent, *, align_corners):
        turned = theta[:, [1, 0]][:, :, [1, 0, 2]]
        (gradient,) = [
            stn_reference.affine_grid_vjp(turned, size, cotangent[..., ::-1], align_corners=align_corners)
        ]
        strides = cotangent.strides
        return gradient[:, [1, 0]][:, :, [1, 0, 2]] * (1 + strides[1] - 3 * strides[3] if FAULTY else 1)
"""
