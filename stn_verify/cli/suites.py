"""The installed suites: the test modules of one package, found without importing it."""

import ast
import importlib.util
import pkgutil
from dataclasses import dataclass
from pathlib import Path

from stn_verify.contract.errors import RequestError, UnknownChoiceError

PACKAGE = "stn_suites"
PREFIX = "test_"


@dataclass(frozen=True)
class Suite:
    """A test module: `name` is what --suite takes, `about` its docstring's first line."""

    name: str
    module: str
    about: str


def folder() -> Path:
    """The folder of the suites package.

    Raises:
        RequestError: it is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise RequestError(f"no suites are installed: there is no package {PACKAGE}")
    return Path(next(iter(spec.submodule_search_locations)))


def installed() -> tuple[Suite, ...]:
    """Every suite, in alphabetical order.

    Raises:
        RequestError: there is none.
    """
    root = folder()
    names = sorted(m.name for m in pkgutil.iter_modules([str(root)]) if m.name.startswith(PREFIX))
    if not names:
        raise RequestError(f"no suites are installed: the package {PACKAGE} holds no {PREFIX}*.py")
    return tuple(
        Suite(name.removeprefix(PREFIX), f"{PACKAGE}.{name}", _first_line(root / f"{name}.py"))
        for name in names
    )


def selected(wanted: tuple[str, ...]) -> tuple[Suite, ...]:
    """The suites of these names, each once, or all where none is named.

    Raises:
        UnknownChoiceError: there is none of that name.
    """
    known = {suite.name: suite for suite in installed()}
    for name in wanted:
        if name not in known:
            raise UnknownChoiceError(f"unknown suite {name!r}; known: {', '.join(known)}")
    return tuple(known[name] for name in dict.fromkeys(wanted or known))


def suite_name(nodeid: str) -> str:
    """The suite to which a pytest node belongs."""
    return Path(nodeid.partition("::")[0]).stem.removeprefix(PREFIX)


def _first_line(path: Path) -> str:
    try:
        docstring = ast.get_docstring(ast.parse(path.read_bytes()))
    except (OSError, SyntaxError, ValueError) as error:
        return f"cannot be read: {error}"
    return (docstring or "").partition("\n")[0]
