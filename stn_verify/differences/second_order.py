"""Second gradients of a sampler from exact differences of the target's own first gradients.

Of S = <grad_input, a> + <grad_grid, b>, with the cotangent v:

- dS/dv of one channel is V(a) + <grad_grid under a cotangent of ones in that channel, b>: 1 forward and C backwards;
- dS/dgrid is grad_grid of the image a, and b times the change of grad_grid as the grid moves: dL/dx is linear in y inside a cell,
  and so is dL/dy in x, so that two points anywhere in it give the change without truncation error: 5 backwards;
- dS/dimage is <grad_grid, b> of images with ones on every second pixel of every second row of one channel, each point then
  seeing at most one lit pixel: 4 C backwards.
"""

import numpy as np

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.grid_gradient import grid_gradient
from stn_verify.bounds.inner_product import known
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.output import output
from stn_verify.bounds.scene import sampled
from stn_verify.cases.case import SampleCase
from stn_verify.cases.directions import Directed
from stn_verify.contract.target import Call, Reply, Target
from stn_verify.differences.grid import moved
from stn_verify.differences.lattice import lattice, phases
from stn_verify.differences.stencil import Stencil, stencil
from stn_verify.formats import Array


class ChannelDifferences:
    """dS/dcotangent, and the output's tangent: each channel's own gradient by the grid, and the output of the image a."""

    def __init__(self, target: Target, case: SampleCase, directions: Directed):
        self._case = case
        self._directions = directions
        self._lit = target.call(case.call(image=directions.image)).output
        self._slopes = []
        for channel in range(case.image.shape[1]):
            alone = np.zeros_like(case.cotangent)
            alone[:, channel] = 1.0
            self._slopes.append((alone, _grad_grid(target, case, cotangent=alone)))

    def expected(self, arithmetic: Arithmetic) -> Interval:
        """[N, C, Ho, Wo]: from the parts, with the bounds of all."""
        directions = self._directions.points
        own = self._directions.pairing.tangent(arithmetic)
        part = output(self._directions.pairing.lit, arithmetic)
        value, bound = self._lit.copy(), own.bound + part.bound
        for channel, (alone, gradient) in enumerate(self._slopes):
            value[:, channel] += (directions * gradient).sum(axis=-1)
            allowed = grid_gradient(self._case.scene, alone, arithmetic)
            bound[:, channel] += _uncertain(directions, allowed).sum(axis=-1)
        return point(value, bound)


class PointDifferences:
    """dS/dgrid: grad_grid of the image a, and how that of the image changes as the grid moves."""

    def __init__(
        self,
        target: Target,
        case: SampleCase,
        directions: Directed,
        arithmetic: Arithmetic,
        random: np.random.Generator,
    ):
        self._case = case
        self._directions = directions
        self._zero = target.description.subgradient == "zero"
        self._lit = _grad_grid(target, case, image=directions.image)
        self._moves: list[tuple[int, Stencil, tuple[Array, Array], tuple[Array, Array]]] = []
        for number, axis in ((0, case.scene.x), (1, case.scene.y)):
            plan = stencil(axis, arithmetic, random)
            ends = moved(case, number, plan.low), moved(case, number, plan.high)
            replies = (
                _grad_grid(target, case, grid=ends[0])[..., 1 - number],
                _grad_grid(target, case, grid=ends[1])[..., 1 - number],
            )
            self._moves.append((number, plan, ends, replies))

    def expected(self, arithmetic: Arithmetic) -> Interval:
        """[N, Ho, Wo, 2]: from the parts, with the bounds of all."""
        case, directions = self._case, self._directions
        own = directions.pairing.grid(case.cotangent, arithmetic, zero=self._zero)
        lit = known(
            self._lit,
            grid_gradient(directions.pairing.lit, case.cotangent, arithmetic, zero=self._zero),
        )
        low, high, bound = lit.low.copy(), lit.high.copy(), own.bound + lit.bound
        for number, plan, ends, replies in self._moves:
            along = directions.points[..., 1 - number]
            step = ends[1][..., number] - ends[0][..., number]
            step = np.where(step == 0, 1.0, step)
            change = along * (replies[1] - replies[0]) / step
            margin = np.zeros_like(step)
            for end in ends:
                allowed = grid_gradient(sampled(case.image, end, case.convention), case.cotangent, arithmetic)
                margin += _uncertain(along, _component(allowed, 1 - number))
            axis = case.scene.x if number == 0 else case.scene.y
            usable = plan.usable_under(axis, arithmetic).reshape(step.shape) | (along == 0)
            low[..., number] += change
            if high is not low:
                high[..., number] += change
            bound[..., number] += np.where(usable, margin / np.abs(step), np.inf)
        return Interval(low, high, bound)


