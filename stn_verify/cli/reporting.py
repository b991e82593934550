"""What a run leaves in its output folder: results.json, and whatever the installed reports write."""

import contextlib
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from stn_verify.contract.errors import MissingExtraError, OutputError
from stn_verify.records.folder import Records
from stn_verify.verdicts.results import Results, write_results
from stn_verify.verdicts.untrusted import visible

GROUP = "stn_verify.reports"
"""Each entry point FILE_NAME = module:function, called as function(results, folder / FILE_NAME)."""

RECORDS_GROUP = "stn_verify.record_reports"
"""The same of a benchmark: function(records, folder / FILE_NAME)."""

RESULTS = "results.json"


def write_output(results: Results, folder: Path, complain: Callable[[str], None]) -> list[str]:
    """Write the results and every report; the names of the files written.

    A report that breaks is complained about: the results outlive it.

    Raises:
        OutputError: a file cannot be written.
    """
    with _writing(folder / RESULTS) as path:
        write_results(results, path)
    return [RESULTS, *write_reports(results, folder, complain)]


def write_reports(
    told: Results | Records, folder: Path, complain: Callable[[str], None]
) -> list[str]:  # fmt: skip
    """Write every report of results, or of a benchmark's records; the names of the files written.

    A report that breaks is complained about, and the others are written.

    Raises:
        OutputError: a file cannot be written.
        MissingExtraError: a report needs what is not installed.
    """
    written = []
    for entry in installed_reports(GROUP if isinstance(told, Results) else RECORDS_GROUP):
        if Path(entry.name).name != entry.name:
            complain(f"the report {visible(repr(entry.name))} is no plain file name; left out")
            continue
        try:
            with _writing(folder / entry.name) as path:
                entry.load()(told, path)
        except (OutputError, MissingExtraError):
            raise
        except Exception as error:  # noqa: BLE001  a report is a plugin: whatever it raises must not lose the run
            complain(f"the report {visible(entry.name)} broke: {visible(f'{type(error).__name__}: {error}')}")
        else:
            written.append(entry.name)
    return written


def installed_reports(group: str = GROUP) -> list[EntryPoint]:
    """The reports that installed packages offer."""
    return sorted(entry_points(group=group), key=lambda entry: entry.name)


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[Path]:
    try:
        yield path
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
