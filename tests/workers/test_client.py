"""Whatever a target does to its process, the harness goes on and says what happened."""

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from stn_adapters.reference import REFERENCE
from stn_verify.contract.convention import Convention
from stn_verify.contract.errors import (
    BrokenTargetError,
    ContractError,
    UnknownChoiceError,
    UnknownTargetError,
)
from stn_verify.contract.loading import load
from stn_verify.contract.target import Call, TargetCrashed, TargetRaised, TargetReplied, TargetTimedOut
from stn_verify.workers.client import COMPILING, FIRST, PATIENCE, WorkerTarget
from stn_verify.workers.evaluator import InProcessTarget

SHORT = 0.7


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int, within: float = 5.0) -> bool:
    expires = time.monotonic() + within
    while alive(pid) and time.monotonic() < expires:
        time.sleep(0.02)
    return not alive(pid)


@pytest.mark.parametrize(
    ("target", "cause"),
    [
        ("segfaults", "killed by SIGSEGV"),
        ("exits", "exited with status 7 without a reply"),
        ("forks_then_dies", "exited with status 3 without a reply"),
        ("dies_beside_a_child", r"killed by SIGKILL \(not by us"),
    ],
)
def test_a_death_is_named(start, call, target, cause):
    with pytest.raises(TargetCrashed, match=cause):
        start(target).call(call)


def test_the_last_words_are_told(start, call):
    with pytest.raises(TargetCrashed, match="Segmentation fault") as caught:
        start("segfaults").call(call)
    assert "in segfaults" in str(caught.value)


def test_the_children_of_a_dead_target_die_too(start, call):
    with pytest.raises(TargetCrashed) as caught:
        start("dies_beside_a_child").call(call)
    assert gone(int(re.search(r"child (\d+)", str(caught.value)).group(1)))


@pytest.mark.parametrize("target", ["hangs", "hangs_holding_the_interpreter"])
def test_a_hang_ends_at_the_deadline_and_shows_where(start, call, target):
    worker = start(f"DECLARED_{target}", deadline=SHORT / FIRST)
    assert worker.description.dtypes == ["float64"]
    pid = worker.pid
    begun = time.monotonic()
    with pytest.raises(TargetTimedOut, match=f"no reply within {SHORT} s") as caught:
        worker.call(call)
    assert SHORT <= time.monotonic() - begun < SHORT + 3
    assert f"in {target}" in str(caught.value)
    assert gone(pid)


@pytest.mark.parametrize(
    ("source", "failure", "message"),
    [
        ("import ctypes\nctypes.string_at(0)", TargetCrashed, "killed by SIGSEGV"),
        ("import time\ntime.sleep(60)", TargetTimedOut, "no reply within 1 s"),
        ("raise KeyboardInterrupt", TargetRaised, "KeyboardInterrupt"),
    ],
)
def test_an_import_that_ends_badly(start, call, tmp_path, source, failure, message):
    (tmp_path / "bad.py").write_text(source)
    deadline = 1 if failure is TargetTimedOut else 60
    worker = start(f"{tmp_path / 'bad.py'}:sample", load_deadline=deadline)
    with pytest.raises(failure, match=message):
        worker.call(call)
    with pytest.raises(failure, match=message):
        worker.description  # noqa: B018  raising is what is asked of it
    assert worker.pid is None


def test_a_kill_from_outside_is_told_and_survived(start, call):
    worker = start("right")
    expected = worker.call(call).output
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(TargetCrashed, match="killed by SIGKILL"):
        worker.call(call)
    np.testing.assert_array_equal(worker.call(call).output, expected)


def test_a_death_after_a_reply_belongs_to_the_next_call(start, call):
    worker = start("dies_after_replying")
    worker.call(call)
    time.sleep(0.3)
    with pytest.raises(TargetCrashed, match="exited with status 9"):
        worker.call(call)
    worker.call(call)


@pytest.mark.parametrize("target", ["prints", "floods", "reads_input", "overwrites"])
def test_noise_does_not_reach_the_frames(start, call, target):
    before = {name: array.copy() for name, array in call.arrays.items()}
    worker = start(target)
    for _ in range(2):
        assert worker.call(call).output.shape == (2, 3, 3, 2)
    for name, array in before.items():
        np.testing.assert_array_equal(call.arrays[name], array)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("raises", "ValueError: grid must be sorted"),
        ("raises_unprintable", "Unprintable: .its text cannot be shown: RuntimeError"),
        ("raises_surrogates", r"ValueError: \?"),
        ("raises_at_length", r"ValueError: x{4000}\n"),
        ("leaves", "SystemExit: 3"),
        ("interrupts", "KeyboardInterrupt"),
    ],
)
def test_an_exception_is_told_and_does_not_end_the_worker(start, call, target, message):
    worker = start(target)
    with pytest.raises(TargetRaised, match=f"^{message}"):
        worker.call(call)
    pid = worker.pid
    with pytest.raises(TargetRaised):
        worker.call(call)
    assert worker.pid == pid


