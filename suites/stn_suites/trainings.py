"""One training of each check: what is trained, and what is said of it."""

from collections.abc import Callable
from functools import cache

import numpy as np

from stn_suites.mosaic import mosaic
from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.training import Function, TrainingCase, identity_start, moved_digits
from stn_verify.contract.convention import Convention
from stn_verify.contract.target import Target
from stn_verify.exploration.examination import Examination
from stn_verify.judging.rules import STALLING
from stn_verify.judging.statement import Statement
from stn_verify.training.readers import NoTransformer, ReferenceReader, TargetReader
from stn_verify.training.steps import error, train
from stn_verify.training.trajectories import compare_trajectories

DRAWN = 10
"""Digits in a figure."""


@cache
def _reference_errors(
    function: Function, steps: int, dtype: str, convention: Convention
) -> tuple[float, float]:
    """On held-out digits, without a transformer and with the reference's: the same for every target."""
    case = moved_digits(function, steps, dtype, convention)
    reference = ReferenceReader(case)
    without, trained = (
        error(case, train(case, each).parameters, each) for each in (NoTransformer(reference), reference)
    )
    return without, trained


@cache
def _reference_losses(
    function: Function, steps: int, dtype: str, convention: Convention
) -> tuple[float, float]:
    """From the identity, by the rules right and zero; by the latter the identity is never left."""
    case = identity_start(function, steps, dtype, convention)
    reference = ReferenceReader(case, "right")
    return train(case, reference).loss, train(case, NoTransformer(reference)).loss


def follows(examination: Examination) -> Callable[[Target, TrainingCase], list[Comparison]]:
    """A check that holds each step against the reference's, and notes how far apart both trainings end."""

    def check(target: Target, case: TrainingCase) -> list[Comparison]:
        trajectories = compare_trajectories(target, case)
        examination.observed["parameters of both trainings"] = trajectories.told
        return trajectories.comparisons

    return check


def lowers_the_error(examination: Examination) -> Callable[[Target, TrainingCase], list[Statement]]:
    """A check that compares errors on digits held out, and draws some of these before and after the transformer."""

    def check(target: Target, case: TrainingCase) -> list[Statement]:
        reader = TargetReader(target, case)
        trained = train(case, reader)
        found = error(case, trained.parameters, reader)
        without, with_reference = _reference_errors(case.function, case.steps, case.dtype, case.convention)
        told = (
            f"{found:.1%} of held-out digits are wrong, {without:.1%} without a transformer and {with_reference:.1%} with the"
            " reference's"
        )
        examination.observed["error"] = told
        images = case.digits.held_out[0][:DRAWN]
        theta = case.theta(case.split(trained.parameters), images)
        examination.figure = mosaic([images, reader.output(images, theta)])
        return [Statement("error", found < without or with_reference >= without, told)]

    return check


def learns_from_the_identity(examination: Examination) -> Callable[[Target, TrainingCase], list[Statement]]:
    """A check that starts where every point lies on a kink, and tells what the target's rule there makes of training."""

    def check(target: Target, case: TrainingCase) -> list[Statement]:
        declared = target.description.subgradient
        trained = train(case, TargetReader(target, case))
        right, held = _reference_losses(case.function, case.steps, case.dtype, case.convention)
        own = case.of("localisation")
        stalled = bool(np.array_equal(trained.parameters[own], case.initial()[own]))
        moved = "theta stays the identity" if stalled else "theta moves"
        told = f"{moved}: loss {trained.loss:.2f} after {case.steps} steps; {right:.2f} by the rule right, {held:.2f} by zero"
        examination.observed["identity start"] = told
        if stalled:
            examination.warning = STALLING
        # A rule of zero is a choice that is declared; without a declaration a target that learns nothing is wrong.
        learns = not stalled and trained.loss < held
        return [Statement("loss", learns or declared == "zero" or right >= held, told)]

    return check
