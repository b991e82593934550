"""Checks of what a caller relies on without looking: inputs stay as they are, results have the dtype and device of the inputs."""

from collections.abc import Iterator
from dataclasses import replace

from stn_verify.cases.case import Case, GenerateCase
from stn_verify.contract.implementation import DIFFERENTIABLE
from stn_verify.contract.target import Call, Seen, Target
from stn_verify.formats import named
from stn_verify.judging.reference import SUBJECTS
from stn_verify.judging.statement import Statement


def kept(target: Target, case: Case) -> list[Statement]:
    """1 forward and 1 backward, watched.

    The output has the dtype of its inputs. So has each gradient, or a finer one: NumPy's users add it to what they like, and
    nothing is lost; frameworks that differentiate see to it themselves.
    """
    plain = replace(case.call(), watched=True)
    forward = _seen(target, plain)
    output = "grid" if isinstance(case, GenerateCase) else "output"
    device = target.description.device
    statements = [
        _unwritten(output, forward.written),
        Statement(
            output,
            forward.dtypes["output"] == case.dtype,
            f"{case.dtype} inputs give a {forward.dtypes['output']} output",
        ),
        _placed(output, forward.devices["output"], device),
    ]
    statements = [replace(statement, calls=(plain,)) for statement in statements]
    if case.function not in target.description.differentiable:
        return statements
    names = DIFFERENTIABLE[case.function]
    differentiated = replace(case.call(names), watched=True)
    backward = _seen(target, differentiated)
    # What the forward pass wrote to is told of the output alone.
    written = tuple(name for name in backward.written if name not in forward.written)
    return statements + [
        replace(statement, calls=(differentiated,))
        for name in names
        for statement in _gradient(name, case, backward, written, device)
    ]


def _gradient(
    name: str, case: Case, seen: Seen, written: tuple[str, ...], device: str
) -> Iterator[Statement]:
    subject, dtype = SUBJECTS[name], seen.dtypes[name]
    yield _unwritten(subject, written)
    coarser = named(dtype).unit_roundoff > named(case.dtype).unit_roundoff
    swapped = named(dtype).unit_roundoff == named(case.dtype).unit_roundoff and dtype != case.dtype
    yield Statement(
        subject, not coarser and not swapped, f"{case.dtype} inputs give a {dtype} gradient of {name}"
    )
    yield _placed(subject, seen.devices[name], device)


def _seen(target: Target, call: Call) -> Seen:
    seen = target.call(call).seen
    if seen is None:
        raise ValueError("a watched call whose reply tells nothing")
    return seen


def _unwritten(subject: str, written: tuple[str, ...]) -> Statement:
    return Statement(subject, not written, f"the call writes to its inputs: {', '.join(written)}")


def _placed(subject: str, found: str, device: str) -> Statement:
    """A device without a number is any of its kind: the framework numbers it."""
    right = found == device or found.startswith(f"{device}:")
    return Statement(subject, right, f"inputs on {device} give a result on {found}")
