"""Work that a worker keeps ready, and repeats as often as it is asked, by its own clock: nothing but the work is in the time."""

import contextlib
import ctypes
import gc
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

from stn_verify.contract.errors import ContractError
from stn_verify.contract.target import Call
from stn_verify.frameworks import LackingError, Run, Stopwatch
from stn_verify.workers.evaluator import Evaluator
from stn_verify.workers.messages import Time, Timed

COLD = 4
"""Times the last cache that the inputs of a cold call fill together."""
MOST_SETS = 256


@dataclass
class _Ready:
    run: Run
    sets: int
    threads: int | None
    clocks: dict[str, Stopwatch] = field(default_factory=dict)
    last: int = 0
    """The set that was used last: the next call takes the one after it."""

    def take(self, calls: int) -> Sequence[int]:
        turns = islice(cycle(range(self.sets)), self.last, self.last + calls)
        self.last = (self.last + calls) % self.sets
        return list(turns)


class Repeating:
    """What is ready, by slot."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._slots: dict[int, _Ready] = {}

    def prepare(self, slot: int, call: Call, *, cold: bool) -> Timed:
        """Keep the call's arrays and make the call once: its time.

        Raises: what `Evaluator.evaluate` raises.
        """
        self._slots.pop(slot, None)
        sets = self._sets(call) if cold else 1
        works = [self._evaluator.repeated(call) for _ in range(sets)]
        return self._begin(slot, _Ready(lambda number: works[number](), sets, call.threads), measured=True)

    def prepare_copy(self, slot: int, moved: int, threads: int | None) -> Timed:
        """Be ready to copy. Raises: ContractError: the framework cannot."""
        self._slots.pop(slot, None)
        try:
            run = self._evaluator.framework.copying(moved, self._evaluator.device)
        except LackingError as error:
            raise ContractError(f"{self._evaluator.implementation.name}: {error}") from None
        return self._begin(slot, _Ready(run, 1, threads), measured=False)

    def time(self, asked: Time) -> Timed:
        """Repeat. Raises: ContractError: nothing is ready there, or no such clock. Whatever the implementation raises."""
        ready = self._slots.get(asked.slot)
        if ready is None:
            raise ContractError(f"nothing is prepared in slot {asked.slot}")
        if asked.before:
            self._seconds(ready, ready.take(asked.before), "wall")
        return Timed(seconds=self._seconds(ready, ready.take(asked.calls), asked.clock))

    def _begin(self, slot: int, ready: _Ready, *, measured: bool) -> Timed:
        first = self._seconds(ready, ready.take(1), "wall")
        self._slots[slot] = ready
        if not measured:
            return Timed(seconds=first)
        with self._limited(ready.threads):
            device = self._evaluator.framework.peak_device_bytes(ready.run, self._evaluator.device)
            host = peak_host_bytes(lambda: ready.run(0))
        return Timed(seconds=first, peak_host_bytes=host, peak_device_bytes=device)

    def _seconds(self, ready: _Ready, numbers: Sequence[int], clock: str) -> float:
        if clock not in ready.clocks:
            try:
                ready.clocks[clock] = self._evaluator.framework.stopwatch(self._evaluator.device, clock)
            except LackingError as error:
                raise ContractError(f"{self._evaluator.implementation.name}: {error}") from None
        # A collection of garbage is nobody's time.
        collects = gc.isenabled()
        gc.disable()
        try:
            with self._limited(ready.threads):
                return ready.clocks[clock].seconds(ready.run, numbers)
        finally:
            if collects:
                gc.enable()

    def _limited(self, threads: int | None) -> contextlib.AbstractContextManager[None]:
        framework = self._evaluator.framework
        able = threads is not None and "threads" in framework.features
        return framework.limited(threads) if able and threads is not None else contextlib.nullcontext()

    def _sets(self, call: Call) -> int:
        cache = self._evaluator.framework.cache_bytes(self._evaluator.device)
        if cache is None:
            return 1
        width = {"float64": 8, "float32": 4}.get(call.dtype, 2)
        own = width * sum(array.size for array in call.arrays.values())
        return max(2, min(MOST_SETS, math.ceil(COLD * cache / max(1, own))))


def peak_host_bytes(run: Callable[[], object]) -> int | None:
    """What one run holds at most beyond what the process held before, by Linux' resident set; None elsewhere."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        # Memory that was freed but kept would hide what the run takes.
        ctypes.CDLL(None).malloc_trim(0)
    status, marks = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    try:
        before = _kibibytes(status, "VmRSS")
        marks.write_text("5", encoding="ascii")
    except (OSError, ValueError):
        return None
    run()
    return 1024 * max(0, _kibibytes(status, "VmHWM") - before)


def _kibibytes(status: Path, name: str) -> int:
    for line in status.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise ValueError(f"{status} tells no {name}")
