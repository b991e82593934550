"""The summary on the terminal."""

import io

import pytest
from rich.console import Console

from stn_verify.cli.table import print_summary
from stn_verify.contract.description import Description
from stn_verify.verdicts.environment import environment
from stn_verify.verdicts.grouping import budget, findings, rows, sentence, totals, warnings
from stn_verify.verdicts.results import Results, Status, Verdict

HOSTILE = "[bold red]x[/nope] | `a` <b>\n\x1b[31mred\x1b]0;t\x07 \u202eevil"


def verdict(**fields) -> Verdict:
    common = {"suite": "values", "check": "c", "subject": "output", "dtype": "float64", "convention": "one"}
    return Verdict(**(common | {"status": "passed"} | fields))


def results_of(*verdicts: Verdict, **fields) -> Results:
    description = Description(
        name="fake",
        framework="numpy",
        framework_version="2.4",
        python_version="3.11",
        functions={"sample": []},
        differentiable=[],
        paddings=["zeros"],
        alignments=[False],
        interpolations=["bilinear"],
        dtypes=["float64"],
        unsupported={},
        compute_dtype=None,
        subgradient=None,
        device="cpu",
    )
    common = {
        "environment": environment(),
        "target": "fake",
        "description": description,
        "profile": "default",
    }
    common |= {"seed": 0, "started": "2025-01-01T00:00:00+00:00", "seconds": 1.5, "finished": True}
    return Results(**(common | {"verdicts": list(verdicts)} | fields))


def printed(results: Results, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="strict")
    print_summary(Console(file=stream, width=120), results)
    stream.flush()
    return raw.getvalue().decode(encoding)


def test_a_row_sums_over_dtypes_and_conventions():
    (row,) = rows(
        [
            verdict(budget_used=0.25, effective_precision="float64", rule={"integer": "right"}),
            verdict(
                convention="two", budget_used=0.5, effective_precision="float32", rule={"border": "mean"}
            ),
            verdict(dtype="bfloat16", status="failed", budget_used=3.0, effective_precision="none"),
            verdict(dtype="float32", budget_used=None, effective_precision="tf32"),
            verdict(dtype="float16", status="unsupported"),
        ]
    )
    assert (row.status, row.passed, row.judged, row.unsupported, row.budget_used) == (
        Status.FAILED,
        3,
        4,
        1,
        3.0,
    )
    assert row.precisions == "f64→f32 f32→tf32 bf16→none"
    assert row.rules == ("one: integer right", "two: border mean")


def test_subjects_share_their_evaluations():
    shared = {"examples": 3, "evaluations": {"forwards": 5, "backwards": 2}}
    work = totals(
        [verdict(**shared), verdict(subject="grad_grid", **shared), verdict(dtype="float32", **shared)]
    )
    assert (work.examples, work.forwards, work.backwards) == (6, 10, 4)


def test_findings_that_differ_in_numbers_only_are_one():
    many = [
        verdict(
            status="failed",
            subject=subject,
            convention=f"c{n}",
            reason=f"error {n}.5e-3 at ({n}, 0)",
            reproducer=f"r{n}.py",
        )
        for n in range(50)
        for subject in ("output", "grad_grid")
    ]
    first, second = findings([*many, verdict(status="crashed", reason="signal 11")])
    assert (first.status, second.count, second.subjects) == (Status.CRASHED, 100, "output, grad_grid")
    assert second.reason == ("error 0.5e-3 at (0, 0)",)
    text = printed(results_of(*many))
    assert len(text.splitlines()) < 20
    assert "r0.py and 49 more" in text


def test_hundreds_of_different_failures_stay_readable():
    text = printed(
        results_of(*(verdict(check=f"c{n}", status="failed", reason="x\n" * 40) for n in range(300)))
    )
    assert "... and 288 more findings (288 verdicts)" in text
    assert text.count("FAILED") == 12


def test_failures_stand_before_the_verdict_and_warnings_are_told():
    text = printed(
        results_of(
            verdict(status="timed out", reason="no reply in 5 s"), verdict(warning="a rule that stalls")
        )
    )
    assert text.index("TIMED OUT values: c (output)") < text.index("fake does not conform")
    assert "warning: a rule that stalls" in text
    assert warnings([verdict(warning="w")] * 3)[0].count == 3


def test_what_was_seen_is_counted_and_left_to_the_files():
    seen = [
        verdict(observed={"nan": "output nan"}),
        verdict(subject="grad_grid", observed={"nan": "output nan"}),
    ]
    text = printed(results_of(*seen, verdict(suite="other", observed={"a": "b", "c": "d"})))
    assert "seen where nothing is prescribed: other 2, values 1; summary.md tells each" in text
    assert "seen where" not in printed(results_of(verdict()))


def known_failure(**fields) -> Verdict:
    told = {"status": "raised", "reason": "no half", "upstream": "o/r#1"}
    return verdict(status="known failure", known=told | fields.pop("known", {}), **fields)


def test_known_failures_are_told_in_one_notice_each():
    alike = [known_failure(dtype=dtype, reason=f"no {dtype}") for dtype in ("float16", "bfloat16")]
    crashed = known_failure(check="d", known={"status": "crashed"})
    other = known_failure(known={"reason": "wrong rows", "upstream": "not reported yet"})
    text = printed(results_of(verdict(), *alike, crashed, other))
    assert (
        "known failure: raised, crashed: no half; upstream: o/r#1 (c, d; float16, bfloat16, float64; 3 verdicts)"
        in text
    )
    assert "known failure: raised: wrong rows; upstream: not reported yet (c; float64; 1 verdict)" in text
    assert "fake conforms: 1 verdict passed, 0 failed, 4 known failures;" in text
    assert "! known failure" in text
    assert findings([*alike, crashed, other]) == []


def test_known_failures_alone_do_not_conform():
    assert "nothing could be judged" in sentence(results_of(known_failure()))
    assert "0 failed, 1 known failure;" in sentence(results_of(verdict(), known_failure()))


def test_a_row_with_a_known_failure_has_not_passed():
    (row,) = rows([verdict(), known_failure(), verdict(status="unsupported")])
    assert (row.status, row.passed, row.judged) == (Status.KNOWN, 1, 2)
    (row,) = rows([verdict(status="failed"), known_failure()])
    assert row.status is Status.FAILED


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_hostile_text_shows_as_it_is(encoding):
    hostile = verdict(check=HOSTILE, subject=HOSTILE, convention=HOSTILE, status="raised", reason=HOSTILE)
    text = printed(results_of(hostile, verdict(warning=HOSTILE), target=HOSTILE), encoding)
    assert not set(text) & {"\x1b", "\x07", "\u202e"}
    assert r"[bold red]x[/nope] | `a` <b>\n\x1b[31mred\x1b]0;t\x07 \u202eevil" in text


def test_sentences():
    assert sentence(results_of(verdict())).startswith("fake conforms: 1 verdict passed, 0 failed; 0 examples")
    assert "was not judged to the end" in sentence(results_of(verdict(), finished=False))
    assert "nothing could be judged" in sentence(results_of())
    assert "0 failed, 1 timed out" in sentence(results_of(verdict(status="timed out")))


@pytest.mark.parametrize(
    ("used", "told"),
    [
        (None, ""),
        (0.0, "0.000"),
        (0.5, "0.500"),
        (1e-9, "1.0e-09"),
        (2e7, "2.0e+07"),
        (1.7e308, "not finite"),
    ],
)
def test_budgets(used, told):
    assert budget(used) == told
