"""The command `identify`, from the outside: what it prints, its exit status, and its JSON."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stn_verify.identification.findings import SCHEMA, Identification

TARGETS = """
import numpy as np
from stn_reference import sample as held

def plain(image, grid):
    return held(image, grid, padding="border", align_corners=True)

def coarse(image, grid):
    return held(image, np.round(grid * 64) / 64 * 1.3, padding="border", align_corners=True)

def crashing(image, grid):
    import os
    os.abort()
"""


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(TARGETS)
    return path


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from stn_verify.cli.app import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_lines_in_a_log(target: Path) -> None:
    done = run("identify", f"{target}:plain", "--dtype", "float64")
    assert done.returncode == 0, done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    for line in (
        "image: NCHW",
        "last axis of the grid: (x, y)",
        "units: normalised, [-1, 1]",
        "align_corners: True",
        "along x: scale (W - 1) / 2, offset (W - 1) / 2: 4 ± 0.01 pixels per unit, 4 ± 0.01 at 0 (W = 9)",
        "kernel: bilinear",
        "outside: border",
        "precision of float64: output float64",
        'output = F.grid_sample(image, grid, mode="bilinear", padding_mode="border", align_corners=True)',
    ):
        assert line in lines
    assert lines[-1].startswith(f"{target}:plain: identified, from 5 small calls")


def test_an_object_for_programs(target: Path) -> None:
    done = run("identify", f"{target}:plain", "--json", "--dtype", "float64")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["schema"] == SCHEMA
    found = Identification.model_validate_json(done.stdout)
    assert found.found[0].paddings == ["border"]
    assert found.identified


def test_what_is_not_known_is_told(target: Path) -> None:
    done = run("identify", f"{target}:coarse")
    assert done.returncode == 1
    assert "not clear: " in done.stdout
    assert "not fully identified" in done.stdout


def test_a_crash_is_told(target: Path) -> None:
    done = run("identify", f"{target}:crashing")
    assert done.returncode == 1, done.stderr
    assert "not clear: a call crashed" in done.stdout


def test_a_wrong_request_is_one_line(target: Path) -> None:
    done = run("identify", f"{target}:nothing")
    assert done.returncode == 2
    assert "has no 'nothing'; it has coarse, crashing, plain" in done.stderr
    assert "Traceback" not in done.stderr
