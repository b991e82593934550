"""docs/mutants.md: which mutant was killed by what, which right sampler passed, and how many right cases failed."""

from collections.abc import Sequence
from dataclasses import dataclass

from false_failures import Count
from faults import GROUPS, Mutant
from killing import Outcome, coarsest, survived
from pages import listed, table, versions
from unusual import Unusual

from stn_reports.markdown import escaped
from stn_verify.verdicts.grouping import budget, counted
from stn_verify.verdicts.results import Status, Verdict

HEAD = """# Planted faults, right but unusual samplers, false failures

Who verifies the verifier? A right sampler with one fault, a **mutant**, must fail, and for the right reason; a right sampler must
pass, however unusual. This page is written by

```sh
python tests/mutants/kill_table.py --write
```

which exits with 1 where a mutant survives or anything right fails. The mutants: `tests/mutants/faulty_*.py`,
`corpus_torch*.py`. Those that rebuild defects of released software: [bugzoo.md](bugzoo.md).
"""

RULES = """Every check of every suite runs to its end against every mutant, in the `{profile}` profile and in the conventions and
dtypes that the mutant declares; left out is only that a failing case is then made smaller. Nothing stops at the first kill, no
check is chosen for a mutant. Mutants run in the process that judges them; those that end their process, by `stn-verify check`.

A mutant is **killed** where each subject that its fault makes wrong is reported with the expected status, where nothing is
reported that is right (a fault in one gradient must accuse no other result), and where the effective precision told is the
planted one, if it computes in a coarser arithmetic. A wrong output or grid makes its gradients wrong too: they may be reported.

- *by*: the checks that report an expected subject.
- *budget*: the largest error over its bound, of the expected subject in which that is smallest; empty where no result came.
- *precision*: the finest arithmetic that explains every error; `none` where not even the coarsest does.
- *examples*: how many cases the quickest check took until one failed, of the expected subject that took longest; empty where it
  was not counted, because no result came or another process judged.
"""


@dataclass(frozen=True)
class Run:
    """What the page tells."""

    profile: str
    mutants: Sequence[tuple[Mutant, Outcome]]
    right: Sequence[tuple[Unusual, Outcome]]
    count: Count | None
    """False failures of a right target; None: not counted."""

    @property
    def survivors(self) -> list[str]:
        """The mutants that were not killed."""
        return [mutant.name for mutant, outcome in self.mutants if survived(mutant, outcome.verdicts)]

    @property
    def failures(self) -> int:
        """Verdicts on right samplers that are not passed, and false failures."""
        false = len(self.count.failures) if self.count else 0
        return false + sum(len(failing(outcome.verdicts)) for _, outcome in self.right)


def page(run: Run) -> str:
    """All of it as Markdown."""
    killed = len(run.mutants) - len(run.survivors)
    parts = [
        HEAD,
        f"**{killed} of {counted(len(run.mutants), 'mutant')} killed, {counted(len(run.right), 'right sampler')} with"
        f" {counted(sum(len(failing(outcome.verdicts)) for _, outcome in run.right), 'failed verdict')}"
        f"{_false(run.count)}.** {versions()}.\n",
        "## Mutants\n",
        RULES.format(profile=run.profile),
        _groups(run),
        *filter(None, (_group(run, group) for group in GROUPS)),
    ]
    if run.right:
        parts.append(_right(run))
    if run.count:
        parts.append(_count(run.count))
    return "\n".join(parts)


