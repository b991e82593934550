"""The torch call that does the same, as code: `image` and `grid` (or `theta` and `size`) go in, `output` comes out."""

from dataclasses import dataclass

from stn_verify.contract.dialect import AxisOrder, ImageLayout
from stn_verify.identification.formulas import CONVENTIONS, Map
from stn_verify.identification.kernels import Kernel
from stn_verify.identification.model import Padding

TORCH_A = -0.75
TORCH_TIES = "half to even"

MODES = {"bilinear": "bilinear", "nearest": "nearest", "bicubic": "bicubic"}


class NoTorchCallError(Exception):
    """No torch call matches; the message completes "because ..."."""


@dataclass(frozen=True)
class Sampler:
    """What has to be matched."""

    kernel: Kernel
    ties: tuple[str, ...]
    padding: Padding
    maps: tuple[Map | None, Map | None]
    """Of x and y."""
    image_layout: ImageLayout
    output_layout: ImageLayout
    axis_order: AxisOrder


def sample_call(sampler: Sampler) -> str:
    """For a grid. Raises: NoTorchCallError: there is none."""
    _check(sampler)
    found = _map(sampler)
    grid = "grid" if sampler.axis_order == "xy" else "grid.flip(-1)"
    aligned, converted = _converted(grid, found, sampler.padding)
    lines = ["import torch.nn.functional as F", ""]
    if "size" in converted:
        # (W, H), in the order of a grid that torch takes.
        sides = "image.shape[:1:-1]" if sampler.image_layout == "NCHW" else "image.shape[2:0:-1]"
        lines.append(f"size = image.new_tensor({sides})")
    if sampler.padding.clipped:
        converted = f"{_bracketed(converted)}.clamp(-1, 1)"
    return "\n".join([*lines, _sampled(sampler, converted, aligned)])


def transform_call(sampler: Sampler, align_corners: bool, columns: AxisOrder) -> str:
    """For theta, whose generator has an align_corners of its own. Raises: NoTorchCallError: there is none."""
    _check(sampler)
    found = _map(sampler)
    if CONVENTIONS.get(found, (None, None))[0] != "normalised":
        raise NoTorchCallError(f"theta gives coordinates whose scale is {found.told('W')}")
    theta = "theta" if sampler.axis_order == "xy" else "theta[:, [1, 0]]"
    if columns == "yx":
        theta = f"{theta}[:, :, [1, 0, 2]]"
    lines = [
        "import torch.nn.functional as F",
        "",
        f"grid = F.affine_grid({theta}, [len(theta), 1, *size], align_corners={align_corners})",
    ]
    aligned, converted = _converted("grid", found, sampler.padding)
    if "size" in converted:
        sides = "image.shape[:1:-1]" if sampler.image_layout == "NCHW" else "image.shape[2:0:-1]"
        lines.append(f"sides = image.new_tensor({sides})")
        converted = converted.replace("size", "sides")
    if sampler.padding.clipped:
        converted = f"{_bracketed(converted)}.clamp(-1, 1)"
    return "\n".join([*lines, _sampled(sampler, converted, aligned)])


def _check(sampler: Sampler) -> None:
    padding, kernel = sampler.padding, sampler.kernel
    if padding.name == "wrap":
        raise NoTorchCallError("torch does not wrap around")
    if padding.cut:
        raise NoTorchCallError("torch fades to the padding over one pixel and does not cut")
    if kernel.name == "bicubic" and kernel.a != TORCH_A:
        raise NoTorchCallError(f"torch's bicubic has a = {TORCH_A}, this is {kernel}")
    if kernel.name == "nearest" and TORCH_TIES not in sampler.ties:
        raise NoTorchCallError(
            f"torch's nearest rounds {TORCH_TIES}, this one {' or '.join(sampler.ties) or 'by no known rule'}"
        )


def _map(sampler: Sampler) -> Map:
    x, y = sampler.maps
    if x is None or y is None:
        raise NoTorchCallError("the map from coordinates to pixels is no known formula")
    if x != y:
        raise NoTorchCallError("x and y follow different formulas")
    return x


def _converted(grid: str, found: Map, padding: Padding) -> tuple[bool, str]:
    """torch's align_corners, and the grid in its normalised coordinates."""
    units, aligned = CONVENTIONS.get(found, (None, None))
    mirrored = None if padding.name != "reflection" else padding.mirror == "centres"
    fits = mirrored is None or aligned is None or mirrored == aligned
    if units == "normalised" and fits:
        return bool(aligned), grid
    if units == "unit" and fits:
        return bool(aligned), f"2 * {grid} - 1"
    pixels = grid
    if units != "pixels":
        pixels = f"({grid} * {_factor(found.scale.told('size'))} + {found.offset.told('size')})"
    if mirrored:
        return True, f"2 * {pixels} / (size - 1) - 1"
    return False, f"(2 * {pixels} + 1) / size - 1"


def _factor(formula: str) -> str:
    return f"({formula})" if " " in formula else formula


def _bracketed(expression: str) -> str:
    return expression if expression in ("grid", "grid.flip(-1)") else f"({expression})"


def _sampled(sampler: Sampler, grid: str, aligned: bool) -> str:
    image = "image" if sampler.image_layout == "NCHW" else "image.permute(0, 3, 1, 2)"
    fill = sampler.padding.fill
    given = f"{image} - {fill!r}" if fill else image
    options = (
        f'mode="{MODES[sampler.kernel.name]}", padding_mode="{sampler.padding.name}", align_corners={aligned}'
    )
    call = f"F.grid_sample({given}, {grid}, {options})"
    if sampler.output_layout == "NHWC":
        call = f"{call}.permute(0, 2, 3, 1)"
    # The weights add up to one: what is added to every pixel is added to every output, outside too.
    return f"output = {fill!r} + {call}" if fill else f"output = {call}"
