"""What is said of targets whose answers change: by chance, by rounding, by what was asked before, by process."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stn_adapters.reference import REFERENCE
from stn_suites import repeats
from stn_verify.bounds.agreement import apart
from stn_verify.cases.repeats import generate_repeats, sample_repeats, transform_repeats
from stn_verify.contract.convention import Convention
from stn_verify.contract.description import Description
from stn_verify.contract.target import Call, Reply, Target
from stn_verify.exploration.examination import Examination, Nonconforming
from stn_verify.exploration.profiles import PROFILES
from stn_verify.verdicts.results import Status, Verdict
from stn_verify.workers.client import WorkerTarget
from stn_verify.workers.evaluator import InProcessTarget

CONVENTION = Convention("zeros", False)
SAMPLE = ("output", "grad_input", "grad_grid")
SEEDED = Path(__file__).with_name("seeded_targets.py")


class Altered(InProcessTarget):
    """The oracle, with a say in every reply: how many there were before is told."""

    def __init__(self, alter: Callable[[int, Reply], Reply], *, deterministic: bool = False) -> None:
        super().__init__(replace(REFERENCE, deterministic=deterministic))
        self._alter = alter
        self.calls: list[Call] = []

    def call(self, call: Call) -> Reply:
        self.calls.append(call)
        return self._alter(len(self.calls), super().call(replace(call, threads=None)))


def _judged(
    target: Target, kind: str = "in_one_process", subjects: tuple[str, ...] = SAMPLE
) -> dict[str, Verdict]:
    examination = Examination(
        "determinism", "check", "float64", CONVENTION, subjects, target, PROFILES["quick"], 0
    )
    check = getattr(repeats, kind)(examination)
    cases = {"grad_grid": sample_repeats, "grad_theta": transform_repeats}[subjects[-1]]
    # What failed is in the verdicts.
    with contextlib.suppress(Nonconforming):
        examination.judge(cases("float64", CONVENTION), check)
    return {verdict.subject: verdict for verdict in examination.verdicts()}


def _nudged(reply: Reply, ulps: float) -> Reply:
    """grad_input, each entry so many units in its last place higher."""
    moved = reply.gradients["image"] + ulps * np.spacing(reply.gradients["image"])
    return replace(reply, gradients={**reply.gradients, "image": moved})


def test_the_same_bits() -> None:
    target = Altered(lambda _, reply: reply)
    verdicts = _judged(target)
    assert {verdict.status for verdict in verdicts.values()} == {Status.PASSED}
    assert verdicts["output"].observed == {f"{subject} repeated": "bitwise" for subject in SAMPLE}
    assert verdicts["output"].warning is None
    assert len({call.arrays["image"].shape for call in target.calls}) > 3


def test_rounding_is_told_and_warned_of() -> None:
    verdicts = _judged(Altered(lambda number, reply: _nudged(reply, number % 3)))
    assert {verdict.status for verdict in verdicts.values()} == {Status.PASSED}
    told = verdicts["grad_input"]
    assert told.observed["grad_input repeated"] == "spread of 2 ulps"
    assert told.observed["grad_grid repeated"] == "bitwise"
    assert told.warning is not None
    assert "grad_input is not bitwise repeatable" in told.warning


def test_rounding_breaks_the_claim_of_the_same_bits() -> None:
    verdicts = _judged(Altered(lambda number, reply: _nudged(reply, number % 2), deterministic=True))
    assert {name for name, verdict in verdicts.items() if verdict.status is Status.FAILED} == {"grad_input"}
    assert "the same call gives the same result again" in (verdicts["grad_input"].reason or "")


@pytest.mark.parametrize("kind", ["in_one_process", "by_threads", "in_fresh_processes"])
def test_more_than_rounding(kind: str) -> None:
    target = Altered(lambda number, reply: replace(reply, output=reply.output + number * 1e-9))
    verdicts = _judged(target, kind)
    assert {name for name, verdict in verdicts.items() if verdict.status is Status.FAILED} == {"output"}


def test_nan_is_the_same_as_nan() -> None:
    def spoilt(_: int, reply: Reply) -> Reply:
        output = reply.output.copy()
        output.flat[0] = np.nan
        return replace(reply, output=output)

    verdicts = _judged(Altered(spoilt, deterministic=True))
    assert verdicts["output"].status is Status.PASSED
    assert verdicts["output"].observed["output repeated"] == "bitwise"


def test_a_number_that_becomes_nan_is_not() -> None:
    def spoilt(number: int, reply: Reply) -> Reply:
        return reply if number % 2 else replace(reply, output=reply.output * np.nan)

    verdicts = _judged(Altered(spoilt))
    assert verdicts["output"].status is Status.FAILED
    assert verdicts["output"].observed["output repeated"] == "NaN in one of them"


def test_zeros_of_either_sign_are_different_bits() -> None:
    assert apart(np.array([0.0, 1.0, np.inf]), np.array([-0.0, 1.0, np.inf])).tolist() == [5e-324, 0.0, 0.0]


def test_fused_and_generator() -> None:
    fused = _judged(Altered(lambda _, reply: reply), subjects=("output", "grad_input", "grad_theta"))
    assert fused["grad_theta"].observed["grad_theta repeated"] == "bitwise"
    target = Altered(lambda number, reply: replace(reply, output=reply.output + number * 1e-9))
    examination = Examination(
        "determinism", "check", "float64", CONVENTION, ("grid", "grad_theta"), target, PROFILES["quick"], 0
    )
    with pytest.raises(Nonconforming, match="gives the same result again"):
        examination.judge(generate_repeats("float64", CONVENTION), repeats.in_one_process(examination))


@pytest.mark.parametrize(("name", "status"), [("steady", Status.PASSED), ("seeded", Status.FAILED)])
def test_fresh_processes(name: str, status: Status) -> None:
    target = WorkerTarget(f"{SEEDED}:{name}", deadline=30)
    try:
        verdicts = _judged(target, "in_fresh_processes")
        assert isinstance(target.description, Description)
    finally:
        target.close()
    assert verdicts["output"].status is status
    assert "output in a fresh process" in verdicts["output"].observed
