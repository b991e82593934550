"""The four kernels on torch tensors: layouts, types, and which of the loops does the work."""

from typing import Any

import numpy as np
import torch

from stn_production.cpu import blocks_backward, blocks_forward, general, planes_backward, planes_forward
from stn_production.cpu.points import PADDINGS, REFLECTION, Shape, pixel_coefficients, regular, theta_gradient
from stn_production.cpu.team import share
from stn_production.layout import memory_format, packed

Array = np.ndarray[Any, Any]
Size = tuple[int, int]

_TASKS = 16  # at least, where the image has the rows: enough for that many threads, and the same for every number of them
_FEW_PLANES = 4  # channels that are read plane by plane
_FEWEST_ROWS = 8  # of a band
_NARROW, _WIDE = (0,) * 4, (0,) * 16  # channels of a block
_NO_GRID = {torch.float32: np.empty(0, np.float32), torch.float64: np.empty(0, np.float64)}


def _interleaved(image: torch.Tensor) -> bool:
    return memory_format(image) == torch.channels_last


def _dense(image: torch.Tensor, interleaved: bool) -> torch.Tensor:
    return packed(image.detach(), torch.channels_last if interleaved else torch.contiguous_format)


def _flat(tensor: torch.Tensor) -> Array:
    """Return a dense tensor's memory; 16-bit floats as their bits: int16 for float16, uint16 for bfloat16."""
    if tensor.dim() == 4 and not tensor.is_contiguous():
        tensor = tensor.permute(0, 2, 3, 1)
    if tensor.dtype in {torch.float16, torch.bfloat16}:
        bits = tensor.view(torch.int16).numpy().reshape(-1)
        return bits if tensor.dtype == torch.float16 else bits.view(np.uint16)
    return tensor.numpy().reshape(-1)


def _empty(of: torch.Tensor, size: Size, interleaved: bool) -> torch.Tensor:
    layout = torch.channels_last if interleaved else torch.contiguous_format
    return torch.empty((*of.shape[:2], *size), dtype=of.dtype, device="cpu", memory_format=layout)


def _computed_in(*tensors: torch.Tensor) -> torch.dtype:
    return torch.float64 if any(tensor.dtype == torch.float64 for tensor in tensors) else torch.float32


def _narrower(image: torch.Tensor, theta: torch.Tensor) -> bool:
    """Whether an image must become float64 for its theta: kernels hold what they compute in, or 16 bits."""
    return theta.dtype == torch.float64 and image.dtype != torch.float64


