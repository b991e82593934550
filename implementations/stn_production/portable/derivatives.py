"""Tangents and second gradients, for grid and theta alike ("places"), in plain torch operations: differentiable once more.

V is the output, v its cotangent, U the image, q the points; the first gradients are paired with directions a and b,

    S = <grad_image, a> + <grad_points, b> = sum v (V(a) + bx dV(U)/dx + by dV(U)/dy).

Inside a cell V is bilinear: d2V/dx2 = d2V/dy2 = 0, and the twist d2V/dxdy is constant.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from stn_production.portable.coordinates import Generator, Points
from stn_production.portable.kernels import point_gradient, stencil_of
from stn_production.portable.stencil import Stencil


class Call(NamedTuple):
    """What was sampled: an image by a grid or theta."""

    image: Tensor
    places: Tensor
    generator: Generator
    padding: str

    @property
    def stencil(self) -> Stencil:
        """Where it reads."""
        return stencil_of(*self)


def tangent(call: Call, image: Tensor | None, places: Tensor | None) -> Tensor:
    """dV along directions of image and places (None: zero), in the image's dtype. It is also dS/dv."""
    stencil = call.stencil
    return _tangent(call, stencil, image, _direction(call, stencil, places)).to(call.image.dtype)


def backward_tangents(
    call: Call, cotangent: Tensor, moved: tuple[Tensor | None, Tensor | None, Tensor | None]
) -> tuple[Tensor, Tensor]:
    """How the gradients of image and places move along directions of cotangent, image and places (None: zero)."""
    stencil = call.stencil
    v, dv = cotangent.to(stencil.dtype), moved[0]
    direction = _direction(call, stencil, moved[2])
    by_image = _zeros_like(call.image, stencil) if dv is None else stencil.scatter(dv.to(stencil.dtype))
    if direction is not None:
        by_image = by_image + stencil.scatter_slopes(v, direction)
    by_places = _paired(call, stencil, v, moved[1], direction)
    if dv is not None:
        slopes = stencil.slopes(stencil.corners(call.image))
        by_places = by_places + call.generator.gradient(point_gradient(stencil, dv.to(stencil.dtype), slopes))
    return by_image.to(call.image.dtype), by_places.to(call.places.dtype)


def second_gradients(
    call: Call,
    cotangent: Tensor,
    along: tuple[Tensor | None, Tensor | None],
    needed: tuple[bool, bool, bool],
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """dS/dv, dS/dU and dS/dplaces, each in its own dtype, for directions a and b (None: zero); None where not needed."""
    stencil = call.stencil
    v = cotangent.to(stencil.dtype)
    direction = _direction(call, stencil, along[1])
    by_cotangent, by_image, by_places = None, None, None
    if needed[0]:
        by_cotangent = _tangent(call, stencil, along[0], direction).to(cotangent.dtype)
    if needed[1]:
        moved = (
            _zeros_like(call.image, stencil) if direction is None else stencil.scatter_slopes(v, direction)
        )
        by_image = moved.to(call.image.dtype)
    if needed[2]:
        by_places = _paired(call, stencil, v, along[0], direction).to(call.places.dtype)
    return by_cotangent, by_image, by_places


def _direction(call: Call, stencil: Stencil, places: Tensor | None) -> Points | None:
    return None if places is None else call.generator.direction(places.to(stencil.dtype))


def _tangent(call: Call, stencil: Stencil, image: Tensor | None, direction: Points | None) -> Tensor:
    """V(a) + bx dV(U)/dx + by dV(U)/dy."""
    parts = [] if image is None else [stencil.value(stencil.corners(image))]
    if direction is not None:
        slopes = stencil.slopes(stencil.corners(call.image))
        parts += [slope * moved[:, None] for slope, moved in zip(slopes, direction, strict=True)]
    if not parts:
        shape = (*call.image.shape[:2], *stencil.finite.shape[1:])
        return stencil.zeros(shape)
    return sum(parts[1:], start=parts[0])


def _paired(
    call: Call, stencil: Stencil, v: Tensor, image: Tensor | None, direction: Points | None
) -> Tensor:
    """dS/dplaces: of x, sum over channels of v (dV(a)/dx + by d2V(U)/dxdy); of y likewise."""
    parts: list[Points] = [] if image is None else [stencil.slopes(stencil.corners(image))]
    if direction is not None:
        twist = stencil.twist(stencil.corners(call.image))
        parts.append(Points(twist * direction.y[:, None], twist * direction.x[:, None]))
    if not parts:
        return torch.zeros_like(call.places, dtype=stencil.dtype)
    total = Points(*(sum(each[1:], start=each[0]) for each in zip(*parts, strict=True)))
    return call.generator.gradient(point_gradient(stencil, v, total))


def _zeros_like(image: Tensor, stencil: Stencil) -> Tensor:
    return stencil.zeros(tuple(image.shape))
