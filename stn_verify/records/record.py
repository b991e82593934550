"""One row: a target on a case, alone or against one peer. The columns of the table are the fields, in this order."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Label = Annotated[str, Field(max_length=200)]
Text = Annotated[str, Field(max_length=4_000)]
Size = Annotated[int, Field(ge=0, le=2**40)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Ratio = Annotated[float, Field(gt=0, allow_inf_nan=False)]

Work = Literal["sample", "transform", "check"]
Direction = Literal["forward", "grad_input", "grad_grid", "grad_theta", "all", "double_backward", "entrywise"]
Layout = Literal["NCHW", "channels_last"]
Clock = Literal["wall", "events", "graph"]
Cache = Literal["warm", "cold"]


class Timing(StrEnum):
    """Whether a target was timed on a case, and why not."""

    TIMED = "timed"
    WRONG = "not timed: wrong"
    UNSUPPORTED = "not timed: unsupported"
    """The target does not offer it: a function, a dtype, a layout, a gradient."""
    UNAVAILABLE = "not timed: unavailable"
    """Its framework is not installed here."""
    FAILED = "not timed: failed"
    """It raised, crashed or did not answer in time."""


class Decision(StrEnum):
    """How a target compares with its peer; decided only beyond noise."""

    FASTER = "faster"
    SLOWER = "slower"
    UNDECIDED = "undecided"


class Record(BaseModel):
    """A tidy row. What was not measured is None."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    case: Label
    """Names the case: equal in two runs exactly where the work is the same."""
    function: Work
    """`check` is the verifier itself: a full entrywise check of `sample`."""
    direction: Direction
    N: Size
    C: Size
    H: Size
    W: Size
    Ho: Size
    Wo: Size
    dtype: Label
    layout: Layout
    theta: Label
    """The kind of theta, or of the theta that the grid was made from."""
    padding: Label
    align_corners: bool
    interpolation: Label
    device: Label
    threads: Size | None = None
    """That one operation may use."""
    cache: Cache = "warm"
    clock: Clock = "wall"

    target: Label
    against: Label | None = None
    """The peer; None where the target was timed alone."""
    timing: Timing
    against_timing: Timing | None = None
    decision: Decision | None = None
    """None where target and peer were not both timed."""
    reason: Text | None = None
    """Why it is undecided, or was not timed: for a person, with the verdict of what is wrong."""

    time_seconds: Amount | None = None
    """Of one call: the median over rounds."""
    time_low_seconds: Amount | None = None
    """The 20th percentile over rounds, and in the next the 80th."""
    time_high_seconds: Amount | None = None
    first_call_seconds: Amount | None = None
    """Of the case's first call in its process: what is compiled for it, or found in a compiler's cache, is in it.
    What earlier cases left ready is not."""
    against_time_seconds: Amount | None = None
    against_first_call_seconds: Amount | None = None
    time_ratio: Ratio | None = None
    """The median over rounds of target's time over peer's; below 1 is faster. Then its 99 % bootstrap interval."""
    time_ratio_low: Ratio | None = None
    time_ratio_high: Ratio | None = None
    noise_ratio: Ratio | None = None
    """The same of the target against itself: it runs in two processes, in the same rounds. What noise alone does."""
    noise_ratio_low: Ratio | None = None
    noise_ratio_high: Ratio | None = None
    against_noise_ratio: Ratio | None = None
    """The same of the peer against itself."""
    against_noise_ratio_low: Ratio | None = None
    against_noise_ratio_high: Ratio | None = None
    noise_floor_ratio: Ratio | None = None
    """At least 1: no ratio within this factor of 1 is decided. From the noise of this row and of the whole run."""
    time_ratio_least_pass: Ratio | None = None
    """Of the medians of the passes, between which the machine had time to change; in the next the largest."""
    time_ratio_largest_pass: Ratio | None = None
    rounds: Size | None = None
    """Of all passes."""
    calls_per_round: Size | None = None

    throughput_pixels_per_second: Amount | None = None
    """N C Ho Wo over the time of one call."""
    moved_bytes: Amount | None = None
    """What has to move whatever the implementation: every input read once, every result written once."""
    bandwidth_bytes_per_second: Amount | None = None
    """Of a copy that moves as many bytes, measured in the same run; None where there was none."""
    roofline_share: Amount | None = None
    """The time that the bytes take at that bandwidth, over the time of one call; 1 is the limit of a copy."""
    peak_host_bytes: Amount | None = None
    """Of one call, beyond what the process held before it."""
    peak_device_bytes: Amount | None = None
    against_peak_host_bytes: Amount | None = None
    against_peak_device_bytes: Amount | None = None
    clock_before_hertz: Amount | None = None
    """The GPU's clock, read and never set."""
    clock_after_hertz: Amount | None = None

    judged: Text | None = None
    """What was held against the oracle on this very case before it was timed."""
    budget_used: Amount | None = None
    """The target's largest error over its bound there; at most 1 is right."""
    forwards: Size | None = None
    """Evaluations of the target that one `check` takes; None elsewhere. So the next."""
    backwards: Size | None = None

    @model_validator(mode="after")
    def _timed_with_its_time(self) -> Self:
        if (self.timing is Timing.TIMED) != (self.time_seconds is not None):
            raise ValueError("a timed row, and no other, has a time")
        if self.decision is not None and (self.time_ratio is None or self.against is None):
            raise ValueError("a decision needs a peer and a ratio")
        return self

    @property
    def decided(self) -> bool:
        """Whether it is faster or slower beyond noise."""
        return self.decision in (Decision.FASTER, Decision.SLOWER)

    @property
    def key(self) -> tuple[str, str, str]:
        """What a row is of: case, target, peer."""
        return self.case, self.target, self.against or ""