class ImageDifferences:
    """dS/dimage: what a lit pixel adds to <grad_grid, b>, for all pixels in four calls a channel."""

    def __init__(self, target: Target, case: SampleCase, directions: Directed):
        self._case = case
        self._directions = directions
        self._responses: list[tuple[int, tuple[int, ...], Array, Array]] = []
        for channel in range(case.image.shape[1]):
            for phase in phases(2):
                lit = np.zeros_like(case.image)
                lit[:, channel] = lattice(case.image.shape[2:], phase)
                self._responses.append((channel, phase, lit, _grad_grid(target, case, image=lit)))

    def expected(self, arithmetic: Arithmetic) -> Interval:
        """[N, C, H, W]: the responses, scattered to the pixels that gave them."""
        case, scene = self._case, self._case.scene
        directions = self._directions.points
        seen = scene.phases()
        value, margin = scene.no_pixels(), scene.no_pixels()
        for channel, phase, lit, gradient in self._responses:
            allowed = grid_gradient(sampled(lit, case.grid, case.convention), case.cotangent, arithmetic)
            for total, parts in (
                (value, directions * gradient),
                (margin, _uncertain(directions, allowed)),
            ):
                rows = parts.sum(axis=-1).ravel()
                total[channel] += np.bincount(seen[phase], weights=rows, minlength=total.shape[1])
        own = self._directions.pairing.image(case.cotangent, arithmetic)
        return point(scene.pixels(value), own.bound + scene.pixels(margin))


def sample_second_differences(
    target: Target, directions: Directed, call: Call, reply: Reply, arithmetic: Arithmetic
) -> list[Comparison]:
    """The second gradients of a reply to `call` against all of these."""
    case = directions.case
    if not isinstance(case, SampleCase):
        raise TypeError(f"{case!r} has no grid")
    random = np.random.default_rng(case.image.size)
    found = {
        "image": ("grad2_input", ImageDifferences(target, case, directions).expected),
        "grid": ("grad2_grid", PointDifferences(target, case, directions, arithmetic, random).expected),
        "cotangent": ("grad2_cotangent", ChannelDifferences(target, case, directions).expected),
    }
    return [
        Comparison(subject, reply.seconds[name], expected, (call,), f"second_{name}")
        for name, (subject, expected) in found.items()
    ]


def _grad_grid(target: Target, case: SampleCase, **changed: Array) -> Array:
    cotangent = changed.pop("cotangent", case.cotangent)
    call = Call(
        "sample",
        {**case.arrays, **changed},
        case.dtype,
        case.convention,
        cotangent=cotangent,
        gradients=("grid",),
    )
    return target.call(call).gradients["grid"]


def _uncertain(weights: Array, allowed: Interval) -> Array:
    """What the bound and, at kinks, the hull of a gradient leave open in its product with weights, which are zero there."""
    return np.abs(weights) * (allowed.bound + (allowed.high - allowed.low))


def _component(interval: Interval, number: int) -> Interval:
    return Interval(interval.low[..., number], interval.high[..., number], interval.bound[..., number])
