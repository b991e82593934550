"""Checks of pixels and cotangents that are NaN or infinite: they reach those results that depend on them, and no others.

Whether 0 times NaN is taken for NaN is recorded, as is what comes of a pixel with weight. All other results are as if nothing
were spoilt. grad_input does not depend on pixels at all, nor does grad2_input: S = <grad_input, a> + <grad_grid, b> is linear in
the image, so that no pixel is left in its gradient.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from stn_suites.double_backward import asked
from stn_suites.harm import Sampling, SpoiltPixels, dilated, harmed, spoilt_pixels, without, writing
from stn_suites.observations import Observations, word
from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.directions import directed
from stn_verify.contract.target import Target
from stn_verify.exploration.examination import Examination
from stn_verify.judging.reference import GRADIENTS, compare_gradients, compare_output
from stn_verify.judging.second_order import compare_second


def pixels_stay(examination: Examination) -> Callable[[Target, Sampling], list[Comparison]]:
    """A check of every result that a spoilt pixel has no part in: 1 backward."""
    observations = Observations(examination)

    def check(target: Target, case: Sampling) -> list[Comparison]:
        spoilt = spoilt_pixels(case, examination.arithmetic)
        differentiable = case.function in target.description.differentiable
        reply = target.call(case.call(GRADIENTS[case.function] if differentiable else ()))
        kind = word(case.image)
        for name, points in (
            (f"{kind} pixel", spoilt.surely),
            (f"{kind} pixel with weight zero, or nearly", spoilt.read & ~spoilt.surely),
        ):
            if points.any():
                observations.note(name, f"output {word(reply.output[points])}")
        output = compare_output(spoilt.clean, reply.output)
        gradients = compare_gradients(spoilt.clean, reply, target.description.subgradient)
        return [_spared(each, case, spoilt) for each in (output, *gradients)]

    return check


def pixels_stay_twice(examination: Examination) -> Callable[[Target, Sampling], list[Comparison]]:
    """A check of every second gradient that a spoilt pixel has no part in: 1 backward, differentiated once more."""
    observations = Observations(examination)

    def check(target: Target, case: Sampling) -> list[Comparison]:
        spoilt = spoilt_pixels(case, examination.arithmetic)
        directions = directed(spoilt.clean, examination.arithmetic)
        call, reply = asked(target, directions, image=case.image)
        nowhere = np.zeros(case.image.shape, dtype=bool)
        kind = word(case.image)
        judged = []
        for comparison in compare_second(directions, call, reply, target.description.subgradient):
            judged.append(_spared(comparison, case, spoilt))
            read, surely = (
                np.broadcast_to(harmed(comparison.subject, outputs, nowhere), comparison.values.shape)
                for outputs in (spoilt.read, spoilt.surely)
            )
            for name, own in (
                (f"{kind} pixel, {comparison.subject}", surely),
                (f"{kind} pixel with weight zero, or nearly, {comparison.subject}", read & ~surely),
            ):
                if own.any():
                    observations.note(name, word(comparison.values[own]))
        return judged

    return check


def cotangents_stay(examination: Examination) -> Callable[[Target, Sampling], list[Comparison]]:
    """A check of every gradient that a spoilt cotangent has no part in: 1 backward."""
    observations = Observations(examination)

    def check(target: Target, case: Sampling) -> list[Comparison]:
        spoilt = ~np.isfinite(case.cotangent)
        clean = replace(case, cotangent=np.where(spoilt, 1.0, case.cotangent))
        reply = target.call(case.call(GRADIENTS[case.function]))
        written = writing(case.scene, spoilt, examination.arithmetic)
        judged = []
        for comparison in compare_gradients(clean, reply, target.description.subgradient):
            judged.append(without(comparison, harmed(comparison.subject, spoilt, dilated(written))))
            own = np.broadcast_to(harmed(comparison.subject, spoilt, written), comparison.values.shape)
            if own.any():
                what = f"{comparison.subject} {word(comparison.values[own])}"
                observations.note(f"{word(case.cotangent)} cotangent, {comparison.subject}", what)
        return judged

    return check


def _spared(comparison: Comparison, case: Sampling, spoilt: SpoiltPixels) -> Comparison:
    """Without what a spoilt pixel may have a part in."""
    nowhere = np.zeros(case.image.shape, dtype=bool)
    return without(comparison, harmed(comparison.subject, spoilt.near, nowhere))
