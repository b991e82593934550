"""Checks of coordinates and thetas that are not finite or overflow: they spoil nothing but their own results.

What a target returns at such a point is recorded, not prescribed. It fails where that cannot be:
- a value that is neither NaN nor between the pixels of that image and zero: it was read from somewhere else;
- a value and a gradient that contradict each other: NaN beside a finite gradient that is not zero, a slope that is steeper than
  the image, or a backward pass that writes to other pixels than the forward pass read, so that <u, A^T v> is not <A u, v>.
NaN in a gradient contradicts nothing. Huge coordinates that are finite and do not overflow are judged like all others.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from stn_suites.harm import without
from stn_suites.observations import Observations, word
from stn_verify.bounds.anywhere import slopes_anywhere, values_anywhere, written_where_read
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.interval import Interval
from stn_verify.cases import poison
from stn_verify.cases.case import GenerateCase, SampleCase, TransformCase
from stn_verify.cases.poison import Mask
from stn_verify.contract.target import Call, Reply, Target
from stn_verify.exploration.examination import Examination
from stn_verify.formats import Array
from stn_verify.judging.reference import GRADIENTS, compare_gradients, compare_grid, compare_output


@dataclass(frozen=True)
class Poisoned:
    """A case, its points of which nothing is known, [N, *size], and the case with harmless ones in their place."""

    case: SampleCase | TransformCase
    points: Mask
    clean: SampleCase | TransformCase

    @property
    def images(self) -> Mask:
        """[N]: those with such points."""
        return np.asarray(np.any(self.points, axis=_inner(self.points)))


def points_unharmed(examination: Examination) -> Callable[[Target, SampleCase], list[Comparison]]:
    """A check of all other points, of the other images, and of what each poisoned point returns: 2 backwards."""
    observations = Observations(examination)

    def check(target: Target, case: SampleCase) -> list[Comparison]:
        points, clean = poison.undecided_points(case, examination.arithmetic.compute)
        poisoned = Poisoned(case, points, clean)
        wanted = GRADIENTS["sample"] if "sample" in target.description.differentiable else ()
        comparisons = _others(target, poisoned, target.call(case.call(wanted)))
        alone = _alone(case, points, clean)
        call = alone.case.call(wanted)
        reply = target.call(call)
        _note(observations, alone.case, reply)
        return [*comparisons, *_consistent(alone, call, reply)]

    return check


def images_unharmed(examination: Examination) -> Callable[[Target, TransformCase], list[Comparison]]:
    """A check of all other images, and of what the poisoned one returns: 1 backward."""
    observations = Observations(examination)

    def check(target: Target, case: TransformCase) -> list[Comparison]:
        images, clean = poison.undecided_images(case, examination.arithmetic.compute)
        shape = (len(images), *case.size)
        points = np.broadcast_to(_beside(images, len(shape)), shape)
        poisoned = Poisoned(case, points, clean)
        wanted = GRADIENTS["transform"] if "transform" in target.description.differentiable else ()
        call = case.call(wanted)
        reply = target.call(call)
        _note(observations, case, reply)
        finite = np.asarray(np.all(np.isfinite(case.theta), axis=(1, 2)))
        certain = replace(poisoned, points=points & ~_beside(finite, points.ndim))
        return [*_others(target, poisoned, reply), *_consistent(certain, call, reply)]

    return check


def grids_unharmed(examination: Examination) -> Callable[[Target, GenerateCase], list[Comparison]]:
    """A check of the grids of all other thetas, and of grad_theta, which depends on no theta: 1 backward."""
    observations = Observations(examination)

    def check(target: Target, case: GenerateCase) -> list[Comparison]:
        images, clean = poison.undecided_grids(case, examination.arithmetic.compute)
        wanted = GRADIENTS["generate"] if "generate" in target.description.differentiable else ()
        reply = target.call(case.call(wanted))
        kind = poison.told(case.theta[:1], case.dtype)
        if kind and len(images):
            observations.note(kind, f"grid {word(reply.output[0])}")
        grid = without(
            compare_grid(clean, reply.output),
            np.broadcast_to(_beside(images, reply.output.ndim), reply.output.shape),
        )
        return [grid, *compare_gradients(clean, reply, None)]

    return check


def _others(target: Target, poisoned: Poisoned, reply: Reply) -> list[Comparison]:
    """Everything that a poisoned point has no part in; of its own output and grad_grid, that they are possible."""
    comparisons = [_output(poisoned, reply.output)]
    for comparison in compare_gradients(poisoned.clean, reply, target.description.subgradient):
        if comparison.subject == "grad_grid":
            comparisons.append(_grad_grid(poisoned, reply, comparison))
        elif comparison.subject == "grad_theta":
            comparisons.append(_grad_theta(poisoned, reply, comparison))
        else:
            # What poison did to its own image's grad_input is no more certain than where it read.
            masked = _beside(poisoned.images, comparison.values.ndim)
            comparisons.append(without(comparison, np.broadcast_to(masked, comparison.values.shape)))
    return comparisons


def _output(poisoned: Poisoned, values: Array) -> Comparison:
    """The output, at poisoned points NaN or a value that some pixel explains."""
    right, bad = compare_output(poisoned.clean, values), poisoned.points[:, None]

    def expected(arithmetic: Arithmetic) -> Interval:
        return _replaced(right.expected(arithmetic), bad, values_anywhere(poisoned.clean.scene, arithmetic))

    return Comparison("output", np.where(bad & np.isnan(values), 0.0, values), expected)


def _grad_grid(poisoned: Poisoned, reply: Reply, right: Comparison) -> Comparison:
    """grad_grid, at poisoned points NaN, or what the output there allows."""
    bad = poisoned.points[..., None]
    silent = np.any(np.isnan(reply.output), axis=1)[..., None]

    def expected(arithmetic: Arithmetic) -> Interval:
        steep = slopes_anywhere(poisoned.clean.scene, poisoned.case.cotangent, arithmetic)
        possible = _replaced(steep, silent, _zero(arithmetic))
        return _replaced(right.expected(arithmetic), bad, possible)

    return Comparison("grad_grid", np.where(bad & np.isnan(right.values), 0.0, right.values), expected)


def _grad_theta(poisoned: Poisoned, reply: Reply, right: Comparison) -> Comparison:
    """grad_theta, of a poisoned theta NaN or zero where every output of its image is NaN."""
    bad = poisoned.images[:, None, None]
    silent = np.all(np.isnan(reply.output), axis=_inner(reply.output))[:, None, None]
    masked = without(right, np.broadcast_to(bad & ~silent, right.values.shape))

    def expected(arithmetic: Arithmetic) -> Interval:
        return _replaced(masked.expected(arithmetic), bad & silent, _zero(arithmetic))

    values = np.where(bad & silent & np.isnan(masked.values), 0.0, masked.values)
    return Comparison("grad_theta", values, expected)


def _alone(case: SampleCase, points: Mask, clean: SampleCase) -> Poisoned:
    """One poisoned point of each image, one that is not finite if it has one; nothing else takes part."""
    finite: Mask = np.all(np.isfinite(case.grid), axis=-1)
    chosen = np.zeros_like(points)
    for image in range(len(chosen)):
        for candidates in (~finite[image], np.abs(case.grid[image]).max(axis=-1) > poison.TOO_FAR):
            if candidates.any() and not chosen[image].any():
                chosen[image].flat[int(np.argmax(candidates))] = True
    grid = np.where(chosen[..., None], case.grid, clean.grid)
    cotangent = np.where(chosen[:, None], case.cotangent, 0.0)
    lone = replace(case, grid=grid, cotangent=cotangent)
    return Poisoned(lone, chosen & ~finite, clean)


def _consistent(alone: Poisoned, call: Call, reply: Reply) -> list[Comparison]:
    """Whether the backward pass writes where the forward pass reads, image by image and channel by channel."""
    if "image" not in reply.gradients:
        return []
    case, gradient = alone.case, reply.gradients["image"]
    planes = alone.clean.scene.spatial
    with np.errstate(invalid="ignore", over="ignore"):
        written = (gradient * case.image).sum(axis=planes)
    heard = np.isnan(reply.output) & alone.points[:, None]
    silent = np.all(heard | ~alone.points[:, None], axis=planes)
    # Where some outputs are NaN and others not, their sum says nothing; NaN in grad_input contradicts nothing.
    judged = alone.images[:, None] & (silent | ~np.any(heard, axis=planes)) & ~np.isnan(written)
    heeded = np.isfinite(reply.output) & _beside(judged & ~silent, reply.output.ndim)
    output = np.where(heeded, reply.output, 0.0)

    def expected(arithmetic: Arithmetic) -> Interval:
        return written_where_read(alone.clean.scene, case.cotangent, output, gradient, arithmetic)

    formula = f"(grad_input * image).sum(axis={planes})"
    return [without(Comparison("grad_input", written, expected, (call,), formula), ~judged)]


def _note(observations: Observations, case: SampleCase | TransformCase, reply: Reply) -> None:
    """What the first image's poisoned point, or its theta, came to."""
    if isinstance(case, SampleCase):
        taking_part = np.any(case.cotangent[:1] != 0, axis=1)
        if taking_part.sum() != 1:
            return
        point = tuple(int(i[0]) for i in np.nonzero(taking_part))
        kind = poison.told(case.grid[point], case.dtype)
        results = {"output": np.moveaxis(reply.output, 1, -1)[point]}
        results |= {"grad_grid": reply.gradients["grid"][point]} if reply.gradients else {}
    else:
        kind = poison.told(case.theta[:1], case.dtype)
        results = {"output": reply.output[:1]}
        results |= {"grad_theta": reply.gradients["theta"][:1]} if reply.gradients else {}
    results |= {"grad_input": reply.gradients["image"][:1]} if reply.gradients else {}
    if kind:
        observations.note(kind, ", ".join(f"{name} {word(values)}" for name, values in results.items()))


def _inner(values: Array | Mask) -> tuple[int, ...]:
    """All axes but the batch."""
    return tuple(range(1, values.ndim))


def _beside(mask: Mask, rank: int) -> Mask:
    """With further axes at its end, to be broadcast over an array of that many."""
    return mask.reshape(*mask.shape, *(1,) * (rank - mask.ndim))


def _replaced(right: Interval, where: Mask, other: Interval) -> Interval:
    return Interval(
        np.where(where, other.low, right.low),
        np.where(where, other.high, right.high),
        np.where(where, other.bound, right.bound),
    )


def _zero(arithmetic: Arithmetic) -> Interval:
    nothing = np.zeros(())
    return Interval(nothing, nothing, np.asarray(arithmetic.tiny))
