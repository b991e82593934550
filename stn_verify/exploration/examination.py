"""One check of one target, for one dtype and convention: explored by Hypothesis, told as verdicts."""

import contextlib
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import hypothesis
from hypothesis.errors import Flaky
from hypothesis.strategies import SearchStrategy

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.case import AnyCase, elements
from stn_verify.contract.convention import Convention
from stn_verify.contract.features import Feature
from stn_verify.contract.target import Call, Evaluations, Target, TargetFailure
from stn_verify.exploration import telling
from stn_verify.exploration.profiles import Profile
from stn_verify.exploration.subject import Subject
from stn_verify.exploration.telling import Circumstances
from stn_verify.identification.convention import Judgement
from stn_verify.judging.arithmetics import LADDER, claimed
from stn_verify.judging.statement import Statement
from stn_verify.verdicts.results import Verdict
from stn_verify.verdicts.untrusted import storable

CaseT = TypeVar("CaseT", bound=AnyCase)
Check = Callable[[Target, CaseT], Iterable[Comparison | Statement]]


class Nonconforming(AssertionError):  # noqa: N818  reads as the verdict that it is
    """A result is outside what its arithmetic explains."""


class _Stop(BaseException):
    """Ends an exploration at once: Hypothesis catches only Exception, and would call a crashing target again."""


