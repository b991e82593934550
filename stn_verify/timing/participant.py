"""A target or a peer of a benchmark: one implementation in two processes, which tell what a process has of its own."""

from collections.abc import Callable
from dataclasses import replace

from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.contract.convention import Convention
from stn_verify.contract.dialect import PLAIN
from stn_verify.contract.errors import ContractError, RequestError, UnknownTargetError
from stn_verify.contract.target import Call, TargetFailure
from stn_verify.identification.convention import Settled, settled
from stn_verify.records.environment import Measured
from stn_verify.records.record import Clock, Timing
from stn_verify.timing.correctness import Verdict, asked, judge
from stn_verify.timing.rounds import Arm
from stn_verify.timing.workload import Workload
from stn_verify.verdicts.untrusted import storable
from stn_verify.workers.client import WorkerTarget
from stn_verify.workers.messages import Timed
from stn_verify.workers.translation import Spelling, TranslatedTarget

TWINS = (0, 1)
COPIES = 32
"""The slot of a worker in which the copy of the case in slot 0 is kept, and so on."""

MakeWorker = Callable[[str], WorkerTarget]


class NotTimed(Exception):  # noqa: N818  a verdict, no error of ours
    """A case that is not timed, with the status and the reason."""

    def __init__(self, timing: Timing, reason: str) -> None:
        super().__init__(storable(reason, 3_900))
        self.timing = timing


