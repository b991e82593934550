"""A target: an implementation that can be called, wherever it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from stn_verify.contract.convention import Convention
from stn_verify.contract.description import Description
from stn_verify.contract.features import Layout, Way
from stn_verify.formats import Array


class TargetFailure(Exception):  # noqa: N818  a failure of the target is the event, not an error of ours
    """A call that brought no result. `status` is the verdict's status, `call` what was asked, where it is known."""

    status = "raised"
    call: "Call | None" = None


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

    `gradients` names the inputs to differentiate; they need `cotangent`, of the output's shape. The function "network" is
    `transform` in networks of its own, one after another: arrays are `image` and their parameters (workers/networks.py).
    """

    function: str
    arrays: Mapping[str, Array]
    dtype: str
    convention: Convention
    size: tuple[int, ...] | None = None
    """(Ho, Wo), or (Do, Ho, Wo) of a volume."""
    cotangent: Array | None = None
    gradients: tuple[str, ...] = ()
    layouts: Mapping[str, Layout] = field(default_factory=dict)
    """How inputs (and `cotangent`) lie in memory; those not named are contiguous."""
    dtypes: Mapping[str, str] = field(default_factory=dict)
    """Inputs (and `cotangent`) that are stored in another dtype than `dtype`."""
    threads: int | None = None
    """How many threads one operation may use; None leaves it to the framework."""
    way: Way = "plain"
    tangents: Mapping[str, Array] = field(default_factory=dict)
    """Forward mode: directions of some inputs, of their shapes; without gradients."""
    seconds: Mapping[str, Array] = field(default_factory=dict)
    """Double backward: a cotangent for each gradient asked."""
    watched: bool = False
    """Whether the reply tells what was seen beside the numbers."""
    free: bool = False
    """Whether any output shape may come back: for probes of a target that is not known yet, and for wrong calls."""
    family: str = "affine"
    """The family of transformations, of the function "generate"."""

    @property
    def called(self) -> str:
        """The target's own function that is called."""
        return "transform" if self.function == "network" else self.function


@dataclass(frozen=True)
class Seen:
    """What a watched call showed beside its numbers."""

    written: tuple[str, ...]
    """Inputs (or `cotangent`) whose values it changed."""
    dtypes: Mapping[str, str]
    """Of `output` and of each gradient, by the name of its input."""
    devices: Mapping[str, str]
    """Likewise, where each lies."""


@dataclass(frozen=True)
class Reply:
    """What came back: float64 carriers and the dtypes that they were stored in."""

    output: Array
    dtype: str
    gradients: Mapping[str, Array] = field(default_factory=dict)
    tangent: Array | None = None
    """Forward mode: the output's derivative along the tangents, of its shape."""
    seconds: Mapping[str, Array] = field(default_factory=dict)
    """Double backward: the gradient of sum <gradient, its second cotangent> by each gradient's input and by `cotangent`."""
    seen: Seen | None = None


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
