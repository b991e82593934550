"""Right samplers of volumes that compute in another way."""

import numpy as np
from sampler import Array
from unusual import unusual
from volume_sampler import Lines, NearestVolumeSampler, Sides, VolumeSampler


class Lerps(VolumeSampler):
    """One axis after the other."""

    order: tuple[int, ...]

    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        lines = self.lines_of(image, grid, padding, aligned)
        values = {sides: self.pixel(image, lines, sides) for sides in self.corners_of(lines)}
        for number in self.order:
            values = self._lerped(values, lines, number)
        return np.moveaxis(next(iter(values.values())), -1, 1)

    def _lerped(self, values: dict[Sides, Array], lines: Lines, number: int) -> dict[Sides, Array]:
        fraction = lines[number].weights[1][..., None]
        found = {}
        for sides, low in values.items():
            if not sides[number]:
                high = values[(*sides[:number], 1, *sides[number + 1 :])]
                found[sides] = low + fraction * (high - low)
        return found


@unusual(
    "three nested lerps, x first",
    functions=("sample", "transform"),
    padding=("zeros", "reflection"),
    align_corners=False,
    spatial=(3,),
)
class NestedLerps(Lerps):
    order = (0, 1, 2)


@unusual("three nested lerps, z first", padding="border", align_corners=True, spatial=(3,))
class NestedLerpsZFirst(Lerps):
    order = (2, 1, 0)


@unusual(
    "dense products with matrices of hat weights, one matrix an axis",
    padding="border",
    align_corners=False,
    spatial=(3,),
)
class DenseVolume(VolumeSampler):
    def hats(self, lines: Lines, image: Array) -> tuple[list[Array], list[Array]]:
        """max(0, 1 - |x - m|) and its derivative, [N, Do, Ho, Wo, S], of every axis."""
        weights, slopes = [], []
        for number, line in enumerate(lines):
            pixel = np.arange(image.shape[-1 - number], dtype=line.position.dtype)
            left = np.floor(line.position)[..., None]
            weights.append(np.maximum(1 - np.abs(line.position[..., None] - pixel), 0))
            slope = (pixel == left + 1).astype(pixel.dtype) - (pixel == left)
            slopes.append(slope * line.slope[..., None])
        return weights, slopes

    def forward(self, image: Array, grid: Array, padding: str, aligned: bool) -> Array:
        (x, y, z), _ = self.hats(self.lines_of(image, grid, padding, aligned), image)
        return np.asarray(np.einsum("nckij,ndhwk,ndhwi,ndhwj->ncdhw", image, z, y, x))

    def backward(
        self, image: Array, grid: Array, cotangent: Array, padding: str, aligned: bool
    ) -> tuple[Array, Array]:
        weights, slopes = self.hats(self.lines_of(image, grid, padding, aligned), image)
        weighed = np.einsum("nckij,ncdhw->ndhwkij", image, cotangent)
        parts = []
        for axis in range(3):
            x, y, z = (slopes[k] if k == axis else weights[k] for k in range(3))
            parts.append(np.einsum("ndhwkij,ndhwk,ndhwi,ndhwj->ndhw", weighed, z, y, x))
        x, y, z = weights
        grad_input = np.einsum("ncdhw,ndhwk,ndhwi,ndhwj->nckij", cotangent, z, y, x)
        return grad_input, np.stack(parts, axis=-1)


@unusual(
    "the left derivative at kinks",
    functions=("sample", "transform"),
    padding="zeros",
    align_corners=True,
    spatial=(3,),
    subgradient="left",
)
class LeftOfKinks(VolumeSampler):
    def floor(self, x: Array) -> Array:
        return np.ceil(x) - 1


@unusual(
    "nearest of volumes: half-way it takes the lower pixel, and declares so",
    functions=("sample", "transform"),
    padding=("zeros", "border"),
    align_corners=True,
    interpolation="nearest",
    spatial=(3,),
    ties="down",
)
class NearestVolumeDown(NearestVolumeSampler):
    def rounded(self, x: Array) -> Array:
        return np.ceil(x - 0.5)
