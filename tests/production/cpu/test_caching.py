"""Machine code is kept on disk, is found again, and is never that of other sources."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs PyTorch")
pytest.importorskip("numba", reason="the CPU's kernels are written in it")

import stn_production

PROGRAM = """
import torch
from stn_production.cpu import transform_forward, planes_forward
from numba.core import config
transform_forward(torch.ones(1, 1, 8, 8), torch.eye(2, 3)[None], (8, 8), False, "zeros")
stats = planes_forward.forward.stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()), repr(config.CACHE_DIR))
"""


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A folder with a copy of the package."""
    source = Path(stn_production.__file__).parent
    shutil.copytree(source, tmp_path / "stn_production", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def run(root: Path, **environment: str) -> list[str]:
    """Cache hits and misses of a kernel in a fresh process, and what Numba's setting is afterwards."""
    kept = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=kept | {"PYTHONPATH": str(root), "PYTHONSAFEPATH": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_it_is_found_again_and_not_after_a_change_in_another_file(copied: Path) -> None:
    cache = copied / "cache"
    kept = {"XDG_CACHE_HOME": str(cache), "LOCALAPPDATA": str(cache)}
    assert run(copied, **kept) == ["0", "1", "''"]
    assert run(copied, **kept) == ["1", "0", "''"]
    vectors = copied / "stn_production" / "cpu" / "vectors.py"
    vectors.write_text(vectors.read_text() + "\n# changed\n")
    assert run(copied, **kept) == ["0", "1", "''"]
    assert len(list(cache.rglob("stn_production-*"))) == 2


def test_the_users_folder_is_taken(copied: Path) -> None:
    run(copied, NUMBA_CACHE_DIR=str(copied / "given"))
    assert list((copied / "given").glob("stn_production-*"))


def test_nowhere_to_write(copied: Path) -> None:
    """A file stands where folders should be, for whoever is root can write anywhere."""
    nowhere = copied / "file"
    nowhere.write_text("")
    temporary = copied / "temporary"
    temporary.mkdir()
    hits, misses, _ = run(
        copied,
        NUMBA_CACHE_DIR=str(nowhere / "a"),
        XDG_CACHE_HOME=str(nowhere),
        HOME=str(nowhere),
        TMPDIR=str(temporary),
    )
    assert (hits, misses) == ("0", "1")
    assert not list(temporary.glob("stn_production-*"))
