"""Faults of the gradient with respect to sample points alone: the output is right."""

import numpy as np
from faults import fault
from sampler import Array, Corners, Line, Sampler


@fault("times (W-1)/W", "grad_grid")
class UnalignedGradient(Sampler):
    def grid_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        height, width = image.shape[2:]
        shrunk = np.array([(width - 1) / width, (height - 1) / height])
        return np.asarray(super().grid_gradient(image, cotangent, x, y) * shrunk)


@fault("per pixel: without the scale to normalised units", "grad_grid")
class PerPixel(Sampler):
    def grid_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        height, width = image.shape[2:]
        return np.asarray(super().grid_gradient(image, cotangent, x, y) * (2 / np.array([width, height])))


@fault("(dL/dy, dL/dx)", "grad_grid", source="Z93")
class SwappedGradient(Sampler):
    def grid_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        return super().grid_gradient(image, cotangent, x, y)[..., ::-1]


@fault("the sign of dL/dy", "grad_grid")
class FlippedSign(Sampler):
    def grid_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        return np.asarray(super().grid_gradient(image, cotangent, x, y) * np.array([1.0, -1.0]))


@fault("the first channel only", "grad_grid")
class FirstChannel(Sampler):
    def contract(self, cotangent: Array, slope: Array) -> Array:
        return super().contract(cotangent[..., :1], slope[..., :1])


@fault("the mean over channels instead of their sum", "grad_grid")
class MeanOverChannels(Sampler):
    def contract(self, cotangent: Array, slope: Array) -> Array:
        return np.asarray(super().contract(cotangent, slope) / cotangent.shape[-1])


@fault("the slope of the upper row (left column) for the whole cell", "grad_grid")
class OneSideOfTheCell(Sampler):
    def slopes(self, corners: Corners, x: Line, y: Line) -> tuple[Array, Array]:
        p00, p01, p10, _ = corners
        return p01 - p00, p10 - p00


@fault("none where a point lies outside, though it fades there", "grad_grid", source="Z76")
class NothingOutside(Sampler):
    def grid_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        height, width = image.shape[2:]
        there = (x.position >= 0) & (x.position <= width - 1) & (y.position >= 0) & (y.position <= height - 1)
        return np.asarray(super().grid_gradient(image, cotangent, x, y) * there[..., None])


@fault(
    "border's clip is not differentiated: outside it goes on as if zeros",
    "grad_grid",
    source="Z92",
    padding="border",
)
class UnmaskedBorder(Sampler):
    def fold(self, x: Array, size: int, padding: str, aligned: bool) -> tuple[Array, Array]:
        position, _ = super().fold(x, size, padding, aligned)
        return position, np.ones_like(x)


@fault("exactly on the last pixel as if zeros lay beyond", "grad_grid", source="Z25", padding="border")
class ZerosBeyondTheEdge(Sampler):
    def fold(self, x: Array, size: int, padding: str, aligned: bool) -> tuple[Array, Array]:
        position, sign = super().fold(x, size, padding, aligned)
        return position, np.where(x == size - 1, 1.0, sign)


@fault(
    "the sign is not turned where reflection has turned the coordinate",
    "grad_grid",
    source="Z92",
    padding="reflection",
)
class MirrorSignLost(Sampler):
    def mirror(self, x: Array, size: int, aligned: bool) -> tuple[Array, Array]:
        position, sign = super().mirror(x, size, aligned)
        return position, np.abs(sign)


@fault("equation 7 by the letter: +1 for m >= x, so +U[x] at an integer", "grad_grid", source="Z84")
class EquationSeven(Sampler):
    def slopes(self, corners: Corners, x: Line, y: Line) -> tuple[Array, Array]:
        p00, p01, p10, _ = corners
        (wx0, wx1), (wy0, wy1) = ([weight[..., None] for weight in line.weights] for line in (x, y))
        # At an integer only one pixel is less than 1 away, and for it m >= x.
        whole_x, whole_y = wx1 == 0, wy1 == 0
        along_x, along_y = super().slopes(corners, x, y)
        return (
            np.where(whole_x, p00 * wy0 + p10 * wy1, along_x),
            np.where(whole_y, p00 * wx0 + p01 * wx1, along_y),
        )


@fault("zero at integers, where floor and ceil coincide, and not declared", "grad_grid")
class UndeclaredZero(Sampler):
    def slopes(self, corners: Corners, x: Line, y: Line) -> tuple[Array, Array]:
        along_x, along_y = super().slopes(corners, x, y)
        return along_x * (x.weights[1] != 0)[..., None], along_y * (y.weights[1] != 0)[..., None]


@fault("NaN at integers", "grad_grid")
class NanGradient(Sampler):
    def slopes(self, corners: Corners, x: Line, y: Line) -> tuple[Array, Array]:
        along_x, along_y = super().slopes(corners, x, y)
        return along_x / (x.weights[1] != 0)[..., None], along_y / (y.weights[1] != 0)[..., None]


@fault("central differences with a step of 1e-6", "grad_grid", source="Z49")
class FiniteDifferences(Sampler):
    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        grad_input, _ = super().backward(image, grid, cotangent, padding, aligned)
        steps = np.array([[1e-6, 0.0], [0.0, 1e-6]])
        rises = [
            self.forward(image, grid + step, padding, aligned)
            - self.forward(image, grid - step, padding, aligned)
            for step in steps
        ]
        return grad_input, np.stack([(cotangent * rise).sum(axis=1) / 2e-6 for rise in rises], axis=-1)


@fault("too large by 1e-5 of itself", "grad_grid")
class GridGradientOff(Sampler):
    def grid_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        return np.asarray(super().grid_gradient(image, cotangent, x, y) * (1 + 1e-5))


@fault(
    "each pixel asks whether it lies in [x, x + 1]: just left of an integer rounding makes two of them say yes",
    "grad_grid",
)
class HatSlopes(Sampler):
    def grid_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        (across, across_slope), (down, down_slope) = (
            self.hats(x, image.shape[3]),
            self.hats(y, image.shape[2]),
        )
        weighed = np.einsum("ncij,nhwc->nhwij", image, cotangent)
        along_x = np.einsum("nhwij,nhwi,nhwj->nhw", weighed, down, across_slope)
        along_y = np.einsum("nhwij,nhwi,nhwj->nhw", weighed, down_slope, across)
        return np.stack([along_x, along_y], axis=-1)

    def hats(self, line: Line, size: int) -> tuple[Array, Array]:
        away = line.position[..., None] - np.arange(size)
        slope = np.where((away >= 0) & (away < 1), -1, np.where((away >= -1) & (away < 0), 1, 0))
        return np.maximum(1 - np.abs(away), 0), slope * line.slope[..., None]


@fault("the scale to normalised units twice", "grad_grid", source="Z86")
class ScaledTwice(Sampler):
    def grid_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        height, width = image.shape[2:]
        return np.asarray(super().grid_gradient(image, cotangent, x, y) * (np.array([width, height]) / 2))


@fault("zero: the sampler takes the grid for a constant", "grad_grid", source="Z47")
class NoGridGradient(Sampler):
    def grid_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        return np.zeros_like(super().grid_gradient(image, cotangent, x, y))


@fault(
    "exactly on the last pixel, where reflection turns, as if zeros lay beyond, and negated",
    "grad_grid",
    source="Z25",
    padding="reflection",
    align_corners=True,
)
class ZerosBeyondTheMirror(Sampler):
    def fold(self, x: Array, size: int, padding: str, aligned: bool) -> tuple[Array, Array]:
        position, sign = super().fold(x, size, padding, aligned)
        return position, np.where(position == size - 1, -1.0, sign)
