"""What a transformer may read, and send back, where neither its image nor its theta is known exactly.

An uncertain theta is an uncertain coordinate: it adds to the roundings of one, and all bounds of the sampler follow, hulls at
kinks that come within reach among them. An uncertain image or cotangent enters linearly.
"""

from dataclasses import dataclass, replace

import numpy as np

from stn_verify.bounds.affine import target_base
from stn_verify.bounds.arithmetic import THETA, Arithmetic, slope_roundings
from stn_verify.bounds.grid_gradient import point_gradient
from stn_verify.bounds.input_gradient import input_gradient
from stn_verify.bounds.interval import Interval
from stn_verify.bounds.output import output, steepest_within_reach
from stn_verify.bounds.scene import Axis, Scene, sampled, transformed
from stn_verify.bounds.theta_gradient import contracted
from stn_verify.bounds.uncertain import Uncertain, within
from stn_verify.contract.convention import Convention
from stn_verify.formats import Array


@dataclass(frozen=True)
class Reading:
    """An image [N, C, H, W] read through a theta [N, 2, 3], or through the grid of one."""

    scene: Scene
    strays: Scene
    """The same points over the image's radius."""
    base: Array
    """[Ho, Wo, 3]: normalised target coordinates (X, Y, 1)."""
    arithmetic: Arithmetic
    zero: bool = False
    """Whether a slope may be zero at kinks."""
    through_grid: bool = False
    """Whether what reads knows the grid alone: its gradient ends there."""

    @classmethod
    def of(
        cls,
        image: Uncertain,
        theta: Uncertain,
        size: tuple[int, ...],
        padding: str,
        align_corners: bool,
        arithmetic: Arithmetic,
        *,
        zero: bool = False,
    ) -> "Reading":
        """Points as uncertain as theta makes them."""
        convention = Convention(padding, align_corners)
        base = target_base(size, align_corners)
        exact = transformed(image.value, theta.value, size, convention)
        axes = [
            _widened(axis, theta.radius[:, number], base, arithmetic)
            for number, axis in enumerate(exact.axes)
        ]
        scene, strays = (
            Scene(pixels, convention, exact.batch, axes, size) for pixels in (image.value, image.radius)
        )
        return cls(scene, strays, base, arithmetic, zero)

    @classmethod
    def through(
        cls,
        image: Uncertain,
        grid: Array,
        convention: Convention,
        arithmetic: Arithmetic,
        *,
        zero: bool = False,
    ) -> "Reading":
        """Points of a grid [N, Ho, Wo, 2] that is known exactly."""
        scene, strays = (sampled(pixels, grid, convention) for pixels in (image.value, image.radius))
        base = target_base((grid.shape[1], grid.shape[2]), convention.align_corners)
        return cls(scene, strays, base, arithmetic, zero, through_grid=True)

    def output(self) -> Uncertain:
        """[N, C, Ho, Wo]. Weights are positive: what the pixels stray is read as they are."""
        read, strayed = output(self.scene, self.arithmetic), output(self.strays, self.arithmetic)
        return Uncertain(read.low, read.bound + strayed.high + strayed.bound)

    def image_gradient(self, cotangent: Uncertain) -> Uncertain:
        """[N, C, H, W], of what is read; likewise."""
        written = input_gradient(self.scene, cotangent.value, self.arithmetic)
        strayed = input_gradient(self.scene, cotangent.radius, self.arithmetic)
        return Uncertain(written.low, written.bound + strayed.high + strayed.bound)

    def theta_gradient(self, cotangent: Uncertain, *, hulls: bool = True) -> Uncertain:
        """[N, 2, 3]; without `hulls` its radius is that of rounding alone, around the middle of the hull."""
        intervals = self.point_gradients(cotangent)
        found = contracted(intervals, self.scene.image.shape[0], self.base, self.arithmetic)
        whole = within(found)
        return whole if hulls else Uncertain(whole.value, found.bound)

    def point_gradients(self, cotangent: Uncertain) -> list[Interval]:
        """Of x and of y, [M]: slopes of all cells within reach, and how much steeper pixels that stray may make them."""
        scene, channels = self.scene, cotangent.value.shape[1]
        gradient = point_gradient(scene, cotangent.value, self.arithmetic, zero=self.zero)
        size, radius = np.abs(scene.rows(cotangent.value)), scene.rows(cotangent.radius)
        steeper = 2 * self.strays.largest
        steep = steepest_within_reach(scene, self.arithmetic)
        intervals = []
        for axis, interval, steepest in zip(scene.axes, gradient.axes, steep, strict=True):
            more = size * steeper[scene.batch].T + radius * (steepest + steeper[scene.batch].T)
            rounded = 1 + slope_roundings(2, channels) * self.arithmetic.u
            # A slope's terms are pixels, each no larger than the largest.
            pixels = radius * 2 * (scene.largest + self.strays.largest)[scene.batch].T
            bound = axis.scale * (rounded * more + (rounded - 1) * pixels).sum(axis=0)
            intervals.append(interval.widened(bound))
        return intervals


def _widened(axis: Axis, radius: Array, base: Array, arithmetic: Arithmetic) -> Axis:
    """`radius`: [N, 3], of one row of theta."""
    moved = axis.scale * (radius @ np.abs(base).reshape(-1, 3).T).ravel()
    terms = THETA * axis.scale * np.repeat(radius.sum(axis=1), base.shape[0] * base.shape[1])
    return replace(axis, magnitude=axis.magnitude + moved / arithmetic.u + terms)
