"""What a transformer may read, and send back, where neither its image nor its theta is known exactly.

An uncertain theta is an uncertain coordinate: it adds to the roundings of one, and all bounds of the sampler follow, hulls at
kinks that come within reach among them. An uncertain image or cotangent enters linearly.
"""

from dataclasses import dataclass, replace

import numpy as np

from stn_reference import target_axis
from stn_verify.bounds.arithmetic import THETA, Arithmetic, slope_roundings
from stn_verify.bounds.grid_gradient import point_gradient
from stn_verify.bounds.input_gradient import input_gradient
from stn_verify.bounds.output import output
from stn_verify.bounds.scene import Axis, Scene, transformed
from stn_verify.bounds.theta_gradient import contracted
from stn_verify.bounds.uncertain import Uncertain, within
from stn_verify.contract.convention import Convention
from stn_verify.formats import Array


@dataclass(frozen=True)
class Reading:
    """An image [N, C, H, W] read through a theta [N, 2, 3]."""

    scene: Scene
    strays: Scene
    """The same points over the image's radius."""
    base: Array
    """[Ho, Wo, 3]: normalised target coordinates (X, Y, 1)."""
    arithmetic: Arithmetic
    zero: bool = False
    """Whether a slope may be zero at kinks."""

    @classmethod
    def of(
        cls,
        image: Uncertain,
        theta: Uncertain,
        size: tuple[int, int],
        padding: str,
        align_corners: bool,
        arithmetic: Arithmetic,
        *,
        zero: bool = False,
    ) -> "Reading":
        """Points as uncertain as theta makes them."""
        convention = Convention(padding, align_corners)
        base = np.ones((*size, 3))
        base[..., 0] = target_axis(size[1], align_corners)
        base[..., 1] = target_axis(size[0], align_corners)[:, None]
        exact = transformed(image.value, theta.value, size, convention)
        axes = [
            _widened(axis, theta.radius[:, number], base, arithmetic)
            for number, axis in enumerate(exact.axes)
        ]
        scene, strays = (
            Scene(pixels, convention, exact.batch, axes, size) for pixels in (image.value, image.radius)
        )
        return cls(scene, strays, base, arithmetic, zero)

    def output(self) -> Uncertain:
        """[N, C, Ho, Wo]. Weights are positive: what the pixels stray is read as they are."""
        read, strayed = output(self.scene, self.arithmetic), output(self.strays, self.arithmetic)
        return Uncertain(read.low, read.bound + strayed.high + strayed.bound)

    def image_gradient(self, cotangent: Uncertain) -> Uncertain:
        """[N, C, H, W], of what is read; likewise."""
        written = input_gradient(self.scene, cotangent.value, self.arithmetic)
        strayed = input_gradient(self.scene, cotangent.radius, self.arithmetic)
        return Uncertain(written.low, written.bound + strayed.high + strayed.bound)

    def theta_gradient(self, cotangent: Uncertain) -> Uncertain:
        """[N, 2, 3]; slopes of all cells within reach, and how much steeper pixels that stray may make them."""
        scene, channels = self.scene, cotangent.value.shape[1]
        gradient = point_gradient(scene, cotangent.value, self.arithmetic, zero=self.zero)
        size, radius = np.abs(scene.rows(cotangent.value)), scene.rows(cotangent.radius)
        steeper = 2 * self.strays.largest
        intervals = []
        for axis, interval, steepest in zip(scene.axes, gradient.axes, scene.steepest, strict=True):
            more = size * steeper[scene.batch].T + radius * (steepest + steeper)[scene.batch].T
            rounded = 1 + slope_roundings(2, channels) * self.arithmetic.u
            # A slope's terms are pixels, each no larger than the largest.
            pixels = radius * 2 * (scene.largest + self.strays.largest)[scene.batch].T
            bound = axis.scale * (rounded * more + (rounded - 1) * pixels).sum(axis=0)
            intervals.append(interval.widened(bound))
        return within(contracted(intervals, scene.image.shape[0], self.base, self.arithmetic))


def _widened(axis: Axis, radius: Array, base: Array, arithmetic: Arithmetic) -> Axis:
    """`radius`: [N, 3], of one row of theta."""
    moved = axis.scale * (radius @ np.abs(base).reshape(-1, 3).T).ravel()
    terms = THETA * axis.scale * np.repeat(radius.sum(axis=1), base.shape[0] * base.shape[1])
    return replace(axis, magnitude=axis.magnitude + moved / arithmetic.u + terms)
