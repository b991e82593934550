"""What `check` was asked for, validated before anything starts."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from stn_verify.cli.suites import Suite, selected
from stn_verify.contract.errors import OutputError, UnknownChoiceError, UnknownTargetError
from stn_verify.exploration.profiles import PROFILES
from stn_verify.formats import STORAGE_DTYPES
from stn_verify.verdicts.known_files import NONE


@dataclass(frozen=True)
class Request:
    """One run of `check`."""

    target: str
    suites: tuple[Suite, ...]
    every_suite: bool
    dtypes: tuple[str, ...]
    device: str
    profile: str
    output: Path
    jobs: int
    seed: int
    deadline: float
    interpreter: str | None
    expression: str | None
    known_failures: str | None = None
    """A file or `none`; None: that which comes with the target."""

    @property
    def whole(self) -> bool:
        """Whether everything is asked for that there is."""
        return self.every_suite and not self.dtypes and self.expression is None


def chosen_suites(names: list[str]) -> tuple[Suite, ...]:
    """The suites asked for."""
    return selected(tuple(names))


def chosen_dtypes(names: list[str]) -> tuple[str, ...]:
    """The storage dtypes asked for, each once; empty: whatever the target takes.

    Raises:
        UnknownChoiceError: one is none.
    """
    for name in names:
        if name not in STORAGE_DTYPES:
            raise UnknownChoiceError(f"unknown dtype {name!r}; known: {', '.join(STORAGE_DTYPES)}")
    return tuple(dict.fromkeys(names))


def chosen_profile(quick: bool, full: bool) -> str:
    """The profile asked for.

    Raises:
        UnknownChoiceError: both at once.
    """
    if quick and full:
        raise UnknownChoiceError(
            f"--quick and --full exclude each other; known profiles: {', '.join(PROFILES)}"
        )
    return "quick" if quick else "full" if full else "default"


def chosen_known_failures(asked: str | None) -> str | None:
    """The file as seen from anywhere."""
    return asked if asked in (None, NONE) else str(Path(asked).absolute())


def checked_target(target: str) -> str:
    """The target, which at least has to be something.

    Raises:
        UnknownTargetError: it is empty, or holds what no name, path or command can.
    """
    if not target.strip() or "\0" in target:
        raise UnknownTargetError(f"{target!r} is no target; `stn-verify list` names those that are built in")
    return target


def default_output(target: str) -> Path:
    """stn-verify-output/TARGET, whatever characters the target's name has."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", target).strip("-.")[:80]
    return Path("stn-verify-output") / (name or "target")


def writable_output(folder: Path) -> Path:
    """Make the output folder and write to it once: an hour of checks must not end in 'permission denied'.

    Raises:
        OutputError: it cannot be made, or not be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(4096))
            probe.flush()
    except (OSError, ValueError) as error:
        raise OutputError(f"cannot write to the output folder {folder}: {_why(error)}") from None
    return folder.absolute()


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
