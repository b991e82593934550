"""What tangents and second gradients of a sampler may be.

With the image U, the points q and the cotangent v, the first gradients are paired with directions a of the image and b of the
points, in pixels, both axes x and y:

    S = <grad_input, a> + <grad_points, b> = sum_q,c v (V(a) + bx dV(U)/dx + by dV(U)/dy).

Inside a cell V is bilinear, so that d2V/dx2 = d2V/dy2 = 0 and the twist d2V/dxdy is constant. Hence

    dS/dv = V(a) + bx dV(U)/dx + by dV(U)/dy, which is also the output's tangent along (a, b),
    dS/dx = sum_c v (dV(a)/dx + by d2V(U)/dxdy), and dS/dy likewise,
    dS/dU = the scatter of v (bx dw/dx + by dw/dy), w being the weights.

At kinks these jump. Points beside one are given every cell's extremes; a check leaves them out by a direction or a cotangent of
zero there.
"""

from dataclasses import dataclass

import numpy as np

from stn_verify.bounds.arithmetic import SCATTER_SLOPE, STORES, TANGENT, TWIST, VALUE, Arithmetic
from stn_verify.bounds.directions import Motion, near_kinks
from stn_verify.bounds.grid_gradient import PointGradient, point_gradient
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.output import output_rows
from stn_verify.bounds.scene import Scene
from stn_verify.bounds.theta_gradient import contracted
from stn_verify.formats import Array


@dataclass(frozen=True)
class Pairing:
    """The first gradients of a scene paired with directions: `lit` is the scene over the direction a of the image."""

    scene: Scene
    lit: Scene
    motion: Motion

    def tangent(self, arithmetic: Arithmetic) -> Interval:
        """dS/dcotangent, and the output's tangent, [N, C, Ho, Wo]."""
        scene, motion, u = self.scene, self.motion, arithmetic.u
        slopes = _slopes(scene)
        value, bound = output_rows(self.lit, arithmetic)
        parts = np.abs(value)
        value = value.copy()
        bound = bound + (TANGENT - VALUE) * u * _weighed(self.lit)
        near = near_kinks(scene, arithmetic) & motion.moves
        for along, across, moved, roundings, steepest in (
            (slopes.x, scene.y, motion.x, motion.x_roundings, scene.steepest[0]),
            (slopes.y, scene.x, motion.y, motion.y_roundings, scene.steepest[1]),
        ):
            size = np.abs(moved) + u * roundings
            carried = size * across.uncertainty(arithmetic) * slopes.twist_size
            value += moved * along.slope
            parts += np.abs(moved * along.slope)
            bound += carried + u * roundings * np.abs(along.slope)
            bound += TANGENT * u * (size * along.weighed + carried)
            bound += np.where(near, size * 2 * steepest[scene.batch].T, 0.0)
        bound += STORES * arithmetic.s * (parts + bound) + arithmetic.tiny
        return point(scene.planes(value), scene.planes(bound))

    def grid(self, cotangent: Array, arithmetic: Arithmetic, *, zero: bool = False) -> Interval:
        """dS/dgrid [N, Ho, Wo, 2]; `zero` allows the first gradient of `lit` to vanish at kinks."""
        gradient = self._points(cotangent, arithmetic, zero=zero).as_grid(self.scene)
        largest = np.maximum(np.abs(gradient.low), np.abs(gradient.high)) + gradient.bound
        return gradient.widened(STORES * arithmetic.s * largest + arithmetic.tiny)

    def theta(self, base: Array, cotangent: Array, arithmetic: Arithmetic, *, zero: bool = False) -> Interval:
        """dS/dtheta [N, 2, 3] of a fused transformer; base [Ho, Wo, 3]."""
        gradient = self._points(cotangent, arithmetic, zero=zero)
        total = contracted(gradient.axes, self.scene.image.shape[0], base, arithmetic)
        # The parts may be contracted apart, and stored.
        largest = np.maximum(np.abs(total.low), np.abs(total.high)) + total.bound
        return total.widened((arithmetic.u + STORES * arithmetic.s) * largest)

    def image(self, cotangent: Array, arithmetic: Arithmetic) -> Interval:
        """dS/dimage [N, C, H, W], the sum over the points that read a pixel."""
        scene, motion, u = self.scene, self.motion, arithmetic.u
        rows = scene.rows(cotangent)
        size = np.abs(rows)
        total, weighed, moved = (scene.no_pixels() for _ in range(3))
        contributions = np.zeros(total.shape[1])
        size_x, size_y = (
            np.abs(motion.x) + u * motion.x_roundings,
            np.abs(motion.y) + u * motion.y_roundings,
        )
        delta_x, delta_y = scene.x.uncertainty(arithmetic), scene.y.uncertainty(arithmetic)
        carried = size_x * delta_y + size_y * delta_x
        fx, fy = scene.x.fraction, scene.y.fraction
        corners = ((1 - fx, -1, 1 - fy, -1), (fx, 1, 1 - fy, -1), (1 - fx, -1, fy, 1), (fx, 1, fy, 1))
        for address, (wx, dx, wy, dy) in zip(scene.addresses.reshape(4, -1), corners, strict=True):
            uncertain = u * (motion.x_roundings * wy + motion.y_roundings * wx)
            scene.scatter(total, address, rows * (motion.x * dx * wy + motion.y * dy * wx))
            scene.scatter(weighed, address, size * (size_x * wy + size_y * wx))
            scene.scatter(moved, address, size * (carried + uncertain))
            contributions += 2 * np.bincount(address, minlength=total.shape[1])
        bound = moved + u * (SCATTER_SLOPE + contributions) * (weighed + moved)
        bound += STORES * arithmetic.s * (weighed + bound) + arithmetic.tiny
        value, margin = scene.pixels(total), scene.pixels(bound)
        near = near_kinks(scene, arithmetic) & motion.moves & size.any(axis=0)
        if near.any():
            # Another cell's weights change by at most 1 per pixel as well, wherever they fall.
            anywhere = np.zeros(scene.image.shape[:2])
            reach = 2 * size[:, near] * (size_x + size_y)[near]
            np.add.at(anywhere, scene.batch[near], (1 + SCATTER_SLOPE * u) * reach.T)
            margin = margin + anywhere[:, :, None, None]
        return point(value, margin)

    def _points(self, cotangent: Array, arithmetic: Arithmetic, *, zero: bool) -> PointGradient:
        """dS/dx and dS/dy of every point, per normalised unit, before storage."""
        scene, motion, u = self.scene, self.motion, arithmetic.u
        first = point_gradient(self.lit, cotangent, arithmetic, zero=zero)
        rows = scene.rows(cotangent)
        size = np.abs(rows)
        slopes = _slopes(scene)
        twist = np.einsum("cm,cm->m", rows, slopes.twist)
        pixels = np.einsum("cm,cm->m", size, slopes.pixels)
        largest = np.einsum("cm,cm->m", size, scene.largest[scene.batch].T)
        near = near_kinks(scene, arithmetic) & motion.moves
        terms = TWIST + 4.0 * len(rows)
        results = []
        for gradient, axis, moved, roundings in (
            (first.x, scene.x, motion.y, motion.y_roundings),
            (first.y, scene.y, motion.x, motion.x_roundings),
        ):
            reach = axis.scale * (np.abs(moved) + u * roundings)
            part = axis.scale * moved * twist
            bound = gradient.bound + u * axis.scale * roundings * np.abs(twist) + terms * u * reach * pixels
            bound += u * np.maximum(np.abs(gradient.low), np.abs(gradient.high))
            # No twist exceeds four pixels.
            bound += np.where(near, 8 * reach * largest, 0.0)
            results.append(Interval(gradient.low + part, gradient.high + part, bound))
        return PointGradient((results[0], results[1]))


