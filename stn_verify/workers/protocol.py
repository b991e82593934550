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
        `families` names the transformations whose grids `generate` makes (["affine"], the default); `evaluate` then has "family":
        "affine", "translation" (theta [N,2]), "attention" [N,3], "similarity" [N,4], "projective" [N,8], "thin_plate" [N,K,2] or
        "displacement" [N,Ho,Wo,2], as stn_reference/generators defines them.
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
    {"call": "prepare", "id": 4, "slot": 0, "cold": false, ...}
        with all that `evaluate` has, and likewise the two below, where its features name "timing": keep the arrays in that slot,
        of 0 to 63, make the call once and forget its results. With "cold" the calls take turns at copies of the inputs, four
        times the device's last cache. Reply: {"status": "ok", "id": 4, "timed": {"seconds": 0.5, "peak_host_bytes": null,
        "peak_device_bytes": null}}, the seconds of that first call, and what one call holds beyond what was there before.
    {"call": "copy", "id": 5, "slot": 1, "moved": 1000000, "threads": 1}
        Be ready to copy half as many bytes, likewise.
    {"call": "time", "id": 6, "slot": 0, "calls": 10, "before": 1, "clock": "wall"}
        Repeat, after one call that does not count. Reply: {"status": "ok", "id": 6, "timed": {"seconds": 0.1}}, of all ten.

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

from typing import Annotated, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from stn_verify.contract.errors import ContractError
from stn_verify.contract.target import Call
from stn_verify.workers.frames import FrameError, Tensor
from stn_verify.workers.messages import (
    SECOND,
    TANGENT,
    Describe,
    Evaluate,
    Evaluation,
    Load,
    Ok,
    Prepare,
    PrepareCopy,
    Raised,
    Refused,
    Time,
    Unusable,
)

Of = TypeVar("Of", bound=Evaluation)

Request = Load | Describe | Evaluate | Prepare | PrepareCopy | Time
Answer = Ok | Raised | Unusable | Refused

_REQUESTS: TypeAdapter[Request] = TypeAdapter(
    Annotated[Load | Describe | Evaluate | Prepare | PrepareCopy | Time, Field(discriminator="call")]
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
    return _request(Evaluate, call, {"id": id})


def preparation(call: Call, id: int, slot: int, *, cold: bool) -> tuple[Prepare, dict[str, Tensor]]:
    """The request to be ready to repeat a call, with its tensors. Raises: ContractError: as `evaluation`."""
    return _request(Prepare, call, {"id": id, "slot": slot, "cold": cold})


def _request(kind: type[Of], call: Call, own: dict[str, object]) -> tuple[Of, dict[str, Tensor]]:
    """A request that holds a call.

    Raises:
        ContractError: the call has a function, dtype, convention or input that the protocol does not know.
    """
    try:
        request = kind.model_validate(
            {
                **own,
                "function": call.function,
                "padding": call.convention.padding,
                "align_corners": call.convention.align_corners,
                "interpolation": call.convention.interpolation,
                "cubic": call.convention.cubic,
                "family": call.family,
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


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "message"
    return f"{place}: {first['msg']}"
