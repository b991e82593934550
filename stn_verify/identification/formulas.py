"""The affine maps from a coordinate to pixels that are met in the wild: a scale and an offset, each a formula of the size."""

from dataclasses import dataclass
from typing import NamedTuple

from stn_verify.contract.dialect import Units


@dataclass(frozen=True)
class Formula:
    """(share * S - less) / divisor."""

    share: int
    less: int
    divisor: int

    def at(self, size: int) -> float:
        """Its value for an axis of so many pixels."""
        return (self.share * size - self.less) / self.divisor

    def told(self, size: str) -> str:
        """In words, `size` being the letter of the axis; valid Python, too."""
        if not self.share:
            return f"{-self.less}" if self.divisor == 1 else f"{-self.less} / {self.divisor}"
        top = size if not self.less else f"{size} - {self.less}"
        if self.divisor == 1:
            return top
        return f"{top} / {self.divisor}" if not self.less else f"({top}) / {self.divisor}"

    def exact_size(self, exponent: int) -> int:
        """A size for which a scale of this formula is a power of two, so that coordinates convert exactly."""
        return (1 << exponent) + (self.less if self.share else 0)


class Map(NamedTuple):
    """pixel = scale * coordinate + offset."""

    scale: Formula
    offset: Formula

    def told(self, size: str) -> str:
        """In words."""
        return f"{self.scale.told(size)}, offset {self.offset.told(size)}"


HALF, HALF_LESS_ONE, HALF_LESS_TWO = Formula(1, 0, 2), Formula(1, 1, 2), Formula(1, 2, 2)
WHOLE, WHOLE_LESS_ONE, WHOLE_LESS_TWO = Formula(1, 0, 1), Formula(1, 1, 1), Formula(1, 2, 1)
ONE, ZERO, EDGE, BEYOND = Formula(0, -1, 1), Formula(0, 0, 1), Formula(0, 1, 2), Formula(0, -1, 2)

SCALES = (HALF, HALF_LESS_ONE, HALF_LESS_TWO, ONE, WHOLE, WHOLE_LESS_ONE, WHOLE_LESS_TWO)
OFFSETS = (HALF_LESS_ONE, HALF, HALF_LESS_TWO, ZERO, EDGE, BEYOND)

CONVENTIONS: dict[Map, tuple[Units, bool | None]] = {
    Map(HALF, HALF_LESS_ONE): ("normalised", False),
    Map(HALF_LESS_ONE, HALF_LESS_ONE): ("normalised", True),
    Map(ONE, ZERO): ("pixels", None),
    Map(WHOLE, EDGE): ("unit", False),
    Map(WHOLE_LESS_ONE, ZERO): ("unit", True),
}
"""Units and align_corners; of pixels, only the mirrors of reflection depend on it."""
