"""Clocks of CUDA, through torch: events around calls, replays of a captured graph, and the wall clock up to a synchronisation."""

import time
from collections.abc import Sequence

import torch

from stn_verify.frameworks import LackingError, Run, Stopwatch

WARM_UP = 3
"""Runs on a side stream before a capture, as torch asks for."""


class Wall:
    """What a caller waits: from the first call until the device has done the last."""

    def __init__(self, device: str) -> None:
        self._device = device

    def seconds(self, run: Run, numbers: Sequence[int]) -> float:
        """By the processor's clock."""
        torch.cuda.synchronize(self._device)
        start = time.perf_counter()
        for number in numbers:
            run(number)
        torch.cuda.synchronize(self._device)
        return time.perf_counter() - start


class Events:
    """What the device takes, with the gaps in which it waits for calls."""

    def __init__(self, device: str) -> None:
        self._device = device

    def seconds(self, run: Run, numbers: Sequence[int]) -> float:
        """Between two events."""
        with torch.cuda.device(self._device):
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            torch.cuda.synchronize()
            start.record()
            for number in numbers:
                run(number)
            end.record()
            end.synchronize()
            return float(start.elapsed_time(end)) / 1e3


class Graph:
    """What the device takes without gaps: the calls are captured once, and replayed."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._graph: torch.cuda.CUDAGraph | None = None
        self._captured: tuple[int, ...] = ()

    def seconds(self, run: Run, numbers: Sequence[int]) -> float:
        """Between two events around one replay; other numbers are captured anew."""
        with torch.cuda.device(self._device):
            if self._graph is None or self._captured != tuple(numbers):
                self._graph, self._captured = self._capture(run, numbers), tuple(numbers)
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            torch.cuda.synchronize()
            start.record()
            self._graph.replay()
            end.record()
            end.synchronize()
            return float(start.elapsed_time(end)) / 1e3

    def _capture(self, run: Run, numbers: Sequence[int]) -> torch.cuda.CUDAGraph:
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                run(numbers[0])
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            # Held until the end, so that every call writes to memory of its own, as cold as its input.
            kept = [run(number) for number in numbers]
        del kept
        return graph


CLOCKS: dict[str, type[Wall | Events | Graph]] = {"wall": Wall, "events": Events, "graph": Graph}


def stopwatch(device: str, clock: str) -> Stopwatch:
    """A clock of that name. Raises: LackingError: there is none."""
    if clock not in CLOCKS:
        raise LackingError(f"torch has no clock {clock!r} for {device}; it has {', '.join(CLOCKS)}")
    return CLOCKS[clock](device)


def cache_bytes(device: str) -> int:
    """Of the L2 cache."""
    return int(torch.cuda.get_device_properties(torch.device(device)).L2_cache_size)


def peak_bytes(run: Run, device: str) -> int:
    """What one run allocates at most, beyond what is allocated before."""
    torch.cuda.synchronize(device)
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    run(0)
    torch.cuda.synchronize(device)
    return max(0, int(torch.cuda.max_memory_allocated(device)) - before)
