"""Rounds on a virtual clock."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_verify.timing import rounds
from stn_verify.timing.replay import VirtualClock
from stn_verify.timing.rounds import Arm, calls_for, interleaved

PAIRS = [(("a",), ("b",))]


class World:
    """A machine whose time passes only in its arms."""

    def __init__(self, noise: float = 0.0, seed: int = 0) -> None:
        self.clock = VirtualClock()
        self.order: list[str] = []
        self._noise = noise
        self._random = np.random.default_rng(seed)

    def arm(self, name: str, seconds: float) -> Arm:
        def timed(calls: int) -> float:
            self.order.append(name)
            took = calls * seconds * float(np.exp(self._noise * self._random.standard_normal()))
            self.clock.move(took)
            return took

        return timed

    def arms(self, **seconds: float) -> dict[str, Arm]:
        return {name: self.arm(name, each) for name, each in seconds.items()}


def run(world: World, budget: float, **seconds: float) -> rounds.Samples:
    calls = dict.fromkeys(seconds, 2)
    return interleaved(world.arms(**seconds), calls, PAIRS, budget=budget, clock=world.clock.now)


def test_every_round_times_each_arm_once_in_a_drawn_order() -> None:
    world = World()
    samples = run(world, 1e9, a=1e-3, b=2e-3, c=3e-3)
    drawn = [tuple(world.order[k : k + 3]) for k in range(0, len(world.order), 3)]
    assert all(sorted(order) == ["a", "b", "c"] for order in drawn)
    assert len(set(drawn)) > 3
    assert samples.seconds["b"] == pytest.approx(np.full(samples.rounds, 2e-3))


def test_what_is_known_well_is_not_measured_on() -> None:
    assert run(World(noise=0.001), 1e9, a=1e-3, b=2e-3).rounds == rounds.FEWEST_ROUNDS


def test_noise_is_measured_until_the_budget_is_spent() -> None:
    world = World(noise=1.0)
    samples = run(world, 0.5, a=1e-3, b=1e-3)
    assert rounds.FEWEST_ROUNDS < samples.rounds < rounds.MOST_ROUNDS
    assert 0.5 < world.clock.now() < 0.6


def test_what_takes_long_gets_its_rounds_but_not_without_end() -> None:
    assert run(World(noise=0.1), 1.0, a=0.1, b=0.1).rounds == rounds.FEWEST_ROUNDS
    assert run(World(noise=0.1), 1.0, a=10.0, b=10.0).rounds == 1


@given(seconds=st.floats(1e-9, 10.0))
def test_calls_fill_the_shortest_timing(seconds: float) -> None:
    calls = calls_for([World().arm("a", seconds)])
    assert 1 <= calls <= rounds.MOST_CALLS
    assert seconds * calls >= min(rounds.SHORTEST / 2, rounds.MOST_CALLS * seconds)


def test_a_clock_that_stands_still_is_no_division_by_zero() -> None:
    still: Callable[[int], float] = lambda calls: 0.0  # noqa: E731  a whole arm
    samples = interleaved({"a": still, "b": still}, {"a": 1, "b": 1}, PAIRS, budget=0.0)
    assert np.isfinite(samples.logs("a")).all()
    assert calls_for([still]) == rounds.MOST_CALLS
