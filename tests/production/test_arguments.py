"""What is said of wrong arguments, by each function and module, with the value and what is known."""

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the production sampler is a torch operator")

import stn_production  # noqa: E402  after the skip, for it imports torch
from stn_production import DeviceError, DtypeError, ShapeError, UnknownChoiceError  # noqa: E402  likewise

IMAGE, THETA, GRID = torch.ones(2, 3, 5, 7), torch.ones(2, 2, 3), torch.ones(2, 4, 6, 2)

WRONG: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "grid without pairs": (
        lambda: stn_production.grid_sample(IMAGE, GRID[..., :1]),
        ShapeError,
        r"grid has shape \[2, 4, 6, 1\]; it must be \[N, Ho, Wo, 2\]",
    ),
    "grid of another batch": (
        lambda: stn_production.grid_sample(IMAGE, GRID[:1]),
        ShapeError,
        r"grid has shape \[1, 4, 6, 2\] and image \[2, 3, 5, 7\]",
    ),
    "grid elsewhere": (
        lambda: stn_production.grid_sample(IMAGE, GRID.to("meta")),
        DeviceError,
        "image is on cpu and grid on meta",
    ),
    "theta elsewhere": (
        lambda: stn_production.spatial_transform(IMAGE, THETA.to("meta"), (4, 6)),
        DeviceError,
        "image is on cpu and theta on meta",
    ),
    "grid of whole numbers": (
        lambda: stn_production.grid_sample(IMAGE, GRID.long()),
        DtypeError,
        "grid is of torch.int64; known: float64, float32, float16, bfloat16",
    ),
    "complex image": (
        lambda: stn_production.grid_sample(IMAGE.to(torch.complex64), GRID),
        DtypeError,
        "image is of torch.complex64",
    ),
    "volume": (
        lambda: stn_production.grid_sample(IMAGE[None], GRID),
        ShapeError,
        r"\[1, 2, 3, 5, 7\]; it must be \[N, C, H, W\]",
    ),
    "torch's size": (
        lambda: stn_production.affine_grid(THETA, (2, 3, 4, 6)),
        ShapeError,
        r"size is \(2, 3, 4, 6\); it must be \(Ho, Wo\)",
    ),
    "size of fractions": (
        lambda: stn_production.affine_grid(THETA, (4.0, 6)),
        ShapeError,
        r"size is \(4.0, 6\); Ho and Wo must be whole",
    ),
    "theta of one image": (
        lambda: stn_production.affine_grid(THETA[0], (4, 6)),
        ShapeError,
        r"theta has shape \[2, 3\]; it must be \[N, 2, 3\]",
    ),
    "align_corners of None": (
        lambda: stn_production.affine_grid(THETA, (4, 6), align_corners=None),
        UnknownChoiceError,
        "unknown align_corners None; known: True, False",
    ),
    "padding of a module": (
        lambda: stn_production.GridSample(padding="replicate"),
        UnknownChoiceError,
        "unknown padding 'replicate'; known: zeros, border, reflection",
    ),
    "size of a module": (
        lambda: stn_production.SpatialTransform(4),
        ShapeError,
        r"size is 4; it must be \(Ho, Wo\)",
    ),
    "negative size of a module": (
        lambda: stn_production.AffineGrid((4, -1)),
        ShapeError,
        r"size is \(4, -1\)",
    ),
}


@pytest.mark.parametrize(("call", "error", "words"), WRONG.values(), ids=WRONG)
def test_wrong_arguments(call: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as raised:
        call()
    assert isinstance(raised.value, stn_production.ArgumentError)


@pytest.mark.parametrize("function", [stn_production.grid_sample, stn_production.spatial_transform])
def test_choices_have_names(function: Callable[..., Any]) -> None:
    """A mode of torch's, given by position, is no padding."""
    with pytest.raises(TypeError, match="positional"):
        function(IMAGE, GRID, (4, 6), "bilinear")
