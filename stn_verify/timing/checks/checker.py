"""What checks a sampler's values and gradients, as far as it is timed. Installed packages offer them by entry points."""

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field

from stn_verify.cases import grids
from stn_verify.cases.case import SampleCase
from stn_verify.cases.strategies import Frame, sample_case
from stn_verify.contract.convention import Convention
from stn_verify.contract.errors import UnknownChoiceError
from stn_verify.records.record import Amount, Label, Size

GROUP = "stn_verify.checkers"
"""Each entry point NAME = module:attribute, a function that makes a `Checker`."""

OWN = "stn-verify"
"""The check that is compared with the others."""

SAMPLER = "torch"
"""What is checked: the sampler that all of them can check."""

N, C = 2, 3


class Checked(BaseModel):
    """What one check came to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    passed: bool
    forwards: Size
    """Evaluations of the sampler; so the next."""
    backwards: Size
    budget_used: Amount | None = None
    """The largest error over its bound, where bounds are derived."""


class Answer(BaseModel):
    """To a request: a check and its time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: Amount
    checked: Checked


class About(BaseModel):
    """What a checker's process says first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    framework: Label
    framework_version: Label
    threads: Annotated[int, Field(ge=1)] | None = None


class Request(BaseModel):
    """A check of the sampler on an image [N,C,side,side] and a grid as large, drawn from the seed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    side: Annotated[int, Field(ge=1, le=4096)]
    seed: Annotated[int, Field(ge=0)]

    def case(self) -> SampleCase:
        """Its inputs, in float64; no point is on a kink but by chance."""
        size = (self.side, self.side)
        return sample_case(
            Frame(N, C, size, size, Convention(), "float64"), "inside", grids.inside, self.seed
        )


class Checker(Protocol):
    """One way to check a sampler."""

    about: About

    def check(self, case: SampleCase) -> Checked:
        """Check values and gradients on this case."""
        ...

    def close(self) -> None:
        """End what it started."""
        ...


def known_checkers() -> tuple[str, ...]:
    """Names, whether or not what they need is installed."""
    return tuple(sorted({entry.name for entry in entry_points(group=GROUP)}))


def make(name: str, threads: int) -> Checker:
    """The checker of that name.

    Raises:
        UnknownChoiceError: there is none.
        ImportError: what it needs is not installed.
    """
    entries = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in entries:
        raise UnknownChoiceError(f"unknown checker {name!r}; known: {', '.join(sorted(entries)) or 'none'}")
    made: Callable[[int], Checker] = entries[name].load()
    return made(threads)
