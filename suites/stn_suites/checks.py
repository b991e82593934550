"""One example of each check: what is asked of the target, and what its replies are compared with."""

import zlib
from dataclasses import replace
from itertools import combinations

from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.case import GenerateCase, SampleCase, TransformCase
from stn_verify.contract.target import Call, Target
from stn_verify.differences.grid import GridDifferences
from stn_verify.differences.lattice import Lattice
from stn_verify.differences.theta import ThetaDifferences
from stn_verify.judging.arithmetics import claimed
from stn_verify.judging.reference import GRADIENTS, compare_gradients, compare_grid, compare_output


def values(target: Target, case: SampleCase | TransformCase) -> list[Comparison]:
    """The output against the oracle: 1 forward."""
    return [compare_output(case, target.call(case.call()).output)]


def grid(target: Target, case: GenerateCase) -> list[Comparison]:
    """A generated grid against the oracle: 1 forward."""
    return [compare_grid(case, target.call(case.call()).output)]


def gradients(target: Target, case: SampleCase | TransformCase | GenerateCase) -> list[Comparison]:
    """Every gradient against the oracle's closed form: 1 backward."""
    reply = target.call(case.call(GRADIENTS[case.function]))
    return compare_gradients(case, reply, target.description.subgradient)


def gradient_subsets(target: Target, case: SampleCase | TransformCase) -> list[Comparison]:
    """Every gradient against the oracle's closed form, in every company: of two inputs 3 backwards."""
    names = GRADIENTS[case.function]
    calls = [case.call(subset) for count in range(1, len(names) + 1) for subset in combinations(names, count)]
    known: dict[str, Comparison] = {}
    judged = []
    for call in calls:
        for comparison in compare_gradients(case, target.call(call), target.description.subgradient):
            base = known.setdefault(comparison.subject, comparison)
            judged.append(replace(base, values=comparison.values, calls=(call,)))
    return judged


def repeated(target: Target, case: SampleCase | TransformCase) -> list[Comparison]:
    """The case, other numbers in arrays of the same shapes, and the case again: 3 backwards."""
    judged: list[Comparison] = []
    asked: tuple[Call, ...] = ()
    for each in (case, _turned(case), case):
        differentiable = each.function in target.description.differentiable
        asked += (each.call(GRADIENTS[each.function] if differentiable else ()),)
        judged += [replace(comparison, calls=asked) for comparison in everything(target, each)]
    return judged


def _turned(case: SampleCase | TransformCase) -> SampleCase | TransformCase:
    """Every array of the case with its batch and its second axis reversed."""
    image, cotangent = case.image[::-1, ::-1], -case.cotangent[::-1, ::-1]
    if isinstance(case, SampleCase):
        return replace(case, image=image, grid=case.grid[::-1, ::-1], cotangent=cotangent)
    return replace(case, image=image, theta=case.theta[::-1, ::-1], cotangent=cotangent)


def generator(target: Target, case: GenerateCase) -> list[Comparison]:
    """A generated grid and its gradient against the oracle: 1 backward, and the forward pass that belongs to it."""
    if "generate" not in target.description.differentiable:
        return grid(target, case)
    reply = target.call(case.call(("theta",)))
    return [compare_grid(case, reply.output), *compare_gradients(case, reply, None)]


def everything(target: Target, case: SampleCase | TransformCase) -> list[Comparison]:
    """Output and gradients against the oracle: 1 backward, and the forward pass that belongs to it."""
    if case.function not in target.description.differentiable:
        return values(target, case)
    reply = target.call(case.call(GRADIENTS[case.function]))
    return [
        compare_output(case, reply.output),
        *compare_gradients(case, reply, target.description.subgradient),
    ]


def sample_differences(target: Target, case: SampleCase) -> list[Comparison]:
    """grad_input and grad_grid against differences of the target's own forward: 8 forwards and 1 backward."""
    reply = target.call(case.call(GRADIENTS["sample"]))
    lattice = Lattice(target, case)
    moved = GridDifferences(
        target, case, claimed(target.description, case.dtype), reply.output, zlib.crc32(case.image.tobytes())
    )
    return [
        lattice.compare_output(reply.output),
        lattice.compare_gradient(reply.gradients["image"]),
        moved.compare(reply.gradients["grid"]),
    ]


def lattice_differences(target: Target, case: SampleCase) -> list[Comparison]:
    """grad_input alone against the target's own weights: 4 forwards and 1 backward."""
    reply = target.call(case.call(("image",)))
    lattice = Lattice(target, case)
    return [lattice.compare_output(reply.output), lattice.compare_gradient(reply.gradients["image"])]


def transform_differences(target: Target, case: TransformCase) -> list[Comparison]:
    """grad_input and grad_theta against differences of the target's own forward: 28 forwards and 1 backward."""
    reply = target.call(case.call(GRADIENTS["transform"]))
    lattice = Lattice(target, case)
    moved = ThetaDifferences(target, case, claimed(target.description, case.dtype), reply.output)
    return [
        lattice.compare_output(reply.output),
        lattice.compare_gradient(reply.gradients["image"]),
        moved.compare(reply.gradients["theta"]),
    ]
