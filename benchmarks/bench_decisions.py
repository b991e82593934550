"""What `stn-verify bench` decides where the answer is known, and whether two runs agree.

1. torch's sampler, slowed down by 15 %, against itself: what is decided is to be slower.
2. The same sampler against itself: nothing is to be decided.
3. production against torch, twice: whatever both runs decide is to agree.

    python benchmarks/bench_decisions.py [--output DIR] [--runs 2]
"""

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from stn_verify.records import Decision, Records, load

PLANTED = Path(__file__).with_name("planted.py")
RUN = "from stn_verify.cli.app import main; main()"


def bench(folder: Path, target: str, peer: str) -> Records:
    """One quick run."""
    command = [
        *(sys.executable, "-c", RUN, "bench", target),
        *("--against", peer, "--quick", "--output", str(folder)),
    ]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    assert done.returncode in (0, 1), done.returncode
    records = load(folder)
    told = Counter(str(row.decision or row.timing) for row in records.records)
    counts = ", ".join(f"{count} {name}" for name, count in sorted(told.items()))
    print(f"{target} against {peer}: {counts}; {records.environment.seconds:.0f} s", flush=True)
    return records


def main() -> None:
    """Print what was decided, and fail where it is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, help="folder for the records, one in it for each run")
    parser.add_argument("--runs", type=int, default=2, help="of production against torch")
    options = parser.parse_args()
    folder = options.output or Path(tempfile.mkdtemp())

    slowed = bench(folder / "slowed", f"{PLANTED}:SLOWED", f"{PLANTED}:PLAIN")
    assert not any(row.decision is Decision.FASTER for row in slowed.records)
    same = bench(folder / "same", f"{PLANTED}:PLAIN", f"{PLANTED}:PLAIN")
    assert not any(row.decided for row in same.records), [row.case for row in same.records if row.decided]

    seen: dict[tuple[str, str, str], set[Decision]] = {}
    for number in range(options.runs):
        for row in bench(folder / f"run {number + 1}", "production", "torch").records:
            if row.decided and row.decision is not None:
                seen.setdefault(row.key, set()).add(row.decision)
    apart = [key for key, decisions in seen.items() if len(decisions) > 1]
    print(f"{len(seen)} rows decided in any run, {len(apart)} of them in both ways")
    assert not apart, apart


if __name__ == "__main__":
    main()
