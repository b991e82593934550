"""Restarts are forks: the framework is imported once, and all that made the worker robust still holds."""

import contextlib
import dataclasses
import os
import re
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from stn_verify.contract.convention import Convention
from stn_verify.contract.target import Call, TargetCrashed, TargetTimedOut
from stn_verify.workers.client import WorkerTarget
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
    # Three lives and the nursery.
    assert len(imports.read_text().split()) == 4


@pytest.mark.parametrize("fault", ["1 / 0", "raise SystemExit(3)", "os._exit(3)", "os.abort()"])
def test_an_import_that_fails_in_the_nursery_only(start, call, framework, fault):
    in_the_nursery = f"os.getppid() == {os.getpid()} and '--nursery' in sys.orig_argv"
    framework("import sys", f"if {in_the_nursery}: {fault}")
    worker = start("right", framework="odd")
    worker.description  # noqa: B018  from then on the framework is known
    for _ in range(2):
        die(worker, call)
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


def test_torch_is_imported_once_for_a_built_in_target(call):
    pytest.importorskip("torch")
    with contextlib.closing(WorkerTarget("torch", deadline=20)) as worker:
        worker.call(call)
        nursery = parent_of(worker.pid)
        assert has_torch(nursery)
        die(worker, call)
        worker.call(call)
        assert parent_of(worker.pid) == nursery


def test_a_fork_computes_with_several_threads(targets, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    random = np.random.default_rng(3)
    call = Call(
        "sample",
        {
            "image": random.uniform(-1, 1, (8, 3, 224, 224)),
            "grid": random.uniform(-1.1, 1.1, (8, 224, 224, 2)),
        },
        "float64",
        Convention("border", align_corners=False),
        cotangent=random.uniform(-1, 1, (8, 3, 224, 224)),
        gradients=("image", "grid"),
    )
    leaves = {name: torch.tensor(array, requires_grad=True) for name, array in call.arrays.items()}
    expected = torch.nn.functional.grid_sample(
        leaves["image"], leaves["grid"], padding_mode="border", align_corners=False
    )
    expected.backward(torch.tensor(call.cotangent))
    with contextlib.closing(WorkerTarget("torch", deadline=60)) as worker:
        assert worker.description.threads == 2
        for _ in range(2):
            reply = worker.call(call)
            assert len(list(Path(f"/proc/{worker.pid}/task").iterdir())) > 1
            np.testing.assert_allclose(reply.output, expected.detach().numpy(), rtol=0, atol=1e-12)
            for name, leaf in leaves.items():
                np.testing.assert_allclose(reply.gradients[name], leaf.grad.numpy(), rtol=0, atol=1e-9)
            die(worker, call)


def test_a_target_that_starts_threads_is_loaded_in_the_fork(start, call, targets):
    worker = start(f"{targets / 'forked.py'}:answers")
    nursery = parent_of(worker.call(call) and worker.pid)
    for _ in range(2):
        preloaded, arguments, thread = worker.call(call).output[0, :, 0, 0]
        assert (preloaded, arguments, thread) == (0, 0, 1)
        die(worker, call)
    worker.call(call)
    assert parent_of(worker.pid) == nursery


def test_a_hang_ends_the_fork_with_its_group_and_leaves_the_nursery(start, call, targets):
    worker = start(f"{targets / 'forked.py'}:DECLARED_leaves_a_child", deadline=0.7)
    worker.description  # noqa: B018  starts it
    pid, nursery = worker.pid, parent_of(worker.pid)
    with pytest.raises(TargetTimedOut, match=r"no reply within 2.8 s(.|\n)*in leaves_a_child") as caught:
        worker.call(call)
    assert gone(pid, int(re.search(r"child (\d+)", str(caught.value)).group(1)))
    assert alive(nursery)
    with pytest.raises(TargetTimedOut):
        worker.call(call)
    assert alive(nursery)


def test_a_nursery_killed_between_calls_is_replaced_unnoticed(start, call):
    worker = start("right")
    worker.call(call)
    pid, nursery = worker.pid, parent_of(worker.pid)
    os.kill(nursery, signal.SIGKILL)
    assert gone(pid, nursery)
    worker.call(call)
    assert parent_of(worker.pid) not in {nursery, os.getpid()}


def test_a_nursery_killed_during_a_call_ends_that_call_only(start, call, targets):
    worker = start(f"{targets / 'forked.py'}:kills_its_parent")
    for _ in range(2):
        with pytest.raises(TargetCrashed, match="ended, and the process that it was forked from, too"):
            worker.call(call)


def test_a_nursery_killed_after_a_death_is_replaced(start, call):
    worker = start("right")
    worker.call(call)
    nursery = parent_of(worker.pid)
    die(worker, call)
    os.kill(nursery, signal.SIGKILL)
    assert gone(nursery)
    worker.call(call)
    assert alive(parent_of(worker.pid))


def test_a_silent_nursery_is_done_without(start, call, monkeypatch):
    monkeypatch.setattr("stn_verify.workers.forking.FORK_DEADLINE", 0.3)
    worker = start("right")
    worker._starter._nursery = nursery = Nursery(sys.executable, ".")
    os.kill(nursery.pid, signal.SIGSTOP)
    worker.call(call)
    assert parent_of(worker.pid) == os.getpid()
    assert gone(nursery.pid)


def test_close_ends_the_nursery_too(start, call):
    worker = start("right")
    worker.call(call)
    pid, nursery = worker.pid, parent_of(worker.pid)
    worker.close()
    assert gone(pid, nursery)
    worker.call(call)


def test_an_interrupted_fork_leaves_nothing(monkeypatch):
    nursery = Nursery(sys.executable, ".")

    def interrupted(pid):
        assert alive(pid)
        seen.append(pid)
        raise KeyboardInterrupt

    seen = []
    monkeypatch.setattr("stn_verify.workers.forking.death_of", interrupted)
    with pytest.raises(KeyboardInterrupt):
        nursery.fork(None)
    assert gone(*seen, nursery.pid)
    with pytest.raises(NurseryError):
        nursery.fork(None)


def test_without_forks_each_life_is_started_afresh(start, call, monkeypatch):
    monkeypatch.setattr("stn_verify.workers.starter.can_fork", lambda: False)
    worker = start("right")
    for _ in range(2):
        worker.call(call)
        assert parent_of(worker.pid) == os.getpid()
        die(worker, call)
