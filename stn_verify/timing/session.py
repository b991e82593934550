"""One benchmark run: its participants, its matrix, and what has been measured of it."""

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

from stn_verify.contract.convention import Convention
from stn_verify.contract.errors import BrokenTargetError, ContractError
from stn_verify.records.environment import Measured
from stn_verify.timing.machine import clock_hertz
from stn_verify.timing.matrix import matrix, profile_named
from stn_verify.timing.measurement import CaseRun, Measurement
from stn_verify.timing.participant import MakeWorker, NotTimed, Participant
from stn_verify.timing.workload import Workload
from stn_verify.workers.client import WorkerTarget

PASSES = 3
BATCH = 16
"""Cases whose passes take turns: between two passes of one lie seconds, and an interrupted run loses no more than these."""

BATCH_BYTES = 2**28
"""That the cases of a batch may hold together in one process."""


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
        self.tell: Callable[[str], None] = lambda _: None
        """Hears what is being done."""
        self._found: dict[Workload, Measurement] = {}
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
        """Of a case; its batch is measured with the first who asks, and kept until another is asked for."""
        if work not in self._found:
            batch = next(batch for batch in self._batches() if work in batch)
            self._found = self._measure(batch)
        return self._found[work]

    def leave_out(self, done: Container[str]) -> None:
        """Do not measure the cases of these names."""
        self.workloads = [work for work in self.workloads if work.name not in done]

    def _batches(self) -> list[list[Workload]]:
        batches: list[list[Workload]] = []
        held = 0
        for work in self.workloads:
            held += work.held_bytes
            if not batches or len(batches[-1]) == BATCH or held > BATCH_BYTES:
                batches.append([])
                held = work.held_bytes
            batches[-1].append(work)
        return batches

    def close(self) -> None:
        """End every process."""
        for participant in (*self.targets, *self.peers):
            participant.close()

    def _measure(self, batch: Sequence[Workload]) -> dict[Workload, Measurement]:
        if self._convention is None:
            self.begin()
        convention, choices = self._convention or Convention(), self.choices
        clock = clock_hertz(choices.device)
        runs = []
        for slot, work in enumerate(batch):
            self.tell(f"judging {work.name}")
            runs.append(CaseRun(work, self.targets, self.peers, convention, slot=slot, seed=choices.seed))
        budget = profile_named(choices.profile).budget / PASSES
        for number in range(PASSES):
            for run in runs:
                self.tell(f"pass {number + 1} of {PASSES}: {run.work.name}")
                run.time(budget)
        common = {
            "device": choices.device,
            "threads": choices.threads,
            "clock_before_hertz": clock,
            "clock_after_hertz": clock_hertz(choices.device),
        }
        return {run.work: run.measurement(common) for run in runs}

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
