"""Requests and replies between the harness and a worker: protocol 1.

A worker is a program that reads requests from its standard input and writes one reply for each, in order,
to its standard output, until its input ends. Requests and replies are frames (see `frames`):

    bytes 0-7     53 54 4E 56 00 00 00 01      "STNV", protocol version 1
    bytes 8-15    the payload's length, u64 little-endian
    payload       a safetensors file; its header's `__metadata__` has one key, "message": a JSON text

Every request has a "call" and an "id"; the reply repeats the id. In this order:

    {"call": "load", "id": 1, "target": "exec:...", "device": "cpu", "framework": null}
        Make ready. Reply: {"status": "ok", "id": 1}
    {"call": "describe", "id": 2, "probe": true}
        Reply: {"status": "ok", "id": 2, "description": {...}}, a `Description` (contract/description.py):
        {"name": "mine", "framework": "c++", "framework_version": "1.0", "python_version": "none",
         "functions": {"sample": ["padding", "align_corners"]}, "differentiable": ["sample"],
         "paddings": ["zeros"], "alignments": [false, true], "interpolations": ["bilinear"], "spatial": [2],
         "dtypes": ["float32"], "unsupported": {"float64": "not built"},
         "compute_dtype": null, "subgradient": null, "device": "cpu", "threads": 1,
         "features": [], "claims": [], "deterministic": false, "compiles": false,
         "dialect": {"layout": "NCHW", "axis_order": "xy", "units": "normalised"}}
        `interpolations` may name "nearest" and "bicubic" too (the default is shown); "cubic" is then the parameter a of the
        kernel (-0.75), "ties" what nearest takes half-way (null: either; "even", "up", "down", "away").
        `dialect` (the default is shown) says how it spells images and coordinates: requests then come in that spelling.
        `spatial` says whether it takes images (2, the default), volumes (3), or both.
        `compute_dtype` may be an object too, by storage dtype: {"float16": "float32"}.
        `functions` names each function given with the choices that it takes. With "probe" false the target
        must not be called to find out. `features` names what it can be asked beyond plain calls; a program
        without any (the default) may ignore every key of `evaluate` that is not shown below.
    {"call": "evaluate", "id": 3, "function": "sample", "padding": "zeros", "align_corners": false,
     "interpolation": "bilinear", "cubic": -0.75, "size": null, "dtype": "float32", "gradients": ["image", "grid"]}
        with the tensors that the function takes, stored in "dtype" (F64, F32, F16 or BF16):
            sample     image [N,C,H,W], grid [N,Ho,Wo,2], last axis (x, y), normalised
            transform  image [N,C,H,W], theta [N,2,3]; "size" is [Ho, Wo]
            generate   theta [N,2,3]; "size" is [Ho, Wo]
        or, of a volume, image [N,C,D,H,W], grid [N,Do,Ho,Wo,3], last axis (x, y, z), theta [N,3,4] and "size" [Do, Ho, Wo];
        further, where "gradients" is not empty, `cotangent` of the output's shape.
        Reply: {"status": "ok", "id": 3} with the tensors `output` (sample, transform: [N,C,Ho,Wo]; generate:
        [N,Ho,Wo,2]) and `grad_image`, `grad_grid`, `grad_theta` for exactly the gradients asked: those of
        sum(output * cotangent), each of its input's shape, in any of the four dtypes.
        Where its features allow it, a request may also hold
            "layouts": {"image": "transposed"}, "dtypes": {"grid": "float64"}, "threads": 1,
            "way": "compiled" or "vmapped", "watched": true,
            the tensors `tangent_image`, ... (forward mode; the reply then has `tangent`), or
            `second_image`, ... (double backward; the reply then has the same names and `second_cotangent`).
        With the feature "networks" the function may be "network", of images only: `transform` steered by localisation networks,
        one after another, numbered from 0: `image` and, of each, `0.hidden.weight` [G,C*H*W], `0.hidden.bias`,
        `0.regression.weight` [6,G] and `0.regression.bias`. theta = regression(ReLU(hidden(pixels))); all but the last keep the
        image's size, the last one's is "size". Gradients, of the image and of any parameter, go through the whole network.
        With "free": true any shapes may be sent and any output shape may come back.

Any request may be answered otherwise:

    {"status": "raised", "id": 3, "type": "ValueError", "message": "...", "traceback": "...", "ends": false}
        The implementation raised. With "ends" true the worker can do no more and ends after this reply.
    {"status": "unusable", "id": 3, "message": "output is a list, not a torch tensor"}
        The implementation returned something that is no result.
    {"status": "refused", "id": 1, "error": "UnknownTargetError", "message": "..."}
        The request was wrong; "error" names a class of contract/errors.py.

Standard error is free; its last lines are shown when a worker dies. A worker that dies, is silent beyond the
deadline (it is killed) or writes anything else is started again for the next call.
"""

