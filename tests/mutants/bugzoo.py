"""Which mutant rebuilds each defect of the bug collection, and what catches it: `python tests/mutants/bugzoo.py --write`.

Prints docs/bugzoo.md, or writes it; exit status 1 where a mutant of it survives. Needs torch.
"""

import argparse
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from bugzoo_rows import REASONS, REMARKS, Row, rebuilt, rows
from corpus import MUTANTS, load_torch
from faults import Mutant
from kill_page import checks, killers
from killing import Kills, Outcome, examine_mutant, outcomes, profile_of, survived
from pages import DOCS, add_jobs, listed, table, versions

from stn_reports.markdown import escaped
from stn_verify.exploration.profiles import PROFILES
from stn_verify.verdicts.grouping import counted

HEAD = """# Defects of released software, and what catches them

Each row of `tests/mutants/bugzoo.csv` is a defect that was met in a released spatial transformer. Its effect is rebuilt as a
mutant, a right sampler with that one fault, on the CPU also where the defect is a GPU kernel's: the batch that is refused, the
sums that are lost. The last column tells which checks report which results, and how. This page is written by

```sh
python tests/mutants/kill_table.py --write --keep kills.json
python tests/mutants/bugzoo.py --kills kills.json --write
```

Without `--kills` the second command runs the mutants that it needs. What is run, and what killed means: [mutants.md](mutants.md).
"""

REFERENCE = re.compile(
    r"(?P<repository>[\w.-]+/[\w.-]+)(?:#(?P<number>\d+)|(?=:[\w./-]))|(?<![\w/])#(?P<same>\d+)"
)
"""owner/name#1, owner/name:path, and #2 of the repository named last."""


def linked(source: str) -> str:
    """A row's source with what GitHub holds as links."""
    parts, end, repository = [], 0, None
    for match in REFERENCE.finditer(source):
        repository = match["repository"] or repository
        if repository is None:
            continue
        number = match["number"] or match["same"]
        url = f"https://github.com/{repository}" + (f"/issues/{number}" if number else "")
        parts += [escaped(source[end : match.start()]), f"[{escaped(match[0])}]({url})"]
        end = match.end()
    return "".join([*parts, escaped(source[end:])])


def page(told: Mapping[str, Outcome], profile: str) -> str:
    """The collection with what was said of its mutants, as Markdown."""
    collection = rows()
    with_mutant = [row for row in collection if rebuilt(row, MUTANTS.values())]
    caught = [row for row in with_mutant if not _survivors(row, told)]
    lines = [_line(row, told) for row in collection]
    return f"""{HEAD}
**{len(collection)} defects: {len(with_mutant)} rebuilt, of which {len(caught)} are caught;
{len(collection) - len(with_mutant)} are not rebuilt, with the reason.** Profile `{profile}`; {versions()}.

{table(["", "implementation", "source", "defect", "mutant", "caught by"], lines)}
"""


def _survivors(row: Row, told: Mapping[str, Outcome]) -> list[str]:
    return [
        mutant.name
        for mutant in rebuilt(row, MUTANTS.values())
        if survived(mutant, told[mutant.name].verdicts)
    ]


def _line(row: Row, told: Mapping[str, Outcome]) -> list[str]:
    mutants = rebuilt(row, MUTANTS.values())
    remark = escaped(REMARKS[row.id]) if row.id in REMARKS else ""
    caught = "<br>".join(
        [*(_caught(mutant, told[mutant.name]) for mutant in mutants), *([remark] if remark else [])]
    )
    if not mutants:
        caught = escaped(REASONS[row.id])
    names = "<br>".join(f"{escaped(mutant.name)}: {escaped(mutant.what)}" for mutant in mutants)
    return [row.id, escaped(row.implementation), linked(row.source), escaped(row.defect), names, caught]


def _caught(mutant: Mutant, outcome: Outcome) -> str:
    if survived(mutant, outcome.verdicts):
        return f"**{escaped(mutant.name)} survived**"
    by = killers(mutant, outcome.verdicts)
    subjects = ", ".join(sorted({verdict.subject for verdict in by}))
    return f"{escaped(mutant.name)}: {escaped(subjects)} {mutant.status} in {listed(checks(by), 2)}"


def main() -> int:
    """Exit status 1 where a mutant survives."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=Path, metavar="FILE", help="what kill_table.py --keep FILE kept")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="default", help="without --kills")
    parser.add_argument("--write", action="store_true", help=f"write {DOCS.name}/bugzoo.md")
    add_jobs(parser)
    asked = parser.parse_args()
    load_torch()
    needed = [mutant.name for mutant in MUTANTS.values() if mutant.sources]
    if asked.kills:
        kills = Kills.read(asked.kills)
    else:
        told = []
        for outcome in outcomes(examine_mutant, needed, profile_of(asked.profile), asked.jobs):
            told.append(outcome)
            print(f"[{len(told)}/{len(needed)}] {outcome.name}", file=sys.stderr, flush=True)
        kills = Kills(profile=asked.profile, mutants=told)
    held = {outcome.name: outcome for outcome in kills.mutants}
    missing = [name for name in needed if name not in held]
    if missing:
        parser.error(f"{asked.kills} is of another corpus: it lacks {', '.join(missing)}")
    written = page(held, kills.profile)
    if asked.write:
        (DOCS / "bugzoo.md").write_text(written, encoding="utf-8")
    else:
        print(written)
    survivors = [name for name in needed if survived(MUTANTS[name], held[name].verdicts)]
    print(f"{counted(len(survivors), 'survivor')}", file=sys.stderr)
    return 1 if survivors else 0


if __name__ == "__main__":
    raise SystemExit(main())
