"""Known failures in plain pytest: expected where they fail, missed where they do not."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TARGETS = Path(__file__).parents[1] / "suites" / "bad_targets.py"
ENTRY = '[[known]]\ncheck = "{}"\nstatus = "crashed"\nreason = "ends on NaN"\nupstream = "o/r#1"\n'


def run(
    folder: Path, known: str, *options: str, check: str = "coordinates"
) -> subprocess.CompletedProcess[str]:
    file = folder / "known.toml"
    file.write_text(known)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--pyargs",
        "stn_suites.test_robustness",
        "-q",
        "-rx",
        "-k",
        check,
    ]
    command += [
        "-p",
        "no:cacheprovider",
        f"--stn={TARGETS}:crashes_on_nan",
        "--stn-dtype=float64",
        f"--stn-known-failures={file}",
    ]
    return subprocess.run(
        [*command, *options], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize("spread", [(), ("-n1",)])
def test_a_known_failure_is_expected(tmp_path: Path, spread: tuple[str, ...]) -> None:
    done = run(tmp_path, ENTRY.format("nan*"), "--stn-profile=quick", "--junitxml=junit.xml", *spread)
    assert done.returncode == 0, done.stdout
    assert re.search(r"2 passed, .*1 xfailed", done.stdout)
    assert "ends on NaN (o/r#1)" in done.stdout
    assert 'type="pytest.xfail"' in (tmp_path / "junit.xml").read_text()


def test_another_failure_is_none(tmp_path: Path) -> None:
    other = ENTRY.format("nan*").replace("crashed", "raised")
    done = run(tmp_path, other, "--stn-profile=quick", check="nan_coordinates")
    assert done.returncode == 1
    assert "1 failed" in done.stdout


@pytest.mark.parametrize("spread", [(), ("-n1",)])
def test_a_stale_one_is_missed(tmp_path: Path, spread: tuple[str, ...]) -> None:
    # One was seen in another version of the target's framework, which is known where the check runs.
    elsewhere = 'version = "<1"\n'
    seen_here = ENTRY.format("infinite*") + 'version = ">=1"\n'
    known = f"{seen_here}{ENTRY.format('infinite coordinates')}{elsewhere}{ENTRY.format('of another run')}"
    done = run(tmp_path, known, *spread, check="infinite_coordinates")
    assert done.returncode == 1, done.stdout
    assert "1 passed" in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if "stale" in line]
    assert (
        line
        == f"infinite* (crashed): stale: now passes (3 verdicts); take it out of {tmp_path / 'known.toml'}"
    )


def test_few_examples_miss_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, ENTRY.format("infinite*"), "--stn-profile=quick", check="infinite_coordinates")
    assert done.returncode == 0, done.stdout


def test_a_broken_file_ends_the_run_before_it_begins(tmp_path: Path) -> None:
    done = run(tmp_path, "[[known]]\n")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"{tmp_path / 'known.toml'}: entry 1: has no 'check'" in done.stderr
