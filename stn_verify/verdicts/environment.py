"""Where a run takes place: versions, processor, cores."""

import os
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from stn_verify.verdicts.results import Environment

PACKAGES = ("numpy", "hypothesis", "pytest", "pytest-xdist", "pydantic", "safetensors")
"""What the harness itself computes with. The framework's version is the implementation's to tell."""


def environment(packages: Iterable[str] = PACKAGES) -> Environment:
    """Gather it; a package that is not installed is left out."""
    versions = {name: version(name) for name in packages}
    return Environment(
        stn_verify=version("stn-verify") or "not installed",
        python=platform.python_version(),
        platform=platform.platform()[:200],
        processor=processor()[:200],
        cores=cores(),
        packages={name: found[:200] for name, found in versions.items() if found is not None},
    )


def version(distribution: str) -> str | None:
    """The version of an installed distribution."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name as Linux tells it; elsewhere what `platform` knows, at least the architecture."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (
        value.strip()
        for key, _, value in (line.partition(":") for line in lines)
        if key.strip() == "model name"
    )
    return next(names, "") or platform.processor() or platform.machine()


def cores() -> int:
    """The cores that this process may use: a container or taskset grants fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
