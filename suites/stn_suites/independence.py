"""Checks that images and channels have nothing to do with each other."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.interval import Interval
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.contract.target import Call, Reply, Target
from stn_verify.formats import named
from stn_verify.judging.reference import GRADIENTS, compare_gradients, compare_output

SampledCase = SampleCase | TransformCase
Mask = npt.NDArray[np.bool_]

AWAY = 1000.0
"""A normalised coordinate far outside that every dtype and index still holds: beyond, robustness is another suite's."""

SPOILT = 2 / 3
"""Share of the cases in which a plane is spoilt; in the others points are moved."""


def others_unspoilt(target: Target, case: SampledCase) -> list[Comparison]:
    """A plane of image and cotangent is NaN or the largest number, or the points of an image are elsewhere: 1 backward.

    All results of other images, and those of other channels that no sum over channels mixes, against the oracle: NaN shows
    a leak however small its factor, the largest number one that drops NaN, as a maximum may.
    """
    random = np.random.default_rng(zlib.crc32(case.image.tobytes() + case.cotangent.tobytes()))
    spoilt = (_spoilt_plane if random.random() < SPOILT else _moved_points)(case, random)
    call = spoilt.case.call(_wanted(target, case))
    return _judged(target, case, target.call(call), (call,), spoilt)


def permuted(target: Target, case: SampledCase) -> list[Comparison]:
    """The same images, channels and points in another order, right after the first: 2 backwards.

    The second reply is held against the oracle, which is closer than the first reply is: neighbouring lanes may round
    otherwise. What this can find is what survives a call because the next one has the same shapes, sums and extremes.
    """
    random = np.random.default_rng(zlib.crc32(case.image.tobytes() + case.cotangent.tobytes()))
    other = _reordered(case, random)
    calls = tuple(each.call(_wanted(target, case)) for each in (case, other))
    replies = [target.call(call) for call in calls]
    law = "images, channels and points in another order bring the same results in that order"
    return _judged(target, other, replies[-1], calls, _Spoilt(other, {}, law))


def _wanted(target: Target, case: SampledCase) -> tuple[str, ...]:
    """Every gradient that there is."""
    return GRADIENTS[case.function] if case.function in target.description.differentiable else ()


@dataclass(frozen=True)
class _Spoilt:
    """A case with something spoilt in it, and by subject the results that this is allowed to reach."""

    case: SampledCase
    own: Mapping[str, Mask]
    law: str = "what is wrong with one image or channel reaches no other"


def _judged(
    target: Target, case: SampledCase, reply: Reply, calls: tuple[Call, ...], spoilt: _Spoilt
) -> list[Comparison]:
    """The reply against the oracle, but for results that are a spoilt plane's own affair."""
    comparisons = [compare_output(case, reply.output)]
    comparisons += compare_gradients(case, reply, target.description.subgradient)
    return [
        replace(_without(comparison, spoilt.own.get(comparison.subject)), calls=calls, law=spoilt.law)
        for comparison in comparisons
    ]


def _without(comparison: Comparison, own: Mask | None) -> Comparison:
    if own is None:
        return comparison

    def expected(arithmetic: Arithmetic) -> Interval:
        interval = comparison.expected(arithmetic)
        return replace(interval, bound=np.where(own, np.inf, interval.bound))

    return Comparison(comparison.subject, np.where(own, 0.0, comparison.values), expected)


def _spoilt_plane(case: SampledCase, random: np.random.Generator) -> _Spoilt:
    plane, whole = _chosen(case, random)
    image = np.where(plane, _poison(case.dtype, random), case.image)
    cotangent = np.where(plane, _poison(case.dtype, random), case.cotangent)
    # grad_input does not read the image; of the spoilt plane alone nothing is asked.
    own = _own(whole, output=plane, grad_input=plane)
    return _Spoilt(replace(case, image=image, cotangent=cotangent), own)


def _moved_points(case: SampledCase, random: np.random.Generator) -> _Spoilt:
    _, whole = _chosen(case, random)
    own = _own(whole, output=whole, grad_input=whole)
    if isinstance(case, SampleCase):
        return _Spoilt(replace(case, grid=np.where(whole, AWAY, case.grid)), own)
    theta = case.theta.copy()
    theta[whole.ravel(), :, 2] = AWAY
    return _Spoilt(replace(case, theta=theta), own)


def _own(whole: Mask, **own: Mask) -> Mapping[str, Mask]:
    """The gradients of points and thetas are sums over channels: all of the image's are reached."""
    return {"grad_grid": whole, "grad_theta": whole[..., 0], **own}


def _chosen(case: SampledCase, random: np.random.Generator) -> tuple[Mask, Mask]:
    """One plane [N, C, 1, 1], and its whole image [N, 1, 1, 1]."""
    count, channels = case.image.shape[:2]
    plane = np.zeros((count, channels, 1, 1), dtype=np.bool_)
    plane[random.integers(count), random.integers(channels)] = True
    return plane, np.any(plane, axis=1, keepdims=True)


def _poison(dtype: str, random: np.random.Generator) -> float:
    return (np.nan, named(dtype).largest, -named(dtype).largest)[random.integers(3)]


def _reordered(case: SampledCase, random: np.random.Generator) -> SampledCase:
    images, channels = (random.permutation(length) for length in case.image.shape[:2])
    image, cotangent = case.image[images][:, channels], case.cotangent[images][:, channels]
    if isinstance(case, TransformCase):
        return replace(case, image=image, theta=case.theta[images], cotangent=cotangent)
    rows, columns = (random.permutation(length) for length in case.output_size)
    return replace(
        case,
        image=image,
        grid=case.grid[images][:, rows][:, :, columns],
        cotangent=cotangent[:, :, rows][..., columns],
    )
