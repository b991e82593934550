"""From verdicts to reproducers: what there is to show of a failure."""

from dataclasses import replace
from pathlib import Path

from stn_verify.cases.case import AnyCase, Case, NetworkCase
from stn_verify.cases.training import TrainingCase
from stn_verify.contract.implementation import DIFFERENTIABLE
from stn_verify.contract.target import Call
from stn_verify.exploration.examination import Examination
from stn_verify.exploration.subject import Subject
from stn_verify.judging.reference import SUBJECTS
from stn_verify.reproducing.fault import Fault
from stn_verify.reproducing.writing import attempt
from stn_verify.verdicts.results import Status, Verdict
from stn_verify.workers.translation import Route, route_of

REASON = 20_000
"""Characters of a verdict's reason."""


def write_reproducers(
    name: str, examined: Examination, verdicts: list[Verdict], output: Path
) -> list[Verdict]:
    """The verdicts, each failure with the script that shows it.

    Args:
        name: the target, as it was asked for.
        output: the folder of the run; scripts go into `reproducers/` there.
    """
    attempts: dict[str, tuple[str | None, str]] = {}
    told = []
    for verdict in verdicts:
        fault = _fault(name, examined, verdict)
        if fault is None:
            told.append(verdict)
            continue
        # The subjects of a call that brought no result share its script.
        if fault.stem not in attempts:
            attempts[fault.stem] = attempt(fault, output)
        link, problem = attempts[fault.stem]
        update = {"reproducer": link} if link else {"reason": _extended(verdict.reason, problem)}
        told.append(verdict.model_copy(update=update))
    return told


def _fault(name: str, examined: Examination, verdict: Verdict) -> Fault | None:
    """What there is to show of a verdict; its status follows the same order in `telling`."""
    if verdict.status.conforms or verdict.status is Status.UNDECIDED:
        return None
    for record in examined.failing():
        if record.name == verdict.subject and (case := _single(record.case)) is not None:
            found = record.untrue or "" if record.worst is None else str(record.worst)
            return _of_record(name, examined, record, case, record.name, found)
    if examined.contradiction:
        shown = examined.contradicted
        if shown is None or (case := _single(shown.case)) is None:
            return None
        return _of_record(name, examined, shown, case, "contradicted", examined.contradiction)
    if examined.failure is None or (case := _single(examined.failed_case)) is None:
        return None
    call = examined.failure.call
    # Further lines are a worker's last words, with paths of the machine that it ran on.
    found = str(examined.failure).partition("\n")[0]
    stopped = Subject("", case=case, calls=() if call is None else (call,))
    fault = _of_record(name, examined, stopped, case, examined.failure.status, found)
    return replace(fault, stopped=True)


def _single(case: AnyCase | None) -> Case | None:
    """A case that calls show; the checks of single functions show what is wrong with a step of a training."""
    return None if isinstance(case, TrainingCase) else case


def _of_record(
    name: str, examined: Examination, record: Subject, case: Case, label: str, found: str
) -> Fault:
    calls = record.calls or (_plain(examined, case),)
    return Fault(
        target=name,
        description=examined.target.description,
        suite=examined.suite,
        check=examined.check,
        dtype=examined.dtype,
        convention=str(examined.convention),
        label=label,
        found=found,
        calls=calls,
        routes={(call.function, call.convention): _route(examined, call) for call in calls},
        worst=record.worst,
        formula=record.formula,
        law=record.law,
        case_kind=case.kind,
    )


def _route(examined: Examination, call: Call) -> Route:
    judged = examined.judgement
    return route_of(examined.target, call) if judged is None else judged.route


def _plain(examined: Examination, case: Case) -> Call:
    """The case's own call with the gradients that the check asks for: without them another path may be taken."""
    call = case.call()
    if call.called not in examined.target.description.differentiable:
        return call
    if isinstance(case, NetworkCase):
        return case.call(tuple(case.arrays))
    names = DIFFERENTIABLE[case.function]
    return case.call(tuple(name for name in names if SUBJECTS[name] in examined.subjects))


def _extended(reason: str | None, sentence: str) -> str:
    """A reason with one more sentence, within what a verdict may hold."""
    return f"{(reason or '')[: REASON - len(sentence) - 2]}. {sentence}" if reason else sentence
