"""Faults of grid generators of other families than affine."""

from collections.abc import Callable
from functools import partial

import numpy as np
from family_generator import FAMILIES, FamilyGenerator
from faults import fault
from sampler import Array

Points = tuple[Array, Array]

family_fault: Callable[..., Callable[[type], object]] = partial(
    fault, functions=("generate",), checks=("generators",), families=FAMILIES, group="families"
)


@family_fault("a translation is doubled, as if the image were one unit wide", "grid")
class DoubledTranslation(FamilyGenerator):
    def translation(self, theta: Array, x: Array, y: Array) -> Points:
        return super().translation(2 * theta, x, y)


@family_fault("attention zooms in where it should zoom out", "grid")
class InverseScale(FamilyGenerator):
    def attention(self, theta: Array, x: Array, y: Array) -> Points:
        scale = np.where(theta[:, :1] == 0, 1, theta[:, :1])
        return super().attention(np.concatenate([1 / scale, theta[:, 1:]], axis=1), x, y)


@family_fault("the scale's gradient is that of x alone", "grad_theta")
class ScaleOfX(FamilyGenerator):
    def attention_gradient(self, theta: Array, x: Array, y: Array, u: Array, v: Array) -> Array:
        return super().attention_gradient(theta, x, y, u, np.zeros_like(v)) + np.stack(
            [np.zeros(len(v)), np.zeros(len(v)), v.sum(1)], axis=1
        )


@family_fault("a similarity turns the other way", "grid")
class TurnedBack(FamilyGenerator):
    def similarity(self, theta: Array, x: Array, y: Array) -> Points:
        return super().similarity(theta * np.array([1, -1, 1, 1]), x, y)


@family_fault("the gradient of a turn has the wrong sign", "grad_theta")
class TurnsGradientBack(FamilyGenerator):
    def similarity_gradient(self, theta: Array, x: Array, y: Array, u: Array, v: Array) -> Array:
        return super().similarity_gradient(theta, x, y, u, v) * np.array([1, -1, 1, 1])


@family_fault("only x is divided by the depth", "grid")
class UndividedY(FamilyGenerator):
    def projective(self, theta: Array, x: Array, y: Array) -> Points:
        _, below, _ = self.homogeneous(theta, x, y)
        return super().projective(theta, x, y)[0], below


@family_fault("the depth is a constant to the gradient", "grad_theta")
class DetachedDepth(FamilyGenerator):
    def projective_gradient(self, theta: Array, x: Array, y: Array, u: Array, v: Array) -> Array:
        return super().projective_gradient(theta, x, y, u, v) * np.array([1] * 6 + [0] * 2)


@family_fault("points behind the plane are held in front of it", "grid")
class DepthClamped(FamilyGenerator):
    def homogeneous(self, theta: Array, x: Array, y: Array) -> tuple[Array, Array, Array]:
        above, below, depth = super().homogeneous(theta, x, y)
        return above, below, np.maximum(depth, 1e-3)


@family_fault("depths below zero count as positive", "grid")
class FoldedDepth(FamilyGenerator):
    def homogeneous(self, theta: Array, x: Array, y: Array) -> tuple[Array, Array, Array]:
        above, below, depth = super().homogeneous(theta, x, y)
        return above, below, np.abs(depth)


@family_fault("1e-8 is added to every depth, against zero", "grid")
class GuardedDepth(FamilyGenerator):
    def homogeneous(self, theta: Array, x: Array, y: Array) -> tuple[Array, Array, Array]:
        above, below, depth = super().homogeneous(theta, x, y)
        return above, below, depth + 1e-8


@family_fault("a line at infinity in one image spoils the batch", "grid")
class SpoiltBatch(FamilyGenerator):
    def projective(self, theta: Array, x: Array, y: Array) -> Points:
        across, down = super().projective(theta, x, y)
        return (across, down) if np.isfinite(across).all() else (across * np.nan, down * np.nan)


@family_fault("the kernel is halved at the points, and whole in the system", "grid", "grad_theta")
class HalvedAtPoints(FamilyGenerator):
    def weights(self, count: int, x: Array, y: Array) -> Array:
        control = self.lattice(count, x.dtype)
        rows = self.spread(x, y, control)
        rows[:, :count] /= 2
        return rows @ self.inverse(control)


@family_fault("log(r^2 + 1e-6), against the logarithm of nothing", "grid", "grad_theta")
class GuardedLogarithm(FamilyGenerator):
    def kernel(self, squared: Array) -> Array:
        return squared * np.log(squared + 1e-6)


@family_fault("the kernel is r log r", "grid", "grad_theta")
class RLogR(FamilyGenerator):
    def kernel(self, squared: Array) -> Array:
        return super().kernel(np.sqrt(squared))


@family_fault("the gradient of a spline leaves out its affine part", "grad_theta")
class SplineWithoutPlane(FamilyGenerator):
    def thin_plate_gradient(self, theta: Array, x: Array, y: Array, u: Array, v: Array) -> Array:
        control = self.lattice(theta.shape[1], x.dtype)
        weights = self.spread(x, y, control)[:, :-3] @ self.inverse(control)[:-3]
        return np.stack([u @ weights, v @ weights], axis=-1)


@family_fault("control points go down the columns", "grid", "grad_theta")
class TransposedLattice(FamilyGenerator):
    def lattice(self, count: int, dtype: np.dtype) -> Array:
        return super().lattice(count, dtype)[:, ::-1]


@family_fault("a displacement is in pixels", "grid")
class DisplacedPixels(FamilyGenerator):
    def displacement(self, theta: Array, x: Array, y: Array) -> Points:
        height, width = theta.shape[1:3]
        return super().displacement(theta * np.array([2 / width, 2 / height]), x, y)


@family_fault("a spline of float64 is solved in float32", "grid", "grad_theta", effective_precision="float32")
class CoarseSpline(FamilyGenerator):
    def inverse(self, control: Array) -> Array:
        return super().inverse(control.astype(np.float32)).astype(control.dtype)
