"""What identification found of one function: a versioned schema for programs, sentences for people."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from stn_verify.contract.convention import CUBIC, Convention
from stn_verify.contract.description import Interpolation
from stn_verify.contract.dialect import AxisOrder, Dialect, ImageLayout, Units

SCHEMA: Literal["stn-verify/identification/1"] = "stn-verify/identification/1"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class AxisFinding(_Record):
    """pixel = scale * coordinate + offset, along one axis."""

    size: int
    """Of the axis that it was measured on, in pixels."""
    scale: float
    scale_bound: float
    offset: float
    offset_bound: float
    formulas: list[str]
    """Known ones that explain it, W or H being the size."""
    told: str


class Findings(_Record):
    """One function, asked for one choice; what was not found is None or empty, and `remarks` say what was seen instead."""

    function: Literal["sample", "transform", "generate"]
    asked: dict[str, bool | str]
    """The choices that were passed as keywords."""
    dtype: str
    image_layout: ImageLayout | None = None
    output_layout: ImageLayout | None = None
    axis_order: AxisOrder | None = None
    """Of the grid's last axis, or of theta's rows."""
    units: Units | None = None
    align_corners: bool | None = None
    x: AxisFinding | None = None
    y: AxisFinding | None = None
    kernel: str | None = None
    cubic_a: float | None = None
    cubic_a_bound: float | None = None
    ties: list[str] = []
    """Rules of a nearest kernel that explain its ties."""
    paddings: list[str] = []
    """Those that explain what is read outside; more than one: nothing tells them apart."""
    fill: float | None = None
    explained_by: dict[str, str] = {}
    """The finest arithmetic in which kernel and padding are explained."""
    kinks: dict[str, str] = {}
    """Place -> the derivative returned there."""
    precision: dict[str, dict[str, str]] = {}
    """dtype -> result -> effective precision."""
    torch_call: str | None = None
    """Python: image, grid (or theta, size) -> output."""
    torch_reason: str | None = None
    """Why no torch call matches."""
    padding: Literal["zeros", "border", "reflection"] | None = None
    """Of the convention that the suites check, where it is one."""
    interpolation: Interpolation | None = None
    """Likewise."""
    cubic: float = CUBIC
    """The parameter a of its bicubic kernel, likewise: a simple number where one is within the bound of what was measured."""
    dialect: Dialect | None = None
    remarks: list[str] = []
    calls: int = 0

    @property
    def convention(self) -> Convention | None:
        """The convention that it follows, where the suites have it."""
        if self.padding is None or self.align_corners is None or self.dialect is None:
            return None
        return Convention(self.padding, self.align_corners, self.interpolation or "bilinear", self.cubic)

    @property
    def identified(self) -> bool:
        """Whether nothing is left open."""
        if self.function == "generate":
            return self.dialect is not None
        single = len(self.paddings) == 1 and (self.kernel != "nearest" or len(self.ties) > 0)
        return self.units is not None and self.kernel is not None and single and not self.remarks

    def sentence(self) -> str:
        """What it was identified as, in a line."""
        told = [str(self.kernel or "an unknown kernel")]
        if self.kernel == "nearest" and self.ties:
            told.append(" or ".join(self.ties))
        told.append(" or ".join(self.paddings) or "padding unknown")
        if self.image_layout:
            told.append(self.image_layout)
        if self.axis_order:
            told.append(f"({', '.join(self.axis_order)})")
        told.append(
            "unknown units" if self.units is None else "[0, 1]" if self.units == "unit" else self.units
        )
        if self.align_corners is not None and self.units != "pixels":
            told.append(f"align_corners={self.align_corners}")
        return ", ".join(told)


class Identification(_Record):
    """Everything that was found of a target."""

    schema_version: Annotated[Literal["stn-verify/identification/1"], Field(alias="schema")] = SCHEMA
    target: str
    name: str
    framework: str
    framework_version: str
    device: str
    found: list[Findings]

    @property
    def identified(self) -> bool:
        """Whether nothing is left open."""
        return bool(self.found) and all(findings.identified for findings in self.found)
