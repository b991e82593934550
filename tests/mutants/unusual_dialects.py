"""Right implementations that mean something else by a coordinate, an axis or a theta."""

import numpy as np
from sampler import Array, Sampler, cast
from unusual import UNUSUAL, Unusual, unusual

from stn_verify.contract.implementation import undeclared


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
        wide = image.astype(np.float64), grid.astype(np.float64)
        output = super().sample(*wide, padding="border", align_corners=True)
        with np.errstate(over="ignore"):
            return output.astype(image.dtype)

    def sample_vjp(  # type: ignore[override]  # fewer choices
        self, image: Array, grid: Array, cotangent: Array
    ) -> tuple[Array, Array]:
        wide = cast((image, grid, cotangent), np.float64)
        grad_input, grad_grid = super().sample_vjp(*wide, padding="border", align_corners=True)
        with np.errstate(over="ignore"):
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
