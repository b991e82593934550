"""A target: an implementation that can be called, wherever it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from stn_verify.contract.convention import Convention
from stn_verify.contract.description import Description
from stn_verify.formats import Array


class TargetFailure(Exception):  # noqa: N818  a failure of the target is the event, not an error of ours
    """A call that brought no result. `status` is the verdict's status."""

    status = "raised"


class TargetRaised(TargetFailure):
    """The implementation raised an exception."""


class TargetReplied(TargetFailure):
    """The implementation returned something that is no result: a wrong shape, a wrong type, a missing gradient."""

    status = "failed"


class TargetCrashed(TargetFailure):
    """The process that ran the implementation died, or spoke garbage."""

    status = "crashed"


class TargetTimedOut(TargetFailure):
    """No reply before the deadline; the process was killed."""

    status = "timed out"


@dataclass(frozen=True)
class Call:
    """One evaluation. Arrays are float64 carriers whose values lie in `dtype`.

    `gradients` names the inputs to differentiate; they need `cotangent`, of the output's shape.
    """

    function: str
    arrays: Mapping[str, Array]
    dtype: str
    convention: Convention
    size: tuple[int, int] | None = None
    cotangent: Array | None = None
    gradients: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reply:
    """What came back: float64 carriers and the dtypes that they were stored in."""

    output: Array
    dtype: str
    gradients: Mapping[str, Array] = field(default_factory=dict)


@dataclass
class Evaluations:
    """Calls counted: a backward includes the forward pass that it needs."""

    forwards: int = 0
    backwards: int = 0


class Target(Protocol):
    """Something that answers calls."""

    evaluations: Evaluations

    @property
    def description(self) -> Description:
        """What the implementation says of itself."""
        ...

    def call(self, call: Call) -> Reply:
        """Evaluate.

        Raises:
            TargetFailure: no result came back; the target can be called again.
        """
        ...

    def forgive(self) -> None:
        """Another check begins: deaths in the one before say nothing of it."""
        ...

    def renew(self) -> None:
        """Answer the next call from a fresh process, if there is one: whatever failed may have damaged this one."""
        ...

    def close(self) -> None:
        """End the process, if there is one."""
        ...
