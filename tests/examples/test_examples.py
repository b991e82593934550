"""Each example runs, as a script and as a notebook, and the two are one."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("torch", reason="the examples' networks are torch's")

# The maker of the notebooks is a script of this folder.
HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.append(HERE)

from notebooks import SCRIPTS, executed, of_script, words  # noqa: E402  this folder is no package

each_script = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One thread each, as threads of tests that run side by side wait for each other; no traces in the home folder."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))


def test_there_are_examples() -> None:
    assert len(SCRIPTS) == 2


@each_script
def test_in_step(script: Path) -> None:
    """Renewed by `python tests/examples/notebooks.py --write`."""
    kept = nbformat.read(script.with_suffix(".ipynb"), as_version=4)
    made = of_script(script)
    assert [(cell.id, cell.cell_type, cell.source) for cell in kept.cells] == [
        (cell.id, cell.cell_type, cell.source) for cell in made.cells
    ]


@each_script
def test_script(script: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(tmp_path.glob("*.py")), "an example leaves files behind"


@each_script
def test_notebook(script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It prints what is kept, but for numbers."""
    monkeypatch.chdir(tmp_path)
    kept = nbformat.read(script.with_suffix(".ipynb"), as_version=4)
    assert words(executed(of_script(script))) == words(kept)
