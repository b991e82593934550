"""The messages of the frame protocol, as data: what each may hold. `protocol` tells what they mean."""

import traceback
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from stn_verify.contract.convention import CUBIC, Convention
from stn_verify.contract.description import Cubic, Description, Dtype, Family, Interpolation, Padding
from stn_verify.contract.errors import (
    BrokenTargetError,
    ContractError,
    RequestError,
    UnknownChoiceError,
    UnknownTargetError,
)
from stn_verify.contract.features import Layout, Way
from stn_verify.contract.target import Call, Seen, TargetRaised
from stn_verify.formats import Array
from stn_verify.workers.networks import PARAMETER

_PACKAGE = str(Path(__file__).parents[1])
_TYPE, _MESSAGE, _TRACEBACK = 200, 4_000, 20_000
TANGENT, SECOND = "tangent_", "second_"

FunctionName = Literal["sample", "transform", "generate", "network"]
ParameterName = Annotated[str, Field(pattern=PARAMETER)]
InputName = Literal["image", "grid", "theta"] | ParameterName
ArrayName = Literal["image", "grid", "theta", "cotangent"]
Side = Annotated[int, Field(ge=0, le=2**31)]
Id = Annotated[int, Field(ge=0, le=2**63)]
Threads = Annotated[int, Field(ge=1, le=4096)]
Slot = Annotated[int, Field(ge=0, le=63)]
Clock = Literal["wall", "events", "graph"]
_Short = Annotated[str, Field(max_length=60)]

REFUSALS = MappingProxyType(
    {
        kind.__name__: kind
        for kind in (UnknownTargetError, BrokenTargetError, ContractError, UnknownChoiceError)
    }
)


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id


class Load(_Message):
    """Find the target and make it ready on a device."""

    call: Literal["load"] = "load"
    target: str
    device: str
    framework: str | None = None
    """For a target that does not declare its own."""


class Describe(_Message):
    """Say what the target is."""

    call: Literal["describe"] = "describe"
    probe: bool = True
    """Whether to find the dtypes that are not declared by calling the target."""


class Evaluation(_Message):
    """A call of a function of the target; the arrays are the frame's tensors."""

    function: FunctionName
    padding: Padding
    align_corners: bool
    interpolation: Interpolation
    cubic: Cubic = CUBIC
    size: tuple[Side, Side] | tuple[Side, Side, Side] | None
    family: Family = "affine"
    dtype: Dtype
    gradients: tuple[InputName, ...]
    layouts: dict[ArrayName, Layout] = {}
    dtypes: dict[ArrayName, Dtype] = {}
    threads: Threads | None = None
    way: Way = "plain"
    watched: bool = False
    free: bool = False

    def with_arrays(self, arrays: dict[str, Array]) -> Call:
        """The call that this request and its arrays make."""
        cotangent = arrays.pop("cotangent", None)
        convention = Convention(self.padding, self.align_corners, self.interpolation, self.cubic)
        tangents, seconds = _prefixed(arrays, TANGENT), _prefixed(arrays, SECOND)
        return Call(
            self.function,
            {name: array for name, array in arrays.items() if not name.startswith((TANGENT, SECOND))},
            self.dtype,
            convention,
            self.size,
            cotangent=cotangent,
            gradients=self.gradients,
            family=self.family,
            layouts={str(name): layout for name, layout in self.layouts.items()},
            dtypes={str(name): dtype for name, dtype in self.dtypes.items()},
            threads=self.threads,
            way=self.way,
            tangents=tangents,
            seconds=seconds,
            watched=self.watched,
            free=self.free,
        )


class Evaluate(Evaluation):
    """Call a function of the target; the arrays are the frame's tensors."""

    call: Literal["evaluate"] = "evaluate"


class Prepare(Evaluation):
    """Keep the arrays, make the call once and be ready to repeat it."""

    call: Literal["prepare"] = "prepare"
    slot: Slot = 0
    cold: bool = False


class PrepareCopy(_Message):
    """Be ready to copy memory."""

    call: Literal["copy"] = "copy"
    slot: Slot = 0
    moved: Annotated[int, Field(ge=2, le=2**36)]
    threads: Threads | None = None


