"""Machine code is kept on disk, is found again, and is never that of other sources."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs PyTorch")
pytest.importorskip("numba", reason="the CPU's kernels are written in it")

import numpy as np
from numba import njit
from numba.core import config

import stn_production
from stn_production.cpu.caching import FORGOTTEN_AFTER, kept_apart

PROGRAM = """
import torch
from stn_production.cpu import transform_forward, direct
from numba.core import config
transform_forward(torch.ones(1, 1, 8, 8), torch.eye(2, 3)[None], (8, 8), False, "zeros")
stats = direct.forward.stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()), repr(config.CACHE_DIR))
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that this process' kernels are cached in."""
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def doubling() -> Any:
    """A kernel, as a process finds it when it begins."""
    with kept_apart():

        @njit(cache=True)
        def kernel(x: Any) -> Any:
            return x + x

    return kernel


def hits(kernel: Any) -> int:
    """How many of its compiled forms came from the cache."""
    return sum(kernel.stats.cache_hits.values())


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
    folder = copied / "cache"
    kept = {"XDG_CACHE_HOME": str(folder), "LOCALAPPDATA": str(folder)}
    assert run(copied, **kept) == ["0", "1", "''"]
    assert run(copied, **kept) == ["1", "0", "''"]
    vectors = copied / "stn_production" / "cpu" / "vectors.py"
    vectors.write_text(vectors.read_text() + "\n# changed\n")
    assert run(copied, **kept) == ["0", "1", "''"]
    assert len(list(folder.rglob("stn_production-*"))) == 2


def test_the_users_folder_is_taken(copied: Path) -> None:
    run(copied, NUMBA_CACHE_DIR=str(copied / "given"))
    assert list((copied / "given").glob("stn_production-*"))


def test_nowhere_to_write(copied: Path) -> None:
    """A file stands where folders should be, for whoever is root can write anywhere."""
    nowhere = copied / "file"
    nowhere.write_text("")
    found, compiled, _ = run(
        copied, NUMBA_CACHE_DIR=str(nowhere / "a"), XDG_CACHE_HOME=str(nowhere), HOME=str(nowhere)
    )
    assert (found, compiled) == ("0", "1")
    assert not list(copied.rglob("*.nb[ci]"))


def test_two_processes_that_compile_for_other_types_at_once(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one has seen no index, writes one after the other's, and its code before the other's."""
    one, other = doubling(), doubling()
    files, unaware = one._cache._cache_file, other._cache._cache_file
    write = files._save_data

    def after_the_other(name: str, data: Any) -> None:
        monkeypatch.setattr(unaware, "_load_index", dict)
        assert other(np.float32(1.5)) == 3
        write(name, data)

    monkeypatch.setattr(files, "_save_data", after_the_other)
    assert one(2**40) == 2**41
    later = doubling()
    assert later(np.float32(1.5)) == 3
    assert hits(later) == 1


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
def test_files_cut_short_are_written_anew(cache: Path, suffix: str) -> None:
    doubling()(1.5)
    (cut,) = cache.rglob(f"*.{suffix}")
    cut.write_bytes(b"")
    again = doubling()
    assert again(1.5) == 3
    assert hits(again) == 0


def test_a_cache_that_is_lost_is_done_without(cache: Path) -> None:
    """A file stands in the folder's place, as no right or room to write would."""
    kernel = doubling()
    shutil.rmtree(cache)
    cache.write_text("")
    assert kernel(1.5) == 3


def test_what_no_process_has_asked_for_goes(cache: Path) -> None:
    doubling()
    (own,) = cache.iterdir()
    own.rename(cache / "stn_production-a")
    (cache / "stn_production-b").mkdir()
    (cache / "else").mkdir()
    long_ago = time.time() - FORGOTTEN_AFTER - 60
    for folder in ("stn_production-a", "else"):
        os.utime(cache / folder, (long_ago, long_ago))
    doubling()
    assert {folder.name for folder in cache.iterdir()} == {own.name, "stn_production-b", "else"}


def test_a_folder_that_is_used_stays(cache: Path) -> None:
    doubling()
    (own,) = cache.iterdir()
    os.utime(own, (0, 0))
    doubling()
    assert time.time() - own.stat().st_mtime < FORGOTTEN_AFTER
