"""Faults of the gradient with respect to the image; in some the grid's is wrong with it. The output is right."""

from dataclasses import replace

import numpy as np
from faults import fault
from sampler import Array, Indices, Line, Mask, Sampler


@fault("the last column is zero", "grad_input")
class DroppedColumn(Sampler):
    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        gradient = super().input_gradient(image, cotangent, x, y)
        gradient[..., -1] = 0
        return gradient


@fault("transposed in memory", "grad_input", source="Z83")
class TransposedInput(Sampler):
    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        gradient = super().input_gradient(image, cotangent, x, y)
        return np.ascontiguousarray(np.swapaxes(gradient, 2, 3)).reshape(gradient.shape)


@fault("rolled by a pixel", "grad_input")
class RolledInput(Sampler):
    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        return np.roll(super().input_gradient(image, cotangent, x, y), 1, axis=3)


@fault("channels in reverse", "grad_input")
class ReversedChannels(Sampler):
    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        return super().input_gradient(image, cotangent, x, y)[:, ::-1]


@fault("only the first image of the batch gets any", "grad_input")
class FirstImageOnly(Sampler):
    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        gradient = super().input_gradient(image, cotangent, x, y)
        gradient[1:] = 0
        return gradient


@fault("what falls outside the image is added to its edge", "grad_input", source="Z75")
class ClampedScatter(Sampler):
    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        height, width = image.shape[2:]
        return super().input_gradient(image, cotangent, self.clamped(x, width), self.clamped(y, height))

    def clamped(self, line: Line, size: int) -> Line:
        left = np.floor(line.position)
        (low, near), (high, far) = (self.neighbour(np.clip(k, 0, size - 1), size) for k in (left, left + 1))
        return replace(line, pixels=(low, high), inside=(near, far))


@fault("points that read one pixel overwrite each other: the last one wins", "grad_input", source="Z19")
class LastWriterWins(Sampler):
    def scatter(self, sums: Array, ix: Indices, iy: Indices, inside: Mask, terms: Array) -> None:
        batch = np.broadcast_to(np.arange(len(sums))[:, None, None], ix.shape)
        where = (batch[inside], iy[inside], ix[inside])
        # What earlier taps have left is kept; within one tap a pixel keeps one point's term.
        sums[where] = sums[where] + terms[inside]


@fault("the cotangent goes whole to the nearest pixel", "grad_input")
class NearestScatter(Sampler):
    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        x, y = (
            replace(line, weights=(np.rint(line.weights[0]), np.rint(line.weights[1]))) for line in (x, y)
        )
        return super().input_gradient(image, cotangent, x, y)


@fault("points outside a border give nothing to it", "grad_input", source="Z92", padding="border")
class BorderDropped(Sampler):
    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        there = (x.slope != 0) & (y.slope != 0)
        return super().input_gradient(image, cotangent * there[..., None], x, y)


@fault("columns past the last whole vector of 8 give nothing", "grad_input")
class TailUnscattered(Sampler):
    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        columns = cotangent.shape[2]
        kept = cotangent.copy()
        kept[:, :, columns - columns % 8 :] = 0
        return super().input_gradient(image, kept, x, y)


@fault("too large by 1e-5 of itself", "grad_input")
class InputGradientOff(Sampler):
    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        return super().input_gradient(image, cotangent, x, y) * (1 + 1e-5)


@fault("the backward pass ignores align_corners", "grad_input", "grad_grid", source="Z66", align_corners=True)
class BackwardUnaligned(Sampler):
    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        return super().backward(image, grid, cotangent, padding, False)


@fault("the backward pass pads with zeros", "grad_input", "grad_grid", source="Z90", padding="reflection")
class BackwardPadsZeros(Sampler):
    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        return super().backward(image, grid, cotangent, "zeros", aligned)


@fault(
    "the forward pass writes pixels into the caller's grid, which the backward pass reads",
    "output",
    "grad_input",
    "grad_grid",
)
class ClobberedGrid(Sampler):
    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        output = super().forward(image, grid, padding, aligned)
        grid += 1
        return output


@fault("the gradient of the last call of these shapes is returned", "grad_input", source="Z22")
class StaleInputGradient(Sampler):
    def __init__(self) -> None:
        self.known: dict[tuple[int, ...], Array] = {}

    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        key = image.shape + cotangent.shape
        if key not in self.known:
            self.known[key] = super().input_gradient(image, cotangent, x, y)
        return self.known[key]


@fault(
    "sums are gathered in a tile of 64 KiB: what falls past its 8,192 numbers is lost",
    "grad_input",
    source="Z40",
    checks=("sizes",),
)
class TileOverflow(Sampler):
    def input_gradient(self, image: Array, cotangent: Array, x: Line, y: Line) -> Array:
        gradient = np.array(super().input_gradient(image, cotangent, x, y), order="C")
        height, width = image.shape[2:]
        gradient.reshape(*image.shape[:2], height * width)[..., 8192:] = 0
        return gradient
