"""The same as modules, without parameters."""

from collections.abc import Sequence

from torch import Tensor, nn

from stn_production import api, arguments


class Sampler(nn.Module):
    """Where coordinates lie, and what lies outside the image."""

    def __init__(self, *, align_corners: bool = False, padding: str = "zeros") -> None:
        """Raises: UnknownChoiceError: no such padding, or an align_corners that is no bool."""
        super().__init__()
        arguments.check_choices(align_corners, padding)
        self.align_corners = align_corners
        self.padding = padding

    def extra_repr(self) -> str:
        """The choices."""
        return f"align_corners={self.align_corners}, padding={self.padding!r}"


class SpatialTransform(Sampler):
    """`spatial_transform` with its choices made; `size` None keeps the image's."""

    def __init__(
        self, size: Sequence[int] | None = None, *, align_corners: bool = False, padding: str = "zeros"
    ) -> None:
        """Raises: ShapeError, UnknownChoiceError: as `spatial_transform`."""
        super().__init__(align_corners=align_corners, padding=padding)
        self.size = None if size is None else arguments.checked_size(size)

    def forward(self, image: Tensor, theta: Tensor) -> Tensor:
        """[N,C,H,W], [N,2,3] -> [N,C,Ho,Wo]."""
        size = image.shape[2:] if self.size is None else self.size
        return api.spatial_transform(
            image, theta, tuple(size), align_corners=self.align_corners, padding=self.padding
        )

    def extra_repr(self) -> str:
        """The choices."""
        return f"size={self.size}, {super().extra_repr()}"


class GridSample(Sampler):
    """`grid_sample` with its choices made."""

    def forward(self, image: Tensor, grid: Tensor) -> Tensor:
        """[N,C,H,W], [N,Ho,Wo,2] -> [N,C,Ho,Wo]."""
        return api.grid_sample(image, grid, align_corners=self.align_corners, padding=self.padding)


class AffineGrid(nn.Module):
    """`affine_grid` with its choices made."""

    def __init__(self, size: Sequence[int], *, align_corners: bool = False) -> None:
        """Raises: ShapeError, UnknownChoiceError: as `affine_grid`."""
        super().__init__()
        arguments.check_align_corners(align_corners)
        self.size = arguments.checked_size(size)
        self.align_corners = align_corners

    def forward(self, theta: Tensor) -> Tensor:
        """[N,2,3] -> [N,Ho,Wo,2]."""
        return api.affine_grid(theta, self.size, align_corners=self.align_corners)

    def extra_repr(self) -> str:
        """The choices."""
        return f"size={self.size}, align_corners={self.align_corners}"
