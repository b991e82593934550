"""How the time grows along one axis of the work, all else equal."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from stn_verify.records.record import Direction, Label, Layout, Size, Work

Exponent = Annotated[float, Field(ge=-100, le=100)]


class Growth(BaseModel):
    """time ~ axis ** exponent, by least squares of the logarithms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: Label
    axis: Literal["N", "C", "HW"]
    """HW: pixels of image and output, which grow together."""
    function: Work
    direction: Direction
    dtype: Label
    layout: Layout
    theta: Label
    device: Label
    held: Label
    """The sizes that stay, for a person: "C=3 H=W=64"."""
    points: Size
    smallest: Size
    """Of the axis; so the next."""
    largest: Size
    exponent: Exponent
    exponent_low: Exponent | None = None
    """Its 95 % interval; None of two points, which any line fits."""
    exponent_high: Exponent | None = None
