"""What a reply must look like for the call that it answers."""

from stn_verify.contract.target import Call, Reply, TargetReplied
from stn_verify.formats import Array


def output_shape(call: Call) -> tuple[int, ...]:
    """sample: [N,C] + the grid's points; transform, network: [N,C] + size; generate: [N] + size + [2]."""
    size = call.size or ()
    if call.function == "sample":
        return call.arrays["image"].shape[:2] + call.arrays["grid"].shape[1:-1]
    if call.function in ("transform", "network"):
        return call.arrays["image"].shape[:2] + size
    return (*call.arrays["theta"].shape[:1], *size, len(size))


def second_names(call: Call) -> tuple[str, ...]:
    """What a double backward gives gradients of."""
    return (*call.gradients, "cotangent") if call.seconds else ()


def check_output_shape(call: Call, shape: tuple[int, ...]) -> None:
    """Raises: TargetReplied: another shape than the call implies."""
    if call.free:
        return
    expected = output_shape(call)
    if shape != expected:
        raise TargetReplied(f"{call.function}: output has shape {shape}, not {expected}")


def check_reply(call: Call, reply: Reply) -> None:
    """Hold a reply against its call.

    Raises:
        TargetReplied: a wrong shape, a missing gradient, or one that nobody asked for.
    """
    check_output_shape(call, reply.output.shape)
    _check_second_order(call, reply)
    for name in call.gradients:
        if name not in reply.gradients:
            raise TargetReplied(f"{call.function}: the gradient of {name} is missing")
        shape, expected = reply.gradients[name].shape, call.arrays[name].shape
        if shape != expected:
            raise TargetReplied(f"{call.function}: the gradient of {name} has shape {shape}, not {expected}")
    extra = sorted(set(reply.gradients) - set(call.gradients))
    if extra:
        raise TargetReplied(f"{call.function}: a gradient that was not asked for: {', '.join(extra)}")


def _check_second_order(call: Call, reply: Reply) -> None:
    if call.tangents and (reply.tangent is None or reply.tangent.shape != reply.output.shape):
        found = "missing" if reply.tangent is None else f"of shape {reply.tangent.shape}"
        raise TargetReplied(f"{call.function}: the output's tangent is {found}, not {reply.output.shape}")
    for name in second_names(call):
        got = _shape(reply.seconds.get(name))
        if got != (like := _shape({**call.arrays, "cotangent": call.cotangent}[name])):
            raise TargetReplied(f"{call.function}: the second gradient of {name} has shape {got}, not {like}")
    if call.watched and reply.seen is None:
        raise TargetReplied(f"{call.function}: a watched call whose reply tells nothing")


def _shape(array: Array | None) -> tuple[int, ...] | None:
    return None if array is None else array.shape
