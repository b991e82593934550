"""What the suite `training` says of planted faults, and of right but unusual transformers."""

import importlib.util
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from corpus import MUTANTS, UNUSUAL
from examining import LARGE, examine, examine_session

pytest.importorskip("sklearn", reason="the digits are scikit-learn's")

import stn_reference
from stn_adapters.reference import REFERENCE
from stn_suites import test_training
from stn_verify.contract.implementation import Implementation
from stn_verify.exploration.session import Session
from stn_verify.verdicts.results import Status, Verdict
from stn_verify.workers.evaluator import InProcessTarget

TRAJECTORY = ("trajectory", "trajectory_of_grids")
START = ("identity_start", "identity_start_of_grids")


@pytest.fixture(autouse=True)
def _few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault shows in the first step or so; the error keeps its steps."""
    monkeypatch.setattr(test_training, "COMPARED", 4)
    monkeypatch.setattr(test_training, "STARTED", 50)


def reference(**said: Any) -> Implementation:
    """The reference's transform, in one convention, with another declaration or product."""
    held: dict[str, Any] = {
        "functions": {"transform": REFERENCE.functions["transform"]},
        "vjps": {"transform": REFERENCE.vjps["transform"]},
        "padding": "zeros",
        "align_corners": True,
        "interpolation": "bilinear",
        "subgradient": None,
        "spatial": (2,),
        "families": ("affine",),
    }
    return replace(REFERENCE, **(held | said))


def product(rule: str = "right", factor: float = 1.0) -> Any:
    """Of `transform`, by a rule at kinks; the gradient of theta times a factor."""
    right = partial(stn_reference.transform_vjp, subgradient=rule)

    def vjp(*arrays: Any, **choices: Any) -> Any:
        by_image, by_theta = right(*arrays, **choices)
        return by_image, factor * by_theta

    return vjp


def only(verdicts: list[Verdict]) -> Verdict:
    """Of one check in one convention."""
    (verdict,) = verdicts
    return verdict


@pytest.mark.parametrize(
    "name", ["TranslationScaled", "TransposedTheta", "MeanOverOutputs", "NoThetaGradient", "ThetaGradientOff"]
)
def test_faults_of_theta(name: str) -> None:
    verdict = only(examine(MUTANTS[name].implementation, LARGE, TRAJECTORY))
    assert verdict.status is Status.FAILED
    assert "step 1 moves the localisation network as the reference does" in str(verdict.reason)


@pytest.mark.parametrize("name", ["WideScale", "FlippedSign"])
def test_faults_of_samplers(name: str) -> None:
    """Of a function that takes a grid, with the harness' own generator."""
    mutant = MUTANTS[name].implementation
    assert "transform" not in mutant.functions
    assert {verdict.status for verdict in examine(mutant, LARGE, TRAJECTORY)} == {Status.FAILED}


@pytest.mark.parametrize(
    "name", ["LeftRule", "LeftRuleFused", "MeanRule", "ZeroRule", "PixelRows", "PixelSpace"]
)
def test_right_ones_conform(name: str) -> None:
    verdicts = examine(UNUSUAL[name].implementation, LARGE, TRAJECTORY)
    assert verdicts
    assert [verdict.reason for verdict in verdicts if verdict.status is not Status.PASSED] == []


def test_a_transformer_that_learns_the_wrong_way() -> None:
    """The error tells it too, if only in the end."""
    target = reference(vjps={"transform": product(factor=-1.0)})
    verdict = only(examine(target, LARGE, ("error_lowered",)))
    assert verdict.status is Status.FAILED
    assert "without a transformer and" in str(verdict.reason)


@pytest.mark.parametrize("rule", ["right", "left", "mean"])
def test_other_rules_learn_from_the_identity(rule: str) -> None:
    target = reference(vjps={"transform": product(rule)})
    verdict = only(examine(target, LARGE, START))
    assert verdict.status is Status.PASSED
    assert verdict.warning is None
    assert verdict.observed["identity start"].startswith("theta moves: loss ")


def test_zero_stalls_and_is_told() -> None:
    stalling = {"transform": product("zero")}
    told = only(examine(reference(vjps=stalling, subgradient="zero"), LARGE, START))
    assert told.status is Status.PASSED
    assert "does not learn" in str(told.warning)
    assert told.observed["identity start"].startswith("theta stays the identity: loss ")
    untold = only(examine(reference(vjps=stalling), LARGE, START))
    assert untold.status is Status.FAILED
    assert "theta stays the identity" in str(untold.reason)


def raising(*_: Any, **__: Any) -> Any:
    """It does not come to a gradient."""
    raise RuntimeError("no gradient today")


def test_what_raises_is_told() -> None:
    target = reference(vjps={"transform": raising})
    verdicts = examine(target, LARGE, ("training",))
    assert {verdict.status for verdict in verdicts} == {Status.RAISED}
    assert all("no gradient today in training(transform of " in str(verdict.reason) for verdict in verdicts)


def test_a_figure_is_drawn_and_failures_have_no_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_training, "LEARNT", 2)
    target = InProcessTarget(reference(vjps={"transform": product(factor=-1.0)}))
    session = Session("planted", target, profile=LARGE, output=tmp_path)
    verdicts = {
        verdict.check: verdict for verdict in examine_session(session, ("trajectory", "error_lowered"))
    }
    figure = verdicts["error_lowered"].figure
    assert figure == "training/error_lowered-float64-bilinear-zeros-aligned.png"
    assert (tmp_path / figure).read_bytes().startswith(b"\x89PNG")
    assert verdicts["trajectory"].status is Status.FAILED
    assert verdicts["trajectory"].figure is None
    assert verdicts["trajectory"].reproducer is None


def test_without_its_dependencies_it_is_unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "sklearn" else found(name, *rest)
    )
    session = Session("reference", InProcessTarget(REFERENCE), profile=LARGE)
    marker = test_training.test_trajectory.pytestmark[0]  # type: ignore[attr-defined]  # pytest's own, on a function
    (request,) = session.requests(*marker.args, **marker.kwargs)
    assert request.unsupported == "needs scikit-learn: pip install 'stn-verify[training]'"


def test_it_is_left_out_of_quick_runs() -> None:
    session = Session("reference", InProcessTarget(REFERENCE), profile=replace(LARGE, large=False))
    assert list(examine_session(session, ("training",))) == []
