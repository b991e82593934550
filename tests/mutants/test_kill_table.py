"""The kill table: what counts as killed, what the page says of it, and the command's refusals."""

import sys
from dataclasses import replace
from pathlib import Path

import kill_table
import pytest
from corpus import MUTANTS, UNUSUAL
from false_failures import Count
from kill_page import Run, page
from killing import Kills, Outcome, examine_mutant, outcomes, profile_of, survived
from markdown_it import MarkdownIt

from stn_verify.verdicts.results import Status, Verdict

HOSTILE = "a|b <script> `c` [l](http://x)\n# h"


def verdict(subject: str, status: Status = Status.FAILED, precision: str = "none") -> Verdict:
    return Verdict(
        suite="values",
        check="sample",
        subject=subject,
        dtype="float64",
        convention="zeros",
        status=status,
        budget_used=5.0,
        effective_precision=precision,
    )


@pytest.mark.parametrize(
    ("name", "verdicts", "problems"),
    [
        ("FlippedSign", [verdict("grad_grid")], []),
        ("FlippedSign", [], ["grad_grid is not reported as failed"]),
        ("FlippedSign", [verdict("grad_grid", Status.RAISED)], ["grad_grid is not reported as failed"]),
        ("FlippedSign", [verdict("grad_grid"), verdict("output", Status.PASSED)], []),
        ("FlippedSign", [verdict("grad_grid"), verdict("output")], ["output is reported, and is right"]),
        (
            "FlippedSign",
            [verdict("grad_grid"), verdict("grad_input", Status.UNDECIDED)],
            ["grad_input is reported, and is right"],
        ),
        # A wrong output has wrong gradients.
        ("WideScale", [verdict("output"), verdict("grad_grid")], []),
        ("Float32Scatter", [verdict("grad_input", precision="float32")], []),
        (
            "Float32Scatter",
            [verdict("grad_input", precision="float32"), verdict("grad_input", precision="float16")],
            ["grad_input is called as exact as float16, and is so as float32"],
        ),
        # The call that raised was asked for the output too.
        ("ChannelsRefused", [verdict(s, Status.RAISED) for s in ("output", "grad_input", "grad_grid")], []),
    ],
)
def test_killed(name: str, verdicts: list[Verdict], problems: list[str]) -> None:
    assert survived(MUTANTS[name], verdicts) == problems


def test_a_mutant_through_the_table(tmp_path: Path) -> None:
    (outcome,) = outcomes(examine_mutant, ["ScaledTwice"], profile_of("quick"), 1)
    run = Run("quick", [(MUTANTS["ScaledTwice"], outcome)], [], None)
    assert run.survivors == []
    assert outcome.failed_at == {"grad_grid": 1}
    text = page(run)
    assert "**1 of 1 mutant killed" in text
    assert "| gradients: sample reference, gradients: sample differences," in text
    Kills(profile="quick", mutants=[outcome]).write(tmp_path / "kills.json")
    assert Kills.read(tmp_path / "kills.json").mutants == [outcome]


def test_survivors_and_failures_are_told() -> None:
    nothing = Outcome(name="FlippedSign", verdicts=[], failed_at={})
    wrong = Outcome(name="Dense", verdicts=[verdict("output")], failed_at={})
    count = Count(cases=3, failures=[HOSTILE])
    run = Run("quick", [(MUTANTS["FlippedSign"], nothing)], [(UNUSUAL["Dense"], wrong)], count)
    assert run.survivors == ["FlippedSign"]
    assert run.failures == 2
    text = page(run)
    assert (
        "**0 of 1 mutant killed, 1 right sampler with 1 failed verdict, 1 false failure in 3 right cases.**"
        in text
    )
    assert "**survived**: grad\\_grid is not reported as failed" in text


def test_names_stay_text() -> None:
    mutant = MUTANTS["FlippedSign"]
    hostile = replace(
        mutant, implementation=replace(mutant.implementation, name=HOSTILE), what=HOSTILE, gap=HOSTILE
    )
    right = replace(UNUSUAL["Dense"], what=HOSTILE)
    wrong = verdict("grad_grid").model_copy(update={"suite": HOSTILE, "check": HOSTILE, "reason": HOSTILE})
    outcome = Outcome(name=HOSTILE, verdicts=[wrong], failed_at={})
    told, plain = (
        MarkdownIt("gfm-like", {"linkify": False}).parse(page(run))
        for run in (
            Run("quick", [(hostile, outcome)], [(right, outcome)], Count()),
            Run("quick", [(mutant, outcome)], [(UNUSUAL["Dense"], outcome)], Count()),
        )
    )
    assert [token.type for token in told] == [token.type for token in plain]
    inline = [child for token in told for child in token.children or ()]
    assert not any(child.type in ("html_inline", "image") for child in inline)
    assert {c.attrs["href"] for c in inline if c.type == "link_open"} == {"bugzoo.md"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--only", "Nobody"], "unknown Nobody; known: AlignCornersIgnored, "),
        (["--only", "FlippedSign", "--write"], "--write and --keep go with the whole corpus"),
    ],
)
def test_what_the_command_refuses(
    options: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch", reason="the table is of the whole corpus, a part of which is torch's")
    monkeypatch.setattr(sys, "argv", ["kill_table.py", *options])
    with pytest.raises(SystemExit) as refused:
        kill_table.main()
    assert refused.value.code == 2
    assert told in capsys.readouterr().err
