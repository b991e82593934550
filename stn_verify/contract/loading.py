"""Finds the implementation that a target names. Runs inside the worker: importing a target executes it."""

import importlib
import importlib.util
import inspect
import os
import sys
import traceback
import zlib
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from stn_verify.contract.errors import BrokenTargetError, ContractError, RequestError, UnknownTargetError
from stn_verify.contract.implementation import ARGUMENTS, Implementation, undeclared
from stn_verify.frameworks import known_frameworks, load_entry_point

GROUP = "stn_verify.implementations"


def known_targets() -> tuple[str, ...]:
    """The names of the built-in implementations, whether or not what they need is installed."""
    return tuple(sorted({entry.name for entry in entry_points(group=GROUP)}))


def load(target: str, framework: str | None = None) -> Implementation:
    """Find an implementation.

    `target` is a built-in name, `module:attribute`, `path/to/file.py:attribute` or, where the file holds only
    one implementation, `path/to/file.py`.
    `framework` is that of a callable which does not declare its own.

    Raises:
        UnknownTargetError: there is none.
        BrokenTargetError: importing it fails.
        ContractError: it is nothing that can be checked.
    """
    place, _, attribute = target.rpartition(":")
    if not place:
        place, attribute = target, ""
    if place.endswith(".py"):
        module = _module_of_file(Path(place))
    elif attribute:
        module = _module_named(place)
    else:
        return _built_in(target, framework)
    found = _attribute(module, place, attribute) if attribute else _only_implementation(module, place)
    return _implementation(found, attribute, framework)


def _built_in(name: str, framework: str | None) -> Implementation:
    entries = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in entries:
        raise UnknownTargetError(
            f"unknown target {name!r}; known: {', '.join(sorted(entries)) or 'none'},"
            " module:attribute, path/to/file.py:attribute, exec:COMMAND"
        )
    return _implementation(load_entry_point(entries[name]), name, framework)


def _module_named(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise UnknownTargetError(f"no module {error.name!r} on the path or in {here}") from error
        raise _broken(name, error) from error
    except (Exception, SystemExit) as error:
        raise _broken(name, error) from error


def _module_of_file(path: Path) -> ModuleType:
    path = path.expanduser().resolve()
    if not path.is_file():
        raise UnknownTargetError(f"no file {path}")
    folder = str(path.parent)
    # As for a script: the modules beside it can be imported.
    if folder not in sys.path:
        sys.path.insert(0, folder)
    # A name of its own: a file called `torch.py` or `sample.py` must not replace a module of that name.
    name = f"stn_verify_target_{path.stem}_{zlib.crc32(os.fsencode(path)):08x}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UnknownTargetError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise _broken(str(path), error) from error
    return module


def _attribute(module: ModuleType, place: str, attribute: str) -> Any:
    found: Any = module
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            candidates = ", ".join(_candidates(module)) or "nothing that could be checked"
            raise UnknownTargetError(f"{place} has no {attribute!r}; it has {candidates}") from None
        except Exception as error:
            raise _broken(f"{place}:{attribute}", error) from error
    return found


def _only_implementation(module: ModuleType, place: str) -> Implementation:
    declared = {name: value for name, value in vars(module).items() if isinstance(value, Implementation)}
    distinct = {id(value): value for value in declared.values()}
    if len(distinct) == 1:
        return next(iter(distinct.values()))
    names = sorted(declared) if declared else _candidates(module)
    which = ", ".join(f"{place}:{name}" for name in names) or "it has nothing that could be checked"
    found = f"{len(distinct)} implementations" if declared else "no declared implementation"
    raise UnknownTargetError(f"{place} holds {found}; say which: {which}")


def _candidates(module: ModuleType) -> list[str]:
    """The public names of what the module itself defines and that could be a target."""
    return sorted(
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (isinstance(value, Implementation) or _could_be_checked(value, module))
    )


def _could_be_checked(value: object, module: ModuleType) -> bool:
    if inspect.ismodule(value) or getattr(value, "__module__", module.__name__) != module.__name__:
        return False
    return callable(value) or any(callable(getattr(value, name, None)) for name in ARGUMENTS)


def _implementation(found: Any, name: str, framework: str | None) -> Implementation:
    if isinstance(found, Implementation):
        return found
    if inspect.ismodule(found):
        raise ContractError(f"{name} is a module; name a function, class or object in it")
    return undeclared(found, name, framework or _framework_of(found))


def _framework_of(found: Any) -> str:
    """The known framework from which the code's module has imported something; NumPy otherwise."""
    function = inspect.unwrap(found) if callable(found) else found
    namespace = getattr(function, "__globals__", None)
    if namespace is None:
        owner = getattr(function, "__module__", None) or type(found).__module__
        namespace = vars(sys.modules[owner]) if owner in sys.modules else {}
    imported = {
        (value.__name__ if inspect.ismodule(value) else str(getattr(value, "__module__", ""))).partition(".")[
            0
        ]
        for value in list(namespace.values())
        if inspect.ismodule(value) or inspect.isclass(value) or inspect.isroutine(value)
    }
    for name in known_frameworks():
        if name != "numpy" and name in imported:
            return name
    return "numpy"


def _broken(what: str, error: BaseException) -> RequestError:
    """One line with the place where it arose; a declaration that our decorator refused keeps its class."""
    kind, text = type(error).__name__, " ".join(str(error).split())
    if isinstance(error, SyntaxError) and error.filename:
        return BrokenTargetError(f"{what}: {kind}: {error.msg} ({error.filename}:{error.lineno})")
    place = _place(what, error)
    if isinstance(error, RequestError):
        return type(error)(f"{text}{place}")
    return BrokenTargetError(f"{what}: {kind}: {text}{place}" if text else f"{what}: {kind}{place}")


def _place(what: str, error: BaseException) -> str:
    """Where it arose, preferring the target's own file."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<")
        and frame.filename != __file__
        and "importlib" not in frame.filename
    ]
    own = [frame for frame in frames if frame.filename == what] or frames
    return f" ({own[-1].filename}:{own[-1].lineno})" if own else ""