@dataclass
class Examination:
    """Collects comparisons over examples; `verdicts` tells them."""

    suite: str
    check: str
    dtype: str
    convention: Convention
    subjects: Sequence[str]
    target: Target
    profile: Profile
    seed: int
    feature: Feature | None = None
    """What the check asks beyond plain calls; a target that raises there lacks it, unless it claims it."""
    judgement: Judgement | None = None
    """What was found of the convention, where that is judged."""
    known: Callable[[Verdict], bool] = lambda _: False
    """Whether a failure is known already: such a one is not made smaller."""
    examples: int = 0
    rule: dict[str, str] = field(default_factory=dict)
    observed: dict[str, str] = field(default_factory=dict)
    """What the target was seen to do where nothing is prescribed: for a person."""
    figure: bytes | None = None
    """A picture of what was seen, as PNG."""
    warning: str | None = None
    failure: TargetFailure | None = None
    failed_case: AnyCase | None = None
    contradiction: str | None = None
    """A failure that is no single number's: a rule that contradicts the declared one, a wrong call that was answered."""
    contradicted: Subject | None = None
    """What shows the contradiction, where calls are known."""
    _records: dict[str, Subject] = field(default_factory=dict)
    _before: Evaluations = field(default_factory=Evaluations)
    _most: Evaluations = field(default_factory=Evaluations)
    _since_failure: int = 0
    _settled: set[str] = field(default_factory=set)
    """Subjects whose failure is known and shrunk."""
    _started: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        self._before = Evaluations(self.target.evaluations.forwards, self.target.evaluations.backwards)
        self._records = {name: Subject(name) for name in self.subjects}

    @property
    def arithmetic(self) -> Arithmetic:
        """What the target is judged by."""
        return claimed(self.target.description, self.dtype)

    def explore(
        self,
        cases: SearchStrategy[CaseT],
        check: Check[CaseT],
        *,
        share: float = 1.0,
        most: int | None = None,
    ) -> None:
        """Judge cases that Hypothesis draws, steering towards large budgets and shrinking failures.

        Args:
            share: of the profile's examples, for a check that shows what it can in fewer.
            most: examples that are enough where one asks for many calls, whatever the profile allows.

        Raises:
            Nonconforming: something failed; `verdicts` says what.
        """
        # Each check draws cases of its own: together they see more than one sequence would.
        name = f"{self.seed}/{self.suite}/{self.check}/{self.dtype}/{self.convention}"

        settings = self.profile.settings(share)
        if most is not None:
            settings = hypothesis.settings(settings, max_examples=min(most, settings.max_examples))

        @hypothesis.seed(zlib.crc32(name.encode()))
        @settings
        @hypothesis.given(cases)
        def example(case: CaseT) -> None:
            self._example(case, check, steer=self.profile.target)

        def until_nothing_new() -> None:
            # Shrinking stays with what failed first: whatever else is wrong is looked for on its own.
            while self.failure is None:
                with contextlib.suppress(_Stop, Nonconforming, Flaky):
                    example()
                failed = {record.name for record in self.failing()}
                if failed == self._settled:
                    return
                self._settled, self._since_failure = failed, 0

        self._run(until_nothing_new)

    def judge(self, cases: Iterable[CaseT], check: Check[CaseT]) -> None:
        """Judge given cases, in order, all of them.

        Raises:
            Nonconforming: something failed; `verdicts` says what.
        """

        def every() -> None:
            for case in cases:
                try:
                    self._example(case, check, steer=False, given=True)
                except Nonconforming:
                    continue

        self._run(every)

    def confirm(self) -> None:
        """Judge whether the target follows the convention that it is said to follow.

        Raises:
            Nonconforming: it does not; `verdicts` says how.
        """
        found = self.judgement
        if found is None:
            raise ValueError(f"{self.check}: nothing was measured that a convention could be held against")

        def told() -> None:
            self.examples = 1
            if found.failure is not None:
                self._fail(found.failure, found.case)
            elif found.contradiction is not None:
                self.contradict(found.contradiction, found.case)
            elif found.comparison is not None:
                self._record(found.comparison, found.case)
            else:
                # It follows the convention, but not to within its arithmetic: other checks tell.
                for record in self._records.values():
                    record.held = True

        self._run(told)

    def _run(self, explore: Callable[[], None]) -> None:
        # What failed is in the records; a flaky failure is a failure that was seen.
        with contextlib.suppress(_Stop, Nonconforming, Flaky):
            explore()
        failed = [verdict for verdict in self.verdicts() if not verdict.status.conforms]
        if failed:
            lines = [f"{verdict.subject}: {verdict.status}: {verdict.reason}" for verdict in failed]
            raise Nonconforming("\n".join(lines))

    def _example(self, case: CaseT, check: Check[CaseT], *, steer: bool, given: bool = False) -> None:
        fresh = [record for record in self.failing() if record.name not in self._settled]
        if fresh:
            self._since_failure += 1
            known = not given and all(self.known(self._verdict(record)) for record in fresh)
            shrinks = 0 if known else self.profile.shrinks
            if self._since_failure > shrinks:
                raise _Stop
        forwards, backwards = self.target.evaluations.forwards, self.target.evaluations.backwards
        self.examples += 1
        try:
            judged = list(check(self.target, case))
        except TargetFailure as failure:
            self._fail(failure, case)
            raise _Stop from failure
        finally:
            spent = self.target.evaluations
            self._most.forwards = max(self._most.forwards, spent.forwards - forwards)
            self._most.backwards = max(self._most.backwards, spent.backwards - backwards)
        largest: dict[str, float] = {}
        for each in judged:
            largest[each.subject] = max(self._hold(each, case), largest.get(each.subject, 0.0))
        for subject, used in largest.items():
            if steer and used < 1e300:
                hypothesis.target(used, label=subject)
        outside = {subject for subject, used in largest.items() if used > 1}
        for subject in outside:
            self._records[subject].failed_at = self._records[subject].failed_at or self.examples
        if outside - self._settled:
            raise Nonconforming(f"{', '.join(sorted(outside))} of {case!r}")

    def _fail(self, failure: TargetFailure, case: AnyCase) -> None:
        self.failure, self.failed_case = failure, case

    def _hold(self, judged: Comparison | Statement, case: AnyCase) -> float:
        """The budget used; the largest float where a statement does not hold."""
        if isinstance(judged, Comparison):
            return self._record(judged, case)
        record = self._records[judged.subject]
        record.held = True
        if judged.holds:
            return 0.0
        larger = record.case is not None and elements(case) > elements(record.case)
        if record.worst is None and not larger:
            record.untrue = judged.told
            record.fail(case, None, judged)
        return sys.float_info.max

    def _record(self, comparison: Comparison, case: AnyCase) -> float:
        record = self._records[comparison.subject]
        while record.ladder < len(LADDER):
            if comparison.budget_used(replace(self.arithmetic, compute=LADDER[record.ladder])) <= 1:
                break
            record.ladder += 1
        if not comparison.decided(self.arithmetic):
            return 0.0
        used = comparison.budget_used(self.arithmetic)
        record.budget_used = max(used, record.budget_used or 0.0)
        if used > 1 and (
            record.worst is None or record.case is None or elements(case) <= elements(record.case)
        ):
            record.fail(case, comparison.worst(self.arithmetic), comparison)
        return used

    def contradict(
        self, reason: str, case: AnyCase, *, calls: tuple[Call, ...] = (), by: Comparison | None = None
    ) -> None:
        """Fail every subject for a reason that is no single number's; the smallest case that shows it is kept.

        Args:
            reason: for a person.
            calls: what showed it, in order, the last one being wrong: answered though it is `free`, or, if `watched`, having
                written to an input or returned another dtype or device.
            by: a comparison that shows it, where a number does; its own calls count then.
        """
        known = self.contradicted
        if known is not None and known.case is not None and elements(known.case) < elements(case):
            return
        self.contradiction = reason
        self.contradicted = Subject("contradiction", case=case, calls=calls)
        if by is not None:
            self.contradicted.fail(case, by.worst(self.arithmetic), by)

    def verdicts(self) -> list[Verdict]:
        """One verdict per subject."""
        return [self._verdict(record) for record in self._records.values()]

    def _verdict(self, record: Subject) -> Verdict:
        among = Circumstances(
            self.arithmetic,
            self.contradiction,
            self.failure,
            self.failed_case,
            self.feature,
            self.target.description.claims,
        )
        spent = self.target.evaluations
        status, reason = telling.status(record, among)
        return Verdict(
            suite=self.suite,
            check=self.check,
            subject=record.name,
            dtype=self.dtype,
            convention=str(self.convention),
            status=status,
            budget_used=record.budget_used,
            effective_precision=telling.precision(record, among.arithmetic),
            rule=self.rule,
            observed=self.observed,
            examples=self.examples,
            evaluations={
                "forwards": spent.forwards - self._before.forwards,
                "backwards": spent.backwards - self._before.backwards,
            },
            most_evaluations={"forwards": self._most.forwards, "backwards": self._most.backwards},
            seconds=time.perf_counter() - self._started,
            # Exceptions of the target are quoted: their text is not ours.
            reason=None if reason is None else storable(reason, 4000),
            warning=self.warning,
        )

    def failing(self) -> list[Subject]:
        """The subjects that failed on a case, with that case."""
        return [record for record in self._records.values() if record.case is not None]
