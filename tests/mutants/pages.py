"""Markdown that both tables of the corpus are made of."""

import argparse
import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from stn_reports.markdown import escaped

DOCS = Path(__file__).parents[2] / "docs"

LISTED = 3
"""Checks that a cell names before it counts the rest."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are Markdown already: what comes from elsewhere goes through `escaped` first."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def listed(names: Sequence[str], limit: int = LISTED) -> str:
    """The first few, and how many more."""
    told = ", ".join(escaped(name) for name in names[:limit])
    return told if len(names) <= limit else f"{told} and {len(names) - limit} more"


def versions() -> str:
    """What it ran on, as far as it may matter."""
    found = [f"Python {platform.python_version()}"]
    for package in ("numpy", "torch", "hypothesis"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"no {package}")
    return ", ".join(found)


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """The option --jobs."""
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)"
    )
