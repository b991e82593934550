"""Whole runs of the command, for tests that read what it wrote."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stn_verify.verdicts.results import Results, read_results

Checker = Callable[..., tuple[int, Results]]


@pytest.fixture
def check(tmp_path: Path) -> Checker:
    """Run `stn-verify check TARGET --quick OPTIONS...`; its exit status and its results."""

    def run(target: str, *options: str) -> tuple[int, Results]:
        command = [sys.executable, "-c", "from stn_verify.cli.app import main; main()", "check", target]
        command += ["--quick", "--output", str(tmp_path), *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        return done.returncode, read_results(tmp_path / "results.json")

    return run
