"""One benchmark run: its participants, its matrix, and what has been measured of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from stn_verify.contract.convention import Convention
from stn_verify.contract.errors import BrokenTargetError, ContractError
from stn_verify.records.environment import Measured
from stn_verify.records.record import Timing
from stn_verify.timing.machine import clock_hertz
from stn_verify.timing.matrix import matrix, profile_named
from stn_verify.timing.measurement import Measurement, measure
from stn_verify.timing.participant import MakeWorker, NotTimed, Participant
from stn_verify.timing.workload import Workload
from stn_verify.workers.client import WorkerTarget


@dataclass(frozen=True)
class Choices:
    """What a run was asked for."""

    targets: tuple[str, ...]
    peers: tuple[str, ...]
    profile: str
    device: str
    threads: int
    seed: int
    deadline: float
    interpreter: str | None = None


class BenchSession:
    """Participants start with `begin`; cases are measured one by one."""

    def __init__(self, choices: Choices, make: MakeWorker | None = None) -> None:
        """`make` gives workers; those of the tests are no processes."""
        self.choices = choices
        make = make or self._worker
        self.targets = [Participant(name, choices.threads, make) for name in choices.targets]
        self.peers = [
            Participant(name, choices.threads, make, again=name in choices.targets) for name in choices.peers
        ]
        self.workloads = matrix(choices.profile, choices.device)
        self._latest: tuple[Workload, Measurement] | None = None
        self._convention: Convention | None = None

    def begin(self) -> None:
        """Describe everyone.

        Raises:
            RequestError: a target is not there, or nothing that all targets follow is.
        """
        for participant in (*self.targets, *self.peers):
            try:
                participant.begin()
            except NotTimed as untimed:
                if participant in self.targets:
                    raise BrokenTargetError(f"{participant.name}: {untimed}") from None
        self._convention = _common(self.targets)

    def names(self) -> list[str]:
        """Of everyone that is here, targets first."""
        return [each.name for each in (*self.targets, *self.peers)]

    def measured(self) -> tuple[list[Measured], list[Measured]]:
        """What targets and peers say of themselves."""
        return [each.measured() for each in self.targets], [each.measured() for each in self.peers]

    def measurement(self, work: Workload) -> Measurement:
        """Of a case; measured with the first who asks, and kept until another is asked for."""
        if self._latest is None or self._latest[0] != work:
            self._latest = (work, self._measure(work))
        return self._latest[1]

    def close(self) -> None:
        """End every process."""
        for participant in (*self.targets, *self.peers):
            participant.close()

    def _measure(self, work: Workload) -> Measurement:
        if self._convention is None:
            self.begin()
        convention = self._convention or Convention()
        choices = self.choices
        before = clock_hertz(choices.device)
        found = measure(
            work,
            self.targets,
            self.peers,
            convention=convention,
            device=choices.device,
            threads=choices.threads,
            budget=profile_named(choices.profile).budget,
            seed=choices.seed,
        )
        if before is None:
            return found
        clocks = {"clock_before_hertz": before, "clock_after_hertz": clock_hertz(choices.device)}
        rows = [
            record.model_copy(update=clocks) if record.timing is Timing.TIMED else record
            for record in found.records
        ]
        return Measurement(rows, found.samples)

    def _worker(self, target: str) -> WorkerTarget:
        choices = self.choices
        return WorkerTarget(
            target, device=choices.device, deadline=choices.deadline, interpreter=choices.interpreter
        )


def _common(targets: Sequence[Participant]) -> Convention:
    """What all targets follow: torch's default where they do, or else the first one's first."""
    followed = [target.conventions() for target in targets]
    shared = [each for each in followed[0] if all(each in others for others in followed[1:])]
    if not shared:
        raise ContractError(
            f"{', '.join(target.name for target in targets)} follow no convention in common"
        )  # fmt: skip
    return Convention() if Convention() in shared else shared[0]
