"""Faults of samplers of volumes, most of them along the axis that images do not have."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from faults import fault
from sampler import Array, Line
from volume_sampler import Lines, NearestVolumeSampler, Sides, VolumeSampler

volume_fault: Callable[..., Callable[[type], object]] = partial(fault, spatial=(3,), checks=("volumes",))
nearest_fault: Callable[..., Callable[[type], object]] = partial(volume_fault, interpolation="nearest")


@volume_fault("z and x swapped", "output")
class SwappedDepth(VolumeSampler):
    def lines_of(self, image: Array, grid: Array, padding: str, aligned: bool) -> Lines:
        return super().lines_of(image, grid[..., ::-1], padding, aligned)


@volume_fault("the last slice is taken to lie outside", "output")
class LastSliceDropped(VolumeSampler):
    def lines_of(self, image: Array, grid: Array, padding: str, aligned: bool) -> Lines:
        x, y, z = super().lines_of(image, grid, padding, aligned)
        near, far = (
            inside & (pixel < image.shape[2] - 1) for pixel, inside in zip(z.pixels, z.inside, strict=True)
        )
        return x, y, replace(z, inside=(near, far))


@volume_fault("the depth is tested against the height", "output")
class DepthAgainstHeight(VolumeSampler):
    def lines_of(self, image: Array, grid: Array, padding: str, aligned: bool) -> Lines:
        x, y, z = super().lines_of(image, grid, padding, aligned)
        depth, height = image.shape[2:4]
        left = np.floor(z.position)
        low, high = (self.neighbour(left + step, height) for step in (0, 1))
        pixels = (np.minimum(low[0], depth - 1), np.minimum(high[0], depth - 1))
        return x, y, replace(z, pixels=pixels, inside=(low[1], high[1]))


@volume_fault("the weights of front and back exchanged", "output")
class FrontForBack(VolumeSampler):
    def lines_of(self, image: Array, grid: Array, padding: str, aligned: bool) -> Lines:
        x, y, z = super().lines_of(image, grid, padding, aligned)
        return x, y, replace(z, weights=z.weights[::-1])


@volume_fault("align_corners is ignored along the depth", "output", align_corners=True)
class DepthUnaligned(VolumeSampler):
    def lines_of(self, image: Array, grid: Array, padding: str, aligned: bool) -> Lines:
        x, y, _ = super().lines_of(image, grid, padding, aligned)
        return x, y, self.line(grid[..., 2], image.shape[2], padding, False)


@volume_fault("the seventh corner is left out", "output")
class SevenCorners(VolumeSampler):
    def weight(self, lines: Lines, sides: Sides, but: int | None = None) -> Array:
        return super().weight(lines, sides, but) * (sides != (0, 1, 1))


@volume_fault("the depth mirrors about the other points", "output", padding="reflection", align_corners=True)
class DepthMirror(VolumeSampler):
    def lines_of(self, image: Array, grid: Array, padding: str, aligned: bool) -> Lines:
        x, y, z = super().lines_of(image, grid, padding, aligned)
        position = self.pixels(grid[..., 2], image.shape[2], aligned)
        folded, sign = self.fold(position, image.shape[2], padding, False)
        left = np.floor(folded)
        (low, near), (high, far) = (self.neighbour(left + step, image.shape[2]) for step in (0, 1))
        weights = self.weights(folded, left, image.shape[2])
        slope = sign * self.scale(image.shape[2], aligned)
        return x, y, Line((low, high), (near, far), weights, slope, z.position)


@volume_fault("dL/dz per pixel: without the scale to normalised units", "grad_grid")
class DepthPerPixel(VolumeSampler):
    def scaled(self, gradients: list[Array], lines: Lines) -> Array:
        x, y, z = lines
        return super().scaled(gradients, (x, y, replace(z, slope=np.sign(z.slope))))


@volume_fault("(dL/dz, dL/dy, dL/dx)", "grad_grid")
class SwappedSlopes(VolumeSampler):
    def scaled(self, gradients: list[Array], lines: Lines) -> Array:
        return super().scaled(gradients, lines)[..., ::-1]


@volume_fault("dL/dx of the front face for the whole cell", "grad_grid")
class FrontFace(VolumeSampler):
    def along(self, image: Array, received: Array, lines: Lines, axis: int) -> Array:
        x, y, z = lines
        if axis == 0:
            z = replace(z, weights=(np.ones_like(z.position), np.zeros_like(z.position)))
        return super().along(image, received, (x, y, z), axis)


@volume_fault("no dL/dz", "grad_grid")
class FlatDepth(VolumeSampler):
    def scaled(self, gradients: list[Array], lines: Lines) -> Array:
        return super().scaled([*gradients[:2], np.zeros_like(gradients[2])], lines)


@volume_fault("contributions in front of and behind the volume go to its outer slices", "grad_input")
class ClampedSlices(VolumeSampler):
    def volume_gradient(self, image: Array, received: Array, lines: Lines) -> Array:
        x, y, z = lines
        left, depth = np.floor(z.position), image.shape[2]
        low, high = (np.clip(left + step, 0, depth - 1).astype(np.int64) for step in (0, 1))
        there = np.ones_like(z.inside[0])
        return super().volume_gradient(
            image, received, (x, y, replace(z, pixels=(low, high), inside=(there, there)))
        )


@volume_fault("of points that meet in a pixel along z the last one counts", "grad_input")
class LostSums(VolumeSampler):
    def scatter_at(self, sums: Array, lines: Lines, sides: Sides, terms: Array) -> None:
        alone = np.zeros_like(sums)
        there = self.inside(lines, sides)
        place = tuple(np.broadcast_to(part, there.shape)[there] for part in self.place(lines, sides))
        alone[place] = terms[there]
        sums += alone


@volume_fault("weights of a square instead of a cube", "grad_input")
class SquareWeights(VolumeSampler):
    def volume_gradient(self, image: Array, received: Array, lines: Lines) -> Array:
        x, y, z = lines
        even = np.full_like(z.position, 0.5)
        return super().volume_gradient(image, received, (x, y, replace(z, weights=(even, even))))


@volume_fault("Z and X swapped", "grid", functions=("generate",))
class SwappedTarget(VolumeSampler):
    def grid(self, theta: Array, size: tuple[int, ...], aligned: bool) -> Array:
        return super().grid(theta[..., [2, 1, 0, 3]], size, aligned)


@volume_fault("the column of Z is left out", "grad_theta", functions=("transform",))
class ThetaWithoutDepth(VolumeSampler):
    def theta_gradient(self, cotangent: Array, size: tuple[int, ...], aligned: bool) -> Array:
        return super().theta_gradient(cotangent, size, aligned) * np.array([1.0, 1.0, 0.0, 1.0])


@volume_fault("depth and width of the output swapped", "grad_theta", functions=("generate",))
class ThetaOfTheTurnedOutput(VolumeSampler):
    def theta_gradient(self, cotangent: Array, size: tuple[int, ...], aligned: bool) -> Array:
        turned = np.swapaxes(cotangent, 1, 3)
        return super().theta_gradient(turned, size[::-1], aligned)


@nearest_fault("the depth is truncated, not rounded", "output")
class DepthTruncated(NearestVolumeSampler):
    def lines_of(self, image: Array, grid: Array, padding: str, aligned: bool) -> Lines:
        x, y, z = super().lines_of(image, grid, padding, aligned)
        pixel, inside = self.neighbour(np.trunc(z.position), image.shape[2])
        return x, y, replace(z, pixels=(pixel, pixel), inside=(inside, inside))


@nearest_fault(
    "half-way along the depth it takes the upper slice and declares the even one", "output", ties="even"
)
class DepthTiesUp(NearestVolumeSampler):
    def lines_of(self, image: Array, grid: Array, padding: str, aligned: bool) -> Lines:
        x, y, z = super().lines_of(image, grid, padding, aligned)
        pixel, inside = self.neighbour(np.floor(z.position + 0.5), image.shape[2])
        return x, y, replace(z, pixels=(pixel, pixel), inside=(inside, inside))


@nearest_fault("the cotangent goes to the slice in front of the point", "grad_input", padding="border")
class NearestFrontScatter(NearestVolumeSampler):
    def volume_gradient(self, image: Array, received: Array, lines: Lines) -> Array:
        x, y, z = lines
        pixel = np.floor(z.position).astype(np.int64)
        return super().volume_gradient(image, received, (x, y, replace(z, pixels=(pixel, pixel))))


@nearest_fault("dL/dz as if it were linear", "grad_grid")
class NearestLinearSlope(NearestVolumeSampler):
    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        grad_image, zero = super().backward(image, grid, cotangent, padding, aligned)
        _, linear = VolumeSampler().backward(image, grid, cotangent, padding, aligned)
        return grad_image, np.where([False, False, True], linear, zero)
