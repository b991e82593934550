"""Another convention than the declared one: alignment, order of axes, padding, theta. Gradients follow the output."""

import numpy as np
import numpy.typing as npt
from faults import fault
from sampler import Array, Line, Sampler


@fault(
    "scale W/2 where -1 and 1 are pixel centres: the image is stretched",
    "output",
    source="Z80",
    align_corners=True,
)
class WideScale(Sampler):
    def scale(self, size: int, aligned: bool) -> float:
        return size / 2


@fault("scale (W-2)/2", "output", source="Z81", align_corners=True)
class NarrowScale(Sampler):
    def scale(self, size: int, aligned: bool) -> float:
        return (size - 2) / 2


@fault("align_corners is taken and ignored", "convention", source="Z58", align_corners=True)
class AlignCornersIgnored(Sampler):
    def lines(self, image: Array, grid: Array, padding: str, aligned: bool) -> tuple[Line, Line]:
        return super().lines(image, grid, padding, False)


@fault(
    "the grid is read as (y, x), and its gradient returned as (x, y)", "convention", "grad_grid", source="Z93"
)
class SwappedAxes(Sampler):
    def lines(self, image: Array, grid: Array, padding: str, aligned: bool) -> tuple[Line, Line]:
        return super().lines(image, grid[..., ::-1], padding, aligned)


@fault("x is scaled by the height, y by the width", "output", source="Z83")
class SwappedSizes(Sampler):
    def lines(self, image: Array, grid: Array, padding: str, aligned: bool) -> tuple[Line, Line]:
        height, width = image.shape[2:]
        # The pixels that are read stay those of the right axis: only the scale is the other's.
        stretch = np.array([height / width, width / height])
        return super().lines(image, (grid + 1) * stretch - 1, padding, aligned)


@fault("the grid is clipped to [-1, 1] where zeros were asked for", "output", source="Z79")
class GridClipped(Sampler):
    def pixels(self, normalised: Array, size: int, aligned: bool) -> Array:
        return super().pixels(np.clip(normalised, -1, 1), size, aligned)


@fault("reflection is a wrap", "output", padding="reflection")
class WrapForReflection(Sampler):
    def mirror(self, x: Array, size: int, aligned: bool) -> tuple[Array, Array]:
        return np.mod(x, size), np.ones_like(x)


@fault(
    "reflection turns at pixel centres where it should at edges", "output", source="Z70", padding="reflection"
)
class MirrorAtCentres(Sampler):
    def mirror(self, x: Array, size: int, aligned: bool) -> tuple[Array, Array]:
        return super().mirror(x, size, True)


@fault(
    "reflection turns at edges where it should at pixel centres",
    "output",
    source="Z70",
    padding="reflection",
    align_corners=True,
)
class MirrorAtEdges(Sampler):
    def mirror(self, x: Array, size: int, aligned: bool) -> tuple[Array, Array]:
        return super().mirror(x, size, False)


@fault("reflection folds once: right to one image away", "output", padding="reflection")
class FoldsOnce(Sampler):
    def mirror(self, x: Array, size: int, aligned: bool) -> tuple[Array, Array]:
        low, high = -0.5, size - 0.5
        once = np.where(x < low, 2 * low - x, np.where(x > high, 2 * high - x, x))
        return once, np.where((x < low) | (x > high), -1.0, 1.0)


@fault("theta's rows are (row, column)", "output", "grid", source="Z84", functions=("transform", "generate"))
class SwappedRows(Sampler):
    def grid(self, theta: Array, size: tuple[int, int], aligned: bool) -> Array:
        return super().grid(theta[:, ::-1], size, aligned)


@fault(
    "theta's translation is in pixels of the output", "output", "grid", functions=("transform", "generate")
)
class TranslationInPixels(Sampler):
    def grid(self, theta: Array, size: tuple[int, int], aligned: bool) -> Array:
        scaled = theta.copy()
        scaled[:, :, 2] *= 2 / np.array([size[1], size[0]])
        return super().grid(scaled, size, aligned)


@fault(
    "target coordinates are left edges: off by half a pixel",
    "output",
    "grid",
    functions=("transform", "generate"),
)
class LeftEdges(Sampler):
    def axis(self, size: int, aligned: bool, dtype: npt.DTypeLike) -> Array:
        return super().axis(size, aligned, dtype) - (0 if aligned else 1 / size)


@fault(
    "the generator ignores align_corners",
    "output",
    "grid",
    source="Z58",
    functions=("transform", "generate"),
    align_corners=True,
)
class GeneratorUnaligned(Sampler):
    def axis(self, size: int, aligned: bool, dtype: npt.DTypeLike) -> Array:
        return super().axis(size, False, dtype)


@fault(
    "an axis of one point lies at -1",
    "output",
    "grid",
    source="Z67",
    functions=("transform", "generate"),
    align_corners=True,
    checks=("sizes",),
)
class SingletonAtEdge(Sampler):
    def axis(self, size: int, aligned: bool, dtype: npt.DTypeLike) -> Array:
        return super().axis(size, aligned, dtype) - (1 if size == 1 else 0)


@fault("declares align_corners=False and follows True, the older default", "convention", source="Z37")
class AlwaysAligned(Sampler):
    def lines(self, image: Array, grid: Array, padding: str, aligned: bool) -> tuple[Line, Line]:
        return super().lines(image, grid, padding, True)


@fault("align_corners means the opposite", "convention", source="Z63", align_corners=None)
class AlignCornersReversed(Sampler):
    def lines(self, image: Array, grid: Array, padding: str, aligned: bool) -> tuple[Line, Line]:
        return super().lines(image, grid, padding, not aligned)


@fault(
    "generator and sampler both ignore align_corners: their errors cancel at the identity of equal sizes",
    "convention",
    source="Z66",
    functions=("transform",),
    align_corners=True,
)
class BothUnaligned(Sampler):
    def axis(self, size: int, aligned: bool, dtype: npt.DTypeLike) -> Array:
        return super().axis(size, False, dtype)

    def lines(self, image: Array, grid: Array, padding: str, aligned: bool) -> tuple[Line, Line]:
        return super().lines(image, grid, padding, False)


@fault("the padding is lost on the way: zeros", "convention", source="Z57 Z90", padding="border")
class PaddingDropped(Sampler):
    def lines(self, image: Array, grid: Array, padding: str, aligned: bool) -> tuple[Line, Line]:
        return super().lines(image, grid, "zeros", aligned)


@fault(
    "reflection repeats after W-1 pixels where it should after W",
    "output",
    source="Z71",
    padding="reflection",
)
class MirrorShortPeriod(Sampler):
    def mirror(self, x: Array, size: int, aligned: bool) -> tuple[Array, Array]:
        return super().mirror(x, max(size - 1, 1), aligned)


@fault(
    "the step of an axis of one point is 0/0",
    "output",
    "grid",
    source="Z89",
    functions=("transform", "generate"),
    align_corners=True,
    checks=("sizes",),
)
class SingletonNan(Sampler):
    def axis(self, size: int, aligned: bool, dtype: npt.DTypeLike) -> Array:
        return super().axis(size, aligned, dtype) + (np.nan if size == 1 else 0)