def failing(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Those that are not passed."""
    return [verdict for verdict in verdicts if not verdict.status.conforms]


def killers(mutant: Mutant, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts that report an expected subject with the expected status."""
    return [v for v in verdicts if v.subject in mutant.subjects and v.status is mutant.status]


def checks(verdicts: Sequence[Verdict]) -> list[str]:
    """The checks that they are of."""
    return list(dict.fromkeys(f"{verdict.suite}: {verdict.check}".replace("_", " ") for verdict in verdicts))


def _false(count: Count | None) -> str:
    return (
        f", {counted(len(count.failures), 'false failure')} in {counted(count.cases, 'right case')}"
        if count
        else ""
    )


def _groups(run: Run) -> str:
    rows = []
    for group in GROUPS:
        names = [mutant.name for mutant, _ in run.mutants if mutant.group == group]
        dead = len(names) - len(set(names) & set(run.survivors))
        rows.append([group.replace("_", "\\_"), str(len(names)), str(dead), _rate(dead, len(names))])
    total, dead = len(run.mutants), len(run.mutants) - len(run.survivors)
    rows.append(["**all**", f"**{total}**", f"**{dead}**", f"**{_rate(dead, total)}**"])
    return table(["group", "mutants", "killed", "rate"], rows) + "\n"


def _rate(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""


def _group(run: Run, group: str) -> str:
    rows = [_row(mutant, outcome) for mutant, outcome in run.mutants if mutant.group == group]
    if not rows:
        return ""
    head = ["mutant", "fault", "expected", "reported", "by", "budget", "precision", "examples"]
    return f"### {escaped(group)}\n\n{table(head, rows)}\n"


def _row(mutant: Mutant, outcome: Outcome) -> list[str]:
    by = killers(mutant, outcome.verdicts)
    problems = survived(mutant, outcome.verdicts)
    told = f"**survived**: {escaped('; '.join(problems))}" if problems else listed(checks(by))
    if mutant.gap:
        told += f" (known: {escaped(mutant.gap)})"
    found = sorted({verdict.subject for verdict in by})
    weakest = [
        max((v.budget_used or 0.0 for v in by if v.subject == subject), default=0.0) for subject in found
    ]
    precisions = (
        dict.fromkeys(coarsest(by, subject) for subject in found) if mutant.status is Status.FAILED else {}
    )
    counts = [outcome.failed_at[subject] for subject in found if subject in outcome.failed_at]
    expected = escaped(", ".join(sorted(mutant.subjects)))
    return [
        escaped(mutant.name),
        escaped(mutant.what),
        expected if mutant.status is Status.FAILED else f"{expected} {mutant.status}",
        escaped(", ".join(sorted({verdict.subject for verdict in failing(outcome.verdicts)}))),
        told,
        budget(min(weakest)) if weakest and min(weakest) > 1 else "",
        escaped(", ".join(precisions)),
        str(max(counts)) if counts else "",
    ]


def _right(run: Run) -> str:
    rows = []
    for right, outcome in run.right:
        bad = failing(outcome.verdicts)
        told = listed([f"{v.suite}: {v.check}: {v.subject}: {v.reason}" for v in bad], 5) or "0"
        largest = max((v.budget_used for v in outcome.verdicts if v.budget_used is not None), default=None)
        passed = sum(verdict.status is Status.PASSED for verdict in outcome.verdicts)
        warned = "yes" if any(verdict.warning for verdict in outcome.verdicts) else ""
        rows.append(
            [escaped(outcome.name), escaped(right.what), f"{passed:,}", told, warned, budget(largest)]
        )
    return f"""## Right but unusual samplers

Each whole, in the `{run.profile}` profile, in every convention and dtype that it offers. A warning may go with a pass: that the
rule at kinks stalls a network which starts at the identity.

{table(["sampler", "unusual", "verdicts passed", "failed", "warned", "largest budget"], rows)}
"""


def _count(count: Count) -> str:
    rows = [
        [dtype, escaped(subject), budget(used)] for (dtype, subject), used in sorted(count.largest.items())
    ]
    refused = "".join(
        f"- refused {counted(times, 'time')}, which brings no result that could be failed: {escaped(message)}\n"
        for message, times in count.refused.most_common()
    )
    failed = "".join(f"- {escaped(failure)}\n" for failure in count.failures[:20])
    return f"""## False failures

`python tests/mutants/false_failures.py --cases {count.cases} --target torch`: {counted(len(count.failures), "false failure")} in
{counted(count.cases, "case")} of {counted(len(count.kinds), "kind")} of grid and theta, in six conventions, of `grid_sample` and
`affine_grid` on the CPU.

{table(["dtype", "subject", "largest budget"], rows)}

{refused}{failed}"""
