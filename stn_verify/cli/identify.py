"""The command `identify`: what a sampler follows, and the torch call that does the same."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stn_verify.cli.check import asked
from stn_verify.identification.findings import Findings, Identification
from stn_verify.identification.whole import identification
from stn_verify.judging.reference import SUBJECTS
from stn_verify.verdicts.untrusted import visible

IDENTIFIED, NOT_FULLY = 0, 1


def identify(
    target: str,
    device: str,
    dtypes: tuple[str, ...],
    deadline: float,
    interpreter: str | None,
    out: Console,
    err: Console,
    *,
    as_json: bool,
) -> int:
    """Identify and tell; the exit status.

    Raises:
        RequestError: there is no such target, or it does not keep the contract.
    """
    with err.status("calling the implementation"):
        found = asked(
            target, device, deadline, interpreter, lambda worker: identification(worker, target, dtypes)
        )
    if as_json:
        out.file.write(found.model_dump_json(by_alias=True, indent=1) + "\n")
    else:
        print_identification(out, found)
    return IDENTIFIED if found.identified else NOT_FULLY


def print_identification(console: Console, found: Identification) -> None:
    """What is common to all choices of a function once, the rest choice by choice. Names are untrusted: Text, never markup."""
    about = f"  {found.framework} {found.framework_version}, {found.device}"
    console.print(
        Text(visible(found.target), style="bold").append(visible(about), style="not bold"), soft_wrap=True
    )
    for function in dict.fromkeys(findings.function for findings in found.found):
        _print_function(console, [findings for findings in found.found if findings.function == function])
    told = "identified" if found.identified else "not fully identified"
    calls = sum(findings.calls for findings in found.found)
    style = "bold green" if found.identified else "bold yellow"
    told = f"\n{visible(found.target)}: {told}, from {calls} small calls and those of its precision"
    console.print(Text(told, style=style), soft_wrap=True)


def _print_function(console: Console, found: Sequence[Findings]) -> None:
    console.print(Text(f"\n{found[0].function}", style="bold"))
    facts = [_facts(findings) for findings in found]
    names = list(dict.fromkeys(name for each in facts for name in each))
    common = {name: facts[0].get(name) for name in names if len({each.get(name) for each in facts}) == 1}
    _print_facts(console, {name: value for name, value in common.items() if value})
    for findings, each in zip(found, facts, strict=True):
        own = {name: value for name, value in each.items() if name not in common}
        choices = ", ".join(f"{name}={value!r}" for name, value in findings.asked.items())
        if choices and (own or findings.torch_call or findings.torch_reason):
            console.print(Text(f"\n  asked for {choices}", style="cyan"))
        _print_facts(console, own)
        for remark in findings.remarks:
            console.print(Text(f"  not clear: {visible(remark)}", style="yellow"), soft_wrap=True)
        if findings.torch_call:
            console.print(Text("  in torch:", style="dim"))
            for line in findings.torch_call.splitlines():
                console.print(Text(f"    {line}".rstrip()), soft_wrap=True)
        elif findings.torch_reason:
            console.print(
                Text(f"  no torch call matches, because {visible(findings.torch_reason)}"), soft_wrap=True
            )


def _print_facts(console: Console, facts: Mapping[str, str | None]) -> None:
    """A table on a terminal, lines in a log."""
    if not facts:
        return
    if not console.is_terminal:
        for name, value in facts.items():
            console.print(Text(f"  {name}: {visible(value or '')}"), soft_wrap=True)
        return
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=True, show_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(Text(name), Text(visible(value or "")))
    console.print(table)


def _facts(findings: Findings) -> dict[str, str]:
    """What is known, in words, by its name."""
    units = {
        "normalised": "normalised, [-1, 1]",
        "pixels": "pixels",
        "unit": "[0, 1]",
        None: "no known convention",
    }
    known = findings.function != "generate" and findings.image_layout is not None
    order = findings.axis_order
    facts = {
        "image": findings.image_layout or "",
        "output": findings.output_layout or "",
        "last axis of the grid" if findings.function == "sample" else "rows of theta": (
            f"({', '.join(order)})" if order else ""
        ),
        "units": units[findings.units] if known and findings.x else "",
        "align_corners": (
            ""
            if findings.align_corners is None or findings.units == "pixels"
            else str(findings.align_corners)
        ),
        "along x": findings.x.told if findings.x else "",
        "along y": findings.y.told if findings.y else "",
        "kernel": findings.kernel or "",
        "at ties": _either(findings.ties),
        "outside": _either(findings.paddings),
        "at kinks": ", ".join(f"{place} {rule}" for place, rule in findings.kinks.items()),
    }
    for dtype, results in findings.precision.items():
        facts[f"precision of {dtype}"] = ", ".join(
            f"{name} {results[name]}" for name in ("output", *SUBJECTS.values()) if name in results
        )
    return {name: value for name, value in facts.items() if value}


def _either(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{' or '.join(names)} (both explain what was measured)"
