"""Right implementations that add and multiply in another order or format."""

import numpy as np
from sampler import Array, Corners, Line, Sampler, cast
from unusual import unusual


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
