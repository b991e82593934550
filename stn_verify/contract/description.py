"""What a worker says of the implementation that it holds. It comes over a pipe: parsed, bounded, never trusted."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from stn_verify.contract.convention import CUBIC, Convention
from stn_verify.contract.dialect import PLAIN, Dialect
from stn_verify.contract.features import Feature

Name = Annotated[str, Field(max_length=200)]
Dtype = Literal["float64", "float32", "float16", "bfloat16"]
Computed = Literal["float64", "float32", "tf32", "float16", "bfloat16"]
Padding = Literal["zeros", "border", "reflection"]
Interpolation = Literal["bilinear", "nearest", "bicubic"]
Family = Literal[
    "affine", "translation", "attention", "similarity", "projective", "thin_plate", "displacement"
]
Cubic = Annotated[float, Field(ge=-1, le=0)]


class Description(BaseModel):
    """An implementation as seen from outside its process."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    framework: Name
    framework_version: Name
    python_version: Name
    functions: Annotated[dict[Literal["sample", "transform", "generate"], list[Name]], Field(min_length=1)]
    """Each function given, with the choices that it takes as keywords."""
    differentiable: list[Literal["sample", "transform", "generate"]]
    paddings: list[Padding] | None
    """None: neither declared nor offered, to be identified."""
    alignments: list[bool] | None
    interpolations: list[Interpolation] = ["bilinear"]
    cubic: Cubic = CUBIC
    """The parameter a of its bicubic kernel."""
    spatial: Annotated[list[Literal[2, 3]], Field(min_length=1, max_length=2)] = [2]
    """Whether it takes images, volumes, or both."""
    families: Annotated[list[Family], Field(min_length=1, max_length=7)] = ["affine"]
    """The transformations whose grids `generate` makes."""
    dtypes: list[Dtype]
    unsupported: dict[Dtype, Annotated[str, Field(max_length=500)]]
    """Storage dtypes that the implementation does not take, each with the reason."""
    compute_dtype: Computed | dict[Dtype, Computed] | None
    """The arithmetic that it claims, by storage dtype where it is not one for all; else that of the dtype itself."""
    subgradient: Literal["right", "left", "mean", "zero"] | None
    ties: Literal["even", "up", "down", "away"] | None = None
    """What its nearest takes half-way between two pixels, where it says."""
    device: Name
    threads: int | None = None
    features: list[Feature] = []
    """What it can be asked beyond plain calls."""
    claims: list[Feature] = []
    """Features that the implementation itself claims: to lack one is a fault."""
    dialect: Dialect = PLAIN
    """How it spells images and coordinates."""
    deterministic: bool = False
    """Whether it claims the same bits from the same inputs, always."""
    compiles: bool = False
    """Whether any of its calls may start a compiler."""

    def conventions(self) -> tuple[Convention, ...]:
        """Every convention to check; empty where one must be identified first."""
        return tuple(
            Convention(padding, aligned, kernel, self.cubic if kernel == "bicubic" else CUBIC)
            for kernel in self.interpolations
            for padding in self.paddings or ()
            for aligned in self.alignments or ()
        )

    def choices(self, function: str) -> tuple[str, ...]:
        """What a function takes as keywords; nothing where it is not given."""
        return next((tuple(taken) for name, taken in self.functions.items() if name == function), ())

    def computed_in(self, dtype: str) -> str:
        """The arithmetic that is claimed for a storage dtype."""
        if isinstance(self.compute_dtype, dict):
            return next(
                (arithmetic for name, arithmetic in self.compute_dtype.items() if name == dtype), dtype
            )
        return self.compute_dtype or dtype

    def why_not(self, dtype: str) -> str | None:
        """Why a storage dtype is not taken; None where it is."""
        return next((reason for name, reason in self.unsupported.items() if name == dtype), None)
