"""No order of summation leaves the bounds of a network: every sum of both passes in orders that are as bad as they get."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings, target
from hypothesis import strategies as st
from sampler import Sampler

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.networks import loss_gradients, loss_intervals
from stn_verify.cases.case import NetworkCase
from stn_verify.cases.networks import network_case, network_cases, reference_name, reference_network
from stn_verify.cases.networks import reference_parameters as parameters_of
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.formats import FORMATS

Array = npt.NDArray[Any]
Order = Callable[[Array], Array]
"""Indices along the last axis in which its terms are added, one by one."""

ORDERS: Mapping[str, Order] = {
    "forwards": lambda terms: np.broadcast_to(np.arange(terms.shape[-1]), terms.shape),
    "backwards": lambda terms: np.broadcast_to(np.arange(terms.shape[-1])[::-1], terms.shape),
    # Partial sums get as large as they can before they cancel.
    "negative first": lambda terms: np.argsort(terms, axis=-1),
    "positive first": lambda terms: np.argsort(-terms, axis=-1),
    "largest first": lambda terms: np.argsort(-np.abs(terms), axis=-1),
}


class Summation:
    """One by one in an order, or in pairs of pairs where there is none."""

    def __init__(self, order: Order | None) -> None:
        self.order = order

    def total(self, terms: Array, axis: int) -> Array:
        """In the dtype of the terms, which rounds every partial sum."""
        terms = np.moveaxis(terms, axis, -1)
        if self.order is not None:
            ordered = np.take_along_axis(terms, self.order(terms), axis=-1)
            return np.add.accumulate(ordered, axis=-1)[..., -1]
        while terms.shape[-1] > 1:
            odd = terms[..., 2 * (terms.shape[-1] // 2) :]
            terms = np.concatenate([terms[..., :-1:2] + terms[..., 1::2], odd], axis=-1)
        return terms[..., 0]

    def product(self, first: Array, second: Array) -> Array:
        """Of matrices."""
        return self.total(first[:, None] * second.T[None], -1)


class OrderedSampler(Sampler):
    """Sums over channels, points and coordinates."""

    def __init__(self, summation: Summation) -> None:
        self.summation = summation

    def contract(self, cotangent: Array, slope: Array) -> Array:
        return self.summation.total(cotangent * slope, -1)

    def scatter(self, sums: Array, ix: Array, iy: Array, inside: Array, terms: Array) -> None:
        order = self.summation.order
        written = np.where(inside[..., None], terms, terms.dtype.type(0))
        batch, _, _, channel = np.indices(terms.shape)
        places = (
            batch,
            np.broadcast_to(iy[..., None], terms.shape),
            np.broadcast_to(ix[..., None], terms.shape),
        )
        flat = [each.ravel() for each in (*places, channel)]
        ordered = np.arange(terms.size) if order is None else order(written.ravel())
        np.add.at(sums, tuple(each[ordered] for each in flat), written.ravel()[ordered])

    def grid(self, theta: Array, size: tuple[int, int], aligned: bool) -> Array:
        base = self.base(size, aligned, theta.dtype)
        return self.summation.total(base[None, :, :, None] * theta[:, None, None], -1)

    def theta_gradient(self, cotangent: Array, size: tuple[int, int], aligned: bool) -> Array:
        base = self.base(size, aligned, cotangent.dtype)
        terms = cotangent[..., None] * base[None, :, :, None]
        return self.summation.total(terms.reshape(len(terms), -1, 2, 3), 1)


def results(case: NetworkCase, summation: Summation) -> dict[str, Array]:
    """Output and gradients of two transformers, in the dtype of the case."""
    sampler = OrderedSampler(summation)
    choices: Any = {"padding": case.convention.padding, "align_corners": case.convention.align_corners}
    native = {name: array.astype(case.dtype) for name, array in case.arrays.items()}
    image, states = native["image"], []
    sizes = [image.shape[2:], case.size]
    for number, size in enumerate(sizes):
        pixels = image.reshape(len(image), -1)
        hidden = summation.product(pixels, native[f"{number}.hidden.weight"].T)
        hidden = np.maximum(hidden + native[f"{number}.hidden.bias"], 0)
        theta = summation.product(hidden, native[f"{number}.regression.weight"].T)
        theta = (theta + native[f"{number}.regression.bias"]).reshape(len(image), 2, 3)
        states.append((image, pixels, hidden, theta))
        image = sampler.transform(image, theta, size, **choices)
    found, cotangent = {"output": image}, case.cotangent.astype(case.dtype)
    for number in (1, 0):
        image, pixels, hidden, theta = states[number]
        read, received = sampler.transform_vjp(image, theta, sizes[number], cotangent, **choices)
        received = received.reshape(len(image), 6)
        inner = summation.product(received, native[f"{number}.regression.weight"]) * (hidden > 0)
        found[f"{number}.hidden.weight"] = summation.product(inner.T, pixels)
        found[f"{number}.hidden.bias"] = summation.total(inner, 0)
        found[f"{number}.regression.weight"] = summation.product(received.T, hidden)
        found[f"{number}.regression.bias"] = summation.total(received, 0)
        cotangent = read + summation.product(inner, native[f"{number}.hidden.weight"]).reshape(image.shape)
    found["image"] = cotangent
    assert {str(each.dtype) for each in found.values()} == {case.dtype}
    return {name: each.astype(np.float64) for name, each in found.items()}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*ORDERS, "in pairs"])
@settings(max_examples=30)
@given(draw=st.data(), padding=st.sampled_from(PADDINGS), aligned=st.booleans())
def test_every_order_stays_within_the_bounds(
    name: str, dtype: str, draw: st.DataObject, padding: str, aligned: bool
) -> None:
    case = draw.draw(network_cases(dtype, Convention(padding, aligned)))
    arithmetic = Arithmetic(FORMATS[dtype], FORMATS[dtype])
    output, image, gradients = loss_intervals(
        reference_network(case, "right"), parameters_of(case), case.image, case.cotangent, arithmetic
    )
    allowed = {"output": output, "image": image}
    allowed |= {each: gradients[reference_name(each)] for each in case.parameters}
    found = results(case, Summation(ORDERS.get(name)))
    used = {each: float(allowed[each].budget_used(found[each]).max()) for each in allowed}
    target(max(used.values()))
    assert max(used.values()) <= 1.0, used


def test_a_hull_is_no_part_of_the_bound() -> None:
    """At the identity every point is on a kink of both axes: the ends of hulls use nothing, and no more is right than before."""
    case = network_case((1, 1, 5, 4), (5, 4), 1, "float32", Convention("border", True))
    parameters = {name: np.zeros_like(value) for name, value in parameters_of(case).items()}
    for number in (0, 1):
        parameters[f"{number}.localisation.regression.bias"] = np.eye(2, 3).ravel()
    network = reference_network(case, "right")
    given = (
        network,
        parameters,
        case.image,
        case.cotangent,
        Arithmetic(FORMATS["float32"], FORMATS["float32"]),
    )
    _, _, radii = loss_gradients(*given)
    _, _, intervals = loss_intervals(*given)
    wide = 0
    for name, interval in intervals.items():
        width = interval.high - interval.low
        wide += int((width > 1e3 * interval.bound).sum())
        for end in (interval.low, interval.high):
            assert interval.budget_used(end).max() == 0.0
        np.testing.assert_allclose(width / 2 + interval.bound, radii[name].radius, rtol=1e-9)
        np.testing.assert_allclose((interval.low + interval.high) / 2, radii[name].value, atol=1e-9)
    assert wide
