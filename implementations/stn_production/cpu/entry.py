"""The transform's two kernels on torch tensors: which of the loops does the work."""

import numpy as np
import torch

from stn_production.cpu import blocks_backward, blocks_forward, few_planes, planes_backward, planes_forward
from stn_production.cpu.leftovers import general_forward, general_grad_image, general_points
from stn_production.cpu.points import PADDINGS, REFLECTION, pixel_coefficients, regular, theta_gradient
from stn_production.cpu.team import share
from stn_production.cpu.tensors import (
    EMPTY,
    Array,
    Size,
    bands_of,
    block,
    computed_in,
    dense,
    empty,
    flat,
    interleaved_memory,
    narrower,
)


class _Transform:
    """One call's sizes and theta, in pixels."""

    def __init__(
        self, image: torch.Tensor, theta: torch.Tensor, size: Size, align_corners: bool, padding: str
    ) -> None:
        N, C, H, W = image.shape
        self.shape = (N, C, H, W, size[0], size[1])
        self.dtype = computed_in(image, theta)
        self.padding = PADDINGS[padding]
        self.coefficients = np.empty(6 * N)
        all_regular = pixel_coefficients(
            self.coefficients, flat(theta.detach().contiguous()), self.shape, align_corners
        )  # fmt: skip
        self.width = block(C)
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
    def block_bytes(self) -> int:
        """What the pixels of a block of channels take, packed."""
        return self.shape[2] * self.shape[3] * len(self.width) * self.dtype.itemsize

    @property
    def any_regular(self) -> bool:
        """Whether there is anything to do for the fast kernels."""
        return len(self.irregular) < self.shape[0]

    def in_planes(self, dtype: torch.dtype) -> bool:
        """Whether LANES pixels of an NCHW plane can be one vector, and are better so than packed into blocks of channels."""
        _, C, H, W, _, _ = self.shape
        return C <= few_planes.MOST and min(H, W) > 1 and H * W < 2**31 and dtype == self.dtype


def transform_forward(
    image: torch.Tensor, theta: torch.Tensor, size: Size, align_corners: bool, padding: str
) -> torch.Tensor:
    """Sample images where theta sends the output's pixels: [N,C,H,W], [N,2,3] -> [N,C,Ho,Wo], dtype and layout of image."""
    at_once = few_planes.forward(image, theta, size, align_corners, PADDINGS[padding])
    if at_once is not None:
        return at_once
    if narrower(image, theta):
        return transform_forward(image.double(), theta, size, align_corners, padding).to(image.dtype)
    interleaved = interleaved_memory(image)
    image = dense(image, interleaved)
    output = empty(image, size, interleaved)
    if output.numel() == 0:
        return output
    if 0 in image.shape[2:]:
        return output.zero_()
    call = _Transform(image, theta, size, align_corners, padding)
    N, C, _, _, Ho, _ = call.shape
    if call.any_regular and not interleaved and call.in_planes(image.dtype):
        bands = bands_of(N, Ho)
        share(
            planes_forward.forward, N * bands, flat(output), flat(image), call.coefficients, call.shape,
            call.padding, bands, EMPTY[image.dtype],
        )  # fmt: skip
    elif call.any_regular:
        blocks = 1 if interleaved else -(-C // len(call.width))
        bands = bands_of(N * blocks, Ho, 0 if interleaved else call.block_bytes)
        share(
            blocks_forward.forward, N * blocks * bands, flat(output), flat(image), call.coefficients, call.shape,
            call.padding, not interleaved, bands, EMPTY[call.dtype], call.width,
        )  # fmt: skip
    for n, coefficients in call.irregular:
        general_forward(output[n : n + 1], image[n : n + 1], coefficients, None, align_corners, call.padding)
    return output


def transform_backward(
    cotangent: torch.Tensor, image: torch.Tensor, theta: torch.Tensor, size: Size, align_corners: bool, padding: str,
    need_image: bool, need_theta: bool,
) -> tuple[torch.Tensor | None, torch.Tensor | None]:  # fmt: skip
    """Return the gradients of `transform_forward` with respect to image and theta, those that are needed."""
    both = few_planes.backward(cotangent, image, theta, size, align_corners, PADDINGS[padding])
    if both is not None:
        return both[0] if need_image else None, both[1] if need_theta else None
    if narrower(image, theta):
        grad_image, grad_theta = transform_backward(
            cotangent.double(), image.double(), theta, size, align_corners, padding, need_image, need_theta
        )
        return None if grad_image is None else grad_image.to(image.dtype), grad_theta
    interleaved = interleaved_memory(image)
    image = dense(image, interleaved)
    cotangent = dense(cotangent, interleaved)
    N, C, H, W = image.shape
    if 0 in image.shape or 0 in size:
        grads = torch.zeros_like(image), torch.zeros_like(theta, memory_format=torch.contiguous_format)
        return grads[0] if need_image else None, grads[1] if need_theta else None
    call = _Transform(image, theta, size, align_corners, padding)
    grad_image = empty(image, (H, W), interleaved)
    blocks = -(-C // len(call.width))
    in_planes = C == 1 and call.in_planes(image.dtype)
    scratch = 0 if in_planes else call.block_bytes * (1 if interleaved else 2)  # the gradient, and the image
    pixels = N * C * (H * W + size[0] * size[1])  # of image and output, and again of their gradients
    bands = bands_of(N * blocks, H, scratch, 2 * pixels * image.element_size())
    parts = np.empty(N * blocks * bands * 6)
    if call.any_regular and in_planes:
        share(
            planes_backward.backward, N * bands, flat(grad_image), parts, flat(cotangent), flat(image), call.coefficients,
            call.shape, call.padding, bands,
        )  # fmt: skip
    elif call.any_regular:
        share(
            blocks_backward.backward, N * blocks * bands, flat(grad_image), parts, flat(cotangent), flat(image),
            call.coefficients, call.shape, call.padding, not interleaved, bands, EMPTY[call.dtype], call.width,
        )  # fmt: skip
    for n, coefficients in call.irregular:
        one = slice(n, n + 1)
        places = coefficients, None, align_corners, call.padding
        if need_image:
            grad_image[one] = general_grad_image(cotangent[one], image[one], *places)
        if need_theta:
            own = parts.reshape(N, blocks * bands, 6)[n]
            own[:] = 0
            own[0] = general_points(cotangent[one], image[one], *places).sum(axis=0)
    if not need_theta:
        return grad_image if need_image else None, None
    grad_theta = torch.empty(theta.shape, dtype=theta.dtype, device="cpu")
    theta_gradient(flat(grad_theta), parts, blocks * bands, call.shape, align_corners)
    return grad_image if need_image else None, grad_theta