@dataclass(frozen=True)
class _Along:
    """[C, M] each: dV/dx per pixel, and the sum of the magnitudes that make it up."""

    slope: Array
    weighed: Array


@dataclass(frozen=True)
class _Slopes:
    """[C, M] each."""

    x: _Along
    y: _Along
    twist: Array
    pixels: Array
    """The sum of the cell's |pixels|."""

    @property
    def twist_size(self) -> Array:
        return np.abs(self.twist)


def _slopes(scene: Scene) -> _Slopes:
    """Of each point's own cell."""
    corners, fx, fy = scene.corners, scene.x.fraction, scene.y.fraction
    a, b, c, d = corners.p00, corners.p01, corners.p10, corners.p11
    size_a, size_b, size_c, size_d = map(np.abs, (a, b, c, d))
    along_x = _Along((1 - fy) * (b - a) + fy * (d - c), (1 - fy) * (size_a + size_b) + fy * (size_c + size_d))
    along_y = _Along((1 - fx) * (c - a) + fx * (d - b), (1 - fx) * (size_a + size_c) + fx * (size_b + size_d))
    return _Slopes(along_x, along_y, (d - c) - (b - a), size_a + size_b + size_c + size_d)


def _weighed(scene: Scene) -> Array:
    """[C, M]: sum|weight pixel|."""
    corners, fx, fy = scene.corners, scene.x.fraction, scene.y.fraction
    top = (1 - fx) * np.abs(corners.p00) + fx * np.abs(corners.p01)
    bottom = (1 - fx) * np.abs(corners.p10) + fx * np.abs(corners.p11)
    return np.asarray((1 - fy) * top + fy * bottom)
