"""Everything that can be said of a target: each function, asked for each choice that it offers."""

from collections.abc import Sequence

from stn_verify.contract.convention import Convention
from stn_verify.contract.errors import ContractError
from stn_verify.contract.target import Target, TargetFailure
from stn_verify.formats import STORAGE_DTYPES
from stn_verify.identification.findings import Findings, Identification
from stn_verify.identification.identify import choices_of, identify_as_far
from stn_verify.identification.kinks import found_kinks
from stn_verify.identification.precision import found_precision
from stn_verify.workers.translation import Route, TranslatedTarget


def identification(target: Target, name: str, dtypes: Sequence[str] = ()) -> Identification:
    """What the target follows; a call that brings no result is told, and ends what depends on it.

    Args:
        name: the target, as it was asked for.
        dtypes: those to say something of; none: all that it takes.

    Raises:
        RequestError: it cannot be loaded or described, or takes volumes only.
    """
    description = target.description
    if 2 not in description.spatial:
        raise ContractError(f"{description.name}: takes volumes only, and of those nothing is identified")
    usable = [d for d in STORAGE_DTYPES if d in description.dtypes and d not in description.unsupported]
    usable = [d for d in usable if not dtypes or d in dtypes] or usable
    found: list[Findings] = []
    dead: str | None = None
    for function in description.functions:
        for asked in choices_of(description, function):
            if dead is not None:
                found.append(Findings(function=function, asked={}, dtype=usable[0], remarks=[dead]))
                continue
            findings, failure = identify_as_far(target, function, asked, usable[0])
            if failure is not None and failure.status in ("crashed", "timed out"):
                dead = f"not asked: a call before {failure.status}"
            found.append(_deepened(target, findings, asked, usable))
    return Identification(
        target=name,
        name=description.name,
        framework=description.framework,
        framework_version=description.framework_version,
        device=description.device,
        found=found,
    )


def _deepened(target: Target, findings: Findings, asked: Convention, dtypes: Sequence[str]) -> Findings:
    """With the rules at kinks and the effective precision of each dtype."""
    function, convention = findings.function, findings.convention
    if function == "generate" or not findings.paddings:
        return findings
    kinks: dict[str, str] = {}
    precision: dict[str, dict[str, str]] = {}
    remarks = list(findings.remarks)
    for dtype in dtypes:
        try:
            if convention is None or findings.dialect is None:
                coarser, _ = identify_as_far(target, function, asked, dtype)
                if len(coarser.paddings) == 1:
                    precision[dtype] = {"output": coarser.explained_by["padding"]}
                continue
            described = target.description.model_copy(update={"dialect": findings.dialect})
            route = Route(asked, findings.dialect)
            translated = TranslatedTarget(target, described, {(function, convention): route})
            precision[dtype] = found_precision(translated, function, convention, dtype)
            kinked = function == "sample" and convention.interpolation == "bilinear"
            if kinked and function in described.differentiable and not kinks:
                kinks = found_kinks(translated, convention, dtype)
        except TargetFailure as failure:
            first = (str(failure).splitlines() or [""])[0]
            remarks.append(f"{dtype}: {failure.status}: {first}")
            if failure.status in ("crashed", "timed out"):
                break
    return findings.model_copy(update={"kinks": kinks, "precision": precision, "remarks": remarks})
