"""Which conventions a target is to be judged by: what it declares, as far as measurements agree, or else what it follows."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.contract.convention import CUBIC, Convention
from stn_verify.contract.description import Description
from stn_verify.contract.dialect import Dialect
from stn_verify.contract.errors import ContractError
from stn_verify.contract.target import Target, TargetFailure
from stn_verify.formats import STORAGE_DTYPES, named
from stn_verify.identification.contradiction import contradiction
from stn_verify.identification.findings import Findings
from stn_verify.identification.identify import SAMPLERS, choices_of, identify
from stn_verify.judging.arithmetics import claimed
from stn_verify.judging.reference import compare_output
from stn_verify.workers.translation import Route, TranslatedTarget

SIZES = {2: ((5, 7), (6, 4)), 3: ((4, 5, 7), (3, 6, 2))}
"""Of the image and the output, by how many axes they have. Alike in no axis: a swapped axis shows."""


@dataclass(frozen=True)
class Judgement:
    """One convention that a function is said to follow, against what was measured."""

    dtype: str
    case: SampleCase | TransformCase
    route: Route
    """How the case was asked for."""
    comparison: Comparison | None = None
    """Values under it; None where no result came back."""
    contradiction: str | None = None
    """How it does not follow it."""
    failure: TargetFailure | None = None


@dataclass
class Settled:
    """What a run goes by."""

    description: Description
    conventions: dict[str, list[Convention]] = field(default_factory=dict)
    """By function: those to judge by."""
    routes: dict[tuple[str, Convention], Route] = field(default_factory=dict)
    judgements: dict[tuple[str, Convention], Judgement] = field(default_factory=dict)
    """By function and the convention that it was said to follow."""
    found: list[Findings] = field(default_factory=list)

    def follow(self, function: str, convention: Convention, route: Route) -> None:
        """Judge the function by the convention, unless it is already."""
        known = self.conventions.setdefault(function, [])
        if convention not in known:
            known.append(convention)
            self.routes[function, convention] = route

    def target(self, target: Target) -> TranslatedTarget:
        """The target as the suites see it."""
        return TranslatedTarget(target, self.description, self.routes)


def settled(target: Target, dtypes: Sequence[str] = STORAGE_DTYPES) -> Settled:
    """Hold what the target declares against one small call each; identify what is undeclared, or contradicted.

    Raises:
        ContractError: it declares no convention, and what it follows is none that the suites check.
    """
    description = target.description
    dtype = _finest(description, dtypes)
    return _declared(target, dtype) if description.conventions() else _undeclared(target, dtype)


def identified(target: Target) -> Description:
    """The target's description with a convention in it.

    Raises:
        ContractError: no known convention explains the target's values.
    """
    description = target.description
    return description if description.conventions() else settled(target).description


def _declared(target: Target, dtype: str) -> Settled:
    description = target.description
    found = Settled(description)
    declared, dialect = description.conventions(), description.dialect
    for function in description.functions:
        if function not in SAMPLERS:
            for convention in declared:
                found.follow(function, convention, Route(convention, dialect))
            continue
        ended: TargetFailure | None = None
        others = []
        for convention in declared:
            route = Route(convention, dialect)
            judgement = _judged(target, description, function, convention, route, dtype, ended)
            if judgement.failure is not None and judgement.failure.status in ("crashed", "timed out"):
                # One death is enough to know of.
                ended = judgement.failure
            if _explains(judgement, description) or ended is not None:
                found.follow(function, convention, route)
            else:
                others.append(convention)
            found.judgements[function, convention] = judgement
        for convention in others:
            _follow_measured(target, found, function, convention, dtype)
        found.conventions.setdefault(function, list(declared))
    followed = {route.dialect for (function, _), route in found.routes.items() if function in SAMPLERS}
    if len(followed) == 1:
        found.description = description.model_copy(update={"dialect": followed.pop()})
    return found


def _follow_measured(target: Target, found: Settled, function: str, declared: Convention, dtype: str) -> None:
    """A declaration that does not explain the values: judge by what does, if that is a whole convention, and say so."""
    description = found.description
    judgement = found.judgements[function, declared]
    own = Route(declared, description.dialect)
    if 2 not in description.spatial:
        # What a sampler of volumes follows instead is not measured.
        found.follow(function, declared, own)
        return
    try:
        findings = identify(target, function, declared, dtype)
    except TargetFailure:
        # What it is like will show in whatever is checked.
        found.follow(function, declared, own)
        return
    found.found.append(findings)
    told = contradiction(findings, declared, description.dialect)
    found.judgements[function, declared] = Judgement(
        dtype, judgement.case, own, contradiction=told, failure=None if told else judgement.failure
    )
    convention, dialect = findings.convention, findings.dialect
    if told and convention is not None and dialect is not None:
        route = Route(declared, dialect)
        if _explains(_judged(target, description, function, convention, route, dtype), description):
            found.follow(function, convention, route)
            return
    found.follow(function, declared, own)


def _undeclared(target: Target, dtype: str) -> Settled:
    description = target.description
    if 2 not in description.spatial:
        raise ContractError(
            f"{description.name}: takes volumes only; of those no convention is identified: declare padding and align_corners"
        )
    functions = [name for name in SAMPLERS if name in description.functions] or list(description.functions)
    found = Settled(description)
    conventions: dict[Convention, Dialect] = {}
    for function in functions:
        for asked in choices_of(description, function):
            try:
                findings = identify(target, function, asked, dtype)
            except TargetFailure as failure:
                raise ContractError(
                    f"{description.name}: the first call brought no result: {failure}"
                ) from None
            found.found.append(findings)
            convention, dialect = findings.convention, findings.dialect
            if convention is None or dialect is None:
                raise ContractError(_unknown(description, findings))
            found.follow(function, convention, Route(asked, dialect))
            conventions.setdefault(convention, dialect)
    found.description = description.model_copy(
        update={
            "paddings": list(dict.fromkeys(c.padding for c in conventions)),
            "alignments": list(dict.fromkeys(c.align_corners for c in conventions)),
            "interpolations": list(dict.fromkeys(c.interpolation for c in conventions)),
            "cubic": next((c.cubic for c in conventions if c.interpolation == "bicubic"), CUBIC),
            "dialect": next(iter(conventions.values())),
        }
    )
    for function in description.functions:
        found.conventions.setdefault(function, list(conventions))
    for function in set(functions) & set(SAMPLERS):
        for convention in found.conventions[function]:
            route = found.routes[function, convention]
            found.judgements[function, convention] = _judged(
                target, found.description, function, convention, route, dtype
            )
    return found


def _judged(
    target: Target,
    description: Description,
    function: str,
    convention: Convention,
    route: Route,
    dtype: str,
    ended: TargetFailure | None = None,
) -> Judgement:
    """One call: a small, asymmetric case against the oracle under the convention."""
    case = _case(function, convention, dtype, min(description.spatial))
    if ended is not None:
        return Judgement(dtype, case, route, failure=ended)
    translated = TranslatedTarget(target, description, {(function, convention): route})
    try:
        reply = translated.call(case.call())
    except TargetFailure as failure:
        return Judgement(dtype, case, route, failure=failure)
    values = compare_output(case, reply.output)
    return Judgement(dtype, case, route, Comparison("convention", values.values, values.expectation))


def _explains(judgement: Judgement, description: Description) -> bool:
    comparison = judgement.comparison
    return comparison is not None and comparison.budget_used(claimed(description, judgement.dtype)) <= 1


def _case(function: str, convention: Convention, dtype: str, axes: int) -> SampleCase | TransformCase:
    image_size, output_size = SIZES[axes]
    random = np.random.default_rng(7)
    storage = named(dtype)
    image = storage.round(random.standard_normal((2, 3, *image_size)))
    cotangent = np.zeros((2, 3, *output_size))
    if function == "sample":
        grid = storage.round(random.uniform(-2.5, 2.5, (2, *output_size, axes)))
        return SampleCase(image, grid, cotangent, dtype, convention)
    theta = storage.round(random.uniform(-1.5, 1.5, (2, axes, axes + 1)))
    return TransformCase(image, theta, output_size, cotangent, dtype, convention)


def _finest(description: Description, dtypes: Sequence[str]) -> str:
    usable = [d for d in description.dtypes if d not in description.unsupported]
    wanted = [d for d in usable if d in dtypes] or usable
    return next(iter(sorted(wanted, key=STORAGE_DTYPES.index)), "float64")


def _unknown(description: Description, findings: Findings) -> str:
    remark = f" ({findings.remarks[0]})" if findings.remarks else ""
    return (
        f"{description.name}: identified as {findings.sentence()}{remark}; the suites check bilinear, nearest and bicubic"
        " with zeros, border or reflection, in normalised, pixel or [0, 1] coordinates"
    )
