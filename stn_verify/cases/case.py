"""Cases: immutable inputs of one evaluation, as float64 carriers of numbers that the storage dtype holds exactly."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from stn_reference.generators import FAMILIES
from stn_verify.bounds.affine import affine_grid, target_base
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.families import family_gradient, family_grid
from stn_verify.bounds.interval import Interval
from stn_verify.bounds.scene import Scene, sampled, transformed
from stn_verify.bounds.theta_gradient import generated, generator_gradient
from stn_verify.cases.training import TrainingCase
from stn_verify.contract.convention import Convention
from stn_verify.contract.target import Call
from stn_verify.formats import Array, Format, named


@dataclass(frozen=True, eq=False)
class SampleCase:
    """image [N,C,H,W], grid [N,Ho,Wo,2] normalised, cotangent [N,C,Ho,Wo]; a volume has one axis more, before the others."""

    function: ClassVar[str] = "sample"
    image: Array
    grid: Array
    cotangent: Array
    dtype: str
    convention: Convention
    kind: str = ""

    @property
    def arrays(self) -> Mapping[str, Array]:
        """The inputs by name."""
        return {"image": self.image, "grid": self.grid}

    @property
    def output_size(self) -> tuple[int, ...]:
        """(Ho, Wo) or (Do, Ho, Wo)."""
        return self.grid.shape[1:-1]

    @cached_property
    def scene(self) -> Scene:
        """Where the points read."""
        return sampled(self.image, self.grid, self.convention)

    def call(self, gradients: tuple[str, ...] = (), **changed: Array) -> Call:
        """The evaluation of this case, with other arrays where `changed` gives them."""
        return _call(self, None, gradients, changed)

    def __repr__(self) -> str:
        return _describe(self)


@dataclass(frozen=True, eq=False)
class TransformCase:
    """image [N,C,H,W], theta [N,2,3], the output's size (Ho, Wo), cotangent [N,C,Ho,Wo]; of a volume theta [N,3,4]."""

    function: ClassVar[str] = "transform"
    image: Array
    theta: Array
    size: tuple[int, ...]
    cotangent: Array
    dtype: str
    convention: Convention
    kind: str = ""

    @property
    def arrays(self) -> Mapping[str, Array]:
        """The inputs by name."""
        return {"image": self.image, "theta": self.theta}

    @property
    def output_size(self) -> tuple[int, ...]:
        """(Ho, Wo) or (Do, Ho, Wo)."""
        return self.size

    @cached_property
    def base(self) -> Array:
        """[Ho, Wo, 3] or [Do, Ho, Wo, 4]: normalised target coordinates (X, Y, 1) or (X, Y, Z, 1)."""
        return target_base(self.size, self.convention.align_corners)

    @cached_property
    def scene(self) -> Scene:
        """Where the points read."""
        return transformed(self.image, self.theta, self.size, self.convention)

    def call(self, gradients: tuple[str, ...] = (), **changed: Array) -> Call:
        """The evaluation of this case, with other arrays where `changed` gives them."""
        return _call(self, self.size, gradients, changed)

    def __repr__(self) -> str:
        return _describe(self)


@dataclass(frozen=True, eq=False)
class GenerateCase:
    """theta [N,2,3], the output's size (Ho, Wo), cotangent [N,Ho,Wo,2]; of a volume theta [N,3,4], and as the family has it."""

    function: ClassVar[str] = "generate"
    theta: Array
    size: tuple[int, ...]
    cotangent: Array
    dtype: str
    convention: Convention
    kind: str = ""
    family: str = "affine"

    @property
    def arrays(self) -> Mapping[str, Array]:
        """The inputs by name."""
        return {"theta": self.theta}

    @cached_property
    def base(self) -> Array:
        """[Ho, Wo, 3] or [Do, Ho, Wo, 4]: normalised target coordinates (X, Y, 1) or (X, Y, Z, 1)."""
        return target_base(self.size, self.convention.align_corners)

    @cached_property
    def grid(self) -> Array:
        """The grid that theta means."""
        aligned = self.convention.align_corners
        if self.family == "affine":
            return affine_grid(self.theta, self.size, align_corners=aligned)
        return FAMILIES[self.family].grid(self.theta, self.size, align_corners=aligned)

    def allowed_grid(self, arithmetic: Arithmetic) -> Interval:
        """What the grid may be."""
        if self.family == "affine":
            return generated(self.theta, self.grid, arithmetic)
        aligned = self.convention.align_corners
        return family_grid(self.family, self.theta, self.grid, self.size, aligned, arithmetic)

    def allowed_gradient(self, arithmetic: Arithmetic) -> Interval:
        """What the gradient of theta may be."""
        if self.family == "affine":
            return generator_gradient(self.cotangent, self.base, arithmetic)
        aligned = self.convention.align_corners
        return family_gradient(self.family, self.theta, self.cotangent, self.size, aligned, arithmetic)

    def call(self, gradients: tuple[str, ...] = (), **changed: Array) -> Call:
        """The evaluation of this case, with other arrays where `changed` gives them."""
        return _call(self, self.size, gradients, changed)

    def __repr__(self) -> str:
        return _describe(self)


@dataclass(frozen=True, eq=False)
class NetworkCase:
    """image [N,C,H,W], transformers one after another, the last one's size (Ho, Wo), cotangent [N,C,Ho,Wo].

    `parameters` are those of fully connected localisation networks, by the names of a call of the function "network".
    """

    function: ClassVar[str] = "network"
    image: Array
    parameters: Mapping[str, Array]
    size: tuple[int, ...]
    cotangent: Array
    dtype: str
    convention: Convention
    kind: str = ""

    @property
    def arrays(self) -> Mapping[str, Array]:
        """The inputs by name."""
        return {"image": self.image, **self.parameters}

    def call(self, gradients: tuple[str, ...] = (), **changed: Array) -> Call:
        """The evaluation of this case, with other arrays where `changed` gives them."""
        return _call(self, self.size, gradients, changed)

    def __repr__(self) -> str:
        return _describe(self)


FunctionCase = SampleCase | TransformCase | GenerateCase
"""Of one function that the target gives itself."""

Case = FunctionCase | NetworkCase

AnyCase = Case | TrainingCase
"""Of one call or of many."""


def storage(case: Case) -> Format:
    """The format that the case's numbers lie in."""
    return named(case.dtype)


def elements(case: AnyCase) -> int:
    """How large a case is: of two that fail, the smaller is shown."""
    if isinstance(case, TrainingCase):
        return case.digits.images.size
    return sum(array.size for array in case.arrays.values()) + case.cotangent.size


def _call(
    case: Case, size: tuple[int, ...] | None, gradients: tuple[str, ...], changed: Mapping[str, Array]
) -> Call:
    return Call(
        function=case.function,
        arrays={**case.arrays, **changed},
        dtype=case.dtype,
        convention=case.convention,
        size=size,
        cotangent=case.cotangent if gradients else None,
        gradients=gradients,
        family=case.family if isinstance(case, GenerateCase) else "affine",
    )


def _describe(case: Case) -> str:
    shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in case.arrays.items())
    size = "" if isinstance(case, SampleCase) else f", size {case.size}"
    kind = f" [{case.kind}]" if case.kind else ""
    family = f"{case.family} " if isinstance(case, GenerateCase) and case.family != "affine" else ""
    return f"{family}{case.function}({shapes}{size}) {case.dtype} {case.convention}{kind}"
