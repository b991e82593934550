"""What the suites say of one mutant or one right sampler, and of many over a few processes."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Self, TypeVar

from corpus import MUTANTS, UNUSUAL, load_torch, place
from examining import checked, examinations
from faults import Mutant
from pydantic import BaseModel, ConfigDict

from stn_verify.contract.implementation import Implementation
from stn_verify.exploration.profiles import PROFILES, Profile
from stn_verify.exploration.session import Session
from stn_verify.formats import FORMATS
from stn_verify.verdicts.results import Status, Verdict
from stn_verify.workers.evaluator import InProcessTarget

T = TypeVar("T")

DEADLINE, PATIENCE = 5, 3600
"""Seconds for one call of what runs in a process of its own, and for all of them."""


class Outcome(BaseModel):
    """What was said of one mutant or right sampler."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    verdicts: list[Verdict]
    """Without what it does not offer."""
    failed_at: dict[str, int]
    """Subject -> how many examples the quickest check took until one failed; of what runs in this process."""


class Kills(BaseModel):
    """What was said of the whole corpus."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: str
    mutants: list[Outcome]

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_text(self.model_dump_json(), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """What `write` wrote.

        Raises:
            ValueError: it did not.
            OSError: the file cannot be read.
        """
        return cls.model_validate_json(path.read_bytes())


def profile_of(name: str) -> Profile:
    """The profile of that name, but that no failing case is made smaller: it finds the same, sooner."""
    return replace(PROFILES[name], shrinks=0)


def examine_mutant(name: str, profile: Profile) -> Outcome:
    """Every suite against a mutant: in this process, or by the command in another where it ends its process."""
    mutant = MUTANTS[name]
    if mutant.ends_process or mutant.apart:
        return _commanded(name, place(name), profile)
    return _in_process(mutant.implementation, profile)


def examine_right(name: str, profile: Profile) -> Outcome:
    """Every suite against a right sampler."""
    right = UNUSUAL[name]
    if right.apart:
        return _commanded(name, place(name), profile)
    return _in_process(right.implementation, profile)


def survived(mutant: Mutant, verdicts: Sequence[Verdict]) -> list[str]:
    """Why a mutant does not count as killed for the right reason; none: it does."""
    failed = [verdict for verdict in verdicts if verdict.status is mutant.status]
    missed = mutant.subjects - {verdict.subject for verdict in failed}
    # In a network of transformers theta's gradient is a part of the image's.
    alone = [verdict for verdict in verdicts if verdict.suite != "module"]
    accused = mutant.spared & {verdict.subject for verdict in alone if not verdict.status.conforms}
    problems = [f"{subject} is not reported as {mutant.status}" for subject in sorted(missed)]
    problems += [f"{subject} is reported, and is right" for subject in sorted(accused)]
    if mutant.effective_precision:
        told = {subject: coarsest(failed, subject) for subject in sorted(mutant.subjects - missed)}
        problems += [
            f"{subject} is called as exact as {precision}, and is so as {mutant.effective_precision}"
            for subject, precision in told.items()
            if precision != mutant.effective_precision
        ]
    return problems


def coarsest(verdicts: Sequence[Verdict], subject: str) -> str:
    """The effective precision of a subject over all checks; 'none' is coarser than any format."""
    order = [*FORMATS, "none"]
    told = [verdict.effective_precision or "none" for verdict in verdicts if verdict.subject == subject]
    return max(told, key=order.index)


def spread(tasks: Sequence[Callable[[], T]], jobs: int) -> Iterator[tuple[int, T]]:
    """The results of tasks as they come, each with its number, from that many fresh processes.

    Raises:
        BrokenProcessPool: a task ended its process.
    """
    # Each process has a core, and torch would take them all; with a single thread no two can collide.
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=load_what_is_there) as pool:
        futures = {pool.submit(task): number for number, task in enumerate(tasks)}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def outcomes(
    examine: Callable[[str, Profile], Outcome], names: Sequence[str], profile: Profile, jobs: int
) -> Iterator[Outcome]:
    """What is said of each, as it comes."""
    for _, outcome in spread([partial(examine, name, profile) for name in names], jobs):
        yield outcome


def load_what_is_there() -> None:
    """Register the corpus, what needs torch where there is torch."""
    with contextlib.suppress(ModuleNotFoundError):
        load_torch()


def _in_process(implementation: Implementation, profile: Profile) -> Outcome:
    verdicts, failed_at = [], dict[str, int]()
    session = Session(implementation.name, InProcessTarget(implementation), profile=profile)
    for examination, told in examinations(session):
        verdicts += told
        for subject in examination.failing():
            if subject.failed_at is not None:
                soonest = failed_at.get(subject.name, subject.failed_at)
                failed_at[subject.name] = min(soonest, subject.failed_at)
    return Outcome(name=implementation.name, verdicts=verdicts, failed_at=failed_at)


def _commanded(name: str, target: str, profile: Profile) -> Outcome:
    options = ["--deadline", str(DEADLINE)] + ([] if profile.name == "default" else [f"--{profile.name}"])
    with tempfile.TemporaryDirectory() as folder:
        results = checked(target, Path(folder), *options, seconds=PATIENCE)
    decided = [verdict for verdict in results.verdicts if verdict.status is not Status.UNSUPPORTED]
    return Outcome(name=name, verdicts=decided, failed_at={})