def test_the_traceback_begins_in_the_target(start, call):
    with pytest.raises(TargetRaised) as caught:
        start("raises").call(call)
    (note,) = caught.value.__notes__
    assert note.splitlines()[1].strip().startswith("File ")
    assert "misbehaving.py" in note.splitlines()[1]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("transposed", r"sample: output has shape \(2, 3, 2, 3\), not \(2, 3, 3, 2\)"),
        ("a_list", "sample: output is a list, not a numpy array"),
        ("nothing", "sample: output is a NoneType"),
        ("integers", "sample: output is an array of int64, not of float64"),
    ],
)
def test_a_reply_that_is_no_result(start, call, target, message):
    with pytest.raises(TargetReplied, match=message):
        start(target).call(call)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("TwoGradientsOfThree", r"sample_vjp: returned 1 gradients, not 2 \(image, grid\)"),
        ("GradientOfWrongShape", r"the gradient of grid has shape \(2, 2, 3, 2\), not \(2, 3, 2, 2\)"),
        ("GradientOfNone", "no gradient reaches grid"),
    ],
)
def test_a_gradient_that_is_none(start, gradient_call, target, message):
    with pytest.raises(TargetReplied, match=message):
        start(target).call(gradient_call)


def test_a_restart_begins_anew(start, call):
    worker = start("counts")
    assert [worker.call(call).output[0, 0, 0, 0] for _ in range(2)] == [1, 2]
    with pytest.raises(TargetCrashed):
        worker.call(call)
    assert worker.call(call).output[0, 0, 0, 0] == 1


def test_after_deaths_in_a_row_nothing_more_is_started(start, call):
    worker = start("exits", breaker=3)
    for _ in range(3):
        with pytest.raises(TargetCrashed, match="exited"):
            worker.call(call)
    begun = time.monotonic()
    with pytest.raises(
        TargetCrashed, match="not called: the last 3 calls all ended so; the last: exited with status 7"
    ):
        worker.call(call)
    assert time.monotonic() - begun < 0.05
    assert worker.pid is None
    assert worker.evaluations.forwards == 3


def test_a_reply_between_deaths_keeps_the_breaker_closed(start, call):
    worker = start("counts", breaker=2)
    for _ in range(3):
        worker.call(call)
        worker.call(call)
        with pytest.raises(TargetCrashed, match="exited"):
            worker.call(call)


def test_a_death_during_the_search_for_dtypes_still_gives_a_description(start):
    worker = start("segfaults_in_half")
    assert worker.description.dtypes == ["float64", "float32", "float16", "bfloat16"]
    assert worker.call(_sample("float32")).dtype == "float32"


def _sample(dtype: str) -> Call:
    return Call(
        "sample", {"image": np.ones((1, 1, 2, 2)), "grid": np.zeros((1, 1, 1, 2))}, dtype, Convention()
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("align_corners", [False, True])
def test_a_worker_gives_what_the_same_process_gives(start, targets, gradient_call, dtype, align_corners):
    place = f"{targets / 'samplers.py'}:SAMPLER"
    call = Call(
        "sample",
        gradient_call.arrays,
        dtype,
        Convention("zeros", align_corners),
        cotangent=gradient_call.cotangent,
        gradients=gradient_call.gradients,
    )
    worker, here = start(place), InProcessTarget(load(place))
    far, near = worker.call(call), here.call(call)
    assert far.dtype == near.dtype == dtype
    np.testing.assert_array_equal(far.output, near.output)
    assert set(far.gradients) == {"image", "grid"}
    for name in ("image", "grid"):
        np.testing.assert_array_equal(far.gradients[name], near.gradients[name])
    assert worker.description == here.description
    assert worker.evaluations == here.evaluations
    assert (worker.evaluations.forwards, worker.evaluations.backwards) == (0, 1)


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        ("nowhere", UnknownTargetError, "unknown target 'nowhere'; known: .*torch"),
        ("no.such.module:f", UnknownTargetError, "no module 'no'"),
        ("misbehaving.py:absent", UnknownTargetError, "no file"),
        ("exec:/no/such/program --flag", UnknownTargetError, "cannot start '/no/such/program'"),
        ("exec:", UnknownTargetError, "names no command"),
        ("exec:'unclosed", UnknownTargetError, "No closing quotation"),
    ],
)
def test_a_wrong_request_is_refused(call, target, error, message):
    worker = WorkerTarget(target, deadline=20)
    for _ in range(2):
        with pytest.raises(error, match=message):
            worker.call(call)
    worker.close()


