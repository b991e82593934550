"""A small world in a folder: fake suites, plugin and implementation, driven by the real command."""

import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

from stn_verify.verdicts.results import Results, read_results

DRIVE = """
from stn_verify.cli import app, check, engine, suites
from stn_verify.contract.description import Description
from stn_verify.contract.errors import UnknownTargetError
from stn_verify.contract.target import TargetCrashed


class FakeTarget:
    def __init__(self, target, *, device, deadline, interpreter):
        if target == "nobody":
            raise UnknownTargetError("unknown target 'nobody'; known: fake, reference")
        if target == "segfault":
            raise TargetCrashed("signal 11")

    description = Description(
        name="fake", framework="numpy", framework_version="2.4", python_version="3.11", device="cpu",
        functions={"sample": []}, differentiable=["sample"], paddings=["zeros"], alignments=[False, True],
        interpolations=["bilinear"], dtypes=["float64", "float32"], unsupported={}, compute_dtype=None,
        subgradient=None,
    )

    def close(self):
        pass


suites.PACKAGE, engine.PLUGIN, check.WorkerTarget = "fake_suites", "fake_plugin", FakeTarget
app.main()
"""

PLUGIN = """
import json
import pytest

FIELDS = {"suite": "values", "check": "c", "subject": "output", "dtype": "float64", "convention": "one",
          "status": "passed", "examples": 3, "evaluations": {"forwards": 5}}


def pytest_addoption(parser):
    for name in ("--stn", "--stn-device", "--stn-profile", "--stn-seed", "--stn-deadline", "--stn-python",
                 "--stn-output", "--stn-known-failures"):
        parser.addoption(name)
    parser.addoption("--stn-dtype", action="append")


@pytest.fixture
def judge(request):
    rows = []
    yield lambda **fields: rows.append(FIELDS | fields)
    request.node.user_properties.extend(("stn-verdict", json.dumps(row)) for row in rows)
"""


@dataclass(frozen=True)
class World:
    """The folder, and how to act in it."""

    folder: Path

    def suite(self, name: str, source: str) -> None:
        """Write a suite module."""
        module = self.folder / "fake_suites" / f"test_{name}.py"
        module.write_text(f'"""About {name}."""\n{textwrap.dedent(source)}', encoding="utf-8")

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start the command in a working directory of its own."""
        path = os.pathsep.join([str(self.folder), *sys.path])
        return subprocess.Popen(
            [sys.executable, str(self.folder / "drive.py"), *arguments],
            cwd=self.folder / "cwd",
            env=os.environ | {"PYTHONPATH": path} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        process = self.start(*arguments, **environment)
        try:
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def results(self, target: str = "fake") -> Results:
        """What the last run left in the default output folder."""
        return read_results(self.folder / "cwd" / "stn-verify-output" / target / "results.json")


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "cwd").mkdir()
    (tmp_path / "fake_suites").mkdir()
    (tmp_path / "fake_suites" / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "fake_plugin.py").write_text(PLUGIN, encoding="utf-8")
    (tmp_path / "drive.py").write_text(DRIVE, encoding="utf-8")
    made = World(tmp_path)
    made.suite("values", "def test_right(judge):\n    judge()\n")
    return made