import traceback
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from stn_verify.contract.convention import CUBIC, Convention
from stn_verify.contract.description import Cubic, Description, Dtype, Interpolation, Padding
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
from stn_verify.workers.frames import FrameError, Tensor
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


class Evaluate(_Message):
    """Call a function of the target; the arrays are the frame's tensors."""

    call: Literal["evaluate"] = "evaluate"
    function: FunctionName
    padding: Padding
    align_corners: bool
    interpolation: Interpolation
    cubic: Cubic = CUBIC
    size: tuple[Side, Side] | tuple[Side, Side, Side] | None
    dtype: Dtype
    gradients: tuple[InputName, ...]
    layouts: dict[ArrayName, Layout] = {}
    dtypes: dict[ArrayName, Dtype] = {}
    threads: Annotated[int, Field(ge=1, le=4096)] | None = None
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
            cotangent,
            self.gradients,
            layouts={str(name): layout for name, layout in self.layouts.items()},
            dtypes={str(name): dtype for name, dtype in self.dtypes.items()},
            threads=self.threads,
            way=self.way,
            tangents=tangents,
            seconds=seconds,
            watched=self.watched,
            free=self.free,
        )


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


Request = Load | Describe | Evaluate
Answer = Ok | Raised | Unusable | Refused

_REQUESTS: TypeAdapter[Request] = TypeAdapter(
    Annotated[Load | Describe | Evaluate, Field(discriminator="call")]
)
_ANSWERS: TypeAdapter[Answer] = TypeAdapter(
    Annotated[Ok | Raised | Unusable | Refused, Field(discriminator="status")]
)


def parse_request(message: str) -> Request:
    """Raises: FrameError: no request of this protocol."""
    try:
        return _REQUESTS.validate_json(message)
    except ValidationError as error:
        raise FrameError(f"is no request of protocol 1: {_first(error)}") from None


def parse_answer(message: str) -> Answer:
    """Raises: FrameError: no reply of this protocol."""
    try:
        return _ANSWERS.validate_json(message)
    except ValidationError as error:
        raise FrameError(f"is no reply of protocol 1: {_first(error)}") from None


def evaluation(call: Call, id: int) -> tuple[Evaluate, dict[str, Tensor]]:
    """The request for a call, with its tensors.

    Raises:
        ContractError: the call has a function, dtype, convention or input that the protocol does not know.
    """
    try:
        request = Evaluate.model_validate(
            {
                "id": id,
                "function": call.function,
                "padding": call.convention.padding,
                "align_corners": call.convention.align_corners,
                "interpolation": call.convention.interpolation,
                "cubic": call.convention.cubic,
                "size": None if call.size is None else [int(side) for side in call.size],
                "dtype": call.dtype,
                "gradients": call.gradients,
                "layouts": dict(call.layouts),
                "dtypes": dict(call.dtypes),
                "threads": call.threads,
                "way": call.way,
                "watched": call.watched,
                "free": call.free,
            }
        )
    except ValidationError as error:
        raise ContractError(f"no call of protocol 1: {_first(error)}") from None
    arrays = dict(call.arrays) | ({} if call.cotangent is None else {"cotangent": call.cotangent})
    arrays |= {f"{TANGENT}{name}": array for name, array in call.tangents.items()}
    arrays |= {f"{SECOND}{name}": array for name, array in call.seconds.items()}
    return request, {name: Tensor(array, call.dtypes.get(name, call.dtype)) for name, array in arrays.items()}


def _prefixed(arrays: dict[str, Array], prefix: str) -> dict[str, Array]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _of_the_target(trace: TracebackType | None) -> TracebackType | None:
    """Without the harness's own frames above the target's."""
    while trace is not None and trace.tb_next is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(_PACKAGE):
            break
        trace = trace.tb_next
    return trace


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "message"
    return f"{place}: {first['msg']}"


def _sound(text: str) -> str:
    """Without lone surrogates, which no JSON text can carry as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")
