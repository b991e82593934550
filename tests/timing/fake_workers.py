"""Workers that are no processes: they compute in this one, and take the time that they are told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stn_reference import sample, sample_vjp, transform, transform_vjp
from stn_verify.contract.description import Description
from stn_verify.contract.errors import BrokenTargetError, ContractError, UnknownTargetError
from stn_verify.contract.implementation import Implementation
from stn_verify.contract.target import Call, Evaluations, Reply, TargetCrashed, TargetRaised
from stn_verify.timing.participant import COPIES
from stn_verify.timing.replay import VirtualClock
from stn_verify.workers.evaluator import InProcessTarget
from stn_verify.workers.messages import Timed

CHOICES: dict[str, Any] = {"padding": "zeros", "align_corners": False}


def implementation(name: str, scale: float = 1.0, *, gradients: bool = True) -> Implementation:
    """The reference, whose output is off by a factor where `scale` is not 1."""
    products: dict[str, Callable[..., Any]] = {
        "sample": lambda image, grid, cotangent: sample_vjp(image, grid, cotangent, **CHOICES),
        "transform": lambda image, theta, size, cotangent: transform_vjp(
            image, theta, size, cotangent, **CHOICES
        ),
    }
    return Implementation(
        name=name,
        framework="numpy",
        functions={
            "sample": lambda image, grid: scale * sample(image, grid, **CHOICES),
            "transform": lambda image, theta, size: scale * transform(image, theta, size, **CHOICES),
        },
        vjps=products if gradients else {},
        dtypes=("float64", "float32"),
        compute_dtype="float32",
        **CHOICES,
    )


@dataclass
class World:
    """Seconds of one call of each target, on one clock; what fails, and when."""

    seconds: Mapping[str, float]
    clock: VirtualClock = field(default_factory=VirtualClock)
    wrong: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    crashes: tuple[str, ...] = ()
    """Once they are timed."""
    raises: tuple[str, ...] = ()
    """Once they are called."""
    forward_only: tuple[str, ...] = ()
    forgets: tuple[str, ...] = ()
    """What it keeps, after every tenth timing."""
    asked: list[tuple[str, str]] = field(default_factory=list)

    def worker(self, name: str) -> "FakeWorker":
        return FakeWorker(name, self)


class FakeWorker:
    """Satisfies what participants use of `WorkerTarget`."""

    def __init__(self, name: str, world: World) -> None:
        self.evaluations = Evaluations()
        self._name, self._world = name, world
        made = implementation(
            name, 1.25 if name in world.wrong else 1.0, gradients=name not in world.forward_only
        )
        self._target = InProcessTarget(made)
        self._kept: set[int] = set()
        self._timings = 0

    @property
    def description(self) -> Description:
        if self._name in self._world.missing:
            raise BrokenTargetError(f"{self._name} is not installed: pip install {self._name}")
        if self._name not in self._world.seconds:
            raise UnknownTargetError(f"unknown target {self._name!r}")
        return self._target.description

    def call(self, call: Call) -> Reply:
        self._note("call")
        if self._name in self._world.raises:
            raise TargetRaised("ValueError: not today")
        return self._target.call(call)

    def prepare(self, call: Call, slot: int = 0, *, cold: bool = False) -> Timed:
        self._note("prepare")
        self._kept.add(slot)
        return Timed(seconds=0.5, peak_host_bytes=1000)

    def prepare_copy(self, moved: int, slot: int, threads: int | None = None) -> Timed:
        self._note("copy")
        self._kept.add(slot)
        return Timed(seconds=1e-3)

    def time(self, calls: int = 1, slot: int = 0, *, before: int = 0, clock: str = "wall") -> float:
        self._note("time")
        if self._name in self._world.crashes:
            raise TargetCrashed("killed by SIGSEGV")
        self._timings += 1
        if self._name in self._world.forgets and not self._timings % 10:
            self._kept.clear()
        if slot not in self._kept:
            raise ContractError(f"nothing is prepared in slot {slot}")
        each = 1e-4 if slot >= COPIES else self._world.seconds[self._name]
        self._world.clock.move(calls * each)
        return calls * each

    def forgive(self) -> None:
        self._note("forgive")

    def close(self) -> None:
        self._note("close")

    def _note(self, what: str) -> None:
        self._world.asked.append((self._name, what))
