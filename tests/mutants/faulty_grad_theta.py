"""Faults of the gradient with respect to theta alone: output, grid and grad_input are right."""

import numpy as np
from faults import fault
from sampler import Array, Sampler

FUSED = ("transform", "generate")


@fault("the translation's column is per output pixel", "grad_theta", functions=FUSED)
class TranslationScaled(Sampler):
    def theta_gradient(self, cotangent: Array, size: tuple[int, int], aligned: bool) -> Array:
        gradient = super().theta_gradient(cotangent, size, aligned)
        gradient[:, :, 2] *= 2 / np.array([size[1], size[0]])
        return gradient


@fault("the linear part is transposed", "grad_theta", functions=FUSED)
class TransposedTheta(Sampler):
    def theta_gradient(self, cotangent: Array, size: tuple[int, int], aligned: bool) -> Array:
        gradient = super().theta_gradient(cotangent, size, aligned)
        gradient[:, :, :2] = np.swapaxes(gradient[:, :, :2], 1, 2).copy()
        return gradient


@fault("rows swapped", "grad_theta", source="Z84", functions=FUSED)
class SwappedThetaGradient(Sampler):
    def theta_gradient(self, cotangent: Array, size: tuple[int, int], aligned: bool) -> Array:
        return super().theta_gradient(cotangent, size, aligned)[:, ::-1]


@fault(
    "target coordinates of the backward pass are left edges: off by half a pixel",
    "grad_theta",
    functions=FUSED,
)
class LeftEdgesBackward(Sampler):
    def theta_gradient(self, cotangent: Array, size: tuple[int, int], aligned: bool) -> Array:
        gradient = super().theta_gradient(cotangent, size, aligned)
        gradient[:, :, :2] -= gradient[:, :, 2:] / np.array([size[1], size[0]])
        return gradient


@fault("the mean over outputs instead of their sum", "grad_theta", functions=FUSED)
class MeanOverOutputs(Sampler):
    def theta_gradient(self, cotangent: Array, size: tuple[int, int], aligned: bool) -> Array:
        return super().theta_gradient(cotangent, size, aligned) / (size[0] * size[1])


@fault("summed over the batch", "grad_theta", functions=FUSED)
class SummedOverBatch(Sampler):
    def theta_gradient(self, cotangent: Array, size: tuple[int, int], aligned: bool) -> Array:
        gradient = super().theta_gradient(cotangent, size, aligned)
        return np.repeat(gradient.sum(axis=0, keepdims=True), len(gradient), axis=0)


@fault("zero: theta never reached the tape", "grad_theta", source="Z47 Z92", functions=FUSED)
class NoThetaGradient(Sampler):
    def theta_gradient(self, cotangent: Array, size: tuple[int, int], aligned: bool) -> Array:
        return np.zeros_like(super().theta_gradient(cotangent, size, aligned))


@fault("the last row of outputs is left out of the sum", "grad_theta", functions=FUSED)
class LastRowLeftOut(Sampler):
    def theta_gradient(self, cotangent: Array, size: tuple[int, int], aligned: bool) -> Array:
        kept = cotangent.copy()
        kept[:, -1] = 0
        return super().theta_gradient(kept, size, aligned)


@fault("too large by 1e-5 of itself", "grad_theta", functions=FUSED)
class ThetaGradientOff(Sampler):
    def theta_gradient(self, cotangent: Array, size: tuple[int, int], aligned: bool) -> Array:
        return super().theta_gradient(cotangent, size, aligned) * (1 + 1e-5)
