"""What rounding may do to a step of training, and to many: exact numbers stay within."""

from fractions import Fraction

import mpmath
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stn_verify.bounds.descent import Descent, Drift
from stn_verify.bounds.training import cross_entropy_gradient, stored
from stn_verify.bounds.uncertain import Uncertain
from stn_verify.formats import FLOAT32, FLOAT64, Array

SEEDS = st.integers(0, 2**32 - 1)
KINDS = 10


def exact_gradient(scores: Array, label: int, count: int) -> Array:
    """(softmax - one-hot) / N of one row, from fifty digits."""
    with mpmath.workdps(50):
        raised = [mpmath.exp(mpmath.mpf(float(score))) for score in scores]
        total = mpmath.fsum(raised)
        return np.array([(one / total - int(kind == label)) / count for kind, one in enumerate(raised)])


@settings(max_examples=60)
@given(
    seed=SEEDS,
    size=st.sampled_from((0.1, 3.0, 300.0)),
    doubt=st.sampled_from((0.0, 1e-9, 0.01, 1.0, 30.0)),
    corner=st.booleans(),
)
def test_cross_entropy(seed: int, size: float, doubt: float, corner: bool) -> None:
    random = np.random.default_rng(seed)
    count = 3
    scores, labels = size * random.normal(size=(count, KINDS)), random.integers(0, KINDS, count)
    radius = doubt * random.uniform(size=scores.shape)
    bound = cross_entropy_gradient(Uncertain(scores, radius), labels)
    # The worst that can be: one score as high as may be and the others as low.
    alone = 2 * np.eye(KINDS)[random.integers(0, KINDS, count)] - 1
    ways = alone if corner else random.uniform(-1, 1, scores.shape)
    # The sum of both rounds, too.
    moved = scores + (radius - np.minimum(radius, np.spacing(np.abs(scores) + radius))) * ways
    for row in range(count):
        off = np.abs(exact_gradient(moved[row], labels[row], count) - bound.value[row])
        assert np.all(off <= bound.radius[row])


def test_any_probability_is_possible_in_the_end() -> None:
    bound = cross_entropy_gradient(Uncertain(np.zeros((1, KINDS)), np.full((1, KINDS), 1e300)), np.array([0]))
    assert np.all(bound.value - bound.radius <= -1 / KINDS)
    assert np.all(np.isfinite(bound.radius))


@given(seed=SEEDS)
def test_stored(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=50) * 10.0 ** random.integers(-46, 30, 50)
    uncertain = Uncertain(values, np.abs(values) * random.choice([0.0, 1e-9, 0.1], 50))
    rounded = FLOAT32.round(values + uncertain.radius)
    allowed = stored(uncertain, FLOAT32)
    assert np.all(np.abs(rounded - values) <= allowed.radius * (1 + 1e-15))
    assert stored(uncertain, FLOAT64) is uncertain


def rates_at(step: int, steps: int) -> Array:
    """Falling, as in a training."""
    return (1 - step / steps) * np.array([0.15, 0.001])


@settings(max_examples=60)
@given(seed=SEEDS, steps=st.integers(1, 30), coarse=st.sampled_from((0.0, 1e-16, 1e-6)))
def test_drift(seed: int, steps: int, coarse: float) -> None:
    """Two descents whose gradients differ by what is seen and by what is not."""
    random = np.random.default_rng(seed)
    start = random.normal(size=2)
    one, other, drift = Descent.at(start), Descent.at(start), Drift.none(2)
    for step in range(steps):
        rates, right, twin = rates_at(step, steps), random.normal(size=2), random.normal(size=2)
        radius = coarse * random.uniform(size=2)
        # A target may be as far off as rounding explains, time and again to the same side.
        found = right + radius * random.choice([-0.999, 0.999])
        radius = radius + np.spacing(np.abs(right))
        lost = zip(one.roundings(found, rates, 0.9), other.roundings(twin, rates, 0.9), strict=True)
        of_velocity, of_position = (first + second for first, second in lost)
        drift = drift.stepped(Uncertain(right - twin, radius), rates, 0.9, (of_velocity, of_position))
        one, other = one.stepped(found, rates, 0.9), other.stepped(twin, rates, 0.9)
    apart = [Fraction(a) - Fraction(b) for a, b in zip(one.position, other.position, strict=True)]
    for exact, value, radius in zip(apart, drift.position.value, drift.position.radius, strict=True):
        assert abs(exact - Fraction(value)) <= Fraction(radius)


def test_drift_does_not_forgive_what_is_no_rounding() -> None:
    """A gradient that is off by twice its radius, once, is seen after many steps."""
    start, steps = np.array([1.0, -1.0]), 20
    one, other, drift = Descent.at(start), Descent.at(start), Drift.none(2)
    for step in range(steps):
        rates, gradient, radius = rates_at(step, steps), np.array([0.5, 0.25]), np.full(2, 1e-9)
        found = gradient + (1e-6 if step == 3 else 0.0)
        lost = (2 * each for each in one.roundings(found, rates, 0.9))
        drift = drift.stepped(Uncertain(np.zeros(2), radius), rates, 0.9, (next(lost), next(lost)))
        one, other = one.stepped(found, rates, 0.9), other.stepped(gradient, rates, 0.9)
    used = drift.position.interval.budget_used(one.position - other.position)
    assert np.all(used > 1)
