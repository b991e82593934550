"""The clocks of CUDA on a device that only pretends: what is waited for, captured and replayed, and when."""

import contextlib
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the extra `torch` is not installed")

from stn_adapters import cuda_timing  # noqa: E402  needs torch
from stn_verify.frameworks import LackingError  # noqa: E402  likewise


class Device:
    """Work that is started takes 2 ms each, when it is waited for; a replay takes 1 ms for each captured run."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.queued = 0
        self.now = 0.0
        self.capturing: list[int] | None = None
        self.allocated = 100
        self.peak = 0
        device = self

        class Event:
            def __init__(self, enable_timing: bool) -> None:
                assert enable_timing

            def record(self) -> None:
                device.synchronize()
                self.at = device.now

            def synchronize(self) -> None:
                device.log.append("wait")

            def elapsed_time(self, end: Any) -> float:
                return 1e3 * (end.at - self.at)

        class Graph:
            def __init__(self) -> None:
                self.runs: list[int] = []

            def replay(self) -> None:
                device.log.append("replay")
                device.now += 1e-3 * len(self.runs)

        self.Event, self.CUDAGraph, self.Stream = Event, Graph, self.current_stream

    def run(self, number: int) -> int:
        if self.capturing is not None:
            self.capturing.append(number)
        else:
            self.queued += 1
        self.peak = max(self.peak, self.allocated + 50)
        return number

    def synchronize(self, device: Any = None) -> None:
        self.now += 2e-3 * self.queued
        self.queued = 0

    @contextlib.contextmanager
    def graph(self, graph: Any) -> Any:
        self.log.append("capture")
        self.capturing = graph.runs
        yield
        self.capturing = None

    @contextlib.contextmanager
    def stream(self, stream: Any) -> Any:
        yield

    def device(self, name: str) -> Any:
        return contextlib.nullcontext()

    def current_stream(self) -> Any:
        return SimpleNamespace(wait_stream=lambda other: self.synchronize())

    def memory_allocated(self, device: Any) -> int:
        return self.allocated

    def reset_peak_memory_stats(self, device: Any) -> None:
        self.peak = self.allocated

    def max_memory_allocated(self, device: Any) -> int:
        return self.peak

    def get_device_properties(self, device: Any) -> Any:
        return SimpleNamespace(L2_cache_size=50 * 2**20)


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Device:
    made = Device()
    monkeypatch.setattr(cuda_timing.torch, "cuda", made)
    monkeypatch.setattr(cuda_timing.time, "perf_counter", lambda: made.now)
    return made


def test_the_wall_clock_stops_when_the_device_is_done(device: Device) -> None:
    device.queued = 5
    seconds = cuda_timing.stopwatch("cuda", "wall").seconds(device.run, [0, 0, 0])
    assert seconds == pytest.approx(3 * 2e-3)


def test_events_lie_around_the_work_alone(device: Device) -> None:
    device.queued = 5
    seconds = cuda_timing.stopwatch("cuda", "events").seconds(device.run, [0, 1])
    assert seconds == pytest.approx(2 * 2e-3)


def test_a_graph_is_captured_once_and_replayed(device: Device) -> None:
    clock = cuda_timing.stopwatch("cuda", "graph")
    assert clock.seconds(device.run, [0, 1, 2]) == pytest.approx(3e-3)
    assert clock.seconds(device.run, [0, 1, 2]) == pytest.approx(3e-3)
    assert device.log.count("capture") == 1
    assert device.log.count("replay") == 2
    clock.seconds(device.run, [0])
    assert device.log.count("capture") == 2


def test_the_peak_is_beyond_what_was_there(device: Device) -> None:
    assert cuda_timing.peak_bytes(device.run, "cuda") == 50
    assert cuda_timing.cache_bytes("cuda:0") == 50 * 2**20


def test_an_unknown_clock_is_lacking() -> None:
    with pytest.raises(LackingError, match="wall, events, graph"):
        cuda_timing.stopwatch("cuda", "sundial")
