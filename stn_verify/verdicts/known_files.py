"""Which file of known failures holds for a target, found without importing the target."""

import importlib.util
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from stn_verify.contract.loading import GROUP
from stn_verify.verdicts.known import NOTHING_KNOWN, KnownFailures, read_known_failures

NONE = "none"
"""Asks for a judgement without any file; a file of that name is ./none."""
FOLDER = "known_failures"


def known_failures(
    target: str, asked: str | None, device: str, suites: tuple[str, ...] | None = None
) -> KnownFailures:
    """What is known of a target: from the file that was asked for, or else from that which comes with it.

    Only a built-in target comes with one. Beside a file of someone's own none is looked for: what excuses is named.

    Raises:
        KnownFailuresError: the file cannot be read.
    """
    if asked == NONE:
        return NOTHING_KNOWN
    path = shipped(target) if asked is None else Path(asked)
    return NOTHING_KNOWN if path is None else read_known_failures(path, device, suites)


def shipped(target: str) -> Path | None:
    """The file that a built-in target comes with: known_failures/TARGET.toml beside its module."""
    for entry in entry_points(group=GROUP):
        if entry.name == target and Path(target).name == target:
            path = _folder(entry) / FOLDER / f"{target}.toml"
            return path if path.is_file() else None
    return None


def _folder(entry: EntryPoint) -> Path:
    package, *inner = entry.module.split(".")
    # Of the topmost package alone: to find what lies deeper would import what lies above it.
    spec = importlib.util.find_spec(package)
    if spec is None:
        return Path("/dev/null")
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).joinpath(*inner[:-1])
    return Path(spec.origin or "/dev/null").parent
