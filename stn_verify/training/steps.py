"""Steps of training: the loss of a minibatch, its gradient, and gradient descent."""

from dataclasses import dataclass

import numpy as np

from stn_verify.bounds.descent import Descent
from stn_verify.bounds.training import cross_entropy_gradient
from stn_verify.bounds.uncertain import known
from stn_verify.cases.digits import Labels
from stn_verify.cases.training import MOMENTUM, TrainingCase
from stn_verify.formats import Array
from stn_verify.training.readers import Reader

LATEST = 20
"""Steps over which a loss is averaged: minibatches differ."""

AT_ONCE = 100
"""Images of one call, where nothing is learnt."""


@dataclass(frozen=True)
class Step:
    """One minibatch at some parameters."""

    theta: Array
    loss: float
    gradient: Array
    """[P], as the parameters are ordered."""


@dataclass(frozen=True)
class Trained:
    """What a training ended with."""

    parameters: Array
    losses: list[float]
    """Of each step."""

    @property
    def loss(self) -> float:
        """The mean of the latest steps."""
        return float(np.mean(self.losses[-LATEST:]))


def step(case: TrainingCase, position: Array, number: int, reader: Reader) -> Step:
    """The mean cross-entropy of a minibatch, and its gradient by every parameter.

    Raises:
        TargetFailure: a target brought no result.
    """
    images, labels = case.minibatch(number)
    parameters = case.split(position)
    theta = case.theta(parameters, images)
    classifier, localisation = case.parts["classifier"], case.parts["localisation"]
    # A target may return anything.
    with np.errstate(invalid="ignore", over="ignore"):
        output = reader.output(images, theta)
        scores = classifier.forward(parameters["classifier"], output)
        back = cross_entropy_gradient(known(scores), labels).value
        received, of_classifier = classifier.vjp(parameters["classifier"], output, back)
        by_theta = reader.theta_gradient(images, theta, received)
        _, of_localisation = localisation.vjp(parameters["localisation"], images, by_theta)
        gradient = case.joined({"localisation": of_localisation, "classifier": of_classifier})
        return Step(theta, _cross_entropy(scores, labels), gradient)


def train(case: TrainingCase, reader: Reader) -> Trained:
    """From the case's initial parameters; it ends early where they are no longer finite.

    Raises:
        TargetFailure: a target brought no result.
    """
    descent, losses = Descent.at(case.initial()), []
    for number in range(case.steps):
        taken = step(case, descent.position, number, reader)
        losses.append(taken.loss)
        if not np.isfinite(taken.gradient).all():
            losses.append(np.inf)
            break
        descent = descent.stepped(taken.gradient, case.rates(number), MOMENTUM)
    return Trained(descent.position, losses)


def error(case: TrainingCase, position: Array, reader: Reader) -> float:
    """The share of the held-out digits that is not recognised.

    Raises:
        TargetFailure: a target brought no result.
    """
    images, labels = case.digits.held_out
    parameters, wrong = case.split(position), 0
    for first in range(0, len(labels), AT_ONCE):
        some = images[first : first + AT_ONCE]
        output = reader.output(some, case.theta(parameters, some))
        scores = case.parts["classifier"].forward(parameters["classifier"], output)
        wrong += int(np.count_nonzero(scores.argmax(axis=1) != labels[first : first + AT_ONCE]))
    return wrong / len(labels)


def _cross_entropy(scores: Array, labels: Labels) -> float:
    largest = scores.max(axis=1)
    summed = np.log(np.exp(scores - largest[:, None]).sum(axis=1)) + largest
    return float(np.mean(summed - scores[np.arange(len(labels)), labels]))
