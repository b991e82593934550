"""What a call says beside its tensors, and who answers it: the operators, the kernels at once, or plain torch operations."""

from typing import NamedTuple

from torch import Tensor

from stn_production import execution, ops
from stn_production.portable import kernels
from stn_production.portable.coordinates import Generator, OfGrid, OfTheta, Size
from stn_production.portable.derivatives import Call


class Choices(NamedTuple):
    """The output's size where places are thetas, None where they are a grid; then where -1 and 1 lie, and the padding."""

    size: Size | None
    align_corners: bool
    padding: str

    def forward(self, image: Tensor, places: Tensor) -> Tensor:
        """The output, by an operator."""
        if self.size is None:
            return ops.sample(image, places, self.align_corners, self.padding)
        return ops.transform(image, places, self.size, self.align_corners, self.padding)

    def backward(
        self, cotangent: Tensor, image: Tensor, places: Tensor, needed: tuple[bool, bool]
    ) -> tuple[Tensor | None, Tensor | None]:
        """The gradients of image and places, by an operator; None where not needed."""
        operator = ops.sample_backward if self.size is None else ops.transform_backward
        gradients = operator(cotangent, image, places, self.align_corners, self.padding, *needed)
        return gradients[0] if needed[0] else None, gradients[1] if needed[1] else None

    def forward_at_once(self, image: Tensor, places: Tensor) -> Tensor:
        """The output, by the kernels themselves."""
        if self.size is None:
            return execution.sample(image, places, self.align_corners, self.padding)
        return execution.transform(image, places, self.size, self.align_corners, self.padding)

    def backward_at_once(
        self, cotangent: Tensor, image: Tensor, places: Tensor, needed: tuple[bool, bool]
    ) -> tuple[Tensor | None, Tensor | None]:
        """The gradients of image and places, by the kernels themselves; None where not needed."""
        kernel = execution.sample_backward if self.size is None else execution.transform_backward
        return kernel(cotangent, image, places, self.align_corners, self.padding, *needed)

    def composed(self, image: Tensor, places: Tensor) -> Tensor:
        """The output, by plain operations."""
        return kernels.forward(*self.call(image, places))

    def call(self, image: Tensor, places: Tensor) -> Call:
        """For the derivatives by plain operations."""
        return Call(image, places, self._generator(image), self.padding)

    def _generator(self, image: Tensor) -> Generator:
        image_size = kernels.image_size(image)
        if self.size is None:
            return OfGrid(image_size, self.align_corners)
        return OfTheta(self.size, image_size, self.align_corners)
