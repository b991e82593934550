"""Checks of pixels and cotangents that are NaN or infinite: they reach those results that depend on them, and no others.

A sample is harmed where rounding may carry it within one pixel of a spoilt one: right samplers read such pixels with weight zero,
and whether 0 times NaN is taken for NaN is recorded, as is what comes of a pixel with weight. All other results are as if
nothing were spoilt; grad_input does not depend on pixels at all.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from stn_suites.observations import Observations, word
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.input_gradient import taps
from stn_verify.bounds.interval import Interval
from stn_verify.bounds.scene import Scene
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.cases.poison import Mask
from stn_verify.contract.target import Target
from stn_verify.exploration.examination import Examination
from stn_verify.judging.reference import GRADIENTS, compare_gradients, compare_output

Sampling = SampleCase | TransformCase


def pixels_stay(examination: Examination) -> Callable[[Target, Sampling], list[Comparison]]:
    """A check of every result that a spoilt pixel has no part in: 1 backward."""
    observations = Observations(examination)

    def check(target: Target, case: Sampling) -> list[Comparison]:
        spoilt = ~np.isfinite(case.image)
        clean = replace(case, image=np.where(spoilt, 1.0, case.image))
        differentiable = case.function in target.description.differentiable
        reply = target.call(case.call(GRADIENTS[case.function] if differentiable else ()))
        read, sure = _reading(clean.scene, spoilt, examination.arithmetic)
        near, _ = _reading(clean.scene, _dilated(spoilt), examination.arithmetic)
        kind = word(case.image)
        for name, points in (
            (f"{kind} pixel", sure),
            (f"{kind} pixel with weight zero, or nearly", read & ~sure),
        ):
            if points.any():
                observations.note(name, f"output {word(reply.output[points])}")
        nowhere = np.zeros_like(spoilt)
        gradients = compare_gradients(clean, reply, target.description.subgradient)
        return [
            _without(compare_output(clean, reply.output), near),
            *(_without(each, _harmed(each.subject, near, nowhere)) for each in gradients),
        ]

    return check


def cotangents_stay(examination: Examination) -> Callable[[Target, Sampling], list[Comparison]]:
    """A check of every gradient that a spoilt cotangent has no part in: 1 backward."""
    observations = Observations(examination)

    def check(target: Target, case: Sampling) -> list[Comparison]:
        spoilt = ~np.isfinite(case.cotangent)
        clean = replace(case, cotangent=np.where(spoilt, 1.0, case.cotangent))
        reply = target.call(case.call(GRADIENTS[case.function]))
        written = _writing(case.scene, spoilt, examination.arithmetic)
        judged = []
        for comparison in compare_gradients(clean, reply, target.description.subgradient):
            judged.append(_without(comparison, _harmed(comparison.subject, spoilt, _dilated(written))))
            harmed = _harmed(comparison.subject, spoilt, written)
            own = np.broadcast_to(harmed, comparison.values.shape)
            if own.any():
                what = f"{comparison.subject} {word(comparison.values[own])}"
                observations.note(f"{word(case.cotangent)} cotangent, {comparison.subject}", what)
        return judged

    return check


def _harmed(subject: str, outputs: Mask, pixels: Mask) -> Mask:
    """The entries of a gradient that some outputs or pixels have a part in."""
    match subject:
        case "grad_input":
            return pixels
        case "grad_grid":
            return np.asarray(np.any(outputs, axis=1)[..., None])
        case _:
            return np.asarray(np.any(outputs, axis=(1, 2, 3))[:, None, None])


def _reading(scene: Scene, spoilt: Mask, arithmetic: Arithmetic) -> tuple[Mask, Mask]:
    """Which outputs [N, C, Ho, Wo] may read a spoilt pixel, and which do so with a weight that is surely not zero."""
    flat = _flat(scene, spoilt)
    read = np.zeros((len(flat), len(scene.batch)), dtype=bool)
    least = np.zeros(read.shape)
    for tap in taps(scene, arithmetic):
        hit = flat[:, tap.address]
        read[:, tap.points] |= hit
        least[:, tap.points] += hit * np.maximum(tap.weight - tap.error, 0.0)
    _, lost = scene.neighbouring(arithmetic)
    read[:, lost] |= np.any(spoilt, axis=(2, 3))[scene.batch[lost]].T
    return scene.planes(read.astype(np.float64)) > 0, scene.planes(least) > 0


def _writing(scene: Scene, spoilt: Mask, arithmetic: Arithmetic) -> Mask:
    """Which pixels [N, C, H, W] spoilt outputs may write to."""
    rows = scene.rows(spoilt.astype(np.float64))
    sums = scene.no_pixels()
    for tap in taps(scene, arithmetic):
        scene.scatter(sums, tap.address, rows[:, tap.points])
    written = scene.pixels(sums) > 0
    _, lost = scene.neighbouring(arithmetic)
    for point in lost:
        written[scene.batch[point]] |= rows[:, point][:, None, None] > 0
    return np.asarray(written)


def _flat(scene: Scene, spoilt: Mask) -> Mask:
    """[C, N H W + 1], the last for no pixel."""
    rows = scene.rows(spoilt.astype(np.float64)) > 0
    return np.concatenate([rows, np.zeros((len(rows), 1), dtype=bool)], axis=1)


def _dilated(spoilt: Mask) -> Mask:
    """Those and the eight around each."""
    wide = np.pad(spoilt, ((0, 0), (0, 0), (1, 1), (1, 1)))
    rows = wide[:, :, :-2] | wide[:, :, 1:-1] | wide[:, :, 2:]
    return np.asarray(rows[..., :-2] | rows[..., 1:-1] | rows[..., 2:])


def _without(comparison: Comparison, harmed: Mask) -> Comparison:
    """The comparison with zeros on both sides where nothing is to be judged."""

    def expected(arithmetic: Arithmetic) -> Interval:
        right = comparison.expected(arithmetic)
        low, high = np.where(harmed, 0.0, right.low), np.where(harmed, 0.0, right.high)
        return Interval(low, high, right.bound)

    return Comparison(comparison.subject, np.where(harmed, 0.0, comparison.values), expected)
