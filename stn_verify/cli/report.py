"""The command `report`: the reports of runs that are over, from their files alone."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from stn_verify.cli.check import say
from stn_verify.cli.reporting import RESULTS, write_reports
from stn_verify.cli.request import writable_output
from stn_verify.records.folder import ENVIRONMENT, Records, RecordsError, load
from stn_verify.verdicts.results import Results, read_results
from stn_verify.verdicts.untrusted import visible

WRITTEN, BROKEN = 0, 1


def report(folders: Sequence[Path], out: Console, err: Console) -> int:
    """Write what is installed; the exit status.

    Raises:
        RequestError: a folder holds neither results nor records, or holds broken ones, or cannot be written to.
    """
    # All are read before any is written.
    told = [(folder, run) for folder in folders for run in _runs(folder)]
    complaints: list[str] = []
    for folder, run in told:
        written = write_reports(run, writable_output(folder), complaints.append)
        if written:
            out.print(Text(f"{', '.join(map(visible, written))} in {visible(str(folder))}"), soft_wrap=True)
    for line in complaints:
        say(err, line)
    return BROKEN if complaints else WRITTEN


def _runs(folder: Path) -> list[Results | Records]:
    found: list[Results | Records] = []
    if (folder / RESULTS).exists():
        found.append(_results(folder / RESULTS))
    if (folder / ENVIRONMENT).exists():
        found.append(load(folder))
    if not found:
        raise RecordsError(f"{folder}: neither {RESULTS} of `check` nor {ENVIRONMENT} of `bench` is there")
    return found


def _results(path: Path) -> Results:
    try:
        return read_results(path)
    except (OSError, ValueError) as error:
        lines = str(error).splitlines() or [type(error).__name__]
        raise RecordsError(
            f"cannot read {path}: {' '.join(line.strip() for line in lines[:3])[:500]}"
        ) from None
