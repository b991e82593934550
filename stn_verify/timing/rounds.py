"""Rounds: every arm is timed once in each, in a drawn order, until the ratios are known well enough or the time is spent.

A case has its rounds in several passes, with other cases between: a virtual machine, say, runs at half its speed for seconds
while its neighbour is busy, and what is then the faster one need not be so otherwise.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stn_verify.formats import Array
from stn_verify.timing.decision import Estimate, estimate

SHORTEST = 1.5e-3
"""Seconds of one timing: well above what a clock and a request add, and below how long a machine stays the same."""
MOST_CALLS = 2**16
TRIALS = 5
FEWEST_ROUNDS = 8
"""In one pass."""
MOST_ROUNDS = 150
EVERY = 8
"""Rounds between two looks at the intervals."""
NARROW = 0.01
"""Half of an interval of the log ratio that is narrow enough."""

Arm = Callable[[int], float]
"""Seconds of so many calls."""


@dataclass(frozen=True)
class Samples:
    """Seconds of one call, [rounds] of each arm, and how many calls a round had."""

    seconds: Mapping[str, Array]
    calls: Mapping[str, int]
    passes: tuple[int, ...] = ()
    """How many rounds each pass had; () for one pass."""

    @property
    def rounds(self) -> int:
        """How many."""
        return min((values.size for values in self.seconds.values()), default=0)

    def logs(self, *names: str) -> Array:
        """[rounds]: the mean over these arms of the logarithm of seconds."""
        logs: Array = np.mean([np.log(self.seconds[name]) for name in names], axis=0)
        return logs

    def ratio(self, above: Sequence[str], below: Sequence[str], seed: int = 0) -> Estimate:
        """How many times as long arms take as others."""
        return estimate(self.logs(*above) - self.logs(*below), seed, self.passes)

    def without(self, *names: str) -> "Samples":
        """The others."""
        kept = {name: values for name, values in self.seconds.items() if name not in names}
        return Samples(kept, {name: self.calls[name] for name in kept}, self.passes)


def joined(passes: Sequence[Samples]) -> Samples:
    """The passes of a case, one after another, of the arms that took part in all of them."""
    names = [name for name in passes[0].seconds if all(name in each.seconds for each in passes)]
    return Samples(
        {name: np.concatenate([each.seconds[name] for each in passes]) for name in names},
        {name: passes[0].calls[name] for name in names},
        tuple(each.rounds for each in passes),
    )


Pair = tuple[Sequence[str], Sequence[str]]


def calls_for(arms: Sequence[Arm]) -> int:
    """How many calls take SHORTEST in the fastest of arms that do the same."""
    fastest = min(arm(1) for _ in range(TRIALS) for arm in arms)
    return max(1, min(MOST_CALLS, round(SHORTEST / max(fastest, 1e-9))))


def interleaved(
    arms: Mapping[str, Arm],
    calls: Mapping[str, int],
    pairs: Sequence[Pair],
    *,
    budget: float,
    seed: int = 0,
    clock: Callable[[], float] = time.monotonic,
) -> Samples:
    """Time all arms round by round.

    Args:
        arms: by name.
        calls: of each in one round.
        pairs: whose ratios are to become narrow: of the mean of some arms to that of others.
        budget: seconds; FEWEST_ROUNDS are not cut short, but by ten times as much.
        seed: of the order within rounds.
        clock: for the budget.
    """
    random = np.random.default_rng(seed)
    names = list(arms)
    rounds: list[list[float]] = []
    begin = clock()
    while len(rounds) < MOST_ROUNDS:
        row = dict.fromkeys(names, 0.0)
        for k in random.permutation(len(names)):
            name = names[k]
            # A clock that did not move is no time to divide by.
            row[name] = max(arms[name](calls[name]) / calls[name], 1e-12)
        rounds.append(list(row.values()))
        spent = clock() - begin
        if spent > 10 * budget or (len(rounds) >= FEWEST_ROUNDS and spent > budget):
            break
        if len(rounds) >= FEWEST_ROUNDS and len(rounds) % EVERY == 0:
            samples = _samples(names, calls, rounds)
            if all(samples.ratio(*pair).half_width <= NARROW for pair in pairs):
                break
    return _samples(names, calls, rounds)


def _samples(names: Sequence[str], calls: Mapping[str, int], rounds: list[list[float]]) -> Samples:
    table = np.array(rounds).reshape(-1, len(names))
    return Samples({name: table[:, k] for k, name in enumerate(names)}, dict(calls))
