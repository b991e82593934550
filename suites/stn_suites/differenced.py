"""Gradients against exact differences of a target's own forward, whichever way it interpolates."""

import zlib

from stn_suites import checks
from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.contract.target import Target
from stn_verify.differences.cubic_grid import CubicGridDifferences
from stn_verify.differences.cubic_lattice import CubicLattice
from stn_verify.differences.cubic_theta import CubicThetaDifferences
from stn_verify.differences.nearest import NearestGridDifferences, Picks
from stn_verify.judging.arithmetics import claimed
from stn_verify.judging.reference import GRADIENTS, compare_gradients


def sample(target: Target, case: SampleCase) -> list[Comparison]:
    """Nearest: 4 forwards (6 of a volume) and 1 backward. Bicubic: 24 forwards and 1 backward."""
    if case.convention.interpolation == "bilinear":
        return checks.sample_differences(target, case)
    reply = target.call(case.call(GRADIENTS["sample"]))
    weights = _weights(target, case)
    arithmetic, seed = claimed(target.description, case.dtype), zlib.crc32(case.image.tobytes())
    moved = (
        NearestGridDifferences(target, case, arithmetic, reply.output, seed)
        if case.convention.interpolation == "nearest"
        else CubicGridDifferences(target, case, arithmetic, seed)
    )
    return [
        weights.compare_output(reply.output),
        weights.compare_gradient(reply.gradients["image"]),
        moved.compare(reply.gradients["grid"]),
    ]


def transform(target: Target, case: TransformCase) -> list[Comparison]:
    """Nearest: 2 forwards and 1 backward; its grad_theta has no differences but zero. Bicubic: 52 forwards and 1 backward."""
    if case.convention.interpolation == "bilinear":
        return checks.transform_differences(target, case)
    reply = target.call(case.call(GRADIENTS["transform"]))
    weights = _weights(target, case)
    judged = [
        weights.compare_output(reply.output),
        weights.compare_gradient(reply.gradients["image"]),
    ]
    if case.convention.interpolation == "nearest":
        return judged + [c for c in compare_gradients(case, reply, None) if c.subject == "grad_theta"]
    arithmetic = claimed(target.description, case.dtype)
    moved = CubicThetaDifferences(target, case, arithmetic, reply.output)
    return [*judged, moved.compare(reply.gradients["theta"])]


def _weights(target: Target, case: SampleCase | TransformCase) -> Picks | CubicLattice:
    return Picks(target, case) if case.convention.interpolation == "nearest" else CubicLattice(target, case)
