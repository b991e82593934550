"""A convention: the choices for which no single answer exists, and which a sampler must state."""

from dataclasses import dataclass

PADDINGS = ("zeros", "border", "reflection")
INTERPOLATIONS = ("bilinear", "nearest", "bicubic")

CUBIC = -0.75
"""The parameter a of Keys' kernel in torch and OpenCV."""

TIES = ("even", "up", "down", "away")
"""What nearest takes half-way between two pixels: the even one, the right one, the left one, the one farther from 0."""


@dataclass(frozen=True, order=True)
class Convention:
    """How a sampler maps coordinates and reads outside the image, in torch's terms."""

    padding: str = "zeros"
    align_corners: bool = False
    interpolation: str = "bilinear"
    cubic: float = CUBIC
    """The parameter a of the kernel (Keys 1981); of bicubic alone."""

    def __str__(self) -> str:
        corners = "aligned" if self.align_corners else "half-pixel"
        kernel = f"bicubic({self.cubic:g})" if self.interpolation == "bicubic" else self.interpolation
        return f"{kernel}/{self.padding}/{corners}"
