"""Right but unusual implementations: none of them may fail."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sampler import Array, Corners, Line, Sampler, cast

from stn_verify.contract.implementation import Implementation, undeclared

BOTH = ("float64", "float32")


@dataclass(frozen=True)
class Unusual:
    """A right implementation, what is unusual about it, and whether a warning must come with its pass."""

    implementation: Implementation
    what: str
    warned: bool
    gap: str | None
    """Why the suites wrongly fail it, where they do."""
    apart: bool = False
    """Whether it disturbs the process that it runs in, and needs one of its own."""


UNUSUAL: dict[str, Unusual] = {}


def unusual(
    what: str,
    *,
    functions: tuple[str, ...] = ("sample",),
    warned: bool = False,
    gap: str | None = None,
    apart: bool = False,
    **declared: Any,
) -> Callable[[type], Implementation]:
    """Register a class as a right implementation that `unusual.py:Class` names."""

    def register(kind: type) -> Implementation:
        held = kind()
        products = {name: getattr(held, f"{name}_vjp", None) for name in functions}
        made = Implementation(
            name=kind.__name__,
            framework=declared.pop("framework", "numpy"),
            functions={name: getattr(held, name) for name in functions},
            vjps={name: product for name, product in products.items() if product},
            **{"dtypes": BOTH, **declared},
        )
        UNUSUAL[made.name] = Unusual(made, what, warned, gap, apart)
        return made

    return register


class LeftCells(Sampler):
    """An integer belongs to the cell left of it."""

    def floor(self, x: Array) -> Array:
        return np.ceil(x) - 1


@unusual("at integers the slope of the left cell", subgradient="left", padding=("zeros", "border"))
class LeftRule(LeftCells):
    pass


@unusual("the same without a declaration, fused", functions=("transform",), align_corners=True)
class LeftRuleFused(LeftCells):
    pass


@unusual(
    "at integers the mean of both slopes",
    subgradient="mean",
    padding=("zeros", "reflection"),
    dtypes=("float64",),
)
class MeanRule(Sampler):
    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        right, left = (
            held(image, grid, cotangent, padding, aligned)
            for held in (super().backward, LeftCells().backward)
        )
        return right[0], (right[1] + left[1]) / 2


@unusual(
    "at integers zero, and declared: floor and ceil coincide",
    functions=("sample", "transform"),
    warned=True,
    subgradient="zero",
    padding=("zeros", "border"),
    align_corners=True,
    dtypes=("float64",),
)
class ZeroRule(Sampler):
    def slopes(self, corners: Corners, x: Line, y: Line) -> tuple[Array, Array]:
        along_x, along_y = super().slopes(corners, x, y)
        return along_x * (x.weights[1] != 0)[..., None], along_y * (y.weights[1] != 0)[..., None]


@unusual("nested lerps, x first", padding=("border", "reflection"), align_corners=False)
class LerpXFirst(Sampler):
    def values(self, corners: Corners, x: Line, y: Line) -> Array:
        p00, p01, p10, p11 = corners
        fx, fy = x.weights[1][..., None], y.weights[1][..., None]
        top, bottom = p00 + fx * (p01 - p00), p10 + fx * (p11 - p10)
        return top + fy * (bottom - top)


@unusual("nested lerps, y first", padding=("zeros", "reflection"), align_corners=True)
class LerpYFirst(Sampler):
    def values(self, corners: Corners, x: Line, y: Line) -> Array:
        p00, p01, p10, p11 = corners
        fx, fy = x.weights[1][..., None], y.weights[1][..., None]
        left, right = p00 + fy * (p10 - p00), p01 + fy * (p11 - p01)
        return left + fx * (right - left)


class DenseProducts(Sampler):
    """Each output is a weighted sum of all pixels, most weights being zero: 0 times NaN is NaN."""

    def hats(self, line: Line, size: int) -> tuple[Array, Array]:
        """max(0, 1 - |x - m|) and its derivative, [N, Ho, Wo, S]."""
        pixel = np.arange(size, dtype=line.position.dtype)
        left = np.floor(line.position)[..., None]
        # Not from x - m >= -1, which rounding makes true of two pixels just left of an integer.
        slope = (pixel == left + 1).astype(pixel.dtype) - (pixel == left)
        return np.maximum(1 - np.abs(line.position[..., None] - pixel), 0), slope * line.slope[..., None]

    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        x, y = self.lines(image, grid, padding, aligned)
        (across, _), (down, _) = self.hats(x, image.shape[3]), self.hats(y, image.shape[2])
        return np.asarray(np.einsum("ncij,nhwi,nhwj->nchw", image, down, across))

    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        x, y = self.lines(image, grid, padding, aligned)
        (across, across_slope), (down, down_slope) = (
            self.hats(x, image.shape[3]),
            self.hats(y, image.shape[2]),
        )
        weighed = np.einsum("ncij,nchw->nhwij", image, cotangent)
        along_x = np.einsum("nhwij,nhwi,nhwj->nhw", weighed, down, across_slope)
        along_y = np.einsum("nhwij,nhwi,nhwj->nhw", weighed, down_slope, across)
        grad_input = np.einsum("nchw,nhwi,nhwj->ncij", cotangent, down, across)
        return grad_input, np.stack([along_x, along_y], axis=-1)


@unusual(
    "dense products with matrices of hat weights, in which a weight of zero takes no part",
    align_corners=False,
)
class Dense(DenseProducts):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        taken = self.taken(image, grid, padding, aligned)
        output = super().forward(np.nan_to_num(image, posinf=0, neginf=0), grid, padding, aligned)
        return np.where(self.reached(~np.isfinite(image), taken), np.nan, output)

    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        taken = self.taken(image, grid, padding, aligned)
        finite = [np.nan_to_num(array, posinf=0, neginf=0) for array in (image, cotangent)]
        grad_input, grad_grid = super().backward(finite[0], grid, finite[1], padding, aligned)
        written = np.einsum("nchw,nhwij->ncij", ~np.isfinite(cotangent), taken) > 0
        unknown = self.reached(~np.isfinite(image), taken) | ~np.isfinite(cotangent)
        return np.where(written, np.nan, grad_input), np.where(
            unknown.any(axis=1)[..., None], np.nan, grad_grid
        )

    def taken(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        """[N, Ho, Wo, H, W]: whether a pixel takes part, with a weight or with a slope."""
        x, y = self.lines(image, grid, padding, aligned)
        across, down = (
            (weights != 0) | (slopes != 0)
            for weights, slopes in (self.hats(x, image.shape[3]), self.hats(y, image.shape[2]))
        )
        return down[..., :, None] & across[..., None, :]

    def reached(self, spoilt: Array, taken: Array) -> Array:
        """[N, C, Ho, Wo]: the outputs in which a spoilt pixel takes part."""
        return np.asarray(np.einsum("ncij,nhwij->nchw", spoilt, taken) > 0)


@unusual("float32 only, refusing the rest", padding="zeros", dtypes=None)
class Float32Only(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        if image.dtype != np.float32:
            raise TypeError(f"expected float32, got {image.dtype}")
        return super().forward(image, grid, padding, aligned)


@unusual(
    "float64 arithmetic on float32 storage, claimed",
    padding="zeros",
    dtypes=("float32",),
    compute_dtype="float64",
)
class Float64Inside(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        return (
            super()
            .forward(image.astype(np.float64), grid.astype(np.float64), padding, aligned)
            .astype(image.dtype)
        )

    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        wide = cast((image, grid, cotangent), np.float64)
        grad_input, grad_grid = super().backward(*wide, padding, aligned)
        return grad_input.astype(image.dtype), grad_grid.astype(image.dtype)


@unusual(
    "float32 arithmetic on float16 storage, claimed",
    padding="border",
    dtypes=("float16",),
    compute_dtype="float32",
)
class HalfStorage(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        return (
            super()
            .forward(image.astype(np.float32), grid.astype(np.float32), padding, aligned)
            .astype(image.dtype)
        )

    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        wide = cast((image, grid, cotangent), np.float32)
        grad_input, grad_grid = super().backward(*wide, padding, aligned)
        return grad_input.astype(image.dtype), grad_grid.astype(image.dtype)


@unusual(
    "prints, and writes to the file descriptor, on every call",
    apart=True,
    padding="zeros",
    dtypes=("float64",),
)
class Noisy(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        print("sampling", image.shape)
        os.write(1, b"\x00\xff{ not a frame\n")
        return super().forward(image, grid, padding, aligned)


@unusual(
    "a NaN coordinate reads the centre, an infinite one the edge", align_corners=False, dtypes=("float64",)
)
class NanSafe(Sampler):
    def pixels(self, normalised: Array, size: int, aligned: bool) -> Array:
        return super().pixels(np.nan_to_num(normalised, posinf=1e6, neginf=-1e6), size, aligned)


@unusual("returns one buffer again and again", padding="zeros", align_corners=False)
class ReusedBuffer(Sampler):
    def __init__(self) -> None:
        self.buffer = np.empty(0)

    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        output = super().forward(image, grid, padding, aligned)
        if self.buffer.shape != output.shape or self.buffer.dtype != output.dtype:
            self.buffer = np.empty_like(output)
        self.buffer[...] = output
        return self.buffer


@unusual(
    "pixel coordinates around the centre, exact at the identity; exposes no grid",
    functions=("transform",),
    padding=("zeros", "border"),
)
class PixelSpace(Sampler):
    def pixels(self, normalised: Array, size: int, aligned: bool) -> Array:
        # What `centred` gives are pixels.
        return normalised

    def transform(
        self, image: Array, theta: Array, size: tuple[int, int], *, padding: str, align_corners: bool
    ) -> Array:
        self.check_theta(theta)
        points = self.centred(theta, size, image.shape[2:], align_corners)
        return self.sample(image, points, padding=padding, align_corners=align_corners)

    def transform_vjp(
        self,
        image: Array,
        theta: Array,
        size: tuple[int, int],
        cotangent: Array,
        *,
        padding: str,
        align_corners: bool,
    ) -> tuple[Array, Array]:
        points = self.centred(theta, size, image.shape[2:], align_corners)
        grad_input, grad_grid = self.sample_vjp(
            image, points, cotangent, padding=padding, align_corners=align_corners
        )
        return grad_input, self.theta_gradient(grad_grid, size, align_corners)

    def centred(
        self, theta: Array, size: tuple[int, int], image_size: tuple[int, ...], aligned: bool
    ) -> Array:
        """[N, Ho, Wo, 2], in pixels."""
        rows, columns = (np.arange(length, dtype=theta.dtype) - (length - 1) / 2 for length in size)
        out_y, out_x = (self.scale(length, aligned) for length in size)
        axes = []
        for axis, length in ((0, image_size[1]), (1, image_size[0])):
            scale = self.scale(length, aligned)
            a, b, c = (theta[:, axis, k, None, None] for k in range(3))
            with np.errstate(all="ignore"):
                # A single target point lies in the middle, where a and b have no part.
                across = a * (scale / out_x if out_x else 0) * columns
                down = b * (scale / out_y if out_y else 0) * rows[:, None]
                axes.append((length - 1) / 2 + across + down + c * scale)
        return np.stack(axes, axis=-1)


class PixelCoordinates(Sampler):
    """A coordinate is a pixel."""

    def pixels(self, normalised: Array, size: int, aligned: bool) -> Array:
        return normalised

    def scale(self, size: int, aligned: bool) -> float:
        return 1.0


@unusual(
    "NHWC, (y, x), pixels, and declared",
    padding=("zeros", "border"),
    layout="NHWC",
    axis_order="yx",
    units="pixels",
)
class PixelRows(PixelCoordinates):
    def sample(self, image: Array, grid: Array, *, padding: str) -> Array:  # type: ignore[override]  # fewer choices
        output = super().sample(
            np.moveaxis(image, -1, 1), grid[..., ::-1], padding=padding, align_corners=False
        )
        return np.moveaxis(output, 1, -1)

    def sample_vjp(  # type: ignore[override]  # fewer choices
        self, image: Array, grid: Array, cotangent: Array, *, padding: str
    ) -> tuple[Array, Array]:
        grad_input, grad_grid = super().sample_vjp(
            np.moveaxis(image, -1, 1),
            grid[..., ::-1],
            np.moveaxis(cotangent, -1, 1),
            padding=padding,
            align_corners=False,
        )
        return np.moveaxis(grad_input, 1, -1), grad_grid[..., ::-1]


@unusual(
    "float64 arithmetic on pixel coordinates in float32, which the harness rounds",
    padding="border",
    align_corners=True,
    units="pixels",
    dtypes=("float32",),
    compute_dtype="float64",
)
class WidePixels(PixelCoordinates):
    def sample(self, image: Array, grid: Array) -> Array:  # type: ignore[override]  # fewer choices
        wide = Sampler.sample(
            self, image.astype(np.float64), grid.astype(np.float64), padding="border", align_corners=True
        )
        return wide.astype(image.dtype)

    def sample_vjp(  # type: ignore[override]  # fewer choices
        self, image: Array, grid: Array, cotangent: Array
    ) -> tuple[Array, Array]:
        wide = cast((image, grid, cotangent), np.float64)
        grad_input, grad_grid = Sampler.sample_vjp(self, *wide, padding="border", align_corners=True)
        return grad_input.astype(image.dtype), grad_grid.astype(image.dtype)


@unusual("coordinates in [0, 1], each choice offered", units="unit")
class UnitInterval(Sampler):
    def pixels(self, normalised: Array, size: int, aligned: bool) -> Array:
        return normalised * self.scale(size, aligned) - (0 if aligned else 0.5)

    def scale(self, size: int, aligned: bool) -> float:
        return size - 1.0 if aligned else float(size)


@unusual(
    "NHWC and theta in (row, column), fused",
    functions=("transform",),
    padding="zeros",
    layout="NHWC",
    axis_order="yx",
)
class RowsFirst(Sampler):
    def transform(  # type: ignore[override]  # fewer choices
        self, image: Array, theta: Array, size: tuple[int, int], *, align_corners: bool
    ) -> Array:
        output = super().transform(
            np.moveaxis(image, -1, 1),
            self.turned(theta),
            size,
            padding="zeros",
            align_corners=align_corners,
        )
        return np.moveaxis(output, 1, -1)

    def transform_vjp(  # type: ignore[override]  # fewer choices
        self, image: Array, theta: Array, size: tuple[int, int], cotangent: Array, *, align_corners: bool
    ) -> tuple[Array, Array]:
        grad_input, grad_theta = super().transform_vjp(
            np.moveaxis(image, -1, 1),
            self.turned(theta),
            size,
            np.moveaxis(cotangent, -1, 1),
            padding="zeros",
            align_corners=align_corners,
        )
        return np.moveaxis(grad_input, 1, -1), self.turned(grad_theta)

    def turned(self, theta: Array) -> Array:
        """Between (row, column) and (x, y)."""
        return theta[:, ::-1][:, :, [1, 0, 2]]


class _NoGradients:
    """Values only, nothing declared: what a function of numpy arrays looks like that nobody prepared."""

    def sample(self, image: Array, grid: Array) -> Array:
        return Sampler().sample(image, grid, padding="reflection", align_corners=True)


class _UndeclaredRows:
    """The same of one in another dialect."""

    def sample(self, image: Array, grid: Array) -> Array:
        return PixelRows.functions["sample"](image, grid, padding="border")


UNUSUAL["UndeclaredRows"] = Unusual(
    undeclared(_UndeclaredRows(), "UndeclaredRows", "numpy"),
    "declares nothing, and takes NHWC, (y, x) and pixels",
    warned=False,
    gap=None,
)

UNUSUAL["Undeclared"] = Unusual(
    undeclared(_NoGradients(), "Undeclared", "numpy"),
    "declares nothing, gives no gradients",
    warned=False,
    gap=None,
)
