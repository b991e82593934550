"""Runs every suite against every mutant and every right but unusual sampler: `python tests/mutants/kill_table.py --write`.

Prints docs/mutants.md, or writes it; exit status 1 where a mutant survives or something right fails. Needs torch.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from corpus import MUTANTS, UNUSUAL, load_torch
from false_failures import Count, judge
from kill_page import Run, failing, page
from killing import Kills, Outcome, examine_mutant, examine_right, profile_of, spread, survived
from pages import DOCS, add_jobs

from stn_verify.contract.loading import load
from stn_verify.exploration.profiles import PROFILES
from stn_verify.workers.evaluator import InProcessTarget


def run(mutants: Sequence[str], right: Sequence[str], cases: int, profile: str, jobs: int) -> Run:
    """Everything that the page tells, with progress on the standard error."""
    # The long ones first: at the end no process waits for one of them.
    tasks: list[Callable[[], Outcome | Count]] = [partial(count_false, cases)] if cases else []
    tasks += [partial(examine_right, name, profile_of(profile)) for name in right]
    tasks += [partial(examine_mutant, name, profile_of(profile)) for name in mutants]
    told = dict[str, Outcome]()
    counted = None
    for done, (_, result) in enumerate(spread(tasks, jobs), 1):
        if isinstance(result, Count):
            counted = result
            line = f"{len(result.failures)} false failures in {result.cases} cases"
        else:
            told[result.name] = result
            line = f"{result.name}: {_line(result)}"
        print(f"[{done}/{len(tasks)}] {line}", file=sys.stderr, flush=True)
    return Run(
        profile,
        [(MUTANTS[name], told[name]) for name in mutants],
        [(UNUSUAL[name], told[name]) for name in right],
        counted,
    )


def count_false(cases: int) -> Count:
    """Of torch."""
    return judge(InProcessTarget(load("torch")), cases)


def _line(outcome: Outcome) -> str:
    bad = failing(outcome.verdicts)
    if outcome.name in UNUSUAL:
        return f"{len(bad)} of {len(outcome.verdicts)} verdicts failed"
    problems = survived(MUTANTS[outcome.name], outcome.verdicts)
    return f"survived: {'; '.join(problems)}" if problems else f"killed by {len(bad)} verdicts"


def main() -> int:
    """Exit status 1 where anything survives or anything right fails."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", metavar="NAME", help="this mutant or sampler; repeatable")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="default")
    parser.add_argument("--cases", type=int, default=10_000, help="right cases in which failures are counted")
    parser.add_argument("--write", action="store_true", help=f"write {DOCS.name}/mutants.md")
    parser.add_argument(
        "--keep", type=Path, metavar="FILE", help="keep the verdicts for bugzoo.py --kills FILE"
    )
    add_jobs(parser)
    asked = parser.parse_args()
    load_torch()
    unknown = set(asked.only or ()) - {*MUTANTS, *UNUSUAL}
    if unknown:
        parser.error(
            f"unknown {', '.join(sorted(unknown))}; known: {', '.join(sorted({*MUTANTS, *UNUSUAL}))}"
        )
    if asked.only and (asked.write or asked.keep):
        parser.error("--write and --keep go with the whole corpus, not with --only")
    told = run(
        [name for name in MUTANTS if not asked.only or name in asked.only],
        [name for name in UNUSUAL if not asked.only or name in asked.only],
        0 if asked.only else asked.cases,
        asked.profile,
        asked.jobs,
    )
    if asked.keep:
        Kills(profile=asked.profile, mutants=[outcome for _, outcome in told.mutants]).write(asked.keep)
    if asked.write:
        (DOCS / "mutants.md").write_text(page(told), encoding="utf-8")
    else:
        print(page(told))
    return 1 if told.survivors or told.failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
