"""What is known to fail: entries of a TOML file, each with its reason and where it was reported. Read as untrusted input."""

import tomllib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic_core import ErrorDetails

from stn_verify.contract.errors import KnownFailuresError
from stn_verify.formats import STORAGE_DTYPES
from stn_verify.verdicts.results import Status, Verdict

MAXIMUM_BYTES = 1024 * 1024
EXCUSABLE = (Status.FAILED, Status.RAISED, Status.CRASHED, Status.TIMED_OUT)
"""What can be known to happen. An undecided verdict is no failure of the target."""


def _one_or_several(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def _among(what: str, choices: Collection[str]) -> Callable[[str], str]:
    def checked(value: str) -> str:
        if value not in choices:
            raise ValueError(f"unknown {what} {value!r}; known: {', '.join(choices)}")
        return value

    return checked


def _specifying(value: str) -> str:
    try:
        SpecifierSet(value)
    except InvalidSpecifier:
        raise ValueError(
            f"version {value!r} is no PEP 440 specifier set, as '==2.13.*' or '>=2.6,<3'"
        ) from None
    return value


Name = Annotated[str, Field(strict=True, min_length=1, max_length=200)]
Dtype = Annotated[Name, AfterValidator(_among("dtype", STORAGE_DTYPES))]
Failure = Annotated[Name, AfterValidator(_among("status", EXCUSABLE))]
Versions = Annotated[Name, AfterValidator(_specifying)]
Told = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=2000)]
OneOrSeveral = [BeforeValidator(_one_or_several), Field(min_length=1, max_length=100)]


class Entry(BaseModel):
    """Verdicts that are known to fail. A selection that is left out is met by every verdict."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    suite: Annotated[tuple[Name, ...], *OneOrSeveral] | None = None
    check: Annotated[tuple[Name, ...], *OneOrSeveral]
    """Names or shell-style patterns."""
    subject: Annotated[tuple[Name, ...], *OneOrSeveral] | None = None
    dtype: Annotated[tuple[Dtype, ...], *OneOrSeveral] | None = None
    convention: Annotated[tuple[Name, ...], *OneOrSeveral] | None = None
    """Names or shell-style patterns."""
    status: Annotated[tuple[Failure, ...], *OneOrSeveral] | None = None
    """How it is known to fail: a known exception that becomes a crash is not excused."""
    message: Annotated[tuple[Name, ...], *OneOrSeveral] | None = None
    """Shell-style patterns of what the failure says: another exception than the known one is not excused."""
    device: Annotated[tuple[Name, ...], *OneOrSeveral] | None = None
    """Names or shell-style patterns of the devices that it fails on."""
    version: Versions | None = None
    """A PEP 440 specifier set of the framework's versions that it was seen in; None: the file's, if it says any."""
    reason: Told
    upstream: Told
    """A URL, owner/repository#number, or in words that it is not reported yet."""
    sometimes: Told | None = None
    """Why it shows only now and then; such an entry is never stale."""

    def names(self, verdict: Verdict) -> bool:
        """Whether the entry speaks of this verdict, whatever became of it."""
        return (
            (self.suite is None or verdict.suite in self.suite)
            and _matches(verdict.check, self.check)
            and (self.subject is None or verdict.subject in self.subject)
            and (self.dtype is None or verdict.dtype in self.dtype)
            and (self.convention is None or _matches(verdict.convention, self.convention))
        )

    def excuses(self, verdict: Verdict) -> bool:
        """Whether the verdict failed as the entry says."""
        failed = verdict.status in (EXCUSABLE if self.status is None else self.status)
        said = self.message is None or _matches(verdict.reason or "", self.message)
        return failed and said and self.names(verdict)

    def holds_on(self, device: str) -> bool:
        """Whether the entry speaks of runs on this device."""
        return self.device is None or _matches(device, self.device)

    def seen_in(self, version: str) -> bool:
        """Whether the entry was seen in this version of the framework; of a version that PEP 440 cannot read nobody knows."""
        if self.version is None:
            return True
        try:
            return SpecifierSet(self.version).contains(Version(version), prereleases=True)
        except InvalidVersion:
            return False

    def __str__(self) -> str:
        told = [self.subject, self.dtype, self.convention, self.status]
        narrowed = "; ".join(", ".join(names) for names in told if names)
        selected = f"{', '.join(self.suite)}: " if self.suite else ""
        return f"{selected}{', '.join(self.check)}" + (f" ({narrowed})" if narrowed else "")


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Versions | None = None
    """Of every entry that says none itself."""
    known: Annotated[list[Entry], Field(min_length=1, max_length=1000)]


@dataclass(frozen=True)
class KnownFailures:
    """What a file says of the runs on one device."""

    file: str
    entries: tuple[Entry, ...]


NOTHING_KNOWN = KnownFailures("", ())


def read_known_failures(path: Path, device: str, suites: Iterable[str] | None = None) -> KnownFailures:
    """Read a file of known failures; `suites` are those there are, where that is known.

    Raises:
        KnownFailuresError: with the file, the number of the entry, the value, and the known choices.
    """
    try:
        content = _File.model_validate(_toml(path))
    except ValidationError as error:
        raise KnownFailuresError(f"{path}: {_complaint(error)}") from None
    entries = [
        entry if entry.version else entry.model_copy(update={"version": content.version})
        for entry in content.known
    ]
    for number, entry in enumerate(entries, 1):
        for suite in entry.suite or ():
            _hold_known(path, number, suite, suites)
    return KnownFailures(str(path), tuple(entry for entry in entries if entry.holds_on(device)))


def _toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise KnownFailuresError(f"no file of known failures {path}")
    try:
        with path.open("rb") as file:
            content = file.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise KnownFailuresError(f"cannot read {path}: {error.strerror or error}") from None
    if len(content) > MAXIMUM_BYTES:
        raise KnownFailuresError(
            f"{path}: more than {MAXIMUM_BYTES} bytes; a file of known failures has fewer"
        )
    try:
        return tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise KnownFailuresError(f"{path}: not TOML: {error}") from None


def _hold_known(path: Path, number: int, suite: str, suites: Iterable[str] | None) -> None:
    known = None if suites is None else tuple(suites)
    if known is not None and suite not in known:
        raise KnownFailuresError(
            f"{path}: entry {number}: unknown suite {suite!r}; known: {', '.join(known)}"
        )


def _complaint(error: ValidationError) -> str:
    """One thing that is wrong, with the number of its entry: a misspelt key rather than that the right one is missing."""
    first = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    place, kind, told = first["loc"], first["type"], f"{_cut(first['input'])}: {first['msg']}"
    if kind == "extra_forbidden" and len(place) == 1:
        return f"unknown key {place[0]!r}; known: version, [[known]] tables"
    if place[0] == "version":
        return _said(first) or f"version is {told}"
    if len(place) == 1:
        return "has no [[known]] tables" if kind == "missing" else f"known is {told}"
    entry = f"entry {int(place[1]) + 1}"
    if len(place) == 2:
        return f"{entry} is {told}"
    complaints = {
        "extra_forbidden": f"unknown key {place[2]!r}; known: {', '.join(Entry.model_fields)}",
        "missing": f"has no {place[2]!r}",
        "value_error": _said(first),
    }
    return f"{entry}: {complaints.get(kind, f'{place[2]} is {told}')}"


def _said(error: ErrorDetails) -> str:
    """What a validator of our own says; nothing where it was none."""
    return str(error.get("ctx", {}).get("error", "")) if error["type"] == "value_error" else ""


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _cut(value: object) -> str:
    told = repr(value)
    return told if len(told) <= 100 else f"{told[:99]}…"
