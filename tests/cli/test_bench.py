"""The command `bench`, driven whole over a small matrix."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stn_verify.records import load
from stn_verify.records.journal import NAME
from stn_verify.records.record import Timing

pytest.importorskip("pandas", reason="the extra `bench` is not installed")

DRIVE = """
import sys
from stn_verify.cli import app
from stn_verify.timing import matrix, rounds, session
from stn_verify.timing.workload import Workload

CASES = [
    Workload("transform", direction, 1, 1, (size, size), (size, size), "float64")
    for direction in ("forward", "all")
    for size in (4, 8, 16)
]
session.matrix = lambda profile, device: CASES
matrix.PROFILES = {"quick": matrix.Profile("quick", 0.02)}
rounds.FEWEST_ROUNDS, session.PASSES, session.BATCH = 2, 2, 2
app.main()
"""

TARGETS = """
import time

from stn_reference import transform, transform_vjp
from stn_verify.contract.implementation import Implementation

CHOICES = {"padding": "zeros", "align_corners": False}


def made(name, scale=1.0, pause=0.0):
    def own(image, theta, size):
        time.sleep(pause)
        return scale * transform(image, theta, size, **CHOICES)

    def product(image, theta, size, cotangent):
        return transform_vjp(image, theta, size, cotangent, **CHOICES)

    return Implementation(name=name, framework="numpy", functions={"transform": own}, vjps={"transform": product},
                          dtypes=("float64",), **CHOICES)


RIGHT, WRONG, PAUSING = made("right"), made("wrong", scale=1.5), made("pausing", pause=0.02)
"""


class World:
    """A folder with targets, and the command in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "out"
        self.first = folder / "first"
        """Where modules that hide others lie."""
        self.first.mkdir()
        (folder / "drive.py").write_text(DRIVE, encoding="utf-8")
        (folder / "mine.py").write_text(TARGETS, encoding="utf-8")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "drive.py", "bench", *arguments, "--quick", "--output", str(self.output)],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(self.first), *sys.path])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=120)
        finally:
            process.kill()
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_run_leaves_its_records_and_those_of_pytest_benchmark(world: World) -> None:
    done = world.run(
        "mine.py:RIGHT", "--against", "mine.py:PAUSING", "--against", "mine.py:MISSING_FRAMEWORK"
    )
    assert done.returncode == 2
    assert "MISSING_FRAMEWORK" in done.stderr

    done = world.run("mine.py:RIGHT", "--against", "mine.py:PAUSING")
    assert done.returncode == 0, done.stderr
    records = load(world.output)
    assert records.environment.finished
    assert records.environment.variables["OMP_NUM_THREADS"] == str(records.environment.threads)
    assert len(records.records) == 6
    assert all(record.timing is Timing.TIMED for record in records.records)
    assert {each.axis for each in records.growth} == {"HW"}
    assert not (world.output / NAME).exists()
    # A test measures no time: it has too few rounds to decide anything, 4, or 2 on a machine that has other work.
    assert "rounds are too few" in done.stdout
    (stored,) = (world.output / "benchmarks").rglob("*.json")
    entries = json.loads(stored.read_text())["benchmarks"]
    # Of each case an entry for each of both, whose samples are those of two processes.
    assert len(entries) == 12
    mine = next(e for e in entries if e["group"] == records.records[0].case and e["extra_info"]["records"])
    record = mine["extra_info"]["records"][0]
    assert record["case"] == records.records[0].case
    assert mine["stats"]["rounds"] == 2 * record["rounds"]
    assert mine["stats"]["median"] == pytest.approx(record["time_seconds"], rel=0.5)
    assert mine["stats"]["iterations"] == record["calls_per_round"]


def test_a_wrong_target_is_not_timed_and_fails_the_run(world: World) -> None:
    done = world.run("mine.py:WRONG", "--against", "mine.py:RIGHT")
    assert done.returncode == 1, done.stderr
    assert "not timed: wrong" in done.stdout
    records = load(world.output).records
    assert {record.timing for record in records} == {Timing.WRONG}
    assert all(record.time_seconds is None and "output[" in (record.reason or "") for record in records)


def test_what_is_interrupted_is_kept_and_gone_on_with(world: World) -> None:
    process = world.start("mine.py:PAUSING", "--against", "mine.py:RIGHT")
    try:
        until = time.monotonic() + 60
        journal = world.output / NAME
        while not (journal.exists() and journal.read_text().count("\n") >= 2):
            assert time.monotonic() < until, "no case was done"
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "the same command goes on" in err
    partial = load(world.output)
    assert not partial.environment.finished
    assert 1 <= len(partial.records) < 6

    other = world.run("mine.py:PAUSING", "--against", "mine.py:WRONG")
    assert other.returncode == 2
    assert "another run" in other.stderr

    done = world.run("mine.py:PAUSING", "--against", "mine.py:RIGHT")
    assert done.returncode == 0, done.stderr
    assert f"going on: {len(partial.records)} of 6 cases are done" in done.stderr
    whole = load(world.output)
    assert whole.environment.finished
    assert len(whole.records) == 6
    kept = {record.key: record.time_seconds for record in whole.records}
    assert all(kept[record.key] == record.time_seconds for record in partial.records)


def test_a_journal_that_is_cut_short_is_one_clear_line(world: World) -> None:
    world.output.mkdir()
    (world.output / NAME).write_text('{"schema_ver', encoding="utf-8")
    done = world.run("mine.py:RIGHT")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "cut short" in done.stderr


def test_without_pandas_one_line_says_what_to_install(world: World) -> None:
    (world.first / "pandas.py").write_text("raise ImportError('no pandas here')", encoding="utf-8")
    done = world.run("mine.py:RIGHT")
    assert done.returncode == 2
    assert done.stderr == (
        "stn-verify: benchmark records need pandas and pyarrow (no pandas here): pip install 'stn-verify[bench]'\n"
    )
