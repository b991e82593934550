"""What a script says of itself: the text of a bug report."""

from types import MappingProxyType

from stn_verify.contract.dialect import PLAIN
from stn_verify.contract.target import Call
from stn_verify.reproducing.fault import Fault
from stn_verify.reproducing.literals import shown, wrapped

_EVENTS = MappingProxyType(
    {
        "crashed": "crashes",
        "timed out": "does not return",
        "raised": "raises an exception",
        "failed": "returns what is no result",
    }
)
"""What a call does that brings no result, by its status."""

_STATUS = MappingProxyType(
    {
        "number": "Expected and bound are those of the check. Exit status: 1 outside the bound, 0 inside.",
        "no result": "The exit status is 0 where the call returns results of the right shapes.",
        "answered": "The exit status is 0 where the call raises an exception, and 1 where it returns.",
        "seen": "Exit status: 1 where an input was written to or a result has another dtype or device, else 0.",
        "told": "It prints the results; it cannot judge them, and the exit status is always 2.",
    }
)


def docstring(fault: Fault, *, beside: str) -> str:
    """Title and paragraphs, safe between triple quotes. `beside`: what lies beside the script, or nothing."""
    description, status = fault.description, _STATUS[fault.kind]
    if fault.explained:
        status = "It prints the case; it cannot make the call itself, and the exit status is always 2."
    paragraphs = [
        *([f"Expected: {shown(fault.law)}"] if fault.law else []),
        f"Target: {shown(fault.target)}",
        f"{_calls(fault)}",
        *_spelt(fault),
        f"Found: {shown(fault.found)}",
        *_whose(fault),
        f"By: stn-verify check, suite {shown(fault.suite)}, check {shown(fault.check)}",
        f"With: Python {shown(description.python_version)}, {shown(description.framework)}"
        f" {shown(description.framework_version)}, on {shown(description.device)}",
        f"{_needs(fault, beside)} {status}",
    ]
    lines = [line for paragraph in paragraphs for line in wrapped(paragraph, "", "    ")]
    text = "\n".join([_title(fault), "", *lines])
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def event(fault: Fault) -> str:
    """What a call does that brings no result, or one where an exception is expected."""
    if not fault.stopped:
        return "answers"
    return f"{_EVENTS[fault.label]}{' on' if fault.kind == 'answered' else ''}"


def _title(fault: Fault) -> str:
    networked = " in networks of its own" if fault.last.function == "network" else ""
    function = f"`{fault.last.called}`{networked}"
    match fault.kind:
        case "number":
            return f"{shown(fault.subject)} of {function} is outside its bound."
        case "no result":
            return f"{function} {event(fault)}."
        case "answered":
            return f"{function} {event(fault)} a wrong call."
        case "seen":
            return f"{function} changes its inputs, or returns another dtype or device."
        case "told":
            return f"{function} does not do what it should."


def _whose(fault: Fault) -> list[str]:
    """Which number of which parameter is wrong."""
    if fault.worst is None or fault.entry is None:
        return []
    parameter, index = fault.entry
    told = f"{fault.subject}[{fault.worst.index[0]}] is the gradient of {parameter} at {list(index)}"
    return [f"Entry: {told}"]


def _calls(fault: Fault) -> str:
    kind = f" [{fault.case_kind}]" if fault.case_kind else ""
    last = shown(f"{described(fault.last)}{kind}")
    gradients = f", gradients: {', '.join(fault.last.gradients) or 'none'}"
    if len(fault.scripted) == 1:
        return f"Call: {last}{gradients}"
    return f"Calls: {len(fault.scripted)}, the last {last}{gradients}"


def _spelt(fault: Fault) -> list[str]:
    """What the target was asked for, where that is not what the call says."""
    route = fault.route(fault.last)
    asked = [] if route.asked == fault.last.convention else [f"to follow it, {route.asked} was asked for"]
    taken = [] if route.dialect == PLAIN else [f"the target takes {route.dialect}"]
    told = [*taken, *asked]
    return [f"Spelling: {'; '.join(told)}"] if told else []


def described(call: Call) -> str:
    """A call in words, as a case is."""
    shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in call.arrays.items())
    size = "" if call.size is None else f", size {(int(call.size[0]), int(call.size[1]))}"
    further = [
        *(f"{name} {layout}" for name, layout in call.layouts.items()),
        *(f"{name} in {dtype}" for name, dtype in call.dtypes.items() if dtype != call.dtype),
        *([] if call.threads is None else [f"{call.threads} threads"]),
        *([] if call.way == "plain" else [call.way]),
        *(["forward mode"] if call.tangents else []),
        *(["double backward"] if call.seconds else []),
    ]
    more = f", {', '.join(further)}" if further else ""
    return f"{call.function}({shapes}{size}) {call.dtype} {call.convention}{more}"


def _needs(fault: Fault, beside: str) -> str:
    if fault.explained:
        return f"Needs numpy.{beside}"
    place = fault.place
    match place.kind:
        case "inline":
            needs = "torch" if place.place == "torch" else "numpy and stn_reference"
            return f"Needs {needs}.{beside}"
        case "built-in":
            return f"Needs {fault.description.framework} and stn-verify with that target.{beside}"
        case _:
            return f"Run it from the folder in which `stn-verify check` was run: it loads the target.{beside}"
