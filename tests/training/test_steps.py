"""Steps of training against torch's own, and what a target that brings nothing good does to them."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the digits are scikit-learn's")

from stn_reference import transform, transform_vjp
from stn_verify.cases.training import TrainingCase, moved_digits
from stn_verify.contract.convention import Convention
from stn_verify.formats import Array
from stn_verify.training.readers import NoTransformer, ReferenceReader
from stn_verify.training.steps import Trained, error, step, train

HALF = Convention("zeros", False)


def moved(case: TrainingCase) -> Array:
    """Parameters off the identity."""
    start = case.initial()
    return start + 0.05 * np.random.default_rng(1).normal(size=start.shape)


def torch_gradient(case: TrainingCase, position: Array, number: int) -> tuple[float, Array]:
    """The same network in torch, in float64, differentiated from end to end."""
    torch = pytest.importorskip("torch", reason="an oracle of steps")
    functional = torch.nn.functional
    images, labels = (torch.from_numpy(array) for array in case.minibatch(number))
    leaves = {
        (part, name): torch.from_numpy(array.copy()).requires_grad_()
        for part, named in case.split(position).items()
        for name, array in named.items()
    }
    weight, bias = (leaves["localisation", f"regression.{name}"] for name in ("weight", "bias"))
    theta = functional.linear(functional.avg_pool2d(images, 4).flatten(1), weight, bias).reshape(-1, 2, 3)
    aligned = case.convention.align_corners
    grid = functional.affine_grid(theta, (len(images), 1, *case.size), align_corners=aligned)
    values = functional.grid_sample(images, grid, align_corners=aligned).flatten(1)
    for layer in ("hidden", "scores"):
        weight, bias = (leaves["classifier", f"{layer}.{name}"] for name in ("weight", "bias"))
        values = functional.linear(torch.relu(values) if layer == "scores" else values, weight, bias)
    loss = functional.cross_entropy(values, labels)
    loss.backward()
    gradients: dict[str, dict[str, Array]] = {part: {} for part in case.parts}
    for (part, name), leaf in leaves.items():
        gradients[part][name] = leaf.grad.numpy()
    return loss.item(), case.joined(gradients)


@pytest.mark.parametrize("function", ["transform", "sample"])
@pytest.mark.parametrize("aligned", [False, True])
def test_a_step_is_that_of_torch(function: Any, aligned: bool) -> None:
    case = moved_digits(function, 10, "float64", Convention("zeros", aligned))
    position = moved(case)
    taken = step(case, position, 2, ReferenceReader(case))
    loss, gradient = torch_gradient(case, position, 2)
    # A sum of 32 images' 256 points, each of numbers of the size of 1.
    assert np.allclose(taken.gradient, gradient, rtol=0, atol=32 * 256 * 2.0**-53)
    assert abs(taken.loss - loss) <= 32 * 2.0**-52


def test_grids_and_thetas_train_alike() -> None:
    """In float64 a sampler with the harness' own grid learns as the whole transformer does, to rounding."""
    ends = []
    for function in ("transform", "sample"):
        case = moved_digits(function, 5, "float64", HALF)
        ends.append(train(case, ReferenceReader(case)).parameters)
    assert not np.array_equal(ends[0], case.initial())
    assert np.allclose(*ends, rtol=0, atol=1e-12)


def test_without_a_transformer_theta_stays() -> None:
    case = moved_digits("transform", 5, "float32", HALF)
    trained = train(case, NoTransformer(ReferenceReader(case)))
    own = case.of("localisation")
    assert np.array_equal(trained.parameters[own], case.initial()[own])
    assert not np.array_equal(trained.parameters[~own], case.initial()[~own])


class _Broken:
    """Its gradient is not finite from the third step on."""

    def __init__(self, case: TrainingCase) -> None:
        self._right = ReferenceReader(case)
        self.steps = 0

    def output(self, images: Array, theta: Array) -> Array:
        self.steps += 1
        return self._right.output(images, theta)

    def theta_gradient(self, images: Array, theta: Array, cotangent: Array) -> Array:
        right = self._right.theta_gradient(images, theta, cotangent)
        return right if self.steps < 3 else np.full_like(right, np.nan)


def test_a_training_that_breaks_ends() -> None:
    case = moved_digits("transform", 10, "float32", HALF)
    broken = _Broken(case)
    trained = train(case, broken)
    assert broken.steps == 3
    assert np.isfinite(trained.parameters).all()
    assert trained.loss == np.inf
    assert 0 < error(case, trained.parameters, ReferenceReader(case)) <= 1


def test_the_loss_is_that_of_the_latest_steps() -> None:
    assert Trained(np.zeros(1), [100.0, *[2.0] * 10, *[4.0] * 10]).loss == 3.0


def test_the_reference_follows_the_rule_asked_for() -> None:
    case = moved_digits("transform", 1, "float64", Convention("zeros", True))
    images, _ = case.minibatch(0)
    theta = np.broadcast_to(np.eye(2, 3), (len(images), 2, 3))
    output = transform(images, theta, case.size, padding="zeros", align_corners=True)
    for rule in ("right", "zero"):
        _, expected = transform_vjp(
            images, theta, case.size, output, padding="zeros", align_corners=True, subgradient=rule
        )
        assert np.array_equal(ReferenceReader(case, rule).theta_gradient(images, theta, output), expected)
