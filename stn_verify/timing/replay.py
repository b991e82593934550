"""Measured times in pytest-benchmark's terms: a clock that is moved by what was measured elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from stn_verify.formats import Array
from stn_verify.records.record import Record


class Benchmark(Protocol):
    """The fixture of pytest-benchmark, as far as it is used."""

    group: str | None
    extra_info: dict[str, Any]

    def pedantic(self, target: Any, *, rounds: int, iterations: int) -> Any:
        """Time `rounds` rounds of `iterations` calls by the clock that the marker names."""
        ...


class VirtualClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def now(self) -> float:
        """Seconds."""
        return self._seconds

    def move(self, seconds: float) -> None:
        """Let so much time pass."""
        self._seconds += seconds

    def reset(self) -> None:
        """Back to 0: sums of small times stay exact to the last places."""
        self._seconds = 0.0


CLOCK = VirtualClock()
"""pytest-benchmark takes its timer from the marker of a function, for all of its items."""


@dataclass(frozen=True)
class Told:
    """A participant on a case."""

    case: str
    records: Sequence[Record]
    """The rows of the participant, where it is a target."""
    samples: Array | None
    """Seconds of one call, [rounds]; None where it was not timed."""
    calls: int = 1
    """Of which each sample is the mean."""
    reason: str = ""
    """Why it was not timed."""

    def replay(self, benchmark: Benchmark) -> None:
        """Have the fixture see the samples as if it had timed them. Raises: ValueError: there are none."""
        if self.samples is None:
            raise ValueError(f"{self.case}: {self.reason}")
        benchmark.group = self.case
        benchmark.extra_info["records"] = [record.model_dump(mode="json") for record in self.records]
        CLOCK.reset()
        done, samples, calls = 0, self.samples, self.calls

        def work() -> None:
            nonlocal done
            # One call more than was measured: with several in a round the fixture asks for a result after the last.
            CLOCK.move(float(samples[min(done // calls, samples.size - 1)]))
            done += 1

        benchmark.pedantic(work, rounds=samples.size, iterations=calls)
