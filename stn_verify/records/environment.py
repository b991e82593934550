"""Where and how a benchmark ran."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from stn_verify.records.record import Amount, Label, Text
from stn_verify.verdicts.results import Environment

SCHEMA: Literal["stn-verify/records/1"] = "stn-verify/records/1"


class Measured(BaseModel):
    """A target or a peer of the run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Label
    """As it was asked for."""
    framework: Label
    framework_version: Label
    python_version: Label
    threads: Annotated[int, Field(ge=1)] | None = None
    """That one operation may use, where the framework says so."""
    unavailable: Text | None = None
    """Why it takes no part."""


class BenchEnvironment(BaseModel):
    """One run; of a run that was resumed, its latest part."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_version: Annotated[Literal["stn-verify/records/1"], Field(alias="schema")] = SCHEMA
    environment: Environment
    commit: Label | None = None
    """Of the working copy, with "-dirty" where it was changed; None outside of one."""
    device: Label
    gpu: Label | None = None
    driver: Label | None = None
    threads: Annotated[int, Field(ge=1)]
    """To which every worker was pinned."""
    variables: dict[Label, Label] = {}
    """What was set in the workers' environment: OMP_NUM_THREADS, OMP_WAIT_POLICY, ..."""
    load_before: Amount | None = None
    """The machine's load average over a minute."""
    load_after: Amount | None = None
    profile: Label
    seed: Annotated[int, Field(ge=0)]
    started: Label
    """ISO 8601, UTC."""
    seconds: Amount
    finished: bool
    targets: list[Measured]
    peers: list[Measured]

    @property
    def machine(self) -> tuple[str, ...]:
        """What must be equal for two runs to be compared."""
        place = self.environment
        return (place.processor, str(place.cores), str(self.threads), self.device, self.gpu or "no gpu")
