"""The operators `stn_production::*`: opaque to compilers, whose shapes, dtypes and strides they are told.

A result that is not needed comes back as an empty tensor, for an operator returns no None.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from stn_production import execution
from stn_production.dispatch import Gradients
from stn_production.layout import memory_format

_LIBRARY = torch.library.Library("stn_production", "DEF")

_CHOICES = "bool align_corners, str padding"
_LIBRARY.define(f"transform(Tensor image, Tensor theta, SymInt[2] size, {_CHOICES}) -> Tensor")
_LIBRARY.define(
    f"transform_backward(Tensor cotangent, Tensor image, Tensor theta, {_CHOICES}, bool need_image, bool need_theta)"
    " -> (Tensor, Tensor)"
)
_LIBRARY.define(f"sample(Tensor image, Tensor grid, {_CHOICES}) -> Tensor")
_LIBRARY.define(
    f"sample_backward(Tensor cotangent, Tensor image, Tensor grid, {_CHOICES}, bool need_image, bool need_grid)"
    " -> (Tensor, Tensor)"
)
_LIBRARY.define("grid(Tensor theta, SymInt[2] size, bool align_corners) -> Tensor")
_LIBRARY.define("grid_backward(Tensor cotangent, bool align_corners) -> Tensor")


def _transform_backward(cotangent: Tensor, image: Tensor, theta: Tensor, *rest: Any) -> tuple[Tensor, Tensor]:
    return _told(image, theta, execution.transform_backward(cotangent, image, theta, *rest))


def _sample_backward(cotangent: Tensor, image: Tensor, grid: Tensor, *rest: Any) -> tuple[Tensor, Tensor]:
    return _told(image, grid, execution.sample_backward(cotangent, image, grid, *rest))


def _told(image: Tensor, places: Tensor, gradients: Gradients) -> tuple[Tensor, Tensor]:
    by_image, by_places = gradients
    return (
        image.new_empty(0) if by_image is None else by_image,
        places.new_empty(0) if by_places is None else by_places,
    )


for _name, _kernel in (
    ("transform", execution.transform),
    ("transform_backward", _transform_backward),
    ("sample", execution.sample),
    ("sample_backward", _sample_backward),
    ("grid", execution.grid),
    ("grid_backward", execution.grid_backward),
):
    _LIBRARY.impl(_name, _kernel, "CompositeExplicitAutograd")


@torch.library.register_fake("stn_production::transform", lib=_LIBRARY)
def _(image: Tensor, theta: Tensor, size: Sequence[int], align_corners: bool, padding: str) -> Tensor:
    return _like(image, (image.shape[0], image.shape[1], size[0], size[1]))


@torch.library.register_fake("stn_production::sample", lib=_LIBRARY)
def _(image: Tensor, grid: Tensor, align_corners: bool, padding: str) -> Tensor:
    return _like(image, (image.shape[0], image.shape[1], grid.shape[1], grid.shape[2]))


@torch.library.register_fake("stn_production::transform_backward", lib=_LIBRARY)
@torch.library.register_fake("stn_production::sample_backward", lib=_LIBRARY)
def _fake_backward(
    cotangent: Tensor,
    image: Tensor,
    places: Tensor,
    align_corners: bool,
    padding: str,
    need_image: bool,
    need_places: bool,
) -> tuple[Tensor, Tensor]:
    return (
        _like(image, image.shape) if need_image else image.new_empty(0),
        places.new_empty(places.shape) if need_places else places.new_empty(0),
    )


@torch.library.register_fake("stn_production::grid", lib=_LIBRARY)
def _(theta: Tensor, size: Sequence[int], align_corners: bool) -> Tensor:
    return theta.new_empty((theta.shape[0], size[0], size[1], 2))


@torch.library.register_fake("stn_production::grid_backward", lib=_LIBRARY)
def _(cotangent: Tensor, align_corners: bool) -> Tensor:
    return cotangent.new_empty((cotangent.shape[0], 2, 3))


def _like(image: Tensor, shape: Sequence[int]) -> Tensor:
    return torch.empty(shape, dtype=image.dtype, device=image.device, memory_format=memory_format(image))


def transform(
    image: Tensor, theta: Tensor, size: tuple[int, int], align_corners: bool, padding: str
) -> Tensor:
    """[N,C,H,W], [N,2,3], (Ho,Wo) -> [N,C,Ho,Wo], in the image's dtype."""
    return torch.ops.stn_production.transform(image, theta, size, align_corners, padding)


def transform_backward(cotangent: Tensor, image: Tensor, theta: Tensor, *rest: Any) -> tuple[Tensor, Tensor]:
    """The gradients of image and theta; `rest`: align_corners, padding, and which are needed."""
    return torch.ops.stn_production.transform_backward(cotangent, image, theta, *rest)


def sample(image: Tensor, grid: Tensor, align_corners: bool, padding: str) -> Tensor:
    """[N,C,H,W], [N,Ho,Wo,2] -> [N,C,Ho,Wo], in the image's dtype."""
    return torch.ops.stn_production.sample(image, grid, align_corners, padding)


def sample_backward(cotangent: Tensor, image: Tensor, grid: Tensor, *rest: Any) -> tuple[Tensor, Tensor]:
    """The gradients of image and grid; `rest`: align_corners, padding, and which are needed."""
    return torch.ops.stn_production.sample_backward(cotangent, image, grid, *rest)


def grid(theta: Tensor, size: tuple[int, int], align_corners: bool) -> Tensor:
    """[N,2,3], (Ho,Wo) -> [N,Ho,Wo,2], in theta's dtype."""
    return torch.ops.stn_production.grid(theta, size, align_corners)


def grid_backward(cotangent: Tensor, align_corners: bool) -> Tensor:
    """The adjoint of `grid`: [N,Ho,Wo,2] -> [N,2,3], in the cotangent's dtype."""
    return torch.ops.stn_production.grid_backward(cotangent, align_corners)
