"""Sums as whole numbers: addition of int64 has no order, so whatever the threads do, the bits are the same.

Every plane [Ho, Wo] of the cotangent has its own unit. With max|cotangent| < 2^e over the plane and Ho Wo <= 2^b, one unit is
2^-k, k = 62 - b - e: the weights of an output sum to 1, so no pixel's sum passes Ho Wo 2^e 2^k = 2^62. Each contribution is
rounded to a unit, so n contributions are at most n 2^-k <= n max|cotangent| Ho Wo 2^-60 off: for 224 x 224 outputs
n 5e-14 max|cotangent|. In float32 that is less than one rounding of contributions that are larger than 8e-7 of the plane's
largest. For float64 images a second int64 takes what the first leaves, in units 2^(61 - b) times finer: 2^-(123 - 2 b - e).
"""

import torch

from stn_production.cuda.accumulation import settle
from stn_production.cuda.launching import new_like
from stn_production.cuda.sampling import Sampling

BITS = 62
"""Of 63, so that rounding up has room."""

BLOCK = 1024


class FixedPoint:
    """Buffers of one backward: int64 sums [limbs, N, C, H, W], marks of what is not finite, and scales [N, C].

    Args:
        cotangent: [N, C, Ho, Wo].
    """

    def __init__(self, cotangent: torch.Tensor, sampling: Sampling):
        N, C, H, W = sampling.image.shape
        self._channels_last = sampling.channels_last
        self.limbs = 2 if sampling.compute == torch.float64 else 1
        # Flat, in the order of the image's own memory format.
        self.sums = torch.zeros((self.limbs, N * C * H * W), dtype=torch.int64, device=cotangent.device)
        self.marks = torch.zeros((2, N * C * H * W), dtype=torch.uint8, device=cotangent.device)
        outputs = max(cotangent.shape[2] * cotangent.shape[3], 1)
        bits = (outputs - 1).bit_length()
        self.scales = _scales(cotangent, BITS - bits)
        self.second_scale = 2.0 ** (BITS - 1 - bits)

    def settled(self, image: torch.Tensor) -> torch.Tensor:
        """grad_image [N, C, H, W] of the sums."""
        gradient = new_like(image, tuple(image.shape), self._channels_last)
        elements = image.numel()
        settle[(-(-elements // BLOCK),)](
            self.sums,
            self.marks,
            self.scales,
            gradient,
            self.second_scale,
            elements,
            image.shape[1],
            image.shape[2] * image.shape[3],
            self._channels_last,
            self.limbs,
            BLOCK,
        )
        return gradient


def _scales(cotangent: torch.Tensor, room: int) -> torch.Tensor:
    """[N, C] float64: 2^k, the most with which `room` bits hold every finite cotangent of the plane."""
    largest = torch.nan_to_num(cotangent, nan=0.0, posinf=0.0, neginf=0.0).abs().amax((2, 3)).double()
    exponent = torch.frexp(largest)[1].long()
    # A power of two by its bits: exp2 need not be exact everywhere. Beyond 2^1000 cotangents are subnormal in float64.
    power = (room - exponent).clamp(-1022, 1000)
    return ((power + 1023) << 52).view(torch.float64)
