"""The command `list`: what can be checked, and with what."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stn_verify.cli import suites
from stn_verify.cli.check import describe
from stn_verify.contract.description import Description
from stn_verify.contract.errors import RequestError
from stn_verify.contract.loading import known_targets
from stn_verify.exploration.profiles import PROFILES
from stn_verify.formats import STORAGE_DTYPES
from stn_verify.verdicts.environment import cores
from stn_verify.verdicts.untrusted import visible

DEADLINE = 60.0


@dataclass(frozen=True)
class Listed:
    """An implementation that is installed here: what it says of itself, or why it is not usable."""

    name: str
    description: Description | None
    reason: str = ""


def print_listing(console: Console) -> None:
    """Implementations (each loaded in a worker of its own), suites, dtypes and profiles."""
    with ThreadPoolExecutor(max_workers=cores()) as pool:
        found = list(pool.map(listed, known_targets()))
    console.print(_implementations(found) if found else Text("no implementation is installed"))
    console.print()
    console.print(_named("suite", _suites()))
    console.print()
    console.print(_named("profile", _profiles()))
    console.print()
    console.print(Text(f"dtypes: {', '.join(STORAGE_DTYPES)}"))


def listed(name: str) -> Listed:
    """Load an implementation and let it tell; what cannot be loaded is listed with its reason."""
    try:
        return Listed(name, describe(name, "cpu", DEADLINE, None))
    except RequestError as error:
        return Listed(name, None, str(error))


def _implementations(found: Iterable[Listed]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in ("implementation", "framework", "usable", "offers"):
        table.add_column(heading, overflow="fold")
    for one in found:
        about = one.description
        framework = f"{about.framework} {about.framework_version}" if about else ""
        usable = Text("yes", style="green") if about else Text("no", style="red")
        offers = _offers(about) if about else one.reason
        table.add_row(Text(visible(one.name)), Text(visible(framework)), usable, Text(visible(offers)))
    return table


def _offers(about: Description) -> str:
    functions = [
        name if name in about.differentiable else f"{name} (no gradients)" for name in about.functions
    ]
    dtypes = [dtype for dtype in about.dtypes if dtype not in about.unsupported]
    images = "images and " if 2 in about.spatial else ""
    spatial = f" of {images}volumes" if 3 in about.spatial else ""
    conventions = about.conventions()
    told = f"{len(conventions)} conventions" if len(conventions) > 1 else "".join(map(str, conventions))
    return f"{', '.join(functions)}{spatial}; {', '.join(dtypes)}; {told or 'convention to be identified'}"


def _suites() -> list[tuple[str, str]]:
    try:
        return [(suite.name, suite.about) for suite in suites.installed()]
    except RequestError as error:
        return [("none", str(error))]


def _profiles() -> list[tuple[str, str]]:
    return [
        (
            name,
            f"{profile.examples} examples a check, {'with' if profile.large else 'without'} the large ones",
        )
        for name, profile in PROFILES.items()
    ]


def _named(heading: str, rows: Iterable[tuple[str, str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(heading)
    table.add_column("about", overflow="fold")
    for name, about in rows:
        table.add_row(Text(visible(name)), Text(visible(about)))
    return table
