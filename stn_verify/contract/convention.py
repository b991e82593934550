"""A convention: the choices for which no single answer exists, and which a sampler must state."""

from dataclasses import dataclass

PADDINGS = ("zeros", "border", "reflection")
INTERPOLATIONS = ("bilinear",)


@dataclass(frozen=True, order=True)
class Convention:
    """How a sampler maps coordinates and reads outside the image, in torch's terms."""

    padding: str = "zeros"
    align_corners: bool = False
    interpolation: str = "bilinear"

    def __str__(self) -> str:
        corners = "aligned" if self.align_corners else "half-pixel"
        return f"{self.interpolation}/{self.padding}/{corners}"
