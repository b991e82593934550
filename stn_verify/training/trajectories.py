"""Two trainings from one start, with a target's transformer and with the reference's, held against each other step by step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.descent import Descent, Drift
from stn_verify.bounds.interval import Interval
from stn_verify.bounds.training import Stage
from stn_verify.bounds.transformers import Reading
from stn_verify.bounds.uncertain import Uncertain, known
from stn_verify.cases.training import MOMENTUM, PARTS, TrainingCase
from stn_verify.contract.target import Target
from stn_verify.formats import Array
from stn_verify.judging.arithmetics import claimed
from stn_verify.training.readers import Reader, ReferenceReader, TargetReader, grid_of
from stn_verify.training.steps import step

SUBJECT = "parameters"
Bounds = Callable[[Arithmetic], Uncertain]


@dataclass(frozen=True)
class Trajectories:
    """What was compared, and where both trainings went."""

    comparisons: list[Comparison]
    start: Array
    target: Array
    """The parameters that it ended with."""
    reference: Array

    @property
    def told(self) -> str:
        """How far apart they ended, for a person."""
        apart = float(np.abs(self.target - self.reference).max())
        way = float(np.abs(self.reference - self.start).max())
        return f"{apart:.1e} apart, after {way:.1e} of way"


def compare_trajectories(target: Target, case: TrainingCase) -> Trajectories:
    """Every step of the target's training against the reference's from the same parameters, and where both end.

    2 calls a step. The first step that is wrong is the last: what follows from it says nothing more.

    Raises:
        TargetFailure: the target brought no result.
    """
    arithmetic = claimed(target.description, case.dtype)
    readers: tuple[Reader, Reader] = (TargetReader(target, case), ReferenceReader(case))
    start = case.initial()
    ours, other = Descent.at(start), Descent.at(start)
    comparisons: list[Comparison] = []
    taken: list[_Taken] = []
    for number in range(case.steps):
        own, twin = (
            step(case, each.position, number, reader)
            for each, reader in zip((ours, other), readers, strict=True)
        )
        bounds = _bounds(case, ours.position, own.theta, number, target.description.subgradient)
        compared = [_of_part(case, part, number, own.gradient, bounds) for part in PARTS]
        comparisons += compared
        if any(comparison.budget_used(arithmetic) > 1 for comparison in compared):
            return Trajectories(comparisons, start, ours.position, other.position)
        rates = case.rates(number)
        lost = zip(
            ours.roundings(own.gradient, rates, MOMENTUM),
            other.roundings(twin.gradient, rates, MOMENTUM),
            strict=True,
        )
        of_velocity, of_position = (one + another for one, another in lost)
        taken.append(_Taken(bounds, twin.gradient, (of_velocity, of_position)))
        ours = ours.stepped(own.gradient, rates, MOMENTUM)
        other = other.stepped(twin.gradient, rates, MOMENTUM)
    law = (
        f"after {case.steps} steps the parameters differ from those of the reference's own training by what rounding explains,"
        " and by what the network makes of that"
    )
    drift = Comparison(
        SUBJECT, ours.position - other.position, lambda claim: _drift(case, taken, claim), law=law
    )
    return Trajectories([*comparisons, drift], start, ours.position, other.position)


@dataclass(frozen=True)
class _Taken:
    """One step of both trainings."""

    bounds: Bounds
    """The gradient at the target's parameters."""
    twin: Array
    """The reference's, at its own."""
    roundings: tuple[Array, Array]


def _bounds(
    case: TrainingCase, position: Array, theta: Array, number: int, subgradient: str | None
) -> Bounds:
    """The gradient [P] that a right target finds at some parameters; worked out once for each arithmetic."""

    @cache
    def bounds(arithmetic: Arithmetic) -> Uncertain:
        images, labels = case.minibatch(number)
        stage = Stage(
            case.parts["localisation"],
            case.parts["classifier"],
            case.split(position),
            images,
            labels,
            case.storage,
        )
        gradients = stage.gradients(_reading(case, images, theta, arithmetic, zero=subgradient == "zero"))
        return Uncertain(
            case.joined(_each(gradients, lambda gradient: gradient.value)),
            case.joined(_each(gradients, lambda gradient: gradient.radius)),
        )

    return bounds


def _reading(
    case: TrainingCase, images: Array, theta: Array, arithmetic: Arithmetic, *, zero: bool
) -> Reading:
    convention = case.convention
    if case.function == "sample":
        return Reading.through(known(images), grid_of(case, theta), convention, arithmetic, zero=zero)
    padding, aligned = convention.padding, convention.align_corners
    return Reading.of(known(images), known(theta), case.size, padding, aligned, arithmetic, zero=zero)


def _each(
    gradients: Mapping[str, Mapping[str, Uncertain]], read: Callable[[Uncertain], Array]
) -> dict[str, dict[str, Array]]:
    return {
        part: {name: read(gradient) for name, gradient in named.items()} for part, named in gradients.items()
    }


def _of_part(case: TrainingCase, part: str, number: int, gradient: Array, bounds: Bounds) -> Comparison:
    own = case.of(part)

    def expected(arithmetic: Arithmetic) -> Interval:
        gradients = bounds(arithmetic)
        return Uncertain(gradients.value[own], gradients.radius[own]).interval

    law = f"step {number + 1} moves the {part} network as the reference does from the same parameters"
    return Comparison(SUBJECT, gradient[own], expected, law=law)


def _drift(case: TrainingCase, taken: list[_Taken], arithmetic: Arithmetic) -> Interval:
    drift = Drift.none(len(case.initial()))
    for number, each in enumerate(taken):
        gradient = each.bounds(arithmetic)
        difference = Uncertain(gradient.value - each.twin, gradient.radius)
        drift = drift.stepped(difference, case.rates(number), MOMENTUM, each.roundings)
    return drift.position.interval
