"""What rounding may do to one step of training: the gradient of every parameter, with a target's transformer in the middle.

Everything but the transformer is the harness' own, in float64, for the target and for the oracle alike. Parameters, images and
theta are the same numbers for both, so that nothing is uncertain before the transformer. Its output is, by the bounds of the
sampler, and the network carries that on through the loss and back (bounds/networks.py). What comes back is stored in the dtype
of the call, and sent through the transformer again.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stn_reference.networks import Layer
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.networks import Network
from stn_verify.bounds.theta_gradient import contracted
from stn_verify.bounds.transformers import Reading
from stn_verify.bounds.uncertain import Uncertain, known, within
from stn_verify.formats import FLOAT64, Array, Format

OWN = Arithmetic(FLOAT64, FLOAT64)
"""What the harness computes in."""

EXPONENTIAL = 8.0
"""Unit roundoffs that exp may be off by: four units in the last place, the most that NumPy tests its vector code for."""

SETTLED = 20.0
"""A doubt about scores beyond which any probability is possible, to rounding."""


@dataclass(frozen=True)
class Stage:
    """A localisation network and a classifier, with their parameters, and the numbers that go in."""

    localisation: Layer
    classifier: Layer
    parameters: Mapping[str, Mapping[str, Array]]
    """Of `localisation` and `classifier`."""
    images: Array
    labels: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    storage: Format
    """What is sent to the transformer lies in it."""

    def gradients(self, reading: Reading) -> dict[str, dict[str, Uncertain]]:
        """Of the mean cross-entropy, by each parameter of both networks."""
        own, parameters = Network(OWN), self.parameters
        output = reading.output()
        scores = own.forward(self.classifier, parameters["classifier"], output)
        back = cross_entropy_gradient(scores, self.labels)
        received, of_classifier = own.backward(self.classifier, parameters["classifier"], output, back)
        by_theta = _theta_gradient(reading, stored(received, self.storage))
        _, of_localisation = own.backward(
            self.localisation, parameters["localisation"], known(self.images), by_theta
        )
        return {"localisation": of_localisation, "classifier": of_classifier}


def cross_entropy_gradient(
    scores: Uncertain, labels: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> Uncertain:
    """(softmax(scores) - one-hot) / N, [N, K].

    Where no score is off by more than r, p_i = exp(s_i) / sum exp(s_j) is off by a factor within exp(-2r) and exp(2r). Rounding
    adds that of the shifted score, which exp turns into a relative error, of exp itself, in the numerator and in the sum, of
    the sum of K positive numbers and of the division.
    """
    count, kinds = scores.value.shape
    shifted = scores.value - scores.value.max(axis=1, keepdims=True)
    raised = np.exp(shifted)
    probability = raised / raised.sum(axis=1, keepdims=True)
    doubt = 2 * scores.radius.max(axis=1, keepdims=True)
    factor = np.expm1(np.minimum(doubt, SETTLED))
    rounding = OWN.u * (2 * (np.ptp(scores.value, axis=1, keepdims=True) + doubt + EXPONENTIAL) + kinds + 1)
    radius = probability * (factor + rounding * (1 + factor))
    # Both probabilities lie in [0, 1].
    radius = np.where(doubt < SETTLED, np.minimum(radius, 1.0), 1.0)
    back = Uncertain((probability - np.eye(kinds)[labels]) / count, radius / count)
    # The subtraction and the division; exp underflows.
    return back.widened(2 * OWN.u * back.largest + OWN.tiny)


def stored(values: Uncertain, storage: Format) -> Uncertain:
    """The same after one rounding to a format; float64 numbers are in float64 already."""
    if storage.precision >= FLOAT64.precision:
        return values
    return values.widened(storage.unit_roundoff * values.largest + storage.smallest)


def _theta_gradient(reading: Reading, cotangent: Uncertain) -> Uncertain:
    if not reading.through_grid:
        return reading.theta_gradient(cotangent)
    # The target's gradient ends at the grid; the harness' own generator takes it to theta.
    claimed = reading.arithmetic
    points = [
        each.widened(
            claimed.s * (np.maximum(np.abs(each.low), np.abs(each.high)) + each.bound) + claimed.tiny
        )
        for each in reading.point_gradients(cotangent)
    ]
    return within(contracted(points, len(cotangent.value), reading.base, OWN))
