"""The command `check`: describe the target, run the suites, write the results, tell the verdict."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.text import Text

from stn_verify.cli import engine
from stn_verify.cli.gathering import Gathering
from stn_verify.cli.progress import progress_on
from stn_verify.cli.reporting import RESULTS, write_output
from stn_verify.cli.request import Request
from stn_verify.cli.suites import installed
from stn_verify.cli.table import print_summary
from stn_verify.contract.description import Description
from stn_verify.contract.errors import BrokenTargetError, OutputError
from stn_verify.contract.target import TargetFailure
from stn_verify.exploration.profiles import profile_named
from stn_verify.identification.convention import settled
from stn_verify.identification.findings import Findings
from stn_verify.verdicts.environment import environment
from stn_verify.verdicts.excuses import stale
from stn_verify.verdicts.grouping import counted
from stn_verify.verdicts.known_files import known_failures
from stn_verify.verdicts.results import Results
from stn_verify.verdicts.untrusted import storable, visible
from stn_verify.workers.client import WorkerTarget

Told = TypeVar("Told")

CONFORMS, DOES_NOT, INTERRUPTED = 0, 1, 130


def check(request: Request, out: Console, err: Console) -> int:
    """Run it; the exit status.

    Raises:
        RequestError: there is no such target, nothing was selected, or the output cannot be written.
    """
    started, begin = datetime.now(UTC), time.monotonic()
    names = tuple(suite.name for suite in installed())
    known = known_failures(request.target, request.known_failures, request.device, names)
    with err.status("starting the implementation"):
        description, found = asked(
            request.target, request.device, request.deadline, request.interpreter, _known
        )
    for findings in found:
        choices = ", ".join(f"{name}={value!r}" for name, value in findings.asked.items())
        say(err, f"{findings.function}({choices}): identified as {findings.sentence()}")
    with progress_on(err) as progress:
        gathering = Gathering(progress)
        unwritten: OutputError | None = None
        try:
            finished = engine.run(request, gathering)
        except OutputError as error:
            # What was judged is still worth writing.
            finished, unwritten = False, error
    verdicts = gathering.verdicts()
    finished = finished and not gathering.interrupted
    if finished and profile_named(request.profile).thorough:
        verdicts += stale(verdicts, known, whole=request.whole, version=description.framework_version)
    results = Results(
        environment=environment(),
        target=storable(request.target, 200),
        description=description,
        profile=request.profile,
        seed=request.seed,
        started=started.isoformat(timespec="seconds"),
        seconds=time.monotonic() - begin,
        finished=finished,
        known_failures=request.known_failures,
        verdicts=verdicts,
    )
    written = write_output(results, request.output, lambda line: say(err, line))
    if unwritten is not None:
        raise unwritten
    if gathering.interrupted:
        reached = counted(len(results.verdicts), "verdict")
        say(err, f"interrupted; reached so far: {reached}, in {request.output / RESULTS}")
        return INTERRUPTED
    print_summary(out, results)
    if (request.output / engine.JUNIT).exists():
        written.append(engine.JUNIT)
    out.print(Text(f"{', '.join(written)} in {visible(str(_near(request.output)))}"), soft_wrap=True)
    return CONFORMS if results.conforms else DOES_NOT


def describe(target: str, device: str, deadline: float, interpreter: str | None) -> Description:
    """What the implementation says of itself.

    Raises:
        RequestError: there is no such target, or it does not keep the contract.
    """
    return asked(target, device, deadline, interpreter, lambda worker: worker.description)


def asked(
    target: str, device: str, deadline: float, interpreter: str | None, ask: Callable[[WorkerTarget], Told]
) -> Told:
    """What an implementation tells, in a worker of its own that ends at once.

    Raises:
        RequestError: there is no such target, or it does not keep the contract.
    """
    try:
        worker = WorkerTarget(target, device=device, deadline=deadline, interpreter=interpreter)
        try:
            return ask(worker)
        finally:
            worker.close()
    except TargetFailure as failure:
        raise BrokenTargetError(
            f"{target}: {failure.status} before anything was checked: {failure}"
        ) from failure


def _known(worker: WorkerTarget) -> tuple[Description, list[Findings]]:
    """The description, with what is not declared found from the values."""
    if worker.description.conventions():
        return worker.description, []
    found = settled(worker)
    return found.description, found.found


def say(console: Console, line: str) -> None:
    """One line of our own, whatever is quoted in it."""
    console.print(Text(f"stn-verify: {visible(line)}"), soft_wrap=True)


def _near(folder: Path) -> Path:
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder
