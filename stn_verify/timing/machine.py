"""The machine of a run: what every process is pinned to, and what is told of it."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("numpy", "pandas", "pyarrow", "pytest", "pytest-benchmark", "pydantic", "safetensors")

SPINS = "10000"
"""Turns that a thread of GNU OpenMP waits awake, about a quarter of a millisecond: within a call, and between calls that follow
each other, threads are as quick as by default, and those of the processes that are not timed sleep. By default they stay awake
for 300,000 turns and take the cores from whoever is timed next; with the policy `passive` small operators of torch take up to
1.7 times as long as users see.
"""

KEPT = str(2**40)


def variables(threads: int) -> dict[str, str]:
    """What the processes find in their environment."""
    pinned = dict.fromkeys(
        ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), str(threads)
    )
    return pinned | {
        "OMP_WAIT_POLICY": "passive",
        "GOMP_SPINCOUNT": SPINS,
        "KMP_BLOCKTIME": "1",
        # Whether freed memory goes back to the system depends on what a process did before: page faults would come and go.
        "MALLOC_TRIM_THRESHOLD_": KEPT,
        "MALLOC_MMAP_THRESHOLD_": str(2**25),
    }


@contextlib.contextmanager
def pinned(threads: int) -> Iterator[None]:
    """Inside, processes that are started find `variables`."""
    given = variables(threads)
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def load_average() -> float | None:
    """Over the last minute; None where the system does not say."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None


def commit() -> str | None:
    """Of the working copy that this code is in, with "-dirty" where it was changed; None outside of one."""
    here = Path(__file__)
    git = ("git", "-C", str(here.parent))
    if _said(*git, "ls-files", "--error-unmatch", here.name) is None:
        # Installed in somebody else's working copy.
        return None
    told = _said(*git, "describe", "--always", "--dirty", "--abbrev=12")
    return told and told[:60]


def gpu(device: str) -> tuple[str | None, str | None]:
    """The name of a CUDA device and its driver's version; None where there is none, or nvidia-smi is not here."""
    told = _queried(device, "name,driver_version")
    return (None, None) if told is None or len(told) != 2 else (told[0][:200], told[1][:200])


def clock_hertz(device: str) -> float | None:
    """Of a CUDA device's multiprocessors, now; read, never set."""
    told = _queried(device, "clocks.sm")
    try:
        return None if told is None else 1e6 * float(told[0])
    except ValueError:
        return None


def _queried(device: str, what: str) -> list[str] | None:
    if not device.startswith("cuda"):
        return None
    number = device.partition(":")[2] or "0"
    told = _said("nvidia-smi", f"--query-gpu={what}", "--format=csv,noheader,nounits", f"--id={number}")
    return None if told is None else [part.strip() for part in told.splitlines()[0].split(",")]


def _said(program: str, *arguments: str) -> str | None:
    """The first words of a program; None where it is not here or fails."""
    found = shutil.which(program)
    if found is None:
        return None
    try:
        done = subprocess.run([found, *arguments], capture_output=True, timeout=10, check=True, text=True)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip() or None
