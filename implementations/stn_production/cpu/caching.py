"""Where Numba keeps the kernels' machine code: apart for each state of the sources.

Numba asks of a cached kernel whether its own file has changed, not whether one that it calls into has. Two processes that
compile a kernel at once, each for other types, may number their files alike: the one would load the other's code.
"""

import contextlib
import hashlib
import os
import pickle
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import numba
from numba.core import config
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.dispatcher import Dispatcher
from numba.misc.appdirs import AppDirs

FORGOTTEN_AFTER = 30 * 24 * 3600.0  # seconds in which no process has asked for a folder

_UNREADABLE = (OSError, EOFError, pickle.UnpicklingError)  # a disk is full, a file cut short


class _Files(IndexDataCacheFile):
    """A kernel's files, none of which two processes call the same."""

    def _data_name(self, number: int) -> str:
        return f"{Path(super()._data_name(number)).stem}-{uuid4().hex[:16]}.nbc"


class _Cache(FunctionCache):
    """Numba's cache of a kernel, where what cannot be read or written is compiled again."""

    def __init__(self, kernel: Any) -> None:
        super().__init__(kernel)
        self._cache_file = _Files(
            cache_path=self._cache_path,
            filename_base=self._impl.filename_base,
            source_stamp=self._impl.locator.get_source_stamp(),
        )

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except _UNREADABLE:
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        with contextlib.suppress(*_UNREADABLE):
            super().save_overload(sig, data)


@contextlib.contextmanager
def kept_apart() -> Iterator[None]:
    """What is decorated inside is cached in a folder named by the content of this package's files.

    It lies in NUMBA_CACHE_DIR, else in the user's cache folder; where neither can be written to, nothing is cached.
    """
    folder = _folder(config.CACHE_DIR)

    def enable_caching(kernel: Any) -> None:
        if folder is not None:
            kernel._cache = _Cache(kernel.py_func)

    dispatcher: Any = Dispatcher  # whose methods a checker would not have replaced
    before = config.CACHE_DIR, dispatcher.enable_caching
    config.CACHE_DIR, dispatcher.enable_caching = str(folder or ""), enable_caching
    try:
        yield
    finally:
        config.CACHE_DIR, dispatcher.enable_caching = before


def _folder(given: str) -> Path | None:
    for parent in filter(None, (given, AppDirs("stn_production", appauthor=False).user_cache_dir)):
        folder = Path(parent, f"stn_production-{_state()}")
        try:
            if not folder.exists():
                folder.mkdir(parents=True, exist_ok=True)
                _forget_unused(folder.parent)
            os.utime(folder)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return None


def _state() -> str:
    """Return 16 digits that tell these sources, and the compiler, from others."""
    state = hashlib.sha256(numba.__version__.encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        state.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return state.hexdigest()[:16]


def _forget_unused(parent: Path) -> None:
    for folder in parent.glob("stn_production-*"):
        with contextlib.suppress(OSError):  # another process was first
            if time.time() - folder.stat().st_mtime > FORGOTTEN_AFTER:
                shutil.rmtree(folder)