def _bands(units: int, rows: int) -> int:
    return max(1, min(-(-_TASKS // units), rows // _FEWEST_ROWS))


class _Transform:
    """One call's sizes and theta, in pixels."""

    def __init__(
        self, image: torch.Tensor, theta: torch.Tensor, size: Size, align_corners: bool, padding: str
    ) -> None:
        N, C, H, W = image.shape
        self.shape = (N, C, H, W, size[0], size[1])
        self.dtype = _computed_in(image, theta)
        self.padding = PADDINGS[padding]
        self.coefficients = np.empty(6 * N)
        all_regular = pixel_coefficients(
            self.coefficients, _flat(theta.detach().contiguous()), self.shape, align_corners
        )  # fmt: skip
        self.width = _NARROW if len(_NARROW) >= C else _WIDE
        self.irregular: list[tuple[int, Array]] = []
        if self.padding == REFLECTION or not all_regular:
            self._leave_out()

    def _leave_out(self) -> None:
        """Take the images that the fast kernels cannot hold out of their coefficients."""
        for n in range(self.shape[0]):
            if self.padding == REFLECTION or not regular(self.coefficients, n):
                self.irregular.append((n, self.coefficients[6 * n : 6 * n + 6].copy()))
                self.coefficients[6 * n : 6 * n + 6] = 0

    @property
    def any_regular(self) -> bool:
        """Whether there is anything to do for the fast kernels."""
        return len(self.irregular) < self.shape[0]

    def in_planes(self, dtype: torch.dtype) -> bool:
        """Whether LANES pixels of an NCHW plane can be one vector, and are better so than packed into blocks of channels."""
        _, C, H, W, _, _ = self.shape
        return C <= _FEW_PLANES and min(H, W) > 1 and H * W < 2**31 and dtype == self.dtype


def transform_forward(
    image: torch.Tensor, theta: torch.Tensor, size: Size, align_corners: bool, padding: str
) -> torch.Tensor:
    """Sample images where theta sends the output's pixels: [N,C,H,W], [N,2,3] -> [N,C,Ho,Wo], dtype and layout of image."""
    if _narrower(image, theta):
        return transform_forward(image.double(), theta, size, align_corners, padding).to(image.dtype)
    interleaved = _interleaved(image)
    image = _dense(image, interleaved)
    output = _empty(image, size, interleaved)
    if output.numel() == 0:
        return output
    if 0 in image.shape[2:]:
        return output.zero_()
    call = _Transform(image, theta, size, align_corners, padding)
    N, C, _, _, Ho, _ = call.shape
    if call.any_regular and not interleaved and call.in_planes(image.dtype):
        bands = _bands(N, Ho)
        share(
            planes_forward.forward, N * bands, _flat(output), _flat(image), call.coefficients, call.shape,
            call.padding, bands, _NO_GRID[image.dtype],
        )  # fmt: skip
    elif call.any_regular:
        blocks = 1 if interleaved else -(-C // len(call.width))
        bands = _bands(N * blocks, Ho)
        share(
            blocks_forward.forward, N * blocks * bands, _flat(output), _flat(image), call.coefficients, call.shape,
            call.padding, not interleaved, bands, _NO_GRID[call.dtype], call.width,
        )  # fmt: skip
    for n, coefficients in call.irregular:
        _general_forward(output[n : n + 1], image[n : n + 1], coefficients, None, align_corners, call.padding)
    return output


def transform_backward(
    cotangent: torch.Tensor, image: torch.Tensor, theta: torch.Tensor, size: Size, align_corners: bool, padding: str,
    need_image: bool, need_theta: bool,
) -> tuple[torch.Tensor | None, torch.Tensor | None]:  # fmt: skip
    """Return the gradients of `transform_forward` with respect to image and theta, those that are needed."""
    if _narrower(image, theta):
        grad_image, grad_theta = transform_backward(
            cotangent.double(), image.double(), theta, size, align_corners, padding, need_image, need_theta
        )
        return None if grad_image is None else grad_image.to(image.dtype), grad_theta
    interleaved = _interleaved(image)
    image = _dense(image, interleaved)
    cotangent = _dense(cotangent, interleaved)
    N, C, H, W = image.shape
    if 0 in image.shape or 0 in size:
        grads = torch.zeros_like(image), torch.zeros_like(theta, memory_format=torch.contiguous_format)
        return grads[0] if need_image else None, grads[1] if need_theta else None
    call = _Transform(image, theta, size, align_corners, padding)
    grad_image = _empty(image, (H, W), interleaved)
    blocks = -(-C // len(call.width))
    bands = _bands(N * blocks, H)
    parts = np.empty(N * blocks * bands * 6)
    if call.any_regular and C == 1 and call.in_planes(image.dtype):
        share(
            planes_backward.backward, N * bands, _flat(grad_image), parts, _flat(cotangent), _flat(image), call.coefficients,
            call.shape, call.padding, bands,
        )  # fmt: skip
    elif call.any_regular:
        share(
            blocks_backward.backward, N * blocks * bands, _flat(grad_image), parts, _flat(cotangent), _flat(image),
            call.coefficients, call.shape, call.padding, not interleaved, bands, _NO_GRID[call.dtype], call.width,
        )  # fmt: skip
    for n, coefficients in call.irregular:
        one = slice(n, n + 1)
        places = coefficients, None, align_corners, call.padding
        if need_image:
            grad_image[one] = _general_grad_image(cotangent[one], image[one], *places)
        if need_theta:
            own = parts.reshape(N, blocks * bands, 6)[n]
            own[:] = 0
            own[0] = _general_points(cotangent[one], image[one], *places).sum(axis=0)
    if not need_theta:
        return grad_image if need_image else None, None
    grad_theta = torch.empty(theta.shape, dtype=theta.dtype, device="cpu")
    theta_gradient(_flat(grad_theta), parts, blocks * bands, call.shape, align_corners)
    return grad_image if need_image else None, grad_theta


def sample_forward(
    image: torch.Tensor, grid: torch.Tensor, align_corners: bool, padding: str
) -> torch.Tensor:
    """Sample images at a grid's points: [N,C,H,W], [N,Ho,Wo,2] -> [N,C,Ho,Wo], dtype and layout of image."""
    interleaved = _interleaved(image)
    image = _dense(image, interleaved)
    output = _empty(image, (grid.shape[1], grid.shape[2]), interleaved)
    if output.numel() == 0:
        return output
    if 0 in image.shape[2:]:
        return output.zero_()
    _general_forward(output, image, None, grid, align_corners, PADDINGS[padding])
    return output


def sample_backward(
    cotangent: torch.Tensor, image: torch.Tensor, grid: torch.Tensor, align_corners: bool, padding: str, need_image: bool,
    need_grid: bool,
) -> tuple[torch.Tensor | None, torch.Tensor | None]:  # fmt: skip
    """Return the gradients of `sample_forward` with respect to image and grid, those that are needed."""
    interleaved = _interleaved(image)
    image = _dense(image, interleaved)
    cotangent = _dense(cotangent, interleaved)
    if 0 in image.shape or 0 in grid.shape:
        grads = torch.zeros_like(image), torch.zeros_like(grid, memory_format=torch.contiguous_format)
        return grads[0] if need_image else None, grads[1] if need_grid else None
    places = None, grid, align_corners, PADDINGS[padding]
    grad_image = _general_grad_image(cotangent, image, *places) if need_image else None
    grad_grid = None
    if need_grid:
        grad_grid = torch.empty(grid.shape, dtype=grid.dtype, device="cpu")
        _general_points(cotangent, image, *places, grad_grid=grad_grid)
    return grad_image, grad_grid


def _general_places(
    image: torch.Tensor, coefficients: Array | None, grid: torch.Tensor | None
) -> tuple[Any, ...]:
    """Return (fused, coefficients, grid) as the general kernels take them."""
    if grid is None:
        return True, coefficients, _NO_GRID[torch.float32]
    return False, np.empty(0), _flat(grid.detach().contiguous().view(-1))


def _general_shape(image: torch.Tensor, of: torch.Tensor) -> Shape:
    return (*image.shape, of.shape[2], of.shape[3])


def _general_forward(
    output: torch.Tensor, image: torch.Tensor, coefficients: Array | None, grid: torch.Tensor | None, align_corners: bool,
    padding: int,
) -> None:  # fmt: skip
    shape = N, _, _, _, Ho, _ = _general_shape(image, output)
    share(
        general.forward, N * -(-Ho // general.BAND), _flat(output), _memory_strides(output), _flat(image),
        _memory_strides(image), *_general_places(image, coefficients, grid), shape, align_corners, padding,
    )  # fmt: skip


def _general_grad_image(
    cotangent: torch.Tensor, image: torch.Tensor, coefficients: Array | None, grid: torch.Tensor | None,
    align_corners: bool, padding: int,
) -> torch.Tensor:  # fmt: skip
    wide = torch.zeros_like(image, dtype=_computed_in(image))
    shape = N, C, *_ = _general_shape(image, cotangent)
    share(
        general.backward_image, N * -(-C // general.GROUP), _flat(wide), _memory_strides(wide), _flat(cotangent),
        _memory_strides(cotangent), *_general_places(image, coefficients, grid), shape, align_corners, padding,
    )  # fmt: skip
    return wide.to(image.dtype)


def _general_points(
    cotangent: torch.Tensor, image: torch.Tensor, coefficients: Array | None, grid: torch.Tensor | None,
    align_corners: bool, padding: int, grad_grid: torch.Tensor | None = None,
) -> Array:  # fmt: skip
    shape = N, _, _, _, Ho, _ = _general_shape(image, cotangent)
    tasks = N * -(-Ho // general.BAND)
    sums = np.zeros((tasks, 6))
    share(
        general.backward_points, tasks, sums.reshape(-1),
        _NO_GRID[torch.float32] if grad_grid is None else _flat(grad_grid.view(-1)), _flat(cotangent),
        _memory_strides(cotangent), _flat(image), _memory_strides(image),
        *_general_places(image, coefficients, grid), shape, align_corners, padding,
    )  # fmt: skip
    return sums


def _memory_strides(tensor: torch.Tensor) -> general.Strides:
    return tensor.stride()
