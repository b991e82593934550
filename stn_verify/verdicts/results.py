"""The results file: a versioned schema that everything else stands on. Read back as untrusted input."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stn_verify.contract.description import Description

SCHEMA: Literal["stn-verify/results/1"] = "stn-verify/results/1"
MAXIMUM_BYTES = 256 * 1024 * 1024

Text = Annotated[str, Field(max_length=20_000)]
Label = Annotated[str, Field(max_length=200)]
Count = Annotated[int, Field(ge=0)]
Picture = Annotated[str, Field(max_length=200, pattern=r"^[a-z_]+/[A-Za-z0-9._-]+\.png$")]
"""A path that no Markdown or HTML can take for anything else."""


class Status(StrEnum):
    """What became of one verdict."""

    PASSED = "passed"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    RAISED = "raised"
    UNDECIDED = "undecided"
    KNOWN = "known failure"
    """It failed, as a file of known failures says that it does."""

    @property
    def conforms(self) -> bool:
        """Whether a target with this verdict may still be called conforming."""
        return self in (Status.PASSED, Status.UNSUPPORTED, Status.KNOWN)


class KnownFailure(BaseModel):
    """Why a failure is excused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Status
    """What the verdict would be otherwise."""
    reason: Text
    upstream: Text
    """Where it was reported."""


class Verdict(BaseModel):
    """One judged statement: this check of this subject, for this dtype and convention."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    suite: Label
    check: Label
    subject: Label
    """output, grad_input, grad_grid or grad_theta."""
    dtype: Label
    convention: Label
    status: Status
    budget_used: Annotated[float, Field(ge=0)] | None = None
    """Largest error over its bound among all examples; at most 1 passes. None: nothing was compared. 1.8e308 for a value
    that is not finite where it must be."""
    effective_precision: Label | None = None
    """The finest arithmetic whose bound explains every error; None: nothing was compared, 'none': not even the coarsest."""
    rule: dict[Label, Label] = {}
    """Where kinks were named: place -> rule."""
    observed: dict[Label, Label] = {}
    """What was seen where nothing is prescribed: the coordinate that is not finite, the size of a spread -> what came."""
    examples: Count = 0
    evaluations: dict[Literal["forwards", "backwards"], Count] = {}
    """All calls of this verdict's check, which its subjects share."""
    most_evaluations: dict[Literal["forwards", "backwards"], Count] = {}
    """The largest count that one example took."""
    seconds: Annotated[float, Field(ge=0)] = 0.0
    reason: Text | None = None
    """Why it is not passed, for a person."""
    known: KnownFailure | None = None
    """Of a known failure, and of no other verdict."""
    warning: Text | None = None
    reproducer: Label | None = None
    """A file of the output folder that shows the failure."""
    figure: Picture | None = None
    """A picture in the output folder, of what was seen."""

    @model_validator(mode="after")
    def _known_with_its_reason(self) -> Self:
        if (self.status is Status.KNOWN) != (self.known is not None):
            raise ValueError("a known failure, and nothing else, says what is known of it")
        return self


class Environment(BaseModel):
    """Where it ran."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stn_verify: Label
    python: Label
    platform: Label
    processor: Label
    cores: Count
    packages: dict[Label, Label]


class Results(BaseModel):
    """A whole run."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_version: Annotated[Literal["stn-verify/results/1"], Field(alias="schema")] = SCHEMA
    environment: Environment
    target: Label
    """As it was asked for."""
    description: Description
    profile: Label
    seed: Count
    started: Label
    """ISO 8601, UTC."""
    seconds: Annotated[float, Field(ge=0)]
    finished: bool
    """False where the run was interrupted: the verdicts are those reached."""
    known_failures: Text | None = None
    """The file of known failures that was asked for, or 'none'; None: that which comes with the target, if any."""
    verdicts: list[Verdict]

    @property
    def conforms(self) -> bool:
        """Whether nothing failed, something passed, and the run came to its end."""
        passed = any(verdict.status is Status.PASSED for verdict in self.verdicts)
        return self.finished and passed and all(verdict.status.conforms for verdict in self.verdicts)


class ResultsFileError(ValueError):
    """A results file that is too large, not JSON, or of another schema."""


def write_results(results: Results, path: Path) -> None:
    """Write atomically: a full disk or a Ctrl-C leaves the old file or none."""
    temporary = path.with_suffix(".partial")
    try:
        temporary.write_text(results.model_dump_json(by_alias=True, indent=1) + "\n", encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_results(path: Path) -> Results:
    """Read a results file.

    Raises:
        ResultsFileError: with the reason; the content is never trusted.
        OSError: the file cannot be read.
    """
    size = path.stat().st_size
    if size > MAXIMUM_BYTES:
        raise ResultsFileError(f"{path}: {size} bytes; at most {MAXIMUM_BYTES} are read")
    try:
        return Results.model_validate_json(path.read_bytes())
    except ValueError as error:
        raise ResultsFileError(f"{path}: not a results file of schema {SCHEMA}: {error}") from None
