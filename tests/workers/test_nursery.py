"""Restarts are forks: the framework is imported once, and all that made the worker robust still holds."""

import dataclasses
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from stn_verify.contract.convention import Convention
from stn_verify.contract.target import Call, TargetCrashed, TargetTimedOut
from stn_verify.workers.forking import Nursery, NurseryError, can_fork

pytestmark = pytest.mark.skipif(not can_fork(), reason="workers are started afresh on this system")


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def gone(*pids: int, within: float = 5.0) -> bool:
    """Whether none of these runs any more."""
    expires = time.monotonic() + within
    while (left := any(map(alive, pids))) and time.monotonic() < expires:
        time.sleep(0.02)
    return not left


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def has_torch(pid: int) -> bool:
    return "libtorch" in Path(f"/proc/{pid}/maps").read_text()


def die(worker, call, number=signal.SIGSEGV):
    os.kill(worker.pid, number)
    with pytest.raises(TargetCrashed, match=f"^killed by {number.name}"):
        worker.call(call)


@pytest.fixture
def framework(tmp_path, monkeypatch):
    """Installs a framework called `odd`, NumPy beside some other lines, for workers; the file of its imports."""
    imports = tmp_path / "imports"
    information = tmp_path / "odd-1.0.dist-info"

    def install(*lines: str) -> Path:
        (tmp_path / "odd.py").write_text(
            "import os\nfrom stn_adapters.numpy import NumpyFramework\n"
            f"with open({str(imports)!r}, 'a') as file:\n    file.write(f'{{os.getpid()}}\\n')\n"
            "class Odd(NumpyFramework):\n    name = 'odd'\n" + "\n".join(lines)
        )
        information.mkdir()
        (information / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
        (information / "entry_points.txt").write_text("[stn_verify.frameworks]\nodd = odd:Odd\n")
        path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
        monkeypatch.setenv("PYTHONPATH", path)
        return imports

    return install


def test_a_framework_is_imported_once_for_all_restarts(start, call, framework):
    imports = framework()
    worker = start("right", framework="odd")
    assert worker.description.framework == "odd"
    first, nursery = worker.pid, parent_of(worker.pid)
    # The first life is that of a user's file: nobody knew its framework.
    assert imports.read_text().split() == [str(first)]
    for _ in range(3):
        die(worker, call)
        worker.call(call)
        assert parent_of(worker.pid) == nursery != os.getpid()
        assert imports.read_text().split() == [str(first), str(nursery)]


def test_a_framework_that_starts_threads_is_not_forked(start, call, framework):
    imports = framework("import threading, time", "threading.Thread(target=time.sleep, args=(60,)).start()")
    worker = start("right", framework="odd")
    worker.description  # noqa: B018  from then on the framework is known
    nursery = parent_of(worker.pid)
    for _ in range(2):
        die(worker, call)
        worker.call(call)
        assert parent_of(worker.pid) == os.getpid()
    assert gone(nursery)
    assert len(imports.read_text().split()) == 4  # noqa: PLR2004  three lives and the nursery


@pytest.mark.parametrize("line", ["1 / 0", "raise SystemExit(3)", "os._exit(3)", "os.abort()"])
def test_a_framework_that_cannot_be_imported_again(start, call, framework, line):
    """Whatever its import does in the nursery, the worker is the one to say so."""
    framework(f"if '--nursery' in ' '.join(map(str, sys.orig_argv)) and os.getsid(0) == os.getpid(): {line}")
    (odd,) = (Path(p) / "odd.py" for p in [os.environ["PYTHONPATH"].split(os.pathsep)[0]])
    odd.write_text("import sys\n" + odd.read_text().replace("os.getsid(0) == os.getpid()", "sys.argv[1:] == []"))
    worker = start("right", framework="odd")
    with pytest.raises(Exception, match=r"odd|exited with status 3|SystemExit|SIGABRT"):
        worker.call(call)


def test_torch_is_imported_once_for_a_file(start, call, targets):
    pytest.importorskip("torch")
    worker = start(f"{targets / 'forked.py'}:DECLARED_torch_segfaults")
    assert worker.description.framework == "torch"
    nursery = parent_of(worker.pid)
    assert worker.call(call).output.max() == 0
    assert not has_torch(nursery)
    fatal = dataclasses.replace(call, arrays=call.arrays | {"grid": np.full((2, 3, 2, 2), np.nan)})
    for _ in range(3):
        with pytest.raises(TargetCrashed, match="killed by SIGSEGV") as caught:
            worker.call(fatal)
        assert "in torch_segfaults" in str(caught.value)
        # It had been imported before the fork: the file found it there.
        assert worker.call(call).output.min() == 1
        assert parent_of(worker.pid) == nursery
    assert has_torch(nursery)


def test_torch_is_imported_once_for_a_built_in_target(start, call):
    pytest.importorskip("torch")
    worker = start("torch:") if False else _built_in(start)
    worker.call(call)
    nursery = parent_of(worker.pid)
    assert has_torch(nursery)
    die(worker, call)
    worker.call(call)
    assert parent_of(worker.pid) == nursery
