"""Frameworks: how to make arrays, read them back, differentiate. One adapter each, found by entry point."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, cast

from stn_verify.contract.errors import BrokenTargetError, UnknownChoiceError
from stn_verify.contract.features import Feature, Layout
from stn_verify.formats import Array

GROUP = "stn_verify.frameworks"


Run = Callable[[int], object]
"""Does the work on the inputs of that number."""


class Stopwatch(Protocol):
    """Measures work on one device."""

    def seconds(self, run: Run, numbers: Sequence[int]) -> float:
        """Of running on the inputs of these numbers, one after the other, until all is done."""
        ...


class LackingError(Exception):
    """The framework cannot do this with that function; the message says what is missing."""


class Framework(Protocol):
    """What an adapter gives."""

    name: str
    differentiates: bool
    """Whether `vjp` works for any function; otherwise implementations give their own products."""
    features: tuple[Feature, ...]
    """What can be asked beyond arrays and `vjp`: the methods after it are called for these only, and those of the others
    raise LackingError where an adapter inherits from here."""

    @property
    def version(self) -> str:
        """Of the framework that is installed."""
        ...

    def warm(self) -> None:
        """Import what the first derivative would, without a thread or a device: forks of this process then have it."""
        ...

    def threads(self) -> int | None:
        """How many threads one operation may use; None where the framework does not say."""
        ...

    def devices(self) -> tuple[str, ...]:
        """The devices that are here, "cpu" first."""
        ...

    def check_device(self, device: str) -> None:
        """Do nothing where the device is here.

        Raises:
            UnknownChoiceError: it is not; names those that are.
        """
        ...

    def usable(self, device: str) -> bool:
        """Whether the device still works: after some faults it refuses everything until the process ends."""
        ...

    def array(self, carrier: Array, dtype: str, device: str) -> Any:
        """A new native array of the carrier's values; never a view of it.

        Raises:
            UnknownChoiceError: the framework has no such dtype.
        """
        ...

    def carrier(self, native: Any) -> tuple[Array, str]:
        """The values as float64 and the name of the stored dtype.

        Raises:
            TypeError: no array of this framework, or of none of the four stored dtypes; the message completes
                "output is ...".
        """
        ...

    def vjp(
        self,
        function: Callable[..., Any],
        inputs: Sequence[Any],
        choices: Mapping[str, Any],
        cotangent: Any,
        wanted: Sequence[int],
    ) -> tuple[Any, tuple[Any, ...]]:
        """`function(*inputs, **choices)`, and the gradients of <output, cotangent> by the inputs `wanted`.

        A gradient is None where the output does not depend on that input as far as the framework can see.
        """
        ...

    def arranged(self, native: Any, layout: Layout) -> Any:
        """The same values in another place of memory, laid out so."""
        raise self._lacking("layouts")

    def device_of(self, native: Any) -> str:
        """Where an array lies, in the words of `devices`."""
        ...

    def limited(self, threads: int) -> AbstractContextManager[None]:
        """Inside, one operation uses so many threads."""
        raise self._lacking("threads")

    def jvp(
        self,
        function: Callable[..., Any],
        inputs: Sequence[Any],
        choices: Mapping[str, Any],
        tangents: Mapping[int, Any],
    ) -> tuple[Any, Any]:
        """The output, and its derivative along tangents of some inputs."""
        raise self._lacking("forward mode")

    def second(
        self,
        function: Callable[..., Any],
        inputs: Sequence[Any],
        choices: Mapping[str, Any],
        cotangent: Any,
        wanted: Sequence[int],
        seconds: Sequence[Any],
    ) -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
        """As `vjp`, and the gradients of sum <gradient, second> by the inputs `wanted` and by the cotangent.

        Raises:
            LackingError: the gradients cannot be differentiated.
        """
        raise self._lacking("double backward")

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function through the framework's compiler."""
        raise self._lacking("compile")

    def vmapped(
        self,
        function: Callable[..., Any],
        inputs: Sequence[Any],
        choices: Mapping[str, Any],
        cotangent: Any | None,
        wanted: Sequence[int],
    ) -> tuple[Any, tuple[Any, ...]]:
        """As `vjp`, mapped over the batch, one image at a time; without a cotangent the output alone."""
        raise self._lacking("vmap")

    def stopwatch(self, device: str, clock: str) -> Stopwatch:
        """By the clock "wall", or where a device has its own by "events" or "graph". Raises: LackingError: there is none."""
        if clock != "wall":
            raise LackingError(f"{self.name} has no clock {clock!r} for {device}")
        return WallClock()

    def copying(self, moved: int, device: str) -> Run:
        """Copies half as many bytes as that, reading and writing each once. Raises: LackingError: it cannot."""
        raise LackingError(f"{self.name} copies nothing")

    def cache_bytes(self, device: str) -> int | None:
        """Of the last cache of a device whose inputs can be kept out of it by taking turns; None of the CPU."""
        return None

    def peak_device_bytes(self, run: Run, device: str) -> int | None:
        """What one run holds at most on a device of its own memory, beyond what is there before; None of the CPU."""
        return None

    def _lacking(self, feature: Feature) -> LackingError:
        return LackingError(f"{self.name} has no {feature}")


class WallClock:
    """For work that is done when its call returns."""

    def seconds(self, run: Run, numbers: Sequence[int]) -> float:
        """By the processor's clock."""
        start = time.perf_counter()
        for number in numbers:
            run(number)
        return time.perf_counter() - start


def known_frameworks() -> tuple[str, ...]:
    """The names of the frameworks that have an adapter, installed or not."""
    return tuple(sorted(_adapters()))


@cache
def framework(name: str) -> Framework:
    """The framework of that name; imports it.

    Raises:
        UnknownChoiceError: there is no adapter for it.
        BrokenTargetError: it is not installed, or importing it fails.
    """
    adapters = _adapters()
    if name not in adapters:
        raise UnknownChoiceError(
            f"unknown framework {name!r}; known: {', '.join(sorted(adapters)) or 'none'}"
        )
    adapter = adapters[name]
    return cast(Framework, load_entry_point(adapter)())


def load_entry_point(entry: EntryPoint) -> Any:
    """What an entry point names.

    Raises:
        BrokenTargetError: a package that it needs is missing, or importing it fails.
    """
    try:
        return entry.load()
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing and missing != entry.value.partition(":")[0].partition(".")[0]:
            raise BrokenTargetError(f"{missing} is not installed: pip install {missing}") from error
        raise BrokenTargetError(f"{entry.name} ({entry.value}): {error}") from error
    except Exception as error:
        raise BrokenTargetError(f"{entry.name} ({entry.value}): {type(error).__name__}: {error}") from error


def _adapters() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}