class Time(_Message):
    """Repeat what was prepared."""

    call: Literal["time"] = "time"
    slot: Slot = 0
    calls: Annotated[int, Field(ge=1, le=2**24)]
    before: Annotated[int, Field(ge=0, le=2**24)] = 0
    """Calls before the clock starts: other processes have had the caches, and put the threads to sleep."""
    clock: Clock = "wall"


class Timed(BaseModel):
    """What was measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: Annotated[float, Field(ge=0, le=1e9)]
    """Of all calls together; of the first alone where it was made ready."""
    peak_host_bytes: Annotated[int, Field(ge=0, le=2**50)] | None = None
    """What one call holds at most, beyond what was there before it."""
    peak_device_bytes: Annotated[int, Field(ge=0, le=2**50)] | None = None


class Witnessed(BaseModel):
    """What a watched call showed beside its numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    written: Annotated[tuple[ArrayName, ...], Field(max_length=8)]
    dtypes: Annotated[dict[_Short, _Short], Field(max_length=8)]
    devices: Annotated[dict[_Short, _Short], Field(max_length=8)]

    @classmethod
    def of(cls, seen: Seen | None) -> Self | None:
        """The message for what was seen."""
        return None if seen is None else cls.model_validate(vars(seen))

    def seen(self) -> Seen:
        """The same as the harness keeps it."""
        return Seen(tuple(self.written), self.dtypes, self.devices)


class Ok(_Message):
    """It worked; the frame's tensors are the results."""

    status: Literal["ok"] = "ok"
    description: Description | None = None
    seen: Witnessed | None = None
    timed: Timed | None = None


class Raised(_Message):
    """The implementation raised an exception."""

    status: Literal["raised"] = "raised"
    type: Annotated[str, Field(max_length=_TYPE)]
    message: Annotated[str, Field(max_length=_MESSAGE)]
    traceback: Annotated[str, Field(max_length=_TRACEBACK)] = ""
    ends: bool = False
    """Whether the worker ends after this reply."""

    @classmethod
    def by(cls, error: BaseException, id: int, *, ends: bool = False) -> Self:
        """The reply for an exception; its texts are cut to what a reply may hold."""
        try:
            message = str(error)
            trace = "".join(
                traceback.format_exception(type(error), error, _of_the_target(error.__traceback__))
            )
        except Exception as second:  # noqa: BLE001  an exception's own __str__ may raise anything
            message, trace = f"(its text cannot be shown: {type(second).__name__})", ""
        return cls(
            id=id,
            type=_sound(type(error).__name__)[:_TYPE],
            message=_sound(message)[:_MESSAGE],
            traceback=_sound(trace)[-_TRACEBACK:],
            ends=ends,
        )

    def failure(self) -> TargetRaised:
        """The exception that the caller sees; the traceback is a note of it."""
        failure = TargetRaised(f"{self.type}: {self.message}" if self.message else self.type)
        if self.traceback:
            failure.add_note(self.traceback)
        return failure


class Unusable(_Message):
    """The implementation returned something that is no result."""

    status: Literal["unusable"] = "unusable"
    message: Annotated[str, Field(max_length=_MESSAGE)]


class Refused(_Message):
    """The request was wrong."""

    status: Literal["refused"] = "refused"
    error: Literal["UnknownTargetError", "BrokenTargetError", "ContractError", "UnknownChoiceError"]
    message: Annotated[str, Field(max_length=_MESSAGE)]

    @classmethod
    def by(cls, error: RequestError, id: int) -> Self:
        """The reply for a wrong request."""
        kind = type(error).__name__
        return cls(
            id=id,
            error=kind if kind in REFUSALS else "ContractError",  # type: ignore[arg-type]  # one of its keys
            message=_sound(str(error))[:_MESSAGE],
        )

    def refusal(self) -> RequestError:
        """The exception that the caller sees."""
        return REFUSALS[self.error](self.message)


def _prefixed(arrays: dict[str, Array], prefix: str) -> dict[str, Array]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _of_the_target(trace: TracebackType | None) -> TracebackType | None:
    """Without the harness's own frames above the target's."""
    while trace is not None and trace.tb_next is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(_PACKAGE):
            break
        trace = trace.tb_next
    return trace


def _sound(text: str) -> str:
    """Without lone surrogates, which no JSON text can carry as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")
