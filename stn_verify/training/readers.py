"""What stands in the place of the transformer while a classifier is trained."""

from typing import Protocol

import numpy as np

import stn_reference
from stn_verify.bounds.affine import affine_grid
from stn_verify.cases.training import TrainingCase
from stn_verify.contract.target import Call, Target
from stn_verify.formats import Array


class Reader(Protocol):
    """Images [N, 1, H, W] through thetas [N, 2, 3]."""

    def output(self, images: Array, theta: Array) -> Array:
        """[N, 1, Ho, Wo].

        Raises:
            TargetFailure: a target brought no result.
        """
        ...

    def theta_gradient(self, images: Array, theta: Array, cotangent: Array) -> Array:
        """[N, 2, 3], of <output, cotangent>.

        Raises:
            TargetFailure: a target brought no result.
        """
        ...


def grid_of(case: TrainingCase, theta: Array) -> Array:
    """[N, Ho, Wo, 2]: the harness' own grid, for those who take no theta, as the storage dtype holds it."""
    return case.storage.round(affine_grid(theta, case.size, align_corners=case.convention.align_corners))


def generated(case: TrainingCase, theta: Array, grad_grid: Array) -> Array:
    """[N, 2, 3]: the gradient by the grid, taken on to theta."""
    return stn_reference.affine_grid_vjp(
        theta, case.size, grad_grid, align_corners=case.convention.align_corners
    )


class TargetReader:
    """The target's `transform`, or its `sample` with the harness' own grid."""

    def __init__(self, target: Target, case: TrainingCase) -> None:
        self._target = target
        self._case = case

    def output(self, images: Array, theta: Array) -> Array:
        """1 forward."""
        return self._target.call(self._call(images, theta)).output

    def theta_gradient(self, images: Array, theta: Array, cotangent: Array) -> Array:
        """1 backward, by theta or grid alone: images are data."""
        call = self._call(images, theta, self._case.storage.round(cotangent))
        gradient = self._target.call(call).gradients[call.gradients[0]]
        return gradient if self._case.function == "transform" else generated(self._case, theta, gradient)

    def _call(self, images: Array, theta: Array, cotangent: Array | None = None) -> Call:
        case = self._case
        steered = {"theta": theta} if case.function == "transform" else {"grid": grid_of(case, theta)}
        return Call(
            function=case.function,
            arrays={"image": images, **steered},
            dtype=case.dtype,
            convention=case.convention,
            size=case.size if case.function == "transform" else None,
            cotangent=cotangent,
            gradients=() if cotangent is None else tuple(steered),
        )


class ReferenceReader:
    """The reference, in float64."""

    def __init__(self, case: TrainingCase, subgradient: str = "right") -> None:
        self._case = case
        self._subgradient = subgradient
        self._padding = case.convention.padding
        self._aligned = case.convention.align_corners

    def output(self, images: Array, theta: Array) -> Array:
        """Equation 5."""
        if self._case.function == "sample":
            grid = grid_of(self._case, theta)
            return stn_reference.sample(images, grid, padding=self._padding, align_corners=self._aligned)
        return stn_reference.transform(
            images, theta, self._case.size, padding=self._padding, align_corners=self._aligned
        )

    def theta_gradient(self, images: Array, theta: Array, cotangent: Array) -> Array:
        """Equation 7, and the generator's transpose."""
        if self._case.function == "sample":
            _, grad_grid = stn_reference.sample_vjp(
                images,
                grid_of(self._case, theta),
                cotangent,
                padding=self._padding,
                align_corners=self._aligned,
                subgradient=self._subgradient,
            )
            return generated(self._case, theta, grad_grid)
        _, grad_theta = stn_reference.transform_vjp(
            images,
            theta,
            self._case.size,
            cotangent,
            padding=self._padding,
            align_corners=self._aligned,
            subgradient=self._subgradient,
        )
        return grad_theta


class NoTransformer:
    """Whatever theta is predicted, the identity is read, and nothing is learnt of it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def output(self, images: Array, theta: Array) -> Array:
        """As the identity reads."""
        identity = np.broadcast_to(np.eye(2, 3), theta.shape)
        return self._reader.output(images, identity)

    def theta_gradient(self, images: Array, theta: Array, cotangent: Array) -> Array:
        """Zero."""
        return np.zeros_like(theta)
