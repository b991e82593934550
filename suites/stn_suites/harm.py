"""Which results pixels and cotangents that are NaN or infinite may reach, and comparisons without those.

A sample is harmed where rounding may carry it within one pixel of a spoilt one: right samplers read such pixels with weight zero.
"""

from dataclasses import dataclass, replace

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.input_gradient import taps
from stn_verify.bounds.interval import Interval
from stn_verify.bounds.scene import Scene
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.cases.poison import Mask

Sampling = SampleCase | TransformCase


@dataclass(frozen=True)
class SpoiltPixels:
    """A case without its spoilt pixels, and the outputs [N, C, Ho, Wo] that they may reach."""

    clean: Sampling
    read: Mask
    """Rounding may have it that a spoilt pixel is read."""
    surely: Mask
    """One is read with a weight that is not zero."""
    near: Mask
    """Those within a pixel, too: what is not judged."""


def spoilt_pixels(case: Sampling, arithmetic: Arithmetic) -> SpoiltPixels:
    """What the pixels that are not finite may reach."""
    spoilt = ~np.isfinite(case.image)
    clean = replace(case, image=np.where(spoilt, 1.0, case.image))
    read, surely = _reading(clean.scene, spoilt, arithmetic)
    near, _ = _reading(clean.scene, dilated(spoilt), arithmetic)
    return SpoiltPixels(clean, read, surely, near)


def harmed(subject: str, outputs: Mask, pixels: Mask) -> Mask:
    """The entries of a result that some outputs [N, C, Ho, Wo] or pixels [N, C, H, W] have a part in."""
    match subject:
        case "output" | "grad2_cotangent":
            return outputs
        case "grad_input" | "grad2_input":
            return pixels
        case "grad_grid" | "grad2_grid":
            return np.asarray(np.any(outputs, axis=1)[..., None])
        case "grad_theta" | "grad2_theta":
            return np.asarray(np.any(outputs, axis=(1, 2, 3))[:, None, None])
    raise ValueError(f"no part is known that pixels have in {subject!r}")


def without(comparison: Comparison, harmed: Mask) -> Comparison:
    """The comparison with zeros on both sides and no bound where nothing is to be judged."""

    def expected(arithmetic: Arithmetic) -> Interval:
        right = comparison.expected(arithmetic)
        low, high = np.where(harmed, 0.0, right.low), np.where(harmed, 0.0, right.high)
        return Interval(low, high, np.where(harmed, np.inf, right.bound))

    values = np.where(harmed, 0.0, comparison.values)
    return Comparison(
        comparison.subject, values, expected, comparison.calls, comparison.formula, comparison.law
    )


def writing(scene: Scene, spoilt: Mask, arithmetic: Arithmetic) -> Mask:
    """Which pixels [N, C, H, W] spoilt outputs may write to."""
    rows = scene.rows(spoilt.astype(np.float64))
    sums = scene.no_pixels()
    for tap in taps(scene, arithmetic):
        scene.scatter(sums, tap.address, rows[:, tap.points])
    written = scene.pixels(sums) > 0
    _, lost = scene.neighbouring(arithmetic)
    for point in lost:
        written[scene.batch[point]] |= rows[:, point][:, None, None] > 0
    return np.asarray(written)


def dilated(spoilt: Mask) -> Mask:
    """Those and the eight around each."""
    wide = np.pad(spoilt, ((0, 0), (0, 0), (1, 1), (1, 1)))
    rows = wide[:, :, :-2] | wide[:, :, 1:-1] | wide[:, :, 2:]
    return np.asarray(rows[..., :-2] | rows[..., 1:-1] | rows[..., 2:])


def _reading(scene: Scene, spoilt: Mask, arithmetic: Arithmetic) -> tuple[Mask, Mask]:
    """Which outputs [N, C, Ho, Wo] may read a spoilt pixel, and which do so with a weight that is surely not zero."""
    flat = _flat(scene, spoilt)
    read = np.zeros((len(flat), len(scene.batch)), dtype=bool)
    least = np.zeros(read.shape)
    for tap in taps(scene, arithmetic):
        hit = flat[:, tap.address]
        read[:, tap.points] |= hit
        least[:, tap.points] += hit * np.maximum(tap.weight - tap.error, 0.0)
    _, lost = scene.neighbouring(arithmetic)
    read[:, lost] |= np.any(spoilt, axis=(2, 3))[scene.batch[lost]].T
    return scene.planes(read.astype(np.float64)) > 0, scene.planes(least) > 0


def _flat(scene: Scene, spoilt: Mask) -> Mask:
    """[C, N H W + 1], the last for no pixel."""
    rows = scene.rows(spoilt.astype(np.float64)) > 0
    return np.concatenate([rows, np.zeros((len(rows), 1), dtype=bool)], axis=1)
