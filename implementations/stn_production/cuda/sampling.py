"""What is sampled, and where: the arguments that every backward kernel shares."""

from dataclasses import dataclass
from functools import cached_property

import torch

from stn_production.cuda.launching import compute_dtype, is_channels_last, laid_out


@dataclass(frozen=True, eq=False)
class Sampling:
    """image [N, C, H, W] at theta [N, 2, 3] (`fused`) or at grid [N, Ho, Wo, 2]; size = (Ho, Wo)."""

    image: torch.Tensor
    source: torch.Tensor
    size: tuple[int, int]
    align_corners: bool
    padding: str
    fused: bool

    @cached_property
    def channels_last(self) -> bool:
        """Whether everything of the image's kind is in that memory format."""
        return is_channels_last(self.image)

    @cached_property
    def pixels(self) -> torch.Tensor:
        """The image, contiguous in its memory format."""
        return laid_out(self.image, self.channels_last)

    @cached_property
    def places(self) -> torch.Tensor:
        """Theta or grid, contiguous."""
        return self.source.contiguous()

    @property
    def compute(self) -> torch.dtype:
        """What pixels are computed and summed in: never 16 bits."""
        return compute_dtype(self.image, self.source)
