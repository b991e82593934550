"""The decision rule on noise of every kind: nothing is decided between the same, and 15 % are."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stn_verify.records.examples import example_record
from stn_verify.records.record import Decision, Record
from stn_verify.timing.decision import Estimate, decide, decided, estimate, run_floor, students_quantile
from stn_verify.timing.rounds import Samples

SEEDS = st.integers(0, 2**32 - 1)
NOISE = st.floats(0.0, 0.08)


def measured(
    slower: float,
    *,
    seed: int,
    rounds: int = 80,
    noise: float = 0.03,
    drift: float = 0.0,
    luck: float = 0.0,
    hiccups: float = 0.0,
) -> Record:
    """A row of a target `slower` times as slow as its peer: each timing has noise, each round a drift, each process its luck."""
    random = np.random.default_rng(seed)
    common = drift * np.cumsum(random.standard_normal(rounds))
    seconds = {}
    for name, factor in (("a", slower), ("a2", slower), ("b", 1.0), ("b2", 1.0)):
        own = noise * random.standard_normal(rounds) + luck * random.standard_normal()
        own += (random.random(rounds) < hiccups) * random.exponential(2.0, rounds)
        seconds[name] = 1e-3 * factor * np.exp(common + own)
    samples = Samples(seconds, dict.fromkeys(seconds, 1), (rounds // 2, rounds - rounds // 2))
    ratio = samples.ratio(("a", "a2"), ("b", "b2"))
    fields: dict[str, object] = {"rounds": rounds}
    for column, found in (
        ("time_ratio", ratio),
        ("noise_ratio", samples.ratio(("a",), ("a2",))),
        ("against_noise_ratio", samples.ratio(("b",), ("b2",))),
    ):
        fields |= {
            column: math.exp(found.median),
            f"{column}_low": math.exp(found.low),
            f"{column}_high": math.exp(found.high),
        }
    least, largest = ratio.passes
    passes = {"time_ratio_least_pass": math.exp(least), "time_ratio_largest_pass": math.exp(largest)}
    return example_record(case=f"case {seed}", **fields, **passes)


def decisions(rows: list[Record]) -> set[Decision | None]:
    return {row.decision for row in decided(rows)}


@settings(max_examples=60)
@given(seed=SEEDS, noise=NOISE, drift=st.floats(0.0, 0.3), rounds=st.integers(2, 150))
def test_the_same_is_never_decided(seed: int, noise: float, drift: float, rounds: int) -> None:
    assert decisions([measured(1.0, seed=seed, noise=noise, drift=drift, rounds=rounds)]) == {
        Decision.UNDECIDED
    }


@settings(max_examples=60)
@given(seed=SEEDS, hiccups=st.floats(0.0, 0.3))
def test_neighbours_that_take_the_processor_decide_nothing(seed: int, hiccups: float) -> None:
    assert decisions([measured(1.0, seed=seed, hiccups=hiccups)]) == {Decision.UNDECIDED}


@settings(max_examples=15)
@given(seed=st.integers(0, 2**31), luck=st.floats(0.0, 0.1), rows=st.integers(8, 24))
def test_processes_with_luck_of_their_own_decide_nothing(seed: int, luck: float, rows: int) -> None:
    """What lasts as long as a process shows in no pass, only between the twins of all rows together."""
    run = [measured(1.0, seed=seed + k, noise=0.005, luck=luck) for k in range(rows)]
    assert decisions(run) == {Decision.UNDECIDED}


@settings(max_examples=20)
@given(
    seed=st.integers(0, 2**31), noise=st.floats(0.0, 0.05), drift=st.floats(0.0, 0.3), faster=st.booleans()
)
def test_fifteen_per_cent_are_decided(seed: int, noise: float, drift: float, faster: bool) -> None:
    ratio = 1 / 1.15 if faster else 1.15
    run = [measured(ratio, seed=seed + k, noise=noise, drift=drift) for k in range(10)]
    assert decisions(run) == {Decision.FASTER if faster else Decision.SLOWER}


@settings(max_examples=15)
@given(seed=st.integers(0, 2**31))
def test_fifteen_per_cent_are_decided_in_a_run_with_a_little_luck(seed: int) -> None:
    run = [measured(1.15, seed=seed + k, noise=0.01, luck=0.01) for k in range(16)]
    assert Decision.FASTER not in decisions(run)
    assert [row.decision for row in decided(run)].count(Decision.SLOWER) >= 14


def test_a_row_that_is_all_noise_does_not_blind_the_others() -> None:
    calm = [measured(1.15, seed=k, noise=0.01) for k in range(10)]
    wild = [measured(1.0, seed=99, noise=3.0)]
    assert [row.decision for row in decided(calm + wild)] == [Decision.SLOWER] * 10 + [Decision.UNDECIDED]


@pytest.mark.parametrize(
    ("found", "floor", "rounds", "told"),
    [
        (Estimate(0.1, 0.05, 0.15, (0.1, 0.1)), 0.02, 3, "too few"),
        (Estimate(0.1, -0.01, 0.15, (0.1, 0.1)), 0.02, 30, "holds 1"),
        (Estimate(0.1, 0.05, 0.15, (0.1, 0.1)), 0.12, 30, "1.105 is not beyond noise, 1.139"),
        (Estimate(0.1, 0.05, 0.15, (0.1, 0.01)), 0.02, 30, "passes"),
        (Estimate(-0.1, -0.15, -0.05, (-0.1, 0.1)), 0.02, 30, "passes"),
    ],
)
def test_undecided_says_why(found: Estimate, floor: float, rounds: int, told: str) -> None:
    decision, reason = decide(found, floor, rounds)
    assert decision is Decision.UNDECIDED
    assert reason is not None
    assert told in reason


@given(seed=SEEDS, size=st.integers(6, 200))
def test_the_interval_holds_its_median(seed: int, size: int) -> None:
    logs = np.random.default_rng(seed).standard_normal(size)
    found = estimate(logs, seed)
    assert found.low <= found.median <= found.high
    assert estimate(logs, seed) == found


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(1)
    held = [
        (found := estimate(random.standard_normal(40), 0)).low <= 0 <= found.high for _ in range(400)
    ]  # fmt: skip
    # 4 of 400 may miss; with a probability of 1e-4 it is more than 13.
    assert held.count(False) <= 13


def test_no_rounds_are_no_estimate() -> None:
    with pytest.raises(ValueError, match="no rounds"):
        estimate(np.array([]))


def test_the_floor_of_a_run_grows_with_the_luck_of_its_processes() -> None:
    floors = [
        run_floor([measured(1.0, seed=k, noise=0.01, luck=luck) for k in range(20)])
        for luck in (0.0, 0.02, 0.1)
    ]
    assert floors[0] < floors[1] < floors[2]
    assert run_floor([]) == 0.0


@pytest.mark.parametrize(
    ("confidence", "degrees", "quantile"),
    # Abramowitz and Stegun, table 26.10.
    [(0.95, 1, 12.706), (0.95, 2, 4.303), (0.99, 5, 4.032), (0.9, 10, 1.812), (0.999, 30, 3.646)],
)
def test_students_quantiles_are_those_of_the_table(confidence: float, degrees: int, quantile: float) -> None:
    assert students_quantile(confidence, degrees) == pytest.approx(quantile, abs=5e-4)
