"""The console script `stn-verify`. What a command imports waits for it: --version and --help stay quick."""

import contextlib
import io
import math
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, NoReturn, TextIO

import typer

from stn_verify.contract.errors import RequestError
from stn_verify.verdicts.environment import cores, version
from stn_verify.verdicts.untrusted import visible

WRONG_REQUEST, INTERRUPTED = 2, 130

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 conforms, 1 does not, 2 the request was wrong, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding cannot express is no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = app(arguments, prog_name="stn-verify", standalone_mode=False)
    except RequestError as error:
        _refuse(str(error))
    except typer.TyperException as error:
        _refuse(f"{error.format_message().rstrip('.')}. See: stn-verify --help")
    except typer.Abort:
        typer.echo("stn-verify: interrupted before anything was written", err=True)
        status = INTERRUPTED
    sys.exit(status)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"stn-verify {version('stn-verify') or '(not installed)'}")
        raise typer.Exit


@app.callback()
def _stn_verify(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Verify a spatial transformer's sampler: its values, its gradients, its convention."""


def _positive(seconds: float) -> float:
    if not (0 < seconds < math.inf):
        raise typer.BadParameter("must be a positive number of seconds")
    return seconds


@app.command("check")
def _check(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="A built-in name, module:attribute, path/to/file.py:attribute or exec:COMMAND.",
        ),
    ],
    suite: Annotated[
        list[str] | None, typer.Option("--suite", metavar="S", help="Run this suite only; repeatable.")
    ] = None,
    dtype: Annotated[
        list[str] | None,
        typer.Option("--dtype", metavar="D", help="Check this storage dtype only; repeatable."),
    ] = None,
    device: Annotated[str, typer.Option(metavar="D", help="Where the implementation computes.")] = "cpu",
    quick: Annotated[bool, typer.Option("--quick", help="A few examples of everything.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Many examples and large sizes.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder for results, reports, reproducers.  [default: stn-verify-output/TARGET]",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=256, help="Processes.  [default: 2, 1 on a single core]"),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, max=2**32 - 1, help="Of every random choice.")] = 0,
    deadline: Annotated[
        float, typer.Option(metavar="SECONDS", callback=_positive, help="For one call of the implementation.")
    ] = 30.0,
    python: Annotated[
        str | None, typer.Option(metavar="INTERPRETER", help="The python that runs the implementation.")
    ] = None,
    expression: Annotated[
        str | None, typer.Option("-k", metavar="EXPR", help="Only checks that match, in pytest's terms.")
    ] = None,
    known_failures: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="What is known to fail; 'none' excuses nothing.  [default: the file that comes with TARGET]",
        ),
    ] = None,
) -> int:
    """Check an implementation. Exit status: 0 conforms, 1 does not, 2 wrong request, 130 interrupted."""
    with _interruptible():
        from rich.console import Console

        from stn_verify.cli import request
        from stn_verify.cli.check import check

        return check(
            request.Request(
                target=request.checked_target(target),
                suites=request.chosen_suites(suite or []),
                every_suite=not suite,
                dtypes=request.chosen_dtypes(dtype or []),
                device=device,
                profile=request.chosen_profile(quick, full),
                output=request.writable_output(output or request.default_output(target)),
                jobs=jobs or min(2, cores()),
                seed=seed,
                deadline=deadline,
                interpreter=python,
                expression=expression,
                known_failures=request.chosen_known_failures(known_failures),
            ),
            Console(file=sys.stdout, width=_width(sys.stdout)),
            Console(file=sys.stderr),
        )


@app.command("bench")
def _bench(
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="TARGET...",
            help="Built-in names, module:attribute, path/to/file.py:attribute or exec:COMMAND.",
        ),
    ],
    against: Annotated[
        list[str] | None,
        typer.Option("--against", metavar="TARGET", help="Compare with this one; repeatable."),
    ] = None,
    device: Annotated[str, typer.Option(metavar="D", help="Where all of them compute.")] = "cpu",
    quick: Annotated[bool, typer.Option("--quick", help="The cases that tell most, in a minute.")] = False,
    full: Annotated[bool, typer.Option("--full", help="The whole matrix; it can be interrupted.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder for records; an unfinished run there goes on.  [default: stn-verify-output/bench-TARGET]",
        ),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=4096, help="Of one operation.  [default: the cores]")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, max=2**32 - 1, help="Of every random choice.")] = 0,
    deadline: Annotated[
        float, typer.Option(metavar="SECONDS", callback=_positive, help="For one call of an implementation.")
    ] = 60.0,
    python: Annotated[
        str | None, typer.Option(metavar="INTERPRETER", help="The python that runs the implementations.")
    ] = None,
) -> int:
    """Time implementations where they are right. Exit status: 0 timed, 1 something is wrong, 2 wrong request, 130 interrupted."""
    with _interruptible():
        from rich.console import Console

        from stn_verify.cli import request
        from stn_verify.cli.bench import bench
        from stn_verify.timing.session import Choices

        return bench(
            Choices(
                targets=tuple(dict.fromkeys(map(request.checked_target, targets))),
                peers=tuple(dict.fromkeys(map(request.checked_target, against or []))),
                profile=request.chosen_profile(quick, full),
                device=device,
                threads=threads or cores(),
                seed=seed,
                deadline=deadline,
                interpreter=python,
            ),
            output or request.default_output(f"bench-{targets[0]}"),
            Console(file=sys.stdout, width=_width(sys.stdout)),
            Console(file=sys.stderr),
        )


@app.command("identify")
def _identify(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="A built-in name, module:attribute, path/to/file.py:attribute or exec:COMMAND.",
        ),
    ],
    dtype: Annotated[
        list[str] | None,
        typer.Option("--dtype", metavar="D", help="Look at this storage dtype only; repeatable."),
    ] = None,
    device: Annotated[str, typer.Option(metavar="D", help="Where the implementation computes.")] = "cpu",
    deadline: Annotated[
        float, typer.Option(metavar="SECONDS", callback=_positive, help="For one call of the implementation.")
    ] = 30.0,
    python: Annotated[
        str | None, typer.Option(metavar="INTERPRETER", help="The python that runs the implementation.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, for programs.")] = False,
) -> int:
    """Find out what a sampler follows. Exit status: 0 identified, 1 not fully, 2 wrong request, 130 interrupted."""
    with _interruptible():
        from rich.console import Console

        from stn_verify.cli import request
        from stn_verify.cli.identify import identify

        return identify(
            request.checked_target(target),
            device,
            request.chosen_dtypes(dtype or []),
            deadline,
            python,
            Console(file=sys.stdout, width=_width(sys.stdout)),
            Console(file=sys.stderr),
            as_json=as_json,
        )


@app.command("list")
def _list() -> None:
    """List implementations, suites, profiles and dtypes."""
    with _interruptible():
        from rich.console import Console

        from stn_verify.cli.listing import print_listing

        print_listing(Console(file=sys.stdout, width=_width(sys.stdout)))


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Abort from None


def _width(stream: TextIO) -> int | None:
    # A log is no terminal: the 80 columns that rich assumes there would fold the table.
    return None if stream.isatty() or "COLUMNS" in os.environ else 140


def _refuse(line: str) -> NoReturn:
    typer.echo(f"stn-verify: {visible(line)}", err=True)
    sys.exit(WRONG_REQUEST)
