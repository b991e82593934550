"""Reproducers are run as a person would run them: `python reproducers/....py`, in the folder of the check."""

import contextlib
import io
import os
import runpy
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stn_verify.bounds.comparison import Comparison
from stn_verify.cases import grids, thetas
from stn_verify.cases.case import NetworkCase, SampleCase, TransformCase
from stn_verify.cases.strategies import Frame, sample_case, transform_case
from stn_verify.contract.convention import Convention
from stn_verify.contract.loading import load
from stn_verify.contract.target import Target, TargetFailure
from stn_verify.exploration.examination import Examination, Nonconforming
from stn_verify.exploration.profiles import PROFILES
from stn_verify.exploration.reproducer import write_reproducers
from stn_verify.judging.statement import Statement
from stn_verify.verdicts.results import Verdict
from stn_verify.workers.evaluator import InProcessTarget
from stn_verify.workers.translation import Route, TranslatedTarget

# The modules here import each other by name.
HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.append(HERE)

Check = Callable[[Target, Any], Iterable[Comparison | Statement]]


@dataclass(frozen=True)
class Shown:
    """A failure with its script."""

    examination: Examination
    verdict: Verdict
    script: Path
    text: str


class Bench:
    """A folder with a target in a file, its examination, and its scripts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def sampling(self, side: int = 3, *, images: int = 2, dtype: str = "float64") -> SampleCase:
        """A case of a few generic numbers."""
        frame = Frame(images, 2, (side, 4), (2, 3), Convention("border", True), dtype)
        return sample_case(frame, "around", grids.around, 3)

    def transforming(self) -> TransformCase:
        """The same for the fused function."""
        frame = Frame(2, 2, (3, 4), (2, 3), Convention("border", True), "float64")
        return transform_case(frame, "general", thetas.general, 3)

    def shown(
        self,
        target: str,
        source: str,
        case: SampleCase | TransformCase | NetworkCase,
        check: Check,
        routes: Mapping[tuple[str, Convention], Route] | None = None,
        subjects: Sequence[str] = ("output",),
    ) -> Shown:
        """Examine what is written to a file, and write the script of the one failure."""
        self.write(source)
        held = InProcessTarget(load(target))
        examination = Examination(
            "suite",
            "check",
            case.dtype,
            case.convention,
            subjects,
            TranslatedTarget(held, held.description, routes or {}),
            PROFILES["quick"],
            0,
        )
        with pytest.raises(Nonconforming):
            examination.judge([case], check)
        return self.told(target, examination)

    def stopped(self, target: str, case: NetworkCase, failure: TargetFailure) -> Shown:
        """The script of a call that brought no result; the reference stands for a program."""
        held = InProcessTarget(load("reference" if target.startswith("exec:") else target))
        examination = Examination(
            "suite", "check", case.dtype, case.convention, ("output",), held, PROFILES["quick"], 0
        )
        examination.failure, examination.failed_case = failure, case
        return self.told(target, examination)

    def told(self, target: str, examination: Examination) -> Shown:
        """The script of an examination's one failure."""
        (verdict,) = write_reproducers(target, examination, examination.verdicts(), self.folder / "out")
        assert verdict.reproducer is not None, verdict.reason
        script = self.folder / "out" / verdict.reproducer
        return Shown(examination, verdict, script, script.read_text())

    def write(self, source: str) -> None:
        """Another target in the same file."""
        (self.folder / "target.py").write_text(source)
        # Of the same second and the same size: Python would take the old bytecode.
        for cached in (self.folder / "__pycache__").glob("*.pyc"):
            cached.unlink()

    def run(self, shown: Shown, *, isolated: bool = False) -> subprocess.CompletedProcess[str]:
        """Run a script in this process, which has its framework already, or, `isolated`, in one of its own."""
        if not isolated:
            return self._run_here(shown.script)
        return subprocess.run(
            [sys.executable, str(shown.script)],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )

    def _run_here(self, script: Path) -> subprocess.CompletedProcess[str]:
        """As Python does, but for what a script leaves behind in the process."""
        told, warned, status = io.StringIO(), io.StringIO(), 0
        with (
            contextlib.redirect_stdout(told),
            contextlib.redirect_stderr(warned),
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setattr(sys, "path", [str(script.parent), *sys.path])
            patch.delitem(sys.modules, "reproduced_target", raising=False)
            try:
                runpy.run_path(str(script), run_name="__main__")
            except SystemExit as ended:
                status = int(ended.code or 0)
            except Exception:  # noqa: BLE001  as Python ends a script, whatever it raises
                traceback.print_exc()
                status = 1
            finally:
                sys.modules.pop("reproduced_target", None)
        return subprocess.CompletedProcess(str(script), status, told.getvalue(), warned.getvalue())


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The folder is the current one; loading from it leaves the path alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    return Bench(tmp_path)