def test_a_wrong_device_is_refused(start, call):
    with pytest.raises(UnknownChoiceError, match="unknown device 'tpu' for numpy; known: cpu"):
        start("right", device="tpu").call(call)


def test_a_function_that_is_not_given_is_refused(start):
    with pytest.raises(ContractError, match="right has no generate; it has sample"):
        start("right").call(
            Call("generate", {"theta": np.ones((1, 2, 3))}, "float64", Convention(), size=(2, 2))
        )
    with pytest.raises(ContractError, match="no call of protocol 1: function"):
        start("right").call(Call("nonsense", {}, "float64", Convention()))


def test_an_interpreter_without_the_package_is_told(start, call, tmp_path):
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    bare.chmod(0o755)
    with pytest.raises(BrokenTargetError, match="cannot import stn_verify: install it there"):
        start("right", interpreter=str(bare)).call(call)


def test_close_ends_the_process_and_can_be_repeated(start, call):
    worker = start("right")
    worker.close()
    worker.call(call)
    pid = worker.pid
    worker.close()
    worker.close()
    assert gone(pid)


def test_forgetting_a_worker_ends_its_process(call, targets):
    worker = WorkerTarget(f"{targets / 'misbehaving.py'}:right", deadline=20)
    worker.call(call)
    pid = worker.pid
    del worker
    assert gone(pid)


PARENT = """
    import sys, numpy as np
    from stn_verify.contract.convention import Convention
    from stn_verify.contract.target import Call
    from stn_verify.workers.client import WorkerTarget
    worker = WorkerTarget(sys.argv[1], deadline=60)
    worker.description
    print(worker.pid, flush=True)
    arrays = {"image": np.ones((1, 1, 2, 2)), "grid": np.zeros((1, 1, 1, 2))}
    call = Call("sample", arrays, "float64", Convention())
    worker.call(call)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_no_hung_worker_outlives_its_parent(targets, end):
    place = f"{targets / 'misbehaving.py'}:DECLARED_hangs_holding_the_interpreter"
    command = [sys.executable, "-c", textwrap.dedent(PARENT), place]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as parent:
        pid = int(parent.stdout.readline())
        forked_from = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        # The nursery too, where there is one.
        started = {pid, forked_from} - {parent.pid}
        time.sleep(0.5)
        assert all(map(alive, started))
        parent.send_signal(end)
        parent.wait(10)
    assert all(map(gone, started))


def test_renewed(start, call):
    """The next call is answered by another process."""
    worker = start("right")
    worker.call(call)
    first = worker.pid
    worker.renew()
    assert worker.pid is None
    worker.call(call)
    assert worker.pid not in (None, first)


def test_forgiven_but_not_for_ever(start, call):
    """Each check may meet deaths of its own; a target that never replies is given up at last."""
    worker = start("exits", breaker=2)
    messages = []
    for _ in range(2 * PATIENCE + 2):
        worker.forgive()
        with pytest.raises(TargetCrashed) as death:
            worker.call(call)
        messages.append(str(death.value))
    refused = ["not called" in message for message in messages]
    assert refused[: 2 * PATIENCE] == [False] * (2 * PATIENCE)
    assert refused[-1]


def test_first_and_compiled_calls_have_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    target = WorkerTarget("reference", deadline=2.0)

    def ask(_process: object, _request: object, deadline: float, _tensors: object) -> NoReturn:
        asked.append(deadline)
        raise TargetRaised("enough")

    monkeypatch.setattr(target, "_running", object)
    monkeypatch.setattr(target, "_ask", ask)
    image, grid = np.zeros((1, 1, 2, 2)), np.zeros((1, 1, 1, 2))
    call = Call("sample", {"image": image, "grid": grid}, "float64", Convention())
    backward = replace(call, cotangent=np.zeros((1, 1, 1, 1)), gradients=("grid",))
    compiled = replace(call, way="compiled")
    for each in (
        call,
        call,
        replace(call, way="vmapped"),
        backward,
        backward,
        replace(call, dtype="float32"),
        compiled,
    ):
        with pytest.raises(TargetRaised):
            target.call(each)
    assert [seconds / 2.0 for seconds in asked] == [FIRST, 1, 1, FIRST, 1, FIRST, COMPILING]
    declared = replace(REFERENCE, compiles=True)
    monkeypatch.setattr(target, "_description", InProcessTarget(declared).description)
    with pytest.raises(TargetRaised):
        target.call(call)
    assert asked[-1] / 2.0 == COMPILING
