"""Where Numba keeps the kernels' machine code: apart for each state of the sources.

Numba asks of a cached kernel whether its own file has changed, not whether one that it calls into has.
"""

import contextlib
import hashlib
import shutil
import tempfile
from atexit import register
from collections.abc import Iterator
from pathlib import Path

from numba.core import config
from numba.misc.appdirs import AppDirs


@contextlib.contextmanager
def kept_apart() -> Iterator[None]:
    """What is decorated inside is cached in a folder named by the content of this package's files.

    It lies in NUMBA_CACHE_DIR, else in the user's cache folder; where neither can be written to, it goes with the process.
    """
    before = config.CACHE_DIR
    config.CACHE_DIR = str(_folder(before))
    try:
        yield
    finally:
        config.CACHE_DIR = before


def _folder(given: str) -> Path:
    state = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        state.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    for parent in filter(None, (given, AppDirs("stn_production", appauthor=False).user_cache_dir)):
        folder = Path(parent, f"stn_production-{state.hexdigest()[:16]}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    folder = Path(tempfile.mkdtemp(prefix="stn_production-"))
    register(shutil.rmtree, folder, ignore_errors=True)
    return folder
