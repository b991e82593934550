"""A full entrywise check as a checker that is timed: values, and every entry of both Jacobians, of a target in a worker."""

from dataclasses import replace

from stn_suites import checks
from stn_verify.cases.case import SampleCase
from stn_verify.judging.arithmetics import claimed
from stn_verify.timing.checks.checker import SAMPLER, About, Checked
from stn_verify.workers.client import WorkerTarget

DEADLINE = 60.0


class EntrywiseCheck:
    """What the suite of gradients does to one case, on the sampler that all checkers check."""

    def __init__(self, threads: int) -> None:
        """Starts the worker, which finds the number of threads in its environment."""
        self._target = WorkerTarget(SAMPLER, deadline=DEADLINE)
        described = self._target.description
        self.about = About(
            framework=described.framework,
            framework_version=described.framework_version,
            threads=described.threads or threads,
        )

    def check(self, case: SampleCase) -> Checked:
        """Values against the oracle, and both gradients against exact differences: 9 forwards and 1 backward."""
        target = self._target
        before = replace(target.evaluations)
        arithmetic = claimed(target.description, case.dtype)
        judged = [*checks.values(target, case), *checks.sample_differences(target, case)]
        used = max(comparison.budget_used(arithmetic) for comparison in judged)
        after = target.evaluations
        return Checked(
            passed=used <= 1,
            forwards=after.forwards - before.forwards,
            backwards=after.backwards - before.backwards,
            budget_used=min(used, 1e300),
        )

    def close(self) -> None:
        """End the worker."""
        self._target.close()
