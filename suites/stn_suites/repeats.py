"""Checks that ask the same thing more than once, and write into the examination how well the replies agree."""

from collections.abc import Callable
from dataclasses import replace

from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.case import FunctionCase
from stn_verify.cases.repeats import between
from stn_verify.contract.target import Call, Reply, Target
from stn_verify.exploration.examination import Examination
from stn_verify.judging.reference import GRADIENTS
from stn_verify.judging.repetition import Repetition, repetitions

Repeated = Callable[[Target, FunctionCase], list[Comparison]]


def in_one_process(examination: Examination) -> Repeated:
    """The same call again, right away and after others: 3 backwards, and up to 2 between."""
    widest: dict[str, float] = {}

    def check(target: Target, case: FunctionCase) -> list[Comparison]:
        call, first = _asked(target, case)
        again = target.call(call)
        found = _noted(examination, widest, "repeated", case, (first, again), (call, call))
        others = between(case) if call.gradients else ()
        for other in others:
            target.call(other)
        later = target.call(call)
        return found + _noted(examination, widest, "repeated", case, (first, later), (call, *others, call))

    return check


def by_threads(examination: Examination) -> Repeated:
    """One thread against two and against as many as the framework takes by itself: 4 backwards."""
    widest: dict[str, float] = {}

    def check(target: Target, case: FunctionCase) -> list[Comparison]:
        plain = _call(target, case)
        single = replace(plain, threads=1)
        first = target.call(single)
        found = []
        for threads in (2, None, 2):
            call = replace(plain, threads=threads)
            found += _noted(
                examination, widest, "by threads", case, (first, target.call(call)), (single, call)
            )
        return found

    return check


def in_fresh_processes(examination: Examination) -> Repeated:
    """The same call of another process: 3 backwards. A target without a process repeats it in place."""
    widest: dict[str, float] = {}

    def check(target: Target, case: FunctionCase) -> list[Comparison]:
        call, first = _asked(target, case)
        found = []
        for _ in range(2):
            before = getattr(target, "pid", None)
            target.renew()
            later = target.call(call)
            kind = "in a fresh process" if getattr(target, "pid", None) != before else "repeated"
            found += _noted(examination, widest, kind, case, (first, later), (call, call))
        return found

    return check


def _asked(target: Target, case: FunctionCase) -> tuple[Call, Reply]:
    call = _call(target, case)
    return call, target.call(call)


def _call(target: Target, case: FunctionCase) -> Call:
    differentiable = case.function in target.description.differentiable
    return case.call(GRADIENTS[case.function] if differentiable else ())


def _noted(
    examination: Examination,
    widest: dict[str, float],
    kind: str,
    case: FunctionCase,
    replies: tuple[Reply, Reply],
    calls: tuple[Call, ...],
) -> list[Comparison]:
    """The comparisons of two replies; what was seen goes into the examination, the widest of each kind."""
    described = examination.target.description
    found = repetitions(
        case, replies, calls, subgradient=described.subgradient, exact=described.deterministic
    )
    for repetition in found:
        _observe(examination, widest, kind, repetition)
    return [repetition.comparison for repetition in found]


def _observe(examination: Examination, widest: dict[str, float], kind: str, repetition: Repetition) -> None:
    subject = repetition.comparison.subject
    name = f"{subject} {kind}"
    if repetition.ulps >= widest.get(name, 0.0):
        widest[name] = repetition.ulps
        examination.observed[name] = repetition.told
    if repetition.ulps and subject.startswith("grad_") and not examination.target.description.deterministic:
        examination.warning = (
            f"{subject} is not bitwise repeatable ({kind}: {examination.observed[name]}):"
            " two runs of a training will differ"
        )
