"""Whether one is faster than another, decided only beyond what noise does.

Every participant runs in two processes. In each round all of them are timed, one after the other: what a round has of its own
(the processor's frequency, a neighbour) cancels in the ratios. What a process has of its own (where its memory lies) does not,
but shows between the two processes of one participant, on each case and over the run. What lasts for seconds shows between the
passes of a case.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from stn_verify.formats import Array
from stn_verify.records.record import Decision, Record

CONFIDENCE = 0.99
"""Of the interval of a median."""
RESAMPLES = 2000
LUCK = 1e-3
"""With this probability one row of a run, whichever, is decided by the luck of its processes alone."""
NORMAL = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
"""Standard errors from the middle of an interval to its end."""
SMALLEST = 1e-3
"""Of a standard error: a few rounds that happen to be alike do not outweigh all others."""
DECIDES = 6
"""Fewer rounds are no sample: the smallest and the largest of so many hold the median with 97 %."""


@dataclass(frozen=True)
class Estimate:
    """The median of log ratios over rounds, with its interval and the least and the largest median of a pass."""

    median: float
    low: float
    high: float
    passes: tuple[float, float] = (0.0, 0.0)

    @property
    def reach(self) -> float:
        """How far from 0 it may be."""
        return max(abs(self.low), abs(self.high))

    @property
    def half_width(self) -> float:
        """Of the interval."""
        return (self.high - self.low) / 2


def estimate(logs: Array, seed: int = 0, passes: Sequence[int] = ()) -> Estimate:
    """The median of [rounds] log ratios and its bootstrap interval; `passes` are the rounds of each pass, () of a single one.

    Raises:
        ValueError: there are none.
    """
    if not logs.size:
        raise ValueError("no rounds")
    random = np.random.default_rng(seed)
    drawn = random.integers(0, logs.size, (RESAMPLES, logs.size))
    medians = np.median(logs[drawn], axis=1)
    low, high = np.quantile(medians, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    medians_of_passes = [np.median(part) for part in np.split(logs, np.cumsum(passes)[:-1])]
    return Estimate(
        float(np.median(logs)),
        float(low),
        float(high),
        (float(min(medians_of_passes)), float(max(medians_of_passes))),
    )


def decide(found: Estimate, floor: float, rounds: int) -> tuple[Decision, str | None]:
    """Faster, slower, or undecided with the reason; `floor` is the log ratio that noise may reach."""
    if rounds < DECIDES:
        return Decision.UNDECIDED, f"{rounds} rounds are too few"
    if found.low <= 0 <= found.high:
        return Decision.UNDECIDED, f"the interval {_interval(found)} holds 1"
    # Sampling and the luck of processes are independent: their squares add.
    reach = math.hypot(max(found.high - found.median, found.median - found.low), floor)
    if abs(found.median) <= reach:
        told = f"{math.exp(found.median):.3f} is not beyond noise, {math.exp(reach):.3f} times either way"
        return Decision.UNDECIDED, told
    side = math.copysign(1.0, found.median)
    if any(side * each <= floor for each in found.passes):
        told = " to ".join(f"{math.exp(each):.3f}" for each in found.passes)
        return Decision.UNDECIDED, f"the passes do not agree beyond noise: medians of {told}"
    return (Decision.FASTER if side < 0 else Decision.SLOWER), None


def run_floor(records: Sequence[Record]) -> float:
    """What may lie between processes of the same, as log ratio, from all that ran in this run.

    The difference d of two processes of one participant has a variance of its own beside that of its sampling, which its interval
    tells: V(d) = v + e^2, and E(sum d^2 / e^2) = v sum 1 / e^2 + m for m of them (DerSimonian and Laird's estimator, about a mean
    that is known to be 0). A ratio of two means of two has v / 2, and reaches as far as Student's quantile of m degrees, by
    Bonferroni of all rows together.
    """
    seen: dict[tuple[str, str], tuple[float, float]] = {}
    for row in records:
        for who, d, low, high in (
            (row.target, row.noise_ratio, row.noise_ratio_low, row.noise_ratio_high),
            (row.against, row.against_noise_ratio, row.against_noise_ratio_low, row.against_noise_ratio_high),
        ):
            if who is not None and d is not None and low is not None and high is not None:
                error = max((math.log(high) - math.log(low)) / 2 / NORMAL, SMALLEST)
                seen[row.case, who] = math.log(d), 1 / error**2
    if not seen:
        return 0.0
    excess = sum(d * d * weight for d, weight in seen.values()) - len(seen)
    variance = max(0.0, excess / sum(weight for _, weight in seen.values()))
    return students_quantile(1 - LUCK / len(records), len(seen)) * math.sqrt(variance / 2)


def decided(records: Sequence[Record]) -> list[Record]:
    """The rows of a run with their decisions, from the ratios in them."""
    common = run_floor(records)
    return [_decided(record, common) for record in records]


def _decided(record: Record, common: float) -> Record:
    given = (record.time_ratio, record.time_ratio_low, record.time_ratio_high)
    passes = (record.time_ratio_least_pass, record.time_ratio_largest_pass)
    if any(value is None for value in (*given, *passes)):
        return record
    median, low, high, least, largest = (math.log(value) for value in (*given, *passes) if value is not None)
    own = (
        record.noise_ratio_low,
        record.noise_ratio_high,
        record.against_noise_ratio_low,
        record.against_noise_ratio_high,
    )
    floor = max(common, *(abs(math.log(value)) for value in own if value is not None), 0.0)
    decision, reason = decide(Estimate(median, low, high, (least, largest)), floor, record.rounds or 0)
    return record.model_copy(
        update={"decision": decision, "reason": reason, "noise_floor_ratio": math.exp(floor)}
    )


def students_quantile(confidence: float, degrees: int) -> float:
    """Two-sided: |t| stays below it with that probability.

    By bisection of the distribution's closed form for whole degrees of freedom (Abramowitz and Stegun, 26.7.3 and 26.7.4).
    """
    low, high = 0.0, 1.0
    while _students_probability(high, degrees) < confidence and high < 1e12:
        low, high = high, 2 * high
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if _students_probability(middle, degrees) < confidence else (low, middle)
    return high


def _students_probability(t: float, degrees: int) -> float:
    """P(|T| < t)."""
    angle = math.atan(t / math.sqrt(degrees))
    square, odd = math.cos(angle) ** 2, degrees % 2
    term = total = 0.0
    if degrees > 1:
        term = total = math.cos(angle) if odd else 1.0
        for k in range(2 + odd, degrees, 2):
            term *= square * (k - 1) / k
            total += term
    if odd:
        return 2 / math.pi * (angle + math.sin(angle) * total)
    return math.sin(angle) * total


def _interval(found: Estimate) -> str:
    return f"{math.exp(found.low):.3f} to {math.exp(found.high):.3f}"
