"""What an implementation gives to be checked, and how its author says so."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from stn_verify.contract.convention import CUBIC, INTERPOLATIONS, PADDINGS, TIES, Convention
from stn_verify.contract.dialect import (
    AXIS_ORDERS,
    IMAGE_LAYOUTS,
    UNITS,
    AxisOrder,
    Dialect,
    ImageLayout,
    Units,
)
from stn_verify.contract.errors import ContractError, UnknownChoiceError
from stn_verify.contract.features import CLAIMABLE
from stn_verify.formats import FORMATS, STORAGE_DTYPES

Function = Callable[..., Any]

ARGUMENTS = MappingProxyType(
    {"sample": ("image", "grid"), "transform": ("image", "theta", "size"), "generate": ("theta", "size")}
)
"""The functions that can be checked, with their positional arguments (torch's grid_sample, both, affine_grid)."""

DIFFERENTIABLE = MappingProxyType(
    {"sample": ("image", "grid"), "transform": ("image", "theta"), "generate": ("theta",)}
)

CHOICES = ("padding", "align_corners", "interpolation", "family")
"""What a function may offer as keyword-only parameters; any other must have a default."""

FAMILIES = ("affine", "translation", "attention", "similarity", "projective", "thin_plate", "displacement")
"""Families of transformations, each with a theta of its own (stn_reference/generators)."""

SUBGRADIENTS = ("right", "left", "mean", "zero")

SPATIAL = ((2,), (3,), (2, 3))
"""Images [N,C,H,W], volumes [N,C,D,H,W], or both."""


@dataclass(frozen=True)
class Implementation:
    """A sampler, a fused transformer, a grid generator, or any of them together.

    `sample(image [N,C,H,W], grid [N,Ho,Wo,2]) -> [N,C,Ho,Wo]`, `transform(image, theta [N,2,3], size (Ho,Wo))`,
    `generate(theta, size) -> grid`; grids are normalised, last axis (x, y).

    A choice (`padding`, `align_corners`, `interpolation`) that is None is offered where the functions take a keyword-only
    parameter of that name, and identified where they do not (`interpolation` is bilinear where the others are declared); a tuple
    restricts what is offered. `vjps` maps a function's name to its vector-Jacobian product, `vjp(*inputs, cotangent, **choices)
    -> gradients of image, grid or theta in order`; frameworks that differentiate by themselves need none. `compute_dtype` claims
    the arithmetic, one for all or by storage dtype (default: the storage dtype's), `subgradient` the rule at kinks (default:
    anything between the one-sided derivatives), `ties` the pixel that nearest takes half-way between two (default: either),
    `cubic` the parameter a of the bicubic kernel, `deterministic` the same bits from the same inputs, `claims` what it can do
    beyond first derivatives (default: whatever turns out to work). `compiles` asks for patience: a compiler may run in any call.
    `spatial` says whether it takes images [N,C,H,W], (2,), volumes [N,C,D,H,W], (3,), or both, (2, 3): with a volume go grids
    [N,Do,Ho,Wo,3], last axis (x, y, z), theta [N,3,4] and size (Do,Ho,Wo).
    `families` says of which transformations `generate` makes grids (default: affine alone); of several it takes the keyword-only
    parameter `family`, one of FAMILIES.
    `layout`, `axis_order` and `units` name the dialect, where it is not that of the shapes above (default: that one, or
    identified where nothing is declared).
    """

    name: str
    framework: str
    functions: Mapping[str, Function]
    vjps: Mapping[str, Function] = field(default_factory=dict)
    padding: str | tuple[str, ...] | None = None
    align_corners: bool | None = None
    interpolation: str | tuple[str, ...] | None = None
    cubic: float = CUBIC
    spatial: tuple[int, ...] = (2,)
    families: tuple[str, ...] = ("affine",)
    dtypes: tuple[str, ...] | None = None
    compute_dtype: str | Mapping[str, str] | None = None
    subgradient: str | None = None
    ties: str | None = None
    deterministic: bool = False
    compiles: bool = False
    claims: tuple[str, ...] = ()
    layout: ImageLayout = "NCHW"
    axis_order: AxisOrder = "xy"
    units: Units = "normalised"
    identified: bool = False

    def __post_init__(self) -> None:
        if not self.functions:
            raise ContractError(f"{self.name}: gives none of {', '.join(ARGUMENTS)}")
        for name, function in self.functions.items():
            _known("function", name, tuple(ARGUMENTS))
            _check_arity(self.name, name, function)
        for name in self.vjps:
            _known("vjp", name, tuple(self.functions))
        self._check_choices()
        self._check_families()
        self._check_claims()

    def _check_choices(self) -> None:
        for padding in self.paddings() or ():
            _known("padding", padding, PADDINGS)
        if self.spatial not in SPATIAL:
            raise UnknownChoiceError(
                f"unknown spatial {self.spatial!r}; known: {', '.join(map(str, SPATIAL))}"
            )
        for kernel in self.interpolations():
            _known("interpolation", kernel, INTERPOLATIONS)
        if not -1 <= self.cubic <= 0:
            raise UnknownChoiceError(f"unknown cubic {self.cubic!r}; known: numbers from -1 to 0")
        for rule, value, known in (
            ("subgradient", self.subgradient, SUBGRADIENTS),
            ("ties", self.ties, TIES),
        ):
            if value is not None:
                _known(rule, value, known)
        _known("layout", self.layout, IMAGE_LAYOUTS)
        _known("axis_order", self.axis_order, AXIS_ORDERS)
        _known("units", self.units, UNITS)

    def _check_families(self) -> None:
        for family in self.families:
            _known("family", family, FAMILIES)
        if not self.families:
            raise UnknownChoiceError(f"families is empty; known: {', '.join(FAMILIES)}")
        if self.families == ("affine",):
            return
        if "generate" not in self.functions:
            raise ContractError(f"{self.name}: families are those of generate, which is not given")
        if len(self.families) > 1 and "family" not in self.choices("generate"):
            raise ContractError(
                f"{self.name}: of several families generate takes the keyword-only parameter family"
            )
        if "affine" not in self.families and self.alignments() is None:
            raise ContractError(f"{self.name}: only an affine generator is identified: declare align_corners")

    def _check_claims(self) -> None:
        for dtype in self.dtypes or ():
            _known("dtype", dtype, STORAGE_DTYPES)
        claim = self.compute_dtype
        if isinstance(claim, Mapping):
            for dtype in claim:
                _known("dtype", dtype, STORAGE_DTYPES)
        for arithmetic in claim.values() if isinstance(claim, Mapping) else [] if claim is None else [claim]:
            _known("compute_dtype", arithmetic, tuple(FORMATS))
        for claim in self.claims:
            _known("claim", claim, CLAIMABLE)

    @property
    def dialect(self) -> Dialect:
        """How it spells images and coordinates."""
        return Dialect(self.layout, self.axis_order, self.units)

    def choices(self, function: str) -> frozenset[str]:
        """The names of the keyword-only parameters through which a function offers choices."""
        return frozenset(_keyword_only(self.functions[function]) & _offered(function))

    def paddings(self) -> tuple[str, ...] | None:
        """The paddings to check, or None where they must be identified."""
        if self.padding is not None:
            return (self.padding,) if isinstance(self.padding, str) else tuple(self.padding)
        samplers = [name for name in self.functions if name != "generate"]
        offered = all("padding" in self.choices(name) for name in samplers)
        return PADDINGS if offered else None

    def alignments(self) -> tuple[bool, ...] | None:
        """The values of align_corners to check, or None where they must be identified."""
        if self.align_corners is not None:
            return (self.align_corners,)
        if all("align_corners" in self.choices(name) for name in self.functions):
            return False, True
        # A pixel is a pixel in either alignment; only the mirrors of reflection depend on it.
        free = self.units == "pixels" and "reflection" not in (self.paddings() or ("reflection",))
        return (False,) if free else None

    def interpolations(self) -> tuple[str, ...]:
        """The kernels to check; where the convention is identified, they are what is asked for."""
        if self.interpolation is not None:
            return (self.interpolation,) if isinstance(self.interpolation, str) else tuple(self.interpolation)
        samplers = [name for name in self.functions if name != "generate"]
        offered = bool(samplers) and all("interpolation" in self.choices(name) for name in samplers)
        return INTERPOLATIONS if offered else ("bilinear",)

    def conventions(self) -> tuple[Convention, ...] | None:
        """Every convention to check, or None where one must be identified first."""
        paddings, alignments = self.paddings(), self.alignments()
        if paddings is None or alignments is None:
            return None
        return tuple(
            Convention(padding, aligned, kernel, self.cubic if kernel == "bicubic" else CUBIC)
            for kernel in self.interpolations()
            for padding in paddings
            for aligned in alignments
        )

    def vjp(self, function: Function) -> Function:
        """Decorator: register the vector-Jacobian product of the only function of this implementation."""
        if len(self.functions) != 1:
            raise ContractError(
                f"{self.name}: say which of {', '.join(self.functions)} the product belongs to (vjps=...)"
            )
        # The decorator runs at import time, right after the implementation was made and before anyone uses it.
        object.__setattr__(self, "vjps", {next(iter(self.functions)): function})
        return function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the only function: a decorated function stays usable as one."""
        if len(self.functions) != 1:
            raise ContractError(f"{self.name} holds {', '.join(self.functions)}; call one of them")
        return next(iter(self.functions.values()))(*args, **kwargs)


def implementation(framework: str, **declarations: Any) -> Callable[[Any], Implementation]:
    """Declare a function (image, grid) or (image, theta, size), or a class, as an implementation.

    A class holds any of `sample`, `transform` and `generate`, and, where the framework does not differentiate, `sample_vjp`,
    `transform_vjp`, `generate_vjp`.

    Raises:
        ContractError: wrong arity, or nothing to check.
        UnknownChoiceError: a declaration outside the known choices.
    """
    known = {
        "name",
        "padding",
        "align_corners",
        "interpolation",
        "cubic",
        "spatial",
        "families",
        "dtypes",
        "compute_dtype",
        "subgradient",
        "ties",
        "deterministic",
        "compiles",
        "claims",
        "layout",
        "axis_order",
        "units",
        "vjps",
    }
    for name in declarations:
        _known("declaration", name, tuple(sorted(known)))

    def declare(subject: Any) -> Implementation:
        name = declarations.get("name", getattr(subject, "__name__", type(subject).__name__))
        functions, vjps = functions_of(name, subject)
        vjps |= declarations.get("vjps", {})
        rest = {key: value for key, value in declarations.items() if key not in ("name", "vjps")}
        return Implementation(name, framework, functions, vjps, **rest)

    return declare


def undeclared(subject: Any, name: str, framework: str) -> Implementation:
    """Wrap a callable that nobody decorated; its convention is to be identified."""
    functions, vjps = functions_of(name, subject)
    return replace(Implementation(name, framework, functions, vjps), identified=True)


def functions_of(name: str, subject: Any) -> tuple[dict[str, Function], dict[str, Function]]:
    """The checkable functions that a class, an object or a plain function holds, and their products.

    Raises:
        ContractError: neither callable with two or three positional arguments nor holding such functions.
    """
    held = {key: getattr(subject, key) for key in ARGUMENTS if callable(getattr(subject, key, None))}
    if held:
        vjps = {
            key: getattr(subject, f"{key}_vjp")
            for key in held
            if callable(getattr(subject, f"{key}_vjp", None))
        }
        return held, vjps
    if not callable(subject):
        raise ContractError(
            f"{name}: {type(subject).__name__} is neither a function nor holds {', '.join(ARGUMENTS)}"
        )
    positional = _positional(subject)
    by_arity = {2: "sample", 3: "transform"}
    if positional not in by_arity:
        raise ContractError(
            f"{name}: takes {positional} positional arguments; a sampler takes 2 (image, grid), a fused transformer 3"
            " (image, theta, size)"
        )
    return {by_arity[positional]: subject}, {}


def _parameters(function: Function) -> list[inspect.Parameter] | None:
    """None: unknown. Built-in functions of extension modules may have no signature; they are taken at their word."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None


def _positional(function: Function) -> int:
    parameters = _parameters(function)
    if parameters is None:
        return 2
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in kinds and p.default is inspect.Parameter.empty for p in parameters)


def _keyword_only(function: Function) -> set[str]:
    return {p.name for p in _parameters(function) or () if p.kind is inspect.Parameter.KEYWORD_ONLY}


def _check_arity(owner: str, name: str, function: Function) -> None:
    if not callable(function):
        raise ContractError(f"{owner}: {name} is {type(function).__name__}, not a function")
    wanted = len(ARGUMENTS[name])
    parameters = _parameters(function)
    if parameters is None:
        return
    offered = dict.fromkeys(_keyword_only(function) & _offered(name))
    try:
        inspect.signature(function).bind(*range(wanted), **offered)
    except TypeError as error:
        takes = ", ".join(ARGUMENTS[name])
        raise ContractError(
            f"{owner}: {name} must take {wanted} positional arguments ({takes}): {error}"
        ) from None


def _offered(function: str) -> frozenset[str]:
    """The choices that a function may have; a family is that of a grid generator."""
    return frozenset(CHOICES if function == "generate" else CHOICES[:-1])


def _known(what: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UnknownChoiceError(f"unknown {what} {value!r}; known: {', '.join(choices)}")
