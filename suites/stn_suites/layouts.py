"""Checks of arrays that do not lie packed in memory, and of arrays of different dtypes."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from stn_suites.observations import Observations
from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.case import GenerateCase, SampleCase, TransformCase
from stn_verify.contract.features import Layout
from stn_verify.contract.target import Call, Reply, Target
from stn_verify.exploration.examination import Examination
from stn_verify.formats import Array, named
from stn_verify.judging.reference import GRADIENTS, compare_gradients, compare_grid, compare_output

Sampling = SampleCase | TransformCase

WIDER = {"bfloat16": "float32", "float16": "float32", "float32": "float64"}
"""The finer dtype that each is mixed with: results are judged by the coarser one's arithmetic."""


def laid_out(layout: Layout) -> Callable[[Target, Sampling | GenerateCase], list[Comparison]]:
    """A check of packed arrays, all arrays laid out so, packed ones again, and each array alone: 5 or 6 backwards.

    The shapes stay: a kernel that was built for one layout and is kept for the shape alone reads the next one wrongly.
    """

    def check(target: Target, case: Sampling | GenerateCase) -> list[Comparison]:
        differentiable = case.function in target.description.differentiable
        call = case.call(GRADIENTS[case.function] if differentiable else ())
        names = [*case.arrays, *(["cotangent"] if differentiable else [])]
        arrangements: list[dict[str, Layout]] = [{}, dict.fromkeys(names, layout), {}]
        arrangements += [{name: layout} for name in names]
        asked: tuple[Call, ...] = ()
        known: dict[str, Comparison] = {}
        judged = []
        for arrangement in arrangements:
            asked += (replace(call, layouts=arrangement),)
            for each in _all(target, case, target.call(asked[-1])):
                # What is right is worked out once for all.
                base = known.setdefault(each.subject, each)
                judged.append(replace(base, values=each.values, calls=asked))
        return judged

    return check


def repeating(case: Sampling) -> Sampling:
    """The case with one grid or theta for the batch, one channel for all, and a cotangent of ones, as sum() hands it over."""
    image = np.repeat(case.image[:, :1], case.image.shape[1], axis=1)
    ones = np.ones_like(case.cotangent)
    if isinstance(case, SampleCase):
        return replace(case, image=image, grid=np.repeat(case.grid[:1], len(image), axis=0), cotangent=ones)
    return replace(case, image=image, theta=np.repeat(case.theta[:1], len(image), axis=0), cotangent=ones)


def mixed(examination: Examination) -> Callable[[Target, Sampling], list[Comparison]]:
    """A check of a finer grid or theta on an image, and of a finer image under a grid or theta: 2 backwards."""
    observations = Observations(examination)

    def check(target: Target, case: Sampling) -> list[Comparison]:
        differentiable = case.function in target.description.differentiable
        wanted = GRADIENTS[case.function] if differentiable else ()
        wider = WIDER[case.dtype]
        judged = []
        for name in case.arrays:
            given = case if name == "image" else _refined(case)
            call = replace(given.call(wanted), dtypes={name: wider})
            reply = target.call(call)
            observations.note(f"{name} {wider}, the rest {case.dtype}", f"output {reply.dtype}")
            judged += [replace(each, calls=(call,)) for each in _all(target, given, reply)]
        return judged

    return check


def _refined(case: Sampling) -> Sampling:
    """The case with a grid or theta that lies in the finer dtype alone."""
    finer, random = named(WIDER[case.dtype]), np.random.default_rng(case.cotangent.size)
    half_an_ulp = named(case.dtype).unit_roundoff

    def moved(values: Array) -> Array:
        return finer.round(values * (1 + half_an_ulp * random.uniform(-1, 1, values.shape)))

    if isinstance(case, SampleCase):
        return replace(case, grid=moved(case.grid))
    return replace(case, theta=moved(case.theta))


def _all(target: Target, case: Sampling | GenerateCase, reply: Reply) -> list[Comparison]:
    values = (
        compare_grid(case, reply.output)
        if isinstance(case, GenerateCase)
        else compare_output(case, reply.output)
    )
    return [values, *compare_gradients(case, reply, target.description.subgradient)]
