"""What is told of the machine, and what processes find in their environment."""

import os
from pathlib import Path

import pytest

from stn_verify.timing import machine

SMI = """#!/bin/sh
case "$*" in
  *name,driver_version*--id=1*) echo "Pretending GPU, 570.1" ;;
  *clocks.sm*--id=1*) echo 1410 ;;
  *) exit 1 ;;
esac
"""


def test_processes_find_what_is_pinned_and_we_what_was_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    with machine.pinned(2):
        assert machine.variables(2).items() <= os.environ.items()
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "GOMP_SPINCOUNT" not in os.environ


def test_the_clock_of_a_gpu_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(SMI)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert machine.gpu("cuda:1") == ("Pretending GPU", "570.1")
    assert machine.clock_hertz("cuda:1") == 1.41e9
    assert machine.gpu("cuda:0") == (None, None)
    assert machine.clock_hertz("cuda:0") is None
    assert machine.clock_hertz("cpu") is None


def test_without_programs_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert machine.commit() is None
    assert machine.gpu("cuda") == (None, None)