class Participant:
    """Its processes start with the first use."""

    def __init__(self, target: str, threads: int, make: MakeWorker, *, again: bool = False) -> None:
        """Nothing is started yet; `again` where the same target takes part already, under its own name."""
        self.name = storable(f"{target} again" if again else target, 200)
        self._threads = threads
        self._workers = [make(target) for _ in TWINS]
        self._settled: Settled | None = None
        self._unavailable: str | None = None

    def begin(self) -> None:
        """Describe it, and find what it follows.

        Raises:
            UnknownTargetError: there is no such target.
            NotTimed: it is not available here, or does not come up.
        """
        if self._unavailable is not None:
            raise NotTimed(Timing.UNAVAILABLE, self._unavailable)
        if self._settled is not None:
            return
        try:
            worker = self._workers[0]
            known = worker.description
            self._settled = Settled(known) if known.conventions() else settled(worker)
        except UnknownTargetError:
            raise
        except (RequestError, TargetFailure) as error:
            self._unavailable = str(error).partition("\n")[0]
            self.close()
            raise NotTimed(Timing.UNAVAILABLE, self._unavailable) from None

    def measured(self) -> Measured:
        """What it says of itself, for the records."""
        if self._settled is None:
            reason = self._unavailable or "it was not asked"
            return Measured(
                name=self.name,
                framework="",
                framework_version="",
                python_version="",
                unavailable=storable(reason, 4_000),
            )
        about = self._settled.description
        return Measured(
            name=storable(self.name, 200),
            framework=about.framework,
            framework_version=about.framework_version,
            python_version=about.python_version,
            threads=about.threads,
        )

    def conventions(self) -> tuple[Convention, ...]:
        """Those that it follows; none where it is unavailable."""
        if self._settled is None:
            return ()
        known = self._settled
        return tuple(known.description.conventions()) or tuple(
            dict.fromkeys(c for each in known.conventions.values() for c in each)
        )

    def right(
        self, work: Workload, case: SampleCase | TransformCase, slot: int
    ) -> tuple[Verdict, Timed, list[Arm]]:
        """Judge a case, and have both processes keep its call: the verdict, the first call's time and peak memory, and the arms.

        Raises:
            NotTimed: it is wrong, or brings no result, or is not offered.
        """
        self.begin()
        self._offered(work, case.convention)
        target = self._known().target(self._workers[0])
        try:
            call = self._pinned(asked(work, case, target))
            native, cold = _native(call, target), work.cache == "cold"
            # Before it is judged: nothing of the case is ready then.
            first = self._workers[0].prepare(native, slot, cold=cold)
            verdict = judge(case, call, target.call(call), target)
            if verdict.wrong:
                raise NotTimed(Timing.WRONG, verdict.wrong)
            self._workers[1].prepare(native, slot, cold=cold)
        except TargetFailure as failure:
            raise self._failed(failure, work) from failure
        except ContractError as error:
            raise NotTimed(Timing.UNSUPPORTED, str(error)) from None
        return verdict, first, [self._kept(worker, native, slot, work) for worker in self._workers]

    def copying(self, moved: int, clock: Clock, slot: int) -> Arm | None:
        """Times copies in the first process; None where its framework copies nothing."""
        worker = self._workers[0]

        def prepare() -> None:
            worker.prepare_copy(moved, COPIES + slot, self._threads)

        try:
            prepare()
        except (TargetFailure, ContractError):
            return None
        return self._arm(worker, COPIES + slot, clock, prepare)

    def close(self) -> None:
        """End both processes."""
        for worker in self._workers:
            worker.close()

    def _kept(self, worker: WorkerTarget, native: Call, slot: int, work: Workload) -> Arm:
        def prepare() -> None:
            worker.prepare(native, slot, cold=work.cache == "cold")

        return self._arm(worker, slot, work.clock, prepare)

    def _arm(self, worker: WorkerTarget, slot: int, clock: Clock, prepare: Callable[[], None]) -> Arm:
        """Times calls of what a process keeps; raises NotTimed."""

        def timed(calls: int) -> float:
            # One call wakes the threads and brings the caches back. Always: with a rule that depends on the time of a call, two
            # that are alike can fall on either side of it, and be 1.5 times apart.
            return worker.time(calls, slot, before=1, clock=clock)

        def seconds(calls: int) -> float:
            try:
                try:
                    return timed(calls)
                except ContractError:
                    # It may have died on another case, and what it kept with it.
                    prepare()
                    return timed(calls)
            except TargetFailure as failure:
                raise self._failed(failure) from failure
            except ContractError as error:
                raise NotTimed(Timing.UNSUPPORTED, str(error)) from None

        return seconds

    def _known(self) -> Settled:
        if self._settled is None:
            raise ValueError(f"{self.name} was not begun")
        return self._settled

    def _offered(self, work: Workload, convention: Convention) -> None:
        about = self._known().description
        lacking = None
        if work.function not in about.functions:
            lacking = f"gives no {work.function}"
        elif convention not in self.conventions():
            lacking = f"does not follow {convention}"
        elif work.dtype not in about.dtypes:
            lacking = about.why_not(work.dtype) or f"takes no {work.dtype}"
        elif work.gradients and work.function not in about.differentiable:
            lacking = f"gives no gradients of {work.function}"
        elif work.layout != "NCHW" and "layouts" not in about.features:
            lacking = "cannot be asked for layouts"
        elif work.direction == "double_backward" and "double backward" not in about.features:
            lacking = "cannot be asked for double backward"
        elif "timing" not in about.features:
            lacking = "cannot be asked for timing"
        if lacking is not None:
            raise NotTimed(Timing.UNSUPPORTED, lacking)

    def _pinned(self, call: Call) -> Call:
        features = self._known().description.features
        return replace(call, threads=self._threads) if "threads" in features else call

    def _failed(self, failure: TargetFailure, work: Workload | None = None) -> NotTimed:
        for worker in self._workers:
            worker.forgive()
        if failure.status == "failed":
            return NotTimed(Timing.WRONG, str(failure))
        twice = work is not None and work.direction == "double_backward"
        if twice and failure.status == "raised" and "double backward" not in self._known().description.claims:
            # As in `check`: what raises where second gradients are asked for lacks them.
            return NotTimed(Timing.UNSUPPORTED, str(failure))
        return NotTimed(Timing.FAILED, f"{failure.status}: {failure}")


def _native(call: Call, target: TranslatedTarget) -> Call:
    """The call as the target's own process takes it."""
    route = target.route(call)
    if route.dialect == PLAIN:
        return replace(call, convention=route.asked)
    return Spelling(call, route).native()
