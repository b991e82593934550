"""Right samplers of other kernels that do it in their own way."""

from functools import partial

import numpy as np
from interpolating import CubicSampler, NearestSampler, Taps
from sampler import Array
from unusual import unusual

nearest = partial(unusual, interpolation="nearest")
cubic = partial(unusual, interpolation="bicubic")


@nearest(
    "nearest, ties to even as declared", align_corners=None, ties="even", functions=("sample", "transform")
)
class NearestEven(NearestSampler):
    pass


@nearest(
    "half-way it takes the right pixel, and declares nothing",
    padding=("zeros", "reflection"),
    align_corners=False,
)
class NearestUp(NearestSampler):
    def rounded(self, x: Array) -> Array:
        return np.floor(x + 0.5)


@nearest(
    "half-way it takes the left pixel, and declares so", padding="border", align_corners=True, ties="down"
)
class NearestDown(NearestSampler):
    def rounded(self, x: Array) -> Array:
        return np.ceil(x - 0.5)


@nearest("half-way it takes the pixel away from zero", padding=("zeros", "border"), align_corners=True)
class NearestAway(NearestSampler):
    def rounded(self, x: Array) -> Array:
        return np.trunc(x + np.copysign(x.dtype.type(0.5), x))


@nearest("a dense product with one-hot rows and columns", padding="zeros", align_corners=False)
class NearestOneHot(NearestSampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        hot = []
        for axis, size in ((0, image.shape[3]), (1, image.shape[2])):
            index, inside = self.taken(grid[..., axis], size, padding, aligned)
            hot.append(((index[..., None] == np.arange(size)) & inside[..., None]).astype(image.dtype))
        return np.asarray(np.einsum("ncij,nhwi,nhwj->nchw", image, hot[1], hot[0]))


@cubic("cubic convolution by Horner's rule", align_corners=None, functions=("sample", "transform"))
class CubicHorner(CubicSampler):
    pass


@cubic(
    "cubic convolution with a = -0.5, as declared",
    padding=("zeros", "reflection"),
    align_corners=True,
    cubic=-0.5,
)
class CubicKeys(CubicSampler):
    a = -0.5


@cubic("cubic convolution by powers", padding=("zeros", "border"), align_corners=False)
class CubicPowers(CubicSampler):
    def inner(self, t: Array) -> Array:
        return (self.a + 2) * t**3 - (self.a + 3) * t**2 + 1

    def outer(self, t: Array) -> Array:
        return self.a * t**3 - 5 * self.a * t**2 + 8 * self.a * t - 4 * self.a


@cubic("the last of four weights is what is left of 1", padding=("border", "reflection"), align_corners=False)
class CubicLastWeight(CubicSampler):
    def weigh(self, f: Array) -> tuple[Array, ...]:
        first, second, third, _ = super().weigh(f)
        return first, second, third, 1 - first - second - third


@cubic("cubic convolution by dense products", padding=("zeros", "reflection"), align_corners=True)
class CubicDense(CubicSampler):
    def matrix(self, taps: Taps, size: int) -> Array:
        """[N, Ho, Wo, S]"""
        rows = np.zeros((*taps[0][0].shape, size), taps[0][2].dtype)
        for index, inside, weight, _ in taps:
            rows += ((index[..., None] == np.arange(size)) & inside[..., None]) * weight[..., None]
        return rows

    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        across, down = self.both(image, grid, padding, aligned)
        x, y = self.matrix(across, image.shape[3]), self.matrix(down, image.shape[2])
        return np.asarray(np.einsum("ncij,nhwi,nhwj->nchw", image, y, x))
